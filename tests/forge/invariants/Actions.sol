// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Entry, ITask, Phase, Policy, Work} from "../../../contracts/interfaces/ITask.sol";
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
        Join
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
        uint32 units = _units(seed / PEOPLE);
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
        if (calls && amount != 0) _arm(Attack(1 + seed / 3 % 3));
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
        if (token == address(0)) {
            reentrant.arm(data);
        } else {
            _approve(address(reentrant), address(task), terms.bond);
            HostileToken(token).arm(
                address(reentrant), abi.encodeCall(reentrant.execute, (address(task), 0, data))
            );
        }
    }

    /// @dev After the outer call is in the ghost's books. A call from inside a payment can do what its caller may do
    /// anyway, once more at most, and nothing else: in the coin, where it brings no bond, nothing but a claim.
    function _settleAttack() private {
        if (attack == Attack.None) return;
        bool succeeded = token == address(0) ? reentrant.succeeded() : HostileToken(token).succeeded();
        address attacker = address(reentrant);
        bool isAllowed = attack == Attack.Claim && people[attacker].settled != 0;
        if (attack == Attack.Join && token != address(0)) {
            isAllowed = lastPhase == Phase.Joining && !people[attacker].isMember;
        }
        assertEq(succeeded, isAllowed, "I22: a re-entrant call");
        ++count[isAllowed ? "re-entered with a right" : "re-entered in vain"];
        if (isAllowed && attack == Attack.Claim) {
            before.people[attacker].mayFall = true;
            _ghostClaim(attacker, balanceOf(attackersHome));
        } else if (isAllowed) {
            _ghostJoin(attacker, UNITS);
            deposits += terms.bond;
        }
        attack = Attack.None;
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
        address recipient = _fresh();
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
            for (uint256 i; i < PEOPLE && money.members < 7; ++i) {
                _joinIfNot(clients[i], seed >> 8 >> i);
            }
            uint256 past = (block.timestamp - round.since) % (uint256(terms.joinWindow) + terms.listWindow);
            _warpTo(block.timestamp - past + terms.joinWindow + seed % terms.listWindow);
        }
        if (list.isStale) {
            _refused(
                owner,
                abi.encodeCall(ITask.openRound, (list.version)),
                abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, list.version)
            );
            ++count["stale list refused"];
        }
        if (list.version == 0 || list.isStale || seed % 4 == 0) {
            if (money.members < 4) return;
            _postMembers(seed);
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

    /// @dev All members; at most one of them, besides, without a cap.
    function _postMembers(uint256 seed) private {
        Entry[] memory entries = new Entry[](money.members);
        uint80 each = uint80((terms.budget - terms.miningBudget) / entries.length);
        list = List(list.version + 1, entries.length, 0, 0, false);
        uint256 next;
        for (uint256 i; i < PEOPLE; ++i) {
            address client = clients[i];
            if (!people[client].isMember) continue;
            bool isUnhired = seed % 3 == 0 && next == seed % entries.length;
            // Between half of an equal share and all of it.
            uint80 cap = isUnhired ? 0 : each - uint80(uint256(keccak256(abi.encode(seed, i))) % (each / 2));
            Entry memory entry = _entry(client, cap);
            entries[next++] = entry;
            people[client].place = next;
            (people[client].listVersion, people[client].trainingCap) = (list.version, cap);
            people[client].trainingFrequency = entry.trainingFrequency;
            list.trainingCaps += cap;
            if (isUnhired) ++count["listed unhired"];
            else ++list.hired;
        }
        _postInChunks(entries, seed % 2 == 0 ? entries.length : (entries.length + 1) / 2);
    }

    function _postInChunks(Entry[] memory entries, uint256 length) private {
        for (uint256 from; from < entries.length; from += length) {
            uint256 size = entries.length - from < length ? entries.length - from : length;
            Entry[] memory chunk = new Entry[](size);
            for (uint256 i; i < size; ++i) {
                chunk[i] = entries[from + i];
            }
            if (from != 0) _openIncomplete(from);
            _do(owner, abi.encodeCall(ITask.postEntries, (list.version, uint32(entries.length), chunk)));
        }
    }

    function _openIncomplete(uint256 posted) private {
        bytes memory reason = abi.encodeWithSelector(
            BcflErrors.Task_ListIncomplete.selector, list.version, uint32(posted), uint32(list.size)
        );
        _refused(owner, abi.encodeCall(ITask.openRound, (list.version)), reason);
        ++count["incomplete list refused"];
    }

    // ------------------------------------------------------------------------------------------------ work

    function work(uint256 seed) external acting {
        if (task.phase() != Phase.Working) return;
        uint256 most = 1 + seed % 3;
        for (uint256 i; i < PEOPLE && most > 0; ++i) {
            address client = clients[(seed / 3 + i) % PEOPLE];
            if (!_mayWork(client)) continue;
            --most;
            Work memory work_ = _workBy(client, seed);
            _do(client, abi.encodeCall(ITask.submitWork, (work_)));
            _recordWork(client, work_);
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

    function _mayWork(address client) internal view returns (bool) {
        return _isHired(client) && people[client].lastRound != round.number;
    }

    /// @dev Some claim to have trained slowly, for pay that only a cap holds down, or that moves between the subtasks.
    function _workBy(address client, uint256 seed) internal returns (Work memory work_) {
        if (block.timestamp < round.since + terms.deadline) _warpTo(round.since + terms.deadline);
        work_ = _workOf(client);
        if (seed % 5 != 0 || terms.policy == Policy.Incomplete) return work_;
        // Mining as fast as its price covers leaves time to train more slowly, where the price covers enough.
        Prices.Offer memory offer = _offerOf(client);
        (, uint256 miningPrice) = Prices.prices(offer, client);
        uint72 m = _cubeRoot(miningPrice, RHO);
        if (m > MAX_FREQUENCY) m = MAX_FREQUENCY;
        uint72 t = people[client].trainingFrequency * 9 / 10;
        if (Prices.claimedTimeUp(offer.trainingCycles, t, offer.miningCycles, m) > terms.deadline) return work_;
        (work_.trainingFrequency, work_.miningFrequency) = (t, m);
        ++count["slower"];
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

    function _recordWork(address client, Work memory work_) internal {
        Prices.Offer memory offer = _offerOf(client);
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, client);
        uint256 trainingPay = trainingPrice * offer.trainingCycles / (work_.trainingFrequency * uint256(1e9));
        uint256 miningPay = miningPrice * offer.miningCycles / (work_.miningFrequency * uint256(1e9));
        uint256 trainingCap = offer.trainingCap + (_isUniform() ? offer.miningCap : 0);
        if (trainingPay > trainingCap) trainingPay = trainingCap;
        uint256 miningCap = _isUniform() ? trainingCap - trainingPay : offer.miningCap;
        if (miningPay > miningCap) miningPay = miningCap;
        _ghostWork(client, trainingPay, miningPay, offer.miningCap, _scoreOf(client));
    }
}
