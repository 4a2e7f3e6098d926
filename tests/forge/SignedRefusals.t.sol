// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignedBase} from "./SignedBase.t.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {SignatureWallet} from "../../contracts/mocks/SignatureWallet.sol";
import {VerboseWallet} from "../../contracts/mocks/VerboseWallet.sol";

/// @notice What holds of every message that a client signs and another brings: the tests of each inherit these.
abstract contract SignedRefusals is SignedBase {
    uint256 internal constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    SignatureWallet internal wallet;
    uint256 internal deadline;

    // ------------------------------------------------------------------------------------------------ the message

    /// @dev The message that `client` signs.
    function _structHash(address client, uint256 nonce, uint256 deadline_) internal view virtual returns (bytes32);
    /// @dev The call that brings it.
    function _callData(address client, uint256 deadline_, bytes memory signature)
        internal
        view
        virtual
        returns (bytes memory);
    /// @dev The call that brings it with one field changed, which one and how by `salt`.
    function _changedCallData(address client, bytes memory signature, uint256 salt)
        internal
        view
        virtual
        returns (bytes memory);
    /// @dev The client's own call to the same effect.
    function _direct(address client) internal virtual;
    /// @dev What the relayer brings with it.
    function _value() internal view virtual returns (uint256);

    function _message(address client) internal view returns (bytes32) {
        return _structHash(client, _nonceOf(client), deadline);
    }

    function _relayed(address client, bytes memory signature) internal returns (bool, bytes memory) {
        return _send(_value(), _callData(client, deadline, signature));
    }

    function _expectDone(address client, bytes memory signature) internal {
        uint32 nonce = _nonceOf(client);
        (bool success, bytes memory answer) = _relayed(client, signature);
        assertTrue(success, string(abi.encodePacked("refused: ", vm.toString(answer))));
        assertEq(_nonceOf(client), nonce + 1, "the signature is used up");
    }

    function _expectRefused(bytes memory data, bytes memory reason) internal {
        (bool success, bytes memory answer) = _send(_value(), data);
        assertFalse(success, "not refused");
        assertEq(answer, reason);
    }

    /// @dev Refused, and told what should have been signed.
    function _expectWrongSignature(address client, bytes memory signature) internal {
        bytes memory before = _everything(client);
        _expectRefused(_callData(client, deadline, signature), _wrongSignature(client, _message(client)));
        assertEq(_everything(client), before, "a refused call changed something");
        // Not refused for something else.
        _expectDone(client, _sign(client, _message(client)));
    }

    // ------------------------------------------------------------------------------------------------ the good path

    function test_DoesWhatTheDirectCallDoes() external {
        uint256 snapshot = vm.snapshotState();
        vm.recordLogs();
        _direct(bob);
        bytes memory logs = _taskLogs();
        bytes memory state = _everything(bob);
        assertEq(_nonceOf(bob), 0);

        vm.revertToState(snapshot);
        vm.recordLogs();
        _expectDone(bob, _sign(bob, _message(bob)));
        assertGt(logs.length, 0);
        assertEq(_taskLogs(), logs);
        assertEq(_everything(bob), state);
    }

    function test_WhenTheSignatureHas64Bytes() external {
        bytes32[2] memory compact = _compact(keyOf[bob], _digest(_message(bob)));
        _expectDone(bob, abi.encodePacked(compact[0], compact[1]));
    }

    function test_WhenItIsTheDeadlinesSecond() external {
        bytes memory signature = _sign(bob, _message(bob));
        vm.warp(deadline);
        _expectDone(bob, signature);
    }

    function test_WhenTheSignerIsAnHonestWallet() external {
        _expectDone(address(wallet), _sign(address(wallet), _message(address(wallet))));
    }

    /// @dev EIP-7702: an account that has delegated to code still signs by its key, whatever that code says.
    function test_WhenTheSignerIsADelegatedAccount() external {
        wallet.setManner(SignatureWallet.Manner.Refuses);
        vm.etch(bob, abi.encodePacked(hex"ef0100", wallet));
        _expectDone(bob, _sign(bob, _message(bob)));
    }

    /// @dev The pending signature neither stops the client's own call nor is used up by it.
    function test_GivenAPendingSignature_TheDirectCallStaysOpen() external {
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        _direct(bob);
        assertEq(_nonceOf(bob), 0);
        _send(_value(), data);
        _send(_value(), data);
        assertLe(_nonceOf(bob), 1);
    }

    // ------------------------------------------------------------------------------------------------ refusals

    function test_RevertWhen_AnotherKeySigned() external {
        _expectWrongSignature(bob, _sign(keyOf[carol], _digest(_message(bob))));
    }

    function test_RevertWhen_ItIsAnotherClientsMessage() external {
        _expectWrongSignature(bob, _sign(carol, _message(carol)));
    }

    function testFuzz_RevertWhen_TheNonceIsNotTheNext(uint32 nonce) external {
        vm.assume(nonce != _nonceOf(bob));
        _expectWrongSignature(bob, _sign(bob, _structHash(bob, nonce, deadline)));
    }

    function test_RevertWhen_ItIsBroughtTwice() external {
        bytes memory signature = _sign(bob, _message(bob));
        _expectDone(bob, signature);
        _expectRefused(_callData(bob, deadline, signature), _wrongSignature(bob, _message(bob)));
    }

    /// @dev The other signature of the same key over the same message, with n − s.
    function test_RevertWhen_ItIsBroughtTwiceByTheOtherSignature() external {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[bob], _digest(_message(bob)));
        _expectDone(bob, abi.encodePacked(r, s, v));
        bytes memory twin = abi.encodePacked(r, CURVE_ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
        _expectRefused(_callData(bob, deadline, twin), _wrongSignature(bob, _message(bob)));
    }

    function test_RevertWhen_TheDeadlineHasPassed() external {
        bytes memory signature = _sign(bob, _message(bob));
        vm.warp(deadline + 1);
        _expectRefused(
            _callData(bob, deadline, signature),
            abi.encodeWithSelector(BcflErrors.Task_SignatureExpired.selector, deadline, deadline + 1)
        );
    }

    function testFuzz_RevertWhen_TheDeadlineIsNotTheSignedOne(uint64 later) external {
        uint256 other = deadline + 1 + later;
        bytes memory signature = _sign(bob, _message(bob));
        _expectRefused(
            _callData(bob, other, signature), _wrongSignature(bob, _structHash(bob, _nonceOf(bob), other))
        );
    }

    function test_RevertWhen_ItIsAnotherTasks() external {
        address other = address(_create(terms));
        _expectWrongSignature(bob, _sign(keyOf[bob], _digest(other, _message(bob))));
    }

    /// @dev The task's address is the same on both sides of a chain's fork.
    function test_RevertWhen_ItIsAnotherChains() external {
        bytes memory signature = _sign(bob, _message(bob));
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        _expectRefused(_callData(bob, deadline, signature), _wrongSignature(bob, _message(bob)));
        vm.chainId(chain);
        _expectDone(bob, signature);
    }

    function testFuzz_RevertWhen_AFieldDiffers(uint256 salt) external {
        bytes memory data = _changedCallData(bob, _sign(bob, _message(bob)), salt);
        (bool success, bytes memory answer) = _send(_value(), data);
        assertFalse(success);
        assertEq(bytes4(answer), BcflErrors.Task_WrongSignature.selector);
    }

    function test_RevertWhen_TheSignatureHasAnotherLength() external {
        bytes memory signature = _sign(bob, _message(bob));
        bytes32 message = _message(bob);
        uint256[5] memory lengths = [uint256(0), 1, 63, 66, 97];
        for (uint256 i; i < lengths.length; ++i) {
            bytes memory cut = new bytes(lengths[i]);
            for (uint256 j; j < lengths[i] && j < 65; ++j) {
                cut[j] = signature[j];
            }
            _expectRefused(_callData(bob, deadline, cut), _wrongSignature(bob, message));
        }
    }

    function testFuzz_RevertWhen_TheSignatureIsNoise(bytes calldata noise) external {
        _expectWrongSignature(bob, noise);
    }

    /// @dev ecrecover answers with nobody, who has not signed.
    function test_RevertWhen_TheClientIsNobody() external {
        bytes32 message = _structHash(address(0), 0, deadline);
        _expectRefused(_callData(address(0), deadline, new bytes(65)), _wrongSignature(address(0), message));
    }

    function test_RevertGiven_TheClientRevoked() external {
        bytes memory signature = _sign(bob, _message(bob));
        vm.prank(bob);
        task.revokeSignatures();
        _expectWrongSignature(bob, signature);
    }

    // ------------------------------------------------------------------------------------------------ wallets

    function _expectWalletRefused(SignatureWallet.Manner manner) private {
        bytes memory signature = _sign(address(wallet), _message(address(wallet)));
        wallet.setManner(manner);
        bytes memory data = _callData(address(wallet), deadline, signature);
        uint256 left = gasleft();
        _expectRefused(data, _wrongSignature(address(wallet), _message(address(wallet))));
        assertLt(left - gasleft(), 220_000, "a wallet costs its 100,000 gas and no more");
        wallet.setManner(SignatureWallet.Manner.Honest);
        _expectDone(address(wallet), signature);
    }

    function test_RevertWhen_TheWalletRefuses() external {
        _expectWalletRefused(SignatureWallet.Manner.Refuses);
    }

    function test_RevertWhen_TheWalletReverts() external {
        _expectWalletRefused(SignatureWallet.Manner.Reverts);
    }

    function test_RevertWhen_TheWalletGarbles() external {
        _expectWalletRefused(SignatureWallet.Manner.Garbles);
    }

    function test_RevertWhen_TheWalletBurnsItsGas() external {
        _expectWalletRefused(SignatureWallet.Manner.BurnsGas);
    }

    /// @dev What a wallet answers beyond one word is not copied: that would cost as much again.
    function test_RevertWhen_TheWalletAnswersWithAllItsGasBuys() external {
        vm.etch(address(wallet), address(new VerboseWallet()).code);
        bytes memory data = _callData(address(wallet), deadline, new bytes(65));
        vm.prank(relayer);
        uint256 left = gasleft();
        (bool success,) = address(task).call{value: _value()}(data);
        assertLt(left - gasleft(), 170_000, "a wallet costs its 100,000 gas and no more");
        assertFalse(success);
    }

    function test_RevertWhen_AnotherKeySignedForTheWallet() external {
        _expectWrongSignature(address(wallet), _sign(keyOf[bob], _digest(_message(address(wallet)))));
    }
}
