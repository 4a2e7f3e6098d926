// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title BurningReceiver
/// @notice A receiver that burns all the gas it is given and takes nothing.
contract BurningReceiver {
    receive() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
