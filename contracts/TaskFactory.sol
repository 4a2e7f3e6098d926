// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ITaskFactory} from "./interfaces/ITaskFactory.sol";
import {Terms} from "./interfaces/ITask.sol";
import {TermsCheck} from "./libraries/TermsCheck.sol";
import {BcflErrors} from "./libraries/BcflErrors.sol";
import {Task} from "./Task.sol";

/// @title TaskFactory
/// @notice See `ITaskFactory`, which has all documentation.
contract TaskFactory is ITaskFactory {
    /// @inheritdoc ITaskFactory
    address public immutable implementation = address(new Task());

    /// @inheritdoc ITaskFactory
    mapping(address task => bool) public isTask;

    /// @inheritdoc ITaskFactory
    function createTask(Terms calldata terms) external payable returns (address task) {
        TermsCheck.check(terms);
        uint256 funds = uint256(terms.budget) * terms.rounds;
        if (msg.value != funds) revert BcflErrors.Task_WrongValue(msg.value, funds);

        task = Clones.cloneWithImmutableArgs(implementation, abi.encode(terms));
        isTask[task] = true;
        emit TaskCreated(task, terms.owner, terms);
        Task(task).initialize{value: funds}();
    }
}
