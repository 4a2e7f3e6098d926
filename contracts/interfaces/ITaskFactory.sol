// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Permit, Terms} from "./Types.sol";

/// @title TaskFactory
/// @notice Makes one minimal clone a task and funds it.
interface ITaskFactory {
    /// @notice A task was created and funded with `budget × rounds`.
    event TaskCreated(address indexed task, address indexed owner, Terms terms);

    /// @notice Creates a task and funds it with exactly `terms.budget * terms.rounds`: the value sent, or the caller's
    /// allowance of the token to this factory.
    /// @dev A token that delivers another amount than is sent is refused. Warning: what cannot be seen here is not: a token
    /// that later changes balances or blocks addresses can keep the task from paying.
    function createTask(Terms calldata terms) external payable returns (address task);

    /// @notice Creates a task with a token's permit to this factory.
    function createTaskWithPermit(Terms calldata terms, Permit calldata permit) external returns (address task);

    /// @notice Whether `task` was made here. Ask before you join: anybody can clone the code with unchecked terms.
    function isTask(address task) external view returns (bool);

    /// @notice How many tasks were made here.
    /// @dev The address of a task commits to its terms: CREATE2 of the clone's code, with the terms behind it, and this count as
    /// salt. What is signed for one task is good for no other, whatever becomes of the blocks that made them.
    function taskCount() external view returns (uint256);

    /// @notice The code that all clones run.
    function implementation() external view returns (address);

    /// @notice Sends batches of signed messages to any task.
    function relay() external view returns (address);
}
