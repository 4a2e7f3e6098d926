// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ITask, Ledger, Report} from "../../contracts/interfaces/ITask.sol";
import {PlainToken} from "../../contracts/mocks/PlainToken.sol";
import {Relay} from "../../contracts/Relay.sol";
import {SymbolicTask} from "./SymbolicTask.sol";

/// @notice A batch of one call keeps nothing of what it was given: the formula of README.md.
abstract contract RelaySymbolic is SymbolicTask {
    function check_Relay(
        address caller,
        uint80 value,
        address client,
        Report calldata report,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Relay relay = new Relay();
        vm.assume(caller != address(relay) && caller != address(task) && caller.code.length == 0);
        vm.assume(token == address(0) || client != address(relay)); // which would pay a bond of its own
        Ledger memory before = _reachableLedger();
        uint256 held = _held(address(relay));
        vm.deal(caller, value);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ITask.joinTaskFor, (client, report, deadline, signature));

        vm.prank(caller);
        uint256 skipped = relay.relay{value: value}(address(task), value, calls);

        assert(address(relay).balance == 0 && _held(address(relay)) == held && skipped <= 1);
        assert(caller.balance == (skipped == 0 ? 0 : value));
        unchecked {
            assert(_ledgerAfter().bonds - before.bonds == (skipped == 0 ? BOND : 0));
        }
        assert(skipped == 1 || value == (token == address(0) ? BOND : 0));
    }
}

/// @notice Bonds in the chain's own coin, which the relay passes on.
contract CoinRelaySymbolicTest is RelaySymbolic {}

/// @notice Bonds in a token, which go past it.
contract TokenRelaySymbolicTest is RelaySymbolic {
    function setUp() public override {
        token = address(new PlainToken());
        svm.enableSymbolicStorage(token);
        super.setUp();
    }
}
