// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask, Phase} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {RevertingReceiver} from "../../contracts/mocks/RevertingReceiver.sol";

contract CloseTaskTest is Base {
    function _close() private returns (uint256) {
        vm.prank(owner);
        return task.closeTask(owner);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() external {
        vm.expectRevert(_notOwner(mallory));
        vm.prank(mallory);
        task.closeTask(mallory);
    }

    function test_RevertGiven_ARoundIsOpen() external {
        _openFirstRound();
        vm.expectRevert(_wrongPhase(Phase.Working));
        _close();
        _warpToWindow(3);
        vm.expectRevert(_wrongPhase(Phase.Expired));
        _close();
    }

    function test_RevertGiven_TheTaskIsClosed() external {
        _close();
        vm.expectRevert(_wrongPhase(Phase.Over));
        _close();
    }

    function test_RevertWhen_TheRecipientIsZeroOrRefuses() external {
        vm.expectRevert(BcflErrors.Money_ZeroRecipient.selector);
        vm.prank(owner);
        task.closeTask(address(0));
        address refuser = address(new RevertingReceiver());
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), refuser, 450e15));
        vm.prank(owner);
        task.closeTask(refuser);
        assertPhase(Phase.Joining);
        assertLedger(0, 0, 0, 450e15, 0);
    }

    function test_SendsWhatIsFreeAndLeavesTheRest() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = task.ledger().claimable;
        uint256 free = 450e15 - earned;
        address home = makeAddr("home");
        vm.expectEmit(address(task));
        emit ITask.TaskClosed(home, free);
        vm.prank(owner);
        assertEq(task.closeTask(home), free);
        assertEq(home.balance, free);
        assertEq(task.ledger().returned, free);
        assertPhase(Phase.Over);
        assertLedger(0, earned, 0, 0, 5 * BOND);
    }

    function test_GivenReportsAreFrozen_Closes() external {
        _warpToFrozen();
        assertEq(_close(), 450e15);
        assertLedger(0, 0, 0, 0, 0);
    }

    function test_GivenEveryRoundIsDone_SendsTheRest() external {
        terms.rounds = 1;
        _use(terms);
        _openFirstRound();
        _finishRound();
        assertPhase(Phase.Over);
        uint256 rest = 150e15 - task.ledger().claimable;
        assertEq(_close(), rest);
        assertLedger();
    }

    function test_GivenTheTaskIsClosed_NobodyActsButTakesItsMoney() external {
        _openFirstRound();
        _finishRound();
        _close();
        vm.expectRevert(_wrongPhase(Phase.Over));
        vm.prank(owner);
        task.openRound(1);
        for (uint256 i; i < clients.length; ++i) {
            _claim(clients[i]);
            vm.prank(clients[i]);
            task.leaveTask(clients[i]);
        }
        assertEq(address(task).balance, 0);
        assertLedger(task.ledger().paid, 0, 0, 0, 0);
    }
}
