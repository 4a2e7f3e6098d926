// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Terms} from "./ITask.sol";

/// @title TaskFactory
/// @notice Makes one minimal clone a task and funds it.
interface ITaskFactory {
    /// @notice A task was created and funded with `budget × rounds`.
    event TaskCreated(address indexed task, address indexed owner, Terms terms);

    /// @notice Creates a task. The value sent is exactly `terms.budget * terms.rounds`.
    function createTask(Terms calldata terms) external payable returns (address task);

    /// @notice Whether `task` was made here. Ask before you join: anybody can clone the code with unchecked terms.
    function isTask(address task) external view returns (bool);

    /// @notice The code that all clones run.
    function implementation() external view returns (address);
}
