// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignedRefusals} from "./SignedRefusals.t.sol";
import {Messages} from "./Messages.sol";
import {ITask, Phase, RoundResult, Work} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

contract SignedWorkTest is SignedRefusals {
    function setUp() public override {
        super.setUp();
        wallet = _addWallet();
        _openFirstRound();
        _warpToDeadline();
        deadline = block.timestamp + 50; // within the grace
    }

    function _structHash(address client, uint256 nonce, uint256 deadline_) internal view override returns (bytes32) {
        return Messages.work(client, _state().seed, _workOrNone(client), nonce, deadline_);
    }

    function _callData(address client, uint256 deadline_, bytes memory signature)
        internal
        view
        override
        returns (bytes memory)
    {
        return abi.encodeCall(ITask.submitWorkFor, (client, _workOrNone(client), deadline_, signature));
    }

    function _changedCallData(address client, bytes memory signature, uint256 salt)
        internal
        view
        override
        returns (bytes memory)
    {
        Work memory work = _workOf(client);
        uint256 field = salt % 5;
        uint72 change = uint72(bound(salt >> 8, 1, type(uint72).max));
        if (field == 0) work.updateHash ^= bytes32(uint256(change));
        if (field == 1) work.trainingFrequency ^= change;
        if (field == 2) work.miningFrequency ^= change;
        if (field > 2) work.nonces[field - 3] ^= change;
        return abi.encodeCall(ITask.submitWorkFor, (client, work, deadline, signature));
    }

    /// @dev Nobody has no work to sign.
    function _workOrNone(address client) private view returns (Work memory work) {
        if (client != address(0)) work = _workOf(client);
    }

    function _direct(address client) internal override {
        _submit(client);
    }

    function _value() internal pure override returns (uint256) {
        return 0;
    }

    function test_RevertGiven_AnotherRoundsSeed() external {
        bytes32 seed = _state().seed;
        _submit(alice);
        _endByTime();
        _openNextRound();
        _warpToDeadline();
        deadline = block.timestamp + 50;
        assertNotEq(_state().seed, seed);
        _expectWrongSignature(bob, _sign(bob, Messages.work(bob, seed, _workOf(bob), 0, deadline)));
    }

    function test_RevertGiven_TheRoundHasEnded() external {
        bytes memory signature = _sign(bob, _structHash(bob, 0, type(uint256).max));
        bytes memory data = _callData(bob, type(uint256).max, signature);
        _endByTime();
        _expectRefused(data, _wrongPhase(Phase.Joining));
        assertEq(_nonceOf(bob), 0);
    }

    function test_RevertGiven_TheClientSubmittedItself() external {
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        _submit(bob);
        _expectRefused(data, abi.encodeWithSelector(BcflErrors.Task_AlreadySubmitted.selector, bob, 1));
    }

    function test_RevertWhen_TheClientIsNotHired() external {
        (address stranger, uint256 key) = makeAddrAndKey("stranger");
        Work memory work = _workOf(bob);
        bytes memory signature = _sign(key, _digest(Messages.work(stranger, _state().seed, work, 0, deadline)));
        _expectRefused(
            abi.encodeCall(ITask.submitWorkFor, (stranger, work, deadline, signature)),
            abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, stranger, 1)
        );
    }

    /// @dev The vote's digest, worked out by hand as well.
    function testFuzz_TheVoteDigestIsThatOfTheTypeString(bytes32 modelHash, uint32 nonce) external view {
        RoundResult memory result = RoundResult(modelHash, _addresses(alice, bob), _addresses(erin));
        assertEq(task.voteDigest(result, nonce), _digest(_voteHash(result, nonce)));
    }
}
