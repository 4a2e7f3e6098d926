// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {ClientState, ITask, Ledger, Phase, Policy, RoundState, Terms} from "../../../contracts/interfaces/ITask.sol";
import {Handler} from "./Handler.sol";

/// @notice The money rules, one function a line of README.md.
abstract contract MoneyInvariants is Test {
    Handler internal handler;
    ITask internal task;
    Terms internal terms;

    function _setUp(Policy policy) internal {
        handler = new Handler(policy);
        task = handler.theTask();
        terms = handler.theTerms();
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = Handler.join.selector;
        selectors[1] = Handler.changeReport.selector;
        selectors[2] = Handler.leaveTask.selector;
        selectors[3] = Handler.openRound.selector;
        selectors[4] = Handler.work.selector;
        selectors[5] = Handler.endByQuorum.selector;
        selectors[6] = Handler.endByTime.selector;
        selectors[7] = Handler.claim.selector;
        selectors[8] = Handler.close.selector;
        selectors[9] = Handler.forceEther.selector;
        selectors[10] = Handler.passTime.selector;
        selectors[11] = Handler.stranger.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    // ------------------------------------------------------------------------------------------------ the rules

    function _assertMoneyRules() internal {
        _assertLedgerBalances();
        _assertLedgerIsTheGhosts();
        _assertClientsAreTheGhosts();
        _assertPayStaysWithinItsCaps();
        _assertOwnersAndClientsMoneyStayApart();
        _assertNobodyStopsAnothersPay();
        _assertTermsAndRefusalsChangeNothing();
        _assertRoundsAreSound();
    }

    function _assertLedgerBalances() internal view {
        Ledger memory l = task.ledger();
        assertEq(
            l.deposited, l.paid + l.claimable + l.committed + l.free + l.returned + l.bonds + l.burnt, "sum"
        );
        assertEq(address(task).balance, l.deposited - l.paid - l.returned + handler.theForced(), "balance");
    }

    function _assertLedgerIsTheGhosts() internal view {
        Ledger memory l = task.ledger();
        assertEq(l.deposited, handler.theDeposits(), "deposited");
        assertEq(l.paid, handler.ghostPaid(), "paid");
        assertEq(l.claimable, handler.ghostClaimable(), "claimable");
        assertEq(l.committed, handler.ghostCommitted(), "committed");
        assertEq(l.free, handler.ghostFree(), "free");
        assertEq(l.returned, handler.ghostOwnerTook() + handler.ghostBondsBack(), "returned");
        assertEq(l.bonds, terms.bond * handler.ghostMembers(), "bonds");
        assertEq(l.burnt, terms.bond * handler.ghostForfeited(), "burnt");
    }

    function _assertClientsAreTheGhosts() internal view {
        address[] memory clients = handler.theClients();
        uint256 total;
        for (uint256 i; i < clients.length; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            assertEq(state.claimable, handler.ghostSettled(clients[i]), "claimable of a client");
            assertEq(state.pending, handler.ghostPending(clients[i]), "pending of a client");
            total += state.claimable + state.pending;
        }
        assertEq(total, task.ledger().claimable, "the ledger's line is the clients' sum");
    }

    function _assertPayStaysWithinItsCaps() internal view {
        assertLe(handler.highestRoundPay(), terms.budget, "a round's pay");
        if (terms.policy == Policy.Complete || terms.policy == Policy.Incomplete) {
            assertLe(handler.highestRoundMiningPay(), terms.miningBudget, "a round's mining pay");
        }
        assertEq(handler.highestExcess(), 0, "a client's caps");
    }

    function _assertOwnersAndClientsMoneyStayApart() internal view {
        Ledger memory l = task.ledger();
        assertEq(
            handler.ghostOwnerTook() + l.free + l.committed + l.claimable + l.paid,
            uint256(terms.budget) * terms.rounds,
            "the budget"
        );
        assertEq(
            handler.ghostBondsBack() + l.bonds + l.burnt,
            l.deposited - uint256(terms.budget) * terms.rounds,
            "the bonds"
        );
    }

    /// @dev Every client can take what is its own at this moment, with nobody's help; then the clock is turned back.
    function _assertNobodyStopsAnothersPay() internal {
        uint256 snapshot = vm.snapshotState();
        address[] memory clients = handler.theClients();
        address payable home = payable(makeAddr("home"));
        for (uint256 i; i < clients.length; ++i) {
            uint256 own = task.clientState(clients[i]).claimable;
            if (own == 0) continue;
            uint256 before = home.balance;
            vm.prank(clients[i]);
            task.claim(home);
            assertEq(home.balance - before, own, "a claim");
        }
        vm.revertToState(snapshot);
    }

    /// @dev All windows pass and everybody takes its own: what is left was burnt or forced in.
    function _assertEveryWeiCanBeTaken() internal {
        uint256 snapshot = vm.snapshotState();
        vm.warp(block.timestamp + 365 days);
        if (task.roundState().isOpen) task.endRoundByTime();
        if (handler.ghostOwnerTook() == 0) {
            vm.prank(terms.owner);
            task.closeTask(payable(makeAddr("owner's home")));
        }
        address[] memory clients = handler.theClients();
        for (uint256 i; i < clients.length; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            address payable home = payable(makeAddr("clients' home"));
            vm.startPrank(clients[i]);
            if (state.claimable > 0) task.claim(home);
            if (state.isMember) task.leaveTask(home);
            vm.stopPrank();
        }
        Ledger memory l = task.ledger();
        assertEq(l.claimable + l.committed + l.free + l.bonds, 0, "everything accounted was taken");
        assertEq(address(task).balance, l.burnt + handler.theForced(), "what is left");
        vm.revertToState(snapshot);
    }

    function _assertTermsAndRefusalsChangeNothing() internal view {
        assertEq(keccak256(abi.encode(task.terms())), handler.termsHash(), "terms");
        assertEq(handler.strangerSucceeded(), 0, "a stranger's call");
        assertEq(handler.reentrantSucceeded(), 0, "a re-entrant call");
    }

    function _assertRoundsAreSound() internal view {
        RoundState memory round = task.roundState();
        Phase phase = task.phase();
        bool isRunning = phase >= Phase.Working && phase <= Phase.Expired;
        assertEq(round.isOpen, isRunning, "phase and round");
        assertLe(round.number, terms.rounds, "rounds");
        if (!round.isOpen) return;
        assertGe(task.listState().hired, terms.minHired, "hired");
        bool isWorked = handler.roundPay() > 0;
        assertEq(round.generator != address(0), isWorked, "a generator if and only if somebody worked");
        assertTrue(round.generator == address(0) || round.generator != round.runnerUp, "two different parties");
        assertEq(
            task.clientState(round.generator).lastRound, isWorked ? round.number : 0, "the generator worked"
        );
    }
}

/// @dev forge plays the same sequences for every invariant function of a contract, so that all rules share one.
contract MoneyInvariantsCompleteTest is MoneyInvariants {
    function setUp() external {
        _setUp(Policy.Complete);
    }

    function invariant_MoneyRules() external {
        _assertMoneyRules();
    }

    function afterInvariant() external {
        _assertEveryWeiCanBeTaken();
    }
}

contract MoneyInvariantsIncompleteTest is MoneyInvariants {
    function setUp() external {
        _setUp(Policy.Incomplete);
    }

    /// forge-config: default.invariant.runs = 64
    function invariant_MoneyRules() external {
        _assertMoneyRules();
    }

    function afterInvariant() external {
        _assertEveryWeiCanBeTaken();
    }
}

contract MoneyInvariantsFairShareTest is MoneyInvariants {
    function setUp() external {
        _setUp(Policy.FairShare);
    }

    /// forge-config: default.invariant.runs = 64
    function invariant_MoneyRules() external {
        _assertMoneyRules();
    }

    function afterInvariant() external {
        _assertEveryWeiCanBeTaken();
    }
}

contract MoneyInvariantsLeastCostTest is MoneyInvariants {
    function setUp() external {
        _setUp(Policy.LeastCost);
    }

    /// forge-config: default.invariant.runs = 64
    function invariant_MoneyRules() external {
        _assertMoneyRules();
    }

    function afterInvariant() external {
        _assertEveryWeiCanBeTaken();
    }
}
