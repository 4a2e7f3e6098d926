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

    /// @dev Two defences stand: the round's number in what is signed, and its seed.
    function test_Attack_SignatureReplayAcrossRounds() external {
        Ballot[] memory votes = _votes(clients, _result());
        address generator = _generator();
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes, _noWallets());
        _openNextRound();
        _work(clients);
        _expectNoVoteCounts(votes);
    }

    /// @dev Two defences stand: the task in the domain (`verifyingContract`), and the round's seed.
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

    /// @dev The key's other signature, with n − s and the other parity. EIP-2098 cannot express it: the parity takes the
    /// place of the highest bit of s, which n − s has. What comes nearest, its low bits under either parity or its parity
    /// with the first one's s, counts neither by itself nor beside the first.
    function test_Attack_TheSameSignerTwiceByTheOtherSignature() external {
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 digest = task.voteDigest(_result(), 0);
        Ballot[] memory alone = _votes(_addresses(alice, bob, carol), _result());
        bytes32[2][] memory first = alone[0].signatures;
        alone[0].signatures = new bytes32[2][](9);
        Ballot[] memory beside = new Ballot[](1);
        beside[0].signatures = new bytes32[2][](12);
        for (uint256 i; i < 3; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[clients[i]], digest);
            uint256 high = order - uint256(s);
            assertEq(ecrecover(digest, v == 27 ? 28 : 27, r, bytes32(high)), clients[i], "it would hold elsewhere");
            assertEq(high >> 255, 1);
            bytes32[2][3] memory others =
                [[r, bytes32(high)], [r, bytes32(high ^ 1 << 255)], [r, first[i][1] ^ bytes32(uint256(1 << 255))]];
            beside[0].signatures[4 * i] = first[i];
            for (uint256 j; j < 3; ++j) {
                alone[0].signatures[3 * i + j] = beside[0].signatures[4 * i + 1 + j] = others[j];
            }
        }
        _expectNoVoteCounts(alone);
        _expectVotes(beside, 3);
    }
}
