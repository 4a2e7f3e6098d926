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

/// @notice An account's work and its signature, which anybody may bring.
struct SignedWork {
    /// Who worked and signed.
    address client;
    Work work;
    /// The last second in which the signature counts.
    uint256 deadline;
    /// (r, vs) of EIP-2098.
    bytes32[2] signature;
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
    /// The contract, hired in the round. The votes come in strictly ascending order of it.
    address signer;
    /// Whatever the contract takes; it has at most 100,000 gas to answer.
    bytes signature;
}

/// @notice An ERC-2612 permit for exactly the amount that the call takes.
struct Permit {
    /// The last second in which the token takes it.
    uint256 deadline;
    /// (v, r, s) of the payer's ECDSA signature.
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Where every unit of the task's money is. `deposited` is the sum of the other seven, always.
struct Ledger {
    /// All that came in: the rounds' budgets and every bond.
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
    /// From one; zero before the first.
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
    /// What this round's puzzles and votes are bound to; nobody could know it before the round opened.
    bytes32 seed;
    /// Place on the list of the sender of the lowest puzzle hash so far, the first where scores tie; zero if nobody worked.
    uint16 generator;
    /// Of the sender of the next-lowest.
    uint16 runnerUp;
}

/// @notice The price list that was posted last.
struct ListState {
    /// From one; zero before the first.
    uint32 version;
    /// N: how many entries the list has when complete.
    uint32 size;
    /// Entries that have come; the list is complete when they are `size`.
    uint32 posted;
    /// Posted entries with a positive cap: the quorum's base while a round is open under the list.
    uint32 hired;
    /// Whether a listed client left, changed its report or lost its bond since its entry was posted.
    bool isStale;
    /// Σ R̄_t of the posted entries.
    uint80 trainingCaps;
    /// Running Keccak-256 over the entries.
    bytes32 hash;
}

/// @notice Everything a client has with the task.
struct ClientState {
    /// The last one, also of who has left.
    Report report;
    /// Whether its bond is held.
    bool isMember;
    /// Whether the owner lets it join, where admission is not open.
    bool isAdmitted;
    /// Version of the last list that names it.
    uint32 listVersion;
    /// Its place on that list, from one.
    uint16 place;
    /// R̄_t and q_t of its entry on that list.
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
