// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test, console} from "forge-std/Test.sol";
import {Policy} from "../../contracts/interfaces/ITask.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {PricesHarness} from "./Prices.t.sol";

/// @notice Solidity against Python, to the last unit. `vectors/generate.py` writes the cases.
contract PricesVectorsTest is Test {
    string internal constant VECTORS = "tests/forge/vectors/prices.jsonl";
    uint256 internal constant LEAST_CASES = 10_000;
    uint256 internal constant LEAST_CASES_OF_A_POLICY = 2_000;

    /// @dev One array a column of a block of cases.
    struct Columns {
        uint256[] policy;
        uint256[] trainingCycles;
        uint256[] energyCoefficient;
        uint256[] maxFrequency;
        uint256[] trainingCap;
        uint256[] trainingFrequency;
        uint256[] miningCap;
        uint256[] miningCycles;
        uint256[] deadline;
        uint256[] reservationUtility;
        uint256[] trainingPrice;
        uint256[] miningPrice;
        uint256[] miningFrequency;
        uint256[] trainingPay;
        uint256[] miningPay;
        string[] refusal;
    }

    PricesHarness internal harness = new PricesHarness();
    address internal client = makeAddr("client");
    mapping(bytes4 selector => string) internal nameOf;
    mapping(string name => uint256) internal count;
    mapping(Policy policy => uint256) internal casesOf;
    mapping(Policy policy => uint256) internal acceptedOf;

    string[10] internal names = [
        "",
        "Price_OutOfRange",
        "Price_FrequencyOutOfRange",
        "Price_NoTimeToMine",
        "Price_MiningNotCovered",
        "Price_MiningPayOverCap",
        "Price_WrongTrainingFrequency",
        "Price_EnergyNotCovered",
        "Price_PayOverCap",
        "Price_WrongFrequency"
    ];
    string[10] internal signatures = [
        "",
        "Price_OutOfRange(address)",
        "Price_FrequencyOutOfRange(address,uint256,uint256)",
        "Price_NoTimeToMine(address,uint256)",
        "Price_MiningNotCovered(address,uint256,uint256)",
        "Price_MiningPayOverCap(address,uint256,uint256)",
        "Price_WrongTrainingFrequency(address,uint256,uint256)",
        "Price_EnergyNotCovered(address,uint256,uint256)",
        "Price_PayOverCap(address,uint256,uint256)",
        "Price_WrongFrequency(address,uint256,uint256)"
    ];

    function _parse(string calldata json) private pure returns (Columns memory c) {
        c.policy = vm.parseJsonUintArray(json, ".policy");
        c.trainingCycles = vm.parseJsonUintArray(json, ".trainingCycles");
        c.energyCoefficient = vm.parseJsonUintArray(json, ".energyCoefficient");
        c.maxFrequency = vm.parseJsonUintArray(json, ".maxFrequency");
        c.trainingCap = vm.parseJsonUintArray(json, ".trainingCap");
        c.trainingFrequency = vm.parseJsonUintArray(json, ".trainingFrequency");
        c.miningCap = vm.parseJsonUintArray(json, ".miningCap");
        c.miningCycles = vm.parseJsonUintArray(json, ".miningCycles");
        c.deadline = vm.parseJsonUintArray(json, ".deadline");
        c.reservationUtility = vm.parseJsonUintArray(json, ".reservationUtility");
        c.trainingPrice = vm.parseJsonUintArray(json, ".trainingPrice");
        c.miningPrice = vm.parseJsonUintArray(json, ".miningPrice");
        c.miningFrequency = vm.parseJsonUintArray(json, ".miningFrequency");
        c.trainingPay = vm.parseJsonUintArray(json, ".trainingPay");
        c.miningPay = vm.parseJsonUintArray(json, ".miningPay");
        c.refusal = vm.parseJsonStringArray(json, ".error");
    }

    function test_PythonAndSolidityAgreeToTheLastUnit() external {
        for (uint256 i = 1; i < names.length; ++i) {
            nameOf[bytes4(keccak256(bytes(signatures[i])))] = names[i];
        }
        assertTrue(vm.exists(VECTORS), "no vectors: run python tests/forge/vectors/generate.py");
        uint256 cases;
        for (string memory line = vm.readLine(VECTORS); bytes(line).length > 0; line = vm.readLine(VECTORS)) {
            cases = this.compareBlock(line, cases);
        }
        vm.closeFile(VECTORS);
        assertGe(cases, LEAST_CASES, "cases");
        for (uint256 i; i < names.length; ++i) {
            console.log(i == 0 ? "accepted" : names[i], count[names[i]]);
            assertGt(count[names[i]], 0, names[i]);
        }
        for (uint256 i; i <= uint256(type(Policy).max); ++i) {
            string memory policy = string.concat("policy ", vm.toString(i), ": cases, accepted");
            console.log(policy, casesOf[Policy(i)], acceptedOf[Policy(i)]);
            assertGe(casesOf[Policy(i)], LEAST_CASES_OF_A_POLICY, policy);
            assertGe(acceptedOf[Policy(i)], LEAST_CASES_OF_A_POLICY / 4, policy);
        }
    }

    /// @dev A call of its own, so that the memory of each block is given back.
    function compareBlock(string calldata json, uint256 before) external returns (uint256 cases) {
        Columns memory c = _parse(json);
        for (uint256 i; i < c.policy.length; ++i) {
            _compare(c, i, string.concat("case ", vm.toString(before + i), " (from 0)"));
            ++count[c.refusal[i]];
            Policy policy = Policy(c.policy[i]);
            ++casesOf[policy];
            if (bytes(c.refusal[i]).length == 0) ++acceptedOf[policy];
        }
        return before + c.policy.length;
    }

    function _compare(Columns memory c, uint256 i, string memory case_) private view {
        Prices.Offer memory offer = Prices.Offer({
            policy: Policy(c.policy[i]),
            trainingCycles: c.trainingCycles[i],
            energyCoefficient: c.energyCoefficient[i],
            trainingCap: c.trainingCap[i],
            trainingFrequency: c.trainingFrequency[i],
            miningCap: c.miningCap[i],
            miningCycles: c.miningCycles[i],
            deadline: c.deadline[i],
            reservationUtility: c.reservationUtility[i]
        });
        try harness.check(offer, c.maxFrequency[i], client) returns (uint256 trainingPrice, uint256 miningPrice) {
            assertEq("", c.refusal[i], case_);
            assertEq(trainingPrice, c.trainingPrice[i], case_);
            assertEq(miningPrice, c.miningPrice[i], case_);
            uint256 m = Prices.isUniform(offer.policy)
                ? offer.trainingFrequency
                : Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
            assertEq(m, c.miningFrequency[i], case_);
            (uint256 trainingPay, uint256 miningPay) =
                Prices.pays(offer, trainingPrice, offer.trainingFrequency, miningPrice, m);
            assertEq(trainingPay, c.trainingPay[i], case_);
            assertEq(miningPay, c.miningPay[i], case_);
        } catch (bytes memory reason) {
            assertEq(nameOf[bytes4(reason)], c.refusal[i], case_);
        }
    }
}
