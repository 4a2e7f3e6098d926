// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ITask} from "../../contracts/interfaces/ITask.sol";

contract AdmitTest is Base {
    function test_RevertWhen_TheCallerIsNotTheOwner() external {
        vm.expectRevert(_notOwner(mallory));
        vm.prank(mallory);
        task.admit(_addresses(mallory));
    }

    function test_AdmitsEveryClientNamed() external {
        vm.expectEmit(address(task));
        emit ITask.Admitted(alice);
        vm.expectEmit(address(task));
        emit ITask.Admitted(bob);
        vm.prank(owner);
        task.admit(_addresses(alice, bob));
        assertTrue(task.clientState(alice).isAdmitted);
        assertTrue(task.clientState(bob).isAdmitted);
        assertFalse(task.clientState(carol).isAdmitted);
        assertFalse(task.clientState(alice).isMember);
        assertLedger();
    }

    function test_AdmitsInAnyPhase() external {
        _openFirstRound();
        vm.prank(owner);
        task.admit(_addresses(mallory));
        assertTrue(task.clientState(mallory).isAdmitted);
    }

    function test_WhenNobodyIsNamed_ChangesNothing() external {
        vm.prank(owner);
        task.admit(_addresses());
        assertLedger();
    }
}
