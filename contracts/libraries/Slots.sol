// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @dev A member's report: trainingUnits 32 | energyCoefficient 112 | maxFrequency 72 | isMember 1, lowest bits first.
/// Written by the client alone but for a forfeit.
type Member is uint256;

/// @dev A client's line on a list: version 32 | trainingCap 80 | trainingFrequency 72 | place 16 | voteNonce 32 | isHired 1.
/// Written by the owner's posting. `place` counts from one. The client's vote nonce stands here because checking a vote reads
/// this slot anyway.
type Listing is uint256;

/// @dev A client's pay: round 32 | pending 80 | settled 88 | nonce 32. Settled lazily: `pending` belongs to `round` and is
/// earned once that has ended. The nonce of signed messages stands here because most of them write this slot anyway.
type Account is uint256;

/// @dev The round that is open or was last, as far as work changes it: number 32 | isOpen 8 | since 40 | credited 80 |
/// runnerUp 16 | runnerUpScore 32 | generator 16 | generatorScore 32. `since` is when it opened or, once it has ended, when that
/// was; `credited` is the pending pay of all clients. Generator and runner-up are places on the list, zero for nobody: an
/// address would take a slot of its own, and with it 5,000 gas or more of whoever comes to lead.
type Round is uint256;

/// @dev What opening fixed for the round that is open or was last: hired 16 | size 16 | listVersion 32 | seed 192. `size` is N.
type Opening is uint256;

/// @dev What a claim asks of the task: claimable 88 | paid 88 | openRound 32. `claimable` is of ended rounds, `openRound` zero
/// between rounds.
type Flow is uint256;

using {
    MemberSlot.trainingUnits,
    MemberSlot.energyCoefficient,
    MemberSlot.maxFrequency,
    MemberSlot.isMember,
    MemberSlot.withoutMembership
} for Member global;
using {
    ListingSlot.version,
    ListingSlot.trainingCap,
    ListingSlot.trainingFrequency,
    ListingSlot.place,
    ListingSlot.voteNonce,
    ListingSlot.isHired,
    ListingSlot.withNextVoteNonce
} for Listing global;
using {
    AccountSlot.round,
    AccountSlot.pending,
    AccountSlot.settled,
    AccountSlot.nonce,
    AccountSlot.withoutPending,
    AccountSlot.withNextNonce,
    AccountSlot.withNoncesVoided
} for Account global;
using {
    RoundSlot.number,
    RoundSlot.isOpen,
    RoundSlot.since,
    RoundSlot.credited,
    RoundSlot.generator,
    RoundSlot.runnerUp,
    RoundSlot.withCredit,
    RoundSlot.ranked,
    RoundSlot.ended
} for Round global;
using {OpeningSlot.hired, OpeningSlot.size, OpeningSlot.listVersion, OpeningSlot.seed} for Opening global;
using {FlowSlot.claimable, FlowSlot.paid, FlowSlot.openRound} for Flow global;

// One storage slot each, as one word: a struct costs a mask and a memory word for every field, used or not, at each reading,
// and two stores at each writing. Values that are packed must fit; each caller says why they do.

/// @notice See `Member`.
library MemberSlot {
    function pack(uint256 trainingUnits_, uint256 energyCoefficient_, uint256 maxFrequency_)
        internal
        pure
        returns (Member)
    {
        return Member.wrap(trainingUnits_ | energyCoefficient_ << 32 | maxFrequency_ << 144 | 1 << 216);
    }

    function trainingUnits(Member self) internal pure returns (uint256) {
        return uint32(Member.unwrap(self));
    }

    function energyCoefficient(Member self) internal pure returns (uint256) {
        return uint112(Member.unwrap(self) >> 32);
    }

    function maxFrequency(Member self) internal pure returns (uint256) {
        return uint72(Member.unwrap(self) >> 144);
    }

    function isMember(Member self) internal pure returns (bool) {
        return Member.unwrap(self) >> 216 != 0;
    }

    function withoutMembership(Member self) internal pure returns (Member) {
        return Member.wrap(uint216(Member.unwrap(self)));
    }
}

/// @notice See `Listing`.
library ListingSlot {
    function pack(
        uint256 version_,
        uint256 trainingCap_,
        uint256 trainingFrequency_,
        uint256 place_,
        uint256 voteNonce_
    ) internal pure returns (Listing) {
        uint256 hired = trainingCap_ != 0 ? 1 << 232 : 0;
        return Listing.wrap(
            version_ | trainingCap_ << 32 | trainingFrequency_ << 112 | place_ << 184 | voteNonce_ << 200 | hired
        );
    }

    function version(Listing self) internal pure returns (uint256) {
        return uint32(Listing.unwrap(self));
    }

    function trainingCap(Listing self) internal pure returns (uint256) {
        return uint80(Listing.unwrap(self) >> 32);
    }

    function trainingFrequency(Listing self) internal pure returns (uint256) {
        return uint72(Listing.unwrap(self) >> 112);
    }

    function place(Listing self) internal pure returns (uint256) {
        return uint16(Listing.unwrap(self) >> 184);
    }

    function voteNonce(Listing self) internal pure returns (uint256) {
        return uint32(Listing.unwrap(self) >> 200);
    }

    /// @dev Whether the cap is positive, as one bit beside the vote nonce.
    function isHired(Listing self) internal pure returns (bool) {
        return Listing.unwrap(self) >> 232 != 0;
    }

    /// @notice What a listing holds below its cap and above its place if it is hired by this version and votes with this
    /// nonce.
    function voter(uint256 version_, uint256 voteNonce_) internal pure returns (Listing) {
        return Listing.wrap(version_ | voteNonce_ << 200 | 1 << 232);
    }

    /// @dev A client revokes less than 2^16 times (`AccountSlot.VOIDED`), so nothing carries into `isHired`, the next bit.
    function withNextVoteNonce(Listing self) internal pure returns (Listing) {
        return Listing.wrap(Listing.unwrap(self) + (1 << 200));
    }
}

/// @notice See `Account`.
library AccountSlot {
    /// @dev By how much a revocation raises the nonce: by one alone, a message that was numbered one ahead would become good.
    uint256 internal constant VOIDED = 1 << 16;

    function pack(uint256 round_, uint256 pending_, uint256 settled_, uint256 nonce_) internal pure returns (Account) {
        return Account.wrap(round_ | pending_ << 32 | settled_ << 112 | nonce_ << 200);
    }

    function round(Account self) internal pure returns (uint256) {
        return uint32(Account.unwrap(self));
    }

    function pending(Account self) internal pure returns (uint256) {
        return uint80(Account.unwrap(self) >> 32);
    }

    function settled(Account self) internal pure returns (uint256) {
        return uint88(Account.unwrap(self) >> 112);
    }

    function nonce(Account self) internal pure returns (uint256) {
        return Account.unwrap(self) >> 200;
    }

    function withoutPending(Account self) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(self) & ~(uint256(type(uint80).max) << 32));
    }

    /// @dev In the uppermost 56 bits: each use is a transaction or a call of one, and 2^32 of them, at which the messages' uint32
    /// ends, take 10^14 gas. Who has revoked as often as it can has 2^16 left, and calls for itself after them.
    function withNextNonce(Account self) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(self) + (1 << 200));
    }

    /// @dev The nonce must be that far below the messages' largest.
    function withNoncesVoided(Account self) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(self) + (VOIDED << 200));
    }
}

/// @notice See `Round`.
library RoundSlot {
    /// @dev Above every score.
    uint256 internal constant NO_SCORE = type(uint32).max;

    /// @notice A round that opens now, with nothing credited and nobody ranked.
    function open(uint256 number_, uint256 since_) internal pure returns (Round) {
        return Round.wrap(number_ | 1 << 32 | since_ << 40 | NO_SCORE << 176 | NO_SCORE << 224);
    }

    function number(Round self) internal pure returns (uint256) {
        return uint32(Round.unwrap(self));
    }

    function isOpen(Round self) internal pure returns (bool) {
        return uint8(Round.unwrap(self) >> 32) != 0;
    }

    function since(Round self) internal pure returns (uint256) {
        return uint40(Round.unwrap(self) >> 40);
    }

    function credited(Round self) internal pure returns (uint256) {
        return uint80(Round.unwrap(self) >> 80);
    }

    function generator(Round self) internal pure returns (uint256) {
        return uint16(Round.unwrap(self) >> 208);
    }

    function runnerUp(Round self) internal pure returns (uint256) {
        return uint16(Round.unwrap(self) >> 160);
    }

    /// @dev The sum must fit: it does within the round's committed money.
    function withCredit(Round self, uint256 pay) internal pure returns (Round) {
        return Round.wrap(Round.unwrap(self) + (pay << 80));
    }

    /// @notice The round with the client at `place` as its generator or runner-up, if `score` is among the two lowest; of equal
    /// scores the first stays in front.
    function ranked(Round self, uint256 place, uint256 score) internal pure returns (Round) {
        uint256 word = Round.unwrap(self);
        if (score >= uint32(word >> 176)) return self;
        uint256 rank = score << 16 | place;
        if (score >= word >> 224) return Round.wrap(word & ~(uint256(type(uint48).max) << 160) | rank << 160);
        return Round.wrap(uint160(word) | word >> 208 << 160 | rank << 208);
    }

    /// @notice The same round, ended at `since_`.
    function ended(Round self, uint256 since_) internal pure returns (Round) {
        uint256 kept = Round.unwrap(self) & ~(uint256(type(uint48).max) << 32);
        return Round.wrap(kept | since_ << 40);
    }
}

/// @notice See `Opening`.
library OpeningSlot {
    /// @param entropy The seed, but for its last 64 bits.
    function pack(bytes32 entropy, uint256 listVersion_, uint256 size_, uint256 hired_)
        internal
        pure
        returns (Opening)
    {
        return Opening.wrap(uint256(seed(Opening.wrap(uint256(entropy)))) | listVersion_ << 32 | size_ << 16 | hired_);
    }

    function hired(Opening self) internal pure returns (uint256) {
        return uint16(Opening.unwrap(self));
    }

    function size(Opening self) internal pure returns (uint256) {
        return uint16(Opening.unwrap(self) >> 16);
    }

    function listVersion(Opening self) internal pure returns (uint256) {
        return uint32(Opening.unwrap(self) >> 32);
    }

    /// @dev 192 bits and 64 zeros behind them.
    function seed(Opening self) internal pure returns (bytes32) {
        return bytes32(Opening.unwrap(self) & ~uint256(type(uint64).max));
    }
}

/// @notice See `Flow`.
library FlowSlot {
    function pack(uint256 claimable_, uint256 paid_, uint256 openRound_) internal pure returns (Flow) {
        return Flow.wrap(claimable_ | paid_ << 88 | openRound_ << 176);
    }

    function claimable(Flow self) internal pure returns (uint256) {
        return uint88(Flow.unwrap(self));
    }

    function paid(Flow self) internal pure returns (uint256) {
        return uint88(Flow.unwrap(self) >> 88);
    }

    function openRound(Flow self) internal pure returns (uint256) {
        return Flow.unwrap(self) >> 176;
    }
}
