"""The model's calls of a round: its opening, its work, its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain import mining
from bcfl_offchain.chain.types import Phase, RoundResult, Work, address_order
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.puzzle import expected_hashes
from tests.model.lists import ListCalls
from tests.model.records import NOBODY, Call, Refused, Round, SignedWork


def work_values(work: Work) -> tuple[Any, ...]:
    """A work's fields as in its signed message."""
    return work.update_hash, work.training_frequency, work.mining_frequency, list(work.nonces)


class RoundCalls(ListCalls):
    """What happens in a round.

    Attributes
    ----------
    parent_hash : bytes
        Hash of the block before the one in which a round opens; of the world outside, like the time.
    """

    parent_hash = bytes(32)

    def open_round(self, call: Call, version: int) -> None:
        self._owner(call)
        self._phase(call, Phase.FROZEN)
        list_, terms = self.list, self.terms
        if version == 0 or version != list_.version:
            raise Refused("Task_WrongVersion", version, list_.version)
        if list_.is_stale:
            raise Refused("Task_ListStale", version)
        if len(list_.entries) != list_.size:
            raise Refused("Task_ListIncomplete", version, len(list_.entries), list_.size)
        if len(list_.hired) < terms.min_hired:
            raise Refused("Task_TooFewHired", len(list_.hired), terms.min_hired)
        self.number += 1
        place = [self.parent_hash, self.address, self.number, list_.hash]
        seed = keccak(encode(["bytes32", "address", "uint32", "bytes32"], place))[:24] + bytes(8)
        mining_cap = terms.mining_budget // list_.size
        committed = list_.training_caps + mining_cap * len(list_.hired)
        entries = {entry.client: entry for entry in list_.entries}
        self.round = self.last_round = Round(
            self.number, call.now, version, list_.size, entries, seed, mining_cap, committed
        )
        self.free -= committed
        hired = len(list_.hired)
        self._emit(ev.RoundOpened, self.number, version, seed, list_.size, hired, mining_cap, committed)

    # ------------------------------------------------------------------------------------------- work

    def submit_work(self, call: Call, work: Work) -> None:
        self._phase(call, Phase.WORKING)
        self._work(call, call.sender, work)

    def submit_work_for(self, call: Call, client: str, work: Work, deadline: int, signature: bytes) -> None:
        values = self.round_state().seed, *work_values(work)
        self._use(call, "SubmitWork", client, values, deadline, signature)
        self._phase(call, Phase.WORKING)
        self._work(call, client, work)

    def submit_works(self, call: Call, works: Sequence[SignedWork]) -> int:
        self._phase(call, Phase.WORKING)
        skipped = 0
        for index, signed in enumerate(works):
            try:
                self._signed_work(call, signed)
            except Refused as refusal:
                skipped += 1
                self._emit(ev.WorkSkipped, self.number, signed.client, index, refusal.data)
        return skipped

    def _signed_work(self, call: Call, signed: SignedWork) -> None:
        """One of a batch: an account's, for wallets are not asked. Refused, it has changed nothing."""
        client, values = signed.client, (self.round.seed, *work_values(signed.work))
        digest = self._signed_digest(call, "SubmitWork", client, values, signed.deadline)
        if client == NOBODY or self.signatures.signer(digest, b"".join(signed.signature)) != client:
            raise Refused("Task_WrongSignature", client, digest)
        self._work(call, client, signed.work)
        self.clients[client].nonce += 1

    def _work(self, call: Call, client: str, work: Work) -> None:
        """Refused, it has changed nothing."""
        round_, account = self.round, self.clients[client]
        if account.last_round == self.number:
            raise Refused("Task_AlreadySubmitted", client, self.number)
        if client not in round_.hired:
            raise Refused("Task_NotHired", client, self.number)
        pays = self._pays(call, client, work, round_)
        hashes = expected_hashes(self.terms.mining_cycles, self.terms.cycles_per_hash)
        challenge = mining.challenge(self.address, round_.seed, client, work.update_hash)
        puzzle_hashes = mining.puzzle_hashes(challenge, work.nonces)
        for index, puzzle_hash in enumerate(puzzle_hashes):
            if puzzle_hash >= mining.threshold(hashes):
                raise Refused("Puzzle_NotSolved", index, puzzle_hash, mining.threshold(hashes))
        account.last_round, account.pending = self.number, sum(pays)
        frequencies = work.training_frequency, work.mining_frequency
        nonces = tuple(work.nonces)
        self._emit(ev.WorkSubmitted, self.number, client, work.update_hash, nonces, *frequencies, *pays)
        round_.scores.append((mining.score(puzzle_hashes, hashes), client))

    def _pays(self, call: Call, client: str, work: Work, round_: Round) -> tuple[int, int]:
        """Both pays, after all that is checked of the claimed frequencies."""
        terms, report = self.terms, self.clients[client].report
        line = self.line(client, round_.entries[client].training_cap, round_.size)
        q_t, q_m, most = work.training_frequency, work.mining_frequency, report.max_frequency
        for q in (q_t, q_m):
            if not 1 <= q <= most:
                raise Refused("Task_FrequencyOutOfRange", q, most)
        for price, q in ((line.training_price, q_t), (line.mining_price, q_m)):
            least = -(-report.energy_coefficient * q**3 // 10**54)
            if price < least:
                raise Refused("Task_EnergyNotCovered", price, q, least)
        cycles = report.training_units * terms.cycle_unit
        claimed = -(-(10**9) * (cycles * q_m + terms.mining_cycles * q_t) // (q_t * q_m))
        if claimed > terms.deadline:
            raise Refused("Task_DeadlineExceeded", claimed, terms.deadline)
        if claimed > call.now - round_.opened_at:
            raise Refused("Task_TimeNotPassed", claimed, call.now - round_.opened_at)
        return fixed_point.work_pay(report.pricing(terms.cycle_unit), line, terms.pricing(), q_t, q_m)

    # ------------------------------------------------------------------------------------------- the end

    def propose_model(self, call: Call, model_hash: bytes) -> None:
        self._proposer(call)
        if not any(model_hash):
            raise Refused("Task_ZeroModelHash")
        self._emit(ev.ModelProposed, self.number, call.sender, model_hash)

    def end_round_by_quorum(
        self,
        call: Call,
        result: RoundResult,
        ballots: Sequence[tuple[int, Sequence[tuple[bytes, bytes]]]],
        wallet_votes: Sequence[tuple[str, bytes]],
    ) -> None:
        self._proposer(call)
        if not any(result.model_hash):
            raise Refused("Task_ZeroModelHash")
        round_ = self.round
        votes = len(self._ballot_voters(result, ballots)) + len(self._wallet_voters(result, wallet_votes))
        if 3 * votes <= 2 * len(round_.hired):
            raise Refused("Task_QuorumMissed", votes, len(round_.hired))
        workers = {client for _, client in round_.scores}
        self._ascending_and_among(result.rejected, workers, "Task_NothingToReject")
        self._ascending_and_among(result.forfeited, round_.entries, "Task_NotListed")
        self.global_model = result.model_hash
        for client in result.rejected:
            self._emit(ev.WorkRejected, self.number, client, self.clients[client].pending)
            self.clients[client].pending = 0
        for client in result.forfeited:
            self._emit(ev.BondForfeited, self.number, client, self.terms.bond, self.clients[client].pending)
            self.clients[client].pending, self.clients[client].is_member = 0, False
            self.bonds -= self.terms.bond
            self.burnt += self.terms.bond
            self.list.is_stale = True
        self._end(call, result.model_hash, votes)

    def _ballot_voters(
        self, result: RoundResult, ballots: Sequence[tuple[int, Sequence[tuple[bytes, bytes]]]]
    ) -> set[str]:
        """Hired accounts whose vote holds; in each ballot only those above all before them that counted."""
        voters: set[str] = set()
        for number, (nonce, signatures) in enumerate(ballots):
            if number and nonce <= ballots[number - 1][0]:
                raise Refused("Task_BallotsNotAscending", ballots[number - 1][0], nonce)
            digest, previous = self.vote_digest(result, nonce), NOBODY
            for signature in signatures:
                signer = self.signatures.signer(digest, b"".join(signature))
                counts = signer in self.round.hired and self.clients[signer].vote_nonce == nonce
                if counts and address_order(signer) > address_order(previous):
                    voters.add(signer)
                    previous = signer
        return voters

    def _wallet_voters(self, result: RoundResult, votes: Sequence[tuple[str, bytes]]) -> set[str]:
        """Hired contracts that say yes."""
        voters: set[str] = set()
        previous = NOBODY
        for signer, signature in votes:
            if address_order(signer) <= address_order(previous):
                raise Refused("Task_NotAscending", previous, signer)
            previous = signer
            digest = self.vote_digest(result, self.clients[signer].vote_nonce)
            agrees = self.signatures.wallet_agrees(signer, digest, signature)
            # A key votes in a ballot.
            if agrees and signer in self.round.hired and not self.signatures.wallets[signer].has_own_key:
                voters.add(signer)
        return voters

    def vote_digest(self, result: RoundResult, nonce: int) -> bytes:
        """What a client with this number signs."""
        seed = self.round_state().seed
        sets = list(result.rejected), list(result.forfeited)
        values = self.number, seed, result.model_hash, *sets, nonce
        return self.signatures.digest(self.address, "RoundResult", *values)

    def end_round_by_time(self, call: Call) -> None:
        self._phase(call, Phase.EXPIRED)
        self._end(call, bytes(32), 0)

    def _end(self, call: Call, model_hash: bytes, votes: int) -> None:
        earned = sum(client.pending for client in self.clients.values())
        refunded = self.round.committed - earned
        for client in self.clients.values():
            client.earned, client.pending = client.earned + client.pending, 0
        self.free += refunded
        self.round, self.ended_at = None, call.now
        self._emit(ev.RoundEnded, self.number, model_hash, votes, refunded)

    def _proposer(self, call: Call) -> None:
        phase = self.phase(call.now)
        ranking = self.round.ranking if self.round else []
        entitled = {
            Phase.GENERATOR_PROPOSING: ranking[:1],
            Phase.RUNNER_UP_PROPOSING: ranking[1:2],
            Phase.WORKERS_PROPOSING: ranking,
        }
        if phase not in entitled:
            raise Refused("Task_WrongPhase", phase)
        if call.sender not in entitled[phase]:
            raise Refused("Task_NotProposer", call.sender, phase)
