// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ContractClient} from "./ContractClient.sol";

/// @title SignatureWallet
/// @notice A client that is an ERC-1271 wallet of one key, honest or not.
contract SignatureWallet is ContractClient, IERC1271 {
    enum Manner {
        Honest,
        /// Says no to its own key.
        Refuses,
        Reverts,
        /// Answers with something else than the magic value's 32 bytes.
        Garbles,
        /// Eats all the gas it is given.
        BurnsGas
    }

    address public immutable signer;
    Manner public manner;

    constructor(address signer_) {
        signer = signer_;
    }

    function setManner(Manner manner_) external {
        manner = manner_;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (manner == Manner.Refuses) return 0xffffffff;
        if (manner == Manner.Reverts) revert("no");
        if (manner == Manner.Garbles) {
            assembly ("memory-safe") {
                mstore(0, shl(224, 0x1626ba7e))
                return(0, 4)
            }
        }
        if (manner == Manner.BurnsGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        return failure == ECDSA.RecoverError.NoError && recovered == signer
            ? IERC1271.isValidSignature.selector
            : bytes4(0xffffffff);
    }
}
