// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Entry, ITask, Phase, RoundState} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract OpenRoundTest is Base {
    function _expectRefusal(bytes memory reason, uint32 version) private {
        vm.expectRevert(reason);
        vm.prank(owner);
        task.openRound(version);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() external {
        _joinAll();
        _post(clients);
        _warpToFrozen();
        vm.expectRevert(_notOwner(mallory));
        vm.prank(mallory);
        task.openRound(1);
    }

    function test_RevertGiven_ReportsAreNotFrozen() external {
        _joinAll();
        _post(clients);
        _expectRefusal(_wrongPhase(Phase.Joining), 1);
        uint256 start = block.timestamp;
        vm.warp(start + terms.joinWindow - 1);
        _expectRefusal(_wrongPhase(Phase.Joining), 1);
        vm.warp(start + terms.joinWindow + terms.listWindow);
        _expectRefusal(_wrongPhase(Phase.Joining), 1);
    }

    function test_RevertGiven_ARoundIsOpen() external {
        _openFirstRound();
        _expectRefusal(_wrongPhase(Phase.Working), 1);
    }

    function test_RevertGiven_TheTaskIsOver() external {
        _openFirstRound();
        _finishRound();
        _openNextRound();
        _finishRound();
        _openNextRound();
        _finishRound();
        _warpToFrozen();
        _expectRefusal(_wrongPhase(Phase.Over), 1);
    }

    function test_RevertGiven_NoListWasPosted() external {
        _warpToFrozen();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_WrongVersion.selector, 0, 0), 0);
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_WrongVersion.selector, 1, 0), 1);
    }

    function test_RevertWhen_TheVersionIsNotTheLast() external {
        _joinAll();
        _post(clients);
        _post(clients);
        _warpToFrozen();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_WrongVersion.selector, 1, 2), 1);
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_WrongVersion.selector, 3, 2), 3);
    }

    function test_RevertGiven_AListedClientChangedItsReport() external {
        _joinAll();
        _post(clients);
        vm.prank(alice);
        task.changeReport(_report(UNITS));
        _warpToFrozen();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, 1), 1);
    }

    function test_RevertGiven_AListedClientLeft() external {
        _joinAll();
        _post(clients);
        vm.prank(alice);
        task.leaveTask(alice);
        _join(alice);
        _warpToFrozen();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, 1), 1);
    }

    function test_RevertGiven_TheListIsIncomplete() external {
        _joinAll();
        _post(1, 5, _entries(_addresses(alice, bob, carol), TRAINING_CAP));
        _warpToFrozen();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_ListIncomplete.selector, 1, 3, 5), 1);
    }

    function test_RevertGiven_TooFewAreHired() external {
        _joinAll();
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[0] = Entry(alice, 0, 0);
        entries[1] = Entry(bob, 0, 0);
        _post(entries);
        entries[2] = Entry(carol, 0, 0);
        _post(entries);
        _warpToFrozen();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_TooFewHired.selector, 2, 3), 2);
        _post(_entries(_addresses(alice, bob, carol), TRAINING_CAP));
        _open();
        assertEq(task.listState().hired, 3);
    }

    function test_CommitsTheCapsAndFixesTheSeed() external {
        _joinAll();
        _warpToFrozen();
        _post(clients);
        vm.warp(_state().endedAt + terms.joinWindow + terms.listWindow - 1); // the window's last second
        vm.roll(2000);
        vm.setBlockhash(1999, keccak256("a block"));
        bytes32 entropy = keccak256(abi.encode(keccak256("a block"), task, uint32(1), task.listState().hash));
        bytes32 seed = bytes24(entropy);

        vm.expectEmit(address(task));
        emit ITask.RoundOpened(1, 1, seed, 5, 5, MINING_CAP, 150e15);
        vm.prank(owner);
        task.openRound(1);

        RoundState memory round = _state();
        assertEq(round.number, 1);
        assertTrue(round.isOpen);
        assertEq(round.openedAt, block.timestamp);
        assertEq(round.listVersion, 1);
        assertEq(task.listState().hired, 5);
        assertEq(round.miningCap, MINING_CAP);
        assertEq(round.seed, seed);
        assertEq(round.generator, 0);
        assertLedger(0, 0, 150e15, 300e15, 5 * BOND);
    }

    function test_GivenSomeAreNotHired_TheirMiningCapIsNotCommitted() external {
        _joinAll();
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[4] = Entry(erin, 0, 0);
        _post(entries);
        _warpToFrozen();
        _open();
        assertEq(task.listState().hired, 4);
        assertEq(_state().miningCap, MINING_CAP); // η_m / N, N = 5 all the same
        assertLedger(0, 0, 120e15, 330e15, 5 * BOND);
    }

    function test_GivenTheListIsUnchanged_OpensTheNextRoundWithoutPostingAgain() external {
        _openFirstRound();
        bytes32 seed = _state().seed;
        _finishRound();
        _openNextRound();
        assertEq(_state().number, 2);
        assertEq(_state().listVersion, 1);
        assertNotEq(_state().seed, seed);
        assertLedger();
    }

    function test_GivenTheMiningBudgetDoesNotDivide_TheRestStaysFree() external {
        terms.miningBudget = 25e15 + 4;
        terms.budget = 150e15 + 4;
        _use(terms);
        _joinAll();
        _post(clients);
        _warpToFrozen();
        _open();
        assertEq(_state().miningCap, MINING_CAP);
        assertLedger(0, 0, 150e15, 300e15 + 12, 5 * BOND);
    }
}
