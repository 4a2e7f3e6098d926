// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";
import {Messages} from "./Messages.sol";
import {SignedBase} from "./SignedBase.t.sol";
import {ITask, Phase, SignedWork, Work} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {SignatureWallet} from "../../contracts/mocks/SignatureWallet.sol";

/// @notice Batches of work: each entry does what `submitWorkFor` would do at its turn, and a refused one does nothing.
contract SubmitWorksTest is SignedBase {
    SignatureWallet internal wallet;
    address internal stranger;

    function setUp() public override {
        super.setUp();
        wallet = _addWallet();
        uint256 key;
        (stranger, key) = makeAddrAndKey("stranger");
        keyOf[stranger] = key;
        _openFirstRound();
        _warpToDeadline();
    }

    // ------------------------------------------------------------------------------------------------ making batches

    /// @dev Work of the five accounts.
    function _five() internal view returns (SignedWork[] memory works) {
        address[5] memory accounts = [alice, bob, carol, dave, erin];
        works = new SignedWork[](5);
        for (uint256 i; i < 5; ++i) {
            works[i] = _signedWork(accounts[i]);
        }
    }

    function _submitWorks(SignedWork[] memory works) internal returns (uint256 skipped) {
        vm.prank(relayer);
        return task.submitWorks(works);
    }

    /// @dev The call that brings one entry alone.
    function _alone(SignedWork memory signed) internal pure returns (bytes memory) {
        bytes memory signature = abi.encodePacked(signed.signature[0], signed.signature[1]);
        return abi.encodeCall(ITask.submitWorkFor, (signed.client, signed.work, signed.deadline, signature));
    }

    // ------------------------------------------------------------------------------------------------ what they did

    function _everybodysState() internal view returns (bytes memory all) {
        for (uint256 i; i < clients.length; ++i) {
            all = abi.encode(all, task.clientState(clients[i]));
        }
        all = abi.encode(all, task.clientState(stranger), task.ledger(), task.roundState(), task.listState());
    }

    /// @dev All events but `WorkSkipped`, and those.
    function _logs() internal returns (bytes memory done, bytes memory skipped) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            bytes memory log = abi.encode(logs[i].topics, logs[i].data);
            if (logs[i].topics[0] == ITask.WorkSkipped.selector) skipped = abi.encode(skipped, log);
            else done = abi.encode(done, log);
        }
    }

    /// @dev What `WorkSkipped` would say of a refused entry.
    function _skippedLog(uint256 index, address client, bytes memory reason) internal view returns (bytes memory) {
        bytes32[] memory topics = new bytes32[](3);
        topics[0] = ITask.WorkSkipped.selector;
        topics[1] = bytes32(uint256(_state().number));
        topics[2] = bytes32(uint256(uint160(client)));
        return abi.encode(topics, abi.encode(index, reason));
    }

    /// @dev A batch is its entries one by one: same state, same events, and the refusals are those.
    function _expectAsOneByOne(SignedWork[] memory works) internal returns (uint256 count) {
        uint256 snapshot = vm.snapshotState();
        bytes memory refusals;
        vm.recordLogs();
        for (uint256 i; i < works.length; ++i) {
            (bool success, bytes memory answer) = _send(0, _alone(works[i]));
            if (success) continue;
            ++count;
            refusals = abi.encode(refusals, _skippedLog(i, works[i].client, answer));
        }
        (bytes memory expectedLogs,) = _logs();
        bytes memory expected = _everybodysState();

        vm.revertToState(snapshot);
        vm.recordLogs();
        assertEq(_submitWorks(works), count, "skipped");
        (bytes memory logs, bytes memory skipped) = _logs();
        assertEq(_everybodysState(), expected, "state");
        assertEq(logs, expectedLogs, "events");
        assertEq(skipped, refusals, "refusals");
        assertLedger();
    }

    // ------------------------------------------------------------------------------------------------ good

    function test_LandsAll() external {
        assertEq(_expectAsOneByOne(_five()), 0);
        for (uint256 i; i < clients.length; ++i) {
            if (clients[i] == address(wallet)) continue;
            assertEq(_nonceOf(clients[i]), 1, "used up");
            assertGt(_pendingOf(clients[i]), 0, "credited");
        }
    }

    function test_WhenTheBatchIsEmpty() external {
        assertEq(_expectAsOneByOne(new SignedWork[](0)), 0);
    }

    function test_GivenAnEarlierRoundsPay_SettlesIt() external {
        _submitWorks(_five());
        uint256 earned = _pendingOf(bob);
        _endByTime();
        _openNextRound();
        _warpToDeadline();
        assertEq(_expectAsOneByOne(_five()), 0);
        assertEq(_claimableOf(bob), earned);
    }

    /// @dev In whatever order, the same two rank lowest.
    function test_GivenHalfHaveSubmittedThemselves_RanksAmongThose() external {
        _submit(alice);
        _submit(erin);
        SignedWork[] memory works = new SignedWork[](3);
        (works[0], works[1], works[2]) = (_signedWork(dave), _signedWork(bob), _signedWork(carol));
        assertEq(_expectAsOneByOne(works), 0);
    }

    // ------------------------------------------------------------------------------------------------ some bad

    /// @dev Puts a fault into an entry; returns whether it can be noticed.
    function _spoil(SignedWork memory signed, uint256 draw) internal view returns (SignedWork memory) {
        Work memory work = signed.work;
        uint256 kind = draw % 16;
        uint256 more = draw >> 8;
        // Signed by the client:
        if (kind == 0) work.trainingFrequency = 0;
        if (kind == 1) work.miningFrequency = uint72(bound(more, MAX_FREQUENCY, type(uint72).max));
        if (kind == 2) work.trainingFrequency = uint72(bound(more, 1, MAX_FREQUENCY));
        if (kind == 3) work.miningFrequency = uint72(bound(more, 1, MAX_FREQUENCY));
        if (kind == 4) work.nonces[more % 2] ^= uint256(uint32(more)) << (32 * (more / 2 % 8));
        if (kind == 5) work.updateHash = bytes32(more);
        if (kind == 6) return _signedWork(stranger, work, block.timestamp);
        if (kind < 7) return _signedWork(signed.client, work, signed.deadline);
        // Not:
        if (kind == 7) signed.deadline = block.timestamp - 1;
        if (kind == 8) signed.deadline = more;
        if (kind == 9) signed.signature[more % 2] ^= bytes32(1 << (more >> 1) % 256);
        if (kind == 10) signed.client = clients[more % clients.length];
        if (kind == 11) signed.client = address(0);
        if (kind == 12) signed.signature = [bytes32(0), bytes32(0)];
        if (kind == 13) signed.client = address(wallet);
        return signed; // from 14 on, good
    }

    /// forge-config: default.fuzz.runs = 400
    /// forge-config: campaign.fuzz.runs = 100000
    /// forge-config: mutants.fuzz.runs = 100
    function testFuzz_IsItsEntriesOneByOne(uint256 seed, uint8 length) external {
        SignedWork[] memory works = new SignedWork[](length % 9);
        for (uint256 i; i < works.length; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            address[5] memory accounts = [alice, bob, carol, dave, erin];
            works[i] = _signedWork(accounts[draw % 5]);
            if (draw / 8 % 2 == 0) works[i] = _spoil(works[i], draw >> 16);
        }
        if (seed % 4 == 0) vm.warp(block.timestamp - bound(seed >> 8, 0, 10)); // some of the time has not passed yet
        _expectAsOneByOne(works);
    }

    function _expectOnlySkipped(SignedWork[] memory works, uint256 index, bytes memory reason) private {
        vm.expectEmit(address(task));
        emit ITask.WorkSkipped(1, works[index].client, index, reason);
        assertEq(_submitWorks(works), 1);
        for (uint256 i; i < works.length; ++i) {
            if (i != index) assertGt(_pendingOf(works[i].client), 0, "the others land");
        }
        assertLedger();
    }

    function test_WhenTheDeadlineHasPassed() external {
        SignedWork[] memory works = _five();
        works[2] = _signedWork(carol, _workOf(carol), block.timestamp - 1);
        bytes4 expired = BcflErrors.Task_SignatureExpired.selector;
        _expectOnlySkipped(works, 2, abi.encodeWithSelector(expired, block.timestamp - 1, block.timestamp));
        assertEq(_nonceOf(carol), 0, "not used up");
        _submit(carol);
    }

    function test_WhenAnotherSigned() external {
        SignedWork[] memory works = _five();
        works[0].signature = works[1].signature;
        bytes32 message = Messages.work(alice, _state().seed, works[0].work, 0, block.timestamp);
        _expectOnlySkipped(works, 0, _wrongSignature(alice, message));
        _submit(alice);
    }

    /// @dev A relayer has 64 bytes of it; contracts sign by `submitWorkFor`.
    function test_WhenAWalletsKeySigned() external {
        SignedWork[] memory works = _five();
        works[4] = _signedWork(address(wallet));
        bytes32 message = Messages.work(address(wallet), _state().seed, works[4].work, 0, block.timestamp);
        _expectOnlySkipped(works, 4, _wrongSignature(address(wallet), message));
        bytes memory signature = _sign(address(wallet), message);
        _send(0, abi.encodeCall(ITask.submitWorkFor, (address(wallet), works[4].work, block.timestamp, signature)));
        assertGt(_pendingOf(address(wallet)), 0);
    }

    /// @dev ecrecover answers with nobody, who has not signed.
    function test_WhenTheClientIsNobody() external {
        SignedWork[] memory works = _five();
        (works[2].client, works[2].signature) = (address(0), [bytes32(0), bytes32(0)]);
        bytes32 message = Messages.work(address(0), _state().seed, works[2].work, 0, block.timestamp);
        _expectOnlySkipped(works, 2, _wrongSignature(address(0), message));
    }

    function test_WhenTheSameComesTwice() external {
        SignedWork[] memory works = _five();
        works[3] = works[1];
        bytes32 message = Messages.work(bob, _state().seed, works[1].work, 1, block.timestamp);
        vm.expectEmit(address(task));
        emit ITask.WorkSkipped(1, bob, 3, _wrongSignature(bob, message));
        assertEq(_submitWorks(works), 1);
        assertEq(_nonceOf(bob), 1);
    }

    function test_GivenTheClientHasSubmittedItself() external {
        SignedWork[] memory works = _five();
        _submit(dave);
        _expectOnlySkipped(works, 3, abi.encodeWithSelector(BcflErrors.Task_AlreadySubmitted.selector, dave, 1));
        assertEq(_nonceOf(dave), 0, "its signature is not used up");
    }

    /// @dev Its sixteenth nonce solves nothing.
    function _unsolvedAtTheLast(address client) private view returns (Work memory work) {
        work = _workOf(client);
        bytes32 challenge = keccak256(abi.encode(task, _state().seed, client, work.updateHash));
        uint256 nonce;
        while (_puzzleHash(challenge, 15, nonce) < _threshold()) ++nonce;
        work.nonces[1] = work.nonces[1] & ~(uint256(type(uint32).max) << 224) | nonce << 224;
    }

    function test_WhenANonceDoesNotSolveItsPuzzle() external {
        SignedWork[] memory works = _five();
        Work memory work = _unsolvedAtTheLast(bob);
        bytes32 challenge = keccak256(abi.encode(task, _state().seed, bob, work.updateHash));
        uint256 nonce = work.nonces[1] >> 224;
        works[1] = _signedWork(bob, work, block.timestamp);
        bytes4 unsolved = BcflErrors.Puzzle_NotSolved.selector;
        _expectOnlySkipped(
            works, 1, abi.encodeWithSelector(unsolved, 15, _puzzleHash(challenge, 15, nonce), _threshold())
        );
    }

    /// @dev Memory is paid by its square: to look for the nonce takes much of it, which has to be free again for the next.
    function test_WhenManyAreBad_EachCostsTheSame() external {
        SignedWork memory bad = _signedWork(bob, _unsolvedAtTheLast(bob), block.timestamp);
        _gasOf(bad, 1); // what it touches is cold
        assertLe(_gasOf(bad, 500) * 100, _gasOf(bad, 100) * 5 * 102);
    }

    /// @dev Of a batch of nothing but this, which is refused and so stays good.
    function _gasOf(SignedWork memory bad, uint256 size) private returns (uint256) {
        SignedWork[] memory works = new SignedWork[](size);
        for (uint256 i; i < size; ++i) {
            works[i] = bad;
        }
        assertEq(_submitWorks(works), size);
        return vm.lastCallGas().gasTotalUsed;
    }

    // ------------------------------------------------------------------------------------------------ the whole

    function test_RevertGiven_TheRoundIsOver() external {
        SignedWork[] memory works = _five();
        _endByTime();
        vm.expectRevert(_wrongPhase(Phase.Joining));
        _submitWorks(works);
    }

    function test_RevertGiven_TheWindowForWorkIsOver() external {
        SignedWork[] memory works = _five();
        _submit(alice);
        _warpToWindow(0);
        vm.expectRevert(_wrongPhase(Phase.GeneratorProposing));
        _submitWorks(works);
    }

    function test_RevertWhen_TheGasIsTooLittle() external {
        bytes memory data = abi.encodeCall(ITask.submitWorks, (_five()));
        bytes memory before = _everybodysState();
        vm.prank(relayer);
        (bool success,) = address(task).call{gas: 150_000}(data);
        assertFalse(success, "all or nothing");
        assertEq(_everybodysState(), before);
    }
}
