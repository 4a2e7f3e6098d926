// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test, console} from "forge-std/Test.sol";
import {Policy} from "../../../contracts/interfaces/ITask.sol";
import {Handler} from "./Handler.sol";
import {Currency} from "./World.sol";

/// @notice Proof that the invariants are not vacuous: random sequences as long as theirs reach every outcome.
contract ReachTest is Test {
    uint256 internal constant RUNS = 24;
    uint256 internal constant DEPTH = 64;
    string internal constant SEED = "reach 1";

    /// @dev Those of every policy and currency.
    string[] internal outcomes = [
        "join",
        "change",
        "leave",
        "open",
        "listed unhired",
        "list used again",
        "incomplete list refused",
        "overspending list refused",
        "stale list refused",
        "work",
        "slower",
        "second work refused",
        "unhired work refused",
        "ended by quorum",
        "quorum missed",
        "votes of an earlier round",
        "vote garbled",
        "account as wallet",
        "rejected",
        "forfeited",
        "ended by time",
        "ended without work",
        "claim",
        "nothing to claim",
        "close",
        "close in a round refused",
        "close again refused",
        "second join refused",
        "move refused",
        "late work refused",
        "proposal out of turn refused",
        "relayed join",
        "relayed change",
        "relayed work",
        "relayed work of a batch",
        "work of a batch skipped",
        "relayed claim",
        "relayed for the wallet",
        "relayed: refused by wallet, token or state",
        "relayed: expired",
        "relayed: wrong signer",
        "relayed: wrong nonce",
        "relayed: other task",
        "revoke",
        "wallet turned",
        "forced",
        "stranger",
        "time"
    ];

    function test_RandomSequencesReachEveryOutcome_CompleteCoin() external {
        outcomes.push("receiver refused");
        outcomes.push("re-entered in vain");
        _reach(Policy.Complete, Currency.Coin);
    }

    function test_RandomSequencesReachEveryOutcome_FairShareSilentToken() external {
        _reach(Policy.FairShare, Currency.Silent);
    }

    function test_RandomSequencesReachEveryOutcome_LeastCostPlainToken() external {
        outcomes.push("join by permit");
        _reach(Policy.LeastCost, Currency.Plain);
    }

    function test_RandomSequencesReachEveryOutcome_CompleteHostileToken() external {
        outcomes.push("join by permit");
        outcomes.push("token turned");
        outcomes.push("token refused to send");
        outcomes.push("token refused to be pulled");
        outcomes.push("surplus refused");
        outcomes.push("shortfall refused");
        outcomes.push("nested payment refused");
        outcomes.push("re-entered with a right");
        outcomes.push("re-entered in vain");
        _reach(Policy.Complete, Currency.Hostile);
    }

    /// @dev Each sequence starts from the same state; what it reached is kept in memory, which that does not undo.
    function _reach(Policy policy, Currency currency) private {
        console.log("seed:", SEED);
        Handler handler = new Handler(policy, currency);
        bytes4[] memory actions = handler.actions();
        uint256[] memory reached = new uint256[](outcomes.length);
        uint256 start = vm.snapshotState();
        for (uint256 run; run < RUNS; ++run) {
            for (uint256 step; step < DEPTH; ++step) {
                uint256 draw = uint256(keccak256(abi.encode(SEED, run, step)));
                _act(address(handler), actions[draw % actions.length], draw / actions.length);
            }
            for (uint256 i; i < outcomes.length; ++i) {
                reached[i] += handler.count(outcomes[i]);
            }
            vm.revertToState(start);
        }
        for (uint256 i; i < outcomes.length; ++i) {
            console.log(outcomes[i], reached[i]);
        }
        for (uint256 i; i < outcomes.length; ++i) {
            assertGt(reached[i], 0, outcomes[i]);
        }
    }

    function _act(address handler, bytes4 action, uint256 seed) private {
        (bool success, bytes memory reason) = handler.call(abi.encodeWithSelector(action, seed));
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
