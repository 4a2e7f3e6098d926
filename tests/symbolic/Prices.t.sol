// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Policy} from "../../contracts/interfaces/ITask.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";

/// @notice What holds of pays whatever the products in them are: the formulas of README.md.
contract PricesSymbolicTest is Test {
    uint256 internal constant CAP = 2 ** 79;

    /// @notice Rule 2 where each subtask has its cap.
    function check_TheoremPaysStayWithinEachCap(
        Policy policy,
        uint48 trainingCycles,
        uint48 miningCycles,
        uint256 trainingCap,
        uint256 miningCap,
        uint128 trainingPrice,
        uint72 trainingFrequency,
        uint128 miningPrice,
        uint72 miningFrequency
    ) external pure {
        vm.assume(policy < Policy.FairShare && trainingCap < CAP && miningCap < CAP);
        Prices.Offer memory offer;
        (offer.policy, offer.trainingCap, offer.miningCap) = (policy, trainingCap, miningCap);
        (offer.trainingCycles, offer.miningCycles) = (trainingCycles, miningCycles);

        (uint256 trainingPay, uint256 miningPay) =
            Prices.pays(offer, trainingPrice, trainingFrequency, miningPrice, miningFrequency);

        assert(trainingPay <= trainingCap);
        assert(miningPay <= miningCap);
    }
}
