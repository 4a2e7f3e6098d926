"""One task with everybody who plays in it: each step is a transaction, a line in the book, and nothing else.

A step computes what it expects from the oracle and books it; `check` compares the contract with the book.
What a step expects of its own transaction (events, balances of people) is for the tests to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils import keccak

from bcfl_offchain.mechanism.fixed_point import Entry
from tests.contracts.support import oracle, puzzle, votes
from tests.contracts.support.book import Book
from tests.contracts.support.clock import SLACK, Clock
from tests.contracts.support.people import People
from tests.contracts.support.terms import REPORTS, Report, Terms


def ascending(people: Iterable[Any]) -> list[Any]:
    """People, or their addresses, in the order in which the contract takes lists of them."""
    return sorted(people, key=lambda person: int(str(person), 16))


def posted_entries(tx: Any) -> list[tuple[str, int, int]]:
    """The entries in a transaction's event; brownie's own types do not compare with others."""
    return [(str(client), int(cap), int(q)) for client, cap, q in tx.events["EntriesPosted"]["entries"]]


def model_hash(number: int) -> bytes:
    """A hash that stands for the global model of a round."""
    return keccak(text=f"global model {number}")


@dataclass
class Game:
    """A task, its people, its clock and its book."""

    task: Any
    terms: Terms
    people: People
    clock: Clock
    book: Book
    reports: dict[str, Report] = field(default_factory=dict)
    prices: dict[str, Entry] = field(default_factory=dict)  # of the list posted last
    ranking: list[tuple[int, Any]] = field(default_factory=list)  # of the open round: score, who

    @property
    def owner(self) -> Any:
        return self.people.owner

    # -------------------------------------------------------------------------- time

    def move_to_joining(self) -> None:
        """Into the join window after the last round, or into the next one if that is over."""
        self._move_between_rounds(0)

    def move_to_frozen(self) -> None:
        """Into the owner's window after the last round, or into the next one if that is over."""
        self._move_between_rounds(self.terms.join_window)

    def _move_between_rounds(self, offset: int) -> None:
        cycle = self.terms.join_window + self.terms.list_window
        start = self.task.roundState()["endedAt"] + offset
        cycles = max(0, -(-(self.clock.now() - start - SLACK) // cycle))
        self.clock.to(start + cycles * cycle + SLACK)

    def move_to_deadline(self) -> None:
        """To the end of T: every claimed time has passed, and work is still taken."""
        self.clock.to(self.opened_at + self.terms.deadline + SLACK)

    def move_to_window(self, number: int) -> None:
        """Into the window of the generator (0), the runner-up (1), all workers (2), or past them (3)."""
        self.clock.to(self.work_end + 1 + number * self.terms.proposal_window + SLACK)

    @property
    def opened_at(self) -> int:
        return self.task.roundState()["openedAt"]

    @property
    def work_end(self) -> int:
        """The last second in which work is taken."""
        return self.opened_at + self.terms.deadline + self.terms.grace

    # -------------------------------------------------------------------------- members

    def join(self, person: Any, report: Report) -> Any:
        tx = self.task.joinTask(report, {"from": person, "value": self.terms.bond})
        self.book.join()
        self.reports[person.address] = report
        return tx

    def join_all(self, reports: Mapping[str, Report] = REPORTS) -> None:
        for name, report in reports.items():
            self.join(getattr(self.people, name), report)

    def change(self, person: Any, report: Report) -> Any:
        tx = self.task.changeReport(report, {"from": person})
        self.reports[person.address] = report
        return tx

    def leave(self, person: Any, recipient: Any) -> Any:
        tx = self.task.leaveTask(recipient, {"from": person})
        self.book.leave()
        del self.reports[person.address]
        return tx

    # -------------------------------------------------------------------------- lists

    def price(self) -> dict[str, Entry]:
        """The oracle's list of all members."""
        return oracle.price_list(self.terms, self.reports)

    def entries(self, prices: Mapping[str, Entry]) -> list[tuple[str, int, int]]:
        """A list as `postEntries` takes it."""
        return [(client, entry.training_cap, entry.training_frequency) for client, entry in prices.items()]

    def post(self) -> Any:
        """Post the oracle's list of all members as a new version, in one transaction."""
        self.prices = self.price()
        entries = self.entries(self.prices)
        return self.task.postEntries(self.version + 1, len(entries), entries, {"from": self.owner})

    @property
    def version(self) -> int:
        return self.task.listState()["version"]

    @property
    def mining_cap(self) -> int:
        return self.terms.mining_budget // len(self.prices)

    @property
    def hired(self) -> list[Any]:
        """The hired of the last list, ascending."""
        return [self.people.at(client) for client, entry in self.prices.items() if entry.hired]

    @property
    def committed(self) -> int:
        """Sum of all caps of the hired."""
        return sum(entry.training_cap + self.mining_cap for entry in self.prices.values() if entry.hired)

    # -------------------------------------------------------------------------- rounds

    def open(self) -> Any:
        """Open a round under the list posted last; the clock has to be in the owner's window."""
        tx = self.task.openRound(self.version, {"from": self.owner})
        self.book.open(self.committed)
        self.ranking = []
        return tx

    def open_new(self) -> Any:
        """Post a list and open a round under it."""
        self.post()
        self.move_to_frozen()
        return self.open()

    def update_hash(self, person: Any) -> bytes:
        """A hash that stands for the person's update of the round."""
        return keccak(text=f"update of {person.address} in {self.task.roundState()['number']}")

    def solve(self, person: Any, update: bytes) -> puzzle.Solution:
        """Mine the person's puzzle of the open round."""
        seed = bytes(self.task.roundState()["seed"])
        return puzzle.solve(
            puzzle.challenge(self.task.address, seed, person.address, update), self.expected_hashes
        )

    @property
    def expected_hashes(self) -> int:
        return -(-self.terms.mining_cycles // self.terms.cycles_per_hash)

    def response(self, person: Any) -> tuple[int, int]:
        """The frequencies with which the policy expects the person to answer."""
        entry = self.prices[person.address]
        return entry.training_frequency, entry.mining_frequency

    def pay(self, person: Any, frequencies: tuple[int, int] | None = None) -> tuple[int, int]:
        """What the oracle pays the person for training and mining."""
        report, entry = self.reports[person.address], self.prices[person.address]
        return oracle.work_pay(self.terms, report, entry, frequencies or self.response(person))

    def work(self, person: Any, frequencies: tuple[int, int] | None = None) -> Any:
        """Solve the puzzle and submit; the clock has to be past the claimed time."""
        frequencies = frequencies or self.response(person)
        update = self.update_hash(person)
        solution = self.solve(person, update)
        tx = self.task.submitWork((update, *frequencies, solution.nonces), {"from": person})
        self.book.work(person.address, sum(self.pay(person, frequencies)))
        self.ranking.append((solution.score, person))
        self.ranking.sort(key=lambda place: place[0])  # stable: of two equal hashes the first to arrive leads
        return tx

    def work_all(self, people: Iterable[Any] | None = None) -> None:
        """Everybody hired (or those named) works, at the end of T."""
        self.move_to_deadline()
        for person in self.hired if people is None else people:
            self.work(person)

    @property
    def generator(self) -> Any:
        return self.ranking[0][1]

    @property
    def runner_up(self) -> Any:
        return self.ranking[1][1]

    # -------------------------------------------------------------------------- results

    def result(self, rejected: Iterable[Any] = (), forfeited: Iterable[Any] = ()) -> votes.Result:
        """A result of the open round."""
        number = self.task.roundState()["number"]
        return votes.Result(
            model_hash(number),
            [person.address for person in ascending(rejected)],
            [person.address for person in ascending(forfeited)],
        )

    def round_id(self) -> votes.RoundId:
        state = self.task.roundState()
        return votes.RoundId(self.people.chain_id, self.task.address, state["number"], bytes(state["seed"]))

    def vote(self, person: Any, result: votes.Result, nonce: int = 0) -> votes.Vote:
        """The person's vote under a result."""
        return person.address, votes.sign(self.people.key(person), self.round_id(), result, nonce)

    def votes(self, people: Sequence[Any], result: votes.Result) -> list[votes.Vote]:
        """Votes of several people, in ascending order."""
        return [self.vote(person, result) for person in ascending(people)]

    def end_by_quorum(
        self,
        proposer: Any,
        signers: Sequence[Any],
        rejected: Sequence[Any] = (),
        forfeited: Sequence[Any] = (),
    ) -> Any:
        result = self.result(rejected, forfeited)
        ballot = votes.ballot(self.votes(signers, result))
        tx = self.task.endRoundByQuorum(result, [ballot], [], {"from": proposer})
        self.book.end(tuple(result.rejected), tuple(result.forfeited))
        for client in result.forfeited:
            del self.reports[client]
        return tx

    def end_by_time(self, caller: Any) -> Any:
        tx = self.task.endRoundByTime({"from": caller})
        self.book.end()
        return tx

    # -------------------------------------------------------------------------- money

    def claim(self, person: Any, recipient: Any) -> Any:
        tx = self.task.claim(recipient, {"from": person})
        self.book.claim(person.address)
        return tx

    def close(self, recipient: Any) -> Any:
        tx = self.task.closeTask(recipient, {"from": self.owner})
        self.book.close()
        return tx

    def check(self) -> None:
        """Ledger, the contract's balance, and everybody's account, to the wei."""
        ledger = self.task.ledger().dict()
        assert ledger == self.book.ledger()
        assert ledger["deposited"] == sum(amount for name, amount in ledger.items() if name != "deposited")
        assert self.task.balance() == self.book.balance()
        for person in self.people.clients:
            state = self.task.clientState(person)
            assert state["claimable"] == self.book.settled.get(person.address, 0)
            assert state["pending"] == self.book.pending.get(person.address, 0)
