// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "../Base.t.sol";
import {ITask, Vote} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/libraries/BcflErrors.sol";

/// @notice Attacks with signatures: each is named as in the design.
contract SignatureAttacksTest is Base {
    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _work(clients);
    }

    function _expectNoVoteCounts(Vote[] memory votes) private {
        address generator = _state().generator;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 0, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
    }

    function test_Attack_SignatureReplayAcrossRounds() external {
        Vote[] memory votes = _votes(clients, _result());
        address generator = _state().generator;
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
        _openNextRound();
        _work(clients);
        _expectNoVoteCounts(votes);
    }

    function test_Attack_SignatureReplayAcrossTasks() external {
        Vote[] memory votes = _votes(clients, _result());
        _use(terms);
        _openFirstRound();
        _work(clients);
        assertEq(_state().number, 1);
        _expectNoVoteCounts(votes);
    }

    /// @dev The task's address and the round's seed are the same on both sides of a chain's fork.
    function test_Attack_SignatureReplayAcrossChains() external {
        Vote[] memory votes = _votes(clients, _result());
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        _expectNoVoteCounts(votes);
        vm.chainId(home);
        address generator = _state().generator;
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
        assertFalse(_state().isOpen);
    }

    function test_Attack_TheSameSignerTwice() external {
        Vote[] memory votes = _votes(clients, _result());
        votes[2] = votes[1];
        votes[3] = votes[1];
        address generator = _state().generator;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, bob, bob));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
    }

    /// @dev The other signature of the same key, with s and n − s: neither counts twice nor at all.
    function test_Attack_TheSameSignerTwiceByTheOtherSignature() external {
        Vote[] memory votes = _votes(clients, _result());
        bytes32 digest = task.voteDigest(_result(), 0);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        for (uint256 i; i < votes.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[clients[i]], digest);
            votes[i].signature = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        }
        _expectNoVoteCounts(votes);
    }
}
