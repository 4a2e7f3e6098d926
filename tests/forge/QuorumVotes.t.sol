// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Base} from "./Base.t.sol";
import {Ballot, Entry, ITask, RoundResult, WalletVote} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {SignatureWallet} from "../../contracts/mocks/SignatureWallet.sol";

/// @notice An open round in the generator's window, and how many votes the contract counts.
abstract contract QuorumBase is Base {
    /// @dev What the contract counts: said by the round's end, or by the refusal. Nothing stays of it.
    function _assertVotes(Ballot[] memory ballots, WalletVote[] memory walletVotes, uint256 count) internal {
        uint256 hired = task.listState().hired;
        uint256 refunded = task.ledger().committed;
        uint256 snapshot = vm.snapshotState();
        address generator = _generator();
        if (count * 3 > hired * 2) {
            vm.expectEmit(address(task));
            emit ITask.RoundEnded(1, MODEL, uint32(count), refunded);
        } else {
            vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, count, hired));
        }
        vm.prank(generator);
        task.endRoundByQuorum(_result(), ballots, walletVotes);
        vm.revertToState(snapshot);
    }

    function _assertVotes(Ballot[] memory ballots, uint256 count) internal {
        _assertVotes(ballots, _noWallets(), count);
    }

    function _ballot(uint32 nonce, bytes32[2][] memory signatures) internal pure returns (Ballot[] memory ballots) {
        ballots = new Ballot[](1);
        ballots[0] = Ballot(nonce, signatures);
    }

    function _ballots(Ballot memory a, Ballot memory b) internal pure returns (Ballot[] memory ballots) {
        ballots = new Ballot[](2);
        (ballots[0], ballots[1]) = (a, b);
    }

    /// @dev The signers' votes in this order.
    function _signed(uint32 nonce, address[] memory signers) internal view returns (Ballot memory) {
        bytes32 digest = task.voteDigest(_result(), nonce);
        bytes32[2][] memory signatures = new bytes32[2][](signers.length);
        for (uint256 i; i < signers.length; ++i) {
            signatures[i] = _compact(keyOf[signers[i]], digest);
        }
        return Ballot(nonce, signatures);
    }

    function _one(Ballot memory ballot) internal pure returns (Ballot[] memory) {
        return _ballot(ballot.nonce, ballot.signatures);
    }
}

/// @notice Votes of accounts.
contract QuorumVotesTest is QuorumBase {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _work(clients);
    }

    /// @dev The clients' votes in order, with another signature before the `index`-th.
    function _with(bytes32[2] memory signature, uint256 index) private view returns (Ballot[] memory) {
        bytes32[2][] memory good = _signed(0, clients).signatures;
        bytes32[2][] memory all = new bytes32[2][](6);
        for (uint256 i; i < 6; ++i) {
            all[i] = i == index ? signature : good[i < index ? i : i - 1];
        }
        return _ballot(0, all);
    }

    function test_VotesAreSignedOverTheDigestOfEip712() external view {
        RoundResult memory result = _result(_addresses(alice), _addresses(bob, erin));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("BCFL Task"),
                keccak256("1"),
                block.chainid,
                task
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)"
                ),
                uint32(1),
                _state().seed,
                MODEL,
                keccak256(abi.encode(alice)),
                keccak256(bytes.concat(abi.encode(bob), abi.encode(erin))),
                uint32(7)
            )
        );
        assertEq(task.voteDigest(result, 7), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    function test_OfFiveHired_FourAreEnoughAndThreeAreNot() external {
        _assertVotes(_noVotes(), 0);
        _assertVotes(_one(_signed(0, _addresses())), 0);
        for (uint256 count = 1; count <= 5; ++count) {
            Ballot memory ballot = _signed(0, clients);
            bytes32[2][] memory signatures = ballot.signatures;
            assembly ("memory-safe") {
                mstore(signatures, count)
            }
            _assertVotes(_one(ballot), count);
        }
    }

    function test_WhenSignersHaveTwoVoteNonces_TheirTwoBallotsCount() external {
        vm.prank(bob);
        task.revokeSignatures();
        vm.prank(dave);
        task.revokeSignatures();
        Ballot memory first = _signed(0, _addresses(alice, carol, erin));
        Ballot memory second = _signed(1, _addresses(bob, dave));
        _assertVotes(_one(first), 3);
        _assertVotes(_one(second), 2);
        _assertVotes(_ballots(first, second), 5);
        // A ballot of another nonce is none of theirs, and a ballot in between may be empty.
        _assertVotes(_one(_signed(0, clients)), 3);
        _assertVotes(_one(_signed(1, clients)), 2);
        Ballot[] memory three = new Ballot[](3);
        (three[0], three[1], three[2]) = (first, second, _signed(2, clients));
        _assertVotes(three, 5);
    }

    function test_RevertWhen_BallotsDoNotAscendByTheirNonce() external {
        address generator = _generator();
        Ballot memory zero = _signed(0, _addresses(alice, bob));
        Ballot[] memory same = _ballots(zero, _signed(0, _addresses(carol, dave, erin)));
        Ballot[] memory lower = _ballots(_signed(7, _addresses(alice, bob)), zero);
        bytes4 selector = BcflErrors.Task_BallotsNotAscending.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, 0, 0));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), same, _noWallets());
        vm.expectRevert(abi.encodeWithSelector(selector, 7, 0));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), lower, _noWallets());
    }

    function test_WhenASignerIsTwiceInABallot_ItCountsOnce() external {
        address[] memory signers = new address[](6);
        (signers[0], signers[1], signers[2], signers[3]) = (alice, alice, bob, bob);
        (signers[4], signers[5]) = (bob, carol);
        _assertVotes(_one(_signed(0, signers)), 3);
        // Nor with others in between.
        (signers[0], signers[1], signers[2], signers[3]) = (alice, bob, alice, bob);
        _assertVotes(_one(_signed(0, signers)), 3);
    }

    function test_WhenASignerIsInTwoBallots_ItCountsOnce() external {
        Ballot memory first = _signed(0, clients);
        _assertVotes(_ballots(first, _signed(1, clients)), 5);
        Ballot memory again = Ballot(1, first.signatures);
        _assertVotes(_ballots(_signed(0, _addresses(alice, bob)), again), 2);
    }

    function test_WhenABallotIsNotSorted_WhoeverIsNotAboveAllBeforeCountsForNothing() external {
        address[] memory signers = new address[](5);
        (signers[0], signers[1], signers[2], signers[3], signers[4]) = (carol, alice, bob, erin, dave);
        _assertVotes(_one(_signed(0, signers)), 2);
        (signers[0], signers[1], signers[2], signers[3], signers[4]) = (erin, dave, carol, bob, alice);
        _assertVotes(_one(_signed(0, signers)), 1);
        (signers[0], signers[1], signers[2], signers[3], signers[4]) = (alice, carol, bob, dave, erin);
        _assertVotes(_one(_signed(0, signers)), 4);
    }

    function test_WhenASignerIsNotHired_ItCountsForNothingWhereverItStands() external {
        (address stranger, uint256 key) = makeAddrAndKey("mallory");
        // One below all clients, and one above.
        uint256 low = 1;
        while (vm.addr(low) > alice) ++low;
        uint256 high = 1;
        while (vm.addr(high) < erin) ++high;
        bytes32 digest = task.voteDigest(_result(), 0);
        assertEq(stranger, mallory);
        uint256[3] memory keys = [key, low, high];
        for (uint256 i; i < 3; ++i) {
            for (uint256 index; index < 6; ++index) {
                _assertVotes(_with(_compact(keys[i], digest), index), 5);
            }
        }
    }

    function test_WhenASignatureIsAnothersOrOfAnotherResult_ItCountsForNothing() external {
        Ballot[] memory votes = _one(_signed(0, clients));
        bytes32[2] memory good = votes[0].signatures[0];
        bytes32[2] memory other =
            _vote(alice, RoundResult(keccak256("junk"), _addresses(), _addresses()));
        votes[0].signatures[0] = other;
        _assertVotes(votes, 4);
        votes[0].signatures[0] = _compact(keyOf[alice], task.voteDigest(_result(), 1)); // of another nonce
        _assertVotes(votes, 4);
        votes[0].signatures[0] = _compact(keyOf[alice], task.voteDigest(_result(_addresses(bob), _addresses()), 0));
        _assertVotes(votes, 4);
        votes[0].signatures[0] = _compact(keyOf[alice], task.voteDigest(_result(_addresses(), _addresses(bob)), 0));
        _assertVotes(votes, 4);
        votes[0].signatures[0] = good;
        _assertVotes(votes, 5);
    }

    function test_WhenASignatureIsGarbage_ItCountsForNothingAndDisturbsNoOther() external {
        bytes32[2][8] memory garbage;
        garbage[0] = [bytes32(0), bytes32(0)];
        garbage[1] = [bytes32(uint256(1)), bytes32(0)];
        garbage[2] = [bytes32(0), bytes32(uint256(1))];
        garbage[3] = [bytes32(type(uint256).max), bytes32(type(uint256).max)];
        garbage[4] = [bytes32(ORDER), bytes32(uint256(1))];
        garbage[5] = [bytes32(uint256(1)), bytes32(ORDER)];
        garbage[6] = [bytes32("garbage"), bytes32("garbage")];
        garbage[7] = [bytes32(uint256(5)), bytes32(uint256(1))]; // no point has x = 5
        for (uint256 i; i < garbage.length; ++i) {
            for (uint256 index; index < 6; ++index) {
                _assertVotes(_with(garbage[i], index), 5);
            }
        }
    }

    /// forge-config: default.fuzz.runs = 200
    /// forge-config: campaign.fuzz.runs = 100000
    function testFuzz_WhenASignatureIsGarbage_ItCountsForNothing(bytes32 r, bytes32 vs, uint256 index) external {
        _assertVotes(_with([r, vs], index % 6), 5);
    }

    /// @dev The same key's other signature (r, n − s) does not fit beside the parity bit, whichever is set.
    function test_WhenSIsHigh_TheSignatureCountsForNothing() external {
        bytes32 digest = task.voteDigest(_result(), 0);
        for (uint256 i; i < 5; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[clients[i]], digest);
            uint256 high = ORDER - uint256(s);
            assertEq(ecrecover(digest, v == 27 ? 28 : 27, r, bytes32(high)), clients[i], "it would hold elsewhere");
            Ballot[] memory votes = _one(_signed(0, clients));
            votes[0].signatures[i] = [r, bytes32(high)];
            _assertVotes(votes, 4);
            votes[0].signatures[i] = [r, bytes32(high ^ 1 << 255)];
            _assertVotes(votes, 4);
        }
    }
}

/// @notice A list that does not hire everybody.
contract QuorumVotesOfAListTest is QuorumBase {
    function test_WhenASignerIsListedWithoutCap_OrOnlyByAnEarlierList_ItCountsForNothing() external {
        _joinAll();
        _post(clients);
        Entry[] memory entries = _entries(_addresses(bob, carol, dave), TRAINING_CAP);
        Entry[] memory all = new Entry[](4);
        (all[0], all[1], all[2]) = (entries[0], entries[1], entries[2]);
        all[3] = Entry(erin, 0, 0);
        _post(all);
        _warpToFrozen();
        _open();
        _work(_addresses(bob, carol, dave));
        _assertVotes(_one(_signed(0, clients)), 3);
        _assertVotes(_one(_signed(0, _addresses(alice, bob, erin))), 1);
    }
}

/// @notice A signature by nobody, where a word that stands in memory by chance names a hired client.
contract QuorumVotesOfNobodyTest is QuorumBase {
    /// @dev Hired, and has signed nothing.
    function _expectNoVoteOf(address client) private {
        vm.deal(client, BOND);
        clients[4] = client;
        clients = _sorted(clients);
        _openFirstRound();
        _work(clients);
        _assertVotes(_ballot(0, new bytes32[2][](1)), 0);
    }

    /// @dev What hashing the digest leaves: 0x1901 and the first bytes of the domain separator. An address of eight bytes has a
    /// key that nobody finds; the test needs none.
    function test_ItDoesNotCountForWhomTheDigestsFirstBytesName() external {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("BCFL Task"),
                keccak256("1"),
                block.chainid,
                task
            )
        );
        _expectNoVoteOf(address(uint160(uint64(bytes8(abi.encodePacked(hex"1901", bytes6(domain)))))));
    }

    function test_ItDoesNotCountForTheAddressOne() external {
        _expectNoVoteOf(address(1));
    }
}

/// @notice Votes of contracts, and of accounts that have code.
contract QuorumWalletVotesTest is QuorumBase {
    SignatureWallet internal wallet;

    /// @dev Four accounts and a wallet are hired, erin is not on the list.
    function setUp() public override {
        super.setUp();
        (address key, uint256 secret) = makeAddrAndKey("wallet key");
        wallet = new SignatureWallet(key);
        keyOf[address(wallet)] = secret; // `_vote` signs with the wallet's key
        vm.deal(address(wallet), 1 ether);
        clients[4] = address(wallet);
        clients = _sorted(clients);
        _openFirstRound();
        _work(clients);
    }

    function _accounts() private view returns (address[] memory accounts) {
        accounts = new address[](4);
        (accounts[0], accounts[1], accounts[2], accounts[3]) = (alice, bob, carol, dave);
    }

    function _walletVote(address signer, uint256 key) private view returns (WalletVote memory) {
        bytes32 digest = task.voteDigest(_result(), task.clientState(signer).voteNonce);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return WalletVote(signer, abi.encodePacked(r, s, v));
    }

    function _walletVotes() private view returns (WalletVote[] memory) {
        return _just(_walletVote(address(wallet), keyOf[address(wallet)]));
    }

    function _just(WalletVote memory vote) private pure returns (WalletVote[] memory votes) {
        votes = new WalletVote[](1);
        votes[0] = vote;
    }

    function _both(WalletVote memory a, WalletVote memory b) private pure returns (WalletVote[] memory votes) {
        votes = new WalletVote[](2);
        (votes[0], votes[1]) = (a, b);
    }

    /// @dev Three of the four accounts, so that of five the wallet's vote decides.
    function _assertWalletCounts(uint256 count) private {
        _assertVotes(_one(_signed(0, _addresses(alice, bob, carol))), _walletVotes(), 3 + count);
    }

    function test_WhenTheWalletSaysYes_ItCounts() external {
        _assertWalletCounts(1);
        _assertVotes(_noVotes(), _walletVotes(), 1);
    }

    function test_WhenTheWalletRefusesRevertsOrGarbles_ItCountsForNothing() external {
        wallet.setManner(SignatureWallet.Manner.Refuses);
        _assertWalletCounts(0);
        wallet.setManner(SignatureWallet.Manner.Reverts);
        _assertWalletCounts(0);
        wallet.setManner(SignatureWallet.Manner.Garbles);
        _assertWalletCounts(0);
    }

    function test_WhenTheWalletsKeyDidNotSign_ItCountsForNothing() external {
        keyOf[address(wallet)] = keyOf[alice];
        _assertWalletCounts(0);
    }

    function test_WhenTheWalletRevoked_OnlyWhatItSignsAnewCounts() external {
        WalletVote[] memory old = _walletVotes();
        vm.prank(address(wallet));
        task.revokeSignatures();
        _assertVotes(_one(_signed(0, _accounts())), old, 4);
        _assertVotes(_one(_signed(0, _accounts())), _walletVotes(), 5);
    }

    function test_WhenTheWalletBurnsItsGas_ItCountsForNothingAndTheOthersEndTheRound() external {
        wallet.setManner(SignatureWallet.Manner.BurnsGas);
        Ballot[] memory votes = _one(_signed(0, _accounts()));
        WalletVote[] memory walletVotes = _walletVotes();
        address generator = _generator();
        vm.prank(generator);
        task.endRoundByQuorum{gas: 300_000}(_result(), votes, walletVotes);
        assertFalse(_state().isOpen);
        assertGt(_claimableOf(alice), 0);
    }

    /// @dev The wallet's key is no client, so that its signature in a ballot is a stranger's.
    function test_WhenTheWalletsKeySignsInABallot_ItCountsForNothing() external {
        _assertVotes(_one(_signed(0, clients)), 4);
        _assertVotes(_one(_signed(0, clients)), _walletVotes(), 5);
    }

    function test_RevertWhen_WalletVotesDoNotAscend() external {
        address generator = _generator();
        WalletVote memory vote = _walletVotes()[0];
        bytes4 selector = BcflErrors.Task_NotAscending.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, wallet, wallet));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), _noVotes(), _both(vote, vote));
        vm.expectRevert(abi.encodeWithSelector(selector, wallet, address(1)));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), _noVotes(), _both(vote, WalletVote(address(1), "")));
        vm.expectRevert(abi.encodeWithSelector(selector, address(0), address(0)));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), _noVotes(), _just(WalletVote(address(0), "")));
    }

    function test_WhenTheWalletIsNotHired_ItCountsForNothing() external {
        SignatureWallet other = new SignatureWallet(makeAddr("wallet key"));
        WalletVote memory vote = _walletVote(address(other), keyOf[address(wallet)]);
        assertEq(
            other.isValidSignature(task.voteDigest(_result(), 0), vote.signature), IERC1271.isValidSignature.selector
        );
        _assertVotes(_one(_signed(0, _accounts())), _just(vote), 4);
    }

    function test_WhenAnAccountVotesAsAWallet_ItCountsForNothing() external {
        _assertVotes(_one(_signed(0, _addresses(alice, bob))), _just(_walletVote(carol, keyOf[carol])), 2);
        _assertVotes(_noVotes(), _just(_walletVote(alice, keyOf[alice])), 0);
    }

    /// forge-config: default.evm_version = "prague"
    /// @dev An account that has delegated to a wallet's code (EIP-7702) has a key and a code that says yes.
    function test_WhenADelegatedAccountVotesBothWays_ItCountsOnce() external {
        SignatureWallet code = new SignatureWallet(alice);
        vm.signAndAttachDelegation(address(code), keyOf[alice]);
        (bool success,) = alice.call(""); // the transaction that carries the delegation
        assertTrue(success);
        assertEq(alice.code, abi.encodePacked(hex"ef0100", code), "delegated");
        WalletVote memory vote = _walletVote(alice, keyOf[alice]);
        assertEq(
            SignatureWallet(payable(alice)).isValidSignature(task.voteDigest(_result(), 0), vote.signature),
            IERC1271.isValidSignature.selector,
            "its code says yes"
        );
        _assertVotes(_noVotes(), _just(vote), 0);
        _assertVotes(_one(_signed(0, _addresses(alice, bob, carol))), _just(vote), 3);
        _assertVotes(_one(_signed(0, _addresses(alice, bob, carol))), 3);
    }
}
