// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test, console} from "forge-std/Test.sol";
import {Policy} from "../../../contracts/interfaces/ITask.sol";
import {Handler} from "./Handler.sol";
import {Currency} from "./World.sol";

/// @notice Proof that the invariants are not vacuous: random sequences as long as theirs reach every outcome.
contract ReachTest is Test {
    uint256 internal constant RUNS = 72;
    uint256 internal constant DEPTH = 64;
    string internal constant SEED = "reach 1";

    /// @dev Those of every policy and currency.
    string[] internal outcomes = [
        "join",
        "change",
        "leave",
        "open",
        "opening without a list refused",
        "list posted while reports are open",
        "list begun while reports are open",
        "rest of a stale list posted",
        "listed unhired",
        "list used again",
        "incomplete list refused",
        "overspending list refused",
        "stale list refused",
        "too few hired refused",
        "work",
        "early work refused",
        "second work refused",
        "unhired work refused",
        "ended by quorum",
        "proposed by any worker",
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
        outcomes.push("slower");
        _pushCoin();
        _reach(Policy.Complete, Currency.Coin);
    }

    /// @dev The response is all that its prices cover in T.
    function test_RandomSequencesReachEveryOutcome_IncompleteCoin() external {
        outcomes.push("too slow refused");
        _pushCoin();
        _reach(Policy.Incomplete, Currency.Coin);
    }

    function test_RandomSequencesReachEveryOutcome_FairShareCoin() external {
        outcomes.push("slower");
        _pushCoin();
        _reach(Policy.FairShare, Currency.Coin);
    }

    function test_RandomSequencesReachEveryOutcome_LeastCostCoin() external {
        outcomes.push("slower");
        _pushCoin();
        _reach(Policy.LeastCost, Currency.Coin);
    }

    function test_RandomSequencesReachEveryOutcome_CompletePlainToken() external {
        outcomes.push("slower");
        outcomes.push("join by permit");
        _reach(Policy.Complete, Currency.Plain);
    }

    /// @dev Of two rounds.
    function test_RandomSequencesReachEveryOutcome_FairShareSilentToken() external {
        outcomes.push("slower");
        outcomes.push("last round ended by quorum");
        outcomes.push("last round ended by time");
        _reach(Policy.FairShare, Currency.Silent);
    }

    function test_RandomSequencesReachEveryOutcome_CompleteHostileToken() external {
        outcomes.push("slower");
        outcomes.push("join by permit");
        outcomes.push("token turned");
        outcomes.push("token refused to send");
        outcomes.push("token refused to be pulled");
        outcomes.push("surplus refused");
        outcomes.push("shortfall refused");
        outcomes.push("nested payment refused");
        outcomes.push("re-entered: claim");
        outcomes.push("re-entered: close");
        outcomes.push("re-entered: join");
        outcomes.push("re-entered: leave");
        outcomes.push("re-entered in vain: claim");
        outcomes.push("re-entered in vain: close");
        outcomes.push("re-entered in vain: join");
        outcomes.push("re-entered in vain: leave");
        _reach(Policy.Complete, Currency.Hostile);
    }

    /// @dev From inside its own claim the client has nothing more to claim.
    function _pushCoin() private {
        outcomes.push("receiver refused");
        outcomes.push("re-entered in vain: claim");
        outcomes.push("re-entered in vain: close");
        outcomes.push("re-entered in vain: join");
        outcomes.push("re-entered in vain: leave");
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
