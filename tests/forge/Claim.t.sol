// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {RevertingReceiver} from "../../contracts/mocks/RevertingReceiver.sol";

contract ClaimTest is Base {
    function _expectNothing(address client) private {
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, client));
        _claim(client);
    }

    function test_RevertGiven_NothingWasEarned() external {
        _expectNothing(mallory);
        _join(alice);
        _expectNothing(alice);
    }

    function test_RevertGiven_PayIsPending() external {
        _openFirstRound();
        _work(clients);
        _expectNothing(alice);
        assertGt(_pendingOf(alice), 0);
    }

    function test_RevertGiven_ItWasClaimed() external {
        _openFirstRound();
        _finishRound();
        _claim(alice);
        _expectNothing(alice);
    }

    function test_RevertWhen_TheRecipientIsZero() external {
        _openFirstRound();
        _finishRound();
        vm.expectRevert(BcflErrors.Money_ZeroRecipient.selector);
        vm.prank(alice);
        task.claim(address(0));
    }

    function test_RevertWhen_TheRecipientRefuses() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = _claimableOf(alice);
        address refuser = address(new RevertingReceiver());
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), refuser, earned));
        vm.prank(alice);
        task.claim(refuser);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), task, earned));
        vm.prank(alice);
        task.claim(address(task));
        assertEq(_claimableOf(alice), earned);
        assertLedger();
    }

    function test_SendsWhatWasEarnedWhereTheCallerSays() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = _claimableOf(alice);
        uint256 total = task.ledger().claimable;
        address home = makeAddr("home");
        vm.expectEmit(address(task));
        emit ITask.Claimed(alice, home, earned);
        vm.prank(alice);
        assertEq(task.claim(home), earned);
        assertEq(home.balance, earned);
        assertEq(_claimableOf(alice), 0);
        assertLedger(earned, total - earned, 0, 450e15 - total, 5 * BOND);
    }

    function test_GivenManyRounds_SendsThemAllAtOnce() external {
        _openFirstRound();
        _finishRound();
        uint256 each = _claimableOf(alice);
        _openNextRound();
        _finishRound();
        _openNextRound();
        _work(clients);
        _endByTime();
        assertEq(_claim(alice), 3 * each);
        assertLedger();
    }

    function test_GivenTheNextRoundIsRunning_SendsOnlyWhatIsSettled() external {
        _openFirstRound();
        _finishRound();
        uint256 each = _claimableOf(alice);
        _openNextRound();
        _work(clients);
        assertEq(_claim(alice), each);
        assertEq(_pendingOf(alice), each);
        assertLedger();
        _expectNothing(alice);
        _endByQuorum(_result());
        assertEq(_claim(alice), each);
        assertLedger();
    }

    function test_GivenTheNextRoundIsRunningWithoutTheCaller_SendsTheLastRoundsPay() external {
        _openFirstRound();
        _finishRound();
        uint256 each = _claimableOf(alice);
        _openNextRound();
        assertEq(_claim(alice), each);
        assertLedger();
        _warpToDeadline();
        _submit(alice);
        assertEq(_pendingOf(alice), each);
    }

    function test_GivenTheTaskIsClosed_StaysOpen() external {
        _openFirstRound();
        _finishRound();
        uint256 each = _claimableOf(alice);
        vm.prank(owner);
        task.closeTask(owner);
        vm.warp(block.timestamp + 3650 days);
        assertEq(_claim(alice), each);
        assertLedger();
    }
}
