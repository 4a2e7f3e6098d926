// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Base} from "../Base.t.sol";
import {ITask, Permit, Phase, Policy} from "../../../contracts/interfaces/ITask.sol";
import {HostileToken} from "../../../contracts/mocks/HostileToken.sol";
import {PlainToken} from "../../../contracts/mocks/PlainToken.sol";
import {ReentrantReceiver} from "../../../contracts/mocks/ReentrantReceiver.sol";
import {RevertingReceiver} from "../../../contracts/mocks/RevertingReceiver.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";
import {SilentToken} from "../../../contracts/mocks/SilentToken.sol";
import {Ghost} from "./Ghost.sol";

/// @notice What a task pays in.
enum Currency {
    Coin,
    Plain,
    Silent,
    Hostile
}

/// @notice How a hostile token behaves at present.
enum Mood {
    Honest,
    Refuses,
    ReturnsFalse,
    Blocks
}

/// @notice What may move the phase.
enum Cause {
    Time,
    Opening,
    Quorum,
    TimedEnd,
    Closing,
    Nothing
}

/// @notice A task, its money and its people, and the only ways in which the handler touches them: each call is known
/// beforehand to succeed or to be refused for a known reason, and the phase after it must be one that it may lead to.
abstract contract World is Base, Ghost {
    /// @dev Six with keys, a receiver that refuses, one that calls back (where it can, the owner too), an ERC-1271 wallet.
    uint256 internal constant PEOPLE = 9;

    Currency internal currency;
    address internal token;
    Mood internal mood;
    address internal blocked;

    RevertingReceiver internal refuser;
    ReentrantReceiver internal reentrant;
    SignatureWallet internal wallet;
    uint256 internal walletKey;
    uint256 internal ownerKey;
    address internal relayer = makeAddr("relayer");

    /// @dev Ether forced into a task that pays in a token.
    uint256 internal forcedEther;
    bytes32 internal termsHash;
    Phase internal lastPhase;
    uint256 internal fresh;

    struct PersonBefore {
        uint128 entitled;
        uint32 nonce;
        uint32 voteNonce;
        uint32 lastRound;
        /// Whether the client or a quorum has acted on it since.
        bool mayFall;
    }

    /// @dev What only grows, by the books as they were before the handler's present or last action.
    struct Before {
        uint32 round;
        uint32 listVersion;
        uint32 spent;
        mapping(address client => PersonBefore) people;
    }

    Before internal before;
    /// @dev Whether the handler's present or last action reached the task at all, by a call or by money.
    bool internal hasActed = true;

    /// @dev Signed messages that were used or revoked.
    struct Spent {
        bytes data;
        uint256 value;
    }

    Spent[] internal spent;

    modifier acting() {
        hasActed = false;
        (before.round, before.listVersion, before.spent) = (round.number, list.version, uint32(spent.length));
        for (uint256 i; i < PEOPLE; ++i) {
            Person storage person = people[clients[i]];
            before.people[clients[i]] = PersonBefore(
                uint128(person.settled + person.pending), person.nonce, person.voteNonce, person.lastRound, false
            );
        }
        _;
    }

    // ------------------------------------------------------------------------------------------------ creation

    function _createWorld(Policy policy, Currency currency_) internal {
        setUp();
        currency = currency_;
        _makeHostilePeople();
        if (currency == Currency.Coin || currency == Currency.Hostile) owner = address(reentrant);
        if (currency == Currency.Plain) token = address(new PlainToken());
        if (currency == Currency.Silent) token = address(new SilentToken());
        if (currency == Currency.Hostile) token = address(new HostileToken());
        terms.owner = owner;
        terms.token = token;
        terms.policy = policy;
        if (policy == Policy.LeastCost) terms.reservationUtility = 1e15;
        terms.rounds = currency == Currency.Silent ? 2 : 6; // so that sequences come to a last round
        _createFunded();
        money.free = deposits;
        round.since = block.timestamp;
        termsHash = keccak256(abi.encode(terms));
        lastPhase = task.phase();
    }

    function _makeHostilePeople() private {
        (owner, ownerKey) = makeAddrAndKey("owner");
        (address frank, uint256 key) = makeAddrAndKey("frank");
        keyOf[frank] = key;
        vm.deal(frank, 1000 ether);
        address signer;
        (signer, walletKey) = makeAddrAndKey("wallet's signer");
        refuser = new RevertingReceiver();
        reentrant = new ReentrantReceiver();
        wallet = new SignatureWallet(signer);
        clients.push(frank);
        clients.push(address(refuser));
        clients.push(address(reentrant));
        clients.push(address(wallet));
        clients = _sorted(clients);
        vm.deal(address(refuser), 1000 ether);
        vm.deal(address(reentrant), 1000 ether);
        vm.deal(address(wallet), 1000 ether);
        vm.deal(relayer, 1000 ether);
    }

    function _createFunded() private {
        uint256 funds = uint256(terms.budget) * terms.rounds;
        (deposits, forced) = (funds, 0);
        if (token == address(0)) {
            task = _create(terms);
            return;
        }
        _mint(owner, 1000 ether);
        for (uint256 i; i < PEOPLE; ++i) {
            _mint(clients[i], 1000 ether);
        }
        if (currency == Currency.Plain) {
            Permit memory permit = _permit(owner, ownerKey, address(factory), funds);
            vm.prank(owner);
            task = ITask(factory.createTaskWithPermit(terms, permit));
        } else {
            _approve(owner, address(factory), funds);
            vm.prank(owner);
            task = ITask(factory.createTask(terms));
        }
    }

    // ------------------------------------------------------------------------------------------------ currency

    function _mint(address account, uint256 amount) internal {
        PlainToken(token).mint(account, amount); // the silent token's has the same signature
    }

    /// @dev By hand, since one of the tokens returns nothing.
    function _approve(address from, address spender, uint256 amount) internal {
        vm.prank(from);
        (bool success,) = token.call(abi.encodeCall(IERC20.approve, (spender, amount)));
        assertTrue(success, "approve");
    }

    function _permit(address from, uint256 key, address spender, uint256 amount)
        internal
        view
        returns (Permit memory permit)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                from,
                spender,
                amount,
                IERC20Permit(token).nonces(from),
                block.timestamp
            )
        );
        bytes32 digest =
            keccak256(abi.encodePacked(hex"1901", IERC20Permit(token).DOMAIN_SEPARATOR(), structHash));
        permit.deadline = block.timestamp;
        (permit.v, permit.r, permit.s) = vm.sign(key, digest);
    }

    function balanceOf(address account) public view returns (uint256) {
        return token == address(0) ? account.balance : IERC20(token).balanceOf(account);
    }

    /// @dev What a call that brings the bond sends along.
    function _bondValue() internal view returns (uint256) {
        return token == address(0) ? terms.bond : 0;
    }

    /// @dev Whether the currency will not move for `party`, payer or recipient.
    function _isRefusing(address party) internal view returns (bool) {
        if (token == address(0)) return party == address(refuser);
        return mood == Mood.Refuses || mood == Mood.ReturnsFalse || (mood == Mood.Blocks && party == blocked);
    }

    function _setMood(Mood mood_, address blocked_) internal {
        HostileToken hostile = HostileToken(token);
        hostile.setBlocked(blocked, false);
        (mood, blocked) = (mood_, blocked_);
        hostile.setRefusing(mood == Mood.Refuses);
        hostile.setReturningFalse(mood == Mood.ReturnsFalse);
        hostile.setBlocked(blocked, mood == Mood.Blocks);
    }

    /// @dev Makes a hostile token honest again but for whom it blocks: what it withholds nobody else can pay.
    function _calmToken() internal {
        if (currency == Currency.Hostile) _setMood(mood == Mood.Blocks ? Mood.Blocks : Mood.Honest, blocked);
    }

    /// @dev An address that had nothing, so that its balance is what it got.
    function _fresh() internal returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(address(this), ++fresh)))));
    }

    // ------------------------------------------------------------------------------------------------ calls

    /// @dev A call that must succeed; its refusal fails the sequence.
    function _do(address from, uint256 value, bytes memory data, Cause cause) internal {
        (bool success, bytes memory answer) = _call(from, value, data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        _observe(cause);
    }

    function _do(address from, bytes memory data) internal {
        _do(from, 0, data, Cause.Nothing);
    }

    /// @dev A call that must be refused, with exactly this error.
    function _refused(address from, uint256 value, bytes memory data, bytes memory expected) internal {
        (bool success, bytes memory answer) = _call(from, value, data);
        assertFalse(success, "a call that must be refused");
        assertEq(answer, expected, "the reason of a refusal");
        _observe(Cause.Nothing);
    }

    function _refused(address from, bytes memory data, bytes memory expected) internal {
        _refused(from, 0, data, expected);
    }

    function _call(address from, uint256 value, bytes memory data) private returns (bool, bytes memory) {
        vm.prank(from);
        return address(task).call{value: value}(data);
    }

    function _warpTo(uint256 time) internal {
        vm.warp(time);
        _observe(Cause.Time);
    }

    // ------------------------------------------------------------------------------------------------ phases

    /// @dev I16: the phase has moved along an edge that `cause` opens.
    function _observe(Cause cause) internal {
        if (cause != Cause.Time) hasActed = true;
        Phase next = task.phase();
        assertTrue(_isEdge(lastPhase, next, cause), "I16: an edge of the phases");
        lastPhase = next;
    }

    function _isEdge(Phase from, Phase to, Cause cause) private view returns (bool) {
        bool isResting = from == Phase.Joining || from == Phase.Frozen;
        Phase afterEnd = round.number == terms.rounds ? Phase.Over : Phase.Joining;
        if (cause == Cause.Opening) return from == Phase.Frozen && to == Phase.Working;
        if (cause == Cause.Quorum) {
            return from >= Phase.GeneratorProposing && from <= Phase.WorkersProposing && to == afterEnd;
        }
        if (cause == Cause.TimedEnd) return from == Phase.Expired && to == afterEnd;
        if (cause == Cause.Closing) return (isResting || from == Phase.Over) && to == Phase.Over;
        if (cause == Cause.Nothing || from == to) return from == to;
        if (isResting) return to == Phase.Joining || to == Phase.Frozen;
        if (round.generator == address(0)) return from == Phase.Working && to == Phase.Expired;
        return from >= Phase.Working && to > from && to <= Phase.Expired;
    }

    /// @dev The phase that the clock and the ghost's round make.
    function _ghostPhase() internal view returns (Phase) {
        if (!round.isOpen) {
            if (isClosed || round.number == terms.rounds) return Phase.Over;
            uint256 past = (block.timestamp - round.since) % (uint256(terms.joinWindow) + terms.listWindow);
            return past < terms.joinWindow ? Phase.Joining : Phase.Frozen;
        }
        uint256 end = round.since + terms.deadline + terms.grace;
        if (block.timestamp <= end) return Phase.Working;
        if (round.generator == address(0)) return Phase.Expired;
        if (block.timestamp <= end + terms.proposalWindow) return Phase.GeneratorProposing;
        if (block.timestamp <= end + 2 * uint256(terms.proposalWindow)) return Phase.RunnerUpProposing;
        if (block.timestamp <= end + 3 * uint256(terms.proposalWindow)) return Phase.WorkersProposing;
        return Phase.Expired;
    }
}
