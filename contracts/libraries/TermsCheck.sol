// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Policy, Terms} from "../interfaces/Types.sol";
import {BcflErrors} from "../interfaces/BcflErrors.sol";
import {Puzzle} from "./Puzzle.sol";

/// @title TermsCheck
/// @notice The ranges of a task's terms. Within them no product in `Prices` overflows.
library TermsCheck {
    uint256 internal constant MAX_BUDGET = 2 ** 79 - 1;
    uint256 internal constant MAX_TOTAL_BUDGET = 2 ** 88 - 1;
    uint256 internal constant MAX_CYCLES = 2 ** 48 - 1;
    /// @dev A small puzzle then takes 2^26 tries, and 32 bits of nonce fail to hold a solution once in e^64 rounds.
    uint256 internal constant MAX_HASHES = 2 ** 30;
    /// @dev A quorum of so many accounts fits into one transaction of a public chain.
    uint256 internal constant MAX_CLIENTS = 1000;
    /// @dev A block of the slowest chain in common use: work that takes all of T must find one to land in.
    uint256 internal constant MIN_GRACE = 12;
    /// @dev Two such blocks and a bit, so that whoever wants to leave finds one.
    uint256 internal constant MIN_JOIN_WINDOW = 30;
    /// @dev The longest that one party's silence can hold another's money in one window.
    uint256 internal constant MAX_SECONDS = 365 days;

    /// @notice Refuses terms with a field out of its range.
    function check(Terms memory terms) internal view {
        if (terms.owner == address(0)) revert BcflErrors.Terms_ZeroOwner();
        if (terms.token != address(0) && terms.token.code.length == 0) {
            revert BcflErrors.Terms_TokenHasNoCode(terms.token);
        }
        _range("budget", terms.budget, 1, MAX_BUDGET);
        _range("rounds", terms.rounds, 1, MAX_TOTAL_BUDGET / terms.budget);
        _range("miningBudget", terms.miningBudget, 0, terms.budget);
        uint256 mostUtility = terms.policy == Policy.LeastCost ? MAX_BUDGET : 0;
        _range("reservationUtility", terms.reservationUtility, 0, mostUtility);
        _range("bond", terms.bond, 0, MAX_BUDGET);
        _range("auditProbability", terms.auditProbability, 0, 1e18);
        _range("deadline", terms.deadline, 1, MAX_SECONDS);
        _range("grace", terms.grace, MIN_GRACE, MAX_SECONDS);
        _range("joinWindow", terms.joinWindow, MIN_JOIN_WINDOW, MAX_SECONDS);
        _range("listWindow", terms.listWindow, 1, MAX_SECONDS);
        _range("proposalWindow", terms.proposalWindow, 1, MAX_SECONDS);
        _range("minHired", terms.minHired, 1, MAX_CLIENTS);
        _range("maxClients", terms.maxClients, terms.minHired, MAX_CLIENTS);
        _range("cycleUnit", terms.cycleUnit, 1, MAX_CYCLES);
        _range("maxTrainingUnits", terms.maxTrainingUnits, 1, MAX_CYCLES / terms.cycleUnit);
        _range("miningCycles", terms.miningCycles, 1, MAX_CYCLES);
        _range("cyclesPerHash", terms.cyclesPerHash, 1, MAX_CYCLES);
        uint256 hashes = Puzzle.expectedHashes(terms.miningCycles, terms.cyclesPerHash);
        _range("miningCycles / cyclesPerHash", hashes, Puzzle.COUNT, MAX_HASHES);
    }

    function _range(string memory name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert BcflErrors.Terms_OutOfRange(name, value, least, most);
    }
}
