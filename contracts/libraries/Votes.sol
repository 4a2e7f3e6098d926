// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {RoundResult} from "../interfaces/ITask.sol";

/// @title Votes
/// @notice What the quorum signs, as EIP-712 structs.
library Votes {
    bytes32 internal constant ROUND_RESULT_TYPEHASH = keccak256(
        "RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)"
    );

    /// @notice The struct hash of a result. The round's seed exists once in one task on one chain, so a vote does too.
    function structHash(uint32 round, bytes32 seed, RoundResult calldata result, uint32 nonce)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                ROUND_RESULT_TYPEHASH,
                round,
                seed,
                result.modelHash,
                keccak256(abi.encodePacked(result.rejected)),
                keccak256(abi.encodePacked(result.forfeited)),
                nonce
            )
        );
    }

    /// @notice Whether `signer` signed `digest`, as an account or, where that fails, as an ERC-1271 contract.
    /// @dev Accounts first: most signers are, and it saves reading their code.
    function isSignedBy(bytes32 digest, address signer, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }
}
