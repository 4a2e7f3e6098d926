// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TokensBase} from "../TokensBase.t.sol";
import {ITask} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {ContractClient} from "../../../contracts/mocks/ContractClient.sol";
import {HostileToken} from "../../../contracts/mocks/HostileToken.sol";

/// @notice Attacks by a token, and through one that calls back.
contract TokensAttacksTest is TokensBase {
    HostileToken private hostile;
    /// @dev Mallory's contracts, which the token calls back.
    ContractClient private puppet;

    function setUp() public override {
        super.setUp();
        hostile = new HostileToken();
        puppet = new ContractClient();
        _useToken(address(hostile));
        hostile.mint(address(puppet), 10 * BOND);
        _approve(address(puppet), address(task), type(uint256).max);
    }

    /// @dev From inside the next transfer `puppet` calls `target`.
    function _arm(address target, bytes memory data) private {
        hostile.arm(address(puppet), abi.encodeCall(ContractClient.execute, (target, 0, data)));
    }

    function _join(ContractClient client) private {
        client.execute(address(task), 0, abi.encodeCall(ITask.joinTask, (_report(UNITS))));
        deposits += BOND;
    }

    function _wrongReceived(uint256 received, uint256 expected) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            BcflErrors.Money_WrongAmountReceived.selector, hostile, received, expected
        );
    }

    // ------------------------------------------------------------------------------------------------ joining

    function _expectAliceNotJoined(bytes memory reason) private {
        bytes memory before = abi.encode(task.ledger());
        vm.expectRevert(reason);
        vm.prank(alice);
        task.joinTask(_report(UNITS));
        assertEq(abi.encode(task.ledger()), before);
        assertFalse(task.clientState(alice).isMember);
        assertLedger();
    }

    /// @dev Two bonds arrive while one is counted; nobody joins on another's.
    function test_Attack_JoinInsideAJoin() external {
        _arm(address(task), abi.encodeCall(ITask.joinTask, (_report(UNITS))));
        _expectAliceNotJoined(_wrongReceived(2 * BOND, BOND));
        assertFalse(task.clientState(address(puppet)).isMember);
    }

    /// @dev The client is a member before its bond is there, and takes it at once.
    function test_Attack_LeaveInsideOnesOwnJoin() external {
        _arm(address(task), abi.encodeCall(ITask.leaveTask, (address(puppet))));
        vm.expectRevert(_wrongReceived(0, BOND));
        puppet.execute(address(task), 0, abi.encodeCall(ITask.joinTask, (_report(UNITS))));
        assertLedger(0, 0, 0, FUNDS, 0);
        assertEq(hostile.balanceOf(address(puppet)), 10 * BOND);
    }

    function test_Attack_LeaveInsideAnothersJoin() external {
        _join(puppet);
        _arm(address(task), abi.encodeCall(ITask.leaveTask, (address(puppet))));
        _expectAliceNotJoined(_wrongReceived(0, BOND));
        assertTrue(task.clientState(address(puppet)).isMember);
    }

    /// @dev What goes out is more than what comes in: nothing was received.
    function test_Attack_CloseInsideAJoin() external {
        hostile.mint(owner, FUNDS);
        terms.owner = address(puppet);
        task = _createFor();
        _approve(alice, address(task), BOND);
        _arm(address(task), abi.encodeCall(ITask.closeTask, (address(puppet))));
        _expectAliceNotJoined(_wrongReceived(0, BOND));
        assertLedger(0, 0, 0, FUNDS, 0);
    }

    function _createFor() private returns (ITask created) {
        _approve(owner, address(factory), FUNDS);
        created = _createInToken(terms);
        deposits = FUNDS;
    }

    // ------------------------------------------------------------------------------------------------ creation

    /// @dev The clone is there before its money, and anybody can call it.
    function test_Attack_InitializeInsideTheCreation() external {
        _expectNotCreated(abi.encodeWithSignature("initialize()"), BcflErrors.Task_AlreadyInitialized.selector);
    }

    /// @dev Its owner closes it there: money that came after could never be taken.
    function test_Attack_CloseInsideTheCreation() external {
        terms.owner = address(puppet);
        _expectNotCreated(
            abi.encodeCall(ITask.closeTask, (address(puppet))), BcflErrors.Task_AlreadyInitialized.selector
        );
    }

    function test_Attack_JoinInsideTheCreation() external {
        hostile.mint(owner, FUNDS);
        _approve(owner, address(factory), FUNDS);
        address next = _nextTask(terms);
        _approve(address(puppet), next, BOND);
        // In a second in which an unborn task takes members.
        vm.warp(1_700_000_000 - 1_700_000_000 % (terms.joinWindow + terms.listWindow));
        _arm(next, abi.encodeCall(ITask.joinTask, (_report(UNITS))));
        vm.expectRevert(_wrongReceived(FUNDS + BOND, FUNDS));
        vm.prank(owner);
        factory.createTask(terms);
    }

    function _expectNotCreated(bytes memory attack, bytes4 reason) private {
        hostile.mint(owner, FUNDS);
        _approve(owner, address(factory), FUNDS);
        address next = _nextTask(terms);
        _arm(next, attack);
        vm.expectRevert(reason);
        vm.prank(owner);
        factory.createTask(terms);
        assertFalse(factory.isTask(next));
        assertEq(hostile.balanceOf(owner), FUNDS);
    }

    // ------------------------------------------------------------------------------------------------ taking

    /// @dev A round has ended; alice, who earned as much as each, is the puppet.
    function _finishRoundWithPuppet() private {
        vm.etch(alice, address(puppet).code);
        puppet = ContractClient(payable(alice));
        _openFirstRoundByToken();
        _finishRound();
    }

    function test_Attack_ClaimInsideAClaim() external {
        _finishRoundWithPuppet();
        uint256 earned = _claimableOf(alice);
        bytes memory attack = abi.encodeCall(ITask.claim, (mallory));
        _arm(address(task), attack);
        _claim(alice);
        assertEq(hostile.attempts(), 1);
        assertFalse(hostile.succeeded());
        assertEq(
            hostile.answer(), abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, alice)
        );
        assertEq(hostile.balanceOf(alice), earned);
        assertEq(hostile.balanceOf(mallory), 0);
        assertLedger();
    }

    function test_Attack_LeaveInsideALeave() external {
        _finishRoundWithPuppet();
        _arm(address(task), abi.encodeCall(ITask.leaveTask, (mallory)));
        vm.prank(alice);
        task.leaveTask(alice);
        assertFalse(hostile.succeeded());
        assertEq(hostile.answer(), abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, alice));
        assertEq(hostile.balanceOf(alice), BOND);
        assertEq(hostile.balanceOf(mallory), 0);
        assertLedger();
    }

    /// @dev To leave while one's pay comes is one's right: both are taken once.
    function test_Attack_LeaveInsideAClaim() external {
        _finishRoundWithPuppet();
        uint256 earned = _claimableOf(alice);
        _arm(address(task), abi.encodeCall(ITask.leaveTask, (mallory)));
        _claim(alice);
        assertTrue(hostile.succeeded());
        assertEq(hostile.balanceOf(alice), earned);
        assertEq(hostile.balanceOf(mallory), BOND);
        assertLedger();
    }

    /// @dev To join again is a payment out inside a payment out: each is whole.
    function test_Attack_JoinAgainInsideALeave() external {
        _finishRoundWithPuppet();
        hostile.mint(alice, BOND);
        _approve(alice, address(task), BOND);
        _arm(address(task), abi.encodeCall(ITask.joinTask, (_report(UNITS))));
        vm.prank(alice);
        task.leaveTask(mallory);
        assertTrue(hostile.succeeded());
        deposits += BOND;
        assertTrue(task.clientState(alice).isMember);
        assertEq(hostile.balanceOf(mallory), BOND);
        assertEq(hostile.balanceOf(alice), 0);
        assertLedger();
    }

    function test_Attack_CloseInsideAClose() external {
        hostile.mint(owner, FUNDS);
        terms.owner = address(puppet);
        task = _createFor();
        bytes memory attack = abi.encodeCall(ITask.closeTask, (mallory));
        _arm(address(task), attack);
        puppet.execute(address(task), 0, attack);
        assertEq(hostile.attempts(), 1);
        assertFalse(hostile.succeeded());
        assertEq(hostile.balanceOf(mallory), FUNDS);
        assertLedger();
    }

    // ------------------------------------------------------------------------------------------------ a token turns

    function _notSent(address recipient, uint256 amount) private view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, hostile, recipient, amount);
    }

    function _expectNotClaimed(address client, address recipient) private {
        uint256 earned = _claimableOf(client);
        vm.expectRevert(_notSent(recipient, earned));
        vm.prank(client);
        task.claim(recipient);
        assertEq(_claimableOf(client), earned);
        assertLedger();
    }

    /// @dev A blocked client names another address; nobody else notices.
    function test_Attack_TheTokenBlocksAClient() external {
        _openFirstRoundByToken();
        _finishRound();
        hostile.setBlocked(alice, true);
        uint256 earned = _claimableOf(alice);
        _expectNotClaimed(alice, alice);
        _claim(bob);
        vm.prank(alice);
        task.claim(home);
        assertEq(hostile.balanceOf(home), earned);
        vm.expectRevert(_notSent(alice, BOND));
        vm.prank(alice);
        task.leaveTask(alice);
        vm.prank(alice);
        task.leaveTask(home);
        assertEq(hostile.balanceOf(home), earned + BOND);
        assertLedger();
    }

    function test_Attack_TheTokenBlocksTheOwner() external {
        hostile.setBlocked(owner, true);
        vm.expectRevert(_notSent(owner, FUNDS));
        vm.prank(owner);
        task.closeTask(owner);
        vm.prank(owner);
        task.closeTask(home);
        assertEq(hostile.balanceOf(home), FUNDS);
    }

    /// @dev What cannot be seen when a task is funded: the token stops the task itself. Nobody loses a claim by it: the
    /// round goes on, and all is paid when the token lets go.
    function test_Attack_TheTokenBlocksTheTask() external {
        _openFirstRoundByToken();
        hostile.setBlocked(address(task), true);
        _finishRound();
        for (uint256 i; i < 5; ++i) {
            _expectNotClaimed(clients[i], clients[i]);
        }
        hostile.setBlocked(address(task), false);
        for (uint256 i; i < 5; ++i) {
            assertGt(_claim(clients[i]), 0);
        }
        assertLedger();
    }

    function test_Attack_TheTokenRefusesEveryTransfer() external {
        _openFirstRoundByToken();
        _finishRound();
        hostile.setRefusing(true);
        _expectNotClaimed(alice, alice);
        hostile.setRefusing(false);
        hostile.setReturningFalse(true);
        _expectNotClaimed(alice, alice);
        hostile.setReturningFalse(false);
        hostile.setBurningGas(true);
        _expectNotClaimed(alice, alice);
        hostile.setBurningGas(false);
        assertGt(_claim(alice), 0);
        assertLedger();
    }

    /// @dev No code, no answer: this is no payment.
    function test_Attack_TheTokenEndsItself() external {
        _openFirstRoundByToken();
        _finishRound();
        bytes memory code = address(hostile).code;
        uint256 earned = _claimableOf(alice);
        vm.etch(address(hostile), "");
        vm.expectRevert(_notSent(alice, earned));
        vm.prank(alice);
        task.claim(alice);
        vm.etch(address(hostile), code);
        assertEq(_claim(alice), earned);
    }

    /// @dev Money sent to the task itself is nobody's: who names it hurts itself alone.
    function test_Attack_AClaimToTheTask() external {
        _openFirstRoundByToken();
        _finishRound();
        uint256 earned = _claimableOf(alice);
        vm.prank(alice);
        task.claim(address(task));
        forced = earned;
        assertLedger();
        assertGt(_claim(bob), 0);
        assertLedger();
    }
}
