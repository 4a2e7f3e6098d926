// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "../Base.t.sol";
import {Ballot, Phase, RoundResult, Work} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";

/// @notice Attacks on a round's work and result: each is named as in the design.
contract RoundAttacksTest is Base {
    function _expectNotProposer(address caller, Ballot[] memory votes, RoundResult memory result) private {
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, caller, Phase.GeneratorProposing)
        );
        vm.prank(caller);
        task.endRoundByQuorum(result, votes, _noWallets());
    }

    function test_Attack_AnyonePublishesARoundsResult() external {
        _openFirstRound();
        _work(clients);
        RoundResult memory junk = RoundResult(keccak256("junk"), _addresses(), _addresses());
        // A stranger, the owner, and even the generator: without a quorum's signatures nothing happens.
        _expectNotProposer(mallory, _noVotes(), junk);
        _expectNotProposer(owner, _noVotes(), junk);
        address generator = _generator();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 0, 5));
        vm.prank(generator);
        task.endRoundByQuorum(junk, _noVotes(), _noWallets());
        // Signatures under another result do not serve either.
        Ballot[] memory votes = _votes(clients, _result());
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 0, 5));
        vm.prank(generator);
        task.endRoundByQuorum(junk, votes, _noWallets());
        assertEq(task.globalModel(), 0);
        assertTrue(_state().isOpen);
    }

    function test_Attack_SomebodySubmitsAnothersUpdateHashAndIsPaidForIt() external {
        _openFirstRound();
        _warpToDeadline();
        bytes32 stolen = _updateHash(alice);
        uint256[2] memory alices = _solve(alice, stolen);
        (uint72 t, uint72 m) = _response(bob);
        // The author's solution serves nobody else …
        vm.expectPartialRevert(BcflErrors.Puzzle_NotSolved.selector);
        vm.prank(bob);
        task.submitWork(Work(stolen, t, m, alices));
        // … and with a solution of his own, ahead of the author, bob is credited but locks nobody out.
        uint256[2] memory bobs = _solve(bob, stolen);
        vm.prank(bob);
        task.submitWork(Work(stolen, t, m, bobs));
        _submit(alice);
        _submit(carol);
        _submit(dave);
        _submit(erin);
        // The file names alice, so the quorum rejects bob.
        _warpToWindow(0);
        _endByQuorum(_result(_addresses(bob), _addresses()));
        assertEq(_claimableOf(bob), 0);
        assertGt(_claimableOf(alice), 0);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, bob));
        _claim(bob);
        assertLedger();
    }

    function test_Attack_JunkHashesFromAnAccountThatNeverJoined() external {
        _openFirstRound();
        _warpToDeadline();
        for (uint256 i; i < 20; ++i) {
            vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, mallory, 1));
            vm.prank(mallory);
            task.submitWork(Work(bytes32(i), 1e18, 1e18, [i, i]));
        }
        assertEq(_generator(), address(0));
        _submit(alice);
        assertEq(_generator(), alice);
        assertLedger();
    }

    function test_Attack_ALateOrEarlySubmission() external {
        _openFirstRound();
        bytes32 updateHash = _updateHash(alice);
        uint256[2] memory nonces = _solve(alice, updateHash);
        (uint72 t, uint72 m) = _response(alice);
        // Theorem 3.1 claims all of T: one second before, it cannot be true.
        vm.warp(_state().openedAt + terms.deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_TimeNotPassed.selector, 900, 899));
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));
        // One second after the grace it is too late.
        vm.warp(_workEnd() + 1);
        vm.expectRevert(_wrongPhase(Phase.Expired));
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));
        vm.warp(_workEnd());
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));
        assertLedger();
    }

    /// @dev The first round's seed, were this the hash of the block before its opening.
    function _seedAfter(bytes32 parent) private view returns (bytes32) {
        return bytes24(keccak256(abi.encode(parent, task, uint32(1), task.listState().hash)));
    }

    function test_Attack_APuzzleSolvedBeforeTheRoundOpened() external {
        _joinAll();
        _warpToFrozen();
        _post(clients);
        bytes32 updateHash = keccak256("prepared");
        // Everything of the seed is known but the hash of the block before the opening: of this one, while it is not over.
        uint256 number = vm.getBlockNumber();
        vm.setBlockhash(number - 1, keccak256("known"));
        bytes32 guess = _seedAfter(keccak256("known"));
        uint256[2] memory nonces = _solve(guess, alice, updateHash);
        uint256 snapshot = vm.snapshotState();
        vm.setBlockhash(number, keccak256("another"));
        _open();
        bytes32 another = _state().seed;
        vm.revertToState(snapshot);
        vm.setBlockhash(number, keccak256("unknown"));
        _open();
        assertNotEq(_state().seed, another);
        assertNotEq(_state().seed, guess);
        assertEq(_state().seed, _seedAfter(keccak256("unknown")), "the guess lacks nothing else");
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        vm.expectPartialRevert(BcflErrors.Puzzle_NotSolved.selector);
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));
        // Nor does a round's solution serve in the next.
        nonces = _solve(alice, updateHash);
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));
        _endByTime();
        _openNextRound();
        _warpToDeadline();
        vm.expectPartialRevert(BcflErrors.Puzzle_NotSolved.selector);
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));
    }

    function test_Attack_AQuorumOfThoseWhoHappenedToShowUp() external {
        _openFirstRound();
        _work(_addresses(alice, bob));
        // Both of the two who worked agree, to reject nobody and take all; five are hired.
        Ballot[] memory votes = _votes(_addresses(alice, bob), _result());
        address generator = _generator();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 2, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        // A third is not enough, a fourth is, though it did not work.
        votes = _votes(_addresses(alice, bob, carol), _result());
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        votes = _votes(_first(4), _result());
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        assertFalse(_state().isOpen);
    }

    function _first(uint256 count) private view returns (address[] memory some) {
        some = new address[](count);
        for (uint256 i; i < count; ++i) {
            some[i] = clients[i];
        }
    }

    /// @dev More than 2/3, with three to eight hired: of three, two are not enough, and of six four are not.
    function test_Attack_AQuorumOfExactlyTwoThirds() external {
        for (uint256 hired = 3; hired <= 8; ++hired) {
            _makeClients(hired);
            terms.budget = uint80(30e15 * hired);
            terms.miningBudget = uint80(5e15 * hired);
            _use(terms);
            _openFirstRound();
            _work(clients);
            address generator = _generator();
            uint256 missed = hired * 2 / 3;
            Ballot[] memory votes = _votes(_first(missed), _result());
            vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, missed, hired));
            vm.prank(generator);
            task.endRoundByQuorum(_result(), votes, _noWallets());
            votes = _votes(_first(missed + 1), _result());
            vm.prank(generator);
            task.endRoundByQuorum(_result(), votes, _noWallets());
            assertFalse(_state().isOpen);
        }
    }

    function test_Attack_AGeneratorThatPostsJunk() external {
        _openFirstRound();
        _work(clients);
        (address generator, address runnerUp) = (_generator(), _runnerUp());
        bytes32 junk = keccak256("junk");
        vm.prank(generator);
        task.proposeModel(junk);
        assertEq(task.globalModel(), 0, "a proposal changes nothing");
        Ballot[] memory alone = _votes(_addresses(generator), RoundResult(junk, _addresses(), _addresses()));
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 1, 5));
        vm.prank(generator);
        task.endRoundByQuorum(RoundResult(junk, _addresses(), _addresses()), alone, _noWallets());
        // The others wait for the runner-up; the generator cannot come back in its window.
        _warpToWindow(1);
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, generator, Phase.RunnerUpProposing)
        );
        vm.prank(generator);
        task.proposeModel(junk);
        Ballot[] memory votes = _votes(clients, _result());
        vm.prank(runnerUp);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        assertEq(task.globalModel(), MODEL);
        assertLedger();
    }

    function test_Attack_GeneratorAndRunnerUpPostJunk() external {
        _openFirstRound();
        _work(clients);
        Ballot[] memory votes = _votes(clients, _result());
        _warpToWindow(2);
        vm.prank(alice);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        assertEq(task.globalModel(), MODEL);
        assertLedger();
    }
}
