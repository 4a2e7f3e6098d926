// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title PlainToken
/// @notice An ERC-20 with ERC-2612 permits that anybody can mint.
contract PlainToken is ERC20, ERC20Permit {
    constructor() ERC20("Plain", "PLN") ERC20Permit("Plain") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}
