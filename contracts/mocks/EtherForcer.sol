// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title EtherForcer
/// @notice Sends its money to `target` by ending itself, which no contract can refuse.
contract EtherForcer {
    constructor(address payable target) payable {
        assembly ("memory-safe") {
            selfdestruct(target)
        }
    }
}
