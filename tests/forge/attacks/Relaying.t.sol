// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Messages} from "../Messages.sol";
import {RelayBase} from "../RelayBase.t.sol";
import {IRelay} from "../../../contracts/interfaces/IRelay.sol";
import {Ballot, ITask, Terms, WalletVote} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {BurningReceiver} from "../../../contracts/mocks/BurningReceiver.sol";
import {EtherForcer} from "../../../contracts/mocks/EtherForcer.sol";
import {PlainToken} from "../../../contracts/mocks/PlainToken.sol";
import {ReentrantReceiver} from "../../../contracts/mocks/ReentrantReceiver.sol";
import {RevertingReceiver} from "../../../contracts/mocks/RevertingReceiver.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";
import {VerboseWallet} from "../../../contracts/mocks/VerboseWallet.sol";

/// @dev Refuses with a reason as long as it is told, if it is told anything.
contract Chatterer {
    uint256 public heard;

    fallback() external payable {
        if (msg.data.length != 0) {
            assembly ("memory-safe") {
                revert(0, calldataload(0))
            }
        }
        ++heard;
    }
}

/// @dev Takes as much gas as the first word of a call says; where it says nothing, all it has, and refuses at some length.
contract Glutton {
    fallback() external payable {
        uint256 left = gasleft();
        uint256 portion = uint256(bytes32(msg.data));
        if (portion != 0) {
            while (left - gasleft() < portion) {}
            return;
        }
        while (gasleft() > 300) {}
        assembly ("memory-safe") {
            revert(0, 256)
        }
    }
}

/// @notice Attacks on and with relayed messages.
contract RelayingAttacksTest is RelayBase {
    /// @dev The most that one transaction holds on a public chain (EIP-7825).
    uint256 private constant TRANSACTION_GAS = 16_777_216;

    /// @dev A signed message seen in the pool and brought by another: it takes effect once, for whom it names.
    function test_Attack_AMessageIsBroughtBeforeItsRelayer() external {
        bytes[] memory calls = _joinCalls();
        vm.prank(mallory);
        (bool success,) = address(task).call{value: BOND}(calls[2]);
        assertTrue(success);
        uint256 theirs = relayer.balance;
        assertEq(_relay(BOND, calls), 1);
        assertEq(relayer.balance, theirs - 4 * BOND);
        deposits += 5 * BOND;
        assertLedger(0, 0, 0, 450e15, 5 * BOND);
    }

    /// @dev Numbered before the revocation for what comes after the present number, and brought when that has passed.
    function test_Attack_AMessageNumberedAheadOutlivesARevocation() external {
        _openFirstRound();
        _finishRound();
        uint32 present = _nonceOf(alice);
        bytes[] memory calls = new bytes[](5);
        uint256[5] memory ahead = [uint256(0), 1, 2, 1000, 2 ** 16 - 1];
        for (uint256 i; i < 5; ++i) {
            bytes32 message = Messages.claim(alice, mallory, present + ahead[i], EVER);
            calls[i] = abi.encodeCall(ITask.claimFor, (alice, mallory, EVER, _sign(alice, message)));
        }
        vm.prank(alice);
        task.revokeSignatures();
        uint256 earned = _claimableOf(alice);
        assertGt(earned, 0);
        assertEq(_relay(0, calls), 5);
        assertEq(_claimableOf(alice), earned);
        bytes[] memory anew = new bytes[](1);
        anew[0] = _claimCall(alice, alice);
        assertEq(_relay(0, anew), 0);
    }

    /// @dev The block that made the task is replaced, and a task with other terms is the factory's next.
    function test_Attack_AJoinSignedForATaskThatAnotherReplaces() external {
        uint256 snapshot = vm.snapshotState();
        task = _create(terms);
        bytes memory call = _joinCall(alice);
        address signedFor = address(task);
        assertTrue(vm.revertToState(snapshot));
        Terms memory theirs = terms;
        (theirs.owner, theirs.listWindow) = (mallory, 365 days);
        task = _create(theirs);
        assertNotEq(address(task), signedFor);
        bytes[] memory calls = new bytes[](1);
        calls[0] = call;
        assertEq(_relay(BOND, calls), 1);
        assertFalse(task.clientState(alice).isMember);
    }

    // ------------------------------------------------------------------------------------------------ gas

    /// @dev The others land, whatever the size of the refusal at `where`; returns what is told of it.
    function _reasonOf(uint256 size, uint256 where, uint256 gas_) private returns (bytes memory) {
        Chatterer chatterer = new Chatterer();
        bytes[] memory calls = new bytes[](5);
        calls[where] = abi.encode(size);
        bytes memory data = abi.encodeCall(IRelay.relay, (address(chatterer), 0, calls));
        vm.recordLogs();
        task = ITask(address(chatterer));
        (bool success, bytes memory answer) = address(relay).call{gas: gas_}(data);
        assertTrue(success);
        assertEq(abi.decode(answer, (uint256)), 1);
        assertEq(chatterer.heard(), 4);
        (uint256[] memory indices, bytes[] memory reasons) = _skipped();
        assertEq(indices.length, 1);
        assertEq(indices[0], where);
        return reasons[0];
    }

    /// @dev To copy and tell a long reason costs several times the share that makes it.
    function testFuzz_Attack_ALongReasonBurnsTheGasOfABatch(uint256 size, uint256 where) external {
        size = bound(size, 1, 150_000);
        uint256 length = _reasonOf(size, where % 5, 240_000).length;
        // All of a short one, the beginning of a long one; nothing where it took all the gas to make it.
        assertEq(length, size < 90_000 || length != 0 ? Math.min(size, 256) : 0);
    }

    function test_Attack_AReasonOf300Kilobytes() external {
        for (uint256 where; where < 5; ++where) {
            assertEq(_reasonOf(300_000, where, 5_000_000).length, 256);
        }
    }

    function test_Attack_AReasonThatTakesAllTheGasOfItsShare() external {
        assertEq(_reasonOf(150_000, 0, 240_000).length, 0);
    }

    function _expectTheOthersLand(uint256 burners) private {
        _openFirstRound();
        _finishRound();
        address burner = address(new BurningReceiver());
        bytes[] memory calls = _claimCalls();
        for (uint256 i; i < burners; ++i) {
            calls[i] = _claimCall(clients[i], burner);
        }
        bytes memory data = abi.encodeCall(IRelay.relay, (address(task), 0, calls));
        vm.prank(relayer);
        (bool success, bytes memory answer) = address(relay).call{gas: TRANSACTION_GAS}(data);
        assertTrue(success);
        assertEq(abi.decode(answer, (uint256)), burners);
        for (uint256 i; i < 5; ++i) {
            assertEq(_claimableOf(clients[i]) != 0, i < burners);
        }
        assertLedger();
        // Even those can, to another address.
        _claim(alice);
    }

    function test_Attack_OneReceiverBurnsAllGasOfABatch() external {
        _expectTheOthersLand(1);
    }

    /// @dev Each call has its share of the gas. If each had all that is left, two would leave a thousandth of it.
    function test_Attack_ThreeReceiversBurnAllGasOfABatch() external {
        _expectTheOthersLand(3);
    }

    /// @dev Burners at any places, the last among them, after whom nobody's share is left to tell of it with; and no more gas
    /// than `IRelay` asks for.
    function test_Attack_ReceiversBurnAllGasOfABatchWhereverTheyStand() external {
        _expectTheOthersLandWherever(0);
    }

    /// @dev To copy a call takes gas of the others, and more the longer it is: up to this length it is there, in each call of
    /// a batch. What stands behind a message's arguments nobody reads.
    function test_Attack_ALongCallBurnsTheGasOfABatch() external {
        _expectTheOthersLandWherever(2048);
    }

    /// @dev One among calls that leave nothing of what they need, and a reason of the greatest length that is told.
    function test_Attack_ALongCallWithALongReasonBurnsTheGasOfABatch() external {
        task = ITask(address(new Glutton()));
        bytes memory good = _padded(abi.encode(60_000), 2048);
        uint256 need = 60_000;
        for (bool success; !success; ++need) {
            (success,) = address(task).call{gas: need}(good);
        }
        for (uint256 where; where < 5; ++where) {
            bytes[] memory calls = new bytes[](5);
            for (uint256 i; i < 5; ++i) {
                calls[i] = i == where ? new bytes(2048) : good;
            }
            vm.cool(address(task));
            (bool success, bytes memory answer) = address(relay).call{gas: 15_000 + 5 * (6_000 + (need - 1) * 64 / 63)}(
                abi.encodeCall(IRelay.relay, (address(task), 0, calls))
            );
            assertTrue(success);
            assertEq(abi.decode(answer, (uint256)), 1);
        }
    }

    /// @dev Every choice of burners among five claims, each as long as `length` if it is not longer.
    function _expectTheOthersLandWherever(uint256 length) private {
        _openFirstRound();
        _finishRound();
        bytes[] memory good = _claimCalls();
        bytes[] memory burning = new bytes[](5);
        address burner = address(new BurningReceiver());
        for (uint256 i; i < 5; ++i) {
            good[i] = _padded(good[i], length);
            burning[i] = _padded(_claimCall(clients[i], burner), length);
        }
        uint256 gas_ = 15_000 + 5 * (6_000 + _needOf(good[0]) * 64 / 63);
        bytes[] memory calls = new bytes[](5);
        uint256 snapshot = vm.snapshotState();
        for (uint256 where; where < 32; ++where) {
            uint256 burners;
            for (uint256 i; i < 5; ++i) {
                calls[i] = where >> i & 1 == 0 ? good[i] : burning[i];
                burners += where >> i & 1;
            }
            vm.cool(address(task));
            vm.prank(relayer);
            (bool success, bytes memory answer) =
                address(relay).call{gas: gas_}(abi.encodeCall(IRelay.relay, (address(task), 0, calls)));
            assertTrue(success);
            assertEq(abi.decode(answer, (uint256)), burners);
            for (uint256 i; i < 5; ++i) {
                assertEq(_claimableOf(clients[i]) != 0, where >> i & 1 != 0);
            }
            assertLedger();
            vm.revertToState(snapshot);
        }
    }

    function _padded(bytes memory data, uint256 length) private pure returns (bytes memory) {
        return length <= data.length ? data : bytes.concat(data, new bytes(length - data.length));
    }

    /// @dev With a value a call costs more before it begins, and what nobody took has to come back at the end.
    function testFuzz_Attack_AllCallsBurnTheirGasAndTheirValueComesBack(uint256 size, uint256 gas_) external {
        size = bound(size, 1, 6);
        address burner = address(new BurningReceiver());
        uint256 balance = relayer.balance;
        vm.prank(relayer);
        (bool success, bytes memory answer) = address(relay).call{value: size, gas: bound(gas_, 20_000 + 15_000 * size, 1_000_000)}(
            abi.encodeCall(IRelay.relay, (burner, 1, new bytes[](size)))
        );
        assertTrue(success);
        assertEq(abi.decode(answer, (uint256)), size);
        assertEq(relayer.balance, balance);
    }

    /// @dev The gas that a call ends well with, to the next 100; more than it uses, as sending coin gives some back.
    function _needOf(bytes memory data) private returns (uint256 need) {
        for (bool success; !success; need += 100) {
            uint256 snapshot = vm.snapshotState();
            vm.cool(address(task));
            (success,) = address(task).call{gas: need}(data);
            vm.revertToState(snapshot);
        }
    }

    /// @dev What the message of `wallet` adds to a batch of five others, all of which land.
    function _costInABatch(address wallet) private returns (uint256) {
        bytes[] memory calls = _joinCalls();
        bytes[] memory more = new bytes[](6);
        keyOf[wallet] = 1; // it signs whatever
        more[0] = _joinCall(wallet);
        for (uint256 i; i < 5; ++i) {
            more[i + 1] = calls[i];
        }
        uint256 snapshot = vm.snapshotState();
        uint256 without = _gasOf(calls);
        vm.revertToState(snapshot);
        uint256 cost = _gasOf(more) - without;
        assertEq(task.ledger().bonds, 5 * BOND);
        return cost;
    }

    function _gasOf(bytes[] memory calls) private returns (uint256) {
        vm.prank(relayer);
        uint256 left = gasleft();
        relay.relay{value: calls.length * BOND}(address(task), BOND, calls);
        return left - gasleft();
    }

    function test_Attack_AWalletBurnsTheGasOfABatch() external {
        SignatureWallet wallet = new SignatureWallet(mallory);
        wallet.setManner(SignatureWallet.Manner.BurnsGas);
        assertLt(_costInABatch(address(wallet)), 170_000);
    }

    function test_Attack_AWalletsAnswerFillsTheMemoryOfABatch() external {
        assertLt(_costInABatch(address(new VerboseWallet())), 170_000);
    }

    // ------------------------------------------------------------------------------------------------ quorum

    /// @dev Seven that sign and three contracts that do not; returns what the votes of those cost.
    function _costOfVotes(bytes memory code) private returns (uint256) {
        _makeClients(7);
        address[] memory wallets = new address[](3);
        for (uint256 i; i < 3; ++i) {
            SignatureWallet wallet = new SignatureWallet(mallory);
            wallet.setManner(SignatureWallet.Manner.BurnsGas);
            if (code.length != 0) vm.etch(address(wallet), code);
            vm.deal(address(wallet), BOND);
            wallets[i] = address(wallet);
        }
        WalletVote[] memory walletVotes = new WalletVote[](3);
        address[] memory signers = clients;
        for (uint256 i; i < 3; ++i) {
            clients.push(wallets[i]);
        }
        wallets = _sorted(wallets);
        for (uint256 i; i < 3; ++i) {
            walletVotes[i] = WalletVote(wallets[i], new bytes(65));
        }
        clients = _sorted(clients);
        _openFirstRound();
        _work(clients);
        Ballot[] memory votes = _votes(signers, _result());
        address generator = _generator();

        uint256 snapshot = vm.snapshotState();
        vm.prank(generator);
        uint256 left = gasleft();
        task.endRoundByQuorum(_result(), votes, _noWallets());
        uint256 without = left - gasleft();
        vm.revertToState(snapshot);
        vm.prank(generator);
        left = gasleft();
        task.endRoundByQuorum(_result(), votes, walletVotes);
        return left - gasleft() - without;
    }

    function test_Attack_WalletsBurnTheGasOfAQuorum() external {
        assertLt(_costOfVotes(""), 3 * 150_000);
    }

    /// @dev Memory is paid by its square: fifteen such answers would fill a whole transaction.
    function test_Attack_WalletsAnswersFillTheMemoryOfAQuorum() external {
        assertLt(_costOfVotes(address(new VerboseWallet()).code), 3 * 150_000);
    }

    // ------------------------------------------------------------------------------------------------ re-entrance

    /// @dev The sender is paid back and sends another batch from there, on money it has not brought.
    function test_Attack_ReentranceThroughWhatComesBack() external {
        ReentrantReceiver sender = new ReentrantReceiver();
        bytes[] memory calls = _joinCalls();
        (calls[0],) = _badJoin(clients[0]);
        bytes[] memory more = new bytes[](1);
        more[0] = _joinCall(clients[0]);
        sender.arm(abi.encodeCall(IRelay.relay, (address(task), BOND, more)));
        vm.deal(address(relay), 1 ether);
        vm.deal(address(this), 5 * BOND);
        sender.execute{value: 5 * BOND}(
            address(relay), 5 * BOND, abi.encodeCall(IRelay.relay, (address(task), BOND, calls))
        );
        assertEq(sender.attempts(), 1);
        assertFalse(sender.succeeded());
        assertEq(sender.answer(), abi.encodeWithSelector(BcflErrors.Money_WrongValue.selector, 0, BOND));
        assertEq(address(sender).balance, BOND);
        assertEq(address(relay).balance, 1 ether);
    }

    /// @dev A recipient brings the next claim of the batch, and its own once more, while it is being paid.
    function test_Attack_ReentranceThroughARecipient() external {
        _openFirstRound();
        _finishRound();
        ReentrantReceiver recipient = new ReentrantReceiver();
        bytes[] memory calls = new bytes[](2);
        calls[0] = _claimCall(alice, address(recipient));
        calls[1] = _claimCall(bob, bob);
        uint256 ofAlice = _claimableOf(alice);
        uint256 ofBob = bob.balance + _claimableOf(bob);

        recipient.arm(calls[0]);
        uint256 snapshot = vm.snapshotState();
        assertEq(_relay(0, calls), 0);
        assertFalse(recipient.succeeded());
        assertEq(address(recipient).balance, ofAlice);
        assertEq(bob.balance, ofBob);
        assertLedger();

        vm.revertToState(snapshot);
        recipient.arm(calls[1]);
        assertEq(_relay(0, calls), 1);
        assertTrue(recipient.succeeded());
        assertEq(address(recipient).balance, ofAlice);
        assertEq(bob.balance, ofBob);
        assertLedger();
    }

    // ------------------------------------------------------------------------------------------------ the Relay's own

    /// @dev A relayer that is a contract and takes no ether sends a batch that brings none.
    function test_Attack_ABadEntryStopsABatchWhoseRelayerTakesNoEther() external {
        RevertingReceiver relayer = new RevertingReceiver();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ITask.claimFor, (alice, alice, block.timestamp, ""));
        bytes memory answer =
            relayer.execute(factory.relay(), 0, abi.encodeCall(IRelay.relay, (address(task), 0, calls)));
        assertEq(abi.decode(answer, (uint256)), 1, "skipped");
    }

    function test_Attack_MoneyForcedIntoTheRelay() external {
        vm.deal(address(this), 1 ether);
        new EtherForcer{value: 1 ether}(payable(address(relay)));
        bytes[] memory calls = _joinCalls();
        (calls[4],) = _badJoin(clients[4]);
        uint256 theirs = relayer.balance;
        _relay(BOND, calls);
        assertEq(relayer.balance, theirs - 4 * BOND);
        assertEq(address(relay).balance, 1 ether);
    }

    /// @dev Only functions that ask for a signature belong in a batch: else the client is the Relay, which is anybody. It
    /// costs whoever does it the bond, and nobody else anything.
    function test_Attack_TheRelayAsAClient() external {
        _joinAll();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ITask.joinTask, (_report(UNITS)));
        assertEq(_relay(BOND, calls), 0);
        deposits += BOND;
        assertTrue(task.clientState(address(relay)).isMember);
        uint256 theirs = mallory.balance;
        calls[0] = abi.encodeCall(ITask.leaveTask, (mallory));
        vm.prank(mallory);
        relay.relay(address(task), 0, calls);
        assertEq(mallory.balance, theirs + BOND);
        assertLedger(0, 0, 0, 450e15, 5 * BOND);
    }

    /// @dev The Relay is nobody's spender.
    function test_Attack_ABatchToAToken() external {
        PlainToken token = new PlainToken();
        token.mint(alice, 1 ether);
        vm.prank(alice);
        token.approve(address(task), 1 ether);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(token.transferFrom, (alice, mallory, 1 ether));
        vm.prank(mallory);
        assertEq(relay.relay(address(token), 0, calls), 1);
        assertEq(token.balanceOf(alice), 1 ether);
    }

    /// @dev What was signed for one task lands on no other.
    function test_Attack_ABatchToAnotherTask() external {
        bytes[] memory calls = _joinCalls();
        ITask first = task;
        task = _create(terms);
        assertEq(_relay(BOND, calls), 5);
        assertEq(task.ledger().bonds, 0);
        assertEq(first.ledger().bonds, 0);
    }
}
