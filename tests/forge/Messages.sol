// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Report, RoundResult, Work} from "../../contracts/interfaces/Types.sol";

/// @notice What is signed, worked out from the type strings as docs/protocol.md has them and not by the contract's library.
library Messages {
    /// @dev `name` is JoinTask or ChangeReport.
    function report(
        string memory name,
        address client,
        Report memory report_,
        uint256 nonce,
        uint256 deadline
    ) internal pure returns (bytes32) {
        string memory fields =
            "(address client,uint32 trainingUnits,uint112 energyCoefficient,uint72 maxFrequency,uint32 nonce,uint256 deadline)";
        return keccak256(
            abi.encode(
                keccak256(bytes(string.concat(name, fields))),
                client,
                report_.trainingUnits,
                report_.energyCoefficient,
                report_.maxFrequency,
                nonce,
                deadline
            )
        );
    }

    function work(address client, bytes32 seed, Work memory work_, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(
                    "SubmitWork(address client,bytes32 seed,bytes32 updateHash,uint72 trainingFrequency,uint72 miningFrequency,uint256[2] nonces,uint32 nonce,uint256 deadline)"
                ),
                client,
                seed,
                work_.updateHash,
                work_.trainingFrequency,
                work_.miningFrequency,
                keccak256(abi.encodePacked(work_.nonces[0], work_.nonces[1])),
                nonce,
                deadline
            )
        );
    }

    function claim(address client, address recipient, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("Claim(address client,address recipient,uint32 nonce,uint256 deadline)");
        return keccak256(abi.encode(typeHash, client, recipient, nonce, deadline));
    }

    function vote(uint32 round, bytes32 seed, RoundResult memory result, uint256 nonce)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(
                    "RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)"
                ),
                round,
                seed,
                result.modelHash,
                keccak256(abi.encodePacked(result.rejected)),
                keccak256(abi.encodePacked(result.forfeited)),
                nonce
            )
        );
    }

    /// @dev What a signature for a task is over.
    function digest(address task, bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("BCFL Task"),
                keccak256("1"),
                block.chainid,
                task
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }
}
