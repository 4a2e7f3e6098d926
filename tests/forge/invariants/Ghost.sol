// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice What the test itself knows of a task: kept from what goes in, from what arrives and from the mechanism's
/// arithmetic, never read from the contract.
abstract contract Ghost {
    struct Person {
        bool isMember;
        uint32 units;
        /// Signed messages used, and 2^16 for each revocation.
        uint32 nonce;
        /// Revocations.
        uint32 voteNonce;
        uint32 listVersion;
        uint256 place;
        uint80 trainingCap;
        uint72 trainingFrequency;
        uint32 lastRound;
        uint256 settled;
        uint256 pending;
        /// What has arrived where its claims were sent.
        uint256 received;
        /// Sum of both caps over the rounds in which its work was accepted.
        uint256 caps;
    }

    struct Round {
        uint32 number;
        bool isOpen;
        /// When it was opened or, once it has ended, when that was.
        uint256 since;
        uint256 pay;
        uint256 miningPay;
        address generator;
        uint256 score;
        address runnerUp;
        uint256 runnerUpScore;
        /// On the round's list, of both.
        uint256 generatorPlace;
        uint256 runnerUpPlace;
    }

    struct List {
        uint32 version;
        uint256 size;
        uint256 posted;
        uint256 hired;
        uint256 trainingCaps;
        bool isStale;
        /// The client posted last.
        address last;
    }

    struct Money {
        uint256 paid;
        uint256 claimable;
        uint256 committed;
        uint256 free;
        uint256 ownerTook;
        uint256 bondsBack;
        uint256 members;
        uint256 forfeited;
    }

    mapping(address client => Person) internal people;
    Round internal round;
    List internal list;
    Money internal money;
    bool internal isClosed;
    /// @dev The most that any round has paid so far.
    uint256 internal highestPay;
    uint256 internal highestMiningPay;
    /// @dev How often each outcome was reached.
    mapping(string outcome => uint256) public count;

    function _isHired(address client) internal view returns (bool) {
        return people[client].listVersion == list.version && people[client].trainingCap != 0;
    }

    function _ghostJoin(address client, uint32 units) internal {
        people[client].isMember = true;
        people[client].units = units;
        ++money.members;
    }

    function _ghostChange(address client, uint32 units) internal {
        people[client].units = units;
        _ghostStale(client);
    }

    function _ghostLeave(address client, uint256 arrived) internal {
        people[client].isMember = false;
        --money.members;
        money.bondsBack += arrived;
        _ghostStale(client);
    }

    function _ghostStale(address client) private {
        if (list.version != 0 && people[client].listVersion == list.version) list.isStale = true;
    }

    function _ghostPost(address client, uint80 cap, uint72 frequency) internal {
        Person storage person = people[client];
        (person.listVersion, person.place) = (list.version, ++list.posted);
        (person.trainingCap, person.trainingFrequency) = (cap, frequency);
        list.trainingCaps += cap;
        if (cap != 0) ++list.hired;
        list.last = client;
    }

    function _ghostOpen(uint256 miningCap) internal {
        round = Round(round.number + 1, true, block.timestamp, 0, 0, address(0), 0, address(0), 0, 0, 0);
        money.committed = list.trainingCaps + miningCap * list.hired;
        money.free -= money.committed;
    }

    function _ghostWork(address client, uint256 trainingPay, uint256 miningPay, uint256 miningCap, uint256 score)
        internal
    {
        Person storage person = people[client];
        uint256 pay = trainingPay + miningPay;
        person.lastRound = round.number;
        person.pending = pay;
        person.caps += person.trainingCap + miningCap;
        money.committed -= pay;
        money.claimable += pay;
        round.pay += pay;
        round.miningPay += miningPay;
        if (round.pay > highestPay) highestPay = round.pay;
        if (round.miningPay > highestMiningPay) highestMiningPay = round.miningPay;
        _ghostRank(client, score);
    }

    /// @dev The two lowest scores so far, the earlier where two are equal.
    function _ghostRank(address client, uint256 score) private {
        if (round.generator == address(0) || score < round.score) {
            (round.runnerUp, round.runnerUpScore, round.runnerUpPlace) =
                (round.generator, round.score, round.generatorPlace);
            (round.generator, round.score, round.generatorPlace) = (client, score, people[client].place);
        } else if (round.runnerUp == address(0) || score < round.runnerUpScore) {
            (round.runnerUp, round.runnerUpScore, round.runnerUpPlace) = (client, score, people[client].place);
        }
    }

    function _ghostCancel(address client) internal {
        money.free += people[client].pending;
        money.claimable -= people[client].pending;
        people[client].pending = 0;
    }

    function _ghostForfeit(address client) internal {
        _ghostCancel(client);
        people[client].isMember = false;
        --money.members;
        ++money.forfeited;
        list.isStale = true;
    }

    function _ghostEnd(address[] memory clients) internal {
        money.free += money.committed;
        money.committed = 0;
        round.isOpen = false;
        round.since = block.timestamp;
        for (uint256 i; i < clients.length; ++i) {
            people[clients[i]].settled += people[clients[i]].pending;
            people[clients[i]].pending = 0;
        }
    }

    function _ghostClaim(address client, uint256 arrived) internal {
        money.paid += arrived;
        money.claimable -= arrived;
        people[client].received += arrived;
        people[client].settled -= arrived;
    }

    function _ghostClose(uint256 arrived) internal {
        money.free -= arrived;
        money.ownerTook += arrived;
        isClosed = true;
    }
}
