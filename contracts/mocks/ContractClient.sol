// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title ContractClient
/// @notice A client that is a contract: it does what it is told and takes money. Hostile actors are made from it.
contract ContractClient {
    receive() external payable virtual {}

    /// @notice Calls `target`; hands on its answer, or its refusal unchanged.
    function execute(address target, uint256 value, bytes calldata data) external payable returns (bytes memory) {
        (bool success, bytes memory answer) = target.call{value: value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }
}
