// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Ballot, ClientState, ITask} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract RevokeSignaturesTest is Base {
    uint32 private constant VOIDED = 2 ** 16;

    function _revoke(address client) private {
        vm.prank(client);
        task.revokeSignatures();
    }

    function test_RaisesBothNoncesAndNothingElse() external {
        _joinAll();
        _post(clients);
        ClientState memory before = task.clientState(alice);
        vm.expectEmit(address(task));
        emit ITask.SignaturesRevoked(alice, VOIDED, 1);
        _revoke(alice);
        vm.expectEmit(address(task));
        emit ITask.SignaturesRevoked(alice, 2 * VOIDED, 2);
        _revoke(alice);
        ClientState memory state = task.clientState(alice);
        assertEq(state.nonce, 2 * VOIDED);
        assertEq(state.voteNonce, 2);
        (state.nonce, state.voteNonce) = (before.nonce, before.voteNonce);
        assertEq(keccak256(abi.encode(state)), keccak256(abi.encode(before)));
        assertLedger();
    }

    /// @dev One more would leave the messages' numbers; 2^16 more would carry into the vote nonce's next bit, and hire a client
    /// that has no cap: (18) divides by it.
    function test_RevertGiven_TheLastRevocationIsUsed() external {
        _joinAll();
        ClientState memory before = task.clientState(alice);
        for (uint256 i; i < 2 ** 16 - 1; ++i) _revoke(alice);
        assertEq(task.clientState(alice).nonce, type(uint32).max - (VOIDED - 1));
        assertEq(task.clientState(alice).voteNonce, 2 ** 16 - 1);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NoRevocationLeft.selector, alice));
        _revoke(alice);
        ClientState memory state = task.clientState(alice);
        assertEq(state.nonce, type(uint32).max - (VOIDED - 1));
        (state.nonce, state.voteNonce) = (before.nonce, before.voteNonce);
        assertEq(keccak256(abi.encode(state)), keccak256(abi.encode(before)));
    }

    /// @dev As after 65,534 revocations and as many messages as lie between two, which would take a day to send here.
    function test_GivenTheHighestNonceThatLeavesOne_RevokesOnceMore() external {
        vm.record();
        _revoke(alice);
        (bytes32[] memory slots,) = vm.accesses(address(task));
        assertEq(uint256(vm.load(address(task), slots[0])), uint256(VOIDED) << 200, "the account");
        vm.store(address(task), slots[0], bytes32(uint256(type(uint32).max - VOIDED) << 200));
        assertEq(task.clientState(alice).nonce, type(uint32).max - VOIDED);
        _revoke(alice);
        assertEq(task.clientState(alice).nonce, type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NoRevocationLeft.selector, alice));
        _revoke(alice);
    }

    function test_GivenPayAndWorkOfTheRound_TheyStay() external {
        _openFirstRound();
        _finishRound();
        _openNextRound();
        _work(clients);
        ClientState memory before = task.clientState(alice);
        assertGt(before.claimable, 0);
        assertGt(before.pending, 0);
        _revoke(alice);
        ClientState memory state = task.clientState(alice);
        (state.nonce, state.voteNonce) = (before.nonce, before.voteNonce);
        assertEq(keccak256(abi.encode(state)), keccak256(abi.encode(before)));
        assertLedger();
    }

    function test_VoidsWhatWasSigned_AndOnlyTheCallers() external {
        _openFirstRound();
        _work(clients);
        Ballot[] memory votes = _votes(clients, _result());
        _revoke(alice);
        _revoke(bob);
        address generator = _generator();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        votes = _votes(_addresses(alice, carol, dave), _result()); // signed anew, in two ballots
        assertEq(votes.length, 2);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        votes = _votes(clients, _result());
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        assertFalse(_state().isOpen);
    }

    function test_GivenANewListIsPosted_TheNoncesStay() external {
        _joinAll();
        _revoke(alice);
        _post(clients);
        assertEq(task.clientState(alice).nonce, VOIDED);
        assertEq(task.clientState(alice).voteNonce, 1);
    }

    function test_GivenWorkIsSubmittedAndClaimed_TheNoncesStay() external {
        _openFirstRound();
        _revoke(alice);
        _finishRound();
        _claim(alice);
        assertEq(task.clientState(alice).nonce, VOIDED);
        assertEq(task.clientState(alice).voteNonce, 1);
        assertLedger();
    }

    function test_WhenTheCallerIsNoMember_HarmsNobody() external {
        _revoke(mallory);
        _openFirstRound();
        _finishRound();
        assertFalse(task.clientState(mallory).isMember);
        assertEq(task.clientState(mallory).listVersion, 0);
    }
}
