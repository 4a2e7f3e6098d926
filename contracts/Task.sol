// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {
    ITask,
    ClientState,
    Entry,
    Ledger,
    ListState,
    Phase,
    Report,
    RoundResult,
    RoundState,
    Terms,
    Vote
} from "./interfaces/ITask.sol";
import {BcflErrors} from "./libraries/BcflErrors.sol";
import {Prices} from "./libraries/Prices.sol";
import {Puzzle} from "./libraries/Puzzle.sol";
import {Votes} from "./libraries/Votes.sol";

/// @title Task
/// @notice See `ITask`, which has all documentation.
contract Task is ITask, EIP712 {
    // ------------------------------------------------------------------------------------------------ storage

    /// @dev A member's report. One slot, written by the client alone but for a forfeit.
    struct Member {
        uint32 trainingUnits;
        uint112 energyCoefficient;
        uint72 maxFrequency;
        bool isMember;
    }

    /// @dev A client's line on the list `version`. One slot, written by the owner's posting.
    struct Listing {
        uint32 version;
        uint80 trainingCap;
        uint72 trainingFrequency;
        uint32 nonce; // the client's, kept here because checking a vote reads this slot anyway
    }

    /// @dev A client's pay. One slot, settled lazily: `pending` belongs to `round` and is earned once that has ended.
    struct Account {
        uint32 round;
        uint80 pending;
        uint88 settled;
    }

    /// @dev The round that is open or was last. One slot.
    struct Round {
        uint32 number;
        bool isOpen;
        uint40 openedAt;
        uint40 endedAt;
        uint32 listVersion;
        uint80 miningCap;
    }

    /// @dev A candidate for block generator. One slot; belongs to an earlier round where `round` differs.
    struct Candidate {
        address client;
        uint32 round;
        uint64 puzzleHash; // its first 64 bits
    }

    /// @dev The list posted last, but for its hash. Two slots.
    struct List {
        uint32 version;
        uint32 size;
        uint32 posted;
        uint32 hired;
        bool isStale;
        uint80 trainingCaps;
        address lastClient;
    }

    /// @dev Money that moves each round. One slot; all three stay below 2^88, the most a task may hold for its rounds.
    struct Flow {
        uint80 committed;
        uint88 claimable; // pending included
        uint88 paid;
    }

    /// @dev The owner's balance and the counts that bonds follow from. One slot.
    struct Reserve {
        uint88 free;
        bool isClosed;
        uint32 joined;
        uint32 left;
        uint32 forfeited;
    }

    Round private _round;
    bytes32 private _seed;
    Candidate private _generator;
    Candidate private _runnerUp;
    List private _list;
    bytes32 private _listHash;
    Flow private _flow;
    Reserve private _reserve;
    uint256 private _withdrawn;

    mapping(address client => Member) private _members;
    mapping(address client => Listing) private _listings;
    mapping(address client => Account) private _accounts;
    mapping(address client => bool) private _admitted;

    /// @inheritdoc ITask
    bytes32 public globalModel;

    // ------------------------------------------------------------------------------------------------ creation

    /// @dev The code that clones run is no task itself: initialized and closed, so that it takes nobody's money.
    constructor() EIP712("BCFL Task", "1") {
        _round.endedAt = uint40(block.timestamp);
        _reserve.isClosed = true;
    }

    /// @notice Called once, by the factory, in the transaction that makes the clone and brings its money.
    function initialize() external payable {
        if (_round.endedAt != 0) revert BcflErrors.Task_AlreadyInitialized();

        _round.endedAt = uint40(block.timestamp);
        _reserve.free = uint88(msg.value);

        emit Funded(msg.value);
    }

    // ------------------------------------------------------------------------------------------------ modifiers

    modifier onlyOwner() {
        address owner = terms().owner;
        if (msg.sender != owner) revert BcflErrors.Task_NotOwner(msg.sender, owner);
        _;
    }

    modifier onlyBetweenRounds() {
        if (_round.isOpen || _reserve.isClosed) revert BcflErrors.Task_WrongPhase(_phase(terms()));
        _;
    }

    // ------------------------------------------------------------------------------------------------ members

    /// @inheritdoc ITask
    function admit(address[] calldata clients) external onlyOwner {
        for (uint256 i; i < clients.length; ++i) {
            _admitted[clients[i]] = true;
            emit Admitted(clients[i]);
        }
    }

    /// @inheritdoc ITask
    function joinTask(Report calldata report) external payable {
        Terms memory terms_ = terms();
        _requirePhase(Phase.Joining, terms_);
        if (_members[msg.sender].isMember) revert BcflErrors.Task_AlreadyMember(msg.sender);
        if (!terms_.isOpenAdmission && !_admitted[msg.sender]) revert BcflErrors.Task_NotAdmitted(msg.sender);
        if (msg.value != terms_.bond) revert BcflErrors.Task_WrongValue(msg.value, terms_.bond);

        ++_reserve.joined;
        emit Joined(msg.sender, msg.value);

        _setReport(report, terms_.maxTrainingUnits);
    }

    /// @inheritdoc ITask
    function changeReport(Report calldata report) external {
        Terms memory terms_ = terms();
        _requirePhase(Phase.Joining, terms_);
        _requireMember(msg.sender);

        _markStale(msg.sender);
        _setReport(report, terms_.maxTrainingUnits);
    }

    /// @inheritdoc ITask
    function leaveTask(address payable recipient) external {
        Terms memory terms_ = terms();
        Phase phase_ = _phase(terms_);
        if (phase_ != Phase.Joining && phase_ != Phase.Over) revert BcflErrors.Task_WrongPhase(phase_);
        _requireMember(msg.sender);
        uint256 bond = terms_.bond;

        _members[msg.sender].isMember = false;
        ++_reserve.left;
        _markStale(msg.sender);
        emit Left(msg.sender, recipient, bond);

        _send(recipient, bond);
    }

    // ------------------------------------------------------------------------------------------------ price lists

    /// @inheritdoc ITask
    function postEntries(uint32 version, uint32 size, Entry[] calldata entries)
        external
        onlyOwner
        onlyBetweenRounds
    {
        Terms memory terms_ = terms();
        List memory list = _list;
        bytes32 listHash;
        if (version == list.version + 1) {
            if (size < terms_.minHired || size > terms_.maxClients) {
                revert BcflErrors.Task_ListSizeOutOfRange(size, terms_.minHired, terms_.maxClients);
            }
            list = List(version, size, 0, 0, false, 0, address(0));
            emit ListBegun(version, size);
        } else {
            if (version == 0 || version != list.version) {
                revert BcflErrors.Task_WrongVersion(version, list.version);
            }
            if (size != list.size) revert BcflErrors.Task_WrongSize(version, size, list.size);
            if (list.posted == size) revert BcflErrors.Task_ListComplete(version, size);
            listHash = _listHash;
        }
        if (entries.length > size - list.posted) {
            revert BcflErrors.Task_ListOverflow(version, list.posted + entries.length, size);
        }

        for (uint256 i; i < entries.length; ++i) {
            _postEntry(entries[i], list, terms_);
            listHash = keccak256(abi.encode(listHash, entries[i]));
        }
        _list = list;
        _listHash = listHash;
    }

    /// @dev Checks and stores one entry, and adds it to `list` in memory.
    function _postEntry(Entry calldata entry, List memory list, Terms memory terms_) private {
        Member memory member = _members[entry.client];
        if (!member.isMember) revert BcflErrors.Task_NotMember(entry.client);
        if (entry.client <= list.lastClient) revert BcflErrors.Task_NotAscending(list.lastClient, entry.client);

        uint256 trainingPrice;
        uint256 miningPrice;
        if (entry.trainingCap != 0) {
            // In 256 bits: a sum that could wrap would let a list overspend. First, because `Prices` needs caps below 2^79.
            uint256 trainingCaps = uint256(list.trainingCaps) + entry.trainingCap;
            uint256 trainingBudget = terms_.budget - terms_.miningBudget;
            if (trainingCaps > trainingBudget) revert BcflErrors.Task_CapsExceedBudget(trainingCaps, trainingBudget);
            list.trainingCaps = uint80(trainingCaps);
            ++list.hired;
            (trainingPrice, miningPrice) = Prices.check(
                _offer(terms_, member, entry.trainingCap, entry.trainingFrequency, terms_.miningBudget / list.size),
                member.maxFrequency,
                entry.client
            );
        } else if (entry.trainingFrequency != 0) {
            revert BcflErrors.Task_NotHiredHasFrequency(entry.client, entry.trainingFrequency);
        }

        list.lastClient = entry.client;
        ++list.posted;
        Listing storage listing = _listings[entry.client];
        listing.version = list.version;
        listing.trainingCap = entry.trainingCap;
        listing.trainingFrequency = entry.trainingFrequency;
        emit EntryPosted(
            list.version,
            entry.client,
            entry.trainingCap,
            entry.trainingFrequency,
            uint128(trainingPrice),
            uint128(miningPrice)
        );
    }

    // ------------------------------------------------------------------------------------------------ rounds

    /// @inheritdoc ITask
    function openRound(uint32 version) external onlyOwner {
        Terms memory terms_ = terms();
        _requirePhase(Phase.Frozen, terms_);
        List memory list = _list;
        if (version == 0 || version != list.version) revert BcflErrors.Task_WrongVersion(version, list.version);
        if (list.isStale) revert BcflErrors.Task_ListStale(version);
        if (list.posted != list.size) revert BcflErrors.Task_ListIncomplete(version, list.posted, list.size);
        if (list.hired < terms_.minHired) revert BcflErrors.Task_TooFewHired(list.hired, terms_.minHired);

        uint32 number = _round.number + 1;
        uint80 miningCap = terms_.miningBudget / list.size;
        // At most the round's budget, and `free` holds the budget of every round not yet opened.
        uint80 committed = list.trainingCaps + miningCap * list.hired;
        bytes32 seed =
            keccak256(abi.encode(blockhash(block.number - 1), address(this), number, _listHash));
        _round = Round(number, true, uint40(block.timestamp), _round.endedAt, version, miningCap);
        _seed = seed;
        _reserve.free -= committed;
        _flow.committed = committed;

        emit RoundOpened(number, version, seed, list.size, list.hired, miningCap, committed);
    }

    /// @inheritdoc ITask
    function submitWork(
        bytes32 updateHash,
        uint72 trainingFrequency,
        uint72 miningFrequency,
        uint256[2] calldata nonces
    ) external {
        Terms memory terms_ = terms();
        _requirePhase(Phase.Working, terms_);
        Round memory round = _round;
        Listing memory listing = _listings[msg.sender];
        if (!_isHired(listing, round)) revert BcflErrors.Task_NotHired(msg.sender, round.number);
        Account memory account = _accounts[msg.sender];
        if (account.round == round.number) revert BcflErrors.Task_AlreadySubmitted(msg.sender, round.number);
        (uint80 trainingPay, uint80 miningPay) = _checkWork(terms_, round, listing, trainingFrequency, miningFrequency);
        uint256 puzzleHash = Puzzle.lowestHash(
            Puzzle.challenge(address(this), _seed, msg.sender, updateHash),
            nonces,
            Puzzle.expectedHashes(terms_.miningCycles, terms_.cyclesPerHash)
        );

        uint80 pay = trainingPay + miningPay;
        _accounts[msg.sender] = Account(round.number, pay, account.settled + account.pending);
        _flow.committed -= pay;
        _flow.claimable += pay;
        emit WorkSubmitted(
            round.number,
            msg.sender,
            updateHash,
            nonces,
            trainingFrequency,
            miningFrequency,
            trainingPay,
            miningPay
        );
        _rank(round.number, uint64(puzzleHash >> 192));
    }

    /// @dev Checks the claimed frequencies of `msg.sender`, (5)–(7), q ≤ q_i and the time passed; returns the capped pay.
    function _checkWork(
        Terms memory terms_,
        Round memory round,
        Listing memory listing,
        uint256 trainingFrequency,
        uint256 miningFrequency
    ) private view returns (uint80, uint80) {
        Member memory member = _members[msg.sender];
        _requireFrequency(trainingFrequency, member.maxFrequency);
        _requireFrequency(miningFrequency, member.maxFrequency);
        Prices.Offer memory offer =
            _offer(terms_, member, listing.trainingCap, listing.trainingFrequency, round.miningCap);
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, msg.sender);
        Prices.requireEnergyCovered(trainingPrice, offer.energyCoefficient, trainingFrequency);
        Prices.requireEnergyCovered(miningPrice, offer.energyCoefficient, miningFrequency);

        uint256 claimedTime = Prices.claimedTimeUp(
            offer.trainingCycles, trainingFrequency, offer.miningCycles, miningFrequency
        );
        if (claimedTime > terms_.deadline) revert BcflErrors.Task_DeadlineExceeded(claimedTime, terms_.deadline);
        uint256 elapsed = block.timestamp - round.openedAt;
        if (claimedTime > elapsed) revert BcflErrors.Task_TimeNotPassed(claimedTime, elapsed);

        (uint256 forTraining, uint256 forMining) =
            Prices.pays(offer, trainingPrice, trainingFrequency, miningPrice, miningFrequency);
        // Capped, so both fit in 80 bits.
        return (uint80(forTraining), uint80(forMining));
    }

    /// @dev Puts `msg.sender` among the two lowest puzzle hashes of the round.
    function _rank(uint32 number, uint64 puzzleHash) private {
        Candidate memory generator = _generator;
        Candidate memory candidate = Candidate(msg.sender, number, puzzleHash);
        if (generator.round != number || puzzleHash < generator.puzzleHash) {
            if (generator.round == number) _runnerUp = generator;
            _generator = candidate;
            emit GeneratorChanged(number, msg.sender, puzzleHash);
        } else {
            Candidate memory runnerUp = _runnerUp;
            if (runnerUp.round != number || puzzleHash < runnerUp.puzzleHash) _runnerUp = candidate;
        }
    }

    /// @inheritdoc ITask
    function proposeModel(bytes32 modelHash) external {
        _requireProposer();
        if (modelHash == 0) revert BcflErrors.Task_ZeroModelHash();

        emit ModelProposed(_round.number, msg.sender, modelHash);
    }

    /// @inheritdoc ITask
    function endRoundByQuorum(RoundResult calldata result, Vote[] calldata votes) external {
        _requireProposer();
        if (result.modelHash == 0) revert BcflErrors.Task_ZeroModelHash();
        uint32 hired = _list.hired;
        uint256 count = _countVotes(result, votes);
        if (count * 3 <= uint256(hired) * 2) revert BcflErrors.Task_QuorumMissed(count, hired);

        globalModel = result.modelHash;
        // Two statements: the order in which Solidity evaluates the operands of a sum is its own.
        uint256 cancelled = _reject(result.rejected);
        cancelled += _forfeit(result.forfeited);
        _endRound(result.modelHash, uint32(count), cancelled);
    }

    /// @inheritdoc ITask
    function endRoundByTime() external {
        _requirePhase(Phase.Expired, terms());

        _endRound(0, 0, 0);
    }

    /// @dev Counts the votes under `result`, each by another hired client of the round's list. A signature that does not
    /// hold counts for nothing instead of reverting: a signer who revokes at the last moment takes back only its own.
    function _countVotes(RoundResult calldata result, Vote[] calldata votes) private view returns (uint256 count) {
        Round memory round = _round;
        bytes32 separator = _domainSeparatorV4();
        bytes memory encoded = Votes.encode(round.number, _seed, result);
        address previous;
        for (uint256 i; i < votes.length; ++i) {
            address signer = votes[i].signer;
            if (signer <= previous) revert BcflErrors.Task_NotAscending(previous, signer);
            Listing memory listing = _listings[signer];
            if (!_isHired(listing, round)) revert BcflErrors.Task_NotHired(signer, round.number);
            bytes32 digest =
                MessageHashUtils.toTypedDataHash(separator, Votes.structHash(encoded, listing.nonce));
            if (Votes.isSignedBy(digest, signer, votes[i].signature)) ++count;
            previous = signer;
        }
    }

    /// @dev Cancels the round's pay of each rejected client; returns the sum.
    function _reject(address[] calldata rejected) private returns (uint256 cancelled) {
        uint32 number = _round.number;
        address previous;
        for (uint256 i; i < rejected.length; ++i) {
            address client = rejected[i];
            if (client <= previous) revert BcflErrors.Task_NotAscending(previous, client);
            if (_accounts[client].round != number) revert BcflErrors.Task_NothingToReject(client, number);
            uint256 amount = _cancelPending(client, number);
            cancelled += amount;
            previous = client;
            emit WorkRejected(number, client, amount);
        }
    }

    /// @dev Burns the bond of each forfeited client and cancels its pay of the round; returns the sum of the latter.
    function _forfeit(address[] calldata forfeited) private returns (uint256 cancelled) {
        uint32 number = _round.number;
        uint256 bond = terms().bond;
        address previous;
        for (uint256 i; i < forfeited.length; ++i) {
            address client = forfeited[i];
            if (client <= previous) revert BcflErrors.Task_NotAscending(previous, client);
            if (_listings[client].version != _round.listVersion) revert BcflErrors.Task_NotListed(client, number);
            uint256 amount = _cancelPending(client, number);
            cancelled += amount;
            previous = client;
            // Nobody leaves while a round is open, so the bond is there.
            _members[client].isMember = false;
            ++_reserve.forfeited;
            _list.isStale = true;
            emit BondForfeited(number, client, bond, amount);
        }
    }

    /// @dev Takes back what `client` earned in round `number`, nothing if it did not work.
    function _cancelPending(address client, uint32 number) private returns (uint256 amount) {
        Account storage account = _accounts[client];
        if (account.round == number) {
            amount = account.pending;
            account.pending = 0;
        }
    }

    /// @dev Returns to the owner's balance what nobody earned.
    function _endRound(bytes32 modelHash, uint32 votes, uint256 cancelled) private {
        Flow memory flow = _flow;
        uint256 refunded = flow.committed + cancelled;
        _flow = Flow(0, flow.claimable - uint88(cancelled), flow.paid);
        _reserve.free += uint88(refunded);
        _round.isOpen = false;
        _round.endedAt = uint40(block.timestamp);

        emit RoundEnded(_round.number, modelHash, votes, refunded);
    }

    // ------------------------------------------------------------------------------------------------ money

    /// @inheritdoc ITask
    function claim(address payable recipient) external returns (uint256 amount) {
        Account memory account = _accounts[msg.sender];
        bool isEarned = !_isPending(account);
        amount = account.settled + (isEarned ? account.pending : 0);
        if (amount == 0) revert BcflErrors.Task_NothingToClaim(msg.sender);

        _accounts[msg.sender] = Account(account.round, isEarned ? 0 : account.pending, 0);
        Flow memory flow = _flow;
        _flow = Flow(flow.committed, flow.claimable - uint88(amount), flow.paid + uint88(amount));
        emit Claimed(msg.sender, recipient, amount);

        _send(recipient, amount);
    }

    /// @inheritdoc ITask
    function closeTask(address payable recipient) external onlyOwner onlyBetweenRounds returns (uint256 amount) {
        amount = _reserve.free;

        _reserve.free = 0;
        _reserve.isClosed = true;
        _withdrawn = amount;
        emit TaskClosed(recipient, amount);

        _send(recipient, amount);
    }

    /// @inheritdoc ITask
    function revokeVotes() external {
        uint32 nonce = ++_listings[msg.sender].nonce;

        emit VotesRevoked(msg.sender, nonce);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc ITask
    function terms() public view returns (Terms memory terms_) {
        bytes memory args = Clones.fetchCloneArgs(address(this));
        // The factory encoded them; a static struct lies in memory as it is encoded, one word a field.
        assembly ("memory-safe") {
            terms_ := add(args, 32)
        }
    }

    /// @inheritdoc ITask
    function phase() external view returns (Phase) {
        return _phase(terms());
    }

    /// @dev The phase follows from the clock, so that no window has to be closed by a transaction.
    function _phase(Terms memory terms_) private view returns (Phase) {
        Round memory round = _round;
        if (!round.isOpen) {
            if (_reserve.isClosed || round.number == terms_.rounds) return Phase.Over;
            uint256 cycle = uint256(terms_.joinWindow) + terms_.listWindow;
            uint256 since = (block.timestamp - round.endedAt) % cycle;
            return since < terms_.joinWindow ? Phase.Joining : Phase.Frozen;
        }

        uint256 workEnd = uint256(round.openedAt) + terms_.deadline + terms_.grace;
        if (block.timestamp <= workEnd) return Phase.Working;
        if (_generator.round != round.number) return Phase.Expired;
        uint256 windows = (block.timestamp - workEnd - 1) / terms_.proposalWindow;
        return Phase(Math.min(uint256(Phase.GeneratorProposing) + windows, uint256(Phase.Expired)));
    }

    /// @inheritdoc ITask
    function ledger() external view returns (Ledger memory) {
        Terms memory terms_ = terms();
        Flow memory flow = _flow;
        Reserve memory reserve = _reserve;
        uint256 funds = uint256(terms_.budget) * terms_.rounds;
        uint256 bond = terms_.bond;
        return Ledger({
            deposited: funds + bond * reserve.joined,
            paid: flow.paid,
            claimable: flow.claimable,
            committed: flow.committed,
            free: reserve.free,
            returned: _withdrawn + bond * reserve.left,
            bonds: bond * (reserve.joined - reserve.left - reserve.forfeited),
            burnt: bond * reserve.forfeited
        });
    }

    /// @inheritdoc ITask
    function roundState() external view returns (RoundState memory) {
        Round memory round = _round;
        return RoundState({
            number: round.number,
            isOpen: round.isOpen,
            openedAt: round.openedAt,
            endedAt: round.endedAt,
            listVersion: round.listVersion,
            miningCap: round.miningCap,
            seed: _seed,
            generator: _generator.round == round.number ? _generator.client : address(0),
            runnerUp: _runnerUp.round == round.number ? _runnerUp.client : address(0)
        });
    }

    /// @inheritdoc ITask
    function listState() external view returns (ListState memory) {
        List memory list = _list;
        return ListState(
            list.version, list.size, list.posted, list.hired, list.isStale, list.trainingCaps, _listHash
        );
    }

    /// @inheritdoc ITask
    function clientState(address client) external view returns (ClientState memory) {
        Member memory member = _members[client];
        Listing memory listing = _listings[client];
        Account memory account = _accounts[client];
        bool isPending = _isPending(account);
        return ClientState({
            report: Report(member.trainingUnits, member.energyCoefficient, member.maxFrequency),
            isMember: member.isMember,
            isAdmitted: _admitted[client],
            listVersion: listing.version,
            trainingCap: listing.trainingCap,
            trainingFrequency: listing.trainingFrequency,
            lastRound: account.round,
            nonce: listing.nonce,
            claimable: account.settled + (isPending ? 0 : account.pending),
            pending: isPending ? account.pending : 0
        });
    }

    /// @inheritdoc ITask
    function voteDigest(RoundResult calldata result, uint32 nonce) external view returns (bytes32) {
        return _hashTypedDataV4(Votes.structHash(Votes.encode(_round.number, _seed, result), nonce));
    }

    // ------------------------------------------------------------------------------------------------ helpers

    function _requirePhase(Phase expected, Terms memory terms_) private view {
        Phase phase_ = _phase(terms_);
        if (phase_ != expected) revert BcflErrors.Task_WrongPhase(phase_);
    }

    function _requireMember(address client) private view {
        if (!_members[client].isMember) revert BcflErrors.Task_NotMember(client);
    }

    /// @dev The party whose window it is; with a single worker the runner-up's window is nobody's.
    function _requireProposer() private view {
        Phase phase_ = _phase(terms());
        uint32 number = _round.number;
        bool mayPropose;
        if (phase_ == Phase.GeneratorProposing) {
            mayPropose = msg.sender == _generator.client;
        } else if (phase_ == Phase.RunnerUpProposing) {
            mayPropose = msg.sender == _runnerUp.client && _runnerUp.round == number;
        } else if (phase_ == Phase.WorkersProposing) {
            mayPropose = _accounts[msg.sender].round == number;
        } else {
            revert BcflErrors.Task_WrongPhase(phase_);
        }
        if (!mayPropose) revert BcflErrors.Task_NotProposer(msg.sender, phase_);
    }

    function _requireFrequency(uint256 frequency, uint256 maxFrequency) private pure {
        if (frequency == 0 || frequency > maxFrequency) {
            revert BcflErrors.Task_FrequencyOutOfRange(frequency, maxFrequency);
        }
    }

    /// @dev Whether the account's last pay belongs to a round that has not ended.
    function _isPending(Account memory account) private view returns (bool) {
        return _round.isOpen && account.round == _round.number;
    }

    /// @dev Whether the listing is one of the round's list with a positive cap. Entries stand still while it is open.
    function _isHired(Listing memory listing, Round memory round) private pure returns (bool) {
        return listing.version == round.listVersion && listing.trainingCap != 0;
    }

    /// @dev A list that names `client` no longer says what the client says.
    function _markStale(address client) private {
        uint32 version = _listings[client].version;
        if (version != 0 && version == _list.version) _list.isStale = true;
    }

    function _setReport(Report calldata report, uint32 maxTrainingUnits) private {
        if (
            report.trainingUnits == 0 || report.trainingUnits > maxTrainingUnits || report.energyCoefficient == 0
                || report.maxFrequency == 0
        ) {
            revert BcflErrors.Task_ReportOutOfRange(
                report.trainingUnits, report.energyCoefficient, report.maxFrequency
            );
        }
        _members[msg.sender] =
            Member(report.trainingUnits, report.energyCoefficient, report.maxFrequency, true);
        emit Reported(msg.sender, report.trainingUnits, report.energyCoefficient, report.maxFrequency);
    }

    function _offer(
        Terms memory terms_,
        Member memory member,
        uint256 trainingCap,
        uint256 trainingFrequency,
        uint256 miningCap
    ) private pure returns (Prices.Offer memory) {
        return Prices.Offer({
            policy: terms_.policy,
            trainingCycles: uint256(member.trainingUnits) * terms_.cycleUnit,
            energyCoefficient: member.energyCoefficient,
            trainingCap: trainingCap,
            trainingFrequency: trainingFrequency,
            miningCap: miningCap,
            miningCycles: terms_.miningCycles,
            deadline: terms_.deadline,
            reservationUtility: terms_.reservationUtility
        });
    }

    /// @dev The one way money leaves. Reverts as a whole where the receiver refuses, which hurts only who named it.
    function _send(address payable recipient, uint256 amount) private {
        if (recipient == address(0)) revert BcflErrors.Task_ZeroRecipient();
        if (!SafeTransferLib.trySafeTransferETH(recipient, amount, gasleft())) {
            revert BcflErrors.Task_TransferFailed(recipient, amount);
        }
    }
}
