// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ballot, ITask, Phase, RoundResult, WalletVote, Work} from "../../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../../contracts/interfaces/BcflErrors.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";
import {Actions} from "./Actions.sol";
import {Cause} from "./World.sol";

/// @notice How rounds end: by votes, some of them worthless, or by time.
abstract contract Quorum is Actions {
    /// @dev The last call that ended a round by quorum, tried again in later rounds.
    bytes internal lastVotes;

    function endByQuorum(uint256 seed) external acting {
        if (!round.isOpen || round.generator == address(0) || lastPhase == Phase.Expired) return;
        if (lastPhase == Phase.Working) _warpTo(_workEnd() + 1 + seed % 3 * terms.proposalWindow);
        address proposer = _proposer(seed / 16);
        if (proposer == address(0)) return;

        if (seed % 4 == 1) _proposeOutOfTurn(_pick(seed / 4));
        if (lastVotes.length != 0) {
            _refused(proposer, lastVotes, _missed(0));
            ++count["votes of an earlier round"];
        }
        _do(proposer, abi.encodeCall(ITask.proposeModel, (MODEL)));
        RoundResult memory result = _verdicts(seed);
        (bytes memory data, uint256 votes) = _signed(result, seed);
        if (votes * 3 <= list.hired * 2) {
            _refused(proposer, data, _missed(votes));
            ++count["quorum missed"];
            return;
        }
        _do(proposer, 0, data, Cause.Quorum);
        lastVotes = data;
        ++count[round.number == terms.rounds ? "last round ended by quorum" : "ended by quorum"];
        _recordVerdicts(result);
    }

    /// @dev Whose window it is, at last any worker's; nobody's where a single one has worked.
    function _proposer(uint256 seed) private returns (address proposer) {
        if (lastPhase == Phase.GeneratorProposing) return round.generator;
        if (lastPhase == Phase.RunnerUpProposing) return round.runnerUp;
        for (uint256 i; proposer == address(0); ++i) {
            address client = _pick(seed % PEOPLE + i);
            if (people[client].lastRound == round.number) proposer = client;
        }
        if (proposer != round.generator && proposer != round.runnerUp) ++count["proposed by any worker"];
    }

    /// @dev In a proposing phase, by who may not propose in it. Work is late by then.
    function _proposeOutOfTurn(address client) private {
        bytes memory reason = _wrongPhase(lastPhase);
        _refused(client, abi.encodeCall(ITask.submitWork, (Work(MODEL, 1e18, 1e18, [uint256(0), 0]))), reason);
        ++count["late work refused"];
        if (lastPhase == Phase.GeneratorProposing && client == round.generator) return;
        if (lastPhase == Phase.RunnerUpProposing && client == round.runnerUp) return;
        if (lastPhase == Phase.WorkersProposing && people[client].lastRound == round.number) return;
        reason = abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, client, lastPhase);
        _refused(client, abi.encodeCall(ITask.proposeModel, (MODEL)), reason);
        _refused(client, abi.encodeCall(ITask.endRoundByQuorum, (_result(), _noVotes(), _noWallets())), reason);
        ++count["proposal out of turn refused"];
    }

    function _missed(uint256 votes) private view returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, votes, list.hired);
    }

    /// @dev About a quarter of the workers are rejected, an eighth of the listed forfeited.
    function _verdicts(uint256 seed) private view returns (RoundResult memory) {
        address[] memory rejected = new address[](PEOPLE);
        address[] memory forfeited = new address[](PEOPLE);
        uint256 r;
        uint256 f;
        for (uint256 i; i < PEOPLE; ++i) {
            uint256 draw = uint256(keccak256(abi.encode("verdict", seed, i)));
            if (people[clients[i]].lastRound == round.number && draw % 4 == 0) rejected[r++] = clients[i];
            if (people[clients[i]].listVersion == list.version && draw / 4 % 8 == 0) forfeited[f++] = clients[i];
        }
        assembly ("memory-safe") {
            mstore(rejected, r)
            mstore(forfeited, f)
        }
        return RoundResult(keccak256(abi.encode("model", seed)), rejected, forfeited);
    }

    /// @dev In a quarter of the cases some stay away, sign twice, or sign what nobody can read; members who are not
    /// hired sign as well. Returns the call and the votes that count.
    function _signed(RoundResult memory result, uint256 seed) private returns (bytes memory, uint256 votes) {
        address[] memory signers = new address[](2 * PEOPLE);
        uint256 length;
        for (uint256 i; i < PEOPLE; ++i) {
            if (keyOf[clients[i]] == 0) continue;
            uint256 draw = seed % 4 != 0 ? 7 : uint256(keccak256(abi.encode("vote", seed, i))) % 8;
            if (draw == 0) continue;
            signers[length++] = clients[i];
            if (_isHired(clients[i])) ++votes;
            if (draw == 1) signers[length++] = clients[i];
        }
        assembly ("memory-safe") {
            mstore(signers, length)
        }
        Ballot[] memory ballots = _votes(signers, result);
        if (seed % 8 == 4 && votes != 0) votes -= _garble(ballots, signers);
        WalletVote[] memory walletVotes = _walletVotes(result, seed);
        if (_isHired(address(wallet)) && wallet.manner() == SignatureWallet.Manner.Honest) ++votes;
        return (abi.encodeCall(ITask.endRoundByQuorum, (result, ballots, walletVotes)), votes);
    }

    /// @dev Spoils the first ballot's first signature, which is the first of its signers': returns the votes lost.
    function _garble(Ballot[] memory ballots, address[] memory signers) private returns (uint256 lost) {
        if (ballots[0].signatures.length == 0) return 0;
        ballots[0].signatures[0][0] ^= bytes32(uint256(1));
        ++count["vote garbled"];
        address spoilt;
        uint256 copies;
        for (uint256 i; i < signers.length; ++i) {
            if (people[signers[i]].voteNonce != 0) continue;
            if (spoilt == address(0)) spoilt = signers[i];
            if (signers[i] == spoilt) ++copies;
        }
        return copies == 1 && _isHired(spoilt) ? 1 : 0; // a second copy still counts
    }

    /// @dev The wallet's vote and, beside it, one of an account in the same form, which counts for nothing.
    function _walletVotes(RoundResult memory result, uint256 seed) private returns (WalletVote[] memory votes) {
        address account = clients[seed / 8 % PEOPLE];
        bool isDoubled = seed % 4 == 0 && keyOf[account] != 0;
        votes = new WalletVote[](isDoubled ? 2 : 1);
        uint32 nonce = people[address(wallet)].voteNonce;
        WalletVote memory own = WalletVote(address(wallet), _plain(walletKey, result, nonce));
        votes[0] = own;
        if (!isDoubled) return votes;
        WalletVote memory other = WalletVote(account, _plain(keyOf[account], result, people[account].voteNonce));
        bool isFirst = account < address(wallet);
        (votes[0], votes[1]) = isFirst ? (other, own) : (own, other);
        ++count["account as wallet"];
    }

    function _plain(uint256 key, RoundResult memory result, uint32 nonce) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, task.voteDigest(result, nonce));
        return abi.encodePacked(r, s, v);
    }

    function _recordVerdicts(RoundResult memory result) private {
        for (uint256 i; i < result.rejected.length; ++i) {
            before.people[result.rejected[i]].mayFall = true;
            _ghostCancel(result.rejected[i]);
            ++count["rejected"];
        }
        for (uint256 i; i < result.forfeited.length; ++i) {
            before.people[result.forfeited[i]].mayFall = true;
            _ghostForfeit(result.forfeited[i]);
            ++count["forfeited"];
        }
        _ghostEnd(clients);
    }

    function endByTime(uint256 seed) external acting {
        if (!round.isOpen) return;
        if (lastPhase == Phase.Working && seed % 4 != 0) return; // let more work come
        if (lastPhase != Phase.Expired && seed % 2 != 0) return; // and a quorum form
        if (lastPhase != Phase.Expired) _warpTo(_workEnd() + 1 + 3 * uint256(terms.proposalWindow));
        _do(mallory, 0, abi.encodeCall(ITask.endRoundByTime, ()), Cause.TimedEnd);
        bool isLast = round.number == terms.rounds && round.generator != address(0);
        ++count[isLast ? "last round ended by time" : round.generator == address(0) ? "ended without work" : "ended by time"];
        _ghostEnd(clients);
    }
}
