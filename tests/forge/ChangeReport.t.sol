// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask, Phase, Report} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract ChangeReportTest is Base {
    function _change(address client) private {
        vm.prank(client);
        task.changeReport(_report(UNITS + 1));
    }

    function test_RevertGiven_ReportsAreFrozen() external {
        _joinAll();
        vm.warp(_state().endedAt + terms.joinWindow - 1);
        _change(alice);
        _warpToFrozen();
        vm.expectRevert(_wrongPhase(Phase.Frozen));
        _change(alice);
    }

    function test_RevertGiven_ARoundIsOpen() external {
        _openFirstRound();
        vm.expectRevert(_wrongPhase(Phase.Working));
        _change(alice);
    }

    function test_RevertGiven_TheTaskIsOver() external {
        _joinAll();
        vm.prank(owner);
        task.closeTask(owner);
        vm.expectRevert(_wrongPhase(Phase.Over));
        _change(alice);
    }

    function test_RevertGiven_TheCallerIsNoMember() external {
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, alice));
        _change(alice);
    }

    function test_RevertWhen_TheReportIsOutOfRange() external {
        _join(alice);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_ReportOutOfRange.selector, 0, RHO, MAX_FREQUENCY));
        vm.prank(alice);
        task.changeReport(_report(0));
    }

    function test_GivenNoListNamesTheCaller_ReplacesTheReport() external {
        _join(alice);
        Report memory report = Report(7, 8, 9);
        vm.expectEmit(address(task));
        emit ITask.Reported(alice, 7, 8, 9);
        vm.prank(alice);
        task.changeReport(report);
        assertEq(keccak256(abi.encode(task.clientState(alice).report)), keccak256(abi.encode(report)));
        assertFalse(task.listState().isStale);
        assertLedger();
    }

    function test_GivenTheListNamesTheCaller_MakesItStale() external {
        _joinAll();
        _post(clients);
        assertFalse(task.listState().isStale);
        _change(alice);
        assertTrue(task.listState().isStale);
    }

    function test_GivenTheListWasBegunButDoesNotNameTheCallerYet_DoesNotMakeItStale() external {
        _joinAll();
        _post(1, 5, _entries(_addresses(alice), TRAINING_CAP));
        _change(bob);
        assertFalse(task.listState().isStale);
    }

    function test_GivenOnlyAnEarlierListNamesTheCaller_DoesNotMakeThisOneStale() external {
        _joinAll();
        _post(clients);
        _post(_addresses(bob, carol, dave));
        _change(alice);
        assertFalse(task.listState().isStale);
        assertEq(task.clientState(alice).listVersion, 1);
    }
}
