// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Policy} from "../interfaces/Types.sol";
import {BcflErrors} from "../interfaces/BcflErrors.sol";

/// @title Prices
/// @notice The mechanism in integers: one chain of roundings, the same as `bcfl_offchain.mechanism.fixed_point`.
/// @dev Units: money in the token's smallest unit, prices and ρ with 18 further decimals, cycles in whole CPU cycles,
/// frequencies in GHz with 18 decimals, times in seconds. M cycles at frequency q take M·10⁹/q seconds, which is kept
/// as a fraction. Operands are in the ranges that `TermsCheck` and `Task.joinTask` enforce: caps below 2^79, ρ below
/// 2^112, cycles below 2^48, frequencies below 2^72, T below 2^32. Each bound below follows from these, which is why the
/// arithmetic is unchecked.
library Prices {
    /// @dev p·10⁵⁴ ≥ ρq³ is (5) or (6) in the common scale of 72 decimals.
    uint256 internal constant COMMON_SCALE = 1e54;
    /// @dev Cycles over GHz with 18 decimals give 10⁻⁹ seconds.
    uint256 internal constant TIME_SCALE = 1e9;
    uint256 internal constant WAD = 1e18;

    /// @notice What the prices of one client follow from.
    struct Offer {
        Policy policy;
        uint256 trainingCycles;
        uint256 energyCoefficient;
        uint256 trainingCap;
        uint256 trainingFrequency;
        uint256 miningCap;
        uint256 miningCycles;
        uint256 deadline;
        uint256 reservationUtility;
    }

    /// @notice Whether the policy has one price for both subtasks; else the theorems' two.
    function isUniform(Policy policy) internal pure returns (bool) {
        return policy >= Policy.FairShare;
    }

    /// @notice Prices of an entry whose offer lies in the policy's domain; refuses all others with the reason.
    function check(Offer memory offer, uint256 maxFrequency, address client)
        internal
        pure
        returns (uint256 trainingPrice, uint256 miningPrice)
    {
        uint256 frequency = offer.trainingFrequency;
        if (frequency == 0 || frequency > maxFrequency) {
            revert BcflErrors.Price_FrequencyOutOfRange(client, frequency, maxFrequency);
        }
        if (isUniform(offer.policy)) {
            trainingPrice = miningPrice = _checkUniform(offer, client);
            _requireInRange(miningPrice, client);
        } else {
            (trainingPrice, miningPrice) = _checkTheorem(offer, maxFrequency, client);
        }
    }

    /// @dev (18) with (19) or (23). The only root taken on chain is the square root of (18); the cube root of (8) is
    /// checked by multiplication.
    function _checkTheorem(Offer memory offer, uint256 maxFrequency, address client)
        private
        pure
        returns (uint256 trainingPrice, uint256 miningPrice)
    {
        uint256 frequency = offer.trainingFrequency;
        trainingPrice = trainingPriceDown(offer, client);
        if (!isHighestCovered(trainingPrice, offer.energyCoefficient, frequency)) {
            revert BcflErrors.Price_WrongTrainingFrequency(client, frequency, trainingPrice);
        }

        uint256 slack = miningSlack(offer);
        if (slack == 0) revert BcflErrors.Price_NoTimeToMine(client, frequency);
        uint256 miningFrequency = miningFrequencyUp(offer, slack);
        if (miningFrequency > maxFrequency) {
            revert BcflErrors.Price_FrequencyOutOfRange(client, miningFrequency, maxFrequency);
        }

        if (offer.policy == Policy.Complete) {
            miningPrice = miningPriceDown(offer, slack);
            if (!coversEnergy(miningPrice, offer.energyCoefficient, miningFrequency)) {
                revert BcflErrors.Price_MiningNotCovered(
                    client, miningPrice, leastPriceUp(offer.energyCoefficient, miningFrequency)
                );
            }
        } else {
            miningPrice = leastPriceUp(offer.energyCoefficient, miningFrequency);
        }
        _requireInRange(miningPrice, client); // before it is multiplied
        uint256 miningPay = payDown(miningPrice, offer.miningCycles, miningFrequency);
        if (miningPay > offer.miningCap) revert BcflErrors.Price_MiningPayOverCap(client, miningPay, offer.miningCap);
    }

    /// @dev One price p and one frequency q = ⌈(μ+ψ)/T⌉: p ≥ ρq³ and p·T ≤ R̄_t + R̄_m. By multiplication alone.
    function _checkUniform(Offer memory offer, address client) private pure returns (uint256 price) {
        uint256 frequency = uniformFrequencyUp(offer);
        if (offer.trainingFrequency != frequency) {
            revert BcflErrors.Price_WrongFrequency(client, offer.trainingFrequency, frequency);
        }
        uint256 mostPrice = fairSharePriceDown(offer);
        if (offer.policy == Policy.FairShare) {
            price = mostPrice;
            uint256 leastPrice = leastPriceUp(offer.energyCoefficient, frequency);
            if (price < leastPrice) revert BcflErrors.Price_EnergyNotCovered(client, price, leastPrice);
        } else {
            price = leastCostPriceUp(offer);
            if (price > mostPrice) revert BcflErrors.Price_PayOverCap(client, price, mostPrice);
        }
    }

    function _requireInRange(uint256 price, address client) private pure {
        if (price > type(uint128).max) revert BcflErrors.Price_OutOfRange(client);
    }

    /// @notice Prices of an offer that has passed `check`.
    function prices(Offer memory offer, address client)
        internal
        pure
        returns (uint256 trainingPrice, uint256 miningPrice)
    {
        if (isUniform(offer.policy)) {
            trainingPrice = offer.policy == Policy.FairShare ? fairSharePriceDown(offer) : leastCostPriceUp(offer);
            return (trainingPrice, trainingPrice);
        }
        trainingPrice = trainingPriceDown(offer, client);
        uint256 slack = miningSlack(offer);
        miningPrice = offer.policy == Policy.Complete
            ? miningPriceDown(offer, slack)
            : leastPriceUp(offer.energyCoefficient, miningFrequencyUp(offer, slack));
    }

    /// @notice What the claimed frequencies earn: each pay within its cap, or their sum under one price.
    function pays(
        Offer memory offer,
        uint256 trainingPrice,
        uint256 trainingFrequency,
        uint256 miningPrice,
        uint256 miningFrequency
    ) internal pure returns (uint256 trainingPay, uint256 miningPay) {
        uint256 trainingCap = offer.trainingCap;
        uint256 miningCap = offer.miningCap;
        trainingPay = payDown(trainingPrice, offer.trainingCycles, trainingFrequency);
        miningPay = payDown(miningPrice, offer.miningCycles, miningFrequency);
        if (isUniform(offer.policy)) {
            trainingPay = Math.min(trainingPay, trainingCap + miningCap);
            miningPay = Math.min(miningPay, trainingCap + miningCap - trainingPay);
        } else {
            trainingPay = Math.min(trainingPay, trainingCap);
            miningPay = Math.min(miningPay, miningCap);
        }
    }

    /// @notice The frequency at which both subtasks take T together: ⌈(μ+ψ)/T⌉.
    function uniformFrequencyUp(Offer memory offer) internal pure returns (uint256) {
        return FixedPointMathLib.divUp((offer.trainingCycles + offer.miningCycles) * TIME_SCALE, offer.deadline);
    }

    /// @notice `FairShare`: p = ⌊(R̄_t + R̄_m)/T⌋.
    function fairSharePriceDown(Offer memory offer) internal pure returns (uint256) {
        return (offer.trainingCap + offer.miningCap) * WAD / offer.deadline;
    }

    /// @notice `LeastCost`: p = ⌈ρq³ + u·q/(μ+ψ)⌉ at the offer's q, the least price that pays the energy and u in the
    /// time that both subtasks take.
    /// @dev ρq³/10⁵⁴ = a + rₐ/10⁵⁴ and u·q·10⁹/S = b + r_b/S: the two remainders are added over the common divisor
    /// 10⁵⁴·S before the one rounding. S is below 2^49, so all terms stay below 2^230.
    function leastCostPriceUp(Offer memory offer) internal pure returns (uint256) {
        uint256 frequency = offer.trainingFrequency;
        uint256 cycles = offer.trainingCycles + offer.miningCycles;
        uint256 x = offer.energyCoefficient * frequency;
        uint256 y = frequency * frequency;
        uint256 utility = offer.reservationUtility * frequency * TIME_SCALE;
        uint256 remainder =
            mulmod(x, y, COMMON_SCALE) * cycles + utility % cycles * COMMON_SCALE;
        return FixedPointMathLib.fullMulDiv(x, y, COMMON_SCALE) + utility / cycles
            + FixedPointMathLib.divUp(remainder, COMMON_SCALE * cycles);
    }

    /// @notice (18): p_t = ⌊√(R̄_t³·10⁸¹ / (ρM³))⌋. A cap of at least 1 gives a price of at least 92.
    function trainingPriceDown(Offer memory offer, address client) internal pure returns (uint256 price) {
        uint256 cap = offer.trainingCap;
        uint256 cycles = offer.trainingCycles;
        unchecked {
            // R̄²·10²⁹ < 2^255, R̄·10⁵² < 2^252 and ρM³ < 2^256.
            uint256 x = cap * cap * 1e29;
            uint256 y = cap * 1e52;
            uint256 divisor = offer.energyCoefficient * cycles * cycles * cycles;
            (uint256 high,) = Math.mul512(x, y);
            if (high >= divisor) revert BcflErrors.Price_OutOfRange(client);
            price = FixedPointMathLib.sqrt(FixedPointMathLib.fullMulDiv(x, y, divisor));
        }
    }

    /// @notice (19), corrected: p_m = ⌊R̄_m/(T − T_t)⌋ with T − T_t = slack / q_t.
    function miningPriceDown(Offer memory offer, uint256 slack) internal pure returns (uint256) {
        unchecked {
            return offer.miningCap * WAD * offer.trainingFrequency / slack; // below 2^211 before the division
        }
    }

    /// @notice (9): q_m = ⌈ψ/(T − T_t)⌉.
    function miningFrequencyUp(Offer memory offer, uint256 slack) internal pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.divUp(offer.miningCycles * TIME_SCALE * offer.trainingFrequency, slack); // below 2^150
        }
    }

    /// @notice (T − T_t)·q_t, zero where training takes all of T.
    function miningSlack(Offer memory offer) internal pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.zeroFloorSub(
                offer.deadline * offer.trainingFrequency, offer.trainingCycles * TIME_SCALE
            );
        }
    }

    /// @notice The least price that covers the energy at this frequency: ⌈ρq³⌉, which is (5), (6) and (23).
    /// @dev Frequencies up to 2^72 and ρ below 2^112 keep the quotient below 2^149.
    function leastPriceUp(uint256 energyCoefficient, uint256 frequency) internal pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.fullMulDivUp(energyCoefficient * frequency, frequency * frequency, COMMON_SCALE);
        }
    }

    /// @notice p·T of `cycles` at `frequency`, uncapped.
    function payDown(uint256 price, uint256 cycles, uint256 frequency) internal pure returns (uint256) {
        unchecked {
            return price * cycles / (frequency * TIME_SCALE); // price below 2^149, cycles below 2^48
        }
    }

    /// @notice Whether the price covers the energy at this frequency: p·10⁵⁴ ≥ ρq³, (5) or (6), in 512 bits.
    function coversEnergy(uint256 price, uint256 energyCoefficient, uint256 frequency) internal pure returns (bool) {
        (uint256 high, uint256 low) = Math.mul512(price, COMMON_SCALE);
        return _coversEnergy(high, low, energyCoefficient, frequency);
    }

    /// @notice Whether it covers the energy at this frequency and not at the next, as (8) rounded down does.
    function isHighestCovered(uint256 price, uint256 energyCoefficient, uint256 frequency) internal pure returns (bool) {
        (uint256 high, uint256 low) = Math.mul512(price, COMMON_SCALE);
        unchecked {
            return _coversEnergy(high, low, energyCoefficient, frequency)
                && !_coversEnergy(high, low, energyCoefficient, frequency + 1); // below 2^72 + 1
        }
    }

    function _coversEnergy(uint256 high, uint256 low, uint256 energyCoefficient, uint256 frequency)
        private
        pure
        returns (bool)
    {
        unchecked {
            (uint256 costHigh, uint256 costLow) =
                Math.mul512(energyCoefficient * frequency, frequency * frequency); // below 2^185 and 2^146
            return high > costHigh || (high == costHigh && low >= costLow);
        }
    }

    /// @notice The claimed time T_t + T_m in whole seconds, rounded up: at most t seconds if and only if the fraction is.
    function claimedTimeUp(
        uint256 trainingCycles,
        uint256 trainingFrequency,
        uint256 miningCycles,
        uint256 miningFrequency
    ) internal pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.divUp(
                TIME_SCALE * (trainingCycles * miningFrequency + miningCycles * trainingFrequency),
                trainingFrequency * miningFrequency
            );
        }
    }
}
