// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {PlainToken} from "./PlainToken.sol";

/// @title FeeToken
/// @notice A token that burns a fee of every transfer, so that less arrives than is sent. The fee can change at
/// any time.
contract FeeToken is PlainToken {
    /// @notice What each transfer loses, in the token's smallest unit.
    uint256 public fee = 1;

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0) && fee != 0) super._update(to, address(0), fee);
    }
}
