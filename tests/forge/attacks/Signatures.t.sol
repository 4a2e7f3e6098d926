// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "../Base.t.sol";
import {Ballot} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";

/// @notice Attacks with signatures: each is named as in the design.
contract SignatureAttacksTest is Base {
    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _work(clients);
    }

    function _expectNoVoteCounts(Ballot[] memory votes) private {
        address generator = _generator();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 0, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
    }

    function test_Attack_SignatureReplayAcrossRounds() external {
        Ballot[] memory votes = _votes(clients, _result());
        address generator = _generator();
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        _openNextRound();
        _work(clients);
        _expectNoVoteCounts(votes);
    }

    function test_Attack_SignatureReplayAcrossTasks() external {
        Ballot[] memory votes = _votes(clients, _result());
        _use(terms);
        _openFirstRound();
        _work(clients);
        assertEq(_state().number, 1);
        _expectNoVoteCounts(votes);
    }

    /// @dev The task's address and the round's seed are the same on both sides of a chain's fork.
    function test_Attack_SignatureReplayAcrossChains() external {
        Ballot[] memory votes = _votes(clients, _result());
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        _expectNoVoteCounts(votes);
        vm.chainId(home);
        address generator = _generator();
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        assertFalse(_state().isOpen);
    }

    function _expectVotes(Ballot[] memory votes, uint256 count) private {
        address generator = _generator();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, count, 5));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
    }

    function test_Attack_TheSameSignerTwice() external {
        Ballot[] memory votes = _votes(clients, _result());
        votes[0].signatures[2] = votes[0].signatures[1];
        votes[0].signatures[3] = votes[0].signatures[1];
        _expectVotes(votes, 3);
    }

    /// @dev Its signatures under both numbers are its own, but it has one of them only.
    function test_Attack_TheSameSignerInTwoBallots() external {
        Ballot[] memory votes = new Ballot[](2);
        votes[0] = _votes(_addresses(alice, bob, carol), _result())[0];
        votes[1] = Ballot(1, new bytes32[2][](3));
        bytes32 digest = task.voteDigest(_result(), 1);
        for (uint256 i; i < 3; ++i) {
            votes[1].signatures[i] = _compact(keyOf[clients[i]], digest);
        }
        _expectVotes(votes, 3);
    }

    /// @dev The other signature of the same key, with s and n − s: neither counts twice nor at all.
    function test_Attack_TheSameSignerTwiceByTheOtherSignature() external {
        Ballot[] memory votes = _votes(clients, _result());
        bytes32 digest = task.voteDigest(_result(), 0);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        for (uint256 i; i < clients.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[clients[i]], digest);
            uint256 parity = v == 27 ? 1 : 0;
            votes[0].signatures[i] = [r, bytes32((order - uint256(s)) ^ parity << 255)];
        }
        _expectNoVoteCounts(votes);
    }
}
