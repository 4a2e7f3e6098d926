// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Task} from "../../contracts/Task.sol";
import {
    ClientState,
    ITask,
    Ledger,
    ListState,
    Phase,
    Policy,
    RoundState,
    Terms
} from "../../contracts/interfaces/ITask.sol";
import {Messages} from "../forge/Messages.sol";

/// @notice The cheat codes of halmos that are used here.
interface Svm {
    function enableSymbolicStorage(address target) external;
    function createUint256(string calldata name) external returns (uint256);
}

/// @notice A task whose whole storage is unknown, at an unknown time: every state that it could be in, and more.
/// @dev The checks look at it through the views alone, so that none depends on where the contract keeps its lines.
abstract contract SymbolicTask is Test {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));
    address internal constant OWNER = address(0xA11CE);
    address internal constant RECIPIENT = address(0xB0B);
    uint80 internal constant BUDGET = 150e15;
    /// @dev Terms that spare the solver products: a bond of one counts bonds, windows are powers of two.
    uint80 internal constant MINING_BUDGET = 0;
    uint80 internal constant BOND = 1;
    uint32 internal constant ROUNDS = 3;
    uint256 internal constant FUNDS = uint256(BUDGET) * ROUNDS;
    uint256 internal constant MOST = 2 ** 128;

    /// @dev What the task and who pays it, or is paid by it, hold of what pays.
    struct Balances {
        uint256 task;
        uint256 other;
    }

    error RevocationWorks();

    ITask internal task;
    /// @dev What pays; the zero address stands for the chain's own coin.
    address internal token;

    function setUp() public virtual {
        task = ITask(Clones.cloneWithImmutableArgs(address(new Task()), abi.encode(_terms())));
        svm.enableSymbolicStorage(address(task));
        uint256 time = svm.createUint256("time");
        vm.assume(time < 2 ** 40);
        vm.warp(time);
        uint256 balance = svm.createUint256("balance");
        vm.assume(balance < MOST);
        vm.deal(address(task), balance);
    }

    function _balances(address other) internal view returns (Balances memory) {
        return Balances({task: _held(address(task)), other: _held(other)});
    }

    function _held(address account) internal view returns (uint256) {
        return token == address(0) ? account.balance : IERC20(token).balanceOf(account);
    }

    function _terms() internal view returns (Terms memory) {
        return Terms({
            owner: OWNER,
            token: token,
            policy: Policy.Complete,
            isOpenAdmission: true,
            rounds: ROUNDS,
            budget: BUDGET,
            miningBudget: MINING_BUDGET,
            reservationUtility: 0,
            bond: BOND,
            auditProbability: 0.1e18,
            deadline: 900,
            grace: 60,
            joinWindow: 2048,
            listWindow: 2048,
            proposalWindow: 512,
            minHired: 1,
            maxClients: 100,
            maxTrainingUnits: 2000,
            cycleUnit: 1e9,
            target: 600e9,
            miningCycles: 300e9,
            cyclesPerHash: 9e9
        });
    }

    /// @dev (R) What every reachable state has, and packed lines need so as not to run into each other: the rounds' money is
    /// that of the task, and the list is no longer than allowed. The invariants of tests/forge test both. Paths on which `ledger`
    /// fails here end: README.md names what that leaves out.
    function _reachableLedger() internal view returns (Ledger memory l) {
        l = task.ledger();
        vm.assume(l.returned < MOST && l.paid + l.claimable + l.committed + l.free <= FUNDS);
        ListState memory list = task.listState();
        vm.assume(list.hired <= list.size && list.size <= _terms().maxClients);
    }

    /// @dev The state of a client whose nonce fits into what a view shows of it: (R). It does where the client could still
    /// revoke, which is tried, and taken back.
    function _signerState(address client) internal returns (ClientState memory) {
        try this.tryRevocation(client) {}
        catch (bytes memory reason) {
            vm.assume(bytes4(reason) == RevocationWorks.selector);
        }
        return task.clientState(client);
    }

    function tryRevocation(address client) external {
        vm.prank(client);
        task.revokeSignatures();
        revert RevocationWorks();
    }

    /// @dev The key of `client` has signed this, for this task and with its nonce, which is used up.
    function _assertSigned(address client, ClientState memory state, bytes32 structHash, bytes calldata signature)
        internal
        view
    {
        bytes32 digest = Messages.digest(address(task), structHash);
        assert(client != address(0) && _signer(digest, signature) == client);
        assert(_stateAfter(client).nonce == state.nonce + 1);
    }

    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address) {
        assert(signature.length == 64 || signature.length == 65);
        (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
        return signature.length == 64 ? _signer(digest, r, s) : ecrecover(digest, uint8(signature[64]), r, s);
    }

    /// @dev By EIP-2098, s has the parity of v in its uppermost bit.
    function _signer(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address) {
        return ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, bytes32(uint256(vs) << 1 >> 1));
    }

    /// @dev What a view answers after the call. That it does is asserted: halmos leaves out a path that ends by any other panic
    /// than that of an assertion.
    function _answer(bytes memory call) private view returns (bytes memory) {
        (bool success, bytes memory answer) = address(task).staticcall(call);
        assert(success);
        return answer;
    }

    function _ledgerAfter() internal view returns (Ledger memory) {
        return abi.decode(_answer(abi.encodeCall(ITask.ledger, ())), (Ledger));
    }

    function _roundAfter() internal view returns (RoundState memory) {
        return abi.decode(_answer(abi.encodeCall(ITask.roundState, ())), (RoundState));
    }

    function _phaseAfter() internal view returns (Phase) {
        return abi.decode(_answer(abi.encodeCall(ITask.phase, ())), (Phase));
    }

    function _stateAfter(address client) internal view returns (ClientState memory) {
        return abi.decode(_answer(abi.encodeCall(ITask.clientState, (client))), (ClientState));
    }

    /// @dev The member's report, listing and pay, as one value to compare.
    function _state(address client) internal view returns (bytes32) {
        return keccak256(_answer(abi.encodeCall(ITask.clientState, (client))));
    }
}
