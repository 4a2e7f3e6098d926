// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask, Phase} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {RevertingReceiver} from "../../contracts/mocks/RevertingReceiver.sol";

contract LeaveTaskTest is Base {
    function _leave(address client) private {
        vm.prank(client);
        task.leaveTask(client);
    }

    function test_RevertGiven_ReportsAreFrozen() external {
        _joinAll();
        _warpToFrozen();
        vm.expectRevert(_wrongPhase(Phase.Frozen));
        _leave(alice);
    }

    function test_RevertGiven_ARoundIsOpen() external {
        _openFirstRound();
        vm.expectRevert(_wrongPhase(Phase.Working));
        _leave(alice);
        _work(clients);
        vm.expectRevert(_wrongPhase(Phase.GeneratorProposing));
        _leave(alice);
        _warpToWindow(3);
        vm.expectRevert(_wrongPhase(Phase.Expired));
        _leave(alice);
    }

    function test_RevertGiven_TheCallerIsNoMember() external {
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, mallory));
        _leave(mallory);
    }

    function test_RevertGiven_TheCallerHasLeft() external {
        _join(alice);
        _leave(alice);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, alice));
        _leave(alice);
        assertLedger();
    }

    function test_RevertWhen_TheRecipientIsZero() external {
        _join(alice);
        vm.expectRevert(BcflErrors.Money_ZeroRecipient.selector);
        vm.prank(alice);
        task.leaveTask(address(0));
    }

    function test_RevertWhen_TheRecipientRefuses() external {
        _join(alice);
        address refuser = address(new RevertingReceiver());
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), refuser, BOND));
        vm.prank(alice);
        task.leaveTask(refuser);
        assertTrue(task.clientState(alice).isMember);
        assertLedger(0, 0, 0, 450e15, BOND);
    }

    function test_GivenTheBondIsZero_NobodyIsCalled() external {
        terms.bond = 0;
        _use(terms);
        _join(alice);
        vm.expectRevert(BcflErrors.Money_ZeroRecipient.selector);
        vm.prank(alice);
        task.leaveTask(address(0));
        address refuser = address(new RevertingReceiver());
        vm.prank(alice);
        task.leaveTask(refuser);
        assertFalse(task.clientState(alice).isMember);
        assertLedger(0, 0, 0, 450e15, 0);
    }

    function test_GivenJoining_SendsTheBondWhereTheCallerSays() external {
        _join(alice);
        vm.warp(_state().endedAt + terms.joinWindow - 1);
        address home = makeAddr("home");
        vm.expectEmit(address(task));
        emit ITask.Left(alice, home, BOND);
        vm.prank(alice);
        task.leaveTask(home);

        assertEq(home.balance, BOND);
        assertFalse(task.clientState(alice).isMember);
        assertEq(task.ledger().returned, BOND);
        assertLedger(0, 0, 0, 450e15, 0);
    }

    function test_GivenTheTaskIsClosed_SendsTheBondAtOnce() external {
        _joinAll();
        _warpToFrozen();
        vm.prank(owner);
        task.closeTask(owner);
        _leave(alice);
        assertEq(task.ledger().returned, 450e15 + BOND);
        assertLedger(0, 0, 0, 0, 4 * BOND);
    }

    function test_GivenTheListNamesTheCaller_MakesItStale() external {
        _joinAll();
        _post(clients);
        _leave(alice);
        assertTrue(task.listState().isStale);
    }

    function test_GivenPayIsUnclaimed_ItStaysClaimable() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = _claimableOf(alice);
        assertGt(earned, 0);
        _leave(alice);
        assertEq(_claimableOf(alice), earned);
        assertEq(_claim(alice), earned);
        assertLedger();
    }

    function test_GivenTheCallerLeft_JoiningAgainKeepsTheNonces() external {
        _join(alice);
        vm.prank(alice);
        task.revokeSignatures();
        _leave(alice);
        _join(alice);
        assertEq(task.clientState(alice).nonce, 2 ** 16);
        assertEq(task.clientState(alice).voteNonce, 1);
        assertLedger();
    }
}
