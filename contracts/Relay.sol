// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {BcflErrors} from "./interfaces/BcflErrors.sol";
import {IRelay} from "./interfaces/IRelay.sol";

/// @title Relay
/// @notice See `IRelay`, which has all documentation.
contract Relay is IRelay {
    /// @dev Of a call that is skipped, beside its share: the call itself, its copy, the event. With value, what that costs.
    uint256 private constant CALL_GAS = 6_000;
    uint256 private constant VALUE_GAS = 9_000;
    /// @dev Of a reason, that much is told: copied and told whole, a long one would cost more than the share that made it.
    uint16 private constant REASON_BYTES = 256;
    /// @dev To send back what is unspent.
    uint256 private constant END_GAS = 15_000;

    /// @inheritdoc IRelay
    function relay(address task, uint256 value, bytes[] calldata calls) external payable returns (uint256 skipped) {
        uint256 expected = Math.saturatingMul(value, calls.length);
        if (msg.value != expected) revert BcflErrors.Money_WrongValue(msg.value, expected);
        if (task.code.length == 0) revert BcflErrors.Relay_NoTask(task); // which would take every call, and its value

        uint256 each = value == 0 ? CALL_GAS : CALL_GAS + VALUE_GAS;
        for (uint256 i; i < calls.length; ++i) {
            // An even share of what is left, so that one call cannot burn the gas of those after it, or what it takes to tell
            // of it: a 64th of the share, all that the EVM keeps back, is too little for that.
            uint256 left = gasleft();
            uint256 kept = END_GAS + each * (calls.length - i);
            uint256 share = left > kept ? (left - kept) / (calls.length - i) : 0;
            if (!_tryCall(task, value, share, calls[i], i)) ++skipped;
        }
        // Not where there is nothing to return: a caller that takes no ether would lose the whole batch.
        uint256 unspent = skipped * value;
        if (unspent != 0) SafeTransferLib.safeTransferETH(msg.sender, unspent);
    }

    /// @dev Tells of a refusal. Nothing is kept of one call for the next: the price of memory grows with its square.
    function _tryCall(address task, uint256 value, uint256 share, bytes calldata data, uint256 index)
        private
        returns (bool success)
    {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        bytes memory reason;
        (success,, reason) = LibCall.tryCall(task, value, share, REASON_BYTES, data);
        if (!success) emit Skipped(task, index, reason);
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }
}
