// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ClientState, Ledger, Phase, Report} from "../../contracts/interfaces/ITask.sol";
import {SymbolicTask} from "./SymbolicTask.sol";

/// @notice What each step that moves money does to the ledger, from any state with (R): the formulas of README.md.
contract MoneySymbolicTest is SymbolicTask {
    /// @notice A claim pays out of the client's own line, out of `claimable`, and out of nothing else.
    function check_Claim(address client) external {
        ClientState memory state = task.clientState(client);
        Ledger memory before = _reachableLedger();
        uint256 balance = address(task).balance;

        vm.prank(client);
        uint256 amount = task.claim(RECIPIENT);

        Ledger memory l = task.ledger();
        assert(amount != 0);
        assert(RECIPIENT.balance == amount && address(task).balance == balance - amount);
        assert(l.paid == before.paid + amount && l.claimable == before.claimable - amount);
        assert(l.committed == before.committed && l.free == before.free);
        assert(l.returned == before.returned && l.bonds == before.bonds && l.burnt == before.burnt);
        assert(l.deposited == before.deposited);
        ClientState memory next = task.clientState(client);
        assert(state.claimable + state.pending == next.claimable + next.pending + amount);
    }

    /// @notice Nobody else's line moves with a claim.
    function check_ClaimLeavesOthersAlone(address client, address other) external {
        vm.assume(other != client);
        _reachableLedger();
        bytes32 state = _state(other);

        vm.prank(client);
        task.claim(RECIPIENT);

        assert(_state(other) == state);
    }

    /// @notice A client that joins brings one bond, which goes to `bonds`.
    function check_JoinTask(address client, Report calldata report, uint80 value) external {
        vm.assume(client != address(task));
        Ledger memory before = _reachableLedger();
        uint256 balance = address(task).balance;
        vm.deal(client, value);

        vm.prank(client);
        task.joinTask{value: value}(report);

        Ledger memory l = task.ledger();
        assert(value == BOND && address(task).balance == balance + BOND);
        assert(l.deposited == before.deposited + BOND && l.bonds == before.bonds + BOND);
        assert(l.paid == before.paid && l.claimable == before.claimable && l.returned == before.returned);
        assert(l.committed == before.committed && l.free == before.free && l.burnt == before.burnt);
        assert(task.clientState(client).isMember);
    }

    /// @notice A client that leaves takes one bond back, from `bonds`.
    function check_LeaveTask(address client) external {
        Ledger memory before = _reachableLedger();
        uint256 balance = address(task).balance;

        vm.prank(client);
        task.leaveTask(RECIPIENT);

        Ledger memory l = task.ledger();
        assert(RECIPIENT.balance == BOND && address(task).balance == balance - BOND);
        assert(l.returned == before.returned + BOND && l.bonds == before.bonds - BOND);
        assert(l.paid == before.paid && l.claimable == before.claimable);
        assert(l.committed == before.committed && l.free == before.free && l.burnt == before.burnt);
        assert(l.deposited == before.deposited);
        assert(!task.clientState(client).isMember);
    }

    /// @notice A round that ends by time gives back to the owner what nobody earned, and moves nothing else.
    function check_EndRoundByTime(address caller) external {
        Ledger memory before = _reachableLedger();
        uint256 balance = address(task).balance;

        vm.prank(caller);
        task.endRoundByTime();

        Ledger memory l = task.ledger();
        assert(address(task).balance == balance);
        assert(l.committed == 0 && l.free == before.free + before.committed);
        assert(l.claimable == before.claimable && l.paid == before.paid);
        assert(l.returned == before.returned && l.bonds == before.bonds && l.burnt == before.burnt);
        assert(l.deposited == before.deposited);
        assert(!task.roundState().isOpen);
    }

    /// @notice Opening a round moves its money from `free` to `committed`, and nothing else.
    function check_OpenRound(address caller, uint32 version) external {
        Ledger memory before = _reachableLedger();
        uint256 balance = address(task).balance;

        vm.prank(caller);
        task.openRound(version);

        Ledger memory l = task.ledger();
        assert(caller == OWNER && address(task).balance == balance);
        assert(l.committed <= before.free && l.free == before.free - l.committed);
        assert(l.claimable == before.claimable && l.paid == before.paid);
        assert(l.returned == before.returned && l.bonds == before.bonds && l.burnt == before.burnt);
        assert(l.deposited == before.deposited);
    }

    /// @notice Only the owner closes, between rounds, and takes `free` alone.
    function check_CloseTask(address caller) external {
        bool isOpen = task.roundState().isOpen;
        Ledger memory before = _reachableLedger();
        uint256 balance = address(task).balance;

        vm.prank(caller);
        uint256 amount = task.closeTask(RECIPIENT);

        Ledger memory l = task.ledger();
        assert(caller == OWNER && !isOpen);
        assert(amount == before.free && l.free == 0);
        assert(RECIPIENT.balance == amount && address(task).balance == balance - amount);
        assert(l.claimable == before.claimable && l.paid == before.paid && l.committed == before.committed);
        assert(l.bonds == before.bonds && l.burnt == before.burnt && l.deposited == before.deposited);
        assert(task.phase() == Phase.Over);
    }
}
