// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {console} from "forge-std/console.sol";
import {Base} from "./Base.t.sol";
import {Entry, Vote} from "../../contracts/interfaces/ITask.sol";

/// @notice Gas of each step, shown with -vv; whole transactions with --isolate. The bounds hold either way.
contract GasTest is Base {
    function test_EightClients() external {
        _measure(8);
    }

    function test_FiftyClients() external {
        _measure(50);
    }

    function _spent(string memory step, uint256 gas, uint256 most) private pure {
        console.log(step, gas);
        assertLe(gas, most, step);
    }

    function _last(string memory step, uint256 most) private view {
        _spent(step, vm.lastCallGas().gasTotalUsed, most);
    }

    function _measure(uint256 n) private {
        console.log("clients:", n);
        _makeClients(n);
        terms.budget = uint80(30e15 * n);
        terms.miningBudget = uint80(5e15 * n);
        _use(terms);
        _last("createTask", 450_000);
        _joinAll();
        _last("joinTask", 110_000);
        _warpToFrozen();
        _post(clients);
        uint256 whole = vm.lastCallGas().gasTotalUsed;
        _spent("postEntries, whole list, first", whole, 80_000 + 45_000 * n);
        _spent("postEntries, per client, first", whole / n, 55_000);
        _open();
        _last("openRound, first", 200_000);
        _round("first", n, true);

        _warpToFrozen();
        Entry[] memory entries = _entries(clients, 24e15);
        _post(entries);
        whole = vm.lastCallGas().gasTotalUsed;
        _spent("postEntries, whole list, changed", whole, 60_000 + 28_000 * n);
        _spent("postEntries, per client, changed", whole / n, 35_000);
        _open();
        _last("openRound, later", 110_000);
        _round("later", n, false);
    }

    /// @dev Work by rank, so that the last one changes no rank; votes of just more than 2/3; one claim.
    function _round(string memory which, uint256 n, bool isFirst) private {
        _warpToDeadline();
        address[] memory ranked = _byRank(clients);
        for (uint256 i; i < n; ++i) {
            _submit(ranked[i]);
            if (i == 0) _last(string.concat("submitWork, of the generator, ", which), 160_000);
        }
        _last(string.concat("submitWork, ", which), isFirst ? 110_000 : 95_000);
        _warpToWindow(0);
        uint256 signers = n * 2 / 3 + 1;
        address[] memory some = new address[](signers);
        for (uint256 i; i < signers; ++i) {
            some[i] = clients[i];
        }
        Vote[] memory votes = _votes(some, _result());
        address generator = _state().generator;
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
        uint256 whole = vm.lastCallGas().gasTotalUsed;
        _spent(string.concat("endRoundByQuorum, whole, ", which), whole, 120_000 + 12_500 * signers);
        _spent(string.concat("endRoundByQuorum, per signer, ", which), whole / signers, 30_000);
        _claim(clients[0]);
        _last(string.concat("claim, ", which), 75_000);
    }
}
