// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ClientState, ITask, Phase, Report} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract JoinTaskTest is Base {
    function _expectBadReport(Report memory report) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                BcflErrors.Task_ReportOutOfRange.selector,
                report.trainingUnits,
                report.energyCoefficient,
                report.maxFrequency
            )
        );
        vm.prank(alice);
        task.joinTask{value: BOND}(report);
    }

    function test_RevertGiven_ReportsAreFrozen() external {
        _warpToFrozen();
        vm.expectRevert(_wrongPhase(Phase.Frozen));
        vm.prank(alice);
        task.joinTask{value: BOND}(_report(UNITS));
    }

    function test_RevertGiven_ARoundIsOpen() external {
        _openFirstRound();
        vm.expectRevert(_wrongPhase(Phase.Working));
        vm.prank(mallory);
        task.joinTask{value: BOND}(_report(UNITS));
    }

    function test_RevertGiven_TheTaskIsOver() external {
        vm.prank(owner);
        task.closeTask(owner);
        vm.expectRevert(_wrongPhase(Phase.Over));
        vm.prank(alice);
        task.joinTask{value: BOND}(_report(UNITS));
    }

    function test_RevertGiven_TheCallerIsAMember() external {
        _join(alice);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_AlreadyMember.selector, alice));
        vm.prank(alice);
        task.joinTask{value: BOND}(_report(UNITS));
        assertLedger();
    }

    function test_RevertGiven_AdmissionIsTheOwnersAndTheCallerIsNotAdmitted() external {
        terms.isOpenAdmission = false;
        _use(terms);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotAdmitted.selector, alice));
        vm.prank(alice);
        task.joinTask{value: BOND}(_report(UNITS));
    }

    function test_GivenAdmissionIsTheOwners_AnAdmittedClientJoins() external {
        terms.isOpenAdmission = false;
        _use(terms);
        vm.prank(owner);
        task.admit(_addresses(alice));
        _join(alice);
        assertTrue(task.clientState(alice).isMember);
        assertLedger(0, 0, 0, 450e15, BOND);
    }

    function test_RevertWhen_TheValueIsNotTheBond() external {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, BOND - 1, BOND));
        task.joinTask{value: BOND - 1}(_report(UNITS));
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, BOND + 1, BOND));
        task.joinTask{value: BOND + 1}(_report(UNITS));
    }

    function test_RevertWhen_TheReportIsOutOfRange() external {
        _expectBadReport(Report(0, RHO, MAX_FREQUENCY));
        _expectBadReport(Report(terms.maxTrainingUnits + 1, RHO, MAX_FREQUENCY));
        _expectBadReport(Report(UNITS, 0, MAX_FREQUENCY));
        _expectBadReport(Report(UNITS, RHO, 0));
    }

    function test_JoinsInTheLastSecondOfTheWindow() external {
        vm.warp(_state().endedAt + terms.joinWindow - 1);
        Report memory report = Report(terms.maxTrainingUnits, 1, 1);
        vm.expectEmit(address(task));
        emit ITask.Joined(alice, BOND);
        vm.expectEmit(address(task));
        emit ITask.Reported(alice, terms.maxTrainingUnits, 1, 1);
        _join(alice, report);

        ClientState memory state = task.clientState(alice);
        assertTrue(state.isMember);
        assertEq(keccak256(abi.encode(state.report)), keccak256(abi.encode(report)));
        assertEq(state.listVersion, 0);
        assertEq(address(task).balance, 450e15 + BOND);
        assertLedger(0, 0, 0, 450e15, BOND);
    }

    function test_GivenNoListCame_JoinsWhenTheWindowOpensAgain() external {
        vm.warp(_state().endedAt + terms.joinWindow + terms.listWindow);
        _join(alice);
        assertTrue(task.clientState(alice).isMember);
    }

    function test_GivenTheBondIsZero_JoinsForNothing() external {
        terms.bond = 0;
        _use(terms);
        _join(alice);
        assertLedger(0, 0, 0, 450e15, 0);
    }
}
