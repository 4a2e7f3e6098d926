// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {RoundResult} from "../interfaces/ITask.sol";

/// @title Votes
/// @notice What the quorum signs, as EIP-712 structs.
library Votes {
    bytes32 internal constant ROUND_RESULT_TYPEHASH = keccak256(
        "RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)"
    );
    /// @dev What a wallet's answer may cost: a hostile one cannot burn the gas of the whole quorum.
    uint256 internal constant WALLET_GAS = 100_000;

    /// @notice The encoded struct of a result, for one signer after the other: only the last word, its nonce, differs.
    /// @dev The round's seed exists once in one task on one chain, so a vote does too.
    function encode(uint32 round, bytes32 seed, RoundResult calldata result) internal pure returns (bytes memory) {
        return abi.encode(
            ROUND_RESULT_TYPEHASH,
            round,
            seed,
            result.modelHash,
            keccak256(abi.encodePacked(result.rejected)),
            keccak256(abi.encodePacked(result.forfeited)),
            uint256(0)
        );
    }

    /// @notice The struct hash for a signer with this nonce. Overwrites the last word of `encoded`.
    function structHash(bytes memory encoded, uint32 nonce) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let length := mload(encoded)
            mstore(add(encoded, length), nonce)
            hash := keccak256(add(encoded, 32), length)
        }
    }

    /// @notice Whether `signer` signed `digest`, as an account or, where that fails, as an ERC-1271 contract.
    /// @dev Accounts first: most signers are, and it saves reading their code.
    function isSignedBy(bytes32 digest, address signer, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        (bool success, bytes memory answer) =
            signer.staticcall{gas: WALLET_GAS}(abi.encodeCall(IERC1271.isValidSignature, (digest, signature)));
        return success && answer.length >= 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }
}
