// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask, Phase} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract ProposeModelTest is Base {
    address[] internal ranked;

    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _warpToDeadline();
        ranked = _byRank(clients);
        for (uint256 i; i < 4; ++i) {
            _submit(ranked[i]); // the last one did not work
        }
    }

    function _expectNotProposer(address caller, Phase phase) private {
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, caller, phase));
        vm.prank(caller);
        task.proposeModel(MODEL);
    }

    function _propose(address caller) private {
        vm.expectEmit(address(task));
        emit ITask.ModelProposed(1, caller, MODEL);
        vm.prank(caller);
        task.proposeModel(MODEL);
    }

    function test_RevertGiven_NobodysWindowIsOpen() external {
        vm.warp(_workEnd());
        vm.expectRevert(_wrongPhase(Phase.Working));
        vm.prank(ranked[0]);
        task.proposeModel(MODEL);
        _warpToWindow(3);
        vm.expectRevert(_wrongPhase(Phase.Expired));
        vm.prank(ranked[0]);
        task.proposeModel(MODEL);
        task.endRoundByTime();
        vm.expectRevert(_wrongPhase(Phase.Joining));
        vm.prank(ranked[0]);
        task.proposeModel(MODEL);
    }

    function test_RevertWhen_TheHashIsZero() external {
        _warpToWindow(0);
        vm.expectRevert(BcflErrors.Task_ZeroModelHash.selector);
        vm.prank(ranked[0]);
        task.proposeModel(0);
    }

    function test_GivenTheGeneratorsWindow_OnlyItProposes() external {
        _warpToWindow(0);
        _expectNotProposer(ranked[1], Phase.GeneratorProposing);
        _expectNotProposer(owner, Phase.GeneratorProposing);
        _propose(ranked[0]);
        _warpToWindow(1);
        vm.warp(block.timestamp - 1); // the window's last second
        _propose(ranked[0]);
    }

    function test_GivenTheRunnerUpsWindow_OnlyItProposes() external {
        _warpToWindow(1);
        _expectNotProposer(ranked[0], Phase.RunnerUpProposing);
        _expectNotProposer(ranked[2], Phase.RunnerUpProposing);
        _propose(ranked[1]);
        _warpToWindow(2);
        vm.warp(block.timestamp - 1);
        _propose(ranked[1]);
    }

    function test_GivenTheWorkersWindow_EveryWorkerProposes() external {
        _warpToWindow(2);
        _expectNotProposer(ranked[4], Phase.WorkersProposing);
        _expectNotProposer(mallory, Phase.WorkersProposing);
        for (uint256 i; i < 4; ++i) {
            _propose(ranked[i]);
        }
        _warpToWindow(3);
        vm.warp(block.timestamp - 1);
        _propose(ranked[3]);
        assertLedger();
    }
}

contract ProposeModelSingleWorkerTest is Base {
    function _expectNotRunnerUp(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, caller, Phase.RunnerUpProposing)
        );
        vm.prank(caller);
        task.proposeModel(MODEL);
    }

    /// @dev Mallory is on no list: its place is zero, as is that of a runner-up who is not there.
    function test_GivenASingleWorker_TheRunnerUpsWindowIsNobodysAlsoNotTheFormerOnes() external {
        _openFirstRound();
        _finishRound();
        address former = _runnerUp();
        _openNextRound();
        _warpToDeadline();
        address worker = former == alice ? bob : alice;
        _submit(worker);
        _warpToWindow(1);
        _expectNotRunnerUp(former);
        _expectNotRunnerUp(worker);
        _expectNotRunnerUp(mallory);
        _warpToWindow(2);
        vm.prank(worker);
        task.proposeModel(MODEL);
    }

    function test_GivenANewListWithoutIt_TheFormerHolderOfAPlaceProposesNothing() external {
        _joinAll();
        _post(clients);
        address[] memory listed = _addresses(clients[1], clients[2], clients[3]);
        _post(listed);
        _warpToFrozen();
        _open();
        _warpToDeadline();
        _submit(listed[0]);
        assertEq(task.clientState(clients[0]).place, _state().generator);

        _warpToWindow(0);
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, clients[0], Phase.GeneratorProposing)
        );
        vm.prank(clients[0]);
        task.proposeModel(MODEL);
        vm.prank(listed[0]);
        task.proposeModel(MODEL);
    }
}
