// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test, console} from "forge-std/Test.sol";
import {Policy} from "../../../contracts/interfaces/ITask.sol";
import {Handler} from "./Handler.sol";

/// @notice Proof that the invariants are not vacuous: random sequences as long as theirs reach every outcome.
contract ReachTest is Test {
    uint256 internal constant RUNS = 16;
    uint256 internal constant DEPTH = 64;
    string internal constant SEED = "reach 1";

    string[] internal outcomes = [
        "join",
        "change",
        "leave",
        "open",
        "listed unhired",
        "list used again",
        "work",
        "slower",
        "ended by quorum",
        "quorum missed",
        "rejected",
        "forfeited",
        "ended by time",
        "ended without work",
        "claim",
        "refused its pay",
        "re-entered",
        "close",
        "forced",
        "stranger",
        "time"
    ];
    mapping(string outcome => uint256) internal reached;

    function test_RandomSequencesReachEveryOutcome_Complete() external {
        _reach(Policy.Complete);
    }

    function test_RandomSequencesReachEveryOutcome_FairShare() external {
        _reach(Policy.FairShare);
    }

    function test_RandomSequencesReachEveryOutcome_LeastCost() external {
        _reach(Policy.LeastCost);
    }

    function _reach(Policy policy) private {
        console.log("seed:", SEED);
        for (uint256 run; run < RUNS; ++run) {
            Handler handler = new Handler(policy);
            for (uint256 step; step < DEPTH; ++step) {
                _act(handler, uint256(keccak256(abi.encode(SEED, run, step))));
            }
            for (uint256 i; i < outcomes.length; ++i) {
                reached[outcomes[i]] += handler.count(outcomes[i]);
            }
        }
        for (uint256 i; i < outcomes.length; ++i) {
            console.log(outcomes[i], reached[outcomes[i]]);
            assertGt(reached[outcomes[i]], 0, outcomes[i]);
        }
    }

    function _act(Handler handler, uint256 draw) private {
        function(uint256) external[12] memory actions = [
            handler.join,
            handler.changeReport,
            handler.leaveTask,
            handler.openRound,
            handler.work,
            handler.endByQuorum,
            handler.endByTime,
            handler.claim,
            handler.close,
            handler.forceEther,
            handler.passTime,
            handler.stranger
        ];
        actions[draw % 12](draw / 12);
    }
}
