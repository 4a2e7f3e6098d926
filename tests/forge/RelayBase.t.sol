// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";
import {Messages} from "./Messages.sol";
import {SignedBase} from "./SignedBase.t.sol";
import {IRelay} from "../../contracts/interfaces/IRelay.sol";
import {ITask, Work} from "../../contracts/interfaces/ITask.sol";

/// @notice Batches of signed messages and the contract that sends them.
abstract contract RelayBase is SignedBase {
    uint256 internal constant EVER = type(uint256).max;

    IRelay internal relay;

    function setUp() public virtual override {
        super.setUp();
        relay = IRelay(factory.relay());
    }

    function _joinCall(address client) internal view returns (bytes memory) {
        bytes memory signature = _sign(client, _joinHash(client, _report(UNITS), _nonceOf(client), EVER));
        return abi.encodeCall(ITask.joinTaskFor, (client, _report(UNITS), EVER, signature));
    }

    function _workCall(address client) internal view returns (bytes memory) {
        Work memory work = _workOf(client);
        bytes memory signature = _sign(client, Messages.work(client, _state().seed, work, _nonceOf(client), EVER));
        return abi.encodeCall(ITask.submitWorkFor, (client, work, EVER, signature));
    }

    function _claimCall(address client, address recipient) internal view returns (bytes memory) {
        bytes memory signature = _sign(client, Messages.claim(client, recipient, _nonceOf(client), EVER));
        return abi.encodeCall(ITask.claimFor, (client, recipient, EVER, signature));
    }

    function _joinCalls() internal view returns (bytes[] memory calls) {
        calls = new bytes[](clients.length);
        for (uint256 i; i < clients.length; ++i) {
            calls[i] = _joinCall(clients[i]);
        }
    }

    function _workCalls() internal view returns (bytes[] memory calls) {
        calls = new bytes[](clients.length);
        for (uint256 i; i < clients.length; ++i) {
            calls[i] = _workCall(clients[i]);
        }
    }

    /// @dev Each to its own address.
    function _claimCalls() internal view returns (bytes[] memory calls) {
        calls = new bytes[](clients.length);
        for (uint256 i; i < clients.length; ++i) {
            calls[i] = _claimCall(clients[i], clients[i]);
        }
    }

    /// @dev A join with somebody else's signature, and the reason for which it is refused.
    function _badJoin(address client) internal view returns (bytes memory data, bytes memory reason) {
        bytes32 message = _joinHash(client, _report(UNITS), _nonceOf(client), EVER);
        uint256 key = uint256(keccak256("nobody"));
        data = abi.encodeCall(
            ITask.joinTaskFor, (client, _report(UNITS), EVER, _sign(key, _digest(message)))
        );
        reason = _wrongSignature(client, message);
    }

    function _relay(uint256 value, bytes[] memory calls) internal returns (uint256) {
        vm.prank(relayer);
        return relay.relay{value: value * calls.length}(address(task), value, calls);
    }

    /// @dev The `Skipped` events since `vm.recordLogs`.
    function _skipped() internal returns (uint256[] memory indices, bytes[] memory reasons) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        indices = new uint256[](logs.length);
        reasons = new bytes[](logs.length);
        uint256 count;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IRelay.Skipped.selector) continue;
            assertEq(logs[i].emitter, address(relay));
            assertEq(logs[i].topics[1], bytes32(uint256(uint160(address(task)))));
            (indices[count], reasons[count]) = abi.decode(logs[i].data, (uint256, bytes));
            ++count;
        }
        assembly ("memory-safe") {
            mstore(indices, count)
            mstore(reasons, count)
        }
    }
}
