// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Entry, ITask, Phase, Policy, Work} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {EtherForcer} from "../../../contracts/mocks/EtherForcer.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";
import {Rules} from "./Rules.sol";
import {Cause, Currency, Mood} from "./World.sol";

/// @notice Owner, clients, generator, quorum, relayer, stranger, hostile receivers, hostile token and clock, each doing
/// what may happen at the time, and some of what may not.
/// @dev An action that does not apply returns; one that applies never reverts.
contract Handler is Rules {
    constructor(Policy policy, Currency currency) {
        _createWorld(policy, currency);
    }

    /// @notice The actions, for forge and for `Reach.t.sol`.
    function actions() external view returns (bytes4[] memory selectors) {
        selectors = new bytes4[](currency == Currency.Hostile ? 13 : 12);
        selectors[0] = this.join.selector;
        selectors[1] = this.changeReport.selector;
        selectors[2] = this.leaveTask.selector;
        selectors[3] = this.openRound.selector;
        selectors[4] = this.work.selector;
        selectors[5] = this.endByQuorum.selector;
        selectors[6] = this.endByTime.selector;
        selectors[7] = this.claim.selector;
        selectors[8] = this.close.selector;
        selectors[9] = this.relay.selector;
        selectors[10] = this.passTime.selector;
        selectors[11] = this.disturb.selector;
        if (currency == Currency.Hostile) selectors[12] = this.turnToken.selector;
    }

    /// @dev What leaves the round where it is, in one action, so that sequences have room for rounds.
    function disturb(uint256 seed) external acting {
        uint256 draw = seed / 6;
        if (seed % 6 == 0) _stranger(draw);
        if (seed % 6 == 1) _cheatAsOwner(draw);
        if (seed % 6 == 2) _cheatAsClient(draw);
        if (seed % 6 == 3) _force(draw);
        if (seed % 6 == 4) _turnWallet(draw);
        if (seed % 6 == 5) _revoke(draw);
    }

    // ------------------------------------------------------------------------------------------------ the hostile

    function _turnWallet(uint256 seed) private {
        wallet.setManner(SignatureWallet.Manner(seed % 8 < 4 ? 0 : 1 + seed % 4));
        ++count["wallet turned"];
    }

    /// @dev Honest in half of the cases.
    function turnToken(uint256 seed) external acting {
        _setMood(Mood(seed % 8 < 4 ? 0 : seed % 4), _pick(seed / 8));
        ++count["token turned"];
    }

    /// @dev Money that nobody announced, in the task's currency and in the coin.
    function _force(uint256 amount) private {
        amount = _bound(amount, 1, 1 ether);
        if (token != address(0)) {
            _mint(address(task), amount);
            forcedEther += amount;
        }
        forced += amount;
        vm.deal(address(this), amount);
        new EtherForcer{value: amount}(payable(address(task)));
        hasActed = true;
        ++count["forced"];
    }

    function passTime(uint256 time) external acting {
        _warpTo(block.timestamp + _bound(time, 1, 700));
        ++count["time"];
    }

    /// @dev Somebody who is neither owner nor member tries everything that moves money or the round.
    function _stranger(uint256 seed) private {
        bytes[12] memory calls = [
            abi.encodeCall(ITask.claim, (mallory)),
            abi.encodeCall(ITask.closeTask, (mallory)),
            abi.encodeCall(ITask.leaveTask, (mallory)),
            abi.encodeCall(ITask.openRound, (task.listState().version)),
            abi.encodeCall(ITask.submitWork, (Work(bytes32(seed), 1e18, 1e18, [seed, seed]))),
            abi.encodeCall(ITask.proposeModel, (bytes32(seed | 1))),
            abi.encodeCall(ITask.endRoundByQuorum, (_result(), _noVotes(), _noWallets())),
            abi.encodeCall(ITask.changeReport, (_report(UNITS))),
            abi.encodeCall(ITask.postEntries, (list.version + 1, 3, new Entry[](0))),
            abi.encodeCall(ITask.admit, (clients)),
            abi.encodeWithSignature("initialize()"),
            abi.encodeCall(ITask.endRoundByTime, ())
        ];
        if (seed % 12 == 11 && lastPhase == Phase.Expired) return; // then anybody may
        vm.prank(mallory);
        (bool success,) = address(task).call(calls[seed % 12]);
        assertFalse(success, "I22: a stranger's call");
        _observe(Cause.Nothing);
        ++count["stranger"];
    }

    // ------------------------------------------------------------------------------------------------ cheats

    /// @dev The owner reaches for committed money, a round at the wrong time, a list that overspends by one wei.
    function _cheatAsOwner(uint256 seed) private {
        bytes memory closing = abi.encodeCall(ITask.closeTask, (owner));
        if (lastPhase != Phase.Frozen) {
            _refused(owner, abi.encodeCall(ITask.openRound, (list.version)), _wrongPhase(lastPhase));
        }
        if (round.isOpen || isClosed) {
            _refused(owner, closing, _wrongPhase(lastPhase));
            // Would unlist everybody, and free what is committed.
            bytes memory posting = abi.encodeCall(ITask.postEntries, (list.version + 1, terms.minHired, new Entry[](0)));
            _refused(owner, posting, _wrongPhase(lastPhase));
            ++count[round.isOpen ? "close in a round refused" : "close again refused"];
            return;
        }
        if (people[_pick(seed)].isMember) _overspend(_pick(seed));
    }

    /// @dev A whole training budget for one, and a wei more.
    function _overspend(address client) private {
        uint80 most = terms.budget - terms.miningBudget;
        Entry[] memory entries = new Entry[](1);
        entries[0] = Entry(client, most + 1, 1);
        bytes memory reason =
            abi.encodeWithSelector(BcflErrors.Task_CapsExceedBudget.selector, uint256(most) + 1, uint256(most));
        _refused(owner, abi.encodeCall(ITask.postEntries, (list.version + 1, terms.minHired, entries)), reason);
        ++count["overspending list refused"];
    }

    /// @dev A client works unhired, joins twice, or moves while it must stand still.
    function _cheatAsClient(uint256 seed) private {
        address client = _pick(seed);
        Person memory person = people[client];
        bytes memory reason = _wrongPhase(lastPhase);
        if (lastPhase == Phase.Joining) {
            if (!person.isMember) return;
            reason = abi.encodeWithSelector(BcflErrors.Task_AlreadyMember.selector, client);
            _refused(client, _bondValue(), abi.encodeCall(ITask.joinTask, (_report(UNITS))), reason);
            ++count["second join refused"];
            return;
        }
        _refused(client, _bondValue(), abi.encodeCall(ITask.joinTask, (_report(UNITS))), reason);
        _refused(client, abi.encodeCall(ITask.changeReport, (_report(UNITS))), reason);
        if (lastPhase != Phase.Over) _refused(client, abi.encodeCall(ITask.leaveTask, (client)), reason);
        ++count["move refused"];
        if (lastPhase != Phase.Working || _isHired(client)) return;
        reason = abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, client, uint256(round.number));
        _refused(client, abi.encodeCall(ITask.submitWork, (Work(MODEL, 1e18, 1e18, [seed, seed]))), reason);
        ++count["unhired work refused"];
    }
}
