// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";
import {IRelay} from "../../../contracts/interfaces/IRelay.sol";
import {ITask, Phase, SignedWork, Work} from "../../../contracts/interfaces/ITask.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";
import {Messages} from "../Messages.sol";
import {Quorum} from "./Quorum.sol";
import {Cause} from "./World.sol";

/// @notice What clients sign and a relayer sends: good messages among expired, forged, foreign and used ones.
abstract contract Signed is Quorum {
    enum Kind {
        Join,
        Change,
        Work,
        Claim
    }

    enum Quality {
        Good,
        Expired,
        WrongSigner,
        WrongNonce,
        OtherTask
    }

    struct Message {
        address client;
        Kind kind;
        Quality quality;
        uint32 units;
        address recipient;
        Work work;
        bool isGood;
    }

    // ------------------------------------------------------------------------------------------------ a batch

    /// @dev One message a client at most, and a used one at the end.
    function relay(uint256 seed) external acting {
        if (lastPhase == Phase.Working && seed % 2 == 0) return _relayWorks(seed >> 1);
        bool isJoining = lastPhase == Phase.Joining && seed % 2 == 0;
        Message[] memory messages = new Message[](PEOPLE);
        bytes[] memory calls = new bytes[](PEOPLE + 1);
        uint256 length;
        uint256 good;
        for (uint256 i; i < PEOPLE; ++i) {
            (bool isOne, Message memory message) = _message(clients[i], isJoining, seed >> 8);
            if (!isOne) continue;
            calls[length] = _encode(message);
            messages[length++] = message;
            if (message.isGood) ++good;
        }
        uint256 sent = length;
        if (spent.length != 0) calls[sent++] = spent[seed / 2 % spent.length].data;
        assembly ("memory-safe") {
            mstore(calls, sent)
        }
        vm.recordLogs();
        _send(calls, isJoining ? _bondValue() : 0, good);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < length; ++i) {
            if (messages[i].isGood) _record(messages[i], calls[i], logs);
            else ++count[_reason(messages[i].quality)];
        }
    }

    /// @dev Work of the hired in one call, which takes that of accounts only. One is brought twice.
    function _relayWorks(uint256 seed) private {
        Message[] memory messages = new Message[](PEOPLE);
        SignedWork[] memory works = new SignedWork[](PEOPLE + 1);
        uint256 length;
        uint256 good;
        for (uint256 i; i < PEOPLE; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, clients[i])));
            if (!_isHired(clients[i]) || draw % 4 == 0) continue;
            Message memory message = _workMessage(clients[i], draw >> 8);
            message.isGood = message.quality == Quality.Good && keyOf[clients[i]] != 0 && _mayWork(clients[i]);
            works[length] = _signedWork(message);
            messages[length++] = message;
            if (message.isGood) ++good;
        }
        if (length == 0) return;
        works[length] = works[seed % length];
        assembly ("memory-safe") {
            mstore(works, add(length, 1))
        }
        vm.recordLogs();
        vm.prank(relayer);
        uint256 skipped = task.submitWorks(works);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(skipped, length + 1 - good, "skipped");
        _observe(Cause.Nothing);
        for (uint256 i; i < length; ++i) {
            if (messages[i].isGood) {
                _record(messages[i], _encode(messages[i]), logs);
                ++count["relayed work of a batch"];
            } else {
                ++count["work of a batch skipped"];
            }
        }
    }

    function _workMessage(address client, uint256 draw) private returns (Message memory message) {
        message.client = client;
        message.kind = Kind.Work;
        message.quality = _quality(draw);
        message.work = _workBy(client, draw >> 8);
    }

    /// @dev Good in five of eight cases.
    function _quality(uint256 draw) private pure returns (Quality) {
        return draw % 8 < 5 ? Quality.Good : Quality(draw % 8 - 4 + draw / 8 % 2);
    }

    function _signedWork(Message memory message) private view returns (SignedWork memory) {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _sign(message);
        bytes32 vs = bytes32(uint256(s) | uint256(v - 27) << 255);
        return SignedWork(message.client, message.work, deadline, [r, vs]);
    }

    function _send(bytes[] memory calls, uint256 value, uint256 good) private {
        uint256 held = relayer.balance;
        IRelay relay_ = IRelay(factory.relay());
        vm.prank(relayer);
        uint256 skipped = relay_.relay{value: value * calls.length}(address(task), value, calls);
        assertEq(skipped, calls.length - good, "skipped");
        assertEq(held - relayer.balance, value * good, "what refused calls did not take is sent back");
        _observe(Cause.Nothing);
    }

    function _reason(Quality quality) private pure returns (string memory) {
        if (quality == Quality.Good) return "relayed: refused by wallet, token or state";
        if (quality == Quality.Expired) return "relayed: expired";
        if (quality == Quality.WrongSigner) return "relayed: wrong signer";
        return quality == Quality.WrongNonce ? "relayed: wrong nonce" : "relayed: other task";
    }

    /// @dev What `client` may be relayed for now, well signed in half of the cases.
    function _message(address client, bool isJoining, uint256 seed) private returns (bool, Message memory message) {
        Person memory person = people[client];
        uint256 draw = uint256(keccak256(abi.encode(seed, client)));
        message.client = client;
        message.units = _units(draw >> 8);
        message.quality = _quality(draw);
        if (isJoining) {
            if (person.isMember) return (false, message);
            message.kind = Kind.Join;
            if (token != address(0)) _approve(client, address(task), terms.bond);
        } else if (lastPhase == Phase.Joining && person.isMember && draw / 16 % 2 == 0) {
            message.kind = Kind.Change;
        } else if (lastPhase == Phase.Working && _isHired(client) && (_mayWork(client) || draw / 16 % 2 == 0)) {
            message.kind = Kind.Work;
            message.work = _workBy(client, draw / 32);
        } else {
            if (person.settled == 0 && draw / 32 % 8 != 0) return (false, message);
            message.kind = Kind.Claim;
            message.recipient = _fresh();
        }
        message.isGood = message.quality == Quality.Good && _canSign(client) && _isPossible(message);
        return (true, message);
    }

    function _canSign(address client) private view returns (bool) {
        if (client == address(wallet)) return wallet.manner() == SignatureWallet.Manner.Honest;
        return keyOf[client] != 0;
    }

    function _isPossible(Message memory message) private view returns (bool) {
        if (message.kind == Kind.Join) return token == address(0) || !_isRefusing(message.client);
        if (message.kind == Kind.Work) return _mayWork(message.client);
        if (message.kind == Kind.Change) return true;
        return people[message.client].settled != 0 && !_isRefusing(message.recipient);
    }

    function _record(Message memory message, bytes memory data, Vm.Log[] memory logs) private {
        address client = message.client;
        ++people[client].nonce;
        spent.push(Spent(data, message.kind == Kind.Join ? _bondValue() : 0));
        if (client == address(wallet)) ++count["relayed for the wallet"];
        if (message.kind == Kind.Join) {
            _ghostJoin(client, message.units);
            deposits += terms.bond;
            ++count["relayed join"];
        } else if (message.kind == Kind.Change) {
            _ghostChange(client, message.units);
            ++count["relayed change"];
        } else if (message.kind == Kind.Work) {
            _recordWork(client, message.work, logs);
            ++count["relayed work"];
        } else {
            before.people[client].mayFall = true;
            _ghostClaim(client, balanceOf(message.recipient));
            ++count["relayed claim"];
        }
    }

    // ------------------------------------------------------------------------------------------------ signing

    function _encode(Message memory message) private view returns (bytes memory) {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _sign(message);
        return _callFor(message, deadline, abi.encodePacked(r, s, v));
    }

    function _sign(Message memory message)
        private
        view
        returns (uint256 deadline, uint8 v, bytes32 r, bytes32 s)
    {
        uint32 nonce = people[message.client].nonce + (message.quality == Quality.WrongNonce ? 1 : 0);
        deadline = message.quality == Quality.Expired ? block.timestamp - 1 : type(uint256).max;
        address verifier = message.quality == Quality.OtherTask ? address(factory) : address(task);
        uint256 key = message.client == address(wallet) ? walletKey : keyOf[message.client];
        // Contracts have no key, so that whatever they are said to have signed is forged.
        if (message.quality == Quality.WrongSigner || key == 0) key = ownerKey;
        bytes32 digest = Messages.digest(verifier, _structHash(message, nonce, deadline));
        (v, r, s) = vm.sign(key, digest);
    }

    function _callFor(Message memory message, uint256 deadline, bytes memory signature)
        private
        pure
        returns (bytes memory)
    {
        address client = message.client;
        if (message.kind == Kind.Join) {
            return abi.encodeCall(ITask.joinTaskFor, (client, _report(message.units), deadline, signature));
        }
        if (message.kind == Kind.Change) {
            return abi.encodeCall(ITask.changeReportFor, (client, _report(message.units), deadline, signature));
        }
        if (message.kind == Kind.Work) {
            return abi.encodeCall(ITask.submitWorkFor, (client, message.work, deadline, signature));
        }
        return abi.encodeCall(ITask.claimFor, (client, message.recipient, deadline, signature));
    }

    function _structHash(Message memory message, uint32 nonce, uint256 deadline) private view returns (bytes32) {
        address client = message.client;
        if (message.kind == Kind.Claim) return Messages.claim(client, message.recipient, nonce, deadline);
        if (message.kind == Kind.Work) {
            return Messages.work(client, task.roundState().seed, message.work, nonce, deadline);
        }
        string memory name = message.kind == Kind.Join ? "JoinTask" : "ChangeReport";
        return Messages.report(name, client, _report(message.units), nonce, deadline);
    }

    // ------------------------------------------------------------------------------------------------ revoking

    /// @dev A claim that was signed before serves nobody after, nor does one that was numbered ahead.
    function _revoke(uint256 seed) internal {
        Message memory message;
        message.client = _pick(seed);
        message.kind = Kind.Claim;
        message.recipient = _fresh();
        bytes memory data = _encode(message);
        message.quality = Quality.WrongNonce;
        bytes memory ahead = _encode(message);
        _do(message.client, abi.encodeCall(ITask.revokeSignatures, ()));
        people[message.client].nonce += 2 ** 16;
        ++people[message.client].voteNonce;
        spent.push(Spent(data, 0));
        spent.push(Spent(ahead, 0));
        ++count["revoke"];
    }
}
