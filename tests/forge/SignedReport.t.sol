// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignedRefusals} from "./SignedRefusals.t.sol";
import {ITask, Phase, Report} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";

/// @notice What joining and changing a report have in common: the report.
abstract contract SignedReports is SignedRefusals {
    function setUp() public virtual override {
        super.setUp();
        wallet = _addWallet();
        deadline = block.timestamp + 1000; // within the window
    }

    function _call(address client, Report memory report, uint256 deadline_, bytes memory signature)
        internal
        pure
        virtual
        returns (bytes memory);

    function _changedCallData(address client, bytes memory signature, uint256 salt)
        internal
        view
        override
        returns (bytes memory)
    {
        Report memory report = _signedReport();
        if (salt % 3 == 0) report.trainingUnits ^= uint32(bound(salt >> 8, 1, type(uint32).max));
        if (salt % 3 == 1) report.energyCoefficient ^= uint112(bound(salt >> 8, 1, type(uint112).max));
        if (salt % 3 == 2) report.maxFrequency ^= uint72(bound(salt >> 8, 1, type(uint72).max));
        return _call(client, report, deadline, signature);
    }

    function _callData(address client, uint256 deadline_, bytes memory signature)
        internal
        pure
        override
        returns (bytes memory)
    {
        return _call(client, _signedReport(), deadline_, signature);
    }

    function _signedReport() internal pure returns (Report memory) {
        return _report(UNITS + 100);
    }

    function _outOfRange() internal pure returns (Report memory, bytes memory) {
        Report memory report = Report(2001, RHO, MAX_FREQUENCY);
        return (
            report, abi.encodeWithSelector(BcflErrors.Task_ReportOutOfRange.selector, 2001, RHO, MAX_FREQUENCY)
        );
    }
}

contract SignedJoinTest is SignedReports {
    function _structHash(address client, uint256 nonce, uint256 deadline_) internal pure override returns (bytes32) {
        return _joinHash(client, _signedReport(), nonce, deadline_);
    }

    function _call(address client, Report memory report, uint256 deadline_, bytes memory signature)
        internal
        pure
        override
        returns (bytes memory)
    {
        return abi.encodeCall(ITask.joinTaskFor, (client, report, deadline_, signature));
    }

    function _direct(address client) internal override {
        _join(client, _signedReport());
    }

    function _value() internal view override returns (uint256) {
        return terms.bond;
    }

    /// @dev A wallet that says yes where it has just `gas_` left, of which two units go for asking.
    function _joinsWithGasOf(uint24 gas_) private returns (bool success) {
        vm.etch(address(wallet), abi.encodePacked(hex"5a62", gas_ - 2, hex"14631626ba7e60e01b025f5260205ff3"));
        bytes memory data = _callData(address(wallet), deadline, "");
        uint256 snapshot = vm.snapshotState();
        vm.prank(relayer);
        (success,) = address(task).call{value: _value(), gas: 1_000_000}(data);
        vm.revertToState(snapshot);
    }

    function test_AWalletHasExactly100000Gas() external {
        assertTrue(_joinsWithGasOf(100_000));
        assertFalse(_joinsWithGasOf(99_999));
        assertFalse(_joinsWithGasOf(100_001));
    }

    function test_RevertWhen_ItIsSignedAsAChange() external {
        _expectWrongSignature(bob, _sign(bob, _changeHash(bob, _signedReport(), 0, deadline)));
    }

    /// @dev The relayer brings the bond, the client owns it.
    function test_TheBondIsTheRelayersAndBecomesTheClients() external {
        uint256 mine = bob.balance;
        uint256 theirs = relayer.balance;
        _expectDone(bob, _sign(bob, _message(bob)));
        assertEq(bob.balance, mine);
        assertEq(relayer.balance, theirs - BOND);
        vm.prank(bob);
        task.leaveTask(bob);
        assertEq(bob.balance, mine + BOND);
    }

    function testFuzz_RevertWhen_TheValueIsNotTheBond(uint80 value) external {
        vm.assume(value != BOND);
        vm.deal(relayer, value);
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        (bool success, bytes memory answer) = _send(value, data);
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, value, BOND));
        assertEq(_nonceOf(bob), 0);
    }

    function test_RevertGiven_ReportsAreFrozen() external {
        bytes memory data = _callData(bob, type(uint256).max, _sign(bob, _structHash(bob, 0, type(uint256).max)));
        _warpToFrozen();
        _expectRefused(data, _wrongPhase(Phase.Frozen));
    }

    function test_RevertGiven_TheClientJoinedItself() external {
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        _join(bob);
        _expectRefused(data, abi.encodeWithSelector(BcflErrors.Task_AlreadyMember.selector, bob));
    }

    function test_RevertGiven_TheClientIsNotAdmitted() external {
        terms.isOpenAdmission = false;
        _use(terms);
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        _expectRefused(data, abi.encodeWithSelector(BcflErrors.Task_NotAdmitted.selector, bob));
        vm.prank(owner);
        task.admit(_addresses(bob));
        _expectDone(bob, _sign(bob, _message(bob)));
    }

    function test_RevertWhen_TheReportIsOutOfRange() external {
        (Report memory report, bytes memory reason) = _outOfRange();
        bytes memory signature = _sign(bob, _joinHash(bob, report, 0, deadline));
        _expectRefused(_call(bob, report, deadline, signature), reason);
    }

    /// @dev Numbers go on, so that no signature of the earlier membership counts again.
    function test_RevertWhen_ItIsBroughtAgainAfterLeaving() external {
        bytes memory signature = _sign(bob, _message(bob));
        _expectDone(bob, signature);
        vm.prank(bob);
        task.leaveTask(bob);
        assertEq(_nonceOf(bob), 1);
        _expectWrongSignature(bob, signature);
    }
}

contract SignedChangeTest is SignedReports {
    function setUp() public override {
        super.setUp();
        _joinAll();
    }

    function _structHash(address client, uint256 nonce, uint256 deadline_) internal pure override returns (bytes32) {
        return _changeHash(client, _signedReport(), nonce, deadline_);
    }

    function _call(address client, Report memory report, uint256 deadline_, bytes memory signature)
        internal
        pure
        override
        returns (bytes memory)
    {
        return abi.encodeCall(ITask.changeReportFor, (client, report, deadline_, signature));
    }

    function _direct(address client) internal override {
        vm.prank(client);
        task.changeReport(_signedReport());
    }

    function _value() internal pure override returns (uint256) {
        return 0;
    }

    function test_RevertWhen_ItIsSignedAsAJoin() external {
        _expectWrongSignature(bob, _sign(bob, _joinHash(bob, _signedReport(), 0, deadline)));
    }

    function test_ReplacesTheReportAndMakesTheListStale() external {
        _post(clients);
        assertFalse(task.listState().isStale);
        _expectDone(bob, _sign(bob, _message(bob)));
        assertTrue(task.listState().isStale);
        assertEq(task.clientState(bob).report.trainingUnits, UNITS + 100);
    }

    function test_RevertGiven_ReportsAreFrozen() external {
        bytes memory data = _callData(bob, type(uint256).max, _sign(bob, _structHash(bob, 0, type(uint256).max)));
        _warpToFrozen();
        _expectRefused(data, _wrongPhase(Phase.Frozen));
    }

    function test_RevertGiven_TheClientHasLeft() external {
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        vm.prank(bob);
        task.leaveTask(bob);
        _expectRefused(data, abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, bob));
    }

    function test_RevertWhen_TheReportIsOutOfRange() external {
        (Report memory report, bytes memory reason) = _outOfRange();
        bytes memory signature = _sign(bob, _changeHash(bob, report, 0, deadline));
        _expectRefused(_call(bob, report, deadline, signature), reason);
    }

    function test_RevertWhen_ValueIsSent() external {
        bytes memory data = _callData(bob, deadline, _sign(bob, _message(bob)));
        (bool success,) = _send(1, data);
        assertFalse(success);
    }
}
