"""One life of a task on the model and on the chain: what may happen, and how the two are compared."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from eth_utils import keccak, to_checksum_address
from hypothesis import strategies as st

from bcfl_offchain.chain import mining, rebuild
from bcfl_offchain.chain.interface import TASK_ABI
from bcfl_offchain.chain.types import Entry, Policy, Report, RoundResult, Terms, Work
from bcfl_offchain.mechanism import fixed_point
from tests.chain.devnet import account
from tests.contracts.support import votes
from tests.contracts.support.terms import PAPER_ENERGY_COEFFICIENT
from tests.contracts.support.terms import Terms as DefaultTerms
from tests.model.chain_side import Chain, ChainTask, work_values
from tests.model.records import NOBODY, Call, Refused, Signature
from tests.model.task_model import TaskModel

CLIENTS = 5
# Numbers of the node's accounts; clients are 1 to CLIENTS.
OWNER, STRANGER, PENNILESS = 0, CLIENTS + 1, CLIENTS
DAY = 24 * 3600


ACCOUNTS = [account(number) for number in range(CLIENTS + 2)]
PEOPLE = [each.address for each in ACCOUNTS]
PURSES = [to_checksum_address(keccak(text=f"purse {number}")[-20:]) for number in range(3)]

people = st.integers(1, CLIENTS + 1)
clients = st.integers(1, CLIENTS)
# Mostly somebody's purse; now and then nobody, or a contract that takes no coin.
recipients = st.sampled_from([*PURSES, *PURSES, "nobody", "refuses"])
reports = st.builds(
    Report,
    st.sampled_from([10, 8, 13, 5, 14, 2, 20]),
    st.sampled_from([PAPER_ENERGY_COEFFICIENT, PAPER_ENERGY_COEFFICIENT + 12345]),
    st.sampled_from([40 * 10**18, 20 * 10**18]),
)
bad_reports = st.sampled_from([Report(0, 1, 1), Report(21, 1, 1), Report(1, 0, 1), Report(1, 1, 0)])
# How a client's message gets to the contract: by itself, or signed and sent by the stranger.
ways = st.sampled_from(["itself", "itself", "signed", "signed", "number used", "too late", "another's"])

BEGINNING = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(list(Policy)),
        "is_coin": st.booleans(),
        "is_open": st.booleans(),
        "bond": st.sampled_from([0, 10**16 + 1]),
        "rounds": st.integers(2, 4),
        "min_hired": st.sampled_from([1, 1, 2, 3]),
        "some": st.sampled_from([(1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5)]),
        "given": st.lists(reports, min_size=CLIENTS, max_size=CLIENTS),
    }
)
RULES: list[st.SearchStrategy] = []


def rule(weight: int = 1, **arguments: st.SearchStrategy) -> Callable[[Any], Any]:
    """A step that may come at any time, as often as others times its weight."""

    def register(method: Any) -> Any:
        named = st.tuples(st.just(method.__name__), st.fixed_dictionaries(arguments))
        RULES.extend([named] * weight)
        return method

    return register


class Life:
    """One life of a task."""

    def __init__(self, chain: Chain, policy, is_coin, is_open, bond, rounds, min_hired, some, given) -> None:
        self.chain = chain
        default = DefaultTerms(PEOPLE[OWNER])._replace(
            policy=policy,
            token=NOBODY if is_coin else self.chain.token.address,
            is_open_admission=is_open,
            bond=bond,
            rounds=rounds,
            min_hired=min_hired,
            reservation_utility=10**14 if policy is Policy.LEAST_COST else 0,
            grace=60,
            join_window=600,
            list_window=300,
            proposal_window=100,
        )
        self.terms = Terms(*default)
        self.now = self.chain.now() + DAY
        task = self.chain.create(self.now, self.terms)
        self.model = TaskModel(
            task, self.terms, self.now, {self.chain.factory.address}, set(PEOPLE[PENNILESS:])
        )
        self.seen = len(self.model.events)
        self.now += 1
        if not is_coin:
            self.now = self.chain.equip(self.now, task, PEOPLE[1:PENNILESS], max(bond, 1))
        token = None if is_coin else self.chain.token
        self.task = ChainTask(self.chain.node, self.chain.node.contract(task, TASK_ABI), token)
        self.before = self._holdings()
        self.forced = 0
        self.step(OWNER, "admit", [PEOPLE[number] for number in range(1, CLIENTS + 1)])
        for number, report in zip(some, given):
            self.play_join(number, report, "itself", 0)

    # ------------------------------------------------------------------------------------------- one step

    def step(
        self, sender: int, function: str, *args: Any, model: Any = None, chain: Any = None, value: int = 0
    ) -> bool:
        """The same call on both sides; whether it is accepted.

        `model` and `chain` are the arguments where the two take them differently.
        """
        call = Call(PEOPLE[sender], self.now, value)
        method, name = _METHODS[function]
        try:
            getattr(self.model, method)(call, *(args if model is None else model))
            expected = None
        except Refused as refusal:
            expected = refusal
        answer = self.task.call(self.now, PEOPLE[sender], name, args if chain is None else chain, value)
        if expected is not None:
            assert answer.error is not None, f"the contract accepts what the model refuses: {expected}"
            assert answer.error.startswith(expected.error) and (
                answer.error == expected.error or expected.error == "Price_"
            ), (answer, expected)
            assert answer.values[: len(expected.values)] == expected.values, (answer, expected)
            return False
        assert answer.error is None, answer
        assert list(answer.events) == self.model.events[self.seen :]
        self.seen = len(self.model.events)
        self.now += 1
        self.agree()
        return True

    def agree(self):
        """Whatever can be read of the contract is what the model says, and so is what everybody holds."""
        found, model = self.task.views(self.now, PEOPLE, self._holders()), self.model
        assert found.phase == model.phase(self.now)
        assert found.ledger == model.ledger() and found.ledger.balanced
        assert found.round == model.round_state()
        assert found.list == model.list_state()
        assert found.global_model == model.global_model
        assert found.clients == tuple(model.client_state(client) for client in PEOPLE)
        held, *received = [now - then for now, then in zip(found.balances, self.before)]
        assert received == [model.received[purse] for purse in PURSES]
        # What it held at first is the funds.
        paid_in = model.deposited - self.terms.budget * self.terms.rounds
        assert held == paid_in - model.paid - model.returned + self.forced

    def _holders(self) -> list[str]:
        return [self.model.address, *PURSES]

    def _holdings(self) -> tuple[int, ...]:
        return self.task.views(self.now, [], self._holders()).balances

    def recipient(self, name: str) -> str:
        return {"nobody": NOBODY, "refuses": self.chain.factory.address}.get(name, name)

    # ------------------------------------------------------------------------------------------- the clock

    @rule(
        where=st.sampled_from(["joining", "frozen", "deadline", "work end", 1, 2, 3]), off=st.integers(-1, 2)
    )
    def wait(self, where, off):
        self.now = max(self.now, self.moment(where) + off)

    @rule(seconds=st.integers(1, 2 * DAY))
    def wait_long(self, seconds):
        self.now += seconds

    def moment(self, where: Any) -> int:
        """The next time at which something changes: between rounds a window, in a round the end of one."""
        terms, model = self.terms, self.model
        if model.round is None:
            cycle = terms.join_window + terms.list_window
            start = model.ended_at + (terms.join_window if where == "frozen" else 0)
            return start + max(0, -(-(self.now - start) // cycle)) * cycle
        if where == "deadline":
            return model.round.opened_at + terms.deadline
        work_end = model.round.opened_at + terms.deadline + terms.grace
        return work_end + 1 + terms.proposal_window * (where if isinstance(where, int) else 0)

    # ------------------------------------------------------------------------------------------- members

    @rule(number=people, report=reports | bad_reports, way=ways, off=st.sampled_from([0, 0, 0, 1, -1]))
    def join(self, number, report, way, off):
        self.play_join(number, report, way, off)

    def play_join(self, number: int, report: Report, way: str, off: int) -> None:
        due = self.terms.bond if self.terms.token == NOBODY else 0
        self.message(number, "join", "JoinTask", way, report, max(0, due + off))

    @rule(number=people, report=reports | bad_reports, way=ways)
    def change_report(self, number, report, way):
        self.message(number, "change report", "ChangeReport", way, report)

    @rule(number=people, to=recipients)
    def leave(self, number, to):
        self.step(number, "leave", self.recipient(to))

    @rule(number=people)
    def revoke(self, number):
        self.step(number, "revoke")

    @rule(sender=st.sampled_from([OWNER, STRANGER]), number=people)
    def admit(self, sender, number):
        self.step(sender, "admit", [PEOPLE[number]])

    def message(self, number: int, what: str, kind: str, way: str, content: Any, value: int = 0) -> bool:
        """A report, a work or a claim: by the client itself, or signed by it and sent by the stranger."""
        client = PEOPLE[number]
        if kind == "SubmitWork":
            signed, args = (self.model.round_state().seed, *work_values(content)), [work_values(content)]
        elif kind == "Claim":
            signed, args = (content,), [content]
        else:
            values = content.training_units, content.energy_coefficient, content.max_frequency
            signed, args = values, [values]
        if way == "itself":
            return self.step(number, what, model=(client, content), chain=args, value=value)
        nonce = self.model.clients[client].nonce - (way == "number used")
        nonce += 2**32 * (nonce < 0)
        deadline = self.now - (way == "too late")
        signer = number if way != "another's" else 1 + number % CLIENTS
        signature = self.task.sign(ACCOUNTS[signer], kind, client, *signed, nonce, deadline)
        claimed = -1 if way == "another's" else nonce  # no number makes another's signature hold
        return self.step(
            STRANGER,
            f"{what} for",
            model=(client, content, Signature(claimed, deadline)),
            chain=[client, *args, deadline, signature],
            value=value,
        )

    # ------------------------------------------------------------------------------------------- lists

    def honest_list(self) -> list[Entry]:
        """The mechanism's list of all members."""
        model = self.model
        members = sorted((c for c in model.clients if model.clients[c].is_member), key=lambda c: int(c, 16))
        if not members:
            return []
        given = [model.clients[client].report.pricing(self.terms.cycle_unit) for client in members]
        lines = fixed_point.price_list(given, self.terms.pricing())
        return [
            Entry(client, line.training_cap, line.training_frequency) for client, line in zip(members, lines)
        ]

    def post(self, sender: int, version: int, size: int, entries: list[Entry]) -> bool:
        lines = [(entry.client, entry.training_cap, entry.training_frequency) for entry in entries]
        return self.step(
            sender, "post entries", model=(version, size, entries), chain=(version, size, lines)
        )

    @rule(cut=st.integers(0, CLIENTS))
    def post_list(self, cut):
        entries, version = self.honest_list(), self.model.list.version + 1
        if self.post(OWNER, version, len(entries), entries[:cut]) and cut < len(entries):
            self.post(OWNER, version, len(entries), entries[cut:])

    @rule(
        sender=st.sampled_from([OWNER, OWNER, OWNER, STRANGER]),
        ahead=st.integers(0, 2),
        size=st.integers(-1, 1),
        first=st.integers(0, CLIENTS),
        count=st.integers(0, CLIENTS),
        fault=st.sampled_from(["none", "cap", "more", "frequency", "twice", "turned", "stranger", "idle"]),
    )
    def post_something(self, sender, ahead, size, first, count, fault):
        entries = self.honest_list()
        length = len(entries) + size
        entries = entries[first : first + count]
        if entries:
            entries = self.with_fault(entries, fault)
        self.post(sender, self.model.list.version + ahead, max(0, length), entries)

    def with_fault(self, entries: list[Entry], fault: str) -> list[Entry]:
        first, *others = entries
        cap, frequency = first.training_cap, first.training_frequency
        return {
            "none": entries,
            "cap": [replace(first, training_cap=cap + 10**9), *others],
            "more": [replace(first, training_cap=self.terms.budget), *others],
            "frequency": [replace(first, training_frequency=frequency + 1), *others],
            "twice": [first, first, *others],
            "turned": entries[::-1],
            "stranger": [replace(first, client=PEOPLE[STRANGER]), *others],
            "idle": [replace(first, training_cap=0, training_frequency=0), *others],
        }[fault]

    # ------------------------------------------------------------------------------------------- rounds

    def play_open(self, sender: int, version: int) -> bool:
        model = (version, self.task.last_block_hash())
        return self.step(sender, "open round", model=model, chain=[version])

    @rule(sender=st.sampled_from([OWNER, OWNER, OWNER, STRANGER]), off=st.sampled_from([0, 0, 0, 1, -1]))
    def open_round(self, sender, off):
        self.play_open(sender, max(0, self.model.list.version + off))

    def work_of(self, number: int, update: bytes) -> Work:
        """The work that the policy expects of a client, puzzle solved; of frequency 1 if it is not hired."""
        state, client = self.model.round_state(), PEOPLE[number]
        q_t = q_m = 1
        if self.model.round is not None and client in self.model.round.hired:
            entry = self.model.round.entries[client]
            line = self.model._line(client, entry.training_cap, self.model.round.size)
            q_t, q_m = line.training_frequency, line.mining_frequency
        solution = mining.solve(self.model.address, state.seed, client, update, 32)
        return Work(update, q_t, q_m, solution.nonces)

    @rule(
        number=people,
        way=ways,
        update=st.integers(0, 2),
        q_t=st.sampled_from([100, 100, 100, 99, 101, 50, 0, 10**4]),
        q_m=st.sampled_from([100, 100, 100, 99, 101, 200, 0, 10**4]),
        unsolved=st.sampled_from([False, False, False, True]),
    )
    def submit_work(self, number, way, update, q_t, q_m, unsolved):
        work = self.work_of(number, keccak(bytes([update])))
        work = replace(
            work,
            training_frequency=work.training_frequency * q_t // 100,
            mining_frequency=work.mining_frequency * q_m // 100,
            nonces=(work.nonces[0], work.nonces[1] ^ unsolved << 224),
        )
        self.message(number, "submit work", "SubmitWork", way, work)

    @rule(number=people, is_zero=st.sampled_from([False, False, True]))
    def propose(self, number, is_zero):
        self.step(number, "propose", bytes(32) if is_zero else keccak(b"model"))

    @rule(
        proposer=people,
        voters=st.sets(people),
        stale=st.sets(people, max_size=1),
        turned=st.sampled_from([False, False, False, True]),
        rejected=st.lists(people, max_size=2),
        forfeited=st.lists(people, max_size=2),
        is_zero=st.sampled_from([False, False, False, False, True]),
    )
    def end_by_quorum(self, proposer, voters, stale, turned, rejected, forfeited, is_zero):
        result = RoundResult(
            bytes(32) if is_zero else keccak(b"model"),
            tuple(PEOPLE[number] for number in rejected),
            tuple(PEOPLE[number] for number in forfeited),
        )
        self.play_quorum(proposer, result, voters, stale, turned)

    def play_quorum(
        self,
        proposer: int,
        result: RoundResult,
        voters: Collection[int],
        stale: Collection[int] = (),
        turned: bool = False,
    ) -> None:
        """End the round by these voters; the `stale` sign with another number than theirs."""
        state, model = self.model.round_state(), self.model
        round_id = votes.RoundId(self.task.chain_id, model.address, state.number, state.seed)
        ordered = sorted(voters, key=lambda number: int(PEOPLE[number], 16), reverse=turned)
        ballots: dict[int, list[tuple[str, bytes]]] = {}
        counted, last = [], {}
        signed = votes.Result(result.model_hash, list(result.rejected), list(result.forfeited))
        for number in ordered:
            client, nonce = PEOPLE[number], model.clients[PEOPLE[number]].vote_nonce
            signature = votes.sign(ACCOUNTS[number].key, round_id, signed, nonce + (number in stale))
            ballots.setdefault(nonce, []).append((client, signature))
            # Counts if it holds, is of somebody hired, and is above all before it in its ballot that counted.
            holds = number not in stale and model.round is not None and client in model.round.hired
            if holds and int(client, 16) > last.get(nonce, 0):
                counted.append(client)
                last[nonce] = int(client, 16)
        packed = [votes.ballot(ballots[nonce], nonce) for nonce in sorted(ballots)]
        struct = (result.model_hash, list(result.rejected), list(result.forfeited))
        self.step(proposer, "end by quorum", model=(result, counted), chain=[struct, packed, []])

    @rule(number=people)
    def end_by_time(self, number):
        self.step(number, "end by time")

    def play_round(self, absent: Collection[int], way: str) -> bool:
        """A list, its opening, and everybody's work but of those absent; whether a round is open then."""
        entries = self.honest_list()
        if self.model.round is not None or not entries:
            return False
        if not self.post(OWNER, self.model.list.version + 1, len(entries), entries):
            return False
        self.now = max(self.now, self.moment("frozen"))
        if not self.play_open(OWNER, self.model.list.version):
            return False
        self.now = self.moment("deadline")
        for number in range(1, CLIENTS + 1):
            if number not in absent and PEOPLE[number] in self.model.round.hired:
                work = self.work_of(number, keccak(b"update"))
                self.message(number, "submit work", "SubmitWork", way, work)
        return True

    # Random steps alone rarely get through a round.

    @rule(2, absent=st.sets(clients, max_size=3), way=st.sampled_from(["itself", "signed"]))
    def most_work(self, absent, way):
        self.play_round(absent, way)

    @rule(absent=st.sets(clients, max_size=2), way=st.sampled_from(["itself", "signed"]))
    def round_ends_by_time(self, absent, way):
        if self.play_round(absent, way):
            self.now = self.moment(3)
            self.step(STRANGER, "end by time")

    @rule(
        4,
        absent=st.sampled_from([(), (1,), (2,)]),
        way=st.sampled_from(["signed", "itself"]),
        window=st.sampled_from([0, 0, 1, 2]),
        silent=st.sampled_from([0, 0, 1, "a third"]),
        rejected=st.sampled_from([(), (1,), (2,), (3,)]),
        forfeited=st.sampled_from([(), (), (1,), (2,), (4,)]),
    )
    def round_ends_by_quorum(self, absent, way, window, silent, rejected, forfeited):
        if not self.play_round(absent, way):
            return
        ranking, listed, hired = self.model.round.ranking, self.model.round.entries, self.model.round.hired
        if window >= len(ranking):
            return
        self.now = self.moment(window)
        proposer = PEOPLE.index(ranking[window])
        result = RoundResult(
            keccak(b"model"),
            tuple(PEOPLE[number] for number in rejected if PEOPLE[number] in ranking),
            tuple(PEOPLE[number] for number in forfeited if PEOPLE[number] in listed),
        )
        self.step(proposer, "propose", result.model_hash)
        voters = [PEOPLE.index(client) for client in hired]
        self.play_quorum(proposer, result, voters[-(-len(voters) // 3) if silent == "a third" else silent :])

    # ------------------------------------------------------------------------------------------- money

    @rule(3, number=people, to=recipients, way=ways)
    def claim(self, number, to, way):
        self.message(number, "claim", "Claim", way, self.recipient(to))

    @rule(sender=st.sampled_from([STRANGER] * 5 + [OWNER]), to=recipients)
    def close(self, sender, to):
        self.step(sender, "close", self.recipient(to))

    @rule(wei=st.integers(1, 10**18))
    def force_money_in(self, wei):
        if self.terms.token == NOBODY:
            held = int(self.chain.node.ask("eth_getBalance", self.model.address, "latest"), 16)
            self.chain.node.ask("anvil_setBalance", self.model.address, hex(held + wei))
        else:
            mint = self.chain.token.functions.mint(self.model.address, wei)
            self.chain.node.send(self.now, PEOPLE[STRANGER], mint)
            self.now += 1
        self.forced += wei
        self.agree()

    # ------------------------------------------------------------------------------------------- the end

    def end(self):
        """Everybody takes what is its own without anybody's help, and the logs tell the same life."""
        model = self.model
        if model.round is not None:
            self.now = max(self.now, self.moment(3))
            assert self.step(STRANGER, "end by time")
        if not model.is_closed:
            assert self.step(OWNER, "close", PURSES[0])
        for number in range(1, CLIENTS + 2):
            client = model.clients[PEOPLE[number]]
            if client.earned:
                assert self.step(number, "claim", model=(PEOPLE[number], PURSES[1]), chain=[PURSES[1]])
            if client.is_member:
                assert self.step(number, "leave", PURSES[2])
        ledger = model.ledger()
        assert ledger.deposited == ledger.paid + ledger.returned + ledger.burnt
        history = rebuild(model.events)
        assert history.ledger() == ledger
        for client in PEOPLE:
            state = model.client_state(client)
            assert state.nonce in history.nonces(client)
            assert replace(history.client_state(client), nonce=state.nonce) == state


# Step: the model's method, and the contract's function.
_METHODS = {
    "admit": ("admit", "admit"),
    "join": ("join", "joinTask"),
    "join for": ("join", "joinTaskFor"),
    "change report": ("change_report", "changeReport"),
    "change report for": ("change_report", "changeReportFor"),
    "leave": ("leave", "leaveTask"),
    "revoke": ("revoke_signatures", "revokeSignatures"),
    "post entries": ("post_entries", "postEntries"),
    "open round": ("open_round", "openRound"),
    "submit work": ("submit_work", "submitWork"),
    "submit work for": ("submit_work", "submitWorkFor"),
    "propose": ("propose_model", "proposeModel"),
    "end by quorum": ("end_round_by_quorum", "endRoundByQuorum"),
    "end by time": ("end_round_by_time", "endRoundByTime"),
    "claim": ("claim", "claim"),
    "claim for": ("claim", "claimFor"),
    "close": ("close", "closeTask"),
}
