// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {VmSafe} from "forge-std/Vm.sol";
import {SignedBase} from "./SignedBase.t.sol";
import {IRelay} from "../../contracts/interfaces/IRelay.sol";
import {Ballot, Entry, ITask, RoundResult, SignedWork, Work} from "../../contracts/interfaces/ITask.sol";

/// forge-config: default.isolate = true
/// forge-config: default.evm_version = "osaka"
/// @notice What each step costs, each call as a transaction of its own under the rules of today's main net, at several
/// list sizes N and in rounds 1, 2 and 20: flat in both. `make gas` keeps the figures in snapshots/Gas.json.
/// @dev Everybody of a list of N is priced and asked for its vote. Work comes from some of them only: what one submission
/// costs does not depend on the others, and a round of 400 would take long.
contract GasTest is SignedBase {
    uint256 private constant ROUNDS = 20;
    uint256 private constant DIRECT = 6;

    /// @dev Who submits in person, and who through the relay where N is at least 100: at most so many more.
    address[] internal direct;
    address[] internal relayed;

    function test_TenClients() external {
        _measure(10);
    }

    function test_FiftyClients() external {
        _measure(50);
    }

    function test_HundredClients() external {
        _measure(100);
    }

    function test_FourHundredClients() external {
        _measure(400);
    }

    // ------------------------------------------------------------------------------------------------ recording

    function _record(string memory step, uint256 gas) private {
        vm.snapshotValue("Gas", step, gas);
    }

    /// @dev "step (N = 50, round 2)".
    function _record(string memory step, uint256 round, uint256 gas) private {
        string memory n = vm.toString(clients.length);
        _record(string.concat(step, " (N = ", n, ", round ", vm.toString(round), ")"), gas);
    }

    /// @dev With the most that the step may cost.
    function _record(string memory step, uint256 round, uint256 gas, uint256 most) private {
        _record(step, round, gas);
        assertLe(gas, most, step);
    }

    function _last() private view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    // ------------------------------------------------------------------------------------------------ the task's life

    function _measure(uint256 n) private {
        _makeClients(n);
        terms.budget = uint80(30e15 * n);
        terms.miningBudget = uint80(5e15 * n);
        terms.rounds = uint32(ROUNDS);
        terms.maxClients = 1000;
        for (uint256 i; i < n && i < DIRECT; ++i) {
            direct.push(clients[i]);
        }
        for (uint256 i = DIRECT; n >= 100 && i < n && i < DIRECT + 100; ++i) {
            relayed.push(clients[i]);
        }
        _use(terms);
        if (n == 10) _record("createTask", _last());
        _joinAll();
        if (n == 10) _record("joinTask", _last());
        _warpToFrozen();
        _measurePosting("posting a price, first time", 1, 25e15, 40_000);
        _post(clients);
        uint256 free;
        assembly {
            free := mload(0x40)
        }
        for (uint256 number = 1; number <= ROUNDS; ++number) {
            assembly {
                mstore(0x40, free) // nothing is kept of the round before, and so much memory would cost too much
            }
            bool isMeasured = number <= 2 || number == ROUNDS;
            _warpToFrozen();
            if (isMeasured && number > 1) _measurePosting("posting a price, changed", number, 24e15, 14_000);
            _open();
            if (isMeasured) _record("openRound, list unchanged", number, _last(), 120_000);
            _work(number, isMeasured);
            _vote(number, isMeasured);
            if (number == 1) _claimOf(clients[0], "claim after 1 round", number);
        }
        _claimOf(clients[1], "claim after 20 rounds", ROUNDS);
        if (n == 10) _claimToOthers();
    }

    /// @dev Dearer by what the EVM takes to reach an account that the transaction does not name, or to make a new one.
    function _claimToOthers() private {
        vm.prank(clients[2]);
        task.claim(owner);
        _record("claim to another account", ROUNDS, _last());
        vm.prank(clients[3]);
        task.claim(makeAddr("a new account"));
        _record("claim to a new account", ROUNDS, _last());
    }

    function _claimOf(address client, string memory step, uint256 number) private {
        _claim(client);
        _record(step, number, _last(), 45_000);
    }

    // ------------------------------------------------------------------------------------------------ prices

    /// @dev A list of all clients in one transaction, and what one more of them costs. Leaves nothing behind.
    function _measurePosting(string memory step, uint256 number, uint80 trainingCap, uint256 most) private {
        uint256 n = clients.length;
        Entry[] memory entries = _entries(clients, trainingCap);
        uint32 version = task.listState().version + 1;
        uint256 snapshot = vm.snapshotState();
        _post(version, uint32(n), entries);
        uint256 whole = _last();
        vm.revertToState(snapshot);
        assembly ("memory-safe") {
            mstore(entries, div(n, 2))
        }
        _post(version, uint32(n / 2), entries);
        uint256 half = _last();
        vm.revertToState(snapshot);
        _record(string.concat(step, ": whole list / N"), number, whole / n);
        _record(string.concat(step, ": one more"), number, (whole - half) / (n - n / 2), most);
    }

    // ------------------------------------------------------------------------------------------------ work

    /// @dev The second by rank, the first, then all others, who change no rank, of which the dearest counts; then the relay's
    /// batch.
    function _work(uint256 number, bool isMeasured) private {
        string memory which = number == 1 ? "first time" : "later";
        _warpToDeadline();
        address[] memory ranked = _ranked(direct);
        (ranked[0], ranked[1]) = (ranked[1], ranked[0]);
        uint256 dearest;
        for (uint256 i; i < ranked.length; ++i) {
            (Work memory work,) = _minedWork(ranked[i]);
            vm.prank(ranked[i]);
            task.submitWork(work);
            if (_last() > dearest) dearest = _last();
        }
        if (isMeasured) _record(string.concat("submitWork, ", which), number, dearest, number == 1 ? 80_000 : 56_000);
        if (isMeasured && relayed.length != 0) _relay(string.concat("relayed work, ", which), number);
        _warpToWindow(0);
    }

    /// @dev Work with nonces as a hard puzzle has them, without a zero byte, which calldata would have for less.
    function _minedWork(address client) private view returns (Work memory work, uint256 lowest) {
        work = _workOf(client);
        work.nonces = [uint256(0), 0];
        bytes32 challenge = keccak256(abi.encode(task, _state().seed, client, work.updateHash));
        lowest = type(uint256).max;
        for (uint256 index; index < 16; ++index) {
            uint256 nonce = 0x81828384;
            while (_puzzleHash(challenge, index, nonce) >= _threshold()) ++nonce;
            uint256 found = _puzzleHash(challenge, index, nonce);
            if (found < lowest) lowest = found;
            work.nonces[index / 8] |= nonce << (32 * (index % 8));
        }
    }

    /// @dev By the lowest hash of their work.
    function _ranked(address[] memory workers) private view returns (address[] memory) {
        uint256[] memory lowest = new uint256[](workers.length);
        for (uint256 i; i < workers.length; ++i) {
            (, lowest[i]) = _minedWork(workers[i]);
            for (uint256 j = i; j > 0 && lowest[j] < lowest[j - 1]; --j) {
                (lowest[j], lowest[j - 1]) = (lowest[j - 1], lowest[j]);
                (workers[j], workers[j - 1]) = (workers[j - 1], workers[j]);
            }
        }
        return workers;
    }

    function _relay(string memory step, uint256 number) private {
        SignedWork[] memory works = new SignedWork[](relayed.length);
        for (uint256 i; i < works.length; ++i) {
            (Work memory work,) = _minedWork(relayed[i]);
            works[i] = _signedWork(relayed[i], work, block.timestamp + 1 hours);
        }
        bytes memory data = abi.encodeCall(ITask.submitWorks, (works));
        uint256 snapshot = vm.snapshotState();
        uint256 whole = _send(mallory, address(task), data, true);
        _record(string.concat(step, " with an access list: whole batch / entries"), number, whole / works.length);
        vm.revertToState(snapshot);
        whole = _send(mallory, factory.relay(), _throughRelay(works), false);
        _record(string.concat(step, " through the Relay: whole batch / entries"), number, whole / works.length);
        vm.revertToState(snapshot);
        whole = _send(mallory, address(task), data, false);
        string memory name = string.concat(step, ": whole batch / entries");
        if (number == 1) _record(name, number, whole / works.length);
        else _record(name, number, whole / works.length, 28_000);
        for (uint256 i; i < works.length; ++i) {
            assertGt(_pendingOf(relayed[i]), 0, "accepted");
        }
    }

    /// @dev As contracts that sign have to go.
    function _throughRelay(SignedWork[] memory works) private view returns (bytes memory) {
        bytes[] memory calls = new bytes[](works.length);
        for (uint256 i; i < works.length; ++i) {
            bytes memory signature = abi.encode(works[i].signature);
            calls[i] = abi.encodeCall(
                ITask.submitWorkFor, (works[i].client, works[i].work, works[i].deadline, signature)
            );
        }
        return abi.encodeCall(IRelay.relay, (address(task), 0, calls));
    }

    // ------------------------------------------------------------------------------------------------ votes

    /// @dev Just more than 2/3 of the list, and what each more of them costs, who all sign. A new model in every round.
    function _vote(uint256 number, bool isMeasured) private {
        RoundResult memory result = RoundResult(keccak256(abi.encode(number)), _addresses(), _addresses());
        bytes32 digest = task.voteDigest(result, 0);
        uint256 n = clients.length;
        uint256 few = n * 2 / 3 + 1;
        Ballot[] memory votes = new Ballot[](1);
        votes[0].signatures = new bytes32[2][](n);
        for (uint256 i; i < n; ++i) {
            votes[0].signatures[i] = _compact(keyOf[clients[i]], digest);
        }
        if (isMeasured) _measureVotes(result, votes, few, number);
        _send(_generator(), address(task), _quorum(result, votes), false);
        assertFalse(_state().isOpen, "ended");
    }

    function _measureVotes(RoundResult memory result, Ballot[] memory votes, uint256 few, uint256 number) private {
        bytes32[2][] memory signatures = votes[0].signatures;
        uint256 n = signatures.length;
        address generator = _generator();
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < 2; ++i) {
            uint256[2] memory costs;
            for (uint256 j; j < 2; ++j) {
                uint256 signers = j == 0 ? few : n;
                assembly ("memory-safe") {
                    mstore(signatures, signers)
                }
                costs[j] = _send(generator, address(task), _quorum(result, votes), i == 1);
                vm.revertToState(snapshot);
            }
            string memory step = i == 0 ? "ending by quorum" : "ending by quorum with an access list";
            _record(string.concat(step, ": whole / signers"), number, costs[0] / few);
            _record(string.concat(step, ": one more signer"), number, (costs[1] - costs[0]) / (n - few));
        }
    }

    function _quorum(RoundResult memory result, Ballot[] memory votes) private pure returns (bytes memory) {
        return abi.encodeCall(ITask.endRoundByQuorum, (result, votes, _noWallets()));
    }

    // ------------------------------------------------------------------------------------------------ transactions

    /// @dev One transaction, with or without the access list that `eth_createAccessList` would give it (EIP-2930).
    function _send(address from, address to, bytes memory data, bool hasList) private returns (uint256 gas) {
        if (hasList) vm.accessList(_accessList(from, to, data));
        _transact(from, to, data);
        gas = _last();
        vm.noAccessList();
    }

    function _transact(address from, address to, bytes memory data) private {
        vm.prank(from);
        (bool success,) = to.call(data);
        assertTrue(success, "the transaction");
    }

    /// @dev The task with every slot that the transaction reads, and the code that it runs.
    function _accessList(address from, address to, bytes memory data)
        private
        returns (VmSafe.AccessListItem[] memory list)
    {
        uint256 snapshot = vm.snapshotState();
        vm.record();
        _transact(from, to, data);
        (bytes32[] memory reads,) = vm.accesses(address(task));
        vm.stopRecord();
        vm.revertToState(snapshot);
        uint256 count;
        for (uint256 i; i < reads.length; ++i) {
            uint256 j;
            while (j < count && reads[j] != reads[i]) ++j;
            if (j == count) reads[count++] = reads[i];
        }
        assembly ("memory-safe") {
            mstore(reads, count)
        }
        list = new VmSafe.AccessListItem[](2);
        list[0] = VmSafe.AccessListItem(address(task), reads);
        list[1] = VmSafe.AccessListItem(factory.implementation(), new bytes32[](0));
    }
}
