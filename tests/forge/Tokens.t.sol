// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TokensBase} from "./TokensBase.t.sol";
import {ITask, Phase} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {EtherForcer} from "../../contracts/mocks/EtherForcer.sol";
import {FeeToken} from "../../contracts/mocks/FeeToken.sol";
import {HostileToken} from "../../contracts/mocks/HostileToken.sol";
import {PhantomPermitToken} from "../../contracts/mocks/PhantomPermitToken.sol";
import {PlainToken} from "../../contracts/mocks/PlainToken.sol";
import {SilentToken} from "../../contracts/mocks/SilentToken.sol";

contract TokensTest is TokensBase {
    // ------------------------------------------------------------------------------------------------ a whole life

    /// @dev Creation, joining, a round with a forfeit, a round by time, claims, leaving and closing, and every balance.
    function _liveThrough(address token_) private {
        _useToken(token_);
        assertLedger(0, 0, 0, FUNDS, 0);
        assertEq(token.balanceOf(owner), 0);
        _openFirstRoundByToken();
        assertLedger(0, 0, 150e15, 300e15, 5 * BOND);
        for (uint256 i; i < 5; ++i) {
            assertEq(token.balanceOf(clients[i]), 0);
        }

        _work(clients);
        _endByQuorum(_result(_addresses(), _addresses(erin)));
        uint256 each = _claimableOf(alice);
        assertGt(each, 29e15);
        assertLedger(0, 4 * each, 0, FUNDS - 4 * each, 4 * BOND);
        assertEq(task.ledger().burnt, BOND);

        assertEq(_claim(alice), each);
        assertEq(token.balanceOf(alice), each);
        vm.prank(bob);
        task.claim(home);
        assertEq(token.balanceOf(home), each);
        assertEq(token.balanceOf(bob), 0);
        assertLedger(2 * each, 2 * each, 0, FUNDS - 4 * each, 4 * BOND);

        _secondRound(each);
        _end(each);
    }

    /// @dev Four are left; one does not work, and the round ends by time.
    function _secondRound(uint256 each) private {
        address[] memory rest = new address[](4);
        (rest[0], rest[1], rest[2], rest[3]) = (alice, bob, carol, dave);
        _warpToFrozen();
        _post(_entries(rest, TRAINING_CAP));
        _open();
        _warpToDeadline();
        _submit(alice);
        _submit(bob);
        _submit(carol);
        assertEq(_pendingOf(dave), 0);
        _endByTime();
        assertGt(_claimableOf(carol), each);
        assertLedger();
    }

    function _end(uint256 each) private {
        vm.prank(carol);
        task.leaveTask(home);
        assertEq(token.balanceOf(home), each + BOND);
        uint256 free = task.ledger().free;
        vm.prank(owner);
        assertEq(task.closeTask(owner), free);
        assertEq(token.balanceOf(owner), free);
        assertPhase(Phase.Over);

        // Everything that is not burnt goes out, each by its owner alone.
        _claim(alice);
        _claim(bob);
        _claim(carol);
        _claim(dave);
        address[3] memory members = [alice, bob, dave];
        for (uint256 i; i < 3; ++i) {
            uint256 before = token.balanceOf(members[i]);
            vm.prank(members[i]);
            task.leaveTask(members[i]);
            assertEq(token.balanceOf(members[i]), before + BOND);
        }
        assertLedger(deposits - 5 * BOND - free, 0, 0, 0, 0);
        assertEq(token.balanceOf(address(task)), BOND, "the burnt bond");
        assertEq(address(task).balance, 0);
        assertEq(token.balanceOf(erin), 0);
    }

    function test_AWholeLifeInAPlainToken() external {
        _liveThrough(address(new PlainToken()));
    }

    function test_AWholeLifeInATokenThatReturnsNothing() external {
        _liveThrough(address(new SilentToken()));
    }

    function test_AWholeLifeInATokenWithoutPermits() external {
        _liveThrough(address(new PhantomPermitToken()));
    }

    /// @dev As long as it takes none: a fee is a matter of each transfer.
    function test_AWholeLifeInATokenWhoseFeeIsZero() external {
        FeeToken feeToken = new FeeToken();
        feeToken.setFee(0);
        _liveThrough(address(feeToken));
    }

    // ------------------------------------------------------------------------------------------------ creation

    /// @dev Refused, and neither task nor money anywhere.
    function _expectNotCreated(uint256 value, bytes memory reason) private {
        address next = _nextTask(terms);
        uint256 before = token.balanceOf(owner);
        vm.prank(owner);
        vm.expectRevert(reason);
        factory.createTask{value: value}(terms);
        assertFalse(factory.isTask(next));
        assertEq(next.code.length, 0);
        assertEq(token.balanceOf(owner), before);
        assertEq(token.balanceOf(next), 0);
    }

    function _fund(address token_, uint256 balance, uint256 allowance) private {
        token = PlainToken(token_);
        terms.token = token_;
        token.mint(owner, balance);
        _approve(owner, address(factory), allowance);
    }

    function _notPulled(address payer, uint256 amount) private view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Money_NotPulled.selector, token, payer, amount);
    }

    function _wrongReceived(uint256 received, uint256 expected) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            BcflErrors.Money_WrongAmountReceived.selector, token, received, expected
        );
    }

    function test_RevertWhen_TheOwnerHasAllowedTooLittle() external {
        _fund(address(new PlainToken()), FUNDS, FUNDS - 1);
        _expectNotCreated(0, _notPulled(owner, FUNDS));
    }

    function test_RevertWhen_TheOwnerHasTooLittle() external {
        _fund(address(new PlainToken()), FUNDS - 1, FUNDS);
        _expectNotCreated(0, _notPulled(owner, FUNDS));
    }

    function test_RevertWhen_TheOwnerHasTooLittleOfATokenThatReturnsNothing() external {
        _fund(address(new SilentToken()), FUNDS - 1, FUNDS);
        _expectNotCreated(0, _notPulled(owner, FUNDS));
    }

    function test_RevertWhen_ATokensTaskIsSentValue() external {
        _fund(address(new PlainToken()), FUNDS, FUNDS);
        _expectNotCreated(1, abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, 1, 0));
        _expectNotCreated(FUNDS, abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, FUNDS, 0));
    }

    function test_RevertWhen_TheTokenTakesAFeeFromTheFunds() external {
        _fund(address(new FeeToken()), FUNDS, FUNDS);
        _expectNotCreated(0, _wrongReceived(FUNDS - 1, FUNDS));
    }

    function test_RevertWhen_TheTokenDeliversMoreThanTheFunds() external {
        HostileToken hostile = new HostileToken();
        _fund(address(hostile), FUNDS, FUNDS);
        hostile.setSurplus(1);
        _expectNotCreated(0, _wrongReceived(FUNDS + 1, FUNDS));
    }

    function test_RevertWhen_TheTokenReturnsFalseForTheFunds() external {
        HostileToken hostile = new HostileToken();
        _fund(address(hostile), FUNDS, FUNDS);
        hostile.setReturningFalse(true);
        _expectNotCreated(0, _notPulled(owner, FUNDS));
    }

    function test_RevertWhen_TheTokenHasNoCode() external {
        terms.token = makeAddr("no token");
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Terms_TokenHasNoCode.selector, terms.token));
        vm.prank(owner);
        factory.createTask(terms);
    }

    /// @dev A contract that is no token has no balance to ask for.
    function test_RevertWhen_TheTokenIsNone() external {
        terms.token = address(factory);
        vm.expectRevert(bytes(""));
        vm.prank(owner);
        factory.createTask(terms);
    }

    /// @dev What was sent to the clone's address before does not count, and stays beside the ledger.
    function test_GivenTheCloneHadSomeOfTheTokenBefore() external {
        _fund(address(new PlainToken()), FUNDS, FUNDS);
        token.mint(_nextTask(terms), 7);
        task = _createInToken(terms);
        (deposits, forced) = (FUNDS, 7);
        assertLedger(0, 0, 0, FUNDS, 0);
    }

    // ------------------------------------------------------------------------------------------------ joining

    function _expectNotJoined(uint256 value, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(alice);
        task.joinTask{value: value}(_report(UNITS));
        assertFalse(task.clientState(alice).isMember);
        assertLedger(0, 0, 0, FUNDS, 0);
    }

    function test_RevertWhen_TheClientHasAllowedTooLittle() external {
        _useToken(address(new PlainToken()));
        _approve(alice, address(task), BOND - 1);
        _expectNotJoined(0, _notPulled(alice, BOND));
    }

    function test_RevertWhen_TheClientHasTooLittle() external {
        _useToken(address(new PlainToken()));
        vm.prank(alice);
        token.transfer(bob, 1);
        _expectNotJoined(0, _notPulled(alice, BOND));
    }

    function test_RevertWhen_TheClientSendsValue() external {
        _useToken(address(new PlainToken()));
        _expectNotJoined(BOND, abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, BOND, 0));
    }

    function test_RevertWhen_TheTokenBeginsToTakeAFee() external {
        FeeToken feeToken = new FeeToken();
        feeToken.setFee(0);
        _useToken(address(feeToken));
        feeToken.setFee(3);
        _expectNotJoined(0, _wrongReceived(BOND - 3, BOND));
    }

    function test_RevertWhen_TheTokenReturnsFalseForTheBond() external {
        HostileToken hostile = new HostileToken();
        _useToken(address(hostile));
        hostile.setReturningFalse(true);
        _expectNotJoined(0, _notPulled(alice, BOND));
    }

    function test_RevertWhen_TheTokenDeliversMoreThanTheBond() external {
        HostileToken hostile = new HostileToken();
        _useToken(address(hostile));
        hostile.setSurplus(5);
        _expectNotJoined(0, _wrongReceived(BOND + 5, BOND));
    }

    /// @dev The bond comes from the client that signed, not from who brings the message.
    function test_WhenItIsRelayed_TheClientsAllowancePays() external {
        _useToken(address(new PlainToken()));
        token.mint(relayer, BOND);
        _approve(relayer, address(task), BOND);
        bytes memory signature = _sign(alice, _joinHash(alice, _report(UNITS), 0, block.timestamp));
        bytes memory data = abi.encodeCall(ITask.joinTaskFor, (alice, _report(UNITS), block.timestamp, signature));
        (bool success, bytes memory answer) = _send(BOND, data);
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, BOND, 0));
        (success,) = _send(0, data);
        assertTrue(success);
        deposits += BOND;
        assertLedger(0, 0, 0, FUNDS, BOND);
        assertEq(token.balanceOf(alice), 0);
        assertEq(token.balanceOf(relayer), BOND);
    }

    /// @dev Without a bond the token is not asked at all.
    function test_GivenNoBond_TheTokenIsNotCalled() external {
        terms.bond = 0;
        HostileToken hostile = new HostileToken();
        _useToken(address(hostile));
        hostile.setRefusing(true);
        vm.prank(alice);
        task.joinTask(_report(UNITS));
        vm.prank(alice);
        task.leaveTask(alice);
        assertLedger(0, 0, 0, FUNDS, 0);
    }

    // ------------------------------------------------------------------------------------------------ beside the ledger

    function test_CoinAndOtherTokensChangeNoLine() external {
        _useToken(address(new PlainToken()));
        _openFirstRoundByToken();
        bytes memory before = abi.encode(task.ledger());
        vm.deal(address(this), 1 ether);
        new EtherForcer{value: 1 ether}(payable(address(task)));
        PlainToken other = new PlainToken();
        other.mint(address(task), 5 ether);
        token.mint(address(task), 9);
        forced = 9;
        assertEq(abi.encode(task.ledger()), before);
        assertLedger();
        _finishRound();
        _claim(alice);
        assertLedger();
        assertEq(address(task).balance, 1 ether);
        assertEq(other.balanceOf(address(task)), 5 ether);
    }

    function test_RevertWhen_CoinIsSent() external {
        _useToken(address(new PlainToken()));
        vm.prank(mallory);
        (bool success,) = address(task).call{value: 1}("");
        assertFalse(success);
    }
}
