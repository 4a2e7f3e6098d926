// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {
    ClientState,
    ITask,
    Ledger,
    ListState,
    Phase,
    Policy,
    RoundState,
    Terms
} from "../../../contracts/interfaces/ITask.sol";
import {Ghost} from "./Ghost.sol";
import {Handler} from "./Handler.sol";
import {Currency} from "./World.sol";

/// @notice The rules of README.md, by number. Each assertion's message begins with its rule's.
abstract contract Invariants is Test {
    Handler internal handler;
    ITask internal task;
    Terms internal terms;
    bytes32 internal termsHash;
    address[] internal clients;
    /// @dev Where claims of one moment and the last ones go, and who can call nothing in its own right.
    address internal home = makeAddr("home");
    address internal nobody = makeAddr("nobody");

    function _setUp(Policy policy, Currency currency) internal {
        handler = new Handler(policy, currency);
        task = handler.theTask();
        (terms, termsHash) = handler.theTerms();
        clients = handler.theClients();
        vm.deal(nobody, 1000 ether);
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), handler.actions()));
    }

    function _assertAll() internal {
        Ledger memory ledger = task.ledger();
        RoundState memory round = task.roundState();
        _assertLedger(ledger);
        _assertLedgerIsTheGhosts(ledger);
        _assertPays();
        _assertBudgetAndBonds(ledger, round);
        _assertClients(ledger, round);
        _assertPhase(round);
        _assertRound(round);
        _assertList();
        _assertOutsiders();
        if (ledger.claimable != 0) _assertEverybodyCanClaim();
        _assertSpentSignatures();
    }

    // ------------------------------------------------------------------------------------------------ money

    function _assertLedger(Ledger memory l) private view {
        _equal(
            l.deposited, l.paid + l.claimable + l.committed + l.free + l.returned + l.bonds + l.burnt, "I1: sum"
        );
        (, uint256 forced, uint256 forcedEther) = handler.theDeposits();
        uint256 owed = l.claimable + l.committed + l.free + l.bonds + l.burnt;
        _equal(handler.balanceOf(address(task)), owed + forced, "I2: balance");
        if (terms.token != address(0)) _equal(address(task).balance, forcedEther, "I2: ether of a token's task");
    }

    function _assertLedgerIsTheGhosts(Ledger memory l) private view {
        Ghost.Money memory money = handler.ghostMoney();
        (uint256 deposits,,) = handler.theDeposits();
        _equal(l.deposited, deposits, "I3: deposited");
        _equal(l.paid, money.paid, "I3: paid");
        _equal(l.claimable, money.claimable, "I3: claimable");
        _equal(l.committed, money.committed, "I3: committed");
        _equal(l.free, money.free, "I3: free");
        _equal(l.returned, money.ownerTook + money.bondsBack, "I3: returned");
        _equal(l.bonds, terms.bond * money.members, "I3: bonds");
        _equal(l.burnt, terms.bond * money.forfeited, "I3: burnt");
    }

    function _assertPays() private view {
        (uint256 pay, uint256 miningPay) = handler.ghostHighestPay();
        _atMost(pay, terms.budget, "I5: a round's pay");
        bool isCapped = terms.policy == Policy.Complete || terms.policy == Policy.Incomplete;
        if (isCapped) _atMost(miningPay, terms.miningBudget, "I6: a round's mining pay");
    }

    function _assertBudgetAndBonds(Ledger memory l, RoundState memory round) private view {
        Ghost.Money memory money = handler.ghostMoney();
        uint256 funds = uint256(terms.budget) * terms.rounds;
        _equal(money.ownerTook + l.free + l.committed + l.claimable + l.paid, funds, "I9: the budget");
        _equal(money.bondsBack + l.bonds + l.burnt, l.deposited - funds, "I10: the bonds");
        if (!handler.ghostIsClosed()) {
            _equal(money.ownerTook, 0, "I11: the owner took money of an open task");
            _atLeast(l.free, uint256(terms.budget) * (terms.rounds - round.number), "I11: rounds to come");
        }
        if (!round.isOpen) _equal(l.committed, 0, "I11: committed between rounds");
    }

    // ------------------------------------------------------------------------------------------------ clients

    function _assertClients(Ledger memory ledger, RoundState memory round) private view {
        uint256 total;
        uint256 pending;
        for (uint256 i; i < clients.length; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            _assertClient(state, handler.ghostPerson(clients[i]));
            _assertOnlyGrows(clients[i], state);
            _atMost(state.lastRound, round.number, "I8: worked in a round to come");
            total += state.claimable + state.pending;
            pending += state.pending;
        }
        _equal(total, ledger.claimable, "I4: the ledger's line is the clients' sum");
        ListState memory list = task.listState();
        uint256 caps = round.isOpen ? list.trainingCaps + uint256(round.miningCap) * list.hired : 0;
        _equal(ledger.committed + pending, caps, "I11: committed or credited in the round");
    }

    function _assertClient(ClientState memory state, Ghost.Person memory person) private pure {
        _equal(state.claimable, person.settled, "I4: claimable of a client");
        _equal(state.pending, person.pending, "I4: pending of a client");
        _true(state.isMember == person.isMember, "I4: membership");
        _atMost(person.received + state.claimable + state.pending, person.caps, "I7: a client's caps");
        _equal(state.lastRound, person.lastRound, "I8: the last round worked in");
        _equal(state.nonce, person.nonce, "I14: nonce");
        _equal(state.voteNonce, person.voteNonce, "I14: vote nonce");
        _equal(state.listVersion, person.listVersion, "I19: a client's list");
        _equal(state.trainingCap, person.trainingCap, "I19: a client's cap");
        _equal(state.trainingFrequency, person.trainingFrequency, "I19: a client's frequency");
    }

    function _assertOnlyGrows(address client, ClientState memory state) private view {
        (uint256 entitled, uint256 nonces, uint256 lastRound, bool mayFall) = handler.beforeClient(client);
        if (!mayFall) _atLeast(state.claimable + state.pending, entitled, "I13: somebody else's money fell");
        _atLeast(state.lastRound, lastRound, "I8: the last round went back");
        _atLeast(state.nonce, nonces >> 32, "I14: a nonce went back");
        _atLeast(state.voteNonce, uint32(nonces), "I14: a vote nonce went back");
    }

    /// @dev Everybody with something to claim takes it now, alone, and a hostile token lets it; then all is put back.
    function _assertEverybodyCanClaim() private {
        uint256 snapshot = vm.snapshotState();
        handler.calmToken();
        for (uint256 i; i < clients.length; ++i) {
            uint256 own = task.clientState(clients[i]).claimable;
            if (own == 0) continue;
            uint256 held = handler.balanceOf(home);
            vm.prank(clients[i]);
            task.claim(home);
            _equal(handler.balanceOf(home) - held, own, "I12: a claim");
        }
        vm.revertToState(snapshot);
    }

    /// @dev The last signed message that was used up, and another, from somebody who pays for it.
    function _assertSpentSignatures() private {
        uint256 count = handler.spentCount();
        if (count == 0) return;
        _assertSpent(count - 1);
        _assertSpent(uint256(keccak256(abi.encode(count, block.timestamp))) % count);
    }

    function _assertSpent(uint256 index) private {
        (bytes memory data, uint256 value) = handler.spentCall(index);
        vm.prank(nobody);
        (bool success,) = address(task).call{value: value}(data);
        _true(!success, "I15: a used signature");
    }

    // ------------------------------------------------------------------------------------------------ rounds

    function _assertPhase(RoundState memory round) private view {
        Phase phase = task.phase();
        _equal(uint256(phase), uint256(handler.ghostPhase()), "I16: the phase");
        _true(round.isOpen == (phase >= Phase.Working && phase <= Phase.Expired), "I16: phase and round");
        if (!handler.ghostIsClosed()) return;
        Ledger memory l = task.ledger();
        (uint32 number,) = handler.beforeTask();
        _equal(uint256(phase), uint256(Phase.Over), "I18: closed for ever");
        _equal(l.free + l.committed, 0, "I18: the owner's money after closing");
        _equal(round.number, number, "I18: a round after closing");
    }

    function _assertRound(RoundState memory round) private view {
        Ghost.Round memory ghost = handler.ghostRound();
        (uint32 number,) = handler.beforeTask();
        _equal(round.number, ghost.number, "I17: number");
        _atLeast(round.number, number, "I17: the number went back");
        _atMost(round.number, number + 1, "I17: two rounds at once");
        _atMost(round.number, terms.rounds, "I17: rounds");
        _true(round.isOpen == ghost.isOpen, "I17: open");
        _equal(round.openedAt, ghost.isOpen ? ghost.since : 0, "I17: opened at");
        _equal(round.endedAt, ghost.isOpen ? 0 : ghost.since, "I17: ended at");
        _true(round.generator == ghost.generator, "I20: the lowest score's");
        _true(round.runnerUp == ghost.runnerUp, "I20: the next-lowest score's");
    }

    function _assertList() private view {
        ListState memory list = task.listState();
        Ghost.List memory ghost = handler.ghostList();
        (, uint32 version) = handler.beforeTask();
        _equal(list.version, ghost.version, "I19: version");
        _atLeast(list.version, version, "I19: the version went back");
        _atMost(list.trainingCaps, terms.budget - terms.miningBudget, "I19: a list overspends");
        _equal(list.trainingCaps, ghost.trainingCaps, "I19: caps");
        _equal(list.hired, ghost.hired, "I19: hired");
        _equal(list.posted, ghost.size, "I19: posted");
        _true(list.isStale == ghost.isStale, "I19: stale");
        RoundState memory round = task.roundState();
        if (!round.isOpen) return;
        _equal(round.listVersion, list.version, "I19: a list posted in a round");
        _atLeast(list.hired, terms.minHired, "I19: too few hired");
    }

    // ------------------------------------------------------------------------------------------------ others

    function _assertOutsiders() private view {
        (address factory, address relay) = handler.theIntermediaries();
        _equal(handler.balanceOf(factory) + factory.balance, 0, "I21: the factory holds something");
        _equal(handler.balanceOf(relay) + relay.balance, 0, "I21: the relay holds something");
        _equal(handler.strangerSucceeded(), 0, "I22: a stranger's call");
        _true(keccak256(abi.encode(task.terms())) == termsHash, "I23: terms");
    }

    // ------------------------------------------------------------------------------------------------ the end

    /// @dev All windows pass and everybody takes its own, alone: what is left was burnt or forced in.
    function _assertEveryWeiCanBeTaken() internal {
        uint256 snapshot = vm.snapshotState();
        handler.calmToken();
        vm.warp(block.timestamp + 365 days);
        if (task.roundState().isOpen) {
            vm.prank(nobody);
            task.endRoundByTime();
        }
        uint256 own = task.ledger().free;
        if (!handler.ghostIsClosed()) {
            vm.prank(terms.owner);
            assertEq(task.closeTask(makeAddr("owner's home")), own, "I24: the owner's");
        }
        for (uint256 i; i < clients.length; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            vm.startPrank(clients[i]);
            if (state.claimable != 0) task.claim(home);
            if (state.isMember) task.leaveTask(home);
            vm.stopPrank();
        }
        Ledger memory l = task.ledger();
        (, uint256 forced,) = handler.theDeposits();
        assertEq(l.claimable + l.committed + l.free + l.bonds, 0, "I24: everything accounted was taken");
        assertEq(handler.balanceOf(address(task)), l.burnt + forced, "I24: what is left");
        vm.revertToState(snapshot);
    }

    // ------------------------------------------------------------------------------------------------ assertions

    // forge's own are calls, hundreds a check, of which each costs as much as one to the task.

    function _equal(uint256 a, uint256 b, string memory rule) private pure {
        if (a != b) assertEq(a, b, rule);
    }

    function _atMost(uint256 a, uint256 b, string memory rule) private pure {
        if (a > b) assertLe(a, b, rule);
    }

    function _atLeast(uint256 a, uint256 b, string memory rule) private pure {
        if (a < b) assertGe(a, b, rule);
    }

    function _true(bool isTrue, string memory rule) private pure {
        if (!isTrue) assertTrue(isTrue, rule);
    }
}
