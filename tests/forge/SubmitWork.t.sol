// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Entry, ITask, Phase, Policy, Report, Work} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";

contract SubmitWorkTest is Base {
    function _submitAt(address client, uint72 trainingFrequency, uint72 miningFrequency) private {
        bytes32 updateHash = _updateHash(client);
        uint256[2] memory nonces = _solve(client, updateHash);
        vm.prank(client);
        task.submitWork(Work(updateHash, trainingFrequency, miningFrequency, nonces));
    }

    /// @dev Expects the refusal of a call whose arguments are found before.
    function _expectRefusal(bytes memory reason, address client, uint72 trainingFrequency, uint72 miningFrequency)
        private
    {
        bytes32 updateHash = _updateHash(client);
        uint256[2] memory nonces = _solve(client, updateHash);
        vm.expectRevert(reason);
        vm.prank(client);
        task.submitWork(Work(updateHash, trainingFrequency, miningFrequency, nonces));
    }

    function _offerOf(address client) private view returns (Prices.Offer memory offer) {
        offer = _offer(client, task.clientState(client).trainingCap, 5);
        offer.trainingFrequency = task.clientState(client).trainingFrequency;
    }

    function _openFirstRoundUnder(Policy policy, uint80 reservationUtility) private {
        (terms.policy, terms.reservationUtility) = (policy, reservationUtility);
        _use(terms);
        _openFirstRound();
    }

    function _prices(address client) private view returns (uint256, uint256) {
        return Prices.prices(_offerOf(client), client);
    }

    // ------------------------------------------------------------------------------------------------ when

    function test_RevertGiven_NoRoundIsOpen() external {
        _joinAll();
        _expectRefusal(_wrongPhase(Phase.Joining), alice, 1, 1);
        _warpToFrozen();
        _expectRefusal(_wrongPhase(Phase.Frozen), alice, 1, 1);
    }

    function test_RevertWhen_TheGraceHasPassed() external {
        _openFirstRound();
        (uint72 trainingFrequency, uint72 miningFrequency) = _response(alice);
        vm.warp(_workEnd() + 1);
        _expectRefusal(_wrongPhase(Phase.Expired), alice, trainingFrequency, miningFrequency);
    }

    function test_AcceptsWorkInTheLastSecondOfTheGrace() external {
        _openFirstRound();
        vm.warp(_workEnd());
        _submit(alice);
        assertGt(_pendingOf(alice), 0);
        vm.warp(_workEnd() + 1);
        _expectRefusal(_wrongPhase(Phase.GeneratorProposing), bob, 1, 1);
    }

    // ------------------------------------------------------------------------------------------------ who

    function test_RevertGiven_TheCallerIsNotOnTheList() external {
        _openFirstRound();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, mallory, 1), mallory, 1, 1);
    }

    function test_RevertGiven_TheCallerIsListedWithoutCap() external {
        _joinAll();
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[0] = Entry(alice, 0, 0);
        _post(entries);
        _warpToFrozen();
        _open();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, alice, 1), alice, 1, 1);
    }

    function test_RevertGiven_OnlyAnEarlierListNamesTheCaller() external {
        _joinAll();
        _post(clients);
        _post(_addresses(bob, carol, dave));
        _warpToFrozen();
        _open();
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, alice, 1), alice, 1, 1);
    }

    function test_RevertGiven_TheCallerHasSubmitted() external {
        _openFirstRound();
        _warpToDeadline();
        _submit(alice);
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_AlreadySubmitted.selector, alice, 1), alice, 1, 1);
    }

    // ------------------------------------------------------------------------------------------------ frequencies

    function test_RevertWhen_AFrequencyIsZeroOrTooHigh() external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        bytes4 selector = BcflErrors.Task_FrequencyOutOfRange.selector;
        _expectRefusal(abi.encodeWithSelector(selector, 0, MAX_FREQUENCY), alice, 0, m);
        _expectRefusal(abi.encodeWithSelector(selector, 0, MAX_FREQUENCY), alice, t, 0);
        uint72 high = MAX_FREQUENCY + 1;
        _expectRefusal(abi.encodeWithSelector(selector, high, MAX_FREQUENCY), alice, high, m);
        _expectRefusal(abi.encodeWithSelector(selector, high, MAX_FREQUENCY), alice, t, high);
    }

    /// @dev Reported no faster than its list wants it to be.
    function test_WhenTheFrequencyIsTheHighestOfTheClient() external {
        _openFirstRound();
        (uint72 t, uint72 m) = _response(alice);
        _use(terms);
        _join(alice, Report(UNITS, RHO, t > m ? t : m));
        for (uint256 i = 1; i < 5; ++i) {
            _join(clients[i]);
        }
        _warpToFrozen();
        _post(clients);
        _open();
        _warpToDeadline();
        _submit(alice);
        assertGt(_pendingOf(alice), 0);
    }

    function test_RevertWhen_TrainingEnergyIsNotCovered() external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        (uint256 price,) = _prices(alice);
        _expectRefusal(
            abi.encodeWithSelector(
                BcflErrors.Task_EnergyNotCovered.selector, price, t + 1, Prices.leastPriceUp(RHO, t + 1)
            ),
            alice,
            t + 1,
            m
        );
    }

    function test_RevertWhen_MiningEnergyIsNotCovered() external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 t,) = _response(alice);
        (, uint256 price) = _prices(alice);
        uint72 highest = _cubeRoot(price, RHO);
        _expectRefusal(
            abi.encodeWithSelector(
                BcflErrors.Task_EnergyNotCovered.selector, price, highest + 1, Prices.leastPriceUp(RHO, highest + 1)
            ),
            alice,
            t,
            highest + 1
        );
        _submitAt(alice, t, highest);
        assertGt(_pendingOf(alice), 0);
    }

    function test_RevertWhen_TheClaimedTimeExceedsTheDeadline() external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_DeadlineExceeded.selector, 901, 900), alice, t, m - 1
        );
        _submitAt(alice, t, m);
    }

    function test_RevertWhen_TheClaimedTimeHasNotPassed() external {
        _openFirstRound();
        // 600 Gcycles at 10 GHz and 300 at 1 GHz: 360 s.
        vm.warp(_state().openedAt + 359);
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_TimeNotPassed.selector, 360, 359), alice, 10e18, 1e18);
        vm.warp(_state().openedAt + 360);
        _submitAt(alice, 10e18, 1e18);
    }

    function test_WhenTheClaimedTimeIsAFraction_ItIsRoundedUp() external {
        _openFirstRound();
        vm.warp(_state().openedAt + 360);
        // A frequency lower by 10^-18: 360.000… s is more than 360.
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_TimeNotPassed.selector, 361, 360), alice, 10e18 - 1, 1e18
        );
        vm.warp(_state().openedAt + 361);
        _submitAt(alice, 10e18 - 1, 1e18);
    }

    function test_RevertWhen_TheOnePriceDoesNotCoverTheEnergy() external {
        _openFirstRoundUnder(Policy.LeastCost, 0);
        _warpToDeadline();
        // p = ρ·(1 GHz)³ without a remainder: 10^-18 GHz more in either subtask costs more.
        (uint256 price,) = _prices(alice);
        assertEq(price, RHO);
        uint256 least = Prices.leastPriceUp(RHO, 1e18 + 1);
        bytes memory reason =
            abi.encodeWithSelector(BcflErrors.Task_EnergyNotCovered.selector, RHO, 1e18 + 1, least);
        _expectRefusal(reason, alice, 1e18 + 1, 1e18);
        _expectRefusal(reason, alice, 1e18, 1e18 + 1);
        _submitAt(alice, 1e18, 1e18);
    }

    function test_RevertWhen_OneFrequencyIsTooSlowForTheDeadline() external {
        _openFirstRoundUnder(Policy.FairShare, 0);
        _warpToDeadline();
        bytes memory reason = abi.encodeWithSelector(BcflErrors.Task_DeadlineExceeded.selector, 901, 900);
        _expectRefusal(reason, alice, 1e18 - 1, 1e18);
        _expectRefusal(reason, alice, 1e18, 1e18 - 1);
        _submitAt(alice, 1e18, 1e18);
    }

    // ------------------------------------------------------------------------------------------------ puzzle

    function test_RevertWhen_ANonceDoesNotSolveItsPuzzle() external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        bytes32 updateHash = _updateHash(alice);
        bytes32 challenge = keccak256(abi.encode(task, _state().seed, alice, updateHash));
        for (uint256 index; index < 16; ++index) {
            uint256[2] memory nonces = _solve(alice, updateHash);
            uint256 bad;
            while (_puzzleHash(challenge, index, bad) < _threshold()) ++bad;
            uint256 shift = 32 * (index % 8);
            nonces[index / 8] = nonces[index / 8] & ~(uint256(type(uint32).max) << shift) | bad << shift;
            vm.expectRevert(
                abi.encodeWithSelector(
                    BcflErrors.Puzzle_NotSolved.selector, index, _puzzleHash(challenge, index, bad), _threshold()
                )
            );
            vm.prank(alice);
            task.submitWork(Work(updateHash, t, m, nonces));
        }
    }

    // ------------------------------------------------------------------------------------------------ effects

    function test_CreditsTheCapsUnderComplete() external {
        _openFirstRound();
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        bytes32 updateHash = _updateHash(alice);
        uint256[2] memory nonces = _solve(alice, updateHash);
        uint32 score = _scoreOf(alice);
        (uint256 trainingPrice, uint256 miningPrice) = _prices(alice);
        // By hand: p·M/(q·10⁹), each below its cap by a few wei of rounding.
        uint80 trainingPay = uint80(trainingPrice * 600e9 / (uint256(t) * 1e9));
        uint80 miningPay = uint80(miningPrice * 300e9 / (uint256(m) * 1e9));
        assertApproxEqAbs(trainingPay, TRAINING_CAP, 10);
        assertLe(trainingPay, TRAINING_CAP);
        assertApproxEqAbs(miningPay, MINING_CAP, 10);
        assertLe(miningPay, MINING_CAP);

        vm.expectEmit(address(task));
        emit ITask.WorkSubmitted(1, alice, updateHash, nonces, t, m, trainingPay, miningPay);
        vm.prank(alice);
        task.submitWork(Work(updateHash, t, m, nonces));

        uint256 pay = uint256(trainingPay) + miningPay;
        assertEq(_pendingOf(alice), pay);
        assertEq(_claimableOf(alice), 0);
        assertEq(task.clientState(alice).lastRound, 1);
        assertLedger(0, pay, 150e15 - pay, 300e15, 5 * BOND);
    }

    function test_CreditsTheLeastMiningPayUnderIncomplete() external {
        terms.policy = Policy.Incomplete;
        _use(terms);
        _openFirstRound();
        _warpToDeadline();
        (uint72 t, uint72 m) = _response(alice);
        (uint256 trainingPrice, uint256 miningPrice) = _prices(alice);
        _submit(alice);
        uint256 trainingPay = trainingPrice * 600e9 / (uint256(t) * 1e9);
        uint256 miningPay = miningPrice * 300e9 / (uint256(m) * 1e9);
        assertApproxEqRel(miningPay, 0.00605528e15, 1e14); // ρψ³/(T − T_t)² of the paper's setting
        assertEq(_pendingOf(alice), trainingPay + miningPay);
        assertLedger();
    }

    function test_CreditsBothCapsUnderFairShare() external {
        _openFirstRoundUnder(Policy.FairShare, 0);
        _warpToDeadline();
        // p = 30 units of money over 900 s, for 600 s of training and 300 s of mining at 1 GHz.
        _submitAt(alice, 1e18, 1e18);
        uint256 price = uint256(30e15) * 1e18 / 900;
        uint256 pay = price * 600 / 1e18 + price * 300 / 1e18;
        assertEq(pay, 30e15 - 2, "both caps but for two floors");
        assertEq(_pendingOf(alice), pay);
        assertLedger(0, pay, 150e15 - pay, 300e15, 5 * BOND);
    }

    function test_WhenPayShiftsBetweenTheSubtasks_TheCapIsOnTheSum() external {
        _openFirstRoundUnder(Policy.FairShare, 0);
        _warpToDeadline();
        uint256 price = uint256(30e15) * 1e18 / 900;
        // 800 s at 0.75 GHz and 100 s at 3 GHz: training alone is paid above its cap of 25.
        uint256 trainingPay = price * 800 / 1e18;
        assertGt(trainingPay, TRAINING_CAP);
        _expectPays(alice, 0.75e18, 3e18, trainingPay, price * 100 / 1e18);
        // 300 s at 2 GHz and 600 s at 0.5 GHz: mining above its cap of 5.
        uint256 miningPay = price * 600 / 1e18;
        assertGt(miningPay, MINING_CAP);
        _expectPays(bob, 2e18, 0.5e18, price * 300 / 1e18, miningPay);
        assertEq(_pendingOf(alice), 30e15 - 1);
        assertEq(_pendingOf(bob), 30e15 - 2);
        assertLedger();
    }

    function test_WhenTheClaimedTimeIsShort_OnePricePaysThatTime() external {
        _openFirstRoundUnder(Policy.FairShare, 0);
        vm.warp(_state().openedAt + 450);
        // 300 s and 150 s at 2 GHz: half of T, half of the caps.
        uint256 price = uint256(30e15) * 1e18 / 900;
        _expectPays(alice, 2e18, 2e18, price * 300 / 1e18, price * 150 / 1e18);
        assertEq(_pendingOf(alice), 15e15 - 2);
    }

    function test_CreditsEnergyAndUtilityUnderLeastCost() external {
        uint80 utility = 9e12;
        _openFirstRoundUnder(Policy.LeastCost, utility);
        _warpToDeadline();
        // ρ(μ+ψ)³/T² = 0.15 units of money, and u.
        uint256 price = uint256(RHO) + uint256(utility) * 1e18 / 900;
        _expectPays(alice, 1e18, 1e18, price * 600 / 1e18, price * 300 / 1e18);
        assertEq(_pendingOf(alice), 0.15e15 + utility - 2, "but for two floors");
        assertLedger();
    }

    function _expectPays(address client, uint72 t, uint72 m, uint256 trainingPay, uint256 miningPay) private {
        uint256[2] memory nonces = _solve(client, _updateHash(client));
        vm.expectEmit(address(task));
        emit ITask.WorkSubmitted(1, client, _updateHash(client), nonces, t, m, uint80(trainingPay), uint80(miningPay));
        _submitAt(client, t, m);
        assertEq(_pendingOf(client), trainingPay + miningPay);
    }

    function test_WhenTheClientWasSlower_PayIsCapped() external {
        _openFirstRound();
        _warpToDeadline();
        // 600 s of training at 1 GHz and 300 s of mining at 1 GHz: p_t·600 s is far above the cap.
        (uint256 trainingPrice, uint256 miningPrice) = _prices(alice);
        assertGt(trainingPrice * 600 / 1e18, TRAINING_CAP);
        _submitAt(alice, 1e18, 1e18);
        assertEq(_pendingOf(alice), TRAINING_CAP + miningPrice * 300 / 1e18);
        assertLedger();
    }

    function test_GivenEarlierPayIsUnclaimed_ItIsSettled() external {
        _openFirstRound();
        _finishRound();
        uint256 earned = _claimableOf(alice);
        _openNextRound();
        _warpToDeadline();
        _submit(alice);
        assertEq(_claimableOf(alice), earned);
        assertEq(_pendingOf(alice), earned);
        assertEq(task.clientState(alice).lastRound, 2);
        assertLedger();
    }
}
