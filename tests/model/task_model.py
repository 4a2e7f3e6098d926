"""The whole contract in plain integers and dictionaries: what `contracts/Task.sol` has to do with every call.

No packed slots, no lazy settling, every sum kept on its own. It knows no chain: each call says who calls,
when, and with what value. A refused call raises `Refused` and changes nothing; an accepted one adds what it
has to emit to `events`. Refusals come in the contract's order where a call is wrong in more than one way.

Prices are the mechanism's integers (`bcfl_offchain.mechanism.fixed_point`); other tests hold the contract's
against them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain import mining
from bcfl_offchain.chain.types import (
    ClientState,
    Entry,
    Ledger,
    ListState,
    Phase,
    Report,
    RoundResult,
    RoundState,
    Terms,
    Work,
    address_order,
)
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.puzzle import expected_hashes
from tests.model.records import NOBODY, NOWHERE, Call, Client, List, Refused, Round, Signature


class TaskModel:
    """One task.

    Parameters
    ----------
    address : str
        Of the task, which seeds contain.
    terms : Terms
    created_at : int
    refusing : collection of str
        Addresses that take no coin; a token asks nobody.
    penniless : collection of str
        Clients that have allowed the task nothing of its token.
    """

    def __init__(
        self,
        address: str,
        terms: Terms,
        created_at: int,
        refusing: Collection[str] = (),
        penniless: Collection[str] = (),
    ) -> None:
        self.address, self.terms = address, terms
        self.refusing, self.penniless = refusing, penniless
        self.clients: dict[str, Client] = defaultdict(Client)
        self.list = List()
        self.round: Round | None = None  # the open one
        self.last_round: Round | None = None
        self.number = 0
        self.ended_at = created_at
        self.is_closed = False
        self.global_model = bytes(32)
        self.free = terms.budget * terms.rounds
        self.deposited, self.paid, self.returned, self.bonds, self.burnt = self.free, 0, 0, 0, 0
        self.received: dict[str, int] = defaultdict(int)  # by recipient
        self.events: list[ev.Event] = [ev.Funded(NOWHERE, self.free)]

    # ------------------------------------------------------------------------------------------- views

    def phase(self, now: int) -> Phase:
        terms, round_ = self.terms, self.round
        if round_ is None:
            if self.is_closed or self.number == terms.rounds:
                return Phase.OVER
            since = (now - self.ended_at) % (terms.join_window + terms.list_window)
            return Phase.JOINING if since < terms.join_window else Phase.FROZEN
        work_end = round_.opened_at + terms.deadline + terms.grace
        if now <= work_end:
            return Phase.WORKING
        late = (now - work_end - 1) // terms.proposal_window
        windows = (Phase.GENERATOR_PROPOSING, Phase.RUNNER_UP_PROPOSING, Phase.WORKERS_PROPOSING)
        return windows[late] if round_.scores and late < 3 else Phase.EXPIRED

    def ledger(self) -> Ledger:
        pending = sum(client.pending for client in self.clients.values())
        return Ledger(
            deposited=self.deposited,
            paid=self.paid,
            claimable=pending + sum(client.earned for client in self.clients.values()),
            committed=self.round.committed - pending if self.round else 0,
            free=self.free,
            returned=self.returned,
            bonds=self.bonds,
            burnt=self.burnt,
        )

    def round_state(self) -> RoundState:
        last = self.last_round
        ranking = last.ranking if last else []
        return RoundState(
            number=self.number,
            is_open=self.round is not None,
            opened_at=self.round.opened_at if self.round else 0,
            ended_at=0 if self.round else self.ended_at,
            list_version=last.version if last else 0,
            mining_cap=last.mining_cap if last else 0,
            seed=last.seed if last else bytes(32),
            generator=ranking[0] if ranking else NOBODY,
            runner_up=ranking[1] if len(ranking) > 1 else NOBODY,
        )

    def list_state(self) -> ListState:
        list_ = self.list
        posted, hired = len(list_.entries), len(list_.hired)
        stale, caps = list_.is_stale, list_.training_caps
        return ListState(list_.version, list_.size, posted, hired, stale, caps, list_.hash)

    def client_state(self, address: str) -> ClientState:
        client = self.clients[address]
        return ClientState(
            report=client.report,
            is_member=client.is_member,
            is_admitted=client.is_admitted,
            list_version=client.list_version,
            training_cap=client.entry[0],
            training_frequency=client.entry[1],
            last_round=client.last_round,
            nonce=client.nonce,
            vote_nonce=client.vote_nonce,
            claimable=client.earned,
            pending=client.pending,
        )

    # ------------------------------------------------------------------------------------------- members

    def admit(self, call: Call, clients: Sequence[str]) -> None:
        self._owner(call)
        for client in clients:
            self.clients[client].is_admitted = True
            self._emit(ev.Admitted, client)

    def join(self, call: Call, client: str, report: Report, signature: Signature | None = None) -> None:
        self._signed(call, client, signature)
        self._phase(call, Phase.JOINING)
        if self.clients[client].is_member:
            raise Refused("Task_AlreadyMember", client)
        if not (self.terms.is_open_admission or self.clients[client].is_admitted):
            raise Refused("Task_NotAdmitted", client)
        self._in_range(report)
        bond, is_coin = self.terms.bond, self.terms.token == NOBODY
        if call.value != (bond if is_coin else 0):
            raise Refused("Money_WrongValue", call.value, bond if is_coin else 0)
        if bond and not is_coin and client in self.penniless:
            raise Refused("Money_NotPulled", self.terms.token, client, bond)
        self._use(client, signature)
        self.clients[client].is_member = True
        self.deposited += self.terms.bond
        self.bonds += self.terms.bond
        self._emit(ev.Joined, client, self.terms.bond)
        self._report(client, report)

    def change_report(
        self, call: Call, client: str, report: Report, signature: Signature | None = None
    ) -> None:
        self._signed(call, client, signature)
        self._phase(call, Phase.JOINING)
        self._member(client)
        self._in_range(report)
        self._use(client, signature)
        self._mark_stale(client)
        self._report(client, report)

    def leave(self, call: Call, recipient: str) -> None:
        phase = self.phase(call.now)
        if phase not in (Phase.JOINING, Phase.OVER):
            raise Refused("Task_WrongPhase", phase)
        self._member(call.sender)
        self._can_take(recipient, self.terms.bond)
        self.clients[call.sender].is_member = False
        self._mark_stale(call.sender)
        self.bonds -= self.terms.bond
        self.returned += self.terms.bond
        self.received[recipient] += self.terms.bond
        self._emit(ev.Left, call.sender, recipient, self.terms.bond)

    def revoke_signatures(self, call: Call) -> None:
        client = self.clients[call.sender]
        client.nonce += 1
        client.vote_nonce += 1
        self._emit(ev.SignaturesRevoked, call.sender, client.nonce, client.vote_nonce)

    # ------------------------------------------------------------------------------------------- lists

    def post_entries(self, call: Call, version: int, size: int, entries: Sequence[Entry]) -> None:
        self._owner(call)
        self._between_rounds(call)
        terms, list_ = self.terms, self.list
        is_new = version == list_.version + 1
        if is_new:
            if not terms.min_hired <= size <= terms.max_clients:
                raise Refused("Task_ListSizeOutOfRange", size, terms.min_hired, terms.max_clients)
            list_ = List(version, size)
        elif version == 0 or version != list_.version:
            raise Refused("Task_WrongVersion", version, list_.version)
        elif size != list_.size:
            raise Refused("Task_WrongSize", version, size, list_.size)
        elif len(list_.entries) == size:
            raise Refused("Task_ListComplete", version, size)
        if len(list_.entries) + len(entries) > size:
            raise Refused("Task_ListOverflow", version, len(list_.entries) + len(entries), size)
        new = replace(list_, entries=list(list_.entries))
        for entry in entries:
            self._check_entry(new, entry)
            new.entries.append(entry)
        self.list = new
        for entry in entries:
            client = self.clients[entry.client]
            client.list_version, client.entry = version, (entry.training_cap, entry.training_frequency)
        if is_new:
            self._emit(ev.ListBegun, version, size)
        self._emit(ev.EntriesPosted, version, tuple(entries))

    def _check_entry(self, list_: List, entry: Entry) -> None:
        terms, client, cap = self.terms, entry.client, entry.training_cap
        self._member(client)
        last = list_.entries[-1].client if list_.entries else NOBODY
        if address_order(client) <= address_order(last):
            raise Refused("Task_NotAscending", last, client)
        if not cap:
            if entry.training_frequency:
                raise Refused("Task_NotHiredHasFrequency", client, entry.training_frequency)
            return
        caps, most = list_.training_caps + cap, terms.budget - terms.mining_budget
        if caps > most:
            raise Refused("Task_CapsExceedBudget", caps, most)
        line = self._line(client, cap, list_.size)
        if not line.hired or line.training_frequency != entry.training_frequency:
            raise Refused("Price_", client)  # which of them is for the tests of prices

    def _line(self, client: str, cap: int, size: int) -> fixed_point.Entry:
        report = self.clients[client].report.pricing(self.terms.cycle_unit)
        return fixed_point.line_of_cap(report, self.terms.pricing(), cap, size)

    # ------------------------------------------------------------------------------------------- rounds

    def open_round(self, call: Call, version: int, parent_hash: bytes) -> None:
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
        place = [parent_hash, self.address, self.number, list_.hash]
        seed = keccak(encode(["bytes32", "address", "uint32", "bytes32"], place))
        mining_cap = terms.mining_budget // list_.size
        committed = list_.training_caps + mining_cap * len(list_.hired)
        entries = {entry.client: entry for entry in list_.entries}
        self.round = self.last_round = Round(
            self.number, call.now, version, list_.size, entries, seed, mining_cap, committed
        )
        self.free -= committed
        hired = len(list_.hired)
        self._emit(
            ev.RoundOpened, self.number, version, seed, list_.size, hired, mining_cap, committed
        )

    def submit_work(self, call: Call, client: str, work: Work, signature: Signature | None = None) -> None:
        self._signed(call, client, signature)
        self._phase(call, Phase.WORKING)
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
        self._use(client, signature)
        account.last_round, account.pending = self.number, sum(pays)
        frequencies = work.training_frequency, work.mining_frequency
        nonces = tuple(work.nonces)
        self._emit(ev.WorkSubmitted, self.number, client, work.update_hash, nonces, *frequencies, *pays)
        score = mining.score(puzzle_hashes, hashes)
        if all(score < other for other, _ in round_.scores):
            self._emit(ev.GeneratorChanged, self.number, client, score)
        round_.scores.append((score, client))

    def _pays(self, call: Call, client: str, work: Work, round_: Round) -> tuple[int, int]:
        """Both pays, after all that is checked of the claimed frequencies."""
        terms, report = self.terms, self.clients[client].report
        line = self._line(client, round_.entries[client].training_cap, round_.size)
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

    def propose_model(self, call: Call, model_hash: bytes) -> None:
        self._proposer(call)
        if not any(model_hash):
            raise Refused("Task_ZeroModelHash")
        self._emit(ev.ModelProposed, self.number, call.sender, model_hash)

    def end_round_by_quorum(self, call: Call, result: RoundResult, voters: Collection[str]) -> None:
        """`voters` are those who have signed this result with their present number."""
        self._proposer(call)
        if not any(result.model_hash):
            raise Refused("Task_ZeroModelHash")
        round_ = self.round
        votes = len(set(voters).intersection(round_.hired))
        if 3 * votes <= 2 * len(round_.hired):
            raise Refused("Task_QuorumMissed", votes, len(round_.hired))
        workers = {client for _, client in round_.scores}
        self._ascending_and_among(result.rejected, workers, "Task_NothingToReject")
        self._ascending_and_among(result.forfeited, round_.entries, "Task_NotListed")
        self.global_model = result.model_hash
        cancelled = 0
        for client in result.rejected:
            cancelled += self.clients[client].pending
            self._emit(ev.WorkRejected, self.number, client, self.clients[client].pending)
            self.clients[client].pending = 0
        for client in result.forfeited:
            cancelled += self.clients[client].pending
            self._emit(ev.BondForfeited, self.number, client, self.terms.bond, self.clients[client].pending)
            self.clients[client].pending, self.clients[client].is_member = 0, False
            self.bonds -= self.terms.bond
            self.burnt += self.terms.bond
            self.list.is_stale = True
        self._end(call, result.model_hash, votes)

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

    # ------------------------------------------------------------------------------------------- money

    def claim(self, call: Call, client: str, recipient: str, signature: Signature | None = None) -> None:
        self._signed(call, client, signature)
        amount = self.clients[client].earned
        if not amount:
            raise Refused("Task_NothingToClaim", client)
        self._can_take(recipient, amount)
        self._use(client, signature)
        self.clients[client].earned = 0
        self.paid += amount
        self.received[recipient] += amount
        self._emit(ev.Claimed, client, recipient, amount)

    def close(self, call: Call, recipient: str) -> None:
        self._owner(call)
        self._between_rounds(call)
        self._can_take(recipient, self.free)
        amount, self.free = self.free, 0
        self.is_closed = True
        self.returned += amount
        self.received[recipient] += amount
        self._emit(ev.TaskClosed, recipient, amount)

    # ------------------------------------------------------------------------------------------- helpers

    def _emit(self, kind: type[ev.Event], *fields: Any) -> None:
        self.events.append(kind(NOWHERE, *fields))

    def _owner(self, call: Call) -> None:
        if call.sender != self.terms.owner:
            raise Refused("Task_NotOwner", call.sender, self.terms.owner)

    def _phase(self, call: Call, expected: Phase) -> None:
        if self.phase(call.now) != expected:
            raise Refused("Task_WrongPhase", self.phase(call.now))

    def _between_rounds(self, call: Call) -> None:
        if self.round is not None or self.is_closed:
            raise Refused("Task_WrongPhase", self.phase(call.now))

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

    def _ascending_and_among(self, clients: Sequence[str], those: Collection[str], error: str) -> None:
        previous = NOBODY
        for client in clients:
            if address_order(client) <= address_order(previous):
                raise Refused("Task_NotAscending", previous, client)
            if client not in those:
                raise Refused(error, client, self.number)
            previous = client

    def _member(self, client: str) -> None:
        if not self.clients[client].is_member:
            raise Refused("Task_NotMember", client)

    def _in_range(self, report: Report) -> None:
        most = self.terms.max_training_units
        if not (1 <= report.training_units <= most and report.energy_coefficient and report.max_frequency):
            values = report.training_units, report.energy_coefficient, report.max_frequency
            raise Refused("Task_ReportOutOfRange", *values)

    def _report(self, client: str, report: Report) -> None:
        self.clients[client].report = report
        values = report.training_units, report.energy_coefficient, report.max_frequency
        self._emit(ev.Reported, client, *values)

    def _mark_stale(self, client: str) -> None:
        if client in {entry.client for entry in self.list.entries}:
            self.list.is_stale = True

    def _can_take(self, recipient: str, amount: int) -> None:
        if recipient == NOBODY:
            raise Refused("Money_ZeroRecipient")
        if amount and recipient in self.refusing and self.terms.token == NOBODY:
            raise Refused("Money_NotSent", self.terms.token, recipient, amount)

    def _signed(self, call: Call, client: str, signature: Signature | None) -> None:
        if signature is None:
            return
        if call.now > signature.deadline:
            raise Refused("Task_SignatureExpired", signature.deadline, call.now)
        if signature.nonce != self.clients[client].nonce:
            raise Refused("Task_WrongSignature", client)  # and the digest, which the signer knows

    def _use(self, client: str, signature: Signature | None) -> None:
        self.clients[client].nonce += signature is not None
