// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {RelayBase} from "./RelayBase.t.sol";
import {IRelay} from "../../contracts/interfaces/IRelay.sol";
import {ITask} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {RevertingReceiver} from "../../contracts/mocks/RevertingReceiver.sol";

/// @dev Stands for a task, and keeps how much gas each call had.
contract GasMeter {
    uint256[] private _given;

    fallback() external {
        _given.push(gasleft());
    }

    function given() external view returns (uint256[] memory) {
        return _given;
    }
}

contract RelayTest is RelayBase {
    // ------------------------------------------------------------------------------------------------ all good

    /// @dev A round in which no client sends a transaction.
    function test_LandsAllJoinsWorkAndClaims() external {
        uint256 theirs = relayer.balance;
        assertEq(_relay(BOND, _joinCalls()), 0);
        deposits += 5 * BOND;
        assertEq(relayer.balance, theirs - 5 * BOND);
        assertEq(address(relay).balance, 0);

        _warpToFrozen();
        _post(clients);
        _open();
        _warpToDeadline();
        assertEq(_relay(0, _workCalls()), 0);
        _warpToWindow(0);
        _endByQuorum(_result());

        uint256 earned = task.ledger().claimable;
        uint256[] memory before = new uint256[](5);
        for (uint256 i; i < 5; ++i) {
            before[i] = clients[i].balance + _claimableOf(clients[i]);
        }
        vm.recordLogs();
        assertEq(_relay(0, _claimCalls()), 0);
        (uint256[] memory indices,) = _skipped();
        assertEq(indices.length, 0);
        for (uint256 i; i < 5; ++i) {
            assertEq(clients[i].balance, before[i]);
            assertEq(_nonceOf(clients[i]), 3);
        }
        assertLedger(earned, 0, 0, 450e15 - earned, 5 * BOND);
    }

    function test_WhenTheBatchIsEmpty() external {
        assertEq(_relay(0, new bytes[](0)), 0);
        assertEq(_relay(BOND, new bytes[](0)), 0);
    }

    // ------------------------------------------------------------------------------------------------ some bad

    function _expectOneSkipped(uint256 index) private {
        bytes[] memory calls = _joinCalls();
        bytes memory reason;
        (calls[index], reason) = _badJoin(clients[index]);
        uint256 theirs = relayer.balance;

        vm.expectEmit(address(relay));
        emit IRelay.Skipped(address(task), index, reason);
        assertEq(_relay(BOND, calls), 1);

        deposits += 4 * BOND;
        assertLedger(0, 0, 0, 450e15, 4 * BOND);
        assertEq(relayer.balance, theirs - 4 * BOND, "what was not taken comes back");
        assertEq(address(relay).balance, 0);
        for (uint256 i; i < 5; ++i) {
            assertEq(task.clientState(clients[i]).isMember, i != index);
        }
        // It is not shut out.
        _join(clients[index]);
    }

    function test_WhenTheFirstIsBad() external {
        _expectOneSkipped(0);
    }

    function test_WhenTheMiddleOneIsBad() external {
        _expectOneSkipped(2);
    }

    function test_WhenTheLastIsBad() external {
        _expectOneSkipped(4);
    }

    /// @dev Every choice of bad ones among five.
    function test_WhenAnyAreBad_TellsEachAndLandsTheOthers() external {
        uint256 snapshot = vm.snapshotState();
        for (uint256 bad; bad < 32; ++bad) {
            _expectSkipped(bad);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Call i is bad where bit i of `bad` is set.
    function _expectSkipped(uint256 bad) private {
        bytes[] memory calls = _joinCalls();
        bytes[] memory expected = new bytes[](5);
        uint256 count;
        for (uint256 i; i < 5; ++i) {
            if (bad >> i & 1 == 0) continue;
            (calls[i], expected[i]) = _badJoin(clients[i]);
            ++count;
        }
        uint256 theirs = relayer.balance;
        vm.recordLogs();
        assertEq(_relay(BOND, calls), count);

        (uint256[] memory indices, bytes[] memory reasons) = _skipped();
        assertEq(indices.length, count);
        for (uint256 i; i < count; ++i) {
            assertEq(reasons[i], expected[indices[i]]);
            assertEq(bad >> indices[i] & 1, 1);
        }
        deposits += (5 - count) * BOND;
        assertLedger(0, 0, 0, 450e15, (5 - count) * BOND);
        assertEq(relayer.balance, theirs - (5 - count) * BOND);
        assertEq(address(relay).balance, 0);
    }

    /// @dev Every kind of refusal comes out as it would have gone to the client.
    function test_TellsTheExactReason() external {
        _joinAll();
        bytes[] memory calls = new bytes[](4);
        calls[0] = _joinCall(alice);
        calls[1] = abi.encodeCall(ITask.claimFor, (bob, bob, block.timestamp - 1, new bytes(65)));
        calls[2] = _claimCall(carol, carol);
        calls[3] = hex"deadbeef";
        vm.recordLogs();
        assertEq(_relay(0, calls), 4);
        (uint256[] memory indices, bytes[] memory reasons) = _skipped();
        for (uint256 i; i < 4; ++i) {
            assertEq(indices[i], i);
        }
        assertEq(reasons[0], abi.encodeWithSelector(BcflErrors.Task_AlreadyMember.selector, alice));
        assertEq(
            reasons[1],
            abi.encodeWithSelector(
                BcflErrors.Task_SignatureExpired.selector, block.timestamp - 1, block.timestamp
            )
        );
        assertEq(reasons[2], abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, carol));
        assertEq(reasons[3], "");
    }

    function test_TheSameMessageTwiceLandsOnce() external {
        bytes[] memory calls = new bytes[](2);
        calls[0] = calls[1] = _joinCall(bob);
        uint256 theirs = relayer.balance;
        vm.expectEmit(address(relay));
        emit IRelay.Skipped(
            address(task), 1, _wrongSignature(bob, _joinHash(bob, _report(UNITS), 1, EVER))
        );
        assertEq(_relay(BOND, calls), 1);
        assertEq(relayer.balance, theirs - BOND);
    }

    // ------------------------------------------------------------------------------------------------ value

    function testFuzz_RevertWhen_TheValueIsNotTheSum(uint256 sent) external {
        sent = bound(sent, 0, 10 * BOND);
        vm.assume(sent != 5 * BOND);
        bytes[] memory calls = _joinCalls();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, sent, 5 * BOND));
        vm.prank(relayer);
        relay.relay{value: sent}(address(task), BOND, calls);
    }

    function test_RevertWhen_ValueComesWithAnEmptyBatch() external {
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, 1, 0));
        vm.prank(relayer);
        relay.relay{value: 1}(address(task), BOND, new bytes[](0));
    }

    /// @dev 2^255 for each of two calls would be nothing in all.
    function test_RevertWhen_TheSumOverflows() external {
        bytes[] memory calls = new bytes[](2);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, 0, type(uint256).max));
        vm.prank(relayer);
        relay.relay(address(task), 1 << 255, calls);
    }

    /// @dev A sender that does not take its money back gets nothing done; no coin stays behind.
    function test_RevertWhen_TheSenderRefusesWhatComesBack() external {
        RevertingReceiver sender = new RevertingReceiver();
        bytes[] memory calls = _joinCalls();
        (calls[3],) = _badJoin(clients[3]);
        vm.deal(address(this), 5 * BOND);
        vm.expectRevert(SafeTransferLib.ETHTransferFailed.selector);
        sender.execute{value: 5 * BOND}(
            address(relay), 5 * BOND, abi.encodeCall(IRelay.relay, (address(task), BOND, calls))
        );
        assertFalse(task.clientState(alice).isMember);
        assertLedger();
    }

    /// @dev Where there is no contract every call would seem to land, and take its value.
    function test_RevertWhen_ThereIsNoTask() external {
        bytes[] memory calls = _joinCalls();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Relay_NoTask.selector, home));
        vm.prank(relayer);
        relay.relay{value: 5 * BOND}(home, BOND, calls);
    }

    // ------------------------------------------------------------------------------------------------ gas

    /// @dev With too little gas the last are told with an empty reason, and each client can go itself.
    function testFuzz_WhenTheGasIsTooLittle_TellsWhoDidNotLand(uint256 gas_) external {
        _openFirstRound();
        _warpToDeadline();
        bytes[] memory calls = _workCalls();
        gas_ = bound(gas_, 100_000, 700_000);
        vm.recordLogs();
        vm.prank(relayer);
        (bool success,) =
            address(relay).call{gas: gas_}(abi.encodeCall(IRelay.relay, (address(task), 0, calls)));
        (uint256[] memory indices, bytes[] memory reasons) = _skipped();
        bool[] memory isSkipped = new bool[](5);
        for (uint256 i; i < indices.length; ++i) {
            isSkipped[indices[i]] = true;
            assertEq(reasons[i], "");
        }
        for (uint256 i; i < 5; ++i) {
            bool hasLanded = task.clientState(clients[i]).lastRound == 1;
            assertEq(hasLanded, success && !isSkipped[i]);
            if (!hasLanded) _submit(clients[i]);
        }
        assertLedger();
    }

    /// @dev Less than is kept back for five: no call has a share, and each is told.
    function test_WhenTheGasIsLessThanWhatIsKept_TellsThatNobodyLanded() external {
        _openFirstRound();
        _warpToDeadline();
        bytes memory data = abi.encodeCall(IRelay.relay, (address(task), 0, _workCalls()));
        vm.recordLogs();
        vm.prank(relayer);
        (bool success, bytes memory answer) = address(relay).call{gas: 15_000 + 5 * 6_000}(data);
        assertTrue(success);
        assertEq(abi.decode(answer, (uint256)), 5);
        (uint256[] memory indices,) = _skipped();
        assertEq(indices.length, 5);
        _work(clients);
    }

    /// @dev What one call leaves goes to those after it.
    function test_EachCallHasAtLeastAnEvenShare() external {
        GasMeter meter = new GasMeter();
        bytes[] memory calls = new bytes[](10);
        relay.relay{gas: 3_000_000}(address(meter), 0, calls);
        uint256[] memory given = meter.given();
        assertEq(given.length, 10);
        for (uint256 i = 1; i < 10; ++i) {
            assertGt(given[i], given[i - 1]);
        }
        assertApproxEqRel(given[0], 3_000_000 / 10, 0.05e18);
    }

    /// @dev The refusal of a call is what it has, but for the two units that asking takes: a share of two calls, twice, and
    /// what is kept for one more call, is a share of one call. Of an even and an odd number one divides without a rest.
    function test_KeepsForACallWhatIRelaySays() external {
        vm.etch(address(task), hex"5a5f5260205ffd"); // reverts with its gas
        assertEq(_keptForACall(0), 6_000);
        // With a value the EVM gives 2,300 more.
        assertEq(_keptForACall(1) + 2_300, 15_000);
    }

    function _keptForACall(uint256 value) private returns (uint256) {
        _firstShare(1, value, 500_000); // what it touches is cold
        uint256[2] memory kept;
        for (uint256 i; i < 2; ++i) {
            kept[i] = _firstShare(1, value, 500_000 + i) - 2 * _firstShare(2, value, 500_000 + i) - 2;
        }
        return Math.min(kept[0], kept[1]);
    }

    function _firstShare(uint256 size, uint256 value, uint256 gas_) private returns (uint256) {
        vm.recordLogs();
        vm.prank(relayer);
        relay.relay{value: size * value, gas: gas_}(address(task), value, new bytes[](size));
        (, bytes[] memory reasons) = _skipped();
        return abi.decode(reasons[0], (uint256));
    }

    /// @dev Not a unit of it: this would land with one.
    function test_WhenTheGasIsLessThanWhatIsKept_ACallHasNone() external {
        vm.etch(address(task), hex"5b00");
        assertEq(relay.relay{gas: 18_000}(address(task), 0, new bytes[](1)), 1);
        assertEq(relay.relay{gas: 40_000}(address(task), 0, new bytes[](1)), 0);
    }

    /// @dev Half a megabyte in all: its copies side by side would take more than is left.
    function test_KeepsNothingOfACallForTheNext() external {
        vm.etch(address(task), hex"6101005ffd"); // refuses with 256 bytes
        bytes[] memory calls = new bytes[](64);
        for (uint256 i; i < 64; ++i) {
            calls[i] = new bytes(8_192);
        }
        assertEq(relay.relay{gas: 700_000}(address(task), 0, calls), 64);
    }

    // ------------------------------------------------------------------------------------------------ what it may

    /// @dev To the task the caller is the Relay, which owns nothing and is nobody's client.
    function test_TheOwnersFunctionsAreRefused() external {
        _joinAll();
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(ITask.closeTask, (relayer));
        calls[1] = abi.encodeCall(ITask.postEntries, (1, 5, _entries(clients, TRAINING_CAP)));
        calls[2] = abi.encodeCall(ITask.admit, (clients));
        calls[3] = abi.encodeCall(ITask.openRound, (1));
        vm.recordLogs();
        vm.prank(owner); // whoever sends the batch
        assertEq(relay.relay(address(task), 0, calls), 4);
        (, bytes[] memory reasons) = _skipped();
        for (uint256 i; i < 4; ++i) {
            assertEq(reasons[i], _notOwner(address(relay)));
        }
    }

    function test_AClientsOwnFunctionsAreTheRelays() external {
        _openFirstRound();
        _finishRound();
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(ITask.claim, (alice));
        calls[1] = abi.encodeCall(ITask.leaveTask, (alice));
        vm.recordLogs();
        vm.prank(alice);
        assertEq(relay.relay(address(task), 0, calls), 2);
        (, bytes[] memory reasons) = _skipped();
        assertEq(reasons[0], abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, relay));
        assertEq(reasons[1], abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, relay));
    }
}
