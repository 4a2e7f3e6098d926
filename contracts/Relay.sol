// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {BcflErrors} from "./interfaces/BcflErrors.sol";
import {IRelay} from "./interfaces/IRelay.sol";

/// @title Relay
/// @notice See `IRelay`, which has all documentation.
contract Relay is IRelay {
    /// @inheritdoc IRelay
    function relay(address task, uint256 value, bytes[] calldata calls) external payable returns (uint256 skipped) {
        uint256 expected = value * calls.length;
        if (msg.value != expected) revert BcflErrors.Money_WrongValue(msg.value, expected);
        if (task.code.length == 0) revert BcflErrors.Relay_NoTask(task); // which would take every call, and its value

        for (uint256 i; i < calls.length; ++i) {
            // An even share of what is left, so that one call cannot burn the gas of those after it.
            uint256 share = gasleft() / (calls.length - i);
            (bool success, bytes memory reason) = task.call{value: value, gas: share}(calls[i]);
            if (success) continue;
            ++skipped;
            emit Skipped(task, i, reason);
        }
        // Not where there is nothing to return: a caller that takes no ether would lose the whole batch.
        uint256 unspent = skipped * value;
        if (unspent != 0) SafeTransferLib.safeTransferETH(msg.sender, unspent);
    }
}
