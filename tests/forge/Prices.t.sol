// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Policy} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";

/// @dev Makes refusals of the library catchable.
contract PricesHarness {
    function check(Prices.Offer memory offer, uint256 maxFrequency, address client)
        external
        pure
        returns (uint256, uint256)
    {
        return Prices.check(offer, maxFrequency, client);
    }

    function trainingPriceDown(Prices.Offer memory offer, address client) external pure returns (uint256) {
        return Prices.trainingPriceDown(offer, client);
    }
}

/// @notice The library against its own equations, in 512 bits and without a division, over the whole of its ranges.
contract PricesTest is Test {
    PricesHarness internal harness = new PricesHarness();
    address internal client = makeAddr("client");

    // ------------------------------------------------------------------------------------------------ helpers

    /// @dev Log-uniform in [1, 2^bits): small numbers are as likely as large ones.
    function _draw(uint256 seed, uint256 index, uint256 bits) private pure returns (uint256) {
        uint256 draw = uint256(keccak256(abi.encode(seed, index)));
        uint256 width = 1 + draw % bits;
        return (draw >> 8) % (2 ** width - 1) + 1;
    }

    function _offer(uint256 seed) private pure returns (Prices.Offer memory offer) {
        offer.policy = Policy(seed % 4);
        offer.trainingCycles = _draw(seed, 1, 48);
        offer.energyCoefficient = _draw(seed, 2, 112);
        offer.trainingCap = _draw(seed, 3, 79);
        offer.trainingFrequency = _draw(seed, 4, 72);
        offer.miningCap = _draw(seed, 5, 79) - 1;
        offer.miningCycles = _draw(seed, 6, 48);
        offer.deadline = _draw(seed, 7, 32);
        offer.reservationUtility = _draw(seed, 8, 79) - 1;
    }

    /// @dev An offer near the paper's under one of the theorems, so that most lie in the domain.
    function _likelyOffer(uint256 seed) private pure returns (Prices.Offer memory offer) {
        offer.policy = Policy(seed % 2);
        offer.trainingCycles = 1e9 * (100 + _draw(seed, 1, 64) % 2000);
        offer.energyCoefficient = 1e28 + _draw(seed, 2, 128) % 1e30;
        offer.trainingCap = 1e14 + _draw(seed, 3, 128) % 1e18;
        offer.miningCap = 1e14 + _draw(seed, 5, 128) % 1e17;
        offer.miningCycles = 1e9 * (1 + _draw(seed, 6, 64) % 1000);
        offer.deadline = 60 + _draw(seed, 7, 64) % 3600;
    }

    function _cubeRoot(uint256 price, uint256 energyCoefficient) private pure returns (uint256 low) {
        uint256 high = 2 ** 72 - 1;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (Prices.leastPriceUp(energyCoefficient, middle) <= price) low = middle;
            else high = middle - 1;
        }
    }

    /// @dev a·b ≤ c·d in 512 bits.
    function _atMost(uint256 a, uint256 b, uint256 c, uint256 d) private pure returns (bool) {
        (uint256 highLeft, uint256 lowLeft) = Math.mul512(a, b);
        (uint256 highRight, uint256 lowRight) = Math.mul512(c, d);
        return highLeft < highRight || (highLeft == highRight && lowLeft <= lowRight);
    }

    // ------------------------------------------------------------------------------------------------ (18)

    /// @dev P²·ρM³ ≤ R³·10⁸¹ < (P+1)²·ρM³, or the price is refused and R³·10⁸¹ ≥ 2^256·ρM³.
    function testFuzz_TrainingPriceIsTheFloorOfTheRoot(uint256 seed) external view {
        Prices.Offer memory offer = _offer(seed);
        uint256 x = offer.trainingCap ** 2 * 1e29;
        uint256 y = offer.trainingCap * 1e52;
        uint256 divisor = offer.energyCoefficient * offer.trainingCycles ** 3;
        try harness.trainingPriceDown(offer, client) returns (uint256 price) {
            assertGe(price, 92, "no cap is so small that its price vanishes");
            assertLt(price, 2 ** 128);
            assertTrue(_atMost(price * price, divisor, x, y), "too high");
            if (price < 2 ** 128 - 1) {
                assertFalse(_atMost((price + 1) * (price + 1), divisor, x, y), "too low");
            }
        } catch (bytes memory reason) {
            assertEq(reason, abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, client));
            (uint256 high,) = Math.mul512(x, y);
            assertGe(high, divisor);
        }
    }

    function testFuzz_TrainingPriceRisesWithTheCapAndFallsWithWorkAndEnergy(uint256 seed, uint256 more) external view {
        Prices.Offer memory offer = _likelyOffer(seed);
        uint256 price = Prices.trainingPriceDown(offer, client);
        more = bound(more, 1, 1e18);
        offer.trainingCap += more;
        assertGe(Prices.trainingPriceDown(offer, client), price, "cap");
        offer.trainingCap -= more;
        offer.trainingCycles += more % 1e12;
        assertLe(Prices.trainingPriceDown(offer, client), price, "cycles");
        offer.trainingCycles -= more % 1e12;
        offer.energyCoefficient += more;
        assertLe(Prices.trainingPriceDown(offer, client), price, "energy");
    }

    // ------------------------------------------------------------------------------------------------ (5), (6), (23)

    /// @dev (L−1)·10⁵⁴ < ρq³ ≤ L·10⁵⁴.
    function testFuzz_LeastPriceIsTheLeastThatCoversTheEnergy(uint256 seed) external pure {
        uint256 rho = _draw(seed, 1, 112);
        uint256 q = _draw(seed, 2, 72);
        uint256 least = Prices.leastPriceUp(rho, q);
        assertGe(least, 1);
        assertLt(least, 2 ** 149);
        assertTrue(_atMost(rho * q, q * q, least, 1e54), "covers");
        assertFalse(_atMost(rho * q, q * q, least - 1, 1e54), "one less does not");
        assertLe(least, Prices.leastPriceUp(rho, q + 1), "rises with q");
        assertLe(least, Prices.leastPriceUp(rho + 1, q), "rises with the energy coefficient");
    }

    // ------------------------------------------------------------------------------------------------ (7), (9)

    function testFuzz_MiningFrequencyIsTheLeastThatMeetsTheDeadline(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256 slack = Prices.miningSlack(offer);
        if (slack == 0) {
            assertLe(offer.deadline * offer.trainingFrequency, offer.trainingCycles * 1e9);
            return;
        }
        uint256 q = Prices.miningFrequencyUp(offer, slack);
        uint256 time =
            Prices.claimedTimeUp(offer.trainingCycles, offer.trainingFrequency, offer.miningCycles, q);
        assertLe(time, offer.deadline, "(7)");
        if (q > 1) {
            time = Prices.claimedTimeUp(
                offer.trainingCycles, offer.trainingFrequency, offer.miningCycles, q - 1
            );
            assertGt(time, offer.deadline, "one less is too slow");
        }
    }

    /// @dev (t−1)·q_t·q_m < 10⁹·(M·q_m + ψ·q_t) ≤ t·q_t·q_m.
    function testFuzz_ClaimedTimeIsRoundedUp(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256 t = offer.trainingFrequency;
        uint256 m = _draw(seed, 8, 72);
        uint256 time = Prices.claimedTimeUp(offer.trainingCycles, t, offer.miningCycles, m);
        uint256 needed = 1e9 * (offer.trainingCycles * m + offer.miningCycles * t);
        assertGe(time, 1);
        assertTrue(_atMost(needed, 1, time, t * m));
        assertFalse(_atMost(needed, 1, time - 1, t * m));
    }

    // ------------------------------------------------------------------------------------------------ (19), pay

    function testFuzz_Complete_MiningPayAtTheTheoremsFrequencyStaysWithinItsCap(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256 slack = Prices.miningSlack(offer);
        if (slack == 0) return;
        uint256 price = Prices.miningPriceDown(offer, slack);
        uint256 q = Prices.miningFrequencyUp(offer, slack);
        assertLe(price * slack, offer.miningCap * 1e18 * offer.trainingFrequency);
        assertLe(price * offer.miningCycles / (q * 1e9), offer.miningCap);
    }

    function testFuzz_PayIsRoundedDown(uint256 seed) external pure {
        uint256 price = _draw(seed, 1, 149);
        uint256 cycles = _draw(seed, 2, 48);
        uint256 q = _draw(seed, 3, 72);
        uint256 pay = Prices.payDown(price, cycles, q);
        assertTrue(_atMost(pay, q * 1e9, price, cycles));
        assertFalse(_atMost(pay + 1, q * 1e9, price, cycles));
    }

    // ------------------------------------------------------------------------------------------------ caps

    /// @dev Each pay is at most what its price and time give; the caps hold each pay, or their sum; and no pay is held
    /// back that the caps leave room for.
    function testFuzz_PaysStayWithinTheCaps(uint256 seed) external pure {
        Prices.Offer memory offer = _offer(seed);
        uint256[4] memory drawn = [_draw(seed, 9, 128), _draw(seed, 10, 72), _draw(seed, 11, 128), _draw(seed, 12, 72)];
        (uint256 training, uint256 mining) = Prices.pays(offer, drawn[0], drawn[1], drawn[2], drawn[3]);
        uint256 trainingMost = Prices.payDown(drawn[0], offer.trainingCycles, drawn[1]);
        uint256 miningMost = Prices.payDown(drawn[2], offer.miningCycles, drawn[3]);
        uint256 sum = offer.trainingCap + offer.miningCap;
        assertLe(training, trainingMost, "training pay");
        assertLe(mining, miningMost, "mining pay");
        assertLe(training + mining, sum, "both caps");
        if (Prices.isUniform(offer.policy)) {
            assertEq(training + mining, Math.min(trainingMost + miningMost, sum), "nothing is held back");
            assertEq(training, Math.min(trainingMost, sum), "mining gives way");
        } else {
            assertEq(training, Math.min(trainingMost, offer.trainingCap), "training cap");
            assertEq(mining, Math.min(miningMost, offer.miningCap), "mining cap");
        }
    }

    // ------------------------------------------------------------------------------------------------ check

    /// @dev Over the whole ranges an offer is accepted or refused by a typed error; nothing overflows.
    function testFuzz_CheckNeverOverflows(uint256 seed) external view {
        Prices.Offer memory offer = _offer(seed);
        uint256 maxFrequency = _draw(seed, 9, 72);
        try harness.trainingPriceDown(offer, client) returns (uint256 price) {
            // Half with the right frequency, where one exists: beyond the first refusal.
            uint256 root = Prices.isUniform(offer.policy)
                ? Prices.uniformFrequencyUp(offer)
                : _cubeRoot(price, offer.energyCoefficient);
            if (seed / 4 % 2 == 0 && root > 0) (offer.trainingFrequency, maxFrequency) = (root, 2 ** 72 - 1);
        } catch {}
        try harness.check(offer, maxFrequency, client) returns (uint256 trainingPrice, uint256 miningPrice) {
            assertTrue(trainingPrice > 0 && trainingPrice < 2 ** 128);
            assertTrue(miningPrice > 0 && miningPrice < 2 ** 128);
        } catch (bytes memory reason) {
            assertTrue(_isPriceError(bytes4(reason)), vm.toString(reason));
        }
    }

    function _isPriceError(bytes4 selector) private pure returns (bool) {
        return selector == BcflErrors.Price_MiningNotCovered.selector
            || selector == BcflErrors.Price_MiningPayOverCap.selector
            || selector == BcflErrors.Price_FrequencyOutOfRange.selector
            || selector == BcflErrors.Price_NoTimeToMine.selector || selector == BcflErrors.Price_OutOfRange.selector
            || selector == BcflErrors.Price_WrongTrainingFrequency.selector
            || selector == BcflErrors.Price_EnergyNotCovered.selector
            || selector == BcflErrors.Price_PayOverCap.selector || selector == BcflErrors.Price_WrongFrequency.selector;
    }

    /// @dev What `check` accepts has a feasible response: (5), (6), (7), (17) hold, and `prices` says the same.
    function testFuzz_AcceptedOffersHaveAFeasibleResponse(uint256 seed) external view {
        Prices.Offer memory offer = _likelyOffer(seed);
        offer.trainingFrequency = _cubeRoot(Prices.trainingPriceDown(offer, client), offer.energyCoefficient);
        try harness.check(offer, 2 ** 72 - 1, client) returns (uint256 trainingPrice, uint256 miningPrice) {
            uint256 t = offer.trainingFrequency;
            uint256 m = Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
            assertTrue(Prices.coversEnergy(trainingPrice, offer.energyCoefficient, t), "(5)");
            assertTrue(Prices.coversEnergy(miningPrice, offer.energyCoefficient, m), "(6)");
            assertLe(
                Prices.claimedTimeUp(offer.trainingCycles, t, offer.miningCycles, m), offer.deadline, "(7)"
            );
            assertLe(Prices.payDown(miningPrice, offer.miningCycles, m), offer.miningCap, "(17)");
            assertGt(Prices.leastPriceUp(offer.energyCoefficient, t + 1), trainingPrice, "(8)");
            (uint256 trainingAgain, uint256 miningAgain) = Prices.prices(offer, client);
            assertEq(trainingAgain, trainingPrice);
            assertEq(miningAgain, miningPrice);
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == BcflErrors.Price_NoTimeToMine.selector
                    || selector == BcflErrors.Price_MiningNotCovered.selector
                    || selector == BcflErrors.Price_MiningPayOverCap.selector
                    // Training takes all but an instant of T.
                    || selector == BcflErrors.Price_OutOfRange.selector
                    || selector == BcflErrors.Price_FrequencyOutOfRange.selector,
                vm.toString(reason)
            );
        }
    }

    /// @dev A campaign's find: training leaves so little of T that the mining price would not fit.
    function test_AnOfferThatLeavesAnInstantToMineIsOutOfRange() external {
        uint256 seed = 4625204209625141855811131397;
        this.testFuzz_AcceptedOffersHaveAFeasibleResponse(seed);
        Prices.Offer memory offer = _likelyOffer(seed);
        offer.trainingFrequency = _cubeRoot(Prices.trainingPriceDown(offer, client), offer.energyCoefficient);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, client));
        harness.check(offer, 2 ** 72 - 1, client);
    }

    /// @dev A campaign's find: so little that no frequency of its type would do.
    function test_AnOfferThatLeavesAnInstantToMineAsksForTooHighAFrequency() external {
        uint256 seed = 667169542888797898830921714;
        this.testFuzz_AcceptedOffersHaveAFeasibleResponse(seed);
        Prices.Offer memory offer = _likelyOffer(seed);
        offer.trainingFrequency = _cubeRoot(Prices.trainingPriceDown(offer, client), offer.energyCoefficient);
        uint256 needed = Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
        assertGt(needed, 2 ** 72 - 1);
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Price_FrequencyOutOfRange.selector, client, needed, 2 ** 72 - 1)
        );
        harness.check(offer, 2 ** 72 - 1, client);
    }
}
