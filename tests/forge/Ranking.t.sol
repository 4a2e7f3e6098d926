// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Phase, Work} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

/// @notice Who becomes generator and runner-up, by whatever order work comes in. With sixteen hashes expected every
/// nonce solves its puzzle, so that a client can have whatever score its nonces give.
contract RankingTest is Base {
    uint256 private constant NOT_LOW = 7 << 253;

    function setUp() public override {
        super.setUp();
        terms.cyclesPerHash = uint48(300e9 / 16);
        _use(terms);
        _openFirstRound();
        _warpToDeadline();
    }

    // ------------------------------------------------------------------------------------------------ helpers

    function _challenge(address client) private view returns (bytes32) {
        return keccak256(abi.encode(task, _state().seed, client, _updateHash(client)));
    }

    /// @dev The score of a client whose lowest hash is that of nonce 0's puzzle.
    function _scoreOf(bytes32 challenge, uint256 nonce) private view returns (uint256) {
        return _puzzleHash(challenge, 0, nonce) / (_threshold() / type(uint32).max + 1);
    }

    /// @dev Submits nonces of which the first, `nonce`, has the lowest hash.
    function _submit(address client, uint256 nonce) private returns (uint256 score) {
        bytes32 challenge = _challenge(client);
        Work memory work = _workOf(client);
        work.nonces = [nonce, 0];
        for (uint256 index = 1; index < 16; ++index) {
            uint256 other;
            while (_puzzleHash(challenge, index, other) < NOT_LOW) ++other;
            work.nonces[index / 8] |= other << (32 * (index % 8));
        }
        score = _scoreOf(challenge, nonce);
        assertLt(_puzzleHash(challenge, 0, nonce), NOT_LOW);
        vm.prank(client);
        task.submitWork(work);
    }

    /// @dev Nonces by which alice and bob have the same score, below half of the highest: by the birthday of 2^16 of
    /// alice's scores, kept by their lowest 16 bits.
    function _tie() private view returns (uint256 alices, uint256 bobs, uint256 score) {
        uint256[] memory table = new uint256[](2 ** 16);
        uint256 step = _threshold() / type(uint32).max + 1;
        (bytes32 challengeA, bytes32 challengeB) = (_challenge(alice), _challenge(bob));
        for (alices = 0; alices < 2 ** 16; ++alices) {
            score = _puzzleHash(challengeA, 0, alices) / step;
            table[score % 2 ** 16] = score << 32 | alices;
        }
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        for (;; ++bobs) {
            // What a hash leaves in memory: some seeds take a million of them.
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
            score = _puzzleHash(challengeB, 0, bobs) / step;
            uint256 found = table[score % 2 ** 16];
            if (found >> 32 == score && score > 2 ** 28 && score < 2 ** 31) return (uint32(found), bobs, score);
        }
    }

    /// @dev The first nonce by which `client` has a score in the range.
    function _nonceOf(address client, uint256 least, uint256 most) private view returns (uint256 nonce) {
        bytes32 challenge = _challenge(client);
        while (_scoreOf(challenge, nonce) < least || _scoreOf(challenge, nonce) > most) ++nonce;
    }

    function _assertRanks(address generator, address runnerUp) private view {
        assertEq(_generator(), generator, "generator");
        assertEq(_runnerUp(), runnerUp, "runner-up");
    }

    // ------------------------------------------------------------------------------------------------ orders

    function test_OfThree_TheTwoLowestRankInEveryOrder() external {
        uint256[3] memory nonces = [
            _nonceOf(alice, 2 ** 28, 2 ** 29),
            _nonceOf(bob, 2 ** 29 + 1, 2 ** 30),
            _nonceOf(carol, 2 ** 30 + 1, 2 ** 31)
        ];
        uint8[3][6] memory orders =
            [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for (uint256 i; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            (uint8 a, uint8 b, uint8 c) = (orders[i][0], orders[i][1], orders[i][2]);
            _submit(clients[a], nonces[a]);
            _assertRanks(clients[a], address(0));
            _submit(clients[b], nonces[b]);
            _assertRanks(clients[a < b ? a : b], clients[a < b ? b : a]);
            _submit(clients[c], nonces[c]);
            _assertRanks(alice, bob);
            vm.revertToState(snapshot);
        }
    }

    /// forge-config: default.fuzz.runs = 100
    /// forge-config: campaign.fuzz.runs = 100000
    /// @dev Any nonces and any order of all five, against sorting.
    function testFuzz_OfFive_TheTwoLowestRank(uint256 seed) external {
        address[] memory order = clients;
        for (uint256 i = 4; i > 0; --i) {
            uint256 j = uint256(keccak256(abi.encode(seed, i))) % (i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        uint256[2] memory lowest = [type(uint256).max, type(uint256).max];
        address[2] memory holders;
        for (uint256 i; i < 5; ++i) {
            uint256 nonce = uint256(keccak256(abi.encode(seed, order[i]))) % 2 ** 31;
            while (_puzzleHash(_challenge(order[i]), 0, nonce) >= NOT_LOW) ++nonce;
            uint256 score = _submit(order[i], nonce);
            if (score < lowest[0]) {
                (lowest[1], holders[1]) = (lowest[0], holders[0]);
                (lowest[0], holders[0]) = (score, order[i]);
            } else if (score < lowest[1]) {
                (lowest[1], holders[1]) = (score, order[i]);
            }
            _assertRanks(holders[0], holders[1]);
        }
    }

    // ------------------------------------------------------------------------------------------------ ties

    function test_WhenScoresTie_TheFirstRanksBeforeTheOther() external {
        (uint256 alices, uint256 bobs, uint256 score) = _tie();
        uint256 lower = _nonceOf(carol, 0, score - 1);
        uint256 higher = _nonceOf(dave, score + 1, 2 ** 32);
        uint256 snapshot = vm.snapshotState();
        // Alone, with a lower one last, in between and first, and with a higher one.
        assertEq(_submit(alice, alices), _submit(bob, bobs), "a tie");
        _assertRanks(alice, bob);
        _submit(carol, lower);
        _assertRanks(carol, alice);

        vm.revertToState(snapshot);
        _submit(bob, bobs);
        _submit(alice, alices);
        _assertRanks(bob, alice);

        vm.revertToState(snapshot);
        _submit(bob, bobs);
        _submit(carol, lower);
        _submit(alice, alices);
        _assertRanks(carol, bob);

        vm.revertToState(snapshot);
        _submit(carol, lower);
        _submit(bob, bobs);
        _submit(alice, alices);
        _assertRanks(carol, bob);

        vm.revertToState(snapshot);
        _submit(dave, higher);
        _submit(bob, bobs);
        _submit(alice, alices);
        _assertRanks(bob, alice);
    }

    // ------------------------------------------------------------------------------------------------ rounds

    function test_GivenAnEarlierRound_ItsRanksDoNotCount() external {
        // The earlier round's scores are the lowest there are, so that they would stay if they counted.
        _submit(alice, _nonceOf(alice, 0, 2 ** 24));
        _submit(bob, _nonceOf(bob, 0, 2 ** 24));
        _endByTime();
        (address former, address second) = (_generator(), _runnerUp());
        assertTrue(former != address(0) && second != address(0), "they stand until the next round opens");
        _openNextRound();
        _assertRanks(address(0), address(0));
        _warpToDeadline();
        _submit(erin, _nonceOf(erin, 2 ** 30, 2 ** 31));
        _assertRanks(erin, address(0));
        _submit(dave, _nonceOf(dave, 2 ** 31, 2 ** 32));
        _assertRanks(erin, dave);
        _endByTime();
        _openNextRound();
        _endByTime();
        _assertRanks(address(0), address(0));
    }

    /// @dev Ranks are places: of the round's list, which stands until the next round opens.
    function test_GivenAListInAnotherOrder_ItsPlacesCount() external {
        _submit(bob, _nonceOf(bob, 2 ** 28, 2 ** 29));
        _submit(carol, _nonceOf(carol, 2 ** 30, 2 ** 31));
        assertEq(_state().generator, 2);
        assertEq(_state().runnerUp, 3);
        _endByTime();
        _warpToFrozen();
        _post(_addresses(bob, carol, dave));
        assertEq(_state().generator, 2, "bob's place on the list of the round that was last");
        _open();
        _warpToDeadline();
        _submit(bob, _nonceOf(bob, 2 ** 28, 2 ** 29));
        _submit(dave, _nonceOf(dave, 2 ** 30, 2 ** 31));
        assertEq(_state().generator, 1);
        assertEq(_state().runnerUp, 3);
        _warpToWindow(1);
        for (uint256 i; i < clients.length; ++i) {
            if (clients[i] == dave) continue;
            // Carol had place 3 on the former list; she has 2 now.
            vm.expectRevert(
                abi.encodeWithSelector(
                    BcflErrors.Task_NotProposer.selector, clients[i], Phase.RunnerUpProposing
                )
            );
            vm.prank(clients[i]);
            task.proposeModel(MODEL);
        }
        vm.prank(dave);
        task.proposeModel(MODEL);
    }
}
