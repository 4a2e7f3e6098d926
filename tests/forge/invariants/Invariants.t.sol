// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Policy} from "../../../contracts/interfaces/ITask.sol";
import {Handler} from "./Handler.sol";
import {Currency} from "./World.sol";

abstract contract Invariants is Test {
    Handler internal handler;

    function _setUp(Policy policy, Currency currency) internal {
        handler = new Handler(policy, currency);
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), handler.actions()));
    }

    /// @dev One for all rules: forge plays the same sequences for every invariant function of a contract.
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsCompleteCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.Complete, Currency.Coin);
    }
}

contract InvariantsIncompleteCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.Incomplete, Currency.Coin);
    }
}

contract InvariantsFairShareCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.FairShare, Currency.Coin);
    }
}

contract InvariantsLeastCostCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.LeastCost, Currency.Coin);
    }
}

contract InvariantsCompletePlainTokenTest is Invariants {
    function setUp() external {
        _setUp(Policy.Complete, Currency.Plain);
    }
}

contract InvariantsFairShareSilentTokenTest is Invariants {
    function setUp() external {
        _setUp(Policy.FairShare, Currency.Silent);
    }
}

contract InvariantsCompleteHostileTokenTest is Invariants {
    function setUp() external {
        _setUp(Policy.Complete, Currency.Hostile);
    }
}
