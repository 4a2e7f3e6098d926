// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";
import {Entry, ITask, Phase, Work} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../../contracts/libraries/Prices.sol";
import {HostileToken} from "../../../contracts/mocks/HostileToken.sol";
import {Cause, Currency, Mood, World} from "./World.sol";

/// @notice What owner and clients do themselves: members, lists, rounds and money.
abstract contract Actions is World {
    /// @dev What a receiver or a hostile token calls from inside the next payment, as the re-entrant client.
    enum Attack {
        None,
        Claim,
        Close,
        Join,
        Leave
    }

    Attack internal attack;
    address internal attackersHome;

    function _pick(uint256 seed) internal view returns (address) {
        return clients[seed % PEOPLE];
    }

    function _units(uint256 seed) internal pure returns (uint32) {
        return uint32(300 + seed % 600);
    }

    // ------------------------------------------------------------------------------------------------ members

    /// @dev Several at once, so that lists are rarely too short.
    function join(uint256 seed) external acting {
        if (task.phase() != Phase.Joining) return;
        for (uint256 i; i < 3; ++i) {
            _joinIfNot(clients[(seed % PEOPLE + i) % PEOPLE], seed >> 3 >> i);
        }
    }

    function _joinIfNot(address client, uint256 seed) internal {
        if (people[client].isMember) return;
        uint32 units = _units(seed);
        bytes memory data = abi.encodeCall(ITask.joinTask, (_report(units)));
        if (token != address(0)) {
            if (_isRefusing(client)) {
                _refused(client, data, _notPulled(client));
                ++count["token refused to be pulled"];
                return;
            }
            bool hasPermit = currency != Currency.Silent && keyOf[client] != 0 && seed % 2 == 0;
            if (hasPermit) {
                data = abi.encodeCall(
                    ITask.joinTaskWithPermit,
                    (_report(units), _permit(client, keyOf[client], address(task), terms.bond))
                );
                ++count["join by permit"];
            } else {
                _approve(client, address(task), terms.bond);
            }
            if (currency == Currency.Hostile && mood == Mood.Honest && _joinUnderAttack(client, data, seed)) return;
        }
        _do(client, _bondValue(), data, Cause.Nothing);
        _ghostJoin(client, units);
        deposits += terms.bond;
        ++count["join"];
    }

    function _notPulled(address client) internal view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Money_NotPulled.selector, token, client, terms.bond);
    }

    /// @dev A token that delivers too much or too little, or that lets the re-entrant client move money in the midst of the bond's
    /// transfer: the join is refused and nothing has moved.
    function _joinUnderAttack(address client, bytes memory data, uint256 seed) private returns (bool isRefused) {
        HostileToken hostile = HostileToken(token);
        uint256 settled = people[address(reentrant)].settled;
        if (seed % 8 == 1) {
            hostile.setSurplus(1);
            _refused(client, data, _wrongAmount(terms.bond + 1));
            hostile.setSurplus(0);
            ++count["surplus refused"];
            return true;
        }
        if (seed % 8 == 5) {
            hostile.setShortfall(1);
            _refused(client, data, _wrongAmount(terms.bond - 1));
            hostile.setShortfall(0);
            ++count["shortfall refused"];
            return true;
        }
        if (seed % 8 != 3 || client == address(reentrant)) return false;
        if (settled == 0 && people[address(reentrant)].isMember) return false;
        bool isClaim = settled != 0;
        _arm(isClaim ? Attack.Claim : Attack.Join);
        // What the nested claim takes out is missing, what the nested join brings is too much.
        uint256 received = isClaim ? terms.bond - (settled < terms.bond ? settled : terms.bond) : 2 * uint256(terms.bond);
        _refused(client, data, _wrongAmount(received));
        hostile.arm(address(0), "");
        attack = Attack.None;
        ++count["nested payment refused"];
        return true;
    }

    function _wrongAmount(uint256 received) private view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Money_WrongAmountReceived.selector, token, received, terms.bond);
    }

    function changeReport(uint256 seed) external acting {
        address client = _pick(seed);
        if (task.phase() != Phase.Joining || !people[client].isMember) return;
        _changeTo(client, _units(seed / PEOPLE));
    }

    function _changeTo(address client, uint32 units) private {
        _do(client, abi.encodeCall(ITask.changeReport, (_report(units))));
        _ghostChange(client, units);
        ++count["change"];
    }

    function leaveTask(uint256 seed) external acting {
        address client = _pick(seed);
        Phase phase = task.phase();
        if (!people[client].isMember || (phase != Phase.Joining && phase != Phase.Over)) return;
        if (phase == Phase.Joining && seed / PEOPLE % 3 != 0) return; // most stay
        address recipient = _recipient(client, seed / PEOPLE / 3);
        bytes memory data = abi.encodeCall(ITask.leaveTask, (recipient));
        (bool isSent, uint256 arrived) = _take(client, data, terms.bond, recipient, Cause.Nothing, seed);
        if (!isSent) return;
        _ghostLeave(client, arrived);
        ++count["leave"];
        _settleAttack();
    }

    // ------------------------------------------------------------------------------------------------ being paid

    /// @dev A client's own address is the interesting one where it refuses, calls back or is blocked.
    function _recipient(address client, uint256 seed) private returns (address) {
        bool isOwn = client == address(reentrant) || client == blocked || client == address(refuser);
        return isOwn && seed % 2 == 0 ? client : _fresh();
    }

    /// @dev Makes `from` take `amount` for `recipient`; tells whether it went, and what arrived.
    function _take(
        address from,
        bytes memory data,
        uint256 amount,
        address recipient,
        Cause cause,
        uint256 seed
    ) private returns (bool isSent, uint256 arrived) {
        if (amount != 0 && _isRefusing(recipient)) {
            _refused(from, data, abi.encodeWithSelector(BcflErrors.Money_NotSent.selector, token, recipient, amount));
            ++count[token == address(0) ? "receiver refused" : "token refused to send"];
            return (false, 0);
        }
        bool calls = token == address(0)
            ? recipient == address(reentrant)
            : currency == Currency.Hostile && mood == Mood.Honest && seed % 3 == 0 && recipient != address(reentrant);
        if (calls && amount != 0) {
            bool isClaim = seed / 3 % 2 == 0 && people[address(reentrant)].settled != 0;
            _arm(isClaim ? Attack.Claim : Attack(1 + seed / 6 % 4));
            // The owner's own call from inside its pay closes the task.
            if (_isCloseAllowed() && cause == Cause.Nothing) cause = Cause.Closing;
        }
        uint256 held = balanceOf(recipient);
        _do(from, 0, data, cause);
        return (true, balanceOf(recipient) - held);
    }

    function _arm(Attack attack_) private {
        attack = attack_;
        attackersHome = _fresh();
        bytes memory data = abi.encodeCall(ITask.claim, (attackersHome));
        if (attack == Attack.Close) data = abi.encodeCall(ITask.closeTask, (attackersHome));
        if (attack == Attack.Join) data = abi.encodeCall(ITask.joinTask, (_report(UNITS)));
        if (attack == Attack.Leave) data = abi.encodeCall(ITask.leaveTask, (attackersHome));
        if (token == address(0)) {
            reentrant.arm(data);
        } else {
            _approve(address(reentrant), address(task), terms.bond);
            HostileToken(token).arm(
                address(reentrant), abi.encodeCall(reentrant.execute, (address(task), 0, data))
            );
        }
    }

    function _isCloseAllowed() private view returns (bool) {
        return attack == Attack.Close && owner == address(reentrant) && !round.isOpen && !isClosed;
    }

    /// @dev After the outer call is in the ghost's books. A call from inside a payment can do what its caller may do
    /// anyway, once more at most, and nothing else; in the coin it brings no bond to join with.
    function _settleAttack() private {
        if (attack == Attack.None) return;
        bool succeeded = token == address(0) ? reentrant.succeeded() : HostileToken(token).succeeded();
        address attacker = address(reentrant);
        bool isAllowed = (attack == Attack.Claim && people[attacker].settled != 0) || _isCloseAllowed();
        if (attack == Attack.Join && token != address(0)) {
            isAllowed = lastPhase == Phase.Joining && !people[attacker].isMember;
        }
        if (attack == Attack.Leave) {
            isAllowed = (lastPhase == Phase.Joining || lastPhase == Phase.Over) && people[attacker].isMember;
        }
        assertEq(succeeded, isAllowed, "I22: a re-entrant call");
        ++count[_outcome(isAllowed)];
        if (isAllowed) _recordAttack(attacker, balanceOf(attackersHome));
        attack = Attack.None;
    }

    function _outcome(bool isAllowed) private view returns (string memory) {
        if (attack == Attack.Claim) return isAllowed ? "re-entered: claim" : "re-entered in vain: claim";
        if (attack == Attack.Close) return isAllowed ? "re-entered: close" : "re-entered in vain: close";
        if (attack == Attack.Leave) return isAllowed ? "re-entered: leave" : "re-entered in vain: leave";
        return isAllowed ? "re-entered: join" : "re-entered in vain: join";
    }

    function _recordAttack(address attacker, uint256 arrived) private {
        if (attack == Attack.Claim) {
            before.people[attacker].mayFall = true;
            _ghostClaim(attacker, arrived);
        } else if (attack == Attack.Close) {
            _ghostClose(arrived);
        } else if (attack == Attack.Leave) {
            _ghostLeave(attacker, arrived);
        } else {
            _ghostJoin(attacker, UNITS);
            deposits += terms.bond;
        }
    }

    function claim(uint256 seed) external acting {
        address client = _pick(seed);
        // Most who ask have something to claim.
        for (uint256 i; i < PEOPLE && seed / 2 % 8 != 0 && people[client].settled == 0; ++i) {
            client = _pick(seed % PEOPLE + i);
        }
        uint256 amount = people[client].settled;
        address recipient = _recipient(client, seed / PEOPLE);
        bytes memory data = abi.encodeCall(ITask.claim, (recipient));
        if (amount == 0) {
            _refused(client, data, abi.encodeWithSelector(BcflErrors.Task_NothingToClaim.selector, client));
            ++count["nothing to claim"];
            return;
        }
        before.people[client].mayFall = true;
        (bool isSent, uint256 arrived) = _take(client, data, amount, recipient, Cause.Nothing, seed / PEOPLE / 2);
        if (!isSent) return;
        _ghostClaim(client, arrived);
        ++count["claim"];
        _settleAttack();
    }

    function close(uint256 seed) external acting {
        bool isOver = task.phase() == Phase.Over;
        if (round.isOpen || isClosed || (!isOver && seed % 16 != 0)) return;
        address recipient = _recipient(owner, seed / 16 / 16);
        bytes memory data = abi.encodeCall(ITask.closeTask, (recipient));
        (bool isSent, uint256 arrived) = _take(owner, data, money.free, recipient, Cause.Closing, seed / 16);
        if (!isSent) return;
        _ghostClose(arrived);
        ++count["close"];
        _settleAttack();
    }

    // ------------------------------------------------------------------------------------------------ rounds

    function openRound(uint256 seed) external acting {
        Phase phase = task.phase();
        if (phase != Phase.Joining && phase != Phase.Frozen) return;
        if (phase == Phase.Joining) {
            if (seed % 4 == 1 && money.members >= 4) return _postWhileReportsAreOpen(seed);
            for (uint256 i; i < PEOPLE && money.members < 7; ++i) {
                _joinIfNot(clients[i], seed >> 8 >> i);
            }
            uint256 past = (block.timestamp - round.since) % (uint256(terms.joinWindow) + terms.listWindow);
            _warpTo(block.timestamp - past + terms.joinWindow + seed % terms.listWindow);
        }
        if (list.posted != list.size && _isRestThere()) {
            if (list.isStale) ++count["rest of a stale list posted"];
            _postNext(list.size - list.posted, seed, PEOPLE);
        }
        _openTooEarly();
        if (_whyNotOpened().length != 0 || seed % 4 == 0) {
            if (money.members < 4) return;
            if (seed % 16 == 8) {
                _postMembers(seed, 2);
                _openTooEarly();
            }
            _postMembers(seed, PEOPLE);
            if (seed % 16 == 4) return; // posted, and opened later if it stands
        } else {
            ++count["list used again"];
        }
        vm.roll(vm.getBlockNumber() + 1);
        _do(owner, 0, abi.encodeCall(ITask.openRound, (list.version)), Cause.Opening);
        _ghostOpen(_miningCap());
        ++count["open"];
    }

    function _miningCap() internal view returns (uint256) {
        return terms.miningBudget / list.size;
    }

    /// @dev Why the last list cannot be opened while reports are frozen, by the ghost's books; empty where it can.
    function _whyNotOpened() private view returns (bytes memory) {
        if (list.version == 0) {
            return abi.encodeWithSelector(BcflErrors.Task_WrongVersion.selector, list.version, list.version);
        }
        if (list.isStale) return abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, list.version);
        if (list.posted != list.size) {
            return abi.encodeWithSelector(
                BcflErrors.Task_ListIncomplete.selector, list.version, uint32(list.posted), uint32(list.size)
            );
        }
        if (list.hired >= terms.minHired) return "";
        return abi.encodeWithSelector(BcflErrors.Task_TooFewHired.selector, uint32(list.hired), terms.minHired);
    }

    /// @dev Tries a list that cannot be opened.
    function _openTooEarly() private {
        bytes memory reason = _whyNotOpened();
        if (reason.length == 0) return;
        _refused(owner, abi.encodeCall(ITask.openRound, (list.version)), reason);
        if (list.version == 0) ++count["opening without a list refused"];
        else if (list.isStale) ++count["stale list refused"];
        else if (list.posted != list.size) ++count["incomplete list refused"];
        else ++count["too few hired refused"];
    }

    /// @dev A list, or half of one, which goes stale at once in half of the cases.
    function _postWhileReportsAreOpen(uint256 seed) private {
        _beginList();
        _postNext(seed / 4 % 2 == 0 ? list.size : list.size / 2, seed, PEOPLE);
        ++count[list.posted == list.size ? "list posted while reports are open" : "list begun while reports are open"];
        if (seed / 8 % 2 == 0) _changeTo(list.last, _units(seed / 16));
    }

    /// @dev All members, in one chunk or in two; at most `most` of them with a cap.
    function _postMembers(uint256 seed, uint256 most) private {
        _beginList();
        if (seed % 2 != 0) {
            _postNext((list.size + 1) / 2, seed, most);
            _openTooEarly();
        }
        _postNext(list.size - list.posted, seed, most);
    }

    function _beginList() private {
        list = List(list.version + 1, money.members, 0, 0, 0, false, address(0));
    }

    /// @dev Whether enough members are left who were not passed over, some of whom have come since the list was begun.
    function _isRestThere() private view returns (bool) {
        uint256 left;
        for (uint256 i; i < PEOPLE; ++i) {
            if (people[clients[i]].isMember && clients[i] > list.last) ++left;
        }
        return left >= list.size - list.posted;
    }

    /// @dev The next `length` members; all with a cap but one at most, and whoever comes after `most` that have one.
    function _postNext(uint256 length, uint256 seed, uint256 most) private {
        Entry[] memory entries = new Entry[](length);
        uint80 each = uint80((terms.budget - terms.miningBudget) / list.size);
        uint256 next;
        for (uint256 i; next < length; ++i) {
            address client = clients[i];
            if (!people[client].isMember || client <= list.last) continue;
            bool isUnhired = list.hired == most || (seed % 3 == 0 && list.posted == seed % list.size);
            // Between half of an equal share and all of it.
            uint80 cap = isUnhired ? 0 : each - uint80(uint256(keccak256(abi.encode(seed, i))) % (each / 2));
            entries[next] = _entry(client, cap);
            _ghostPost(client, cap, entries[next++].trainingFrequency);
            if (isUnhired) ++count["listed unhired"];
        }
        _do(owner, abi.encodeCall(ITask.postEntries, (list.version, uint32(list.size), entries)));
    }

    // ------------------------------------------------------------------------------------------------ work

    function work(uint256 seed) external acting {
        if (task.phase() != Phase.Working) return;
        uint256 most = 1 + seed % 3;
        if (seed / 3 % 4 == 0) _workTooEarly(_pick(seed / 12));
        for (uint256 i; i < PEOPLE && most > 0; ++i) {
            address client = clients[(seed / 3 + i) % PEOPLE];
            if (!_mayWork(client)) continue;
            --most;
            Work memory work_ = _workBy(client, seed);
            vm.recordLogs();
            _do(client, abi.encodeCall(ITask.submitWork, (work_)));
            _recordWork(client, work_, vm.getRecordedLogs());
            ++count["work"];
            if (seed % 4 == 0) _workAgain(client, work_);
        }
    }

    function _workAgain(address client, Work memory work_) private {
        bytes memory reason =
            abi.encodeWithSelector(BcflErrors.Task_AlreadySubmitted.selector, client, uint256(round.number));
        _refused(client, abi.encodeCall(ITask.submitWork, (work_)), reason);
        ++count["second work refused"];
    }

    /// @dev The response takes all of T, which has not passed.
    function _workTooEarly(address client) private {
        if (!_mayWork(client) || block.timestamp >= round.since + terms.deadline) return;
        Work memory work_ = _workOf(client);
        bytes memory reason = abi.encodeWithSelector(
            BcflErrors.Task_TimeNotPassed.selector, _claimedTime(client, work_), block.timestamp - round.since
        );
        _refused(client, abi.encodeCall(ITask.submitWork, (work_)), reason);
        ++count["early work refused"];
    }

    function _claimedTime(address client, Work memory work_) private view returns (uint256) {
        Prices.Offer memory offer = _offerOf(client);
        return Prices.claimedTimeUp(
            offer.trainingCycles, work_.trainingFrequency, offer.miningCycles, work_.miningFrequency
        );
    }

    function _mayWork(address client) internal view returns (bool) {
        return _isHired(client) && people[client].lastRound != round.number;
    }

    /// @dev Some claim to have trained slowly, for pay that only a cap holds down, or that moves between the subtasks: mining
    /// as fast as its price covers leaves time for it, where the price covers enough.
    function _workBy(address client, uint256 seed) internal returns (Work memory work_) {
        if (block.timestamp < round.since + terms.deadline) _warpTo(round.since + terms.deadline);
        work_ = _workOf(client);
        if (seed % 5 != 0) return work_;
        (, uint256 miningPrice) = Prices.prices(_offerOf(client), client);
        Work memory slower = Work(work_.updateHash, people[client].trainingFrequency * 9 / 10, 0, work_.nonces);
        slower.miningFrequency = _cubeRoot(miningPrice, RHO);
        if (slower.miningFrequency > MAX_FREQUENCY) slower.miningFrequency = MAX_FREQUENCY;
        uint256 claimedTime = _claimedTime(client, slower);
        if (claimedTime <= terms.deadline) {
            ++count["slower"];
            return slower;
        }
        // Under `incomplete` always: the price of mining covers no more than the response.
        if (!_mayWork(client)) return work_;
        bytes memory reason =
            abi.encodeWithSelector(BcflErrors.Task_DeadlineExceeded.selector, claimedTime, terms.deadline);
        _refused(client, abi.encodeCall(ITask.submitWork, (slower)), reason);
        ++count["too slow refused"];
    }

    /// @dev What the client's prices follow from, by the ghost's books.
    function _offerOf(address client) private view returns (Prices.Offer memory) {
        Person memory person = people[client];
        return Prices.Offer({
            policy: terms.policy,
            trainingCycles: uint256(person.units) * terms.cycleUnit,
            energyCoefficient: RHO,
            trainingCap: person.trainingCap,
            trainingFrequency: person.trainingFrequency,
            miningCap: _miningCap(),
            miningCycles: terms.miningCycles,
            deadline: terms.deadline,
            reservationUtility: terms.reservationUtility
        });
    }

    /// @dev `logs` hold what the task told of it.
    function _recordWork(address client, Work memory work_, Vm.Log[] memory logs) internal {
        (uint256 trainingPay, uint256 miningPay) = _pays(_offerOf(client), client, work_);
        (uint256 trainingTold, uint256 miningTold) = _paysTold(client, logs);
        assertEq(trainingTold, trainingPay, "I4: pay for training");
        assertEq(miningTold, miningPay, "I4: pay for mining");
        _ghostWork(client, trainingTold, miningTold, _miningCap(), _scoreOf(client));
    }

    function _pays(Prices.Offer memory offer, address client, Work memory work_)
        private
        view
        returns (uint256 trainingPay, uint256 miningPay)
    {
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, client);
        trainingPay = trainingPrice * offer.trainingCycles / (work_.trainingFrequency * uint256(1e9));
        miningPay = miningPrice * offer.miningCycles / (work_.miningFrequency * uint256(1e9));
        uint256 trainingCap = offer.trainingCap + (_isUniform() ? offer.miningCap : 0);
        if (trainingPay > trainingCap) trainingPay = trainingCap;
        uint256 miningCap = _isUniform() ? trainingCap - trainingPay : offer.miningCap;
        if (miningPay > miningCap) miningPay = miningCap;
    }

    function _paysTold(address client, Vm.Log[] memory logs)
        private
        view
        returns (uint256 trainingPay, uint256 miningPay)
    {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(task) || logs[i].topics[0] != ITask.WorkSubmitted.selector) continue;
            if (logs[i].topics[2] != bytes32(uint256(uint160(client)))) continue;
            (,,,, trainingPay, miningPay) =
                abi.decode(logs[i].data, (bytes32, uint256[2], uint72, uint72, uint80, uint80));
        }
    }
}
