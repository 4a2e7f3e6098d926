// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Entry, ITask, Policy, Report} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";

/// @notice `postEntries` under one price. In the setting of `Base`, q = (600 + 300) Gcycles / 900 s is 1 GHz exactly.
contract PostEntriesUniformTest is Base {
    Policy[2] internal policies = [Policy.FairShare, Policy.LeastCost];

    /// @dev A task under the policy, with room for any cap and a list size of 5 (mining caps are a fifth of η_m).
    function _useWith(Policy policy, uint80 reservationUtility, uint80 miningCap) private {
        terms = _defaultTerms();
        (terms.policy, terms.reservationUtility, terms.miningBudget) = (policy, reservationUtility, 5 * miningCap);
        _use(terms);
    }

    function _expectRefusal(bytes memory reason, Entry memory entry) private {
        vm.expectRevert(reason);
        _postOne(entry);
    }

    function _postOne(Entry memory entry) private {
        Entry[] memory entries = new Entry[](1);
        entries[0] = entry;
        vm.prank(owner);
        task.postEntries(1, 5, entries);
    }

    /// @dev The entry is taken; the price that follows from it is this one.
    function _expectPosted(Entry memory entry, uint256 price) private {
        _assertPrice(entry, price);
        Entry[] memory entries = new Entry[](1);
        entries[0] = entry;
        vm.expectEmit(address(task));
        emit ITask.EntriesPosted(1, entries);
        _postOne(entry);
        assertEq(task.clientState(entry.client).trainingCap, entry.trainingCap);
        assertEq(task.listState().hired, 1);
    }

    function _assertPrice(Entry memory entry, uint256 price) private view {
        Prices.Offer memory offer = _offer(entry.client, entry.trainingCap, 5);
        offer.trainingFrequency = entry.trainingFrequency;
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, entry.client);
        assertEq(trainingPrice, price);
        assertEq(miningPrice, price);
    }

    function _error(bytes4 selector, uint256 a, uint256 b) private view returns (bytes memory) {
        return abi.encodeWithSelector(selector, alice, a, b);
    }

    // ------------------------------------------------------------------------------------------------ frequency

    function test_RevertWhen_TheFrequencyIsNotTheLeastThatMeetsTheDeadline() external {
        for (uint256 i; i < 2; ++i) {
            _useWith(policies[i], 0, MINING_CAP);
            _join(alice);
            bytes4 selector = BcflErrors.Price_WrongFrequency.selector;
            _expectRefusal(_error(selector, 1e18 - 1, 1e18), Entry(alice, TRAINING_CAP, 1e18 - 1));
            _expectRefusal(_error(selector, 1e18 + 1, 1e18), Entry(alice, TRAINING_CAP, 1e18 + 1));
        }
    }

    function test_WhenTheFrequencyIsAFraction_ItIsRoundedUp() external {
        _useWith(Policy.FairShare, 0, MINING_CAP);
        _join(alice, _report(UNITS + 1)); // 901/900 GHz
        uint72 q = 1_001111111111111112;
        bytes4 selector = BcflErrors.Price_WrongFrequency.selector;
        _expectRefusal(_error(selector, q - 1, q), Entry(alice, TRAINING_CAP, q - 1));
        _expectPosted(Entry(alice, TRAINING_CAP, q), uint256(30e15) * 1e18 / 900);
    }

    function test_RevertWhen_TheFrequencyIsZeroOrAboveTheClientsHighest() external {
        for (uint256 i; i < 2; ++i) {
            _useWith(policies[i], 0, MINING_CAP);
            _join(alice, Report(UNITS, RHO, 1e18 - 1));
            _join(bob, Report(UNITS, RHO, 1e18));
            bytes4 selector = BcflErrors.Price_FrequencyOutOfRange.selector;
            _expectRefusal(_error(selector, 0, 1e18 - 1), Entry(alice, TRAINING_CAP, 0));
            _expectRefusal(_error(selector, 1e18, 1e18 - 1), Entry(alice, TRAINING_CAP, 1e18));
            _postOne(Entry(bob, TRAINING_CAP, 1e18));
        }
    }

    // ------------------------------------------------------------------------------------------------ fair-share

    /// @dev ⌊(R̄_t + R̄_m)·10¹⁸/900⌋ is ρ·(1 GHz)³ for caps of 150·10¹² in all, however they are split.
    function test_RevertWhen_TheCapsCoverTheEnergyButForOneWei_FairShare() external {
        for (uint80 miningCap; miningCap <= 100e12; miningCap += 50e12) {
            _useWith(Policy.FairShare, 0, miningCap);
            _join(alice);
            uint80 cap = 150e12 - miningCap;
            uint256 price = (uint256(150e12) - 1) * 1e18 / 900;
            assertLt(price, RHO);
            _expectRefusal(
                _error(BcflErrors.Price_EnergyNotCovered.selector, price, RHO), Entry(alice, cap - 1, 1e18)
            );
            _expectPosted(Entry(alice, cap, 1e18), RHO);
        }
    }

    function test_RevertWhen_ThePriceExceeds128Bits_FairShare() external {
        _useTiny(Policy.FairShare, 0);
        // T = 1 s: 2^128 = 340282366920938463463.37…·10^18.
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, alice),
            Entry(alice, 340282366920938463464, 17e9)
        );
        _expectPosted(Entry(alice, 340282366920938463463, 17e9), 340282366920938463463e18);
    }

    /// @dev One cycle to train, 16 to mine, one second and ρ = 1 unit: q = 17·10⁹ and energy of one unit of price.
    function _useTiny(Policy policy, uint80 reservationUtility) private {
        terms = _defaultTerms();
        (terms.policy, terms.reservationUtility) = (policy, reservationUtility);
        (terms.budget, terms.miningBudget) = (2 ** 79 - 1, 0);
        (terms.cycleUnit, terms.miningCycles, terms.cyclesPerHash, terms.deadline) = (1, 16, 1, 1);
        vm.deal(owner, 2 ** 90);
        _use(terms);
        _join(alice, Report(1, 1, MAX_FREQUENCY));
    }

    // ------------------------------------------------------------------------------------------------ least-cost

    function test_RevertWhen_TheCapsPayTheEnergyButForOneWei_LeastCost() external {
        for (uint80 miningCap; miningCap <= 100e12; miningCap += 50e12) {
            _useWith(Policy.LeastCost, 0, miningCap);
            _join(alice);
            uint80 cap = 150e12 - miningCap;
            uint256 most = (uint256(150e12) - 1) * 1e18 / 900;
            _expectRefusal(_error(BcflErrors.Price_PayOverCap.selector, RHO, most), Entry(alice, cap - 1, 1e18));
            _expectPosted(Entry(alice, cap, 1e18), RHO);
        }
    }

    /// @dev ρ = 2·10²⁹ and u = 9·10¹²: p = 2.1·10²⁹, and p·T = 189·10¹²·10¹⁸ without a remainder.
    function test_RevertWhen_TheCapsPayEnergyAndUtilityButForOneWei_LeastCost() external {
        _useWith(Policy.LeastCost, 9e12, 39e12);
        _join(alice, Report(UNITS, 2e29, MAX_FREQUENCY));
        uint256 most = (uint256(189e12) - 1) * 1e18 / 900;
        _expectRefusal(_error(BcflErrors.Price_PayOverCap.selector, 2.1e29, most), Entry(alice, 150e12 - 1, 1e18));
        _expectPosted(Entry(alice, 150e12, 1e18), 2.1e29);
    }

    /// @dev One wei of utility more costs 10¹⁸/900 in price, and rounding that up for 900 s a part of another wei: the
    /// same caps no longer pay it, nor do they with one wei more, but with two.
    function test_RevertWhen_TheUtilityIsOneWeiTooHigh_LeastCost() external {
        _useWith(Policy.LeastCost, 9e12 + 1, 39e12);
        _join(alice, Report(UNITS, 2e29, MAX_FREQUENCY));
        uint256 price = 2.1e29 + uint256(1e18) / 900 + 1;
        _expectRefusal(_error(BcflErrors.Price_PayOverCap.selector, price, 2.1e29), Entry(alice, 150e12, 1e18));
        uint256 most = 2.1e29 + uint256(1e18) / 900;
        _expectRefusal(_error(BcflErrors.Price_PayOverCap.selector, price, most), Entry(alice, 150e12 + 1, 1e18));
        _expectPosted(Entry(alice, 150e12 + 2, 1e18), price);
    }

    function test_RevertWhen_ThePriceExceeds128Bits_LeastCost() external {
        _useTiny(Policy.LeastCost, 340282366920938463464);
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, alice), Entry(alice, 2 ** 79 - 1, 17e9)
        );
        _useTiny(Policy.LeastCost, 340282366920938463463);
        _expectPosted(Entry(alice, 2 ** 79 - 1, 17e9), 340282366920938463463e18 + 1);
    }

    // ------------------------------------------------------------------------------------------------ posting

    function test_FairShare_PostsOnePriceForBothSubtasks() external {
        _useWith(Policy.FairShare, 0, MINING_CAP);
        _joinAll();
        // 30 units of money over 15 minutes.
        _assertPrice(Entry(alice, TRAINING_CAP, 1e18), uint256(30e15) * 1e18 / 900);
        _post(clients);
        assertEq(task.listState().hired, 5);
        assertEq(task.listState().trainingCaps, 125e15);
        assertEq(task.clientState(erin).trainingFrequency, 1e18);
    }

    function test_LeastCost_PostsTheEnergysPrice() external {
        _useWith(Policy.LeastCost, 0, MINING_CAP);
        _joinAll();
        // ρ(μ+ψ)³/T³ of the paper's setting: 0.15 units of money over 15 minutes.
        assertApproxEqRel(uint256(RHO), uint256(0.15e15) * 1e18 / 900, 1);
        _assertPrice(Entry(alice, TRAINING_CAP, 1e18), RHO);
        _post(clients);
        assertEq(task.listState().hired, 5);
    }

    /// @dev The quick and the slow client earn the same under `FairShare`; only the frequency follows from the report.
    function test_FairShare_PricesDoNotDependOnTheReport() external {
        _useWith(Policy.FairShare, 0, MINING_CAP);
        _join(alice, _report(100));
        _join(bob, _report(2000));
        uint256 price = uint256(30e15) * 1e18 / 900;
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry(alice, TRAINING_CAP, 444444444444444445); // 400/900 GHz
        entries[1] = Entry(bob, TRAINING_CAP, 2555555555555555556); // 2300/900 GHz
        _assertPrice(entries[0], price);
        _assertPrice(entries[1], price);
        _post(1, 5, entries);
        assertEq(task.listState().hired, 2);
    }
}
