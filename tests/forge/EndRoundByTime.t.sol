// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask, Phase} from "../../contracts/interfaces/ITask.sol";

contract EndRoundByTimeTest is Base {
    function test_RevertGiven_NoRoundIsOpen() external {
        vm.expectRevert(_wrongPhase(Phase.Joining));
        task.endRoundByTime();
    }

    function test_RevertGiven_AWindowIsStillOpen() external {
        _openFirstRound();
        vm.warp(_workEnd());
        vm.expectRevert(_wrongPhase(Phase.Working));
        task.endRoundByTime();
        _warpToDeadline();
        _submit(alice);
        _warpToWindow(3);
        vm.warp(block.timestamp - 1);
        vm.expectRevert(_wrongPhase(Phase.WorkersProposing));
        task.endRoundByTime();
    }

    function test_GivenEveryWindowHasPassed_AnyoneEndsTheRoundAndAllWorkIsPaid() external {
        _openFirstRound();
        _work(clients);
        uint256 earned = task.ledger().claimable;
        _warpToWindow(3);
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, 0, 0, 150e15 - earned);
        vm.prank(mallory);
        task.endRoundByTime();

        assertEq(task.globalModel(), 0);
        assertEq(_claimableOf(alice), earned / 5);
        assertPhase(Phase.Joining);
        assertLedger(0, earned, 0, 450e15 - earned, 5 * BOND);
    }

    function test_GivenNobodyWorked_AllGoesBackToTheOwner() external {
        _openFirstRound();
        vm.warp(_workEnd() + 1);
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, 0, 0, 150e15);
        task.endRoundByTime();
        assertLedger(0, 0, 0, 450e15, 5 * BOND);
    }

    function test_GivenARoundEndedByQuorumBefore_TheModelStands() external {
        _openFirstRound();
        _finishRound();
        _openNextRound();
        _work(clients);
        _endByTime();
        assertEq(task.globalModel(), MODEL);
        assertLedger();
    }

    function test_RevertWhen_TheRoundHasEnded() external {
        _openFirstRound();
        _work(clients);
        _endByTime();
        vm.expectRevert(_wrongPhase(Phase.Joining));
        task.endRoundByTime();
    }
}
