// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Puzzle} from "../../contracts/libraries/Puzzle.sol";

/// @notice Borders that a task's usual terms do not meet. Found by a fault that survived.
contract PuzzleBordersTest is Test {
    function test_ExpectedHashesAreRoundedUp() external pure {
        assertEq(Puzzle.expectedHashes(33, 2), 17);
        assertEq(Puzzle.expectedHashes(32, 2), 16);
    }
}
