// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BcflErrors} from "./BcflErrors.sol";

/// @title Puzzle
/// @notice The mining puzzle: sixteen small ones instead of a single one, which tames luck.
/// @dev The challenge names task, round, client and update, so mining cannot start before the round is open and the
/// update is fixed, and a solution serves nobody else.
library Puzzle {
    uint256 internal constant COUNT = 16;

    /// @notice ⌈ψ / cyclesPerHash⌉, the hashes expected in all.
    function expectedHashes(uint256 miningCycles, uint256 cyclesPerHash) internal pure returns (uint256) {
        return Math.ceilDiv(miningCycles, cyclesPerHash);
    }

    /// @notice What one client mines on in one round. The seed names the round.
    function challenge(address task, bytes32 seed, address client, bytes32 updateHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(task, seed, client, updateHash));
    }

    /// @notice The lowest of the sixteen hashes; refuses nonces of which one does not solve its puzzle.
    /// @param hashes Expected hashes, at least `COUNT`.
    function lowestHash(bytes32 challenge_, uint256[2] calldata nonces, uint256 hashes)
        internal
        pure
        returns (uint256 lowest)
    {
        uint256 threshold = type(uint256).max / hashes * COUNT;
        lowest = type(uint256).max;
        uint256 word = nonces[0];
        for (uint256 index; index < COUNT; ++index) {
            if (index == COUNT / 2) word = nonces[1];
            uint256 puzzleHash = uint256(EfficientHashLib.hash(uint256(challenge_), index << 32 | uint32(word)));
            if (puzzleHash >= threshold) revert BcflErrors.Puzzle_NotSolved(index, puzzleHash, threshold);
            if (puzzleHash < lowest) lowest = puzzleHash;
            word >>= 32;
        }
    }
}
