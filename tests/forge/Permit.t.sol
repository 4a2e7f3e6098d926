// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TokensBase} from "./TokensBase.t.sol";
import {Permit} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {PhantomPermitToken} from "../../contracts/mocks/PhantomPermitToken.sol";
import {PlainToken} from "../../contracts/mocks/PlainToken.sol";

contract PermitTest is TokensBase {
    uint256 private ownerKey;

    function setUp() public override {
        super.setUp();
        (, ownerKey) = makeAddrAndKey("owner");
        _useToken(address(new PlainToken()));
        _approve(alice, address(task), 0);
    }

    function _permitOfAlice() private view returns (Permit memory) {
        return _permit(keyOf[alice], address(task), BOND, 0, block.timestamp);
    }

    function _joinWith(Permit memory permit) private {
        vm.prank(alice);
        task.joinTaskWithPermit(_report(UNITS), permit);
    }

    function _expectJoined(Permit memory permit) private {
        _joinWith(permit);
        deposits += BOND;
        assertLedger(0, 0, 0, FUNDS, BOND);
        assertEq(token.balanceOf(alice), 0);
        assertEq(token.allowance(alice, address(task)), 0);
    }

    function _expectNotPulled(Permit memory permit) private {
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Money_NotPulled.selector, token, alice, BOND)
        );
        _joinWith(permit);
        assertLedger(0, 0, 0, FUNDS, 0);
    }

    // ------------------------------------------------------------------------------------------------ joining

    function test_JoinsInOneTransaction() external {
        _expectJoined(_permitOfAlice());
    }

    /// @dev Somebody saw it in the pool: the allowance is there, the permit is used up.
    function test_GivenThePermitWasUsedAMomentAgo() external {
        Permit memory permit = _permitOfAlice();
        vm.prank(mallory);
        token.permit(alice, address(task), BOND, permit.deadline, permit.v, permit.r, permit.s);
        _expectJoined(permit);
    }

    function test_GivenAnAllowance_ABadPermitDoesNotMatter() external {
        _approve(alice, address(task), BOND);
        _expectJoined(Permit(0, 0, 0, 0));
    }

    function test_RevertWhen_ThePermitHasExpired() external {
        Permit memory permit = _permitOfAlice();
        vm.warp(permit.deadline + 1);
        _expectNotPulled(permit);
    }

    function test_RevertWhen_AnotherSigned() external {
        _expectNotPulled(_permit(keyOf[bob], address(task), BOND, 0, block.timestamp));
    }

    function testFuzz_RevertWhen_ItIsForAnotherAmount(uint256 amount) external {
        vm.assume(amount != BOND);
        _expectNotPulled(_permit(keyOf[alice], address(task), amount, 0, block.timestamp));
    }

    function test_RevertWhen_ItIsForAnotherSpender() external {
        _expectNotPulled(_permit(keyOf[alice], address(factory), BOND, 0, block.timestamp));
    }

    /// @dev Another's permit and allowance are of no use: who pays is who calls.
    function test_RevertWhen_AnotherBringsIt() external {
        Permit memory permit = _permitOfAlice();
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Money_NotPulled.selector, token, mallory, BOND)
        );
        vm.prank(mallory);
        task.joinTaskWithPermit(_report(UNITS), permit);
        assertEq(token.balanceOf(alice), BOND);
    }

    /// @dev The fallback takes the permit and does nothing; what counts is the allowance.
    function test_RevertWhen_TheTokenOnlySeemsToHavePermits() external {
        _useToken(address(new PhantomPermitToken()));
        _approve(alice, address(task), 0);
        _expectNotPulled(Permit(block.timestamp, 27, bytes32(uint256(1)), bytes32(uint256(1))));
        _approve(alice, address(task), BOND);
        _expectJoined(Permit(block.timestamp, 27, bytes32(uint256(1)), bytes32(uint256(1))));
    }

    function test_RevertWhen_TheTaskPaysInCoin() external {
        terms.token = address(0);
        _use(terms);
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, 0, BOND));
        _joinWith(Permit(block.timestamp, 27, 0, 0));
    }

    function test_RevertWhen_ValueComesWithIt() external {
        bytes memory data = abi.encodeCall(task.joinTaskWithPermit, (_report(UNITS), _permitOfAlice()));
        vm.prank(alice);
        (bool success,) = address(task).call{value: 1}(data);
        assertFalse(success);
    }

    // ------------------------------------------------------------------------------------------------ creation

    function _permitOfOwner() private view returns (Permit memory) {
        return _permit(ownerKey, address(factory), FUNDS, 0, block.timestamp);
    }

    function test_CreatesInOneTransaction() external {
        token.mint(owner, FUNDS);
        Permit memory permit = _permitOfOwner();
        vm.prank(owner);
        address created = factory.createTaskWithPermit(terms, permit);
        assertTrue(factory.isTask(created));
        assertEq(token.balanceOf(created), FUNDS);
        assertEq(token.balanceOf(owner), 0);
        assertEq(token.allowance(owner, address(factory)), 0);
    }

    function test_GivenTheOwnersPermitWasUsedAMomentAgo() external {
        token.mint(owner, FUNDS);
        Permit memory permit = _permitOfOwner();
        vm.prank(mallory);
        token.permit(owner, address(factory), FUNDS, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(owner);
        assertEq(token.balanceOf(factory.createTaskWithPermit(terms, permit)), FUNDS);
    }

    function _expectNotCreated(Permit memory permit) private {
        token.mint(owner, FUNDS);
        address next = _nextTask(terms);
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Money_NotPulled.selector, token, owner, FUNDS)
        );
        vm.prank(owner);
        factory.createTaskWithPermit(terms, permit);
        assertFalse(factory.isTask(next));
        assertEq(token.balanceOf(owner), FUNDS);
    }

    function test_RevertWhen_TheOwnersPermitHasExpired() external {
        Permit memory permit = _permitOfOwner();
        vm.warp(permit.deadline + 1);
        _expectNotCreated(permit);
    }

    function test_RevertWhen_AnotherSignedTheOwnersPermit() external {
        _expectNotCreated(_permit(keyOf[bob], address(factory), FUNDS, 0, block.timestamp));
    }

    /// @dev An allowance to the factory is spent by its owner's calls alone.
    function test_RevertWhen_AnotherCreatesWithTheOwnersPermit() external {
        token.mint(owner, FUNDS);
        _approve(owner, address(factory), FUNDS);
        Permit memory permit = _permitOfOwner();
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Money_NotPulled.selector, token, mallory, FUNDS)
        );
        vm.prank(mallory);
        factory.createTaskWithPermit(terms, permit);
        assertEq(token.balanceOf(owner), FUNDS);
    }

    function test_RevertWhen_ATaskInCoinIsCreatedWithAPermit() external {
        terms.token = address(0);
        Permit memory permit = _permitOfOwner();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, 0, FUNDS));
        vm.prank(owner);
        factory.createTaskWithPermit(terms, permit);
    }
}
