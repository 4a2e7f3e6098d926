// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";
import {Base} from "./Base.t.sol";
import {Messages} from "./Messages.sol";
import {ClientState, Report, RoundResult, SignedWork, Work} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {SignatureWallet} from "../../contracts/mocks/SignatureWallet.sol";

/// @notice What clients sign, and somebody who brings it to the chain.
abstract contract SignedBase is Base {
    address internal relayer = makeAddr("relayer");
    address internal home = makeAddr("home");

    function setUp() public virtual override {
        super.setUp();
        vm.deal(relayer, 1000 ether);
    }

    // ------------------------------------------------------------------------------------------------ EIP-712

    function _digest(address verifyingContract, bytes32 structHash) internal view returns (bytes32) {
        return Messages.digest(verifyingContract, structHash);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return Messages.digest(address(task), structHash);
    }

    function _joinHash(address client, Report memory report, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return Messages.report("JoinTask", client, report, nonce, deadline);
    }

    function _changeHash(address client, Report memory report, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return Messages.report("ChangeReport", client, report, nonce, deadline);
    }

    function _voteHash(RoundResult memory result, uint256 nonce) internal view returns (bytes32) {
        return Messages.vote(_state().number, _state().seed, result, nonce);
    }

    // ------------------------------------------------------------------------------------------------ signing

    /// @dev 65 bytes: r, s, v.
    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _sign(address client, bytes32 structHash) internal view returns (bytes memory) {
        return _sign(keyOf[client], _digest(structHash));
    }

    function _signedWork(address client, Work memory work, uint256 deadline) internal view returns (SignedWork memory) {
        bytes32 structHash = Messages.work(client, _state().seed, work, _nonceOf(client), deadline);
        return SignedWork(client, work, deadline, _compact(keyOf[client], _digest(structHash)));
    }

    function _signedWork(address client) internal view returns (SignedWork memory) {
        return _signedWork(client, _workOf(client), block.timestamp);
    }

    // ------------------------------------------------------------------------------------------------ sending

    /// @dev From the relayer; returns whether it went through, and the answer or the refusal.
    function _send(uint256 value, bytes memory data) internal returns (bool success, bytes memory answer) {
        vm.prank(relayer);
        (success, answer) = address(task).call{value: value}(data);
    }

    function _wrongSignature(address client, bytes32 structHash) internal view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Task_WrongSignature.selector, client, _digest(structHash));
    }

    function _nonceOf(address client) internal view returns (uint32) {
        return task.clientState(client).nonce;
    }

    /// @dev All that the task says, but for the client's nonce, and where the money is.
    function _everything(address client) internal view returns (bytes memory) {
        ClientState memory state = task.clientState(client);
        state.nonce = 0;
        return abi.encode(
            state, task.ledger(), task.roundState(), task.listState(), address(task).balance, home.balance
        );
    }

    /// @dev What the task emitted since `vm.recordLogs`.
    function _taskLogs() internal returns (bytes memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes memory all;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(task)) all = abi.encode(all, logs[i].topics, logs[i].data);
        }
        return all;
    }

    /// @dev One more client, which is an ERC-1271 wallet of its own key.
    function _addWallet() internal returns (SignatureWallet wallet) {
        (address signer, uint256 key) = makeAddrAndKey("key of the wallet");
        wallet = new SignatureWallet(signer);
        keyOf[address(wallet)] = key;
        vm.label(address(wallet), "wallet");
        vm.deal(address(wallet), 1000 ether);
        clients.push(address(wallet));
        clients = _sorted(clients);
    }
}
