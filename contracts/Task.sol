// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {BcflErrors} from "./interfaces/BcflErrors.sol";
import {ITask} from "./interfaces/ITask.sol";
import {
    Ballot,
    ClientState,
    Entry,
    Ledger,
    ListState,
    Permit,
    Phase,
    Report,
    RoundResult,
    RoundState,
    SignedWork,
    Terms,
    WalletVote,
    Work
} from "./interfaces/Types.sol";
import {Money} from "./libraries/Money.sol";
import {Prices} from "./libraries/Prices.sol";
import {Puzzle} from "./libraries/Puzzle.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {
    Account,
    AccountSlot,
    Flow,
    FlowSlot,
    Listing,
    ListingSlot,
    Member,
    MemberSlot,
    Opening,
    OpeningSlot,
    Round,
    RoundSlot
} from "./libraries/Slots.sol";

/// @title Task
/// @notice See `ITask`, which has all documentation.
contract Task is ITask, EIP712 {
    // ------------------------------------------------------------------------------------------------ storage

    /// @dev The list posted last, but for its hash. One slot.
    struct List {
        uint32 version;
        uint32 size;
        uint32 posted;
        uint32 hired;
        bool isStale;
        uint80 trainingCaps;
    }

    /// @dev The owner's balance and the counts that bonds follow from. One slot.
    struct Reserve {
        uint88 free;
        bool isClosed;
        uint32 joined;
        uint32 left;
        uint32 forfeited;
    }

    /// @dev What all work of a round has in common. In memory, read once for a whole batch.
    struct Conditions {
        Opening opening;
        uint256 elapsed;
        uint256 hashes;
        uint256 cycleUnit;
        Prices.Offer offer; // what is a client's own in it is written anew for each
    }

    /// @dev Where a clone's arguments begin in its code (OpenZeppelin's `Clones`).
    uint256 private constant ARGUMENTS = 0x2d;
    uint256 private constant TERMS_SIZE = 22 * 32;

    Round private _round;
    Opening private _opening;
    List private _list;
    bytes32 private _listHash;
    address private _lastPosted; // the client posted last, where more are to come
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

    /// @dev The code that clones run is no task itself: closed, so that it is never initialized and takes nobody's money.
    constructor() {
        _reserve.isClosed = true;
    }

    /// @dev The EIP-712 domain.
    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("BCFL Task", "1");
    }

    /// @notice Called once, by the factory, in the transaction that makes the clone and has brought its money.
    function initialize() external payable {
        // Closed: by an owner that its own token called back before the money was there.
        if (_round.since() != 0 || _reserve.isClosed) revert BcflErrors.Task_AlreadyInitialized();
        Terms memory terms_ = terms();
        uint88 funds = uint88(terms_.budget) * terms_.rounds;

        _round = _round.ended(block.timestamp);
        _reserve.free = funds;

        emit Funded(funds);
    }

    // ------------------------------------------------------------------------------------------------ modifiers

    modifier onlyOwner() {
        _requireOwner();
        _;
    }

    modifier onlyBetweenRounds() {
        _requireBetweenRounds();
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
        _joinTask(msg.sender, report);
    }

    /// @inheritdoc ITask
    function joinTaskWithPermit(Report calldata report, Permit calldata permit) external {
        Terms memory terms_ = terms();
        Money.permit(terms_.token, msg.sender, terms_.bond, permit);
        _joinTask(msg.sender, report);
    }

    /// @inheritdoc ITask
    function joinTaskFor(address client, Report calldata report, uint256 deadline, bytes calldata signature)
        external
        payable
    {
        _useReportSignature(Signatures.JOIN_TASK_TYPEHASH, client, report, deadline, signature);
        _joinTask(client, report);
    }

    /// @dev In a token the bond comes from `client`, in the chain's coin from the caller.
    function _joinTask(address client, Report calldata report) private {
        Terms memory terms_ = terms();
        _requirePhase(Phase.Joining, terms_);
        if (_members[client].isMember()) revert BcflErrors.Task_AlreadyMember(client);
        if (!terms_.isOpenAdmission && !_admitted[client]) revert BcflErrors.Task_NotAdmitted(client);

        ++_reserve.joined;
        emit Joined(client, terms_.bond);
        _setReport(client, report, terms_.maxTrainingUnits);

        Money.take(terms_.token, client, address(this), terms_.bond);
    }

    /// @inheritdoc ITask
    function changeReport(Report calldata report) external {
        _changeReport(msg.sender, report);
    }

    /// @inheritdoc ITask
    function changeReportFor(address client, Report calldata report, uint256 deadline, bytes calldata signature)
        external
    {
        _useReportSignature(Signatures.CHANGE_REPORT_TYPEHASH, client, report, deadline, signature);
        _changeReport(client, report);
    }

    function _changeReport(address client, Report calldata report) private {
        Terms memory terms_ = terms();
        _requirePhase(Phase.Joining, terms_);
        _requireMember(client);

        _markStale(client);
        _setReport(client, report, terms_.maxTrainingUnits);
    }

    /// @inheritdoc ITask
    function leaveTask(address recipient) external {
        Terms memory terms_ = terms();
        Phase phase_ = _phase(terms_, _round);
        if (phase_ != Phase.Joining && phase_ != Phase.Over) revert BcflErrors.Task_WrongPhase(phase_);
        _requireMember(msg.sender);

        _members[msg.sender] = _members[msg.sender].withoutMembership();
        ++_reserve.left;
        _markStale(msg.sender);
        emit Left(msg.sender, recipient, terms_.bond);

        Money.give(terms_.token, recipient, terms_.bond);
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
        address previous;
        if (version == list.version + 1) {
            if (size < terms_.minHired || size > terms_.maxClients) {
                revert BcflErrors.Task_ListSizeOutOfRange(size, terms_.minHired, terms_.maxClients);
            }
            list = List(version, size, 0, 0, false, 0);
            emit ListBegun(version, size);
        } else {
            if (version == 0 || version != list.version) {
                revert BcflErrors.Task_WrongVersion(version, list.version);
            }
            if (size != list.size) revert BcflErrors.Task_WrongSize(version, size, list.size);
            if (list.posted == size) revert BcflErrors.Task_ListComplete(version, size);
            listHash = _listHash;
            previous = _lastPosted;
        }
        if (entries.length > size - list.posted) {
            revert BcflErrors.Task_ListOverflow(version, list.posted + entries.length, size);
        }

        Prices.Offer memory offer = _offer(terms_, terms_.miningBudget / size);
        uint256 place = list.posted;
        for (uint256 i; i < entries.length; ++i) {
            unchecked {
                ++place; // at most `size`
            }
            previous = _postEntry(entries[i], previous, place, list, terms_, offer);
            listHash = _chain(listHash, entries[i]);
        }
        list.posted = uint32(place);
        if (list.posted != size) _lastPosted = previous;
        _list = list;
        _listHash = listHash;
        _emitEntriesPosted(version, entries);
    }

    /// @dev `emit EntriesPosted(version, entries)`, which would decode and encode every field once more.
    function _emitEntriesPosted(uint32 version, Entry[] calldata entries) private {
        bytes32 topic = EntriesPosted.selector;
        assembly ("memory-safe") {
            let size := mul(entries.length, 96)
            let data := mload(0x40)
            mstore(data, 32)
            mstore(add(data, 32), entries.length)
            calldatacopy(add(data, 64), entries.offset, size)
            log2(data, add(size, 64), topic, version)
        }
    }

    /// @dev keccak256(abi.encode(listHash, entry)) of an entry whose fields have been read, and so are clean.
    function _chain(bytes32 listHash, Entry calldata entry) private pure returns (bytes32 chained) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, listHash)
            calldatacopy(add(data, 32), entry, 96)
            chained := keccak256(data, 128)
        }
    }

    /// @dev Checks and stores one entry, and adds it to `list` in memory. `offer` is used again for each.
    function _postEntry(
        Entry calldata entry,
        address previous,
        uint256 place,
        List memory list,
        Terms memory terms_,
        Prices.Offer memory offer
    ) private returns (address client) {
        client = entry.client;
        uint256 trainingCap = entry.trainingCap;
        uint256 trainingFrequency = entry.trainingFrequency;
        Member member = _members[client];
        if (!member.isMember()) revert BcflErrors.Task_NotMember(client);
        if (client <= previous) revert BcflErrors.Task_NotAscending(previous, client);

        if (trainingCap != 0) {
            unchecked {
                // In 256 bits: a sum that could wrap would let a list overspend. First, because `Prices` needs caps below 2^79.
                uint256 trainingCaps = list.trainingCaps + trainingCap;
                uint256 trainingBudget = terms_.budget - terms_.miningBudget;
                if (trainingCaps > trainingBudget) {
                    revert BcflErrors.Task_CapsExceedBudget(trainingCaps, trainingBudget);
                }
                list.trainingCaps = uint80(trainingCaps);
                ++list.hired;
            }
            _setClient(offer, terms_.cycleUnit, member, trainingCap, trainingFrequency);
            Prices.check(offer, member.maxFrequency(), client);
        } else if (trainingFrequency != 0) {
            revert BcflErrors.Task_NotHiredHasFrequency(client, trainingFrequency);
        }

        _listings[client] =
            ListingSlot.pack(list.version, trainingCap, trainingFrequency, place, _listings[client].voteNonce());
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

        uint32 number = uint32(_round.number()) + 1;
        uint80 miningCap = terms_.miningBudget / list.size;
        // At most the round's budget, and `free` holds the budget of every round not yet opened.
        uint80 committed = list.trainingCaps + miningCap * list.hired;
        bytes32 entropy =
            keccak256(abi.encode(blockhash(block.number - 1), address(this), number, _listHash));
        // Sizes fit: a list has at most 1,000 entries.
        Opening opening = OpeningSlot.pack(entropy, version, list.size, list.hired);
        _round = RoundSlot.open(number, block.timestamp);
        _opening = opening;
        _flow = FlowSlot.pack(_flow.claimable(), _flow.paid(), number);
        _reserve.free -= committed;

        emit RoundOpened(number, version, opening.seed(), list.size, list.hired, miningCap, committed);
    }

    /// @inheritdoc ITask
    function submitWork(Work calldata work) external {
        _submitWork(msg.sender, work, _accounts[msg.sender]);
    }

    /// @inheritdoc ITask
    function submitWorkFor(address client, Work calldata work, uint256 deadline, bytes calldata signature) external {
        Account account = _accounts[client];
        bytes32 structHash = Signatures.workHash(client, _opening.seed(), work, account.nonce(), deadline);
        _requireSigned(client, structHash, deadline, signature);
        _submitWork(client, work, account.withNextNonce());
    }

    function _submitWork(address client, Work calldata work, Account account) private {
        Round round = _round;
        bytes memory refusal;
        Conditions memory conditions = _conditions(round);
        (round, refusal) = _tryWork(client, work, account, round, conditions);
        if (refusal.length != 0) {
            assembly ("memory-safe") {
                revert(add(refusal, 32), mload(refusal))
            }
        }
        _round = round;
    }

    /// @inheritdoc ITask
    function submitWorks(SignedWork[] calldata works) external returns (uint256 skipped) {
        Round round = _round;
        Conditions memory conditions = _conditions(round);
        bytes32 domain = _domainSeparator();
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        for (uint256 i; i < works.length; ++i) {
            bytes memory refusal;
            (round, refusal) = _trySignedWork(works[i], round, conditions, domain);
            if (refusal.length != 0) {
                ++skipped;
                emit WorkSkipped(uint32(round.number()), works[i].client, i, refusal);
            }
            // Nothing is kept of one work for the next: the price of memory grows with its square.
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
        }
        _round = round;
    }

    /// @dev As `_tryWork`, if an account has signed it.
    function _trySignedWork(SignedWork calldata signed, Round round, Conditions memory conditions, bytes32 domain)
        private
        returns (Round, bytes memory refusal)
    {
        address client = signed.client;
        if (block.timestamp > signed.deadline) {
            return (
                round,
                abi.encodeWithSelector(
                    BcflErrors.Task_SignatureExpired.selector, signed.deadline, block.timestamp
                )
            );
        }
        Account account = _accounts[client];
        bytes32 digest = MessageHashUtils.toTypedDataHash(
            domain, Signatures.workHash(
                client, conditions.opening.seed(), signed.work, account.nonce(), signed.deadline
            )
        );
        if (!Signatures.isSignedByAccount(client, digest, signed.signature)) {
            return (round, abi.encodeWithSelector(BcflErrors.Task_WrongSignature.selector, client, digest));
        }
        return _tryWork(client, signed.work, account.withNextNonce(), round, conditions);
    }

    /// @dev What all work of the round has in common.
    function _conditions(Round round) private view returns (Conditions memory) {
        Terms memory terms_ = terms();
        Phase phase_ = _phase(terms_, round);
        if (phase_ != Phase.Working) revert BcflErrors.Task_WrongPhase(phase_);
        Opening opening = _opening;
        return Conditions({
            opening: opening,
            elapsed: block.timestamp - round.since(),
            hashes: Puzzle.expectedHashes(terms_.miningCycles, terms_.cyclesPerHash),
            cycleUnit: terms_.cycleUnit,
            offer: _offer(terms_, terms_.miningBudget / opening.size())
        });
    }

    /// @dev Takes the work and returns the round with its pay credited; or changes nothing, and returns the round as it was and
    /// the encoded error.
    function _tryWork(
        address client,
        Work calldata work,
        Account account,
        Round round,
        Conditions memory conditions
    ) private returns (Round, bytes memory refusal) {
        if (account.round() == round.number()) {
            return (
                round,
                abi.encodeWithSelector(BcflErrors.Task_AlreadySubmitted.selector, client, round.number())
            );
        }
        Listing listing = _listings[client];
        if (!_isHired(listing, conditions.opening)) {
            return (round, abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, client, round.number()));
        }
        uint256 trainingPay;
        uint256 miningPay;
        (trainingPay, miningPay, refusal) = _checkWork(client, work, listing, conditions);
        if (refusal.length != 0) return (round, refusal);
        uint256 score;
        (score, refusal) = _checkPuzzle(client, work, conditions);
        if (refusal.length != 0) return (round, refusal);

        emit WorkSubmitted(
            uint32(round.number()),
            client,
            work.updateHash,
            work.nonces,
            work.trainingFrequency,
            work.miningFrequency,
            uint80(trainingPay),
            uint80(miningPay)
        );
        unchecked {
            // Both pays are capped: their sum is at most the round's budget, and that of all rounds below 2^88.
            uint256 pay = trainingPay + miningPay;
            _accounts[client] = AccountSlot.pack(
                round.number(), pay, account.settled() + account.pending(), account.nonce()
            );
            round = round.withCredit(pay);
        }
        return (round.ranked(listing.place(), score), refusal);
    }

    /// @dev Checks the client's claimed frequencies, (5)–(7), q ≤ q_i and the time passed; returns the capped pays, or the
    /// encoded error.
    function _checkWork(address client, Work calldata work, Listing listing, Conditions memory conditions)
        private
        view
        returns (uint256 trainingPay, uint256 miningPay, bytes memory refusal)
    {
        Member member = _members[client];
        (uint256 trainingFrequency, uint256 miningFrequency) = _frequencies(work);
        if (_isOutOfRange(trainingFrequency, member)) {
            return (0, 0, _frequencyRefusal(trainingFrequency, member));
        }
        if (_isOutOfRange(miningFrequency, member)) return (0, 0, _frequencyRefusal(miningFrequency, member));

        Prices.Offer memory offer = conditions.offer;
        _setClient(offer, conditions.cycleUnit, member, listing.trainingCap(), listing.trainingFrequency());
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, client);
        // The posted frequency's energy is covered, and so is that of every lower one.
        if (
            trainingFrequency > offer.trainingFrequency
                && !Prices.coversEnergy(trainingPrice, offer.energyCoefficient, trainingFrequency)
        ) return (0, 0, _energyRefusal(trainingPrice, offer, trainingFrequency));
        if (!Prices.coversEnergy(miningPrice, offer.energyCoefficient, miningFrequency)) {
            return (0, 0, _energyRefusal(miningPrice, offer, miningFrequency));
        }
        uint256 claimedTime = Prices.claimedTimeUp(
            offer.trainingCycles, trainingFrequency, offer.miningCycles, miningFrequency
        );
        if (claimedTime > Math.min(offer.deadline, conditions.elapsed)) {
            refusal = _timeRefusal(claimedTime, offer.deadline, conditions.elapsed);
            return (0, 0, refusal);
        }

        (trainingPay, miningPay) =
            Prices.pays(offer, trainingPrice, trainingFrequency, miningPrice, miningFrequency);
    }

    /// @dev Returns the score of the client's puzzle, or the encoded error.
    function _checkPuzzle(address client, Work calldata work, Conditions memory conditions)
        private
        view
        returns (uint256 score, bytes memory refusal)
    {
        bytes32 challenge =
            Puzzle.challenge(address(this), conditions.opening.seed(), client, work.updateHash);
        score = Puzzle.score(challenge, work.nonces, conditions.hashes);
        if (score == Puzzle.UNSOLVED) refusal = Puzzle.refusal(challenge, work.nonces, conditions.hashes);
    }

    /// @dev The words as they are: a client can sign a frequency out of its type, on which Solidity would revert, and with it a
    /// whole batch.
    function _frequencies(Work calldata work)
        private
        pure
        returns (uint256 trainingFrequency, uint256 miningFrequency)
    {
        assembly ("memory-safe") {
            trainingFrequency := calldataload(add(work, 32))
            miningFrequency := calldataload(add(work, 64))
        }
    }

    function _isOutOfRange(uint256 frequency, Member member) private pure returns (bool) {
        return frequency == 0 || frequency > member.maxFrequency();
    }

    function _frequencyRefusal(uint256 frequency, Member member) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            BcflErrors.Task_FrequencyOutOfRange.selector, frequency, member.maxFrequency()
        );
    }

    function _energyRefusal(uint256 price, Prices.Offer memory offer, uint256 frequency)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            BcflErrors.Task_EnergyNotCovered.selector,
            price,
            frequency,
            Prices.leastPriceUp(offer.energyCoefficient, frequency)
        );
    }

    /// @dev (7) before that the claimed time has really passed.
    function _timeRefusal(uint256 claimedTime, uint256 deadline, uint256 elapsed)
        private
        pure
        returns (bytes memory)
    {
        return claimedTime > deadline
            ? abi.encodeWithSelector(BcflErrors.Task_DeadlineExceeded.selector, claimedTime, deadline)
            : abi.encodeWithSelector(BcflErrors.Task_TimeNotPassed.selector, claimedTime, elapsed);
    }

    /// @inheritdoc ITask
    function proposeModel(bytes32 modelHash) external {
        _requireProposer();
        if (modelHash == 0) revert BcflErrors.Task_ZeroModelHash();

        emit ModelProposed(uint32(_round.number()), msg.sender, modelHash);
    }

    /// @inheritdoc ITask
    function endRoundByQuorum(
        RoundResult calldata result,
        Ballot[] calldata ballots,
        WalletVote[] calldata walletVotes
    ) external {
        _requireProposer();
        if (result.modelHash == 0) revert BcflErrors.Task_ZeroModelHash();
        Opening opening = _opening;
        uint256 count = _countVotes(result, ballots, walletVotes, opening);
        if (count * 3 <= opening.hired() * 2) revert BcflErrors.Task_QuorumMissed(count, opening.hired());

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
    function _countVotes(
        RoundResult calldata result,
        Ballot[] calldata ballots,
        WalletVote[] calldata walletVotes,
        Opening opening
    ) private view returns (uint256 count) {
        Signatures.Vote memory vote = Signatures.vote(_round.number(), opening.seed(), result);
        for (uint256 i; i < ballots.length; ++i) {
            uint256 nonce = ballots[i].nonce;
            if (i != 0 && nonce <= ballots[i - 1].nonce) {
                revert BcflErrors.Task_BallotsNotAscending(ballots[i - 1].nonce, uint32(nonce));
            }
            count += _countBallot(
                _voteDigest(vote, nonce),
                ballots[i].signatures,
                ListingSlot.voter(opening.listVersion(), nonce)
            );
        }
        address previous;
        for (uint256 i; i < walletVotes.length; ++i) {
            address signer = walletVotes[i].signer;
            if (signer <= previous) revert BcflErrors.Task_NotAscending(previous, signer);
            previous = signer;
            Listing listing = _listings[signer];
            bytes32 digest = _voteDigest(vote, listing.voteNonce());
            if (
                _isHired(listing, opening) && Signatures.isKeyless(signer)
                    && Signatures.isSignedByWallet(signer, digest, walletVotes[i].signature)
            ) ++count;
        }
    }

    /// @dev Counts the signers whose listing is `voter` but for cap, frequency and place, as far as they ascend, so that none counts
    /// twice. Those of two ballots differ, since a client has one vote nonce. In assembly because a quorum is the longest loop on
    /// chain; for each signature it does
    ///     signer = ecrecover(digest, v, r, s);
    ///     if (signer > previous && _listings[signer] is `voter`) { ++count; previous = signer; }
    function _countBallot(bytes32 digest, bytes32[2][] calldata signatures, Listing voter)
        private
        view
        returns (uint256 count)
    {
        assembly ("memory-safe") {
            let input := mload(0x40) // digest, v, r, s for ecrecover
            // Read back from memory that a copy of nothing makes unknown to the compiler, which else works these four out anew
            // for each signature.
            mstore(input, voter)
            mstore(add(input, 32), add(signatures.offset, shl(6, signatures.length)))
            mstore(add(input, 64), 0)
            mstore(add(input, 96), add(input, 32))
            calldatacopy(input, 0, 0)
            let hired := mload(input)
            let end := mload(add(input, 32))
            let key := mload(add(input, 64))
            let v := mload(add(input, 96)) // where it stands
            mstore(input, digest)
            // The key of a listing: the signer, and the mapping's slot. Where ecrecover finds nobody, the signer before stays,
            // who does not ascend; zero is on no list.
            mstore(0x00, 0)
            mstore(0x20, _listings.slot)
            let previous := 0
            for { let pointer := signatures.offset } lt(pointer, end) { pointer := add(pointer, 64) } {
                mstore(add(input, 64), calldataload(pointer))
                let s := calldataload(add(pointer, 32))
                mstore(v, add(shr(255, s), 27))
                mstore(add(input, 96), shr(1, shl(1, s)))
                pop(staticcall(gas(), 1, input, 128, key, 32))
                let signer := mload(key)
                // No difference beside cap, frequency and place, and above: without a branch, which costs more.
                let difference := and(xor(sload(keccak256(key, 0x40)), hired), not(shl(32, sub(shl(168, 1), 1))))
                let counts := lt(difference, gt(signer, previous))
                count := add(count, counts)
                previous := xor(previous, mul(counts, xor(previous, signer)))
            }
        }
    }

    /// @dev Cancels the round's pay of each rejected client; returns the sum.
    function _reject(address[] calldata rejected) private returns (uint256 cancelled) {
        uint32 number = uint32(_round.number());
        address previous;
        for (uint256 i; i < rejected.length; ++i) {
            address client = rejected[i];
            if (client <= previous) revert BcflErrors.Task_NotAscending(previous, client);
            if (_accounts[client].round() != number) revert BcflErrors.Task_NothingToReject(client, number);
            uint256 amount = _cancelPending(client, number);
            cancelled += amount;
            previous = client;
            emit WorkRejected(number, client, amount);
        }
    }

    /// @dev Burns the bond of each forfeited client and cancels its pay of the round; returns the sum of the latter.
    function _forfeit(address[] calldata forfeited) private returns (uint256 cancelled) {
        uint32 number = uint32(_round.number());
        uint256 bond = terms().bond;
        address previous;
        for (uint256 i; i < forfeited.length; ++i) {
            address client = forfeited[i];
            if (client <= previous) revert BcflErrors.Task_NotAscending(previous, client);
            if (_listings[client].version() != _opening.listVersion()) revert BcflErrors.Task_NotListed(client, number);
            uint256 amount = _cancelPending(client, number);
            cancelled += amount;
            previous = client;
            // Nobody leaves while a round is open, so the bond is there.
            _members[client] = _members[client].withoutMembership();
            ++_reserve.forfeited;
            _list.isStale = true;
            emit BondForfeited(number, client, bond, amount);
        }
    }

    /// @dev Takes back what `client` earned in round `number`, nothing if it did not work.
    function _cancelPending(address client, uint256 number) private returns (uint256 amount) {
        Account account = _accounts[client];
        if (account.round() == number) {
            amount = account.pending();
            _accounts[client] = account.withoutPending();
        }
    }

    /// @dev Returns to the owner's balance what nobody earned.
    function _endRound(bytes32 modelHash, uint32 votes, uint256 cancelled) private {
        Round round = _round;
        uint256 earned = round.credited() - cancelled;
        uint256 refunded = _committed() - earned;
        Flow flow = _flow;
        _flow = FlowSlot.pack(flow.claimable() + earned, flow.paid(), 0); // below 2^88, what the task holds for all rounds
        _reserve.free += uint88(refunded);
        _round = round.ended(block.timestamp);

        emit RoundEnded(uint32(round.number()), modelHash, votes, refunded);
    }

    /// @dev Σ caps of the hired in the open round. Its list stands still, so it need not be stored with the round.
    function _committed() private view returns (uint256) {
        Opening opening = _opening;
        return _list.trainingCaps + terms().miningBudget / opening.size() * opening.hired();
    }

    // ------------------------------------------------------------------------------------------------ money

    /// @inheritdoc ITask
    function claim(address recipient) external returns (uint256 amount) {
        return _claim(msg.sender, recipient, _accounts[msg.sender]);
    }

    /// @inheritdoc ITask
    function claimFor(address client, address recipient, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 amount)
    {
        Account account = _accounts[client];
        bytes32 structHash = Signatures.claimHash(client, recipient, account.nonce(), deadline);
        _requireSigned(client, structHash, deadline, signature);
        return _claim(client, recipient, account.withNextNonce());
    }

    function _claim(address client, address recipient, Account account) private returns (uint256 amount) {
        Flow flow = _flow;
        bool isEarned = account.round() != flow.openRound();
        amount = account.settled() + (isEarned ? account.pending() : 0);
        if (amount == 0) revert BcflErrors.Task_NothingToClaim(client);

        _accounts[client] =
            AccountSlot.pack(account.round(), isEarned ? 0 : account.pending(), 0, account.nonce());
        _flow = FlowSlot.pack(flow.claimable() - amount, flow.paid() + amount, flow.openRound());
        emit Claimed(client, recipient, amount);

        Money.give(_token(), recipient, amount);
    }

    /// @inheritdoc ITask
    function closeTask(address recipient) external onlyOwner onlyBetweenRounds returns (uint256 amount) {
        amount = _reserve.free;

        _reserve.free = 0;
        _reserve.isClosed = true;
        _withdrawn = amount;
        emit TaskClosed(recipient, amount);

        Money.give(_token(), recipient, amount);
    }

    /// @inheritdoc ITask
    function revokeSignatures() external {
        Account account = _accounts[msg.sender];
        if (account.nonce() > type(uint32).max - AccountSlot.VOIDED) {
            revert BcflErrors.Task_NoRevocationLeft(msg.sender);
        }
        account = account.withNoncesVoided();
        Listing listing = _listings[msg.sender].withNextVoteNonce();
        _accounts[msg.sender] = account;
        _listings[msg.sender] = listing;

        emit SignaturesRevoked(msg.sender, uint32(account.nonce()), uint32(listing.voteNonce()));
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc ITask
    function terms() public view returns (Terms memory terms_) {
        // The factory encoded them; a static struct lies in memory as it is encoded, one word a field.
        assembly ("memory-safe") {
            extcodecopy(address(), terms_, ARGUMENTS, TERMS_SIZE)
        }
    }

    /// @inheritdoc ITask
    function phase() external view returns (Phase) {
        return _phase(terms(), _round);
    }

    /// @dev The phase follows from the clock, so that no window has to be closed by a transaction.
    function _phase(Terms memory terms_, Round round) private view returns (Phase) {
        if (!round.isOpen()) {
            if (_reserve.isClosed || round.number() == terms_.rounds) return Phase.Over;
            uint256 cycle = uint256(terms_.joinWindow) + terms_.listWindow;
            uint256 since = (block.timestamp - round.since()) % cycle;
            return since < terms_.joinWindow ? Phase.Joining : Phase.Frozen;
        }

        uint256 workEnd = uint256(round.since()) + terms_.deadline + terms_.grace;
        if (block.timestamp <= workEnd) return Phase.Working;
        if (round.generator() == 0) return Phase.Expired;
        uint256 windows = (block.timestamp - workEnd - 1) / terms_.proposalWindow;
        return Phase(Math.min(uint256(Phase.GeneratorProposing) + windows, uint256(Phase.Expired)));
    }

    /// @inheritdoc ITask
    function ledger() external view returns (Ledger memory) {
        Terms memory terms_ = terms();
        Round round = _round;
        Reserve memory reserve = _reserve;
        uint256 credited = round.isOpen() ? round.credited() : 0;
        uint256 bond = terms_.bond;
        return Ledger({
            deposited: uint256(terms_.budget) * terms_.rounds + bond * reserve.joined,
            paid: _flow.paid(),
            claimable: _flow.claimable() + credited,
            committed: round.isOpen() ? _committed() - credited : 0,
            free: reserve.free,
            returned: _withdrawn + bond * reserve.left,
            bonds: bond * (reserve.joined - reserve.left - reserve.forfeited),
            burnt: bond * reserve.forfeited
        });
    }

    /// @inheritdoc ITask
    function roundState() external view returns (RoundState memory) {
        Round round = _round;
        Opening opening = _opening;
        return RoundState({
            number: uint32(round.number()),
            isOpen: round.isOpen(),
            openedAt: uint40(round.isOpen() ? round.since() : 0),
            endedAt: uint40(round.isOpen() ? 0 : round.since()),
            listVersion: uint32(opening.listVersion()),
            miningCap: opening.size() == 0 ? 0 : uint80(terms().miningBudget / opening.size()),
            seed: opening.seed(),
            generator: uint16(round.generator()),
            runnerUp: uint16(round.runnerUp())
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
        Member member = _members[client];
        Listing listing = _listings[client];
        Account account = _accounts[client];
        bool isPending = account.round() != 0 && account.round() == _flow.openRound();
        return ClientState({
            report: Report(
                uint32(member.trainingUnits()), uint112(member.energyCoefficient()), uint72(member.maxFrequency())
            ),
            isMember: member.isMember(),
            isAdmitted: _admitted[client],
            listVersion: uint32(listing.version()),
            place: uint16(listing.place()),
            trainingCap: uint80(listing.trainingCap()),
            trainingFrequency: uint72(listing.trainingFrequency()),
            lastRound: uint32(account.round()),
            nonce: uint32(account.nonce()),
            voteNonce: uint32(listing.voteNonce()),
            claimable: account.settled() + (isPending ? 0 : account.pending()),
            pending: isPending ? account.pending() : 0
        });
    }

    /// @inheritdoc ITask
    function voteDigest(RoundResult calldata result, uint32 nonce) external view returns (bytes32) {
        return _voteDigest(Signatures.vote(_round.number(), _opening.seed(), result), nonce);
    }

    // ------------------------------------------------------------------------------------------------ helpers

    /// @dev `terms().token` alone: the second word of the clone's arguments.
    function _token() private view returns (address token) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0x00, add(ARGUMENTS, 32), 32)
            token := mload(0x00)
        }
    }

    function _requireOwner() private view {
        address owner = terms().owner;
        if (msg.sender != owner) revert BcflErrors.Task_NotOwner(msg.sender, owner);
    }

    function _requireBetweenRounds() private view {
        if (_round.isOpen() || _reserve.isClosed) revert BcflErrors.Task_WrongPhase(_phase(terms(), _round));
    }

    function _requirePhase(Phase expected, Terms memory terms_) private view {
        Phase phase_ = _phase(terms_, _round);
        if (phase_ != expected) revert BcflErrors.Task_WrongPhase(phase_);
    }

    function _requireMember(address client) private view {
        if (!_members[client].isMember()) revert BcflErrors.Task_NotMember(client);
    }

    /// @dev The party whose window it is; with a single worker the runner-up's window is nobody's.
    function _requireProposer() private view {
        Round round = _round;
        Phase phase_ = _phase(terms(), round);
        bool mayPropose;
        if (phase_ == Phase.GeneratorProposing) {
            mayPropose = _place(msg.sender) == round.generator();
        } else if (phase_ == Phase.RunnerUpProposing) {
            mayPropose = round.runnerUp() != 0 && _place(msg.sender) == round.runnerUp();
        } else if (phase_ == Phase.WorkersProposing) {
            mayPropose = _accounts[msg.sender].round() == round.number();
        } else {
            revert BcflErrors.Task_WrongPhase(phase_);
        }
        if (!mayPropose) revert BcflErrors.Task_NotProposer(msg.sender, phase_);
    }

    /// @dev The client's place on the round's list; zero if it is not there.
    function _place(address client) private view returns (uint256) {
        Listing listing = _listings[client];
        return listing.version() == _opening.listVersion() ? listing.place() : 0;
    }

    /// @dev Whether the listing is one of the round's list with a positive cap. Entries stand still while it is open.
    function _isHired(Listing listing, Opening opening) private pure returns (bool) {
        return listing.version() == opening.listVersion() && listing.isHired();
    }

    /// @dev A list that names `client` no longer says what the client says.
    function _markStale(address client) private {
        uint256 version = _listings[client].version();
        if (version != 0 && version == _list.version) _list.isStale = true;
    }

    function _setReport(address client, Report calldata report, uint32 maxTrainingUnits) private {
        if (
            report.trainingUnits == 0 || report.trainingUnits > maxTrainingUnits || report.energyCoefficient == 0
                || report.maxFrequency == 0
        ) {
            revert BcflErrors.Task_ReportOutOfRange(
                report.trainingUnits, report.energyCoefficient, report.maxFrequency
            );
        }
        _members[client] = MemberSlot.pack(report.trainingUnits, report.energyCoefficient, report.maxFrequency);
        emit Reported(client, report.trainingUnits, report.energyCoefficient, report.maxFrequency);
    }

    /// @dev What all of a list's offers have in common.
    function _offer(Terms memory terms_, uint256 miningCap) private pure returns (Prices.Offer memory offer) {
        offer.policy = terms_.policy;
        offer.miningCap = miningCap;
        offer.miningCycles = terms_.miningCycles;
        offer.deadline = terms_.deadline;
        offer.reservationUtility = terms_.reservationUtility;
    }

    /// @dev What is the client's own in its offer.
    function _setClient(
        Prices.Offer memory offer,
        uint256 cycleUnit,
        Member member,
        uint256 trainingCap,
        uint256 trainingFrequency
    ) private pure {
        unchecked {
            offer.trainingCycles = member.trainingUnits() * cycleUnit; // below 2^48 by the terms' ranges
        }
        offer.energyCoefficient = member.energyCoefficient();
        offer.trainingCap = trainingCap;
        offer.trainingFrequency = trainingFrequency;
    }

    function _voteDigest(Signatures.Vote memory vote, uint256 nonce) private view returns (bytes32) {
        return _hashTypedData(Signatures.voteHash(vote, nonce));
    }

    /// @dev Uses up the client's number with a signed report.
    function _useReportSignature(
        bytes32 typeHash,
        address client,
        Report calldata report,
        uint256 deadline,
        bytes calldata signature
    ) private {
        Account account = _accounts[client];
        _requireSigned(
            client, Signatures.reportHash(typeHash, client, report, account.nonce(), deadline), deadline, signature
        );
        _accounts[client] = account.withNextNonce();
    }

    function _requireSigned(address client, bytes32 structHash, uint256 deadline, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) revert BcflErrors.Task_SignatureExpired(deadline, block.timestamp);
        bytes32 digest = _hashTypedData(structHash);
        if (!Signatures.isSignedBy(client, digest, signature)) {
            revert BcflErrors.Task_WrongSignature(client, digest);
        }
    }
}
