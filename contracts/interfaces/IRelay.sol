// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title Relay
/// @notice Sends what many clients have signed in one transaction. It has no rights, holds no money and keeps no state:
/// whatever it does, its caller could have done one by one.
interface IRelay {
    /// @notice Call `index` of a batch to `task` was refused; `reason` is the refusal's ABI-encoded error, or its first 256 bytes.
    event Skipped(address indexed task, uint256 index, bytes reason);

    /// @notice Makes each call to `task`. One that is refused is skipped and told, and does not stop the others.
    /// @dev The calls are those of the functions whose names end in `For`: they ask for the client's signature, not for
    /// who calls. (A batch of `submitWorks` is one call that skips for itself.) Each call gets an even share of the gas that is
    /// left but for 6,000 a call (15,000 with a value) and 15,000 in all, so that none can burn that of those after it: send
    /// these and as much as the dearest call takes, times their number. That holds for calls of up to 2,048 bytes: to copy a
    /// longer one takes gas of the others, so send it alone. A call that runs out is told as skipped, mostly with an empty
    /// reason; where a wallet, a receiver or a token ran out, with its refusal. Estimates of gas do not see it, because the batch
    /// goes through.
    /// @param value What each call brings in the chain's coin: the bond for joining, zero for all else. The value sent is
    /// `value * calls.length`; what refused calls did not take is sent back.
    function relay(address task, uint256 value, bytes[] calldata calls) external payable returns (uint256 skipped);
}
