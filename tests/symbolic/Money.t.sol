// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {
    Ballot,
    ClientState,
    ITask,
    Ledger,
    Permit,
    Phase,
    Report,
    RoundResult,
    WalletVote
} from "../../contracts/interfaces/ITask.sol";
import {ITaskFactory} from "../../contracts/interfaces/ITaskFactory.sol";
import {TaskFactory} from "../../contracts/TaskFactory.sol";
import {PlainToken} from "../../contracts/mocks/PlainToken.sol";
import {Messages} from "../forge/Messages.sol";
import {SymbolicTask} from "./SymbolicTask.sol";

/// @notice What each step that moves money does to the ledger, from any state with (R): the formulas of README.md.
/// @dev In each check `expected` is the ledger before the call, changed as the formula says. Unchecked: a panic here would
/// end the path, and halmos would not look at it.
abstract contract MoneySymbolic is SymbolicTask {
    /// @dev Where a task will be, and what it and who pays hold before.
    struct Creation {
        address task;
        uint256 taskHeld;
        uint256 callerHeld;
    }

    /// @notice Who creates a task brings its rounds' budgets, all of which are free.
    function check_CreateTask(address caller, uint128 value) external {
        ITaskFactory factory = new TaskFactory();
        vm.deal(caller, value);
        Creation memory before = _creation(factory, caller);

        vm.prank(caller);
        address created = factory.createTask{value: value}(_terms());

        assert(value == (token == address(0) ? FUNDS : 0));
        _assertCreated(factory, created, caller, before);
    }

    /// @notice A claim pays out of the client's own line, out of `claimable`, and out of nothing else.
    function check_Claim(address client) external {
        Ledger memory expected = _reachableLedger();
        ClientState memory state = task.clientState(client);
        Balances memory before = _balances(RECIPIENT);

        vm.prank(client);
        uint256 amount = task.claim(RECIPIENT);

        _assertClaimed(client, amount, state, expected, before);
    }

    /// @notice A claim that the client has signed, brought by anybody, does the same.
    function check_ClaimFor(address client, address caller, uint256 deadline, bytes calldata signature) external {
        Ledger memory expected = _reachableLedger();
        ClientState memory state = _signerState(client);
        Balances memory before = _balances(RECIPIENT);

        vm.prank(caller);
        uint256 amount = task.claimFor(client, RECIPIENT, deadline, signature);

        _assertClaimed(client, amount, state, expected, before);
        _assertSigned(client, state, Messages.claim(client, RECIPIENT, state.nonce, deadline), signature);
    }

    /// @notice Nobody else's line moves with a claim.
    function check_ClaimLeavesOthersAlone(address client, address other) external {
        vm.assume(other != client);
        _reachableLedger();
        bytes32 state = _state(other);

        vm.prank(client);
        task.claim(RECIPIENT);

        assert(_state(other) == state);
    }

    /// @notice A client that joins brings one bond, which goes to `bonds`.
    function check_JoinTask(address client, Report calldata report, uint80 value) external {
        vm.assume(client != address(task));
        Ledger memory expected = _reachableLedger();
        ClientState memory state = task.clientState(client);
        Balances memory before = _balances(client);
        vm.deal(client, value);

        vm.prank(client);
        task.joinTask{value: value}(report);

        _assertJoined(client, value, state, expected, before);
    }

    /// @notice One whose signed report somebody else brings, too.
    function check_JoinTaskFor(
        address client,
        address caller,
        Report calldata report,
        uint80 value,
        uint256 deadline,
        bytes calldata signature
    ) external {
        vm.assume(client != address(task) && caller != address(task));
        Ledger memory expected = _reachableLedger();
        ClientState memory state = _signerState(client);
        Balances memory before = _balances(client);
        vm.deal(caller, value);

        vm.prank(caller);
        task.joinTaskFor{value: value}(client, report, deadline, signature);

        _assertJoined(client, value, state, expected, before);
        bytes32 structHash = Messages.report("JoinTask", client, report, state.nonce, deadline);
        _assertSigned(client, state, structHash, signature);
    }

    /// @notice A client that leaves takes one bond back, from `bonds`.
    function check_LeaveTask(address client) external {
        Ledger memory expected = _reachableLedger();
        bool isMember = task.clientState(client).isMember;
        vm.assume(!isMember || expected.bonds >= BOND);
        Balances memory before = _balances(RECIPIENT);

        vm.prank(client);
        task.leaveTask(RECIPIENT);

        unchecked {
            expected.returned += BOND;
            expected.bonds -= BOND;
        }
        _assertLedger(expected);
        _assertSent(BOND, before);
        assert(isMember && !_stateAfter(client).isMember);
    }

    /// @notice A round that ends by time gives back to the owner what nobody earned, and moves nothing else.
    function check_EndRoundByTime(address caller) external {
        Ledger memory expected = _reachableLedger();
        Balances memory before = _balances(RECIPIENT);

        vm.prank(caller);
        task.endRoundByTime();

        _assertEnded(expected, before);
    }

    /// @notice A verdict that names nobody gives to the owner what nobody earned, and moves nothing else.
    /// @dev With one signature, which ends a round that has hired one client.
    function check_EndRoundByQuorum(address caller, bytes32 modelHash, uint32 nonce, bytes32[2] calldata signature)
        external
    {
        Ledger memory expected = _reachableLedger();
        Balances memory before = _balances(RECIPIENT);
        RoundResult memory result = RoundResult(modelHash, new address[](0), new address[](0));
        address signer = _signer(task.voteDigest(result, nonce), signature[0], signature[1]);
        ClientState memory voter = task.clientState(signer);
        uint32 version = task.roundState().listVersion;
        Ballot[] memory ballots = new Ballot[](1);
        ballots[0] = Ballot(nonce, new bytes32[2][](1));
        ballots[0].signatures[0] = signature;

        vm.prank(caller);
        task.endRoundByQuorum(result, ballots, new WalletVote[](0));

        _assertEnded(expected, before);
        assert(signer != address(0) && voter.listVersion == version && voter.voteNonce == nonce);
    }

    /// @notice Opening a round moves its money from `free` to `committed`, and nothing else.
    function check_OpenRound(address caller, uint32 version) external {
        Ledger memory expected = _reachableLedger();
        Balances memory before = _balances(RECIPIENT);

        vm.prank(caller);
        task.openRound(version);

        expected.committed = _ledgerAfter().committed;
        unchecked {
            expected.free -= expected.committed;
        }
        _assertLedger(expected);
        _assertSent(0, before);
        assert(caller == OWNER);
    }

    /// @notice Only the owner closes, between rounds, and takes `free` alone.
    /// @dev That an open task has withdrawn nothing does not follow from (R), so `returned` is left to rule I3.
    function check_CloseTask(address caller) external {
        bool isOpen = task.roundState().isOpen;
        Ledger memory expected = _reachableLedger();
        Balances memory before = _balances(RECIPIENT);

        vm.prank(caller);
        uint256 amount = task.closeTask(RECIPIENT);

        assert(caller == OWNER && !isOpen && amount == expected.free);
        expected.free = 0;
        expected.returned = _ledgerAfter().returned;
        _assertLedger(expected);
        _assertSent(amount, before);
        assert(_phaseAfter() == Phase.Over);
    }

    /// @dev The address is foretold, so as to know what has been there before the task.
    function _creation(ITaskFactory factory, address caller) internal view returns (Creation memory before) {
        before.task = Clones.predictDeterministicAddressWithImmutableArgs(
            factory.implementation(), abi.encode(_terms()), bytes32(uint256(1)), address(factory)
        );
        vm.assume(caller != address(factory) && caller != before.task);
        before.callerHeld = _held(caller);
        before.taskHeld = _held(before.task);
    }

    function _assertCreated(ITaskFactory factory, address created, address caller, Creation memory before) internal {
        assert(created == before.task && factory.isTask(created));
        task = ITask(created);
        Ledger memory expected;
        expected.deposited = expected.free = FUNDS;
        _assertLedger(expected);
        unchecked {
            assert(_held(caller) == before.callerHeld - FUNDS);
            assert(_held(created) == before.taskHeld + FUNDS);
        }
    }

    function _assertClaimed(
        address client,
        uint256 amount,
        ClientState memory state,
        Ledger memory expected,
        Balances memory before
    ) private view {
        assert(amount != 0);
        ClientState memory next = _stateAfter(client);
        assert(next.pending == state.pending);
        unchecked {
            expected.paid += amount;
            expected.claimable -= amount;
            assert(next.claimable == state.claimable - amount);
        }
        _assertLedger(expected);
        _assertSent(amount, before);
    }

    function _assertJoined(
        address client,
        uint256 value,
        ClientState memory state,
        Ledger memory expected,
        Balances memory before
    ) internal view {
        assert(value == (token == address(0) ? BOND : 0));
        unchecked {
            expected.deposited += BOND;
            expected.bonds += BOND;
            assert(_held(address(task)) == before.task + BOND);
            assert(token == address(0) || _held(client) == before.other - BOND);
        }
        _assertLedger(expected);
        assert(!state.isMember && _stateAfter(client).isMember);
    }

    function _assertEnded(Ledger memory expected, Balances memory before) private view {
        unchecked {
            expected.free += expected.committed;
        }
        expected.committed = 0;
        _assertLedger(expected);
        _assertSent(0, before);
        assert(!_roundAfter().isOpen);
    }

    function _assertSent(uint256 amount, Balances memory before) private view {
        unchecked {
            assert(_held(address(task)) == before.task - amount);
            assert(_held(RECIPIENT) == before.other + amount);
        }
    }

    function _assertLedger(Ledger memory expected) private view {
        Ledger memory l = _ledgerAfter();
        assert(l.deposited == expected.deposited && l.paid == expected.paid && l.claimable == expected.claimable);
        assert(l.committed == expected.committed && l.free == expected.free && l.returned == expected.returned);
        assert(l.bonds == expected.bonds && l.burnt == expected.burnt);
    }
}

/// @notice Money in the chain's own coin.
contract CoinMoneySymbolicTest is MoneySymbolic {}

/// @notice Money in a token, of which everybody's balance and allowance is unknown.
contract TokenMoneySymbolicTest is MoneySymbolic {
    function setUp() public override {
        token = address(new PlainToken());
        svm.enableSymbolicStorage(token);
        super.setUp();
    }

    /// @notice A bond paid by a permit is a bond, whatever the permit is.
    function check_JoinTaskWithPermit(address client, Report calldata report, Permit calldata permit) external {
        vm.assume(client != address(task));
        Ledger memory expected = _reachableLedger();
        ClientState memory state = task.clientState(client);
        Balances memory before = _balances(client);

        vm.prank(client);
        task.joinTaskWithPermit(report, permit);

        _assertJoined(client, 0, state, expected, before);
    }

    /// @notice A task paid by a permit is paid, whatever the permit is.
    function check_CreateTaskWithPermit(address caller, Permit calldata permit) external {
        ITaskFactory factory = new TaskFactory();
        Creation memory before = _creation(factory, caller);

        vm.prank(caller);
        address created = factory.createTaskWithPermit(_terms(), permit);

        _assertCreated(factory, created, caller, before);
    }
}
