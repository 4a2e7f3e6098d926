"""Steps of price lists and of a round's work, one by one and in batches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from eth_utils import keccak
from hypothesis import strategies as st

from bcfl_offchain.chain import mining
from bcfl_offchain.chain.types import Entry, Report, Work
from tests.contracts.support.terms import EXPECTED_HASHES, PAPER_ENERGY_COEFFICIENT
from tests.contracts.support.votes import compact
from tests.model.member_steps import FUNCTIONS, MemberSteps
from tests.model.records import Order, SignedWork
from tests.model.rules import FAULTS, clients, kinds, mostly, people, rule, ways
from tests.model.world import CLIENTS, OWNER, PURSES, STRANGER, WALLETS

# What can be wrong with a work: percent of both frequencies, and whether its puzzle is unsolved.
WORKS = {
    "right": (100, 100, False),
    "slow training": (50, 100, False),
    "no training": (0, 100, False),
    "fast training": (101, 100, False),
    "impossible training": (10**4, 100, False),
    "no mining": (100, 0, False),
    "slow mining": (100, 99, False),
    "fast mining": (100, 200, False),
    "unsolved": (100, 100, True),
}
works = st.sampled_from(["right", "right", "right", *WORKS])
batch_ways = st.sampled_from(["signed", "signed", "signed", *FAULTS])
relayed_ways = batch_ways | st.sampled_from(["unsigned", "noise"])
updates = st.integers(0, 2)


class RoundSteps(MemberSteps):
    """Lists, openings, work."""

    # ------------------------------------------------------------------------------------------- lists

    def post(self, sender: int, version: int, size: int, entries: Sequence[Entry]) -> bool:
        return self.step(sender, "postEntries", version, size, tuple(entries))

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
        fault=st.sampled_from(["none", "cap", "more", "frequency", "twice", "turned", "stranger", "idle", "unpaid"]),
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
            "stranger": [replace(first, client=self.people[STRANGER]), *others],
            "idle": [replace(first, training_cap=0, training_frequency=0), *others],
            "unpaid": [replace(first, training_cap=0), *others],
        }[fault]

    def play_open(self, sender: int, version: int) -> bool:
        self.model.parent_hash = self.chain.last_block_hash()
        return self.step(sender, "openRound", version)

    @rule(sender=st.sampled_from([OWNER, OWNER, OWNER, STRANGER]), off=st.sampled_from([0, 0, 0, 1, -1]))
    def open_round(self, sender, off):
        self.play_open(sender, max(0, self.model.list.version + off))

    # ------------------------------------------------------------------------------------------- work

    def work_of(self, number: int, update: int = 0, fault: str = "right") -> Work:
        """The work that the policy expects of a client, puzzle solved; of frequency 1 if it is not hired."""
        state, client, round_ = self.model.round_state(), self.people[number], self.model.round
        q_t = q_m = 1
        if round_ is not None and client in round_.hired:
            line = self.model.line(client, round_.entries[client].training_cap, round_.size)
            q_t, q_m = line.training_frequency, line.mining_frequency
        hash_ = keccak(bytes([update]))
        nonces = mining.solve(self.model.address, state.seed, client, hash_, EXPECTED_HASHES).nonces
        of_training, of_mining, is_unsolved = WORKS[fault]
        if is_unsolved:
            nonces = self.unsolved(client, hash_, nonces)
        return Work(hash_, q_t * of_training // 100, q_m * of_mining // 100, nonces)

    def unsolved(self, client: str, update_hash: bytes, nonces: tuple[int, int]) -> tuple[int, int]:
        """The solution but for its last nonce, which is the first that solves nothing."""
        challenge = mining.challenge(self.model.address, self.model.round_state().seed, client, update_hash)
        tries = ((nonces[0], nonces[1] % 2**224 + (last << 224)) for last in count())
        limit = mining.threshold(EXPECTED_HASHES)
        return next(tried for tried in tries if mining.puzzle_hashes(challenge, tried)[-1] >= limit)

    @rule(2, number=people, way=ways, update=updates, fault=works, in_time=mostly)
    def submit_work(self, number, way, update, fault, in_time):
        if in_time:
            self.play_round({number}, "itself")
        self.message(number, "SubmitWork", way, self.work_of(number, update, fault))

    @rule(4, entries=st.lists(st.tuples(people, batch_ways, works), min_size=1, max_size=4), in_time=mostly)
    def submit_works(self, entries, in_time):
        if in_time:
            self.play_round({number for number, _, _ in entries}, "itself")
        self.play_works(entries)

    def play_works(self, entries: Sequence[tuple[int, str, str]]) -> bool:
        """A batch of works, sent by somebody who has nothing to do with them."""
        signed = [self.signed_work(number, way, fault) for number, way, fault in entries]
        return self.step(STRANGER, "submitWorks", tuple(signed))

    def signed_work(self, number: int, way: str, fault: str) -> SignedWork:
        work = self.work_of(number, 0, fault)
        deadline, signature = self.authorize(number, "SubmitWork", way, work)
        return SignedWork(self.people[number], work, deadline, compact(signature))

    @rule(
        4,
        sender=st.sampled_from([OWNER, STRANGER, *WALLETS]),
        entries=st.lists(st.tuples(people, kinds, relayed_ways), max_size=4),
        brings=st.sampled_from(["nothing", "the bond", "the bond"]),
        short=st.sampled_from([0, 0, 0, 0, 1]),
        is_task=st.sampled_from([True, True, True, True, False]),
        in_time=mostly,
    )
    def relay_messages(self, sender, entries, brings, short, is_task, in_time):
        self.be_in_time(in_time)
        orders = [self.order(*entry) for entry in entries]
        task = self.model.address if is_task else PURSES[0]
        self.relay_step(sender, task, self.due if brings == "the bond" else 0, orders, short)

    def order(self, number: int, kind: str, way: str, lasts: int = 0) -> Order:
        """A call for a batch; unsigned, it is the relay's own."""
        content: Any = PURSES[number % 3]
        if kind == "SubmitWork":
            content = self.work_of(number)
        elif kind != "Claim":
            content = Report(10, PAPER_ENERGY_COEFFICIENT + number, 40 * 10**18)
        if way == "noise":
            return Order("")
        if way == "unsigned":
            return Order(FUNCTIONS[kind], (content,))
        return self.signed(number, kind, way, content, lasts)

    # ------------------------------------------------------------------------------------------- whole rounds

    def play_round(self, absent: Collection[int], way: str, bad: Sequence[tuple[int, str, str]] = ()) -> bool:
        """A list, its opening, and everybody's work but of those absent; whether a round is open then.

        In batches, there are `bad` entries between the others. Of both kinds of batches only the relay asks
        wallets what they signed; else they work by themselves.
        """
        entries = self.honest_list()
        if self.model.round is not None or not entries:
            return False
        if not self.post(OWNER, self.model.list.version + 1, len(entries), entries):
            return False
        self.now = max(self.now, self.moment("frozen"))
        if not self.play_open(OWNER, self.model.list.version):
            return False
        self.now = self.moment("deadline")
        workers = [n for n in self.numbers_of(self.model.round.hired) if n not in absent]
        if way == "in a batch":
            self.play_works([*bad[:1], *((number, "signed", "right") for number in workers), *bad[1:]])
            workers = [number for number in workers if number in WALLETS]
        elif way == "by the relay":
            orders = [self.signed(number, "SubmitWork", "signed", self.work_of(number)) for number in workers]
            between = [self.order(number, "SubmitWork", fault) for number, fault, _ in bad]
            self.relay_step(STRANGER, self.model.address, 0, [*between[:1], *orders, *between[1:]])
            workers = []
        one_by_one = "signed" if way == "signed" else "itself"
        for number in workers:
            self.message(number, "SubmitWork", one_by_one, self.work_of(number))
        return True

    # Random steps alone rarely get through a round.

    @rule(
        3,
        absent=st.sets(clients, max_size=3),
        way=st.sampled_from(["itself", "signed", "in a batch", "in a batch", "by the relay"]),
        bad=st.lists(st.tuples(people, batch_ways, works), max_size=3),
    )
    def most_work(self, absent, way, bad):
        self.play_round(absent, way, bad)

    @rule(absent=st.sets(clients, max_size=2), way=st.sampled_from(["itself", "in a batch"]))
    def round_ends_by_time(self, absent, way):
        if self.model.round is not None or self.play_round(absent, way):
            self.now = max(self.now, self.moment(3))
            self.step(STRANGER, "endRoundByTime")
