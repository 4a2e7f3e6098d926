// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice How prices follow from caps and reports. `docs/mechanism.md` has the equations.
enum Policy {
    /// Theorem 3.2, complete information: (18) and (19) with its exponent corrected.
    Complete,
    /// Theorem 4.1, incomplete information: (18) and (23).
    Incomplete,
    /// One price for both subtasks that pays the whole cap for the whole of T.
    FairShare,
    /// One price for both subtasks, the least that covers the energy and the reservation utility.
    LeastCost
}

/// @notice Where a task stands. It follows from the clock and the last transaction; no call is needed to reach it.
enum Phase {
    /// Between rounds: clients join, leave and change their reports; the owner may post entries.
    Joining,
    /// Between rounds: reports stand still and the owner may open the round. Falls back to `Joining` if it does not.
    Frozen,
    /// A round is open and work may be submitted.
    Working,
    /// The block generator (lowest puzzle hash) may propose a model and end the round by quorum.
    GeneratorProposing,
    /// The sender of the next-lowest puzzle hash may.
    RunnerUpProposing,
    /// Whoever worked in the round may.
    WorkersProposing,
    /// Every window has passed, or nobody worked: anyone may end the round by time.
    Expired,
    /// Closed by the owner, or no round is left.
    Over
}

/// @notice The terms of a task. They are part of the clone's code and never change.
struct Terms {
    /// Who posts lists, opens rounds, and gets back what nobody earned.
    address owner;
    /// What the task pays in: an ERC-20 contract, or the zero address for the chain's own coin.
    address token;
    /// How prices follow from caps and reports.
    Policy policy;
    /// Whether anyone may join, or only those whom the owner has admitted.
    bool isOpenAdmission;
    /// Number of rounds paid for at creation.
    uint32 rounds;
    /// η: the most that one round pays, in the token's smallest unit (below 2^79).
    uint80 budget;
    /// η_m: the part of `budget` meant for mining.
    uint80 miningBudget;
    /// What `LeastCost` leaves a client above its energy, in the token's smallest unit; zero under the other policies.
    uint80 reservationUtility;
    /// The bond a client deposits to join; lost, and burnt, when a quorum finds its report false.
    uint80 bond;
    /// α: the probability that a client is audited in a round, 18 decimals.
    uint64 auditProbability;
    /// T: the longest time of one round, training and mining, in seconds.
    uint32 deadline;
    /// Seconds after `deadline` in which work is still accepted, for the luck of mining and of inclusion.
    uint32 grace;
    /// Seconds after each round in which clients join, leave and change their reports.
    uint32 joinWindow;
    /// Seconds after that in which reports are frozen and the owner may open a round.
    uint32 listWindow;
    /// Seconds that the generator, then its runner-up, then all workers have to end the round by quorum.
    uint32 proposalWindow;
    /// The fewest clients that a list must hire.
    uint32 minHired;
    /// The longest list.
    uint32 maxClients;
    /// The largest report μ, in cycle units.
    uint32 maxTrainingUnits;
    /// CPU cycles in one unit of the reports.
    uint48 cycleUnit;
    /// g: the target of the performance measure, in CPU cycles.
    uint48 target;
    /// ψ: CPU cycles of the mining puzzle.
    uint48 miningCycles;
    /// CPU cycles that one hash of the puzzle stands for; ⌈ψ / cyclesPerHash⌉ hashes are expected in all.
    uint48 cyclesPerHash;
}

/// @notice What a client states about itself. One slot.
struct Report {
    /// μ in cycle units.
    uint32 trainingUnits;
    /// ρ in smallest units of money per GHz³·s, 18 decimals.
    uint112 energyCoefficient;
    /// The most it can run at, in GHz, 18 decimals.
    uint72 maxFrequency;
}

/// @notice One line of a price list: prices follow from it, the client's report and the terms.
struct Entry {
    address client;
    /// R̄_t: the most that the client earns by training. Zero: listed (it counts in N) but not hired.
    uint80 trainingCap;
    /// q_t, GHz with 18 decimals: under the theorems (8), the floor of (p_t/ρ)^{1/3}, whose root the owner computes and the
    /// contract checks; under one price the ceiling of (μ+ψ)/T, for both subtasks.
    uint72 trainingFrequency;
}

/// @notice What the quorum says about a round.
struct RoundResult {
    /// Hash of the global model's file.
    bytes32 modelHash;
    /// Clients whose update was unreadable, wrongly hashed, named or shaped, or not finite. Strictly ascending.
    address[] rejected;
    /// Clients whose report an audit found false. Strictly ascending.
    address[] forfeited;
}

/// @notice What a client brings in a round.
struct Work {
    /// Keccak-256 of the update's file.
    bytes32 updateHash;
    /// q_t, GHz with 18 decimals.
    uint72 trainingFrequency;
    /// q_m, GHz with 18 decimals.
    uint72 miningFrequency;
    /// Sixteen nonces of 32 bits, lowest bits first, one for each small puzzle.
    uint256[2] nonces;
}

/// @notice Votes of accounts under a round's result. Who signed follows from the signatures.
struct Ballot {
    /// The vote nonce that all of these signers have: zero, unless they have revoked.
    uint32 nonce;
    /// (r, vs) of EIP-2098, in ascending order of the signers: one that is not above all before it counts for nothing.
    bytes32[2][] signatures;
}

/// @notice The vote of an ERC-1271 contract under a round's result.
struct WalletVote {
    address signer;
    /// Whatever the contract takes; it has 100,000 gas to answer.
    bytes signature;
}

/// @notice An ERC-2612 permit for exactly the amount that the call takes.
struct Permit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Where every unit of the task's money is. `deposited` is the sum of the other seven, always.
struct Ledger {
    uint256 deposited;
    /// Claims paid out.
    uint256 paid;
    /// Earned and not yet claimed, pay of the running round included.
    uint256 claimable;
    /// Caps of the open round that are not yet credited.
    uint256 committed;
    /// The owner's balance, for later rounds.
    uint256 free;
    /// The owner's withdrawal and bonds taken back.
    uint256 returned;
    /// Bonds of the present members.
    uint256 bonds;
    /// Forfeited bonds; nobody can move them.
    uint256 burnt;
}

/// @notice The current or last round.
struct RoundState {
    uint32 number;
    bool isOpen;
    /// When the open round began; zero between rounds.
    uint40 openedAt;
    /// When the last round ended (the task's creation before the first): the phases between rounds count from here. Zero
    /// while a round is open.
    uint40 endedAt;
    /// Version of the round's list.
    uint32 listVersion;
    /// R̄_m = ⌊η_m / N⌋ of the round.
    uint80 miningCap;
    bytes32 seed;
    /// Sender of the lowest puzzle hash so far, the first where scores tie; zero if nobody worked.
    address generator;
    /// Sender of the next-lowest.
    address runnerUp;
}

/// @notice The price list that was posted last.
struct ListState {
    uint32 version;
    /// N: how many entries the list has when complete.
    uint32 size;
    uint32 posted;
    /// Posted entries with a positive cap: the quorum's base while a round is open under the list.
    uint32 hired;
    /// Whether a listed client left, changed its report or lost its bond since its entry was posted.
    bool isStale;
    /// Σ R̄_t of the posted entries.
    uint80 trainingCaps;
    bytes32 hash;
}

/// @notice Everything a client has with the task.
struct ClientState {
    Report report;
    /// Whether its bond is held.
    bool isMember;
    bool isAdmitted;
    /// Version of the last list that names it.
    uint32 listVersion;
    uint80 trainingCap;
    uint72 trainingFrequency;
    /// Last round in which its work was accepted.
    uint32 lastRound;
    /// Number that its next signed report, work or claim carries; each that is used raises it.
    uint32 nonce;
    /// Number that its votes carry.
    uint32 voteNonce;
    /// What it can take now.
    uint256 claimable;
    /// What it earned in the open round; joins `claimable` when the round ends.
    uint256 pending;
}

/// @title Task
/// @notice A model owner's task: it escrows the budget of all rounds, hires clients by checked prices, takes their
/// work, and pays it, whatever any one party does or leaves undone.
/// @dev One clone a task, made by `ITaskFactory`; terms are immutable arguments of the clone. Money moves only in
/// `joinTask`, `leaveTask`, `claim`, `closeTask` and their variants. Functions whose names end in `For` take what a client
/// has signed (EIP-712, domain "BCFL Task", version "1") from anybody; those without always stay open. There is no administrator, no upgrade and no pause.
///
/// @dev Warning: the contract does not see data, models or processors. Frequencies and the split of time are the
/// client's word, update quality is the quorum's, and more than 2/3 of a list in one hand is that hand's word.
/// `docs/security.md` lists all that is not guaranteed.
interface ITask {
    // ------------------------------------------------------------------------------------------------ events

    /// @notice The clone was funded with the budget of all rounds.
    event Funded(uint256 amount);
    /// @notice The owner let `client` join.
    event Admitted(address indexed client);
    /// @notice `client` deposited its bond.
    event Joined(address indexed client, uint256 bond);
    /// @notice `client` stated its workload μ, energy coefficient ρ and highest frequency.
    event Reported(address indexed client, uint32 trainingUnits, uint112 energyCoefficient, uint72 maxFrequency);
    /// @notice `client` left and its bond was sent to `recipient`.
    event Left(address indexed client, address indexed recipient, uint256 bond);
    /// @notice A list of `size` entries was begun.
    event ListBegun(uint32 indexed version, uint32 size);
    /// @notice Entries were checked and posted. `prices` tells what follows from them.
    event EntriesPosted(uint32 indexed version, Entry[] entries);
    /// @notice A round was opened; `committed` is Σ caps of the hired.
    event RoundOpened(
        uint32 indexed round,
        uint32 indexed version,
        bytes32 seed,
        uint32 size,
        uint32 hired,
        uint80 miningCap,
        uint80 committed
    );
    /// @notice Work was accepted and its pay credited, pending until the round ends.
    event WorkSubmitted(
        uint32 indexed round,
        address indexed client,
        bytes32 updateHash,
        uint256[2] nonces,
        uint72 trainingFrequency,
        uint72 miningFrequency,
        uint80 trainingPay,
        uint80 miningPay
    );
    /// @notice `client` now holds the lowest puzzle hash of the round. `score` is its share of the puzzle's threshold, in
    /// units of 2^-32.
    event GeneratorChanged(uint32 indexed round, address indexed client, uint32 score);
    /// @notice A global model was proposed to the quorum.
    event ModelProposed(uint32 indexed round, address indexed proposer, bytes32 modelHash);
    /// @notice The quorum rejected the update of `client`; `amount` went back to the owner's balance.
    event WorkRejected(uint32 indexed round, address indexed client, uint256 amount);
    /// @notice The quorum found the report of `client` false: `bond` was burnt, and its pay went back to the owner.
    event BondForfeited(uint32 indexed round, address indexed client, uint256 bond, uint256 amount);
    /// @notice The round ended with the agreed model, or with the zero hash by time; `refunded` went back to the owner.
    event RoundEnded(uint32 indexed round, bytes32 modelHash, uint32 votes, uint256 refunded);
    /// @notice `client` took what it had earned.
    event Claimed(address indexed client, address indexed recipient, uint256 amount);
    /// @notice `client` voided all that it had signed; these are the numbers that count from now on.
    event SignaturesRevoked(address indexed client, uint32 nonce, uint32 voteNonce);
    /// @notice The owner closed the task and took what was free.
    event TaskClosed(address indexed recipient, uint256 amount);

    // ------------------------------------------------------------------------------------------------ members

    /// @notice Lets clients join a task whose admission is the owner's.
    /// @dev Owner only. Nobody can be struck from the list again; it binds no money.
    function admit(address[] calldata clients) external;

    /// @notice Joins with a report and exactly `Terms.bond`: the value sent, or the caller's allowance of the token.
    /// @dev In `Joining` only.
    function joinTask(Report calldata report) external payable;

    /// @notice Joins with a token's permit for the bond.
    function joinTaskWithPermit(Report calldata report, Permit calldata permit) external;

    /// @notice Joins for `client`, which has signed this. In the chain's coin the caller brings the bond, and `client`
    /// owns it; in a token it comes from the client's allowance.
    function joinTaskFor(address client, Report calldata report, uint256 deadline, bytes calldata signature)
        external
        payable;

    /// @notice Replaces the caller's report. It stands until it is changed again.
    /// @dev In `Joining` only. A list that names the caller becomes stale.
    function changeReport(Report calldata report) external;

    /// @notice Replaces the report of `client`, which has signed this.
    function changeReportFor(address client, Report calldata report, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Leaves and takes the bond. What was earned stays claimable.
    /// @dev In `Joining` and `Over` only, so nobody leaves before its round's verdict. Numbers used in signatures go on.
    function leaveTask(address recipient) external;

    // ------------------------------------------------------------------------------------------------ price lists

    /// @notice Posts entries of a list, in one call or in chunks, strictly ascending by client.
    /// @dev Owner only, between rounds. Each entry is checked against the policy's equation on the client's report.
    /// @param version The number after the last list's to begin a new one, the last list's to go on with it.
    /// @param size N, the number of entries of the complete list; the same in each chunk.
    function postEntries(uint32 version, uint32 size, Entry[] calldata entries) external;

    // ------------------------------------------------------------------------------------------------ rounds

    /// @notice Opens a round under a complete and current list and commits its caps.
    /// @dev Owner only, in `Frozen`. Costs the same for a list of any length; an unchanged list is not posted again.
    function openRound(uint32 version) external;

    /// @notice Submits a round's work: the update's hash, the claimed frequencies and the puzzle's solution.
    /// @dev Warning: the frequencies are the caller's word. Checked are (5)–(7), the caller's highest frequency, and that
    /// the claimed time has passed since the round opened. A hash that somebody else submitted is accepted: a file
    /// that does not name its sender is rejected by the quorum, and refusing it here would let a copier lock out its author.
    function submitWork(Work calldata work) external;

    /// @notice Submits the work of `client`, which has signed it.
    function submitWorkFor(address client, Work calldata work, uint256 deadline, bytes calldata signature) external;

    /// @notice Announces the hash of the global model that the caller asks the others to sign.
    /// @dev For the party whose window it is: generator, runner-up, then any worker.
    function proposeModel(bytes32 modelHash) external;

    /// @notice Ends the round by signatures of more than 2/3 of the hired clients on its list.
    /// @dev For the party whose window it is. A signature that does not hold counts for nothing. The digest is EIP-712 over
    /// `RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)`.
    /// @param ballots Votes of accounts, one ballot for each vote nonce among the signers, strictly ascending by it.
    /// @param walletVotes Votes of contracts, strictly ascending by signer.
    function endRoundByQuorum(
        RoundResult calldata result,
        Ballot[] calldata ballots,
        WalletVote[] calldata walletVotes
    ) external;

    /// @notice Ends an expired round; every accepted work is paid.
    /// @dev Anyone, in `Expired`.
    function endRoundByTime() external;

    // ------------------------------------------------------------------------------------------------ money

    /// @notice Takes what the caller has earned in all ended rounds.
    /// @return amount What was sent.
    function claim(address recipient) external returns (uint256 amount);

    /// @notice Pays `recipient` what `client` has earned, as `client` has signed.
    function claimFor(address client, address recipient, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 amount);

    /// @notice Closes the task for ever and takes what is free.
    /// @dev Owner only, between rounds. Claims stay open, bonds can be taken back at once.
    /// @return amount What was sent.
    function closeTask(address recipient) external returns (uint256 amount);

    /// @notice Voids everything that the caller has signed and that is not yet used.
    function revokeSignatures() external;

    // ------------------------------------------------------------------------------------------------ views

    function terms() external view returns (Terms memory);
    function phase() external view returns (Phase);
    function ledger() external view returns (Ledger memory);
    function roundState() external view returns (RoundState memory);
    function listState() external view returns (ListState memory);
    function clientState(address client) external view returns (ClientState memory);

    /// @notice Hash of the last global model that a quorum agreed on.
    function globalModel() external view returns (bytes32);

    /// @notice What a client with this vote nonce signs for `result` in the current or last round.
    function voteDigest(RoundResult calldata result, uint32 nonce) external view returns (bytes32);
}
