// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Task} from "../../contracts/Task.sol";
import {ITask, Ledger, ListState, Policy, Terms} from "../../contracts/interfaces/ITask.sol";

/// @notice The cheat codes of halmos that are used here.
interface Svm {
    function enableSymbolicStorage(address target) external;
    function createUint256(string calldata name) external returns (uint256);
}

/// @notice A task whose whole storage is unknown, at an unknown time: every state that it could be in, and more.
/// @dev The checks look at it through the views alone, so that none depends on where the contract keeps its lines.
abstract contract SymbolicTask is Test {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));
    address internal constant OWNER = address(0xA11CE);
    address internal constant RECIPIENT = address(0xB0B);
    uint80 internal constant BUDGET = 150e15;
    /// @dev Terms that spare the solver products: a bond of one counts bonds, windows are powers of two.
    uint80 internal constant MINING_BUDGET = 0;
    uint80 internal constant BOND = 1;
    uint32 internal constant ROUNDS = 3;
    uint256 internal constant FUNDS = uint256(BUDGET) * ROUNDS;
    uint256 internal constant MOST = 2 ** 128;

    /// @dev What the task and the recipient hold of what pays.
    struct Balances {
        uint256 task;
        uint256 recipient;
    }

    ITask internal task;
    /// @dev What pays; the zero address stands for the chain's own coin.
    address internal token;

    function setUp() public virtual {
        task = ITask(Clones.cloneWithImmutableArgs(address(new Task()), abi.encode(_terms())));
        svm.enableSymbolicStorage(address(task));
        uint256 time = svm.createUint256("time");
        vm.assume(time < 2 ** 40);
        vm.warp(time);
        uint256 balance = svm.createUint256("balance");
        vm.assume(balance < MOST);
        vm.deal(address(task), balance);
    }

    function _balances() internal view returns (Balances memory) {
        return Balances({task: _held(address(task)), recipient: _held(RECIPIENT)});
    }

    function _held(address account) internal view returns (uint256) {
        return token == address(0) ? account.balance : IERC20(token).balanceOf(account);
    }

    function _terms() internal view returns (Terms memory) {
        return Terms({
            owner: OWNER,
            token: token,
            policy: Policy.Complete,
            isOpenAdmission: true,
            rounds: ROUNDS,
            budget: BUDGET,
            miningBudget: MINING_BUDGET,
            reservationUtility: 0,
            bond: BOND,
            auditProbability: 0.1e18,
            deadline: 900,
            grace: 60,
            joinWindow: 2048,
            listWindow: 2048,
            proposalWindow: 512,
            minHired: 3,
            maxClients: 100,
            maxTrainingUnits: 2000,
            cycleUnit: 1e9,
            target: 600e9,
            miningCycles: 300e9,
            cyclesPerHash: 9e9
        });
    }

    /// @dev (R) What every reachable state has, and packed lines need so as not to run into each other: the rounds' money is
    /// that of the task, and the list is no longer than allowed. The invariants of tests/forge test both.
    function _reachableLedger() internal view returns (Ledger memory l) {
        l = task.ledger();
        vm.assume(l.returned < MOST && l.paid + l.claimable + l.committed + l.free <= FUNDS);
        ListState memory list = task.listState();
        vm.assume(list.hired <= list.size && list.size <= _terms().maxClients);
    }

    /// @dev The member's report, listing and pay, as one value to compare.
    function _state(address client) internal view returns (bytes32) {
        return keccak256(abi.encode(task.clientState(client)));
    }
}
