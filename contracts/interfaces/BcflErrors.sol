// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Phase} from "./Types.sol";

/// @title BcflErrors
/// @notice Every refusal of the protocol, with the values that caused it.
interface BcflErrors {
    // ------------------------------------------------------------------------------------------------ money

    /// @notice The token did not let the payer's money be taken: no allowance, no balance, or its own refusal.
    error Money_NotPulled(address token, address payer, uint256 amount);
    /// @notice The receiver or the token refused; name another receiver.
    error Money_NotSent(address token, address recipient, uint256 amount);
    /// @notice The token delivers another amount than is sent (a fee on transfers, say), so it cannot be escrowed.
    error Money_WrongAmountReceived(address token, uint256 received, uint256 expected);
    /// @notice The call's value; with a token it is zero.
    error Money_WrongValue(uint256 sent, uint256 expected);
    error Money_ZeroRecipient();

    // ------------------------------------------------------------------------------------------------ prices

    /// @notice (20) and the domain: mining at the speed that T leaves costs more than the mining price or cap pays.
    error Price_MiningNotCovered(address client, uint256 miningPrice, uint256 leastPrice);
    /// @notice (17): mining pay would exceed its cap.
    error Price_MiningPayOverCap(address client, uint256 miningPay, uint256 miningCap);
    /// @notice (5) and (6) under one price: it does not cover the energy at (μ+ψ)/T.
    error Price_EnergyNotCovered(address client, uint256 price, uint256 leastPrice);
    /// @notice A frequency of zero, or above the client's highest.
    error Price_FrequencyOutOfRange(address client, uint256 frequency, uint256 maxFrequency);
    /// @notice (7): training alone takes the whole deadline.
    error Price_NoTimeToMine(address client, uint256 trainingFrequency);
    /// @notice The price reaches 2^128.
    error Price_OutOfRange(address client);
    /// @notice The price for the whole of T exceeds R̄_t + R̄_m.
    error Price_PayOverCap(address client, uint256 price, uint256 mostPrice);
    /// @notice Under one price: the posted frequency is not ⌈(μ+ψ)/T⌉.
    error Price_WrongFrequency(address client, uint256 frequency, uint256 expected);
    /// @notice (8): the posted frequency is not ⌊(p_t/ρ)^{1/3}⌋.
    error Price_WrongTrainingFrequency(address client, uint256 trainingFrequency, uint256 trainingPrice);

    // ------------------------------------------------------------------------------------------------ puzzle

    /// @notice The nonce of one small puzzle does not solve it.
    error Puzzle_NotSolved(uint256 index, uint256 puzzleHash, uint256 threshold);

    // ------------------------------------------------------------------------------------------------ relay

    /// @notice There is no contract at this address.
    error Relay_NoTask(address task);

    // ------------------------------------------------------------------------------------------------ task

    error Task_AlreadyInitialized();
    error Task_AlreadyMember(address client);
    error Task_AlreadySubmitted(address client, uint256 round);
    /// @notice One ballot for each vote nonce, in ascending order, so that no signer counts twice.
    error Task_BallotsNotAscending(uint32 previous, uint32 next);
    /// @notice Σ R̄_t exceeds η − η_m.
    error Task_CapsExceedBudget(uint256 trainingCaps, uint256 trainingBudget);
    /// @notice (5) or (6): the frequency costs more energy than its price pays.
    error Task_EnergyNotCovered(uint256 price, uint256 frequency, uint256 leastPrice);
    /// @notice A frequency of zero, or above the client's highest.
    error Task_FrequencyOutOfRange(uint256 frequency, uint256 maxFrequency);
    error Task_ListComplete(uint32 version, uint32 size);
    error Task_ListIncomplete(uint32 version, uint32 posted, uint32 size);
    error Task_ListOverflow(uint32 version, uint256 entries, uint32 size);
    error Task_ListSizeOutOfRange(uint32 size, uint32 minSize, uint32 maxSize);
    /// @notice A listed client left, changed its report or lost its bond since its entry was posted; post a new version.
    error Task_ListStale(uint32 version);
    /// @notice The client has revoked 2^16 - 1 times, or its messages have numbers as high.
    error Task_NoRevocationLeft(address client);
    error Task_NotAdmitted(address client);
    /// @notice Clients and signers are strictly ascending, so that none counts twice.
    error Task_NotAscending(address previous, address next);
    error Task_NotHired(address client, uint256 round);
    error Task_NotListed(address client, uint32 round);
    error Task_NotMember(address client);
    error Task_NotOwner(address caller, address owner);
    error Task_NotProposer(address caller, Phase phase);
    /// @notice An entry without a cap carries no frequency.
    error Task_NotHiredHasFrequency(address client, uint256 trainingFrequency);
    error Task_NothingToClaim(address client);
    error Task_NothingToReject(address client, uint32 round);
    /// @notice Valid votes are not more than 2/3 of the hired clients.
    error Task_QuorumMissed(uint256 votes, uint256 hired);
    error Task_ReportOutOfRange(uint256 trainingUnits, uint256 energyCoefficient, uint256 maxFrequency);
    /// @notice The signed message is too old; sign a new one.
    error Task_SignatureExpired(uint256 deadline, uint256 timestamp);
    /// @notice Not signed by the client, or over something else: the nonce, the round's seed or a field differs.
    error Task_WrongSignature(address client, bytes32 digest);
    /// @notice (7): the claimed training and mining times, in seconds rounded up, exceed T.
    error Task_DeadlineExceeded(uint256 claimedTime, uint256 deadline);
    /// @notice The claimed time has not passed since the round opened.
    error Task_TimeNotPassed(uint256 claimedTime, uint256 elapsed);
    error Task_TooFewHired(uint32 hired, uint32 minHired);
    error Task_WrongPhase(Phase phase);
    /// @notice The size given with a later chunk is not the list's.
    error Task_WrongSize(uint32 version, uint32 size, uint32 listSize);
    error Task_WrongVersion(uint32 version, uint32 current);
    error Task_ZeroModelHash();

    // ------------------------------------------------------------------------------------------------ terms

    /// @notice A term is outside its range; `name` is the field.
    error Terms_OutOfRange(string name, uint256 value, uint256 least, uint256 most);
    error Terms_TokenHasNoCode(address token);
    error Terms_ZeroOwner();
}
