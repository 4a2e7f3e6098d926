// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Policy} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {PricesHarness} from "./Prices.t.sol";

/// @notice Borders of the library's ranges that random offers do not meet. Each was found by a fault that survived.
contract PricesBordersTest is Test {
    PricesHarness internal harness = new PricesHarness();
    address internal client = makeAddr("client");

    /// @notice ρq³ lies 2⁻³¹ above a whole price, which 10⁵⁴ + 1 in place of 10⁵⁴ would miss.
    function test_TheCommonScaleIsExact() external pure {
        uint256 price = Prices.leastPriceUp(5192296858534827614509860460167168, 4722366481781005859375);
        assertEq(price, 546812680817585503915384039090642511813667002);
    }

    /// @notice (18) on a radicand between 999,999 and 1,000,000: its floor has the lower root.
    function test_TheRadicandIsRoundedDown() external view {
        Prices.Offer memory offer;
        offer.trainingCap = 1;
        offer.trainingCycles = 2 ** 47;
        offer.energyCoefficient = 358732406867153170156474773322219;
        assertEq(Prices.trainingPriceDown(offer, client), 999);
    }

    /// @notice (18) where R̄³·10⁸¹/ρ is a square, to which 10⁵² + 1 in place of 10⁵² would add enough for the next root.
    function test_TheScaleOfTheRadicandIsExact() external view {
        Prices.Offer memory offer;
        offer.trainingCap = 1e9;
        offer.trainingCycles = 1;
        offer.energyCoefficient = 98029604940692089206940496029801;
        assertEq(Prices.trainingPriceDown(offer, client), 100999999999999999899000000000000000100);
    }

    /// @notice (18) where the radicand's 512 bits over ρM³ make 2²⁵⁶ and less than one more, the first that do not fit.
    function test_TheFirstRadicandThatDoesNotFitIsOutOfRange() external {
        Prices.Offer memory offer;
        offer.trainingCap = 8e9;
        offer.trainingCycles = 1;
        offer.energyCoefficient = 4421718300208355648197812153753804;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, client));
        harness.trainingPriceDown(offer, client);
        ++offer.energyCoefficient;
        assertEq(harness.trainingPriceDown(offer, client), 340282366920938463463374607431768195310);
    }

    /// @notice `LeastCost` at q = 10¹⁷: u makes steps of 10¹⁵, ρ steps of 1/1000, so that every price can be met.
    function test_TheHighestPriceIsTheLastBelowTwoToThe128() external {
        Prices.Offer memory offer = Prices.Offer({
            policy: Policy.LeastCost,
            trainingCycles: 5e10,
            energyCoefficient: uint256(type(uint128).max) % 1e15 * 1000,
            trainingCap: 4e23,
            trainingFrequency: 1e17,
            miningCap: 0,
            miningCycles: 5e10,
            deadline: 1000,
            reservationUtility: uint256(type(uint128).max) / 1e15
        });
        (, uint256 price) = harness.check(offer, 1e17, client);
        assertEq(price, type(uint128).max);

        offer.energyCoefficient += 1000;
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, client));
        harness.check(offer, 1e17, client);
    }

    /// @notice Mining may take all of the client's highest frequency, and not a bit more.
    function test_MiningMayRunAtTheHighestFrequency() external {
        Prices.Offer memory offer = Prices.Offer({
            policy: Policy.Incomplete,
            trainingCycles: 600e9,
            energyCoefficient: 1e33 / uint256(6000),
            trainingCap: 25e15,
            trainingFrequency: 0,
            miningCap: 1e24,
            miningCycles: 300e9,
            deadline: 39,
            reservationUtility: 0
        });
        offer.trainingFrequency = _cubeRoot(Prices.trainingPriceDown(offer, client), offer.energyCoefficient);
        uint256 frequency = Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
        assertGt(frequency, offer.trainingFrequency, "mining is the faster part");

        (, uint256 price) = harness.check(offer, frequency, client);
        assertEq(price, Prices.leastPriceUp(offer.energyCoefficient, frequency));
        vm.expectRevert(
            abi.encodeWithSelector(
                BcflErrors.Price_FrequencyOutOfRange.selector, client, frequency, frequency - 1
            )
        );
        harness.check(offer, frequency - 1, client);
    }

    /// @dev The largest q with ρq³ ≤ p·10⁵⁴, by bisection.
    function _cubeRoot(uint256 price, uint256 energyCoefficient) private pure returns (uint256 low) {
        uint256 high = 2 ** 72 - 1;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (Prices.leastPriceUp(energyCoefficient, middle) <= price) low = middle;
            else high = middle - 1;
        }
    }
}
