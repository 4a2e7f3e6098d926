// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Policy} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {PricesHarness} from "./Prices.t.sol";

/// @notice The policies with one price against their own equations, in 512 bits and without a division.
contract PricesUniformTest is Test {
    PricesHarness internal harness = new PricesHarness();
    address internal client = makeAddr("client");

    // ------------------------------------------------------------------------------------------------ helpers

    /// @dev Log-uniform in [1, 2^bits).
    function _draw(uint256 seed, uint256 index, uint256 bits) private pure returns (uint256) {
        uint256 draw = uint256(keccak256(abi.encode(seed, index)));
        uint256 width = 1 + draw % bits;
        return (draw >> 8) % (2 ** width - 1) + 1;
    }

    /// @dev Any offer of the ranges; q is any frequency, not that of the offer's own T.
    function _offer(uint256 seed) private pure returns (Prices.Offer memory offer) {
        offer.policy = seed % 2 == 0 ? Policy.FairShare : Policy.LeastCost;
        offer.trainingCycles = _draw(seed, 1, 48);
        offer.energyCoefficient = _draw(seed, 2, 112);
        offer.trainingCap = _draw(seed, 3, 78);
        offer.trainingFrequency = _draw(seed, 4, 72);
        offer.miningCap = _draw(seed, 5, 78) - 1;
        offer.miningCycles = _draw(seed, 6, 48);
        offer.deadline = _draw(seed, 7, 32);
        if (offer.policy == Policy.LeastCost && seed % 8 != 1) offer.reservationUtility = _draw(seed, 8, 79);
    }

    /// @dev An offer near the paper's, with q; u up to what half of such caps pay.
    function _likelyOffer(uint256 seed) private pure returns (Prices.Offer memory offer) {
        offer.policy = seed % 2 == 0 ? Policy.FairShare : Policy.LeastCost;
        offer.trainingCycles = 1e9 * (100 + _draw(seed, 1, 64) % 2000);
        offer.energyCoefficient = 1e28 + _draw(seed, 2, 128) % 1e30;
        offer.trainingCap = 1e15 + _draw(seed, 3, 128) % 1e18;
        offer.miningCap = 1e14 + _draw(seed, 5, 128) % 1e17;
        offer.miningCycles = 1e9 * (1 + _draw(seed, 6, 64) % 1000);
        offer.deadline = 600 + _draw(seed, 7, 64) % 3600;
        if (offer.policy == Policy.LeastCost) offer.reservationUtility = _draw(seed, 8, 128) % 1e17;
        offer.trainingFrequency = Prices.uniformFrequencyUp(offer);
    }

    /// @dev p·10⁵⁴·S ≥ ρq³·S + u·q·10⁶³, in 512 bits: both sides stay below 2^411.
    function _paysEnergyAndUtility(Prices.Offer memory offer, uint256 price) private pure returns (bool) {
        uint256 q = offer.trainingFrequency;
        uint256 cycles = offer.trainingCycles + offer.miningCycles;
        (uint256 energyHigh, uint256 energyLow) = Math.mul512(offer.energyCoefficient * q, q * q * cycles);
        (uint256 utilityHigh, uint256 utilityLow) = Math.mul512(offer.reservationUtility * q, 1e63);
        (uint256 carry, uint256 neededLow) = Math.add512(energyLow, utilityLow);
        uint256 neededHigh = energyHigh + utilityHigh + carry;
        (uint256 paidHigh, uint256 paidLow) = Math.mul512(price, 1e54 * cycles);
        return paidHigh > neededHigh || (paidHigh == neededHigh && paidLow >= neededLow);
    }

    // ------------------------------------------------------------------------------------------------ q, p

    /// @dev (q−1)·T < S·10⁹ ≤ q·T; so (7) holds at q for both subtasks and at no less.
    function testFuzz_UniformFrequencyIsTheLeastThatMeetsTheDeadline(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256 q = Prices.uniformFrequencyUp(offer);
        uint256 needed = (offer.trainingCycles + offer.miningCycles) * 1e9;
        assertGe(q, 1);
        assertGe(q * offer.deadline, needed);
        assertLt((q - 1) * offer.deadline, needed);
        assertLe(Prices.claimedTimeUp(offer.trainingCycles, q, offer.miningCycles, q), offer.deadline, "(7)");
        if (q > 1) {
            uint256 time = Prices.claimedTimeUp(offer.trainingCycles, q - 1, offer.miningCycles, q - 1);
            assertGt(time, offer.deadline, "one less is too slow");
        }
    }

    /// @dev p·T ≤ (R̄_t + R̄_m)·10¹⁸ < (p+1)·T.
    function testFuzz_FairSharePriceIsTheMostThatTheCapsPayForAllOfT(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256 price = Prices.fairSharePriceDown(offer);
        uint256 caps = (offer.trainingCap + offer.miningCap) * 1e18;
        assertLe(price * offer.deadline, caps);
        assertGt((price + 1) * offer.deadline, caps);
    }

    function testFuzz_LeastCostPriceIsTheLeastThatPaysEnergyAndUtility(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256 price = Prices.leastCostPriceUp(offer);
        assertGe(price, 1);
        assertTrue(_paysEnergyAndUtility(offer, price), "pays");
        assertFalse(_paysEnergyAndUtility(offer, price - 1), "one less does not");
        assertGe(price, Prices.leastPriceUp(offer.energyCoefficient, offer.trainingFrequency), "(5), (6)");
    }

    /// @dev Every operand at an end of its range, or one off: no product overflows, no remainder is lost.
    function testFuzz_LeastCostPriceAtTheEndsOfTheRanges(uint256 seed) external pure {
        Prices.Offer memory offer;
        offer.trainingCycles = _end(seed, 1, 2 ** 48 - 1);
        offer.energyCoefficient = _end(seed, 2, 2 ** 112 - 1);
        offer.trainingFrequency = _end(seed, 3, 2 ** 72 - 1);
        offer.miningCycles = _end(seed, 4, 2 ** 48 - 1);
        offer.reservationUtility = _end(seed, 5, 2 ** 79 - 1) - (seed % 2);
        uint256 price = Prices.leastCostPriceUp(offer);
        assertTrue(_paysEnergyAndUtility(offer, price), "pays");
        assertFalse(_paysEnergyAndUtility(offer, price - 1), "one less does not");
    }

    function _end(uint256 seed, uint256 index, uint256 most) private pure returns (uint256) {
        uint256[4] memory ends = [1, 2, most - 1, most];
        return ends[uint256(keccak256(abi.encode(seed, index))) % 4];
    }

    /// @dev Both remainders count: ρq³ = 1.5·10⁵⁴ and u·q·10⁹/S = 0.5 need 2, not 3; 10⁻⁵⁴ more needs 3.
    function test_LeastCostPriceRoundsTheSumOnce() external pure {
        Prices.Offer memory offer;
        offer.energyCoefficient = 1.5e18;
        offer.trainingFrequency = 1e12;
        offer.trainingCycles = 2e21 - 1; // beyond the range of a report, for a sum that is exact
        offer.miningCycles = 1;
        offer.reservationUtility = 1;
        assertEq(Prices.leastPriceUp(offer.energyCoefficient, offer.trainingFrequency), 2);
        assertEq(Prices.leastCostPriceUp(offer), 2);
        offer.energyCoefficient += 1;
        assertEq(Prices.leastCostPriceUp(offer), 3);
    }

    function testFuzz_LeastCostPriceWithoutUtilityIsThatOfTheEnergy(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        offer.reservationUtility = 0;
        assertEq(
            Prices.leastCostPriceUp(offer), Prices.leastPriceUp(offer.energyCoefficient, offer.trainingFrequency)
        );
    }

    // ------------------------------------------------------------------------------------------------ check

    /// @dev What `check` accepts has q for a response: (5)–(7) hold, one price stands for both, T costs at most the caps.
    function testFuzz_AcceptedOffersHaveAFeasibleResponse(uint256 seed) external view {
        Prices.Offer memory offer = _likelyOffer(seed);
        uint256 q = offer.trainingFrequency;
        uint256 caps = offer.trainingCap + offer.miningCap;
        try harness.check(offer, q, client) returns (uint256 price, uint256 miningPrice) {
            assertEq(miningPrice, price, "one price");
            assertTrue(Prices.coversEnergy(price, offer.energyCoefficient, q), "(5), (6)");
            assertLe(Prices.claimedTimeUp(offer.trainingCycles, q, offer.miningCycles, q), offer.deadline, "(7)");
            assertLe(price * offer.deadline, caps * 1e18, "the caps");
            if (offer.policy == Policy.LeastCost) assertTrue(_paysEnergyAndUtility(offer, price), "utility");
            (uint256 trainingAgain, uint256 miningAgain) = Prices.prices(offer, client);
            assertEq(trainingAgain, price);
            assertEq(miningAgain, price);
        } catch (bytes memory reason) {
            uint256 least = Prices.leastPriceUp(offer.energyCoefficient, q);
            uint256 most = Prices.fairSharePriceDown(offer);
            bytes memory expected = offer.policy == Policy.FairShare
                ? abi.encodeWithSelector(BcflErrors.Price_EnergyNotCovered.selector, client, most, least)
                : abi.encodeWithSelector(
                    BcflErrors.Price_PayOverCap.selector, client, Prices.leastCostPriceUp(offer), most
                );
            assertEq(reason, expected);
        }
    }

    /// @dev Any claim that (7) lets pass earns p for its own time: the cap on the sum holds nothing back.
    function testFuzz_WithinTheDeadlinePayIsTheClaimedTimes(uint256 seed, uint256 faster) external view {
        Prices.Offer memory offer = _likelyOffer(seed);
        try harness.check(offer, 2 ** 72 - 1, client) returns (uint256 price, uint256) {
            uint256 t = offer.trainingFrequency + bound(faster, 0, 1e18);
            uint256 m = Math.ceilDiv(
                offer.miningCycles * 1e9 * t, offer.deadline * t - offer.trainingCycles * 1e9
            );
            (uint256 trainingPay, uint256 miningPay) = Prices.pays(offer, price, t, price, m);
            assertEq(trainingPay, Prices.payDown(price, offer.trainingCycles, t));
            assertEq(miningPay, Prices.payDown(price, offer.miningCycles, m));
            assertLe(trainingPay + miningPay, offer.trainingCap + offer.miningCap);
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == BcflErrors.Price_EnergyNotCovered.selector
                    || selector == BcflErrors.Price_PayOverCap.selector,
                vm.toString(reason)
            );
        }
    }
}
