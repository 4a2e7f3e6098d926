// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {
    Account as PayAccount, // forge-std has an `Account` of its own
    AccountSlot,
    Flow,
    FlowSlot,
    Listing,
    ListingSlot,
    Member,
    MemberSlot,
    Opening,
    OpeningSlot,
    Round,
    RoundSlot
} from "../../contracts/libraries/Slots.sol";

/// @notice Packed words: every field comes back, at its largest too, and a change of one leaves the others.
contract SlotsTest is Test {
    function testFuzz_Member(uint32 units, uint112 rho, uint72 frequency) external pure {
        Member member = MemberSlot.pack(units, rho, frequency);
        for (uint256 i; i < 2; ++i) {
            assertEq(member.trainingUnits(), units);
            assertEq(member.energyCoefficient(), rho);
            assertEq(member.maxFrequency(), frequency);
            assertEq(member.isMember(), i == 0);
            member = member.withoutMembership();
        }
    }

    function testFuzz_Listing(uint32 version, uint80 cap, uint72 frequency, uint16 place, uint32 nonce) external pure {
        if (frequency % 2 == 0) cap = 0; // which random ones never are
        nonce = uint32(bound(nonce, 0, type(uint32).max - 1));
        Listing listing = ListingSlot.pack(version, cap, frequency, place, nonce);
        for (uint256 i; i < 2; ++i) {
            assertEq(listing.version(), version);
            assertEq(listing.trainingCap(), cap);
            assertEq(listing.trainingFrequency(), frequency);
            assertEq(listing.place(), place);
            assertEq(listing.voteNonce(), nonce + i);
            assertEq(listing.isHired(), cap != 0);
            listing = listing.withNextVoteNonce();
        }
    }

    /// @dev What a vote's signer is compared with: the same but for cap, frequency and place.
    function testFuzz_Voter(uint32 version, uint80 cap, uint72 frequency, uint16 place, uint32 nonce) external pure {
        uint256 apart = Listing.unwrap(ListingSlot.pack(version, cap, frequency, place, nonce))
            ^ Listing.unwrap(ListingSlot.voter(version, nonce));
        uint256 others = uint256(type(uint168).max) << 32;
        assertEq(apart & ~others, cap == 0 ? 1 << 232 : 0);
    }

    function testFuzz_Account(uint32 round, uint80 pending, uint88 settled, uint32 nonce) external pure {
        PayAccount account = AccountSlot.pack(round, pending, settled, nonce);
        for (uint256 i; i < 2; ++i) {
            assertEq(account.round(), round);
            assertEq(account.pending(), pending);
            assertEq(account.settled(), settled);
            assertEq(account.nonce(), nonce + i);
            account = account.withNextNonce();
        }
        account = account.withoutPending();
        assertEq(account.round(), round);
        assertEq(account.pending(), 0);
        assertEq(account.settled(), settled);
        assertEq(account.nonce(), uint256(nonce) + 2);
    }

    function testFuzz_Round(uint32 number, uint40 since, uint40 end) external pure {
        Round round = RoundSlot.open(number, since);
        assertTrue(round.isOpen());
        _assertRound(round, number, since, 0, 0, 0);
        assertFalse(round.ended(end).isOpen());
        _assertRound(round.ended(end), number, end, 0, 0, 0);
    }

    function testFuzz_RoundOfWork(uint40 since, uint80 first, uint80 second, uint16 place, uint32 score, uint40 end)
        external
        pure
    {
        second = uint80(bound(second, 0, type(uint80).max - first));
        score = uint32(bound(score, 1, RoundSlot.NO_SCORE - 1));
        uint256 other = uint16(~place);
        Round round = RoundSlot.open(type(uint32).max, since).withCredit(first).ranked(place, score);
        _assertRound(round, type(uint32).max, since, first, place, 0);
        round = round.withCredit(second);
        _assertRound(round, type(uint32).max, since, uint256(first) + second, place, 0);
        _assertRound(round.ranked(other, score), type(uint32).max, since, uint256(first) + second, place, other);
        round = round.ranked(other, score - 1);
        _assertRound(round, type(uint32).max, since, uint256(first) + second, other, place);
        _assertRound(round.ended(end), type(uint32).max, end, uint256(first) + second, other, place);
        assertTrue(round.isOpen());
        assertFalse(round.ended(end).isOpen());
    }

    /// @dev Any scores, ties among them, against the obvious: the lowest first, of equal ones the earlier.
    function testFuzz_RanksAreTheTwoLowestScores(uint32[] memory scores, uint32 range) external pure {
        range = uint32(bound(range, 1, RoundSlot.NO_SCORE));
        Round round = RoundSlot.open(1, 2);
        uint256[2] memory lowest = [uint256(type(uint256).max), type(uint256).max];
        uint256[2] memory places;
        for (uint256 i; i < scores.length && i < type(uint16).max; ++i) {
            uint256 score = scores[i] % range;
            round = round.ranked(i + 1, score);
            if (score < lowest[0]) {
                (lowest[1], places[1]) = (lowest[0], places[0]);
                (lowest[0], places[0]) = (score, i + 1);
            } else if (score < lowest[1]) {
                (lowest[1], places[1]) = (score, i + 1);
            }
            _assertRound(round, 1, 2, 0, places[0], places[1]);
        }
    }

    function _assertRound(
        Round round,
        uint256 number,
        uint256 since,
        uint256 credited,
        uint256 generator,
        uint256 runnerUp
    ) private pure {
        assertEq(round.number(), number);
        assertEq(round.since(), since);
        assertEq(round.credited(), credited);
        assertEq(round.generator(), generator);
        assertEq(round.runnerUp(), runnerUp);
    }

    function testFuzz_Opening(bytes32 entropy, uint32 version, uint16 size, uint16 hired) external pure {
        Opening opening = OpeningSlot.pack(entropy, version, size, hired);
        assertEq(opening.seed(), bytes24(entropy));
        assertEq(opening.listVersion(), version);
        assertEq(opening.size(), size);
        assertEq(opening.hired(), hired);
    }

    function testFuzz_Flow(uint88 claimable, uint88 paid, uint32 openRound) external pure {
        Flow flow = FlowSlot.pack(claimable, paid, openRound);
        assertEq(flow.claimable(), claimable);
        assertEq(flow.paid(), paid);
        assertEq(flow.openRound(), openRound);
    }
}
