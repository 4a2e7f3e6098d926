// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignedBase} from "../SignedBase.t.sol";
import {Ballot, Entry, ITask, ListState, SignedWork, WalletVote} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";

/// @notice Attacks with calldata that no compiler writes, on the functions that read it in assembly.
abstract contract CalldataBase is SignedBase {
    function _send(address caller, bytes memory data) internal returns (bool success, bytes memory answer) {
        vm.prank(caller);
        (success, answer) = address(task).call(data);
    }

    function _word(bytes memory data, uint256 index) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(data, 36), mul(index, 32)))
        }
    }

    function _setWord(bytes memory data, uint256 index, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 36), mul(index, 32)), value)
        }
    }
}

contract EntriesCalldataTest is CalldataBase {
    /// @dev Position of the first entry's first word, in words after the selector.
    uint256 private constant FIRST_ENTRY = 4;

    function setUp() public override {
        super.setUp();
        _joinAll();
    }

    function _postData() private view returns (bytes memory) {
        return abi.encodeCall(ITask.postEntries, (1, 5, _entries(clients, TRAINING_CAP)));
    }

    function _expectNotPosted(bytes memory data) private {
        (bool success, bytes memory answer) = _send(owner, data);
        assertFalse(success);
        assertEq(answer, "");
        assertEq(task.listState().version, 0);
    }

    /// @dev Bits above a field's width would go into the list's hash and the event, and into the slot's neighbours.
    function testFuzz_Attack_DirtyBitsInAnEntry(uint256 field, uint256 bit) external {
        bytes memory data = _postData();
        field = bound(field, 0, 14);
        uint256 width = field % 3 == 0 ? 160 : field % 3 == 1 ? 80 : 72;
        uint256 index = FIRST_ENTRY + field;
        _setWord(data, index, _word(data, index) | 1 << bound(bit, width, 255));
        _expectNotPosted(data);
    }

    function testFuzz_Attack_OffsetOrLengthOfTheEntries(bool isLength, uint256 value) external {
        bytes memory data = _postData();
        _setWord(data, isLength ? 3 : 2, bound(value, isLength ? 6 : 0xa1, type(uint256).max));
        _expectNotPosted(data);
    }

    /// @dev 2^251 · 96 wraps to nothing.
    function test_Attack_LengthThatWraps() external {
        bytes memory data = _postData();
        _setWord(data, 3, (1 << 251) + 5);
        _expectNotPosted(data);
    }

    /// @dev Words between the head and the entries are not read: list and event are those of plain calldata.
    function test_Attack_EntriesElsewhere() external {
        bytes memory plain = _postData();
        uint256 snapshot = vm.snapshotState();
        (bool success,) = _send(owner, plain);
        assertTrue(success);
        ListState memory expected = task.listState();
        vm.revertToState(snapshot);

        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        bytes memory tail;
        for (uint256 i; i < 5; ++i) {
            tail = abi.encodePacked(tail, abi.encode(entries[i]));
        }
        bytes memory moved = abi.encodePacked(
            ITask.postEntries.selector, abi.encode(1, 5, 0xc0, uint256(7), uint256(8), uint256(9), 5), tail
        );
        vm.expectEmit(address(task));
        emit ITask.EntriesPosted(1, entries);
        (success,) = _send(owner, moved);
        assertTrue(success);
        assertEq(task.listState().hash, expected.hash);
        assertEq(task.listState().trainingCaps, expected.trainingCaps);
    }
}

contract BallotsCalldataTest is CalldataBase {
    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _work(clients);
    }

    /// @dev Three votes of five: no quorum.
    function _threeVotes() private view returns (Ballot[] memory votes) {
        votes = _votes(_addresses(alice, bob, carol), _result());
    }

    function _end(Ballot[] memory votes) private returns (bool, bytes memory) {
        return _send(
            _generator(), abi.encodeCall(ITask.endRoundByQuorum, (_result(), votes, _noWallets()))
        );
    }

    function _expectMissed(Ballot[] memory votes, uint256 count) private {
        (bool success, bytes memory answer) = _end(votes);
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, count, 5));
    }

    /// @dev The same signatures under another nonce are over another digest, by strangers.
    function test_Attack_TheSameSignaturesInTwoBallots() external {
        Ballot[] memory votes = _threeVotes();
        Ballot[] memory more = new Ballot[](2);
        (more[0], more[1]) = (votes[0], Ballot(1, votes[0].signatures));
        _expectMissed(more, 3);
    }

    function test_Attack_TheSameBallotTwice() external {
        Ballot[] memory votes = _threeVotes();
        Ballot[] memory more = new Ballot[](2);
        (more[0], more[1]) = (votes[0], votes[0]);
        (bool success, bytes memory answer) = _end(more);
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(BcflErrors.Task_BallotsNotAscending.selector, 0, 0));
    }

    /// @dev A signature that recovers nobody leaves the last signer in memory: it must not count again.
    function testFuzz_Attack_NoiseBetweenSignatures(bytes32 r, bytes32 vs, bool isZero) external {
        Ballot[] memory votes = _threeVotes();
        bytes32[2][] memory signatures = new bytes32[2][](7);
        for (uint256 i; i < 7; ++i) {
            signatures[i] = i % 2 == 1 ? votes[0].signatures[i / 2] : isZero ? [bytes32(0), 0] : [r, vs];
        }
        votes[0].signatures = signatures;
        _expectMissed(votes, 3);
    }

    /// @dev Where the ballots' words stand: three heads; the result's hash, two offsets and two lengths; then length, offset,
    /// nonce, offset, length, signatures.
    function _ballotData() private view returns (bytes memory data) {
        Ballot[] memory votes = _threeVotes();
        data = abi.encodeCall(ITask.endRoundByQuorum, (_result(), votes, _noWallets()));
        assertEq(_word(data, 8), 1, "ballots");
        assertEq(_word(data, 12), 3, "signatures");
    }

    function _expectMalformed(bytes memory data) private {
        (bool success, bytes memory answer) = _send(_generator(), data);
        assertFalse(success);
        assertEq(answer, "");
    }

    function testFuzz_Attack_DirtyBitsInABallotsNonce(uint256 bit) external {
        bytes memory data = _ballotData();
        _setWord(data, 10, 1 << bound(bit, 32, 255));
        _expectMalformed(data);
    }

    function testFuzz_Attack_LengthOfTheSignatures(uint256 length) external {
        bytes memory data = _ballotData();
        _setWord(data, 12, bound(length, 4, type(uint256).max));
        _expectMalformed(data);
    }

    /// @dev Good signatures behind a shorter list's end count for nothing.
    function test_Attack_SignaturesBehindTheEndOfTheirList() external {
        bytes memory data = _ballotData();
        for (uint256 length; length < 3; ++length) {
            _setWord(data, 12, length);
            (bool success, bytes memory answer) = _send(_generator(), data);
            assertFalse(success);
            assertEq(answer, abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, length, 5));
        }
    }

    /// @dev 2^250 · 64 wraps to nothing.
    function test_Attack_LengthOfTheSignaturesThatWraps() external {
        bytes memory data = _ballotData();
        _setWord(data, 12, (1 << 250) + 3);
        _expectMalformed(data);
    }

    // ------------------------------------------------------------------------------------------------ EIP-7702

    /// @dev An account that has delegated to a wallet's code has both a key and code: it votes by its key alone.
    /// forge-config: default.evm_version = "prague"
    function test_Attack_ADelegatedAccountVotesTwice() external {
        Ballot[] memory votes = _threeVotes();
        SignatureWallet delegate = new SignatureWallet(alice);
        vm.etch(alice, abi.encodePacked(hex"ef0100", delegate));
        bytes32 digest = task.voteDigest(_result(), 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[alice], digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        assertEq(SignatureWallet(payable(alice)).isValidSignature(digest, signature), bytes4(0x1626ba7e));

        WalletVote[] memory walletVotes = new WalletVote[](1);
        walletVotes[0] = WalletVote(alice, signature);
        address generator = _generator();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, walletVotes);
    }
}

contract WorksCalldataTest is CalldataBase {
    /// @dev Of an entry: client, five words of work, deadline, two of the signature.
    uint256 private constant FIRST_ENTRY = 2;
    uint256 private constant WORDS = 9;

    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _warpToDeadline();
    }

    function _data() private view returns (bytes memory) {
        SignedWork[] memory works = new SignedWork[](2);
        works[0] = _signedWork(alice);
        works[1] = _signedWork(bob);
        return abi.encodeCall(ITask.submitWorks, (works));
    }

    function _expectNothing(bytes memory data) private {
        (bool success, bytes memory answer) = _send(mallory, data);
        assertFalse(success);
        assertEq(answer, "");
        assertEq(_pendingOf(alice) + _pendingOf(bob), 0);
    }

    /// @dev Frequencies beyond their type, signed by the client or not: they stop none of the others.
    function testFuzz_Attack_DirtyBitsInAFrequency(bool isMining, bool isSigned, uint256 bit) external {
        bytes memory data = _data();
        uint256 index = FIRST_ENTRY + (isMining ? 3 : 2);
        _setWord(data, index, _word(data, index) | 1 << bound(bit, 72, 255));
        bytes32 digest = _digest(_hashOfTheWords(data));
        if (isSigned) {
            bytes32[2] memory signature = _compact(keyOf[alice], digest);
            _setWord(data, FIRST_ENTRY + 7, uint256(signature[0]));
            _setWord(data, FIRST_ENTRY + 8, uint256(signature[1]));
        }
        vm.expectEmit(address(task));
        emit ITask.WorkSkipped(
            1,
            alice,
            0,
            isSigned
                ? abi.encodeWithSelector(
                    BcflErrors.Task_FrequencyOutOfRange.selector, _word(data, index), MAX_FREQUENCY
                )
                : abi.encodeWithSelector(BcflErrors.Task_WrongSignature.selector, alice, digest)
        );
        (bool success, bytes memory answer) = _send(mallory, data);
        assertTrue(success);
        assertEq(abi.decode(answer, (uint256)), 1, "skipped");
        assertEq(_pendingOf(alice), 0);
        assertGt(_pendingOf(bob), 0);
    }

    /// @dev What the first entry's client would sign, whatever the words.
    function _hashOfTheWords(bytes memory data) private view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "SubmitWork(address client,bytes32 seed,bytes32 updateHash,uint72 trainingFrequency,uint72 miningFrequency,uint256[2] nonces,uint32 nonce,uint256 deadline)"
        );
        uint256[8] memory words;
        for (uint256 i = 1; i < 7; ++i) {
            words[i] = _word(data, FIRST_ENTRY + i);
        }
        return keccak256(
            abi.encode(
                typeHash,
                alice,
                _state().seed,
                words[1],
                words[2],
                words[3],
                keccak256(abi.encode(words[4], words[5])),
                0,
                words[6]
            )
        );
    }

    /// @dev Only who sends the batch can do this.
    function testFuzz_Attack_DirtyBitsInAClient(uint256 bit) external {
        bytes memory data = _data();
        uint256 index = FIRST_ENTRY + WORDS;
        _setWord(data, index, _word(data, index) | 1 << bound(bit, 160, 255));
        _expectNothing(data);
    }

    function testFuzz_Attack_LengthOfTheWorks(uint256 value) external {
        bytes memory data = _data();
        _setWord(data, 1, bound(value, 3, type(uint256).max));
        _expectNothing(data);
    }

    /// @dev What is found elsewhere nobody has signed: it reverts, or skips whatever it takes for works.
    function testFuzz_Attack_OffsetOfTheWorks(uint256 value, bool isNear) external {
        bytes memory data = _data();
        _setWord(data, 0, bound(value, 0x21, isNear ? data.length : type(uint256).max));
        _send(mallory, data);
        assertEq(_pendingOf(alice) + _pendingOf(bob), 0);
        assertLedger();
    }

    /// @dev 2^251 · 288 wraps to nothing.
    function test_Attack_LengthOfTheWorksThatWraps() external {
        bytes memory data = _data();
        _setWord(data, 1, (1 << 251) + 2);
        _expectNothing(data);
    }
}
