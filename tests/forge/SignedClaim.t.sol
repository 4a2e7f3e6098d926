// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignedRefusals} from "./SignedRefusals.t.sol";
import {Messages} from "./Messages.sol";
import {ITask} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {RevertingReceiver} from "../../contracts/mocks/RevertingReceiver.sol";

contract SignedClaimTest is SignedRefusals {
    function setUp() public override {
        super.setUp();
        wallet = _addWallet();
        _openFirstRound();
        _work(clients);
        _endByTime();
        deadline = block.timestamp + 1 days;
    }

    function _structHash(address client, uint256 nonce, uint256 deadline_) internal view override returns (bytes32) {
        return Messages.claim(client, home, nonce, deadline_);
    }

    function _callData(address client, uint256 deadline_, bytes memory signature)
        internal
        view
        override
        returns (bytes memory)
    {
        return abi.encodeCall(ITask.claimFor, (client, home, deadline_, signature));
    }

    function _changedCallData(address client, bytes memory signature, uint256 salt)
        internal
        view
        override
        returns (bytes memory)
    {
        address other = address(uint160(home) ^ uint160(bound(salt, 1, type(uint160).max)));
        return abi.encodeCall(ITask.claimFor, (client, other, deadline, signature));
    }

    function _direct(address client) internal override {
        vm.prank(client);
        task.claim(home);
    }

    function _value() internal pure override returns (uint256) {
        return 0;
    }

    function _claimData(address client, address recipient, uint256 nonce) private view returns (bytes memory) {
        bytes memory signature = _sign(client, Messages.claim(client, recipient, nonce, deadline));
        return abi.encodeCall(ITask.claimFor, (client, recipient, deadline, signature));
    }

    function test_RevertWhen_TheRelayerNamesItself() external {
        bytes memory signature = _sign(bob, _message(bob));
        bytes memory data = abi.encodeCall(ITask.claimFor, (bob, relayer, deadline, signature));
        _expectRefused(data, _wrongSignature(bob, Messages.claim(bob, relayer, 0, deadline)));
        _expectDone(bob, signature);
    }

    function test_SendsAllThatIsEarnedWhenItIsUsed() external {
        bytes memory data = _claimData(bob, home, 0);
        uint256 first = _claimableOf(bob);
        _openNextRound();
        _work(clients);
        _endByTime();
        uint256 both = _claimableOf(bob);
        assertGt(both, first);
        (bool success, bytes memory answer) = _send(0, data);
        assertTrue(success);
        assertEq(abi.decode(answer, (uint256)), both);
        assertEq(home.balance, both);
        assertLedger();
    }

    /// @dev What is pending stays, as with the client's own claim.
    function test_WhileARoundIsOpen_LeavesWhatIsPending() external {
        uint256 earned = _claimableOf(bob);
        _openNextRound();
        _warpToDeadline();
        _submit(bob);
        uint256 pending = _pendingOf(bob);
        (bool success,) = _send(0, _claimData(bob, home, 0));
        assertTrue(success);
        assertEq(home.balance, earned);
        assertEq(_pendingOf(bob), pending);
        assertLedger();
    }

    function test_RevertGiven_TheClientClaimedItself() external {
        bytes memory data = _claimData(bob, home, 0);
        _claim(bob);
        _expectRefused(data, abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, bob));
    }

    function test_RevertWhen_TheRecipientIsZero() external {
        _expectRefused(
            _claimData(bob, address(0), 0), abi.encodeWithSelector(BcflErrors.Money_ZeroRecipient.selector)
        );
    }

    /// @dev The signature stays good; the client can also sign another one with the same number.
    function test_RevertWhen_TheRecipientRefuses() external {
        address refuser = address(new RevertingReceiver());
        uint256 earned = _claimableOf(bob);
        _expectRefused(
            _claimData(bob, refuser, 0),
            abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, address(0), refuser, earned)
        );
        assertEq(_nonceOf(bob), 0);
        _expectDone(bob, _sign(bob, _message(bob)));
    }

    /// @dev A relayer that brings too little gas for the recipient cannot use the signature up.
    function testFuzz_RevertWhen_TheGasIsTooLittle(uint256 gas_) external {
        gas_ = bound(gas_, 10_000, 60_000);
        bytes memory data = _claimData(bob, home, 0);
        vm.prank(relayer);
        (bool success,) = address(task).call{gas: gas_}(data);
        assertEq(_nonceOf(bob), success ? 1 : 0);
        assertEq(home.balance > 0, success);
    }
}
