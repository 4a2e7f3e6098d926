// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask, Phase, Policy, Terms} from "../../contracts/interfaces/ITask.sol";
import {ITaskFactory} from "../../contracts/interfaces/ITaskFactory.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

/// @dev What a task has beside `ITask`.
interface IInitialize {
    function initialize() external payable;
}

contract CreateTaskTest is Base {
    function _expectOutOfRange(Terms memory bad, string memory name, uint256 value, uint256 least, uint256 most)
        private
    {
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Terms_OutOfRange.selector, name, value, least, most)
        );
        factory.createTask(bad);
    }

    // ------------------------------------------------------------------------------------------------ refusals

    function test_RevertWhen_TheOwnerIsZero() external {
        terms.owner = address(0);
        vm.expectRevert(BcflErrors.Terms_ZeroOwner.selector);
        factory.createTask(terms);
    }

    function test_RevertWhen_TheTokenHasNoCode() external {
        terms.token = mallory;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Terms_TokenHasNoCode.selector, mallory));
        factory.createTask(terms);
    }

    function test_RevertWhen_MoneyIsOutOfRange() external {
        Terms memory bad = _defaultTerms();
        bad.budget = 0;
        _expectOutOfRange(bad, "budget", 0, 1, 2 ** 79 - 1);
        bad.budget = 2 ** 79;
        _expectOutOfRange(bad, "budget", 2 ** 79, 1, 2 ** 79 - 1);

        bad = _defaultTerms();
        bad.miningBudget = bad.budget + 1;
        _expectOutOfRange(bad, "miningBudget", bad.budget + 1, 0, bad.budget);

        bad = _defaultTerms();
        bad.bond = 2 ** 79;
        _expectOutOfRange(bad, "bond", 2 ** 79, 0, 2 ** 79 - 1);
    }

    function test_RevertWhen_ThePolicyKnowsNoReservationUtility() external {
        Terms memory bad = _defaultTerms();
        bad.reservationUtility = 1;
        for (uint256 policy; policy <= uint256(type(Policy).max); ++policy) {
            bad.policy = Policy(policy);
            if (bad.policy == Policy.LeastCost) continue;
            _expectOutOfRange(bad, "reservationUtility", 1, 0, 0);
        }
    }

    function test_RevertWhen_TheReservationUtilityIsOutOfRange_LeastCost() external {
        Terms memory bad = _defaultTerms();
        bad.policy = Policy.LeastCost;
        bad.reservationUtility = 2 ** 79;
        _expectOutOfRange(bad, "reservationUtility", 2 ** 79, 0, 2 ** 79 - 1);
    }

    function test_RevertWhen_RoundsAreOutOfRange() external {
        Terms memory bad = _defaultTerms();
        bad.rounds = 0;
        _expectOutOfRange(bad, "rounds", 0, 1, (2 ** 88 - 1) / bad.budget);
        bad.budget = 2 ** 79 - 1;
        bad.rounds = 513;
        _expectOutOfRange(bad, "rounds", 513, 1, 512);
    }

    /// @dev All rounds' budgets together stay below 2^88, to the last unit: 2^88 − 1 is divisible by 2047.
    function test_TheLargestTotalBudget() external {
        Terms memory large = _defaultTerms();
        large.budget = uint80((2 ** 88 - 1) / 2047);
        large.rounds = 2047;
        vm.deal(owner, 2 ** 88);
        ITask created = _create(large);
        assertEq(created.ledger().free, 2 ** 88 - 1);

        large.budget = 2 ** 70;
        large.rounds = 2 ** 18;
        _expectOutOfRange(large, "rounds", 2 ** 18, 1, 2 ** 18 - 1);
    }

    function test_RevertWhen_TheAuditProbabilityExceedsOne() external {
        terms.auditProbability = 1e18 + 1;
        _expectOutOfRange(terms, "auditProbability", 1e18 + 1, 0, 1e18);
    }

    function test_RevertWhen_AWindowIsOutOfRange() external {
        uint256 most = 365 days;
        Terms memory bad = _defaultTerms();
        bad.deadline = 0;
        _expectOutOfRange(bad, "deadline", 0, 1, most);
        bad.deadline = 365 days + 1;
        _expectOutOfRange(bad, "deadline", 365 days + 1, 1, most);

        bad = _defaultTerms();
        bad.grace = 11;
        _expectOutOfRange(bad, "grace", 11, 12, most);
        bad.grace = 365 days + 1;
        _expectOutOfRange(bad, "grace", 365 days + 1, 12, most);

        bad = _defaultTerms();
        bad.joinWindow = 29;
        _expectOutOfRange(bad, "joinWindow", 29, 30, most);

        bad = _defaultTerms();
        bad.listWindow = 0;
        _expectOutOfRange(bad, "listWindow", 0, 1, most);

        bad = _defaultTerms();
        bad.proposalWindow = 0;
        _expectOutOfRange(bad, "proposalWindow", 0, 1, most);
    }

    function test_RevertWhen_TheListBoundsAreOutOfRange() external {
        Terms memory bad = _defaultTerms();
        bad.minHired = 0;
        _expectOutOfRange(bad, "minHired", 0, 1, 1000);
        bad.minHired = 1001;
        _expectOutOfRange(bad, "minHired", 1001, 1, 1000);

        bad = _defaultTerms();
        bad.maxClients = bad.minHired - 1;
        _expectOutOfRange(bad, "maxClients", bad.minHired - 1, bad.minHired, 1000);
        bad.maxClients = 1001;
        _expectOutOfRange(bad, "maxClients", 1001, bad.minHired, 1000);
    }

    function test_RevertWhen_CyclesAreOutOfRange() external {
        Terms memory bad = _defaultTerms();
        bad.cycleUnit = 0;
        _expectOutOfRange(bad, "cycleUnit", 0, 1, 2 ** 48 - 1);

        bad = _defaultTerms();
        bad.maxTrainingUnits = 0;
        _expectOutOfRange(bad, "maxTrainingUnits", 0, 1, uint256(2 ** 48 - 1) / 1e9);
        bad.maxTrainingUnits = uint32(uint256(2 ** 48 - 1) / 1e9 + 1);
        _expectOutOfRange(bad, "maxTrainingUnits", bad.maxTrainingUnits, 1, bad.maxTrainingUnits - 1);

        bad = _defaultTerms();
        bad.miningCycles = 0;
        _expectOutOfRange(bad, "miningCycles", 0, 1, 2 ** 48 - 1);

        bad = _defaultTerms();
        bad.cyclesPerHash = 0;
        _expectOutOfRange(bad, "cyclesPerHash", 0, 1, 2 ** 48 - 1);
    }

    function test_RevertWhen_ThePuzzleIsTooEasyOrTooHard() external {
        Terms memory bad = _defaultTerms();
        (bad.miningCycles, bad.cyclesPerHash) = (15, 1);
        _expectOutOfRange(bad, "miningCycles / cyclesPerHash", 15, 16, 2 ** 30);
        (bad.miningCycles, bad.cyclesPerHash) = (2 ** 30 + 1, 1);
        _expectOutOfRange(bad, "miningCycles / cyclesPerHash", 2 ** 30 + 1, 16, 2 ** 30);
    }

    function test_RevertWhen_TheValueIsNotTheFunds() external {
        uint256 funds = 450e15;
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, funds - 1, funds));
        factory.createTask{value: funds - 1}(terms);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, funds + 1, funds));
        factory.createTask{value: funds + 1}(terms);
    }

    // ------------------------------------------------------------------------------------------------ creation

    function test_CreatesAFundedClone() external {
        address expected = _nextTask(terms);
        vm.expectEmit(address(factory));
        emit ITaskFactory.TaskCreated(expected, owner, terms);
        vm.expectEmit(expected);
        emit ITask.Funded(450e15);
        _use(terms);

        assertEq(address(task), expected);
        assertTrue(factory.isTask(expected));
        assertFalse(factory.isTask(mallory));
        assertEq(keccak256(abi.encode(task.terms())), keccak256(abi.encode(terms)), "terms");
        assertEq(task.globalModel(), 0);
        assertEq(_state().endedAt, block.timestamp);
        assertEq(_state().number, 0);
        assertFalse(_state().isOpen);
        assertPhase(Phase.Joining);
        assertLedger(0, 0, 0, 450e15, 0);
    }

    function test_TheAddressOfATaskCommitsToItsTermsAndToHowManyThereWere() external {
        assertEq(factory.taskCount(), 1, "that of setUp");
        Terms memory other = terms;
        address expected = _nextTask(terms);
        uint256 snapshot = vm.snapshotState();
        assertEq(address(_create(terms)), expected);
        assertNotEq(address(_create(terms)), expected, "the same terms again");
        assertEq(factory.taskCount(), 3);
        assertTrue(vm.revertToState(snapshot)); // the block with the creation is replaced
        other.owner = mallory;
        assertNotEq(address(_create(other)), expected);
        assertFalse(factory.isTask(expected));
    }

    function test_TakesTheLargestTermsInEveryField() external {
        terms.policy = Policy.LeastCost;
        terms.budget = 2 ** 79 - 1;
        terms.miningBudget = 2 ** 79 - 1;
        terms.reservationUtility = 2 ** 79 - 1;
        terms.rounds = 512;
        terms.bond = 2 ** 79 - 1;
        terms.auditProbability = 1e18;
        terms.deadline = terms.grace = terms.joinWindow = terms.listWindow = terms.proposalWindow = 365 days;
        terms.minHired = terms.maxClients = 1000;
        terms.cycleUnit = 2 ** 48 - 1;
        terms.maxTrainingUnits = 1;
        terms.target = 2 ** 48 - 1;
        terms.miningCycles = 2 ** 30;
        terms.cyclesPerHash = 1;
        vm.deal(owner, 2 ** 90);
        _use(terms);
        assertEq(keccak256(abi.encode(task.terms())), keccak256(abi.encode(terms)), "terms");
        assertLedger(0, 0, 0, uint256(2 ** 79 - 1) * 512, 0);
    }

    function test_TakesTheLeastTermsInEveryField() external {
        terms.budget = 1;
        terms.miningBudget = 0;
        terms.rounds = 1;
        terms.bond = 0;
        terms.auditProbability = 0;
        terms.deadline = terms.listWindow = terms.proposalWindow = 1;
        terms.joinWindow = 30;
        terms.grace = 12;
        terms.minHired = terms.maxClients = 1;
        terms.cycleUnit = 1;
        terms.maxTrainingUnits = 1;
        terms.target = 0;
        terms.miningCycles = 16;
        terms.cyclesPerHash = 1;
        _use(terms);
        assertLedger(0, 0, 0, 1, 0);
    }

    function test_TakesEveryPolicy() external {
        for (uint256 policy; policy <= uint256(type(Policy).max); ++policy) {
            terms.policy = Policy(policy);
            _use(terms);
            assertEq(uint256(task.terms().policy), policy);
        }
    }

    // ------------------------------------------------------------------------------------------------ the clone

    function test_RevertWhen_ACloneIsInitializedAgain() external {
        vm.expectRevert(BcflErrors.Task_AlreadyInitialized.selector);
        IInitialize(address(task)).initialize();
    }

    function test_RevertWhen_TheImplementationIsInitialized() external {
        IInitialize implementation = IInitialize(factory.implementation());
        vm.expectRevert(BcflErrors.Task_AlreadyInitialized.selector);
        implementation.initialize();
    }

    function test_GivenTheImplementation_NobodyCanBringMoneyThere() external {
        ITask implementation = ITask(factory.implementation());
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_WrongPhase.selector, Phase.Over));
        implementation.joinTask{value: BOND}(_report(UNITS));
        assertEq(address(implementation).balance, 0);
    }

    function test_RevertWhen_MoneyIsSentWithoutACall() external {
        (bool success,) = address(task).call{value: 1}("");
        assertFalse(success);
        assertLedger();
    }
}
