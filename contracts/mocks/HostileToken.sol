// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {PlainToken} from "./PlainToken.sol";

/// @title HostileToken
/// @notice A token that behaves until it is told not to. Each switch is one way in which real tokens have hurt their
/// holders.
contract HostileToken is PlainToken {
    error Blocked(address account);
    error Refused();

    /// @notice Transfers from and to such an account revert.
    mapping(address account => bool) public isBlocked;
    /// @notice Every transfer reverts.
    bool public isRefusing;
    /// @notice Transfers return false and move nothing.
    bool public isReturningFalse;
    /// @notice Transfers use up all gas.
    bool public isBurningGas;
    /// @notice What arrives beyond what was sent, or is missing of it.
    uint256 public surplus;
    uint256 public shortfall;

    /// @notice The call made in the midst of the next transfer, before anything has moved.
    address public target;
    bytes public attack;
    /// @notice What became of the last such call.
    uint256 public attempts;
    bool public succeeded;
    bytes public answer;

    function setBlocked(address account, bool isBlocked_) external {
        isBlocked[account] = isBlocked_;
    }

    function setRefusing(bool isRefusing_) external {
        isRefusing = isRefusing_;
    }

    function setReturningFalse(bool isReturningFalse_) external {
        isReturningFalse = isReturningFalse_;
    }

    function setBurningGas(bool isBurningGas_) external {
        isBurningGas = isBurningGas_;
    }

    function setSurplus(uint256 surplus_) external {
        surplus = surplus_;
    }

    function setShortfall(uint256 shortfall_) external {
        shortfall = shortfall_;
    }

    /// @notice Sets the call to make from inside the next transfer, once.
    function arm(address target_, bytes calldata attack_) external {
        (target, attack) = (target_, attack_);
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 value) public override returns (bool) {
        return _misbehave() && super.transfer(to, value);
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return _misbehave() && super.transferFrom(from, to, value);
    }

    /// @dev Returns whether the transfer goes on.
    function _misbehave() private returns (bool) {
        if (isRefusing) revert Refused();
        if (isBurningGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (isReturningFalse) return false;
        if (target != address(0)) {
            (address target_, bytes memory attack_) = (target, attack);
            delete target;
            delete attack;
            ++attempts;
            (succeeded, answer) = target_.call(attack_);
        }
        return true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlocked[from]) revert Blocked(from);
        if (isBlocked[to]) revert Blocked(to);
        super._update(from, to, value);
        if (surplus != 0 && from != address(0)) super._update(address(0), to, surplus);
        if (shortfall != 0 && from != address(0)) super._update(to, address(0), shortfall);
    }
}
