// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Ballot, Entry, ITask, Phase, RoundResult} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract EndRoundByQuorumTest is Base {
    address internal generator;

    /// @dev Everybody but erin works.
    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _warpToDeadline();
        for (uint256 i; i < 4; ++i) {
            _submit(clients[i]);
        }
        _warpToWindow(0);
        generator = _generator();
    }

    function _end(address caller, RoundResult memory result, Ballot[] memory votes) private {
        vm.prank(caller);
        task.endRoundByQuorum(result, votes, _noWallets());
    }

    function _expectRefusal(bytes memory reason, RoundResult memory result, Ballot[] memory votes) private {
        vm.expectRevert(reason);
        _end(generator, result, votes);
    }

    function _four() private view returns (address[] memory list) {
        list = new address[](4);
        for (uint256 i; i < 4; ++i) {
            list[i] = clients[i];
        }
    }

    function _notAscending(address previous, address next) private pure returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, previous, next);
    }

    // ------------------------------------------------------------------------------------------------ who and when

    function test_RevertWhen_ItIsNotTheCallersWindow() external {
        Ballot[] memory votes = _votes(clients, _result());
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, owner, Phase.GeneratorProposing)
        );
        _end(owner, _result(), votes);
    }

    function test_RevertGiven_TheRoundHasExpired() external {
        Ballot[] memory votes = _votes(clients, _result());
        _warpToWindow(3);
        _expectRefusal(_wrongPhase(Phase.Expired), _result(), votes);
    }

    function test_RevertWhen_TheHashIsZero() external {
        RoundResult memory result = RoundResult(0, _addresses(), _addresses());
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_ZeroModelHash.selector), result, _votes(clients, result)
        );
    }

    function test_GivenTheLaterWindows_RunnerUpAndWorkersEndTheRound() external {
        Ballot[] memory votes = _votes(clients, _result());
        uint256 snapshot = vm.snapshotState();
        address runnerUp = _runnerUp();
        _warpToWindow(1);
        _end(runnerUp, _result(), votes);
        assertFalse(_state().isOpen);

        vm.revertToState(snapshot);
        _warpToWindow(2);
        address worker = clients[0];
        _end(worker, _result(), votes);
        assertEq(task.globalModel(), MODEL);
    }

    // ------------------------------------------------------------------------------------------------ ending

    function test_EndsTheRoundAndRefundsWhatNobodyEarned() external {
        uint256 earned = task.ledger().claimable;
        Ballot[] memory votes = _votes(clients, _result());
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, MODEL, 5, 150e15 - earned);
        _end(generator, _result(), votes);

        assertEq(task.globalModel(), MODEL);
        assertFalse(_state().isOpen);
        assertEq(_state().endedAt, block.timestamp);
        assertPhase(Phase.Joining);
        assertEq(_pendingOf(alice), 0);
        assertEq(_claimableOf(alice), earned / 4);
        assertEq(_claimableOf(erin), 0);
        assertLedger(0, earned, 0, 450e15 - earned, 5 * BOND);
    }

    function test_WhenWorkIsRejected_ItsPayGoesBackToTheOwner() external {
        uint256 pay = _pendingOf(alice);
        RoundResult memory result = _result(_addresses(alice, bob), _addresses());
        Ballot[] memory votes = _votes(clients, result);
        vm.expectEmit(address(task));
        emit ITask.WorkRejected(1, alice, pay);
        vm.expectEmit(address(task));
        emit ITask.WorkRejected(1, bob, pay);
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, MODEL, 5, 150e15 - 2 * pay);
        _end(generator, result, votes);

        assertEq(_claimableOf(alice), 0);
        assertEq(_claimableOf(carol), pay);
        assertTrue(task.clientState(alice).isMember);
        assertFalse(task.listState().isStale);
        assertLedger(0, 2 * pay, 0, 450e15 - 2 * pay, 5 * BOND);
    }

    function test_WhenABondIsForfeited_ItIsBurntAndThePayGoesBack() external {
        uint256 pay = _pendingOf(alice);
        RoundResult memory result = _result(_addresses(), _addresses(alice, erin));
        Ballot[] memory votes = _votes(clients, result);
        vm.expectEmit(address(task));
        emit ITask.BondForfeited(1, alice, BOND, pay);
        vm.expectEmit(address(task));
        emit ITask.BondForfeited(1, erin, BOND, 0);
        _end(generator, result, votes);

        assertFalse(task.clientState(alice).isMember);
        assertFalse(task.clientState(erin).isMember);
        assertTrue(task.listState().isStale);
        assertEq(task.ledger().burnt, 2 * BOND);
        assertLedger(0, 3 * pay, 0, 450e15 - 3 * pay, 3 * BOND);
    }

    function test_WhenAClientIsRejectedAndForfeited_ItsPayGoesBackOnce() external {
        uint256 pay = _pendingOf(alice);
        RoundResult memory result = _result(_addresses(alice), _addresses(alice));
        Ballot[] memory votes = _votes(clients, result);
        vm.expectEmit(address(task));
        emit ITask.WorkRejected(1, alice, pay);
        vm.expectEmit(address(task));
        emit ITask.BondForfeited(1, alice, BOND, 0);
        _end(generator, result, votes);
        assertLedger(0, 3 * pay, 0, 450e15 - 3 * pay, 4 * BOND);
    }

    function test_WhenAClientIsForfeited_EarlierPayStaysItsOwn() external {
        _end(generator, _result(), _votes(clients, _result()));
        uint256 earned = _claimableOf(alice);
        _openNextRound();
        _work(clients);
        RoundResult memory result = _result(_addresses(), _addresses(alice));
        _endByQuorum(result);
        assertEq(_claimableOf(alice), earned);
        _claim(alice);
        assertLedger();
    }

    function test_WhenAListedClientWithoutCapIsForfeited_ItsBondIsBurnt() external {
        _end(generator, _result(), _votes(clients, _result()));
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[4] = Entry(erin, 0, 0);
        _post(entries);
        _openNextRound();
        _work(_four());
        RoundResult memory result = _result(_addresses(), _addresses(erin));
        Ballot[] memory votes = _votes(_four(), result);
        _end(_generator(), result, votes);
        assertFalse(task.clientState(erin).isMember);
        assertEq(task.ledger().burnt, BOND);
        assertLedger();
    }

    function test_GivenAClientWasForfeited_TheListIsStaleAndItMayJoinAnew() external {
        _endByQuorum(_result(_addresses(), _addresses(alice)));
        _join(alice);
        _warpToFrozen();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, 1));
        vm.prank(owner);
        task.openRound(1);
        _post(clients);
        _open();
        assertLedger();
    }

    function test_RevertWhen_TheRejectedDoNotAscend() external {
        RoundResult memory result = _result(_addresses(bob, alice), _addresses());
        _expectRefusal(_notAscending(bob, alice), result, _votes(clients, result));
        result = _result(_addresses(bob, bob), _addresses());
        _expectRefusal(_notAscending(bob, bob), result, _votes(clients, result));
    }

    function test_RevertWhen_ARejectedClientDidNotWork() external {
        bytes4 selector = BcflErrors.Task_NothingToReject.selector;
        RoundResult memory result = _result(_addresses(erin), _addresses());
        _expectRefusal(abi.encodeWithSelector(selector, erin, 1), result, _votes(clients, result));
        result = _result(_addresses(mallory), _addresses());
        _expectRefusal(abi.encodeWithSelector(selector, mallory, 1), result, _votes(clients, result));
    }

    function test_RevertWhen_TheForfeitedDoNotAscend() external {
        RoundResult memory result = _result(_addresses(), _addresses(bob, alice));
        _expectRefusal(_notAscending(bob, alice), result, _votes(clients, result));
        result = _result(_addresses(), _addresses(bob, bob));
        _expectRefusal(_notAscending(bob, bob), result, _votes(clients, result));
    }

    function test_RevertWhen_AForfeitedClientIsNotListed() external {
        RoundResult memory result = _result(_addresses(), _addresses(mallory));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotListed.selector, mallory, 1), result, _votes(clients, result)
        );
    }
}
