// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {Permit} from "../interfaces/Types.sol";
import {BcflErrors} from "../interfaces/BcflErrors.sol";

/// @title Money
/// @notice The two ways money moves: in, exactly, and out. The zero address stands for the chain's own coin.
library Money {
    /// @notice Takes exactly `amount` from `payer` into `vault`: by the call's value, or by the payer's allowance.
    /// @dev A token that delivers less than was sent would leave claims that nobody can pay, one that delivers more is
    /// not understood either. The difference is taken around this transfer alone, and must be equal: of a token that calls
    /// back, nested payments are refused with the outer one, unless they cancel each other out.
    function take(address token, address payer, address vault, uint256 amount) internal {
        uint256 expected = token == address(0) ? amount : 0;
        if (msg.value != expected) revert BcflErrors.Money_WrongValue(msg.value, expected);
        if (token == address(0) || amount == 0) return;

        uint256 before = IERC20(token).balanceOf(vault);
        if (!SafeERC20.trySafeTransferFrom(IERC20(token), payer, vault, amount)) {
            revert BcflErrors.Money_NotPulled(token, payer, amount);
        }
        // Nothing, where the token has meanwhile taken from the vault.
        uint256 received = Math.saturatingSub(IERC20(token).balanceOf(vault), before);
        if (received != amount) revert BcflErrors.Money_WrongAmountReceived(token, received, amount);
    }

    /// @notice Sends `amount`; reverts where the receiver or the token refuses, which hurts only who named it.
    function give(address token, address recipient, uint256 amount) internal {
        if (recipient == address(0)) revert BcflErrors.Money_ZeroRecipient();
        if (amount == 0) return;

        bool success = token == address(0)
            ? SafeTransferLib.trySafeTransferETH(recipient, amount, gasleft())
            : SafeERC20.trySafeTransfer(IERC20(token), recipient, amount);
        if (!success) revert BcflErrors.Money_NotSent(token, recipient, amount);
    }

    /// @notice Uses the payer's permit, whatever becomes of it: somebody may have used it a moment ago, the token may have
    /// none. What counts is the allowance, and `take` finds out.
    function permit(address token, address payer, uint256 amount, Permit calldata permit_) internal {
        (bool ignored,) = token.call(
            abi.encodeCall(
                IERC20Permit.permit,
                (payer, address(this), amount, permit_.deadline, permit_.v, permit_.r, permit_.s)
            )
        );
        ignored;
    }
}
