// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BcflErrors} from "../interfaces/BcflErrors.sol";

/// @title Puzzle
/// @notice The mining puzzle: sixteen small ones instead of a single one, which tames luck.
/// @dev The challenge names task, round, client and update, so mining cannot start before the round is open and the
/// update is fixed, and a solution serves nobody else.
library Puzzle {
    uint256 internal constant COUNT = 16;
    /// @dev No score: all are below 2^32.
    uint256 internal constant UNSOLVED = type(uint256).max;

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

    /// @notice How low the lowest of the sixteen hashes keccak256(challenge ‖ index ‖ nonce) is, in [0, 2^32 − 1) whatever
    /// the threshold; `UNSOLVED` where one of the nonces does not solve its puzzle.
    /// @param hashes Expected hashes, at least `COUNT`.
    function score(bytes32 challenge_, uint256[2] calldata nonces, uint256 hashes) internal pure returns (uint256) {
        unchecked {
            uint256 threshold = _threshold(hashes);
            uint256 lowest = threshold;
            uint256 misses;
            assembly ("memory-safe") {
                mstore(0x00, challenge_)
                // Nonces n and n + 8 end 32 bytes apart: the low four bytes of what is read here and one word on. Up to 28
                // bytes before `nonces` are read with them: at least a selector and a word stand there.
                let pointer := nonces
                for { let index := 0 } lt(index, 0x800000000) { index := add(index, 0x100000000) } {
                    mstore(0x20, or(index, and(calldataload(pointer), 0xffffffff)))
                    let puzzleHash := keccak256(0x00, 0x40)
                    misses := or(misses, iszero(lt(puzzleHash, threshold)))
                    if lt(puzzleHash, lowest) { lowest := puzzleHash }
                    mstore(0x20, or(add(index, 0x800000000), and(calldataload(add(pointer, 32)), 0xffffffff)))
                    puzzleHash := keccak256(0x00, 0x40)
                    misses := or(misses, iszero(lt(puzzleHash, threshold)))
                    if lt(puzzleHash, lowest) { lowest := puzzleHash }
                    pointer := sub(pointer, 4)
                }
            }
            if (misses != 0) return UNSOLVED;
            return lowest / (threshold / type(uint32).max + 1);
        }
    }

    /// @notice The encoded error for the first nonce that does not solve its puzzle; empty if all do.
    function refusal(bytes32 challenge_, uint256[2] calldata nonces, uint256 hashes)
        internal
        pure
        returns (bytes memory)
    {
        uint256 threshold = _threshold(hashes);
        for (uint256 index; index < COUNT; ++index) {
            uint256 nonce = uint32(nonces[index / 8] >> (32 * (index % 8)));
            uint256 puzzleHash = uint256(keccak256(abi.encode(challenge_, index << 32 | nonce)));
            if (puzzleHash >= threshold) {
                return abi.encodeWithSelector(
                    BcflErrors.Puzzle_NotSolved.selector, index, puzzleHash, threshold
                );
            }
        }
        return "";
    }

    /// @dev Below it is one hash in `hashes / COUNT`.
    function _threshold(uint256 hashes) private pure returns (uint256) {
        unchecked {
            return type(uint256).max / hashes * COUNT;
        }
    }
}
