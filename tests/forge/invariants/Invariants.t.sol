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
}

// forge plays the same sequences for every invariant function of a contract, so that all rules share one.
// The numbers of sequences for `make test` hold in every profile that has none of its own beside them.

contract InvariantsCompleteCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.Complete, Currency.Coin);
    }

    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsIncompleteCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.Incomplete, Currency.Coin);
    }

    /// forge-config: default.invariant.runs = 64
    /// forge-config: campaign.invariant.runs = 1000
    /// forge-config: mutants.invariant.runs = 16
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsFairShareCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.FairShare, Currency.Coin);
    }

    /// forge-config: default.invariant.runs = 64
    /// forge-config: campaign.invariant.runs = 1000
    /// forge-config: mutants.invariant.runs = 16
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsLeastCostCoinTest is Invariants {
    function setUp() external {
        _setUp(Policy.LeastCost, Currency.Coin);
    }

    /// forge-config: default.invariant.runs = 64
    /// forge-config: campaign.invariant.runs = 1000
    /// forge-config: mutants.invariant.runs = 16
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsCompletePlainTokenTest is Invariants {
    function setUp() external {
        _setUp(Policy.Complete, Currency.Plain);
    }

    /// forge-config: default.invariant.runs = 64
    /// forge-config: campaign.invariant.runs = 1000
    /// forge-config: mutants.invariant.runs = 16
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsFairShareSilentTokenTest is Invariants {
    function setUp() external {
        _setUp(Policy.FairShare, Currency.Silent);
    }

    /// forge-config: default.invariant.runs = 64
    /// forge-config: campaign.invariant.runs = 1000
    /// forge-config: mutants.invariant.runs = 16
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}

contract InvariantsCompleteHostileTokenTest is Invariants {
    function setUp() external {
        _setUp(Policy.Complete, Currency.Hostile);
    }

    /// forge-config: default.invariant.runs = 128
    /// forge-config: campaign.invariant.runs = 1000
    /// forge-config: mutants.invariant.runs = 16
    function invariant_AllRules() external {
        handler.assertAll();
    }

    function afterInvariant() external {
        handler.assertEveryWeiCanBeTaken();
    }
}
