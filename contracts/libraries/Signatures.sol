// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "solady/utils/ECDSA.sol";
import {Report, RoundResult, Work} from "../interfaces/Types.sol";

/// @title Signatures
/// @notice What clients sign, as EIP-712 structs, and whether they did.
library Signatures {
    bytes32 internal constant ROUND_RESULT_TYPEHASH = keccak256(
        "RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)"
    );
    bytes32 internal constant JOIN_TASK_TYPEHASH = keccak256(
        "JoinTask(address client,uint32 trainingUnits,uint112 energyCoefficient,uint72 maxFrequency,uint32 nonce,uint256 deadline)"
    );
    bytes32 internal constant CHANGE_REPORT_TYPEHASH = keccak256(
        "ChangeReport(address client,uint32 trainingUnits,uint112 energyCoefficient,uint72 maxFrequency,uint32 nonce,uint256 deadline)"
    );
    bytes32 internal constant SUBMIT_WORK_TYPEHASH = keccak256(
        "SubmitWork(address client,bytes32 seed,bytes32 updateHash,uint72 trainingFrequency,uint72 miningFrequency,uint256[2] nonces,uint32 nonce,uint256 deadline)"
    );
    bytes32 internal constant CLAIM_TYPEHASH =
        keccak256("Claim(address client,address recipient,uint32 nonce,uint256 deadline)");

    /// @dev What a wallet's answer may cost: a hostile one cannot burn the gas of a whole batch or quorum.
    uint256 internal constant WALLET_GAS = 100_000;

    /// @dev The members of RoundResult as EIP-712 encodes them: each is a word, lists are hashed.
    struct Vote {
        bytes32 typeHash;
        uint256 round;
        bytes32 seed;
        bytes32 modelHash;
        bytes32 rejectedHash;
        bytes32 forfeitedHash;
        uint256 nonce;
    }

    /// @notice A vote under `result`, but for the signer's nonce.
    /// @dev The round's seed exists once in one task on one chain, so a vote does too. Made once for all signers: to hash the
    /// lists anew for each would let a few rejected clients make a quorum of many too dear for one transaction.
    function vote(uint256 round, bytes32 seed, RoundResult calldata result) internal pure returns (Vote memory) {
        return Vote({
            typeHash: ROUND_RESULT_TYPEHASH,
            round: round,
            seed: seed,
            modelHash: result.modelHash,
            rejectedHash: keccak256(abi.encodePacked(result.rejected)),
            forfeitedHash: keccak256(abi.encodePacked(result.forfeited)),
            nonce: 0
        });
    }

    /// @notice The vote of all signers whose nonce is `nonce`.
    function voteHash(Vote memory vote_, uint256 nonce) internal pure returns (bytes32 hash) {
        vote_.nonce = nonce;
        assembly ("memory-safe") {
            hash := keccak256(vote_, 224)
        }
    }

    /// @notice A report, under the type hash of joining with it or of changing to it: one cannot be used as the other.
    function reportHash(bytes32 typeHash, address client, Report calldata report, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(typeHash, client, report, nonce, deadline));
    }

    /// @notice One round's work. The seed names the round.
    /// @dev Over the words as calldata has them, also where they are out of their type; what reads them checks their ranges.
    function workHash(address client, bytes32 seed, Work calldata work, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32 hash)
    {
        bytes32 typeHash = SUBMIT_WORK_TYPEHASH;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, typeHash)
            mstore(add(data, 32), client)
            mstore(add(data, 64), seed)
            calldatacopy(add(data, 96), work, 160) // updateHash, trainingFrequency, miningFrequency, nonces
            mstore(add(data, 192), keccak256(add(data, 192), 64))
            mstore(add(data, 224), nonce)
            mstore(add(data, 256), deadline)
            hash := keccak256(data, 288)
        }
    }

    /// @notice A claim of all that can be taken at the moment it is used.
    function claimHash(address client, address recipient, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(CLAIM_TYPEHASH, client, recipient, nonce, deadline));
    }

    /// @notice Whether `signer` signed `digest`: as an account, with 64 or 65 bytes, or where that fails as an ERC-1271
    /// contract.
    /// @dev Accounts first: most signers are, and it saves reading their code.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (ECDSA.tryRecoverCalldata(digest, signature) == signer) return signer != address(0);
        return isSignedByWallet(signer, digest, signature);
    }

    /// @notice Whether the account `signer` signed `digest`, by (r, vs) of EIP-2098.
    function isSignedByAccount(address signer, bytes32 digest, bytes32[2] calldata signature)
        internal
        view
        returns (bool)
    {
        return signer != address(0) && ECDSA.tryRecover(digest, signature[0], signature[1]) == signer;
    }

    /// @notice Whether the ERC-1271 contract `signer` says so, within its gas.
    /// @dev Of its answer one word is read: to copy a long one would cost as much again, and in a quorum the square of it.
    function isSignedByWallet(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool isSigned)
    {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 yes = IERC1271.isValidSignature.selector;
        assembly ("memory-safe") {
            let success := staticcall(WALLET_GAS, signer, add(question, 32), mload(question), 0x00, 32)
            isSigned := and(success, and(gt(returndatasize(), 31), eq(mload(0x00), yes)))
        }
    }

    /// @notice Whether `account` is a contract proper, whose address is no key's: neither an account nor one that has
    /// delegated to code (EIP-7702), which has both and would vote twice. No contract's code begins with 0xef (EIP-3541).
    function isKeyless(address account) internal view returns (bool keyless) {
        assembly ("memory-safe") {
            extcodecopy(account, 0x00, 0, 1) // zero where there is no code
            keyless := and(iszero(iszero(extcodesize(account))), iszero(eq(byte(0, mload(0x00)), 0xef)))
        }
    }
}
