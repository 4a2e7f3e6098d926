// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Puzzle} from "../../contracts/libraries/Puzzle.sol";

/// @dev Takes the nonces from calldata, as the contract does: with words before them and behind.
contract PuzzleHarness {
    function score(bytes32 challenge, uint256[2] calldata nonces, uint256 hashes, uint256)
        external
        pure
        returns (uint256)
    {
        return Puzzle.score(challenge, nonces, hashes);
    }

    function refusal(bytes32 challenge, uint256[2] calldata nonces, uint256 hashes)
        external
        pure
        returns (bytes memory)
    {
        return Puzzle.refusal(challenge, nonces, hashes);
    }
}

/// @notice The score of sixteen nonces, against a slow one of their hashes.
contract PuzzleTest is Test {
    PuzzleHarness internal harness = new PuzzleHarness();

    function _hash(bytes32 challenge, uint256[2] memory nonces, uint256 index) private pure returns (uint256) {
        uint256 nonce = uint32(nonces[index / 8] >> (32 * (index % 8)));
        return uint256(keccak256(abi.encode(challenge, index << 32 | nonce)));
    }

    /// forge-config: default.fuzz.runs = 500
    /// forge-config: campaign.fuzz.runs = 100000
    /// @dev With one hash expected for each puzzle nearly every nonce solves it.
    function testFuzz_TheLowestHashCounts(bytes32 challenge, uint256[2] calldata nonces, uint256 behind) external view {
        uint256 lowest = type(uint256).max;
        for (uint256 index; index < 16; ++index) {
            lowest = _hash(challenge, nonces, index) < lowest ? _hash(challenge, nonces, index) : lowest;
        }
        uint256 score = harness.score(challenge, nonces, 16, behind);
        // The lowest as a share of all hashes, in 32 bits, but for the rounding of the two divisions.
        assertApproxEqAbs(score, lowest >> 224, 1);
        assertLt(score, type(uint32).max);
    }

    /// forge-config: default.fuzz.runs = 200
    /// forge-config: campaign.fuzz.runs = 100000
    /// @dev Every difficulty that terms can have, with the threshold put just above or at the least likely of the hashes.
    function testFuzz_TheFirstUnsolvedPuzzleIsNamed(bytes32 challenge, uint256[2] calldata nonces, uint256 hashes)
        external
        view
    {
        hashes = bound(hashes, 16, 64);
        uint256 threshold = type(uint256).max / hashes * 16;
        bytes memory refusal;
        for (uint256 index; index < 16 && refusal.length == 0; ++index) {
            uint256 puzzleHash = _hash(challenge, nonces, index);
            if (puzzleHash >= threshold) {
                refusal = abi.encodeWithSelector(BcflErrors.Puzzle_NotSolved.selector, index, puzzleHash, threshold);
            }
        }
        assertEq(harness.refusal(challenge, nonces, hashes), refusal);
        assertEq(harness.score(challenge, nonces, hashes, 0) == Puzzle.UNSOLVED, refusal.length != 0);
    }

    /// forge-config: default.fuzz.runs = 50
    /// forge-config: campaign.fuzz.runs = 100000
    /// @dev Solved at some difficulty, the score is the share of that threshold: in order of the hashes, below 2^32 − 1.
    function testFuzz_TheScoreIsAShareOfTheThreshold(bytes32 challenge, uint256 hashes) external view {
        hashes = bound(hashes, 16, 16 * 40);
        uint256 threshold = type(uint256).max / hashes * 16;
        uint256[2] memory nonces;
        uint256 lowest = threshold;
        for (uint256 index; index < 16; ++index) {
            uint256 nonce = uint256(keccak256(abi.encode(challenge, index))) % 2 ** 31;
            while (uint256(keccak256(abi.encode(challenge, index << 32 | nonce))) >= threshold) ++nonce;
            nonces[index / 8] |= nonce << (32 * (index % 8));
            lowest = _hash(challenge, nonces, index) < lowest ? _hash(challenge, nonces, index) : lowest;
        }
        uint256 score = harness.score(challenge, nonces, hashes, type(uint256).max);
        assertLt(score, type(uint32).max);
        assertLe(score * (threshold / type(uint32).max + 1), lowest);
        assertGt((score + 1) * (threshold / type(uint32).max + 1), lowest);
    }

    function test_HashesExpectedAreRoundedUp() external pure {
        assertEq(Puzzle.expectedHashes(300, 10), 30);
        assertEq(Puzzle.expectedHashes(301, 10), 31);
        assertEq(Puzzle.expectedHashes(1, type(uint48).max), 1);
    }
}
