// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {
    ITask,
    Ballot,
    ClientState,
    Entry,
    Ledger,
    Phase,
    Policy,
    Report,
    RoundResult,
    RoundState,
    Terms,
    WalletVote,
    Work
} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {Puzzle} from "../../contracts/libraries/Puzzle.sol";
import {ITaskFactory} from "../../contracts/interfaces/ITaskFactory.sol";

/// @notice A task in the paper's setting with five clients, and one helper for each step of a round's life.
/// @dev Money is counted in units of 10^15 wei, so that the paper's 30 for each client stays small. One hash stands for
/// so many cycles that every small puzzle takes two tries.
abstract contract Base is Test {
    uint256 internal constant MONEY = 1e15;
    /// @dev 0.01 money per GHz³·min, per second and with 18 decimals: 10^15 · 10^18 / 6000.
    uint112 internal constant RHO = 1e33 / uint112(6000);
    uint32 internal constant UNITS = 600; // 10 GHz·min in Gcycles
    uint72 internal constant MAX_FREQUENCY = 30e18;
    uint80 internal constant TRAINING_CAP = 25e15;
    uint80 internal constant MINING_CAP = 5e15;
    uint80 internal constant BOND = 10e15;
    uint256 internal constant HASHES = 32;
    bytes32 internal constant MODEL = keccak256("global model");

    ITaskFactory internal factory;
    ITask internal task;
    Terms internal terms;

    address internal owner = makeAddr("owner");
    address internal mallory = makeAddr("mallory");
    /// @dev In ascending order of address, as lists and votes want them.
    address internal alice;
    address internal bob;
    address internal carol;
    address internal dave;
    address internal erin;
    address[] internal clients;
    mapping(address client => uint256) internal keyOf;

    /// @dev What came in and what was forced in, counted here and not by the contract.
    uint256 internal deposits;
    uint256 internal forced;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        vm.roll(1000);
        // By artifact, so that no test has to be compiled as the contracts are, which takes long.
        factory = ITaskFactory(deployCode("TaskFactory.sol:TaskFactory"));
        _makePeople();
        terms = _defaultTerms();
        task = _create(terms);
    }

    // ------------------------------------------------------------------------------------------------ people

    function _makePeople() private {
        _makeClients(5);
        string[5] memory names = ["alice", "bob", "carol", "dave", "erin"];
        for (uint256 i; i < 5; ++i) {
            vm.label(clients[i], names[i]);
        }
        (alice, bob, carol, dave, erin) = (clients[0], clients[1], clients[2], clients[3], clients[4]);
        vm.deal(owner, 1000 ether);
        vm.deal(mallory, 1000 ether);
    }

    /// @dev Fills `clients` with `count` accounts that can sign, ascending.
    function _makeClients(uint256 count) internal {
        delete clients;
        for (uint256 i; i < count; ++i) {
            (address client, uint256 key) = makeAddrAndKey(string.concat("client ", vm.toString(i)));
            keyOf[client] = key;
            vm.deal(client, 1000 ether);
            clients.push(client);
        }
        clients = _sorted(clients);
    }

    function _sorted(address[] memory list) internal pure returns (address[] memory) {
        for (uint256 i = 1; i < list.length; ++i) {
            for (uint256 j = i; j > 0 && list[j] < list[j - 1]; --j) {
                (list[j], list[j - 1]) = (list[j - 1], list[j]);
            }
        }
        return list;
    }

    function _addresses() internal pure returns (address[] memory) {
        return new address[](0);
    }

    function _addresses(address a) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }

    function _addresses(address a, address b) internal pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (a, b);
    }

    function _addresses(address a, address b, address c) internal pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    // ------------------------------------------------------------------------------------------------ creation

    function _defaultTerms() internal view returns (Terms memory) {
        return Terms({
            owner: owner,
            token: address(0),
            policy: Policy.Complete,
            isOpenAdmission: true,
            rounds: 3,
            budget: 150e15,
            miningBudget: 25e15,
            reservationUtility: 0,
            bond: BOND,
            auditProbability: 0.1e18,
            deadline: 900,
            grace: 60,
            joinWindow: 3600,
            listWindow: 1800,
            proposalWindow: 600,
            minHired: 3,
            maxClients: 100,
            maxTrainingUnits: 2000,
            cycleUnit: 1e9,
            target: 600e9,
            miningCycles: 300e9,
            cyclesPerHash: uint48(300e9 / HASHES)
        });
    }

    function _create(Terms memory terms_) internal returns (ITask) {
        uint256 funds = uint256(terms_.budget) * terms_.rounds;
        deposits = funds;
        forced = 0;
        vm.prank(owner);
        return ITask(factory.createTask{value: funds}(terms_));
    }

    /// @dev Where the factory's next clone with these terms will be.
    function _nextTask(Terms memory terms_) internal view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(
            factory.implementation(), abi.encode(terms_), bytes32(factory.taskCount() + 1), address(factory)
        );
    }

    /// @dev Starts over with other terms.
    function _use(Terms memory terms_) internal {
        terms = terms_;
        task = _create(terms_);
    }

    // ------------------------------------------------------------------------------------------------ members

    function _report(uint32 units) internal pure returns (Report memory) {
        return Report(units, RHO, MAX_FREQUENCY);
    }

    function _join(address client) internal {
        _join(client, _report(UNITS));
    }

    function _join(address client, Report memory report) internal {
        vm.prank(client);
        task.joinTask{value: terms.bond}(report);
        deposits += terms.bond;
    }

    function _joinAll() internal {
        for (uint256 i; i < clients.length; ++i) {
            _join(clients[i]);
        }
    }

    // ------------------------------------------------------------------------------------------------ price lists

    function _offer(address client, uint80 trainingCap, uint256 size) internal view returns (Prices.Offer memory) {
        Report memory report = task.clientState(client).report;
        return Prices.Offer({
            policy: terms.policy,
            trainingCycles: uint256(report.trainingUnits) * terms.cycleUnit,
            energyCoefficient: report.energyCoefficient,
            trainingCap: trainingCap,
            trainingFrequency: 0,
            miningCap: terms.miningBudget / size,
            miningCycles: terms.miningCycles,
            deadline: terms.deadline,
            reservationUtility: terms.reservationUtility
        });
    }

    /// @dev The largest q with ρq³ ≤ p·10⁵⁴, by bisection: slow and obvious.
    function _cubeRoot(uint256 price, uint256 energyCoefficient) internal pure returns (uint72) {
        uint256 low;
        uint256 high = 2 ** 72 - 1;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (Prices.leastPriceUp(energyCoefficient, middle) <= price) low = middle;
            else high = middle - 1;
        }
        return uint72(low);
    }

    /// @dev The policies with one price for both subtasks, and a cap on the sum of their pay.
    function _isUniform() internal view returns (bool) {
        return terms.policy == Policy.FairShare || terms.policy == Policy.LeastCost;
    }

    /// @dev ⌈(M+ψ)·10⁹/T⌉.
    function _uniformFrequency(Prices.Offer memory offer) internal pure returns (uint72) {
        return uint72(((offer.trainingCycles + offer.miningCycles) * 1e9 + offer.deadline - 1) / offer.deadline);
    }

    function _entry(address client, uint80 trainingCap) internal view returns (Entry memory) {
        if (trainingCap == 0) return Entry(client, 0, 0);
        Prices.Offer memory offer = _offer(client, trainingCap, 1);
        if (_isUniform()) return Entry(client, trainingCap, _uniformFrequency(offer));
        uint256 price = Prices.trainingPriceDown(offer, client);
        return Entry(client, trainingCap, _cubeRoot(price, offer.energyCoefficient));
    }

    function _entries(address[] memory listed, uint80 trainingCap) internal view returns (Entry[] memory entries) {
        entries = new Entry[](listed.length);
        for (uint256 i; i < listed.length; ++i) {
            entries[i] = _entry(listed[i], trainingCap);
        }
    }

    /// @dev Posts a new version in one call, with equal caps that spend the training budget.
    function _post(address[] memory listed) internal returns (uint32 version) {
        uint80 trainingCap = uint80((terms.budget - terms.miningBudget) / listed.length);
        return _post(_entries(listed, trainingCap));
    }

    function _post(Entry[] memory entries) internal returns (uint32 version) {
        version = task.listState().version + 1;
        _post(version, uint32(entries.length), entries);
    }

    function _post(uint32 version, uint32 size, Entry[] memory entries) internal {
        vm.prank(owner);
        task.postEntries(version, size, entries);
    }

    // ------------------------------------------------------------------------------------------------ rounds

    function _warpToFrozen() internal {
        vm.warp(task.roundState().endedAt + terms.joinWindow);
    }

    function _open() internal {
        uint32 version = task.listState().version;
        vm.roll(vm.getBlockNumber() + 1);
        vm.prank(owner);
        task.openRound(version);
    }

    /// @dev Everybody joins, is listed, and the first round opens.
    function _openFirstRound() internal {
        _joinAll();
        _warpToFrozen();
        _post(clients);
        _open();
    }

    /// @dev Opens the next round under the list that stands.
    function _openNextRound() internal {
        _warpToFrozen();
        _open();
    }

    /// @dev q_t from the list; q_m the least that meets T after that (Theorem 3.1), or the same under one price.
    function _response(address client) internal view returns (uint72 trainingFrequency, uint72 miningFrequency) {
        ClientState memory state = task.clientState(client);
        Prices.Offer memory offer = _offer(client, state.trainingCap, 1);
        offer.trainingFrequency = trainingFrequency = state.trainingFrequency;
        if (_isUniform()) return (trainingFrequency, trainingFrequency);
        miningFrequency = uint72(Prices.miningFrequencyUp(offer, Prices.miningSlack(offer)));
    }

    function _updateHash(address client) internal view returns (bytes32) {
        return keccak256(abi.encode("update", task, task.roundState().number, client));
    }

    function _solve(address client, bytes32 updateHash) internal view returns (uint256[2] memory) {
        return _solve(task.roundState().seed, client, updateHash);
    }

    function _solve(bytes32 seed, address client, bytes32 updateHash)
        internal
        view
        returns (uint256[2] memory nonces)
    {
        bytes32 challenge = keccak256(abi.encode(task, seed, client, updateHash));
        uint256 threshold = _threshold();
        for (uint256 index; index < 16; ++index) {
            uint256 nonce;
            while (_puzzleHash(challenge, index, nonce) >= threshold) ++nonce;
            nonces[index / 8] |= nonce << (32 * (index % 8));
        }
    }

    function _puzzleHash(bytes32 challenge, uint256 index, uint256 nonce) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(challenge, index << 32 | nonce)));
    }

    function _threshold() internal view returns (uint256) {
        uint256 hashes = (uint256(terms.miningCycles) + terms.cyclesPerHash - 1) / terms.cyclesPerHash;
        return type(uint256).max / hashes * 16;
    }

    /// @dev The lowest of the sixteen hashes as a share of the threshold in units of 2^-32, by which generators are ranked.
    function _scoreOf(address client) internal view returns (uint32) {
        bytes32 updateHash = _updateHash(client);
        bytes32 challenge = keccak256(abi.encode(task, task.roundState().seed, client, updateHash));
        uint256[2] memory nonces = _solve(client, updateHash);
        uint256 lowest = type(uint256).max;
        for (uint256 index; index < 16; ++index) {
            uint256 puzzleHash = _puzzleHash(challenge, index, uint32(nonces[index / 8] >> (32 * (index % 8))));
            if (puzzleHash < lowest) lowest = puzzleHash;
        }
        return uint32(lowest / (_threshold() / (2 ** 32 - 1) + 1));
    }

    /// @dev The open round's clients by rank, the generator-to-be first.
    function _byRank(address[] memory workers) internal view returns (address[] memory) {
        for (uint256 i = 1; i < workers.length; ++i) {
            for (uint256 j = i; j > 0 && _scoreOf(workers[j]) < _scoreOf(workers[j - 1]); --j) {
                (workers[j], workers[j - 1]) = (workers[j - 1], workers[j]);
            }
        }
        return workers;
    }

    function _workOf(address client) internal view returns (Work memory) {
        bytes32 updateHash = _updateHash(client);
        (uint72 trainingFrequency, uint72 miningFrequency) = _response(client);
        return Work(updateHash, trainingFrequency, miningFrequency, _solve(client, updateHash));
    }

    function _submit(address client) internal {
        Work memory work = _workOf(client);
        vm.prank(client);
        task.submitWork(work);
    }

    function _warpToDeadline() internal {
        vm.warp(task.roundState().openedAt + terms.deadline);
    }

    function _workEnd() internal view returns (uint256) {
        return uint256(task.roundState().openedAt) + terms.deadline + terms.grace;
    }

    /// @dev First second of the window: 0 generator's, 1 runner-up's, 2 workers', 3 expired.
    function _warpToWindow(uint256 window) internal {
        vm.warp(_workEnd() + 1 + window * terms.proposalWindow);
    }

    /// @dev All of `workers` submit at T; the generator's window then begins.
    function _work(address[] memory workers) internal {
        _warpToDeadline();
        for (uint256 i; i < workers.length; ++i) {
            _submit(workers[i]);
        }
        _warpToWindow(0);
    }

    // ------------------------------------------------------------------------------------------------ votes

    function _result() internal pure returns (RoundResult memory) {
        return RoundResult(MODEL, new address[](0), new address[](0));
    }

    function _result(address[] memory rejected, address[] memory forfeited)
        internal
        pure
        returns (RoundResult memory)
    {
        return RoundResult(MODEL, rejected, forfeited);
    }

    /// @dev (r, vs) of the key's signature (EIP-2098).
    function _compact(uint256 key, bytes32 digest) internal pure returns (bytes32[2] memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, digest);
        return [r, vs];
    }

    function _vote(address signer, RoundResult memory result) internal view returns (bytes32[2] memory) {
        return _compact(keyOf[signer], task.voteDigest(result, task.clientState(signer).voteNonce));
    }

    /// @dev One ballot for each vote nonce among the signers.
    function _votes(address[] memory signers, RoundResult memory result) internal view returns (Ballot[] memory votes) {
        uint32 most;
        for (uint256 i; i < signers.length; ++i) {
            uint32 nonce = task.clientState(signers[i]).voteNonce;
            if (nonce > most) most = nonce;
        }
        votes = new Ballot[](most + 1);
        for (uint32 nonce; nonce <= most; ++nonce) {
            bytes32[2][] memory signatures = new bytes32[2][](signers.length);
            uint256 count;
            for (uint256 i; i < signers.length; ++i) {
                if (task.clientState(signers[i]).voteNonce == nonce) signatures[count++] = _vote(signers[i], result);
            }
            assembly ("memory-safe") {
                mstore(signatures, count)
            }
            votes[nonce] = Ballot(nonce, signatures);
        }
    }

    function _noVotes() internal pure returns (Ballot[] memory) {
        return new Ballot[](0);
    }

    function _noWallets() internal pure returns (WalletVote[] memory) {
        return new WalletVote[](0);
    }

    /// @dev Ends the open round by the signatures of all clients, in the generator's name.
    function _endByQuorum(RoundResult memory result) internal {
        Ballot[] memory votes = _votes(clients, result);
        address generator = _generator();
        vm.prank(generator);
        task.endRoundByQuorum(result, votes, _noWallets());
    }

    function _endByTime() internal {
        _warpToWindow(3);
        task.endRoundByTime();
    }

    /// @dev A whole round: all work, all sign.
    function _finishRound() internal {
        _work(clients);
        _endByQuorum(_result());
    }

    function _claim(address client) internal returns (uint256) {
        vm.prank(client);
        return task.claim(client);
    }

    // ------------------------------------------------------------------------------------------------ assertions

    /// @dev What the task holds of what it pays in.
    function _held() internal view virtual returns (uint256) {
        return address(task).balance;
    }

    /// @dev Rule I1 of the invariants, against what this test saw come in and what the chain says is there.
    function assertLedger() internal view {
        Ledger memory l = task.ledger();
        assertEq(l.deposited, deposits, "deposited");
        assertEq(
            l.deposited,
            l.paid + l.claimable + l.committed + l.free + l.returned + l.bonds + l.burnt,
            "the ledger balances"
        );
        assertEq(_held(), deposits - l.paid - l.returned + forced, "balance");
    }

    function assertLedger(uint256 paid, uint256 claimable, uint256 committed, uint256 free, uint256 bonds)
        internal
        view
    {
        assertLedger();
        Ledger memory l = task.ledger();
        assertEq(l.paid, paid, "paid");
        assertEq(l.claimable, claimable, "claimable");
        assertEq(l.committed, committed, "committed");
        assertEq(l.free, free, "free");
        assertEq(l.bonds, bonds, "bonds");
    }

    function assertPhase(Phase expected) internal view {
        assertEq(uint256(task.phase()), uint256(expected), "phase");
    }

    function _wrongPhase(Phase phase) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Task_WrongPhase.selector, phase);
    }

    function _notOwner(address caller) internal view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Task_NotOwner.selector, caller, owner);
    }

    function _pendingOf(address client) internal view returns (uint256) {
        return task.clientState(client).pending;
    }

    function _claimableOf(address client) internal view returns (uint256) {
        return task.clientState(client).claimable;
    }

    function _state() internal view returns (RoundState memory) {
        return task.roundState();
    }

    function _generator() internal view returns (address) {
        return _at(_state().generator);
    }

    function _runnerUp() internal view returns (address) {
        return _at(_state().runnerUp);
    }

    /// @dev Which of `clients` has the place on the round's list; nobody has none.
    function _at(uint256 place) private view returns (address) {
        if (place == 0) return address(0);
        uint32 version = _state().listVersion;
        for (uint256 i; i < clients.length; ++i) {
            ClientState memory client = task.clientState(clients[i]);
            if (client.listVersion == version && client.place == place) return clients[i];
        }
        revert("no client at this place");
    }
}
