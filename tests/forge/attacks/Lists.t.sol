// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "../Base.t.sol";
import {Entry, Phase} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";

/// @notice Attacks on price lists: each is named as in the design.
contract ListAttacksTest is Base {
    function setUp() public override {
        super.setUp();
        _joinAll();
    }

    function _expectRefusal(bytes memory reason, Entry[] memory entries) private {
        uint32 version = task.listState().version + 1;
        vm.expectRevert(reason);
        vm.prank(owner);
        task.postEntries(version, uint32(entries.length), entries);
    }

    function test_Attack_APriceListThatOverspendsByOneWei() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[0] = _entry(alice, TRAINING_CAP + 1);
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_CapsExceedBudget.selector, 125e15 + 1, 125e15), entries
        );
        // To the wei it is allowed, whoever gets it.
        entries[1] = _entry(bob, TRAINING_CAP - 1);
        _post(entries);
        _warpToFrozen();
        _open();
        assertLedger(0, 0, 150e15, 300e15, 5 * BOND);
    }

    /// @dev Caps that would wrap 80 bits do not hide an overspent budget.
    function test_Attack_APriceListThatOverspendsByWrapping() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[4] = Entry(erin, type(uint80).max - 4 * TRAINING_CAP + 1, 1);
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_CapsExceedBudget.selector, 2 ** 80, 125e15), entries
        );
    }

    function test_Attack_TheSameClientTwiceInAList() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[3] = entries[2];
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, carol, carol), entries);
        // Nor in two chunks, nor as a client without cap.
        _post(1, 5, _entries(_addresses(alice, bob), TRAINING_CAP));
        Entry[] memory again = new Entry[](1);
        again[0] = Entry(alice, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, bob, alice));
        vm.prank(owner);
        task.postEntries(1, 5, again);
    }

    function test_Attack_AReportChangedJustBeforeTheListLands() external {
        uint256 frozen = _state().endedAt + terms.joinWindow;
        // In time: the list that was computed from the old report does not land.
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        vm.warp(frozen - 1);
        vm.prank(alice);
        task.changeReport(_report(UNITS + 1));
        vm.expectPartialRevert(BcflErrors.Price_WrongTrainingFrequency.selector);
        vm.prank(owner);
        task.postEntries(1, 5, entries);
        // From then on nobody can spoil the list.
        vm.warp(frozen);
        vm.expectRevert(_wrongPhase(Phase.Frozen));
        vm.prank(alice);
        task.changeReport(_report(UNITS + 2));
        vm.expectRevert(_wrongPhase(Phase.Frozen));
        vm.prank(alice);
        task.leaveTask(alice);
        _post(clients);
        _open();
        assertTrue(_state().isOpen);
    }

    function test_Attack_AReportChangedAfterTheEntryLanded() external {
        _post(clients);
        vm.prank(alice);
        task.changeReport(_report(UNITS + 1));
        vm.prank(alice);
        task.changeReport(_report(UNITS)); // and back
        _warpToFrozen();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, 1));
        vm.prank(owner);
        task.openRound(1);
    }
}
