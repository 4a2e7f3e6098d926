// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "../Base.t.sol";
import {
    ClientState,
    Entry,
    ITask,
    ListState,
    Phase,
    Policy,
    Report,
    RoundResult,
    RoundState,
    Terms,
    Vote
} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/libraries/BcflErrors.sol";
import {Prices} from "../../../contracts/libraries/Prices.sol";
import {EtherForcer} from "../../../contracts/mocks/EtherForcer.sol";
import {ReentrantReceiver} from "../../../contracts/mocks/ReentrantReceiver.sol";
import {RevertingReceiver} from "../../../contracts/mocks/RevertingReceiver.sol";

/// @notice Owner, clients, quorum, clock, a stranger and two hostile receivers, each doing what may happen at the time.
/// @dev An action that does not apply returns; one that applies never reverts. The ghost ledger is kept from what goes
/// in, what arrives at the recipients, and the mechanism's arithmetic; it never reads the contract's.
contract Handler is Base {
    uint256 internal constant PEOPLE = 7;

    RevertingReceiver public refuser;
    ReentrantReceiver public reentrant;

    // The ghost ledger.
    uint256 public ghostPaid;
    uint256 public ghostCommitted;
    uint256 public ghostFree;
    uint256 public ghostOwnerTook;
    uint256 public ghostBondsBack;
    uint256 public ghostMembers;
    uint256 public ghostForfeited;
    mapping(address client => uint256) public ghostSettled;
    mapping(address client => uint256) public ghostPending;
    uint256 public ghostClaimable;

    // The most that any round has paid, and the most that anybody got above a cap.
    uint256 public roundPay;
    uint256 public roundMiningPay;
    uint256 public highestRoundPay;
    uint256 public highestRoundMiningPay;
    uint256 public highestExcess;

    bytes32 public immutable termsHash;
    uint256 public strangerSucceeded;
    uint256 public reentrantSucceeded;
    mapping(string outcome => uint256) public count;

    constructor(Policy policy) {
        setUp();
        refuser = new RevertingReceiver();
        reentrant = new ReentrantReceiver();
        vm.deal(address(refuser), 1000 ether);
        vm.deal(address(reentrant), 1000 ether);
        clients.push(address(refuser));
        clients.push(address(reentrant));
        clients = _sorted(clients);
        terms.policy = policy;
        if (policy == Policy.LeastCost) terms.reservationUtility = 1e15;
        terms.rounds = 6;
        _use(terms);
        ghostFree = uint256(terms.budget) * terms.rounds;
        termsHash = keccak256(abi.encode(terms));
    }

    // ------------------------------------------------------------------------------------------------ what is there

    function theTask() external view returns (ITask) {
        return task;
    }

    function theTerms() external view returns (Terms memory) {
        return terms;
    }

    function theClients() external view returns (address[] memory) {
        return clients;
    }

    function theDeposits() external view returns (uint256) {
        return deposits;
    }

    function theForced() external view returns (uint256) {
        return forced;
    }

    function _pick(uint256 seed) private view returns (address) {
        return clients[seed % PEOPLE];
    }

    function _isMember(address client) private view returns (bool) {
        return task.clientState(client).isMember;
    }

    // ------------------------------------------------------------------------------------------------ members

    function join(uint256 seed) external {
        if (task.phase() != Phase.Joining) return;
        // Several at once, so that lists are rarely too short.
        for (uint256 i; i < 3; ++i) {
            _joinIfNot(clients[(seed % PEOPLE + i) % PEOPLE], seed);
        }
    }

    function _joinIfNot(address client, uint256 seed) private {
        if (_isMember(client)) return;
        _join(client, _report(uint32(300 + seed % 600)));
        ++ghostMembers;
        ++count["join"];
    }

    function changeReport(uint256 seed) external {
        address client = _pick(seed);
        if (task.phase() != Phase.Joining || !_isMember(client)) return;
        vm.prank(client);
        task.changeReport(_report(uint32(300 + seed / PEOPLE % 600)));
        ++count["change"];
    }

    function leaveTask(uint256 seed) external {
        address client = _pick(seed);
        Phase phase = task.phase();
        if (!_isMember(client) || (phase != Phase.Joining && phase != Phase.Over)) return;
        if (phase == Phase.Joining && seed / PEOPLE % 4 != 0) return; // most stay
        address payable recipient = _fresh();
        vm.prank(client);
        task.leaveTask(recipient);
        ghostBondsBack += recipient.balance;
        --ghostMembers;
        ++count["leave"];
    }

    /// @dev An address that had nothing, so that its balance is what it got.
    function _fresh() private returns (address payable) {
        return payable(address(uint160(uint256(keccak256(abi.encode(address(this), ++count["fresh"]))))));
    }

    // ------------------------------------------------------------------------------------------------ rounds

    function openRound(uint256 seed) external {
        Phase phase = task.phase();
        if (phase != Phase.Joining && phase != Phase.Frozen) return;
        if (phase == Phase.Joining) {
            if (ghostMembers < 5) {
                for (uint256 i; i < PEOPLE; ++i) {
                    _joinIfNot(clients[i], seed);
                }
            }
            uint256 cycle = terms.joinWindow + terms.listWindow;
            uint256 past = (block.timestamp - task.roundState().endedAt) % cycle;
            vm.warp(block.timestamp - past + terms.joinWindow + seed % terms.listWindow);
        }
        ListState memory list = task.listState();
        bool isUsable = list.version != 0 && !list.isStale && list.posted == list.size;
        if (!isUsable || seed % 4 == 0) {
            if (ghostMembers < 4) return;
            _postMembers(seed);
        } else {
            ++count["list used again"];
        }
        _open();
        _ghostOpen();
    }

    /// @dev All members; at most one of them, besides, without a cap.
    function _postMembers(uint256 seed) private {
        Entry[] memory entries = new Entry[](ghostMembers);
        uint80 each = uint80((terms.budget - terms.miningBudget) / entries.length);
        uint256 next;
        for (uint256 i; i < PEOPLE; ++i) {
            if (!_isMember(clients[i])) continue;
            bool isUnhired = seed % 3 == 0 && next == seed % entries.length;
            // Between half of an equal share and all of it.
            uint80 cap = isUnhired ? 0 : each - uint80(uint256(keccak256(abi.encode(seed, i))) % (each / 2));
            entries[next++] = _entry(clients[i], cap);
            if (isUnhired) ++count["listed unhired"];
        }
        if (seed % 2 == 0) {
            _post(entries);
        } else {
            _postInTwo(entries);
        }
    }

    function _postInTwo(Entry[] memory entries) private {
        uint32 version = task.listState().version + 1;
        for (uint256 half; half < 2; ++half) {
            uint256 from = half == 0 ? 0 : entries.length / 2;
            uint256 to = half == 0 ? entries.length / 2 : entries.length;
            Entry[] memory chunk = new Entry[](to - from);
            for (uint256 i = from; i < to; ++i) {
                chunk[i - from] = entries[i];
            }
            _post(version, uint32(entries.length), chunk);
        }
    }

    function _ghostOpen() private {
        RoundState memory round = task.roundState();
        uint256 size = task.listState().size;
        for (uint256 i; i < PEOPLE; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            if (state.listVersion == round.listVersion && state.trainingCap > 0) {
                ghostCommitted += state.trainingCap + terms.miningBudget / size;
            }
        }
        ghostFree -= ghostCommitted;
        (roundPay, roundMiningPay) = (0, 0);
        ++count["open"];
    }

    function work(uint256 seed) external {
        if (task.phase() != Phase.Working) return;
        uint256 most = 1 + seed % 3;
        for (uint256 i; i < PEOPLE && most > 0; ++i) {
            if (_workIfHired(clients[(seed / 3 + i) % PEOPLE], seed)) --most;
        }
    }

    function _workIfHired(address client, uint256 seed) private returns (bool) {
        RoundState memory round = task.roundState();
        ClientState memory state = task.clientState(client);
        bool isHired = state.listVersion == round.listVersion && state.trainingCap > 0;
        if (!isHired || state.lastRound == round.number) return false;

        (uint72 t, uint72 m) = _response(client);
        // Some claim to have trained slowly, for pay that only a cap holds down, or that moves between the subtasks.
        if (seed % 5 == 0 && terms.policy != Policy.Incomplete) (t, m) = _slower(client, state, t, m);
        uint256 earliest = round.openedAt + uint256(terms.deadline);
        if (block.timestamp < earliest) vm.warp(earliest);
        bytes32 updateHash = _updateHash(client);
        uint256[2] memory nonces = _solve(client, updateHash);
        vm.prank(client);
        task.submitWork(updateHash, t, m, nonces);
        _ghostWork(client, state, t, m);
        return true;
    }

    /// @dev Mining as fast as its price covers leaves time to train more slowly, where the price covers enough.
    function _slower(address client, ClientState memory state, uint72 theT, uint72 theM)
        private
        returns (uint72 t, uint72 m)
    {
        Prices.Offer memory offer = _offer(client, state.trainingCap, task.listState().size);
        offer.trainingFrequency = state.trainingFrequency;
        (, uint256 miningPrice) = Prices.prices(offer, client);
        m = _cubeRoot(miningPrice, RHO);
        if (m > MAX_FREQUENCY) m = MAX_FREQUENCY;
        t = state.trainingFrequency * 9 / 10;
        if (Prices.claimedTimeUp(offer.trainingCycles, t, offer.miningCycles, m) > terms.deadline) return (theT, theM);
        ++count["slower"];
    }

    function _ghostWork(address client, ClientState memory state, uint256 t, uint256 m) private {
        uint256 size = task.listState().size;
        uint256 miningCap = terms.miningBudget / size;
        Prices.Offer memory offer = _offer(client, state.trainingCap, size);
        offer.trainingFrequency = state.trainingFrequency;
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, client);
        uint256 trainingPay = trainingPrice * offer.trainingCycles / (t * 1e9);
        uint256 miningPay = miningPrice * offer.miningCycles / (m * 1e9);
        if (_isUniform()) {
            if (trainingPay > miningCap + state.trainingCap) trainingPay = miningCap + state.trainingCap;
            if (trainingPay + miningPay > miningCap + state.trainingCap) {
                miningPay = miningCap + state.trainingCap - trainingPay;
            }
        } else {
            if (trainingPay > state.trainingCap) trainingPay = state.trainingCap;
            if (miningPay > miningCap) miningPay = miningCap;
        }

        ghostSettled[client] += ghostPending[client];
        ghostPending[client] = trainingPay + miningPay;
        ghostCommitted -= trainingPay + miningPay;
        ghostClaimable += trainingPay + miningPay;
        // What the contract itself says it credited is held against the caps.
        uint256 credited = task.clientState(client).pending;
        uint256 cap = state.trainingCap + miningCap;
        if (credited > cap && credited - cap > highestExcess) highestExcess = credited - cap;
        roundPay += credited;
        roundMiningPay += miningPay;
        if (roundPay > highestRoundPay) highestRoundPay = roundPay;
        if (roundMiningPay > highestRoundMiningPay) highestRoundMiningPay = roundMiningPay;
        ++count["work"];
    }

    function endByQuorum(uint256 seed) external {
        RoundState memory round = task.roundState();
        if (!round.isOpen || round.generator == address(0) || task.phase() == Phase.Expired) return;
        if (task.phase() == Phase.Working) _warpToWindow(seed % 3);
        address proposer = _proposer();
        if (proposer == address(0)) return;

        (address[] memory rejected, address[] memory forfeited) = _verdicts(seed);
        RoundResult memory result = RoundResult(keccak256(abi.encode("model", seed)), rejected, forfeited);
        (Vote[] memory votes, uint256 hired) = _signedByPeople(result);
        bool isQuorum = votes.length * 3 > hired * 2;
        if (!isQuorum) {
            vm.expectRevert(
                abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, votes.length, uint32(hired))
            );
        }
        vm.prank(proposer);
        task.endRoundByQuorum(result, votes);
        ++count[isQuorum ? "ended by quorum" : "quorum missed"];
        if (isQuorum) _ghostVerdicts(rejected, forfeited);
    }

    /// @dev Who may propose now; zero in the runner-up's window if there is none.
    function _proposer() private view returns (address) {
        RoundState memory round = task.roundState();
        Phase phase = task.phase();
        if (phase == Phase.RunnerUpProposing) return round.runnerUp;
        return round.generator; // which is a worker too
    }

    /// @dev About a quarter of the workers are rejected, an eighth of the listed forfeited.
    function _verdicts(uint256 seed) private view returns (address[] memory rejected, address[] memory forfeited) {
        RoundState memory round = task.roundState();
        rejected = new address[](PEOPLE);
        forfeited = new address[](PEOPLE);
        uint256 r;
        uint256 f;
        for (uint256 i; i < PEOPLE; ++i) {
            uint256 draw = uint256(keccak256(abi.encode("verdict", seed, i)));
            ClientState memory state = task.clientState(clients[i]);
            if (state.lastRound == round.number && draw % 4 == 0) rejected[r++] = clients[i];
            if (state.listVersion == round.listVersion && draw / 4 % 8 == 0) forfeited[f++] = clients[i];
        }
        assembly ("memory-safe") {
            mstore(rejected, r)
            mstore(forfeited, f)
        }
    }

    /// @dev The hired who have keys sign; the two contracts do not.
    function _signedByPeople(RoundResult memory result) private view returns (Vote[] memory votes, uint256 hired) {
        uint32 version = task.roundState().listVersion;
        votes = new Vote[](PEOPLE);
        uint256 signed;
        for (uint256 i; i < PEOPLE; ++i) {
            ClientState memory state = task.clientState(clients[i]);
            if (state.listVersion != version || state.trainingCap == 0) continue;
            ++hired;
            if (keyOf[clients[i]] != 0) votes[signed++] = _vote(clients[i], result);
        }
        assembly ("memory-safe") {
            mstore(votes, signed)
        }
    }

    function _ghostVerdicts(address[] memory rejected, address[] memory forfeited) private {
        for (uint256 i; i < rejected.length; ++i) {
            _ghostCancel(rejected[i]);
            ++count["rejected"];
        }
        for (uint256 i; i < forfeited.length; ++i) {
            _ghostCancel(forfeited[i]);
            --ghostMembers;
            ++ghostForfeited;
            ++count["forfeited"];
        }
        _ghostEnd();
    }

    /// @dev Only pay of the round that is ending is pending in the ghost ledger: `_ghostEnd` settles the rest.
    function _ghostCancel(address client) private {
        ghostFree += ghostPending[client];
        ghostClaimable -= ghostPending[client];
        ghostPending[client] = 0;
    }

    function _ghostEnd() private {
        ghostFree += ghostCommitted;
        ghostCommitted = 0;
        for (uint256 i; i < PEOPLE; ++i) {
            ghostSettled[clients[i]] += ghostPending[clients[i]];
            ghostPending[clients[i]] = 0;
        }
    }

    function endByTime(uint256 seed) external {
        RoundState memory round = task.roundState();
        if (!round.isOpen) return;
        if (task.phase() == Phase.Working && seed % 2 == 0) return; // let more work come
        if (task.phase() != Phase.Expired) _warpToWindow(3);
        vm.prank(mallory);
        task.endRoundByTime();
        ++count[round.generator == address(0) ? "ended without work" : "ended by time"];
        _ghostEnd();
    }

    // ------------------------------------------------------------------------------------------------ money

    function claim(uint256 seed) external {
        address client = _pick(seed);
        uint256 expected = ghostSettled[client];
        if (expected == 0) return;
        address payable recipient = _fresh();
        if (client == address(refuser) && seed / PEOPLE % 2 == 0) {
            vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_TransferFailed.selector, client, expected));
            _claim(client);
            ++count["refused its pay"];
            return;
        }
        uint256 before;
        if (client == address(reentrant)) {
            recipient = payable(client);
            before = client.balance;
            bytes[3] memory attacks = [
                abi.encodeCall(ITask.claim, (recipient)),
                abi.encodeCall(ITask.closeTask, (recipient)),
                abi.encodeCall(ITask.joinTask, (_report(UNITS)))
            ];
            reentrant.arm(attacks[seed / PEOPLE % 3]);
        }
        vm.prank(client);
        task.claim(recipient);
        if (client == address(reentrant)) {
            if (reentrant.succeeded()) ++reentrantSucceeded;
            ++count["re-entered"];
        }
        uint256 got = recipient.balance - before;
        ghostPaid += got;
        ghostClaimable -= got;
        ghostSettled[client] = 0;
        ++count["claim"];
    }

    function close(uint256 seed) external {
        Phase phase = task.phase();
        bool isOver = phase == Phase.Over;
        if (phase != Phase.Joining && phase != Phase.Frozen && !isOver) return;
        if (ghostOwnerTook > 0 || (!isOver && seed % 16 != 0)) return;
        address payable recipient = _fresh();
        vm.prank(owner);
        task.closeTask(recipient);
        ghostOwnerTook += recipient.balance;
        ghostFree -= recipient.balance;
        ++count["close"];
    }

    function forceEther(uint256 amount) external {
        amount = _bound(amount, 1, 1 ether);
        vm.deal(address(this), amount);
        new EtherForcer{value: amount}(payable(address(task)));
        forced += amount;
        ++count["forced"];
    }

    // ------------------------------------------------------------------------------------------------ others

    function passTime(uint256 time) external {
        vm.warp(block.timestamp + _bound(time, 1, 700));
        ++count["time"];
    }

    /// @dev Somebody who is neither owner nor member tries everything that moves money or the round.
    function stranger(uint256 seed) external {
        Vote[] memory noVotes = new Vote[](0);
        bytes[8] memory calls = [
            abi.encodeCall(ITask.claim, (payable(mallory))),
            abi.encodeCall(ITask.closeTask, (payable(mallory))),
            abi.encodeCall(ITask.leaveTask, (payable(mallory))),
            abi.encodeCall(ITask.openRound, (task.listState().version)),
            abi.encodeCall(ITask.submitWork, (bytes32(seed), 1e18, 1e18, [seed, seed])),
            abi.encodeCall(ITask.proposeModel, (bytes32(seed | 1))),
            abi.encodeCall(ITask.endRoundByQuorum, (_result(), noVotes)),
            abi.encodeCall(ITask.changeReport, (_report(UNITS)))
        ];
        vm.prank(mallory);
        (bool success,) = address(task).call(calls[seed % 8]);
        if (success) ++strangerSucceeded;
        ++count["stranger"];
    }
}
