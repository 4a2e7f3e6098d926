// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ITaskFactory} from "./interfaces/ITaskFactory.sol";
import {Permit, Terms} from "./interfaces/Types.sol";
import {Money} from "./libraries/Money.sol";
import {TermsCheck} from "./libraries/TermsCheck.sol";
import {Relay} from "./Relay.sol";
import {Task} from "./Task.sol";

/// @title TaskFactory
/// @notice See `ITaskFactory`, which has all documentation.
contract TaskFactory is ITaskFactory {
    /// @inheritdoc ITaskFactory
    address public immutable implementation = address(new Task());

    /// @inheritdoc ITaskFactory
    address public immutable relay = address(new Relay());

    /// @inheritdoc ITaskFactory
    mapping(address task => bool) public isTask;

    /// @inheritdoc ITaskFactory
    uint256 public taskCount;

    /// @inheritdoc ITaskFactory
    function createTask(Terms calldata terms) external payable returns (address task) {
        return _createTask(terms);
    }

    /// @inheritdoc ITaskFactory
    function createTaskWithPermit(Terms calldata terms, Permit calldata permit) external returns (address task) {
        Money.permit(terms.token, msg.sender, _funds(terms), permit);
        return _createTask(terms);
    }

    function _createTask(Terms calldata terms) private returns (address task) {
        TermsCheck.check(terms);

        // CREATE2: other terms give another address, also where a block is replaced and its transactions come in another order.
        task = Clones.cloneDeterministicWithImmutableArgs(implementation, abi.encode(terms), bytes32(++taskCount));
        isTask[task] = true;
        emit TaskCreated(task, terms.owner, terms);
        Money.take(terms.token, msg.sender, task, _funds(terms));
        Task(task).initialize{value: msg.value}();
    }

    function _funds(Terms calldata terms) private pure returns (uint256) {
        return uint256(terms.budget) * terms.rounds;
    }
}
