// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title PhantomPermitToken
/// @notice A token without permits whose fallback takes any call, as that of wrapped coins does: a permit seems
/// to succeed and does nothing. Anybody can mint it.
contract PhantomPermitToken is ERC20 {
    constructor() ERC20("Phantom", "PHM") {}

    fallback() external payable {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}
