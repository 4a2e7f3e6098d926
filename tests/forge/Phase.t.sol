// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Phase} from "../../contracts/interfaces/ITask.sol";

/// @notice The windows, to the second: the last second of each is in, the next is out.
contract PhaseTest is Base {
    function test_GivenNoRoundIsOpen_JoiningAndFrozenTakeTurnsForEver() external {
        uint256 start = block.timestamp;
        uint256 cycle = terms.joinWindow + terms.listWindow;
        for (uint256 turn; turn < 3; ++turn) {
            vm.warp(start + turn * cycle);
            assertPhase(Phase.Joining);
            vm.warp(start + turn * cycle + terms.joinWindow - 1);
            assertPhase(Phase.Joining);
            vm.warp(start + turn * cycle + terms.joinWindow);
            assertPhase(Phase.Frozen);
            vm.warp(start + (turn + 1) * cycle - 1);
            assertPhase(Phase.Frozen);
        }
    }

    function test_GivenARoundEnded_TheWindowsCountFromItsEnd() external {
        _openFirstRound();
        _finishRound();
        assertEq(_state().endedAt, block.timestamp);
        assertPhase(Phase.Joining);
        vm.warp(_state().endedAt + terms.joinWindow - 1);
        assertPhase(Phase.Joining);
        vm.warp(_state().endedAt + terms.joinWindow);
        assertPhase(Phase.Frozen);
    }

    function test_GivenSomebodyWorked_EachPartyHasItsWindow() external {
        _openFirstRound();
        _warpToDeadline();
        _submit(alice);
        Phase[5] memory phases = [
            Phase.Working,
            Phase.GeneratorProposing,
            Phase.RunnerUpProposing,
            Phase.WorkersProposing,
            Phase.Expired
        ];
        vm.warp(_workEnd());
        assertPhase(Phase.Working);
        for (uint256 i = 1; i < 5; ++i) {
            vm.warp(_workEnd() + (i - 1) * terms.proposalWindow);
            assertPhase(phases[i - 1]);
            vm.warp(_workEnd() + (i - 1) * terms.proposalWindow + 1);
            assertPhase(phases[i]);
        }
        vm.warp(_workEnd() + 1000 * uint256(terms.proposalWindow));
        assertPhase(Phase.Expired);
    }

    function test_GivenNobodyWorked_TheRoundExpiresWhenWorkEnds() external {
        _openFirstRound();
        vm.warp(_workEnd());
        assertPhase(Phase.Working);
        vm.warp(_workEnd() + 1);
        assertPhase(Phase.Expired);
    }

    function test_GivenNobodyWorkedButSomebodyDidInTheRoundBefore_TheRoundExpiresWhenWorkEnds() external {
        _openFirstRound();
        _finishRound();
        _openNextRound();
        vm.warp(_workEnd() + 1);
        assertPhase(Phase.Expired);
        assertEq(_generator(), address(0));
        assertEq(_runnerUp(), address(0));
    }

    function test_GivenTheLastRoundEnded_TheTaskIsOver() external {
        _openFirstRound();
        _finishRound();
        for (uint256 i = 1; i < terms.rounds; ++i) {
            assertPhase(Phase.Joining);
            _openNextRound();
            _finishRound();
        }
        assertPhase(Phase.Over);
        vm.warp(block.timestamp + 365 days);
        assertPhase(Phase.Over);
    }

    function test_GivenTheOwnerClosed_TheTaskIsOver() external {
        vm.prank(owner);
        task.closeTask(owner);
        assertPhase(Phase.Over);
    }
}
