// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ContractClient} from "./ContractClient.sol";

/// @title RevertingReceiver
/// @notice A client that refuses every payment, hoping to stop everybody's.
contract RevertingReceiver is ContractClient {
    error PaymentRefused(uint256 amount);

    receive() external payable override {
        revert PaymentRefused(msg.value);
    }
}
