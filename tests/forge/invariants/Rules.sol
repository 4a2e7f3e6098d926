// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ClientState, Ledger, ListState, Phase, Policy, RoundState} from "../../../contracts/interfaces/ITask.sol";
import {Signed} from "./Signed.sol";

/// @notice The rules of README.md, by number. Each assertion's message begins with its rule's.
/// @dev Beside the ghost's books, since reading those by calls took most of a campaign's time.
abstract contract Rules is Signed {
    /// @dev Where claims of one moment and the last ones go, and who can call nothing in its own right.
    address private home = makeAddr("home");
    address private nobody = makeAddr("nobody");

    /// @notice Those that hold after every action. One that did not reach the task, as half of them do not, can have
    /// moved nothing in it but, with the clock, its phase.
    function assertAll() external {
        Ledger memory ledger = task.ledger();
        RoundState memory state = task.roundState();
        _assertPhase(ledger, state);
        if (!hasActed) return;
        _assertLedger(ledger);
        _assertLedgerIsTheGhosts(ledger);
        _assertPays();
        _assertBudgetAndBonds(ledger);
        ListState memory listed = task.listState();
        _assertClients(ledger, state, listed);
        _assertRound(state);
        _assertList(state, listed);
        _assertOutsiders();
        if (ledger.claimable != 0) _assertEverybodyCanClaim();
        _assertSpentSignatures();
    }

    // ------------------------------------------------------------------------------------------------ money

    function _assertLedger(Ledger memory l) private view {
        _equal(
            l.deposited, l.paid + l.claimable + l.committed + l.free + l.returned + l.bonds + l.burnt, "I1: sum"
        );
        uint256 owed = l.claimable + l.committed + l.free + l.bonds + l.burnt;
        _equal(balanceOf(address(task)), owed + forced, "I2: balance");
        if (terms.token != address(0)) _equal(address(task).balance, forcedEther, "I2: ether of a token's task");
    }

    function _assertLedgerIsTheGhosts(Ledger memory l) private view {
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
        _atMost(highestPay, terms.budget, "I5: a round's pay");
        bool isCapped = terms.policy == Policy.Complete || terms.policy == Policy.Incomplete;
        if (isCapped) _atMost(highestMiningPay, terms.miningBudget, "I6: a round's mining pay");
    }

    function _assertBudgetAndBonds(Ledger memory l) private view {
        uint256 funds = uint256(terms.budget) * terms.rounds;
        _equal(money.ownerTook + l.free + l.committed + l.claimable + l.paid, funds, "I9: the budget");
        _equal(money.bondsBack + l.bonds + l.burnt, l.deposited - funds, "I10: the bonds");
        if (!isClosed) {
            _equal(money.ownerTook, 0, "I11: the owner took money of an open task");
            _atLeast(l.free, uint256(terms.budget) * (terms.rounds - round.number), "I11: rounds to come");
        }
        if (!round.isOpen) _equal(l.committed, 0, "I11: committed between rounds");
    }

    // ------------------------------------------------------------------------------------------------ clients

    function _assertClients(Ledger memory ledger, RoundState memory state, ListState memory listed) private view {
        uint256 total;
        uint256 pending;
        for (uint256 i; i < PEOPLE; ++i) {
            ClientState memory client = task.clientState(clients[i]);
            _assertClient(client, people[clients[i]]);
            _assertOnlyGrows(client, before.people[clients[i]]);
            _atMost(client.lastRound, state.number, "I8: worked in a round to come");
            total += client.claimable + client.pending;
            pending += client.pending;
        }
        _equal(total, ledger.claimable, "I4: the ledger's line is the clients' sum");
        uint256 caps = state.isOpen ? listed.trainingCaps + uint256(state.miningCap) * listed.hired : 0;
        _equal(ledger.committed + pending, caps, "I11: committed or credited in the round");
    }

    function _assertClient(ClientState memory client, Person storage person) private view {
        _equal(client.claimable, person.settled, "I4: claimable of a client");
        _equal(client.pending, person.pending, "I4: pending of a client");
        _true(client.isMember == person.isMember, "I4: membership");
        _atMost(person.received + client.claimable + client.pending, person.caps, "I7: a client's caps");
        _equal(client.lastRound, person.lastRound, "I8: the last round worked in");
        _equal(client.nonce, person.nonce, "I14: nonce");
        _equal(client.voteNonce, person.voteNonce, "I14: vote nonce");
        _equal(client.listVersion, person.listVersion, "I19: a client's list");
        _equal(client.place, person.place, "I19: a client's place");
        _equal(client.trainingCap, person.trainingCap, "I19: a client's cap");
        _equal(client.trainingFrequency, person.trainingFrequency, "I19: a client's frequency");
    }

    function _assertOnlyGrows(ClientState memory client, PersonBefore storage was) private view {
        if (!was.mayFall) _atLeast(client.claimable + client.pending, was.entitled, "I13: somebody else's money fell");
        _atLeast(client.lastRound, was.lastRound, "I8: the last round went back");
        _atLeast(client.nonce, was.nonce, "I14: a nonce went back");
        _atLeast(client.voteNonce, was.voteNonce, "I14: a vote nonce went back");
    }

    /// @dev Everybody with something to claim takes it now, alone, and a hostile token lets it; then all is put back.
    function _assertEverybodyCanClaim() private {
        uint256 snapshot = vm.snapshotState();
        _calmToken();
        for (uint256 i; i < PEOPLE; ++i) {
            uint256 own = task.clientState(clients[i]).claimable;
            if (own == 0) continue;
            uint256 held = balanceOf(home);
            vm.prank(clients[i]);
            task.claim(home);
            _equal(balanceOf(home) - held, own, "I12: a claim");
        }
        vm.revertToState(snapshot);
    }

    /// @dev A signed message that the last action used up, or else any used one, from somebody who pays for it.
    function _assertSpentSignatures() private {
        if (spent.length == 0) return;
        bool isNew = spent.length != before.spent;
        uint256 draw = uint256(keccak256(abi.encode(spent.length, block.timestamp)));
        Spent memory call = spent[isNew ? spent.length - 1 : draw % spent.length];
        vm.deal(nobody, call.value);
        vm.prank(nobody);
        (bool success,) = address(task).call{value: call.value}(call.data);
        _true(!success, "I15: a used signature");
    }

    // ------------------------------------------------------------------------------------------------ rounds

    function _assertPhase(Ledger memory ledger, RoundState memory state) private view {
        Phase phase = task.phase();
        _equal(uint256(phase), uint256(_ghostPhase()), "I16: the phase");
        _true(state.isOpen == (phase >= Phase.Working && phase <= Phase.Expired), "I16: phase and round");
        if (!isClosed) return;
        _equal(uint256(phase), uint256(Phase.Over), "I18: closed for ever");
        _equal(ledger.free + ledger.committed, 0, "I18: the owner's money after closing");
        _equal(state.number, before.round, "I18: a round after closing");
    }

    function _assertRound(RoundState memory state) private view {
        _equal(state.number, round.number, "I17: number");
        _atLeast(state.number, before.round, "I17: the number went back");
        _atMost(state.number, before.round + 1, "I17: two rounds at once");
        _atMost(state.number, terms.rounds, "I17: rounds");
        _true(state.isOpen == round.isOpen, "I17: open");
        _equal(state.openedAt, round.isOpen ? round.since : 0, "I17: opened at");
        _equal(state.endedAt, round.isOpen ? 0 : round.since, "I17: ended at");
        _equal(state.generator, round.generatorPlace, "I20: the lowest score's");
        _equal(state.runnerUp, round.runnerUpPlace, "I20: the next-lowest score's");
    }

    function _assertList(RoundState memory state, ListState memory listed) private view {
        _equal(listed.version, list.version, "I19: version");
        _atLeast(listed.version, before.listVersion, "I19: the version went back");
        _atMost(listed.trainingCaps, terms.budget - terms.miningBudget, "I19: a list overspends");
        _equal(listed.trainingCaps, list.trainingCaps, "I19: caps");
        _equal(listed.hired, list.hired, "I19: hired");
        _equal(listed.posted, list.posted, "I19: posted");
        _true(listed.isStale == list.isStale, "I19: stale");
        if (!state.isOpen) return;
        _equal(state.listVersion, listed.version, "I19: a list posted in a round");
        _equal(listed.posted, listed.size, "I19: a list that is not complete");
        _atLeast(listed.hired, terms.minHired, "I19: too few hired");
    }

    // ------------------------------------------------------------------------------------------------ others

    function _assertOutsiders() private view {
        address relay = factory.relay();
        _equal(balanceOf(address(factory)) + address(factory).balance, 0, "I21: the factory holds something");
        _equal(balanceOf(relay) + relay.balance, 0, "I21: the relay holds something");
        _true(keccak256(abi.encode(task.terms())) == termsHash, "I23: terms");
    }

    // ------------------------------------------------------------------------------------------------ the end

    /// @notice All windows pass and everybody takes its own, alone: what is left was burnt or forced in.
    function assertEveryWeiCanBeTaken() external {
        uint256 snapshot = vm.snapshotState();
        _calmToken();
        vm.warp(block.timestamp + 365 days);
        if (task.roundState().isOpen) {
            vm.prank(nobody);
            task.endRoundByTime();
        }
        uint256 own = task.ledger().free;
        bool isOwnerFirst = block.timestamp % 2 == 0;
        if (!isOwnerFirst) _everybodyLeaves();
        if (!isClosed) {
            vm.prank(terms.owner);
            assertEq(task.closeTask(makeAddr("owner's home")), own, "I24: the owner's");
        }
        if (isOwnerFirst) _everybodyLeaves();
        Ledger memory l = task.ledger();
        assertEq(l.claimable + l.committed + l.free + l.bonds, 0, "I24: everything accounted was taken");
        assertEq(balanceOf(address(task)), l.burnt + forced, "I24: what is left");
        vm.revertToState(snapshot);
    }

    /// @dev Without the owner, when reports are open; which comes by itself.
    function _everybodyLeaves() private {
        uint256 cycle = uint256(terms.joinWindow) + terms.listWindow;
        uint256 past = (block.timestamp - task.roundState().endedAt) % cycle;
        if (past >= terms.joinWindow) vm.warp(block.timestamp + cycle - past);
        for (uint256 i; i < PEOPLE; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            vm.startPrank(clients[i]);
            if (state.claimable != 0) task.claim(home);
            if (state.isMember) task.leaveTask(home);
            vm.stopPrank();
        }
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
