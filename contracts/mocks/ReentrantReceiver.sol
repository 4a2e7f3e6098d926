// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ContractClient} from "./ContractClient.sol";

/// @title ReentrantReceiver
/// @notice A client that calls back into the task while it is being paid.
contract ReentrantReceiver is ContractClient {
    bytes public attack;
    uint256 public attempts;
    bool public succeeded;
    bytes public answer;

    /// @notice Sets the call to make from inside the next payment.
    function arm(bytes calldata attack_) external {
        attack = attack_;
    }

    receive() external payable override {
        if (attack.length == 0) return;
        ++attempts;
        (succeeded, answer) = msg.sender.call(attack);
    }
}
