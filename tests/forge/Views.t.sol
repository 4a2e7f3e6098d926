// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ClientState, Ledger, ListState, RoundState} from "../../contracts/interfaces/ITask.sol";

contract ViewsTest is Base {
    function test_GivenANewTask_EveryViewIsEmptyButForTheMoney() external view {
        ListState memory noList;
        ClientState memory nobody;
        RoundState memory noRound;
        noRound.endedAt = uint40(block.timestamp);
        Ledger memory funds;
        (funds.deposited, funds.free) = (450e15, 450e15);
        assertEq(keccak256(abi.encode(task.listState())), keccak256(abi.encode(noList)), "list");
        assertEq(keccak256(abi.encode(task.clientState(alice))), keccak256(abi.encode(nobody)), "client");
        assertEq(keccak256(abi.encode(_state())), keccak256(abi.encode(noRound)), "round");
        assertEq(keccak256(abi.encode(task.ledger())), keccak256(abi.encode(funds)), "ledger");
        assertEq(task.globalModel(), 0);
    }

    /// @dev One task through every step, each line of the ledger written out.
    function test_TheLedgerFollowsEveryStep() external {
        _joinAll();
        assertLedger(0, 0, 0, 450e15, 5 * BOND);
        _warpToFrozen();
        _post(clients);
        assertLedger(0, 0, 0, 450e15, 5 * BOND);
        _open();
        assertLedger(0, 0, 150e15, 300e15, 5 * BOND);
        _warpToDeadline();
        _submit(alice);
        uint256 pay = _pendingOf(alice);
        assertLedger(0, pay, 150e15 - pay, 300e15, 5 * BOND);
        _submit(bob);
        _submit(carol);
        _submit(dave);
        assertLedger(0, 4 * pay, 150e15 - 4 * pay, 300e15, 5 * BOND);
        _warpToWindow(0);
        _endByQuorum(_result(_addresses(alice), _addresses(bob)));
        assertLedger(0, 2 * pay, 0, 450e15 - 2 * pay, 4 * BOND);
        _claim(carol);
        assertLedger(pay, pay, 0, 450e15 - 2 * pay, 4 * BOND);
        vm.prank(carol);
        task.leaveTask(carol);
        assertLedger(pay, pay, 0, 450e15 - 2 * pay, 3 * BOND);
        vm.prank(owner);
        task.closeTask(owner);
        assertLedger(pay, pay, 0, 0, 3 * BOND);
        assertEq(task.ledger().burnt, BOND);
        assertEq(task.ledger().returned, 450e15 - 2 * pay + BOND);
    }

    function test_PendingBecomesClaimableWhenTheRoundEnds() external {
        _openFirstRound();
        _work(clients);
        uint256 pay = _pendingOf(alice);
        assertEq(_claimableOf(alice), 0);
        _endByTime();
        assertEq(_claimableOf(alice), pay);
        assertEq(_pendingOf(alice), 0);
        _openNextRound();
        assertEq(_claimableOf(alice), pay, "an earlier round's pay is not pending");
    }

    /// @dev One clock, said as two: when the open round began, or when the last one ended.
    function test_TheRoundsClockRunsFromItsOpeningOrFromTheLastEnd() external {
        uint256 creation = block.timestamp;
        _assertClock(0, 0, creation);
        _joinAll();
        _post(clients);
        _warpToFrozen();
        _assertClock(0, 0, creation);
        _open();
        _assertClock(1, block.timestamp, 0);
        uint256 opening = block.timestamp;
        _work(clients);
        _assertClock(1, opening, 0);
        _endByQuorum(_result());
        _assertClock(1, 0, block.timestamp);
        RoundState memory ended = _state();
        assertEq(ended.listVersion, 1, "the rest of the round stands");
        assertEq(ended.miningCap, MINING_CAP);
        assertNotEq(ended.seed, 0);
        assertNotEq(ended.generator, 0);
        _openNextRound();
        _assertClock(2, block.timestamp, 0);
        _endByTime();
        _assertClock(2, 0, block.timestamp);
        uint256 end = block.timestamp;
        vm.warp(end + 1 days);
        vm.prank(owner);
        task.closeTask(owner);
        _assertClock(2, 0, end);
    }

    function _assertClock(uint256 number, uint256 openedAt, uint256 endedAt) private view {
        RoundState memory round = _state();
        assertEq(round.number, number);
        assertEq(round.isOpen, openedAt != 0);
        assertEq(round.openedAt, openedAt);
        assertEq(round.endedAt, endedAt);
    }
}
