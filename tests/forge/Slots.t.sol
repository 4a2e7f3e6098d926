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

    function testFuzz_Listing(uint32 version, uint80 cap, uint72 frequency, uint32 nonce) external pure {
        if (frequency % 2 == 0) cap = 0; // which random ones never are
        nonce = uint32(bound(nonce, 0, type(uint32).max - 1));
        Listing listing = ListingSlot.pack(version, cap, frequency, nonce);
        for (uint256 i; i < 2; ++i) {
            assertEq(listing.version(), version);
            assertEq(listing.trainingCap(), cap);
            assertEq(listing.trainingFrequency(), frequency);
            assertEq(listing.voteNonce(), nonce + i);
            assertEq(listing.isHired(), cap != 0);
            listing = listing.withNextVoteNonce();
        }
    }

    /// @dev What a vote's signer is compared with: the same but for cap and frequency.
    function testFuzz_Voter(uint32 version, uint80 cap, uint72 frequency, uint32 nonce) external pure {
        uint256 apart = Listing.unwrap(ListingSlot.pack(version, cap, frequency, nonce))
            ^ Listing.unwrap(ListingSlot.voter(version, nonce));
        uint256 others = uint256(type(uint152).max) << 32;
        assertEq(apart & ~others, cap == 0 ? 1 << 216 : 0);
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

    function testFuzz_Round(uint32 number, uint40 since, uint32 version, uint16 size, uint16 hired) external pure {
        Round round = RoundSlot.open(number, since, version, size, hired);
        assertEq(round.credited(), 0);
        assertEq(round.runnerUpScore(), RoundSlot.NO_SCORE);
        assertTrue(round.isOpen());
        _assertRound(round, number, since, version, size, hired);
        assertFalse(round.ended(since).isOpen());
        _assertRound(round.ended(since), number, since, version, size, hired);
    }

    function testFuzz_RoundOfWork(uint40 since, uint80 first, uint80 second, uint32 score, uint40 end) external pure {
        second = uint80(bound(second, 0, type(uint80).max - first));
        Round round = RoundSlot.open(7, since, 5, 1000, 999).withCredit(first).withRunnerUpScore(score);
        assertEq(round.credited(), first);
        assertEq(round.runnerUpScore(), score);
        round = round.withCredit(second).withRunnerUpScore(score / 2);
        assertEq(round.credited(), uint256(first) + second);
        assertEq(round.runnerUpScore(), score / 2);
        assertTrue(round.isOpen());
        _assertRound(round, 7, since, 5, 1000, 999);

        round = round.ended(end);
        assertEq(round.credited(), uint256(first) + second);
        assertEq(round.runnerUpScore(), score / 2);
        assertFalse(round.isOpen());
        _assertRound(round, 7, end, 5, 1000, 999);
    }

    function _assertRound(Round round, uint256 number, uint256 since, uint256 version, uint256 size, uint256 hired)
        private
        pure
    {
        assertEq(round.number(), number);
        assertEq(round.since(), since);
        assertEq(round.listVersion(), version);
        assertEq(round.size(), size);
        assertEq(round.hired(), hired);
    }

    function testFuzz_Flow(uint88 claimable, uint88 paid, uint32 openRound) external pure {
        Flow flow = FlowSlot.pack(claimable, paid, openRound);
        assertEq(flow.claimable(), claimable);
        assertEq(flow.paid(), paid);
        assertEq(flow.openRound(), openRound);
    }
}
