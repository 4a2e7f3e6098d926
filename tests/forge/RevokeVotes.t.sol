// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ClientState, ITask, Vote} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/libraries/BcflErrors.sol";

contract RevokeVotesTest is Base {
    function _revoke(address client) private {
        vm.prank(client);
        task.revokeVotes();
    }

    function test_RaisesTheNonceAndNothingElse() external {
        _joinAll();
        _post(clients);
        ClientState memory before = task.clientState(alice);
        vm.expectEmit(address(task));
        emit ITask.VotesRevoked(alice, 1);
        _revoke(alice);
        vm.expectEmit(address(task));
        emit ITask.VotesRevoked(alice, 2);
        _revoke(alice);
        ClientState memory state = task.clientState(alice);
        assertEq(state.nonce, 2);
        state.nonce = before.nonce;
        assertEq(keccak256(abi.encode(state)), keccak256(abi.encode(before)));
        assertLedger();
    }

    function test_VoidsWhatWasSigned_AndOnlyTheCallers() external {
        _openFirstRound();
        _work(clients);
        Vote[] memory votes = _votes(clients, _result());
        _revoke(alice);
        _revoke(bob);
        address generator = _state().generator;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
        votes[0] = _vote(alice, _result()); // signed anew
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
        assertFalse(_state().isOpen);
    }

    function test_GivenANewListIsPosted_TheNonceStays() external {
        _joinAll();
        _revoke(alice);
        _post(clients);
        assertEq(task.clientState(alice).nonce, 1);
    }

    function test_WhenTheCallerIsNoMember_HarmsNobody() external {
        _revoke(mallory);
        _openFirstRound();
        _finishRound();
        assertFalse(task.clientState(mallory).isMember);
        assertEq(task.clientState(mallory).listVersion, 0);
    }
}
