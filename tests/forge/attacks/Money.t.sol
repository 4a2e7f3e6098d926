// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Base} from "../Base.t.sol";
import {Ballot, ClientState, ITask, Ledger, Phase, RoundResult, Work} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../../contracts/libraries/Prices.sol";
import {EtherForcer} from "../../../contracts/mocks/EtherForcer.sol";
import {ReentrantReceiver} from "../../../contracts/mocks/ReentrantReceiver.sol";
import {RevertingReceiver} from "../../../contracts/mocks/RevertingReceiver.sol";

/// @notice Attacks on the money: each is named as in the design.
contract MoneyAttacksTest is Base {
    function _leave(address client) private {
        vm.prank(client);
        task.leaveTask(client);
    }

    function _close() private {
        vm.prank(owner);
        task.closeTask(owner);
    }

    function _addContract(address client) private {
        vm.deal(client, 1 ether);
        clients.push(client);
        clients = _sorted(clients);
        terms.budget = 180e15;
        terms.miningBudget = 30e15;
        _use(terms);
    }

    function test_Attack_OneReceiverThatRevertsBlocksAll() external {
        address hostile = address(new RevertingReceiver());
        _addContract(hostile);
        _openFirstRound();
        _work(clients);
        _endByTime();

        uint256 earned = _claimableOf(hostile);
        assertGt(earned, 0);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), hostile, earned));
        _claim(hostile);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), hostile, BOND));
        _leave(hostile);
        for (uint256 i; i < clients.length; ++i) {
            if (clients[i] == hostile) continue;
            assertEq(_claim(clients[i]), earned);
            _leave(clients[i]);
        }
        _close();
        // Its own money waits for it, at any address that takes it.
        vm.startPrank(hostile);
        task.claim(mallory);
        task.leaveTask(mallory);
        vm.stopPrank();
        assertEq(address(task).balance, 0);
        assertLedger();
    }

    function test_Attack_TheOwnerStaysSilentAndTakesEverythingBack() external {
        _openFirstRound();
        _work(clients);
        uint256 earned = task.ledger().claimable;
        vm.expectRevert(_wrongPhase(Phase.GeneratorProposing));
        _close();
        // Silent for ten years; then anyone ends the round, and the work is paid.
        vm.warp(block.timestamp + 3650 days);
        vm.expectRevert(_wrongPhase(Phase.Expired));
        _close();
        vm.prank(mallory);
        task.endRoundByTime();
        uint256 before = owner.balance;
        _close();
        assertEq(owner.balance - before, 450e15 - earned, "only what nobody earned");
        for (uint256 i; i < clients.length; ++i) {
            assertEq(_claim(clients[i]), earned / 5);
            _leave(clients[i]);
        }
        assertEq(address(task).balance, 0);
    }

    function test_Attack_TheOwnerStaysSilentAndBondsAreHeld() external {
        _joinAll();
        _warpToFrozen();
        vm.expectRevert(_wrongPhase(Phase.Frozen));
        _leave(alice);
        vm.warp(block.timestamp + terms.listWindow);
        for (uint256 i; i < clients.length; ++i) {
            _leave(clients[i]);
        }
        assertLedger(0, 0, 0, 450e15, 0);
    }

    function test_Attack_TheOwnerRedirectsEarnedPay() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = task.ledger().claimable;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, owner));
        vm.prank(owner);
        task.claim(owner);
        // A new list without the clients, and closing, leave their pay alone.
        _post(_entries(_addresses(alice, bob, carol), TRAINING_CAP));
        _close();
        assertEq(task.ledger().claimable, earned);
        for (uint256 i; i < clients.length; ++i) {
            assertEq(_claim(clients[i]), earned / 5);
        }
        assertLedger();
    }

    function test_Attack_OneTaskDrainsAnothersPool() external {
        _openFirstRound();
        _finishRound();
        ITask first = task;
        Ledger memory before = first.ledger();
        uint256 firstDeposits = deposits;

        // The same people, another task: whatever happens there moves nothing here.
        vm.warp(block.timestamp + 1);
        _use(terms);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, alice));
        _claim(alice);
        _openFirstRound();
        _finishRound();
        for (uint256 i; i < clients.length; ++i) {
            _claim(clients[i]);
            _leave(clients[i]);
        }
        _close();
        assertEq(address(task).balance, 0);
        assertEq(keccak256(abi.encode(first.ledger())), keccak256(abi.encode(before)));
        assertEq(address(first).balance, firstDeposits);
    }

    /// @dev ⌊p_t·T_t⌋ and ⌊p_m·T_m⌋ of the client's listing at the frequencies it claims, before any cap.
    function _paysOf(address client, uint256 t, uint256 m)
        private
        view
        returns (uint256 trainingPay, uint256 miningPay)
    {
        ClientState memory state = task.clientState(client);
        Prices.Offer memory offer = _offer(client, state.trainingCap, clients.length);
        offer.trainingFrequency = state.trainingFrequency;
        trainingPay = Prices.trainingPriceDown(offer, client) * offer.trainingCycles / (t * 1e9);
        miningPay = Prices.miningPriceDown(offer, Prices.miningSlack(offer)) * offer.miningCycles / (m * 1e9);
    }

    /// forge-config: default.fuzz.runs = 256
    /// forge-config: campaign.fuzz.runs = 100000
    /// @dev Whatever frequencies a client names, it earns what they take at its prices, and in each subtask no more than the cap.
    function testFuzz_Attack_AClientReportsItsOwnReward(uint256 t, uint256 m) external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 trainingFrequency,) = _response(alice);
        // What is left of T after training at the claimed speed, in the least and the largest way.
        t = bound(t, 0.7e18, trainingFrequency);
        uint256 slack = 900 * t - 600e9 * 1e9;
        uint256 least = (300e9 * 1e9 * t + slack - 1) / slack;
        m = bound(m, least, least + 1e14);
        bytes32 updateHash = _updateHash(alice);
        uint256[2] memory nonces = _solve(alice, updateHash);
        vm.prank(alice);
        try task.submitWork(Work(updateHash, uint72(t), uint72(m), nonces)) {
            (uint256 trainingPay, uint256 miningPay) = _paysOf(alice, t, m);
            assertEq(_pendingOf(alice), Math.min(trainingPay, TRAINING_CAP) + Math.min(miningPay, MINING_CAP));
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), BcflErrors.Task_EnergyNotCovered.selector);
            assertEq(_pendingOf(alice), 0);
        }
        assertLedger();
    }

    function test_Attack_ARemovedOrUnvalidatedClientsStakeIsStuck() external {
        _joinAll();
        _post(_addresses(alice, bob, carol)); // dave and erin are left out
        _warpToFrozen();
        _open();
        _work(_addresses(alice, bob, carol));
        RoundResult memory result = _result(_addresses(alice), _addresses()); // alice's work is not validated
        Ballot[] memory votes = _votes(_addresses(alice, bob, carol), result);
        address generator = _generator();
        vm.prank(generator);
        task.endRoundByQuorum(result, votes, _noWallets());
        assertEq(_claimableOf(alice), 0);
        for (uint256 i; i < clients.length; ++i) {
            uint256 before = clients[i].balance;
            _leave(clients[i]);
            assertEq(clients[i].balance - before, BOND);
        }
        assertEq(task.ledger().bonds, 0);
        assertLedger();
    }

    function test_Attack_CostGrowsWithEachEarlierRound() external {
        terms.rounds = 20;
        _use(terms);
        _openFirstRound();
        _finishRound();
        uint256[4] memory second;
        for (uint256 number = 2; number <= 20; ++number) {
            uint256[4] memory costs = _roundCosts();
            if (number == 2) second = costs;
            for (uint256 step; step < 4; ++step) {
                assertApproxEqAbs(costs[step], second[step], 3000, "a step costs the same in every round");
            }
        }
        assertEq(_state().number, 20);
        // Eighteen rounds unclaimed cost no more than one.
        uint256 before = gasleft();
        _claim(erin);
        uint256 many = before - gasleft();
        before = gasleft();
        _claim(dave);
        assertApproxEqAbs(many, before - gasleft(), 30_000);
    }

    /// @dev Gas of opening, a submission, the quorum and a claim. Work comes by rank, so that the last one changes no rank.
    function _roundCosts() private returns (uint256[4] memory costs) {
        _openNextRound();
        costs[0] = vm.lastCallGas().gasTotalUsed;
        _warpToDeadline();
        address[] memory ranked = _byRank(clients);
        for (uint256 i; i < ranked.length; ++i) {
            _submit(ranked[i]);
        }
        costs[1] = vm.lastCallGas().gasTotalUsed;
        _warpToWindow(0);
        _endByQuorum(_result());
        costs[2] = vm.lastCallGas().gasTotalUsed;
        _claim(alice);
        costs[3] = vm.lastCallGas().gasTotalUsed;
    }

    /// forge-config: default.fuzz.runs = 256
    /// forge-config: campaign.fuzz.runs = 100000
    /// @dev Budgets that do not divide: pay is rounded down, nothing is lost and nobody gains a unit.
    function testFuzz_Attack_PayThroughARoundingError(uint80 budget, uint80 miningBudget) external {
        terms.budget = uint80(bound(budget, 100e15, 200e15));
        terms.miningBudget = uint80(bound(miningBudget, 1e15, terms.budget / 4));
        _use(terms);
        _openFirstRound();
        _work(clients);
        uint256 miningCap = terms.miningBudget / 5;
        uint256 trainingCap = (terms.budget - terms.miningBudget) / 5;
        (uint256 t, uint256 m) = _response(alice);
        for (uint256 i; i < clients.length; ++i) {
            assertLe(_pendingOf(clients[i]), trainingCap + miningCap);
            assertApproxEqAbs(_pendingOf(clients[i]), trainingCap + miningCap, 10);
            (uint256 trainingPay, uint256 miningPay) = _paysOf(clients[i], t, m);
            assertEq(_pendingOf(clients[i]), Math.min(trainingPay, trainingCap) + Math.min(miningPay, miningCap));
        }
        assertLe(task.ledger().claimable, terms.budget);
        _endByTime();
        for (uint256 i; i < clients.length; ++i) {
            _claim(clients[i]);
            _leave(clients[i]);
        }
        _close();
        assertEq(address(task).balance, 0, "no dust");
        assertLedger();
    }

    function test_Attack_ReEntrance_Claim() external {
        ReentrantReceiver hostile = new ReentrantReceiver();
        _addContract(address(hostile));
        _openFirstRound();
        _work(clients);
        _endByTime();
        uint256 earned = _claimableOf(address(hostile));
        hostile.arm(abi.encodeCall(ITask.claim, (address(hostile))));
        assertEq(_claim(address(hostile)), earned);
        assertEq(hostile.attempts(), 1);
        assertFalse(hostile.succeeded());
        assertEq(
            hostile.answer(),
            abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, address(hostile))
        );
        assertEq(task.ledger().paid, earned);
        assertLedger();
    }

    function test_Attack_ReEntrance_Leave() external {
        ReentrantReceiver hostile = new ReentrantReceiver();
        vm.deal(address(hostile), 1 ether);
        _join(alice);
        _join(address(hostile));
        hostile.arm(abi.encodeCall(ITask.leaveTask, (address(hostile))));
        _leave(address(hostile));
        assertEq(hostile.attempts(), 1);
        assertFalse(hostile.succeeded());
        assertEq(hostile.answer(), abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, address(hostile)));
        assertLedger(0, 0, 0, 450e15, BOND);
    }

    function test_Attack_ReEntrance_Close() external {
        ReentrantReceiver hostile = new ReentrantReceiver();
        terms.owner = address(hostile);
        _use(terms);
        _join(alice);
        hostile.arm(abi.encodeCall(ITask.closeTask, (address(hostile))));
        vm.prank(address(hostile));
        task.closeTask(address(hostile));
        assertEq(hostile.attempts(), 1);
        assertFalse(hostile.succeeded());
        assertEq(hostile.answer(), _wrongPhase(Phase.Over));
        assertLedger(0, 0, 0, 0, BOND);
    }

    function test_Attack_MoneyForcedIntoTheContract() external {
        Ledger memory before = task.ledger();
        new EtherForcer{value: 1 ether}(payable(address(task)));
        forced = 1 ether;
        assertEq(keccak256(abi.encode(task.ledger())), keccak256(abi.encode(before)), "no line changes");
        assertLedger();
        _openFirstRound();
        _finishRound();
        for (uint256 i; i < clients.length; ++i) {
            _claim(clients[i]);
            _leave(clients[i]);
        }
        _close();
        assertLedger();
        assertEq(address(task).balance, 1 ether, "only what was forced in stays");
    }

    function test_Attack_MoneyForcedInBeforeTheTaskExists() external {
        address next = _nextTask(terms);
        new EtherForcer{value: 1 ether}(payable(next));
        _use(terms);
        forced = 1 ether;
        assertEq(address(task), next);
        assertLedger(0, 0, 0, 450e15, 0);
    }

    function test_Attack_LeaveJoinAgainAndBePaidTwice() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = _claimableOf(alice);
        _leave(alice);
        _join(alice);
        assertEq(_claim(alice), earned);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, alice));
        _claim(alice);
        // Nor twice in the next round.
        _post(clients);
        _openNextRound();
        _warpToDeadline();
        _submit(alice);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_AlreadySubmitted.selector, alice, 2));
        _submitAgain();
        assertLedger();
    }

    /// @dev Apart, so that `expectRevert` meets the submission and not a view before it.
    function _submitAgain() private {
        vm.prank(alice);
        task.submitWork(Work(0, 1, 1, [uint256(0), 0]));
    }

    function test_Attack_LeaveBeforeTheForfeit() external {
        _openFirstRound();
        _warpToDeadline();
        for (uint256 i; i < clients.length; ++i) {
            _submit(clients[i]);
        }
        // No moment between opening and verdict lets alice go.
        vm.expectRevert(_wrongPhase(Phase.Working));
        _leave(alice);
        for (uint256 window; window < 3; ++window) {
            _warpToWindow(window);
            vm.expectRevert(_wrongPhase(Phase(uint256(Phase.GeneratorProposing) + window)));
            _leave(alice);
        }
        _warpToWindow(0);
        _endByQuorum(_result(_addresses(), _addresses(alice)));
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, alice));
        _leave(alice);
        assertEq(task.ledger().burnt, BOND);
        assertLedger();
    }
}
