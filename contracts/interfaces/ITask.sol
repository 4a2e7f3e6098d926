// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BcflErrors} from "./BcflErrors.sol";
import {
    Ballot,
    ClientState,
    Entry,
    Ledger,
    ListState,
    Permit,
    Phase,
    Policy,
    Report,
    RoundResult,
    RoundState,
    SignedWork,
    Terms,
    WalletVote,
    Work
} from "./Types.sol";

/// @title Task
/// @notice A model owner's task: it escrows the budget of all rounds, hires clients by checked prices, takes their
/// work, and pays it, whatever any one party does or leaves undone.
/// @dev One clone a task, made by `ITaskFactory`; terms are immutable arguments of the clone. Money moves only in
/// `joinTask`, `leaveTask`, `claim`, `closeTask` and their variants. `submitWorks` and functions whose names end in `For`
/// take what a client has signed (EIP-712, domain "BCFL Task", version "1") from anybody; the client's own functions always stay open. There is no administrator, no upgrade and no pause.
///
/// @dev Warning: the contract does not see data, models or processors. Frequencies and the split of time are the
/// client's word, update quality is the quorum's, and more than 2/3 of a list in one hand is that hand's word.
/// `docs/security.md` lists all that is not guaranteed.
interface ITask is BcflErrors {
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
    /// @notice Entries were checked and posted. Prices follow from them, reports and terms, as docs/mechanism.md tells.
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
    /// @notice Work `index` of a batch was refused; `reason` is the refusal's ABI-encoded error. It tells only whoever sent the
    /// batch: anybody can have nonsense refused in anybody's name.
    event WorkSkipped(uint32 indexed round, address indexed client, uint256 index, bytes reason);
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

    /// @notice Submits the works of many accounts, as `submitWorkFor` each and cheaper. One that is refused is skipped and
    /// told, and changes nothing.
    /// @dev In `Working` only, else the whole batch is refused. No client's code runs in it, so none can stop the others or burn
    /// their gas. Contracts that sign by ERC-1271 use `submitWorkFor`.
    /// @return skipped How many were refused.
    function submitWorks(SignedWork[] calldata works) external returns (uint256 skipped);

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
    /// @dev Messages that are numbered up to 65,535 ahead, too: their number rises by 2^16. That of votes rises by one, so a vote
    /// under a later number is not voided, and can take the place of one that is.
    function revokeSignatures() external;

    // ------------------------------------------------------------------------------------------------ views

    /// @notice What creation fixed for ever.
    function terms() external view returns (Terms memory);

    /// @notice Follows from the clock: no transaction moves it on but what opens and ends rounds, or closes the task.
    function phase() external view returns (Phase);

    /// @notice Where every unit of money is. Never reads the task's balance.
    function ledger() external view returns (Ledger memory);

    /// @notice The open round; between rounds the one that was last.
    function roundState() external view returns (RoundState memory);

    /// @notice The list posted last: the open round's, where one is open.
    function listState() external view returns (ListState memory);

    /// @notice Of anybody: all is zero for who never had to do with the task.
    function clientState(address client) external view returns (ClientState memory);

    /// @notice Hash of the last global model that a quorum agreed on.
    function globalModel() external view returns (bytes32);

    /// @notice What a client with this vote nonce signs for `result` in the current or last round.
    function voteDigest(RoundResult calldata result, uint32 nonce) external view returns (bytes32);
}
