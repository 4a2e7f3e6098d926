"""A task's whole life rebuilt from its logs alone: members, price lists, rounds, claims, money.

Nothing here asks the contract's views, so that an auditor can hold one against the other. `rebuild` follows
the events in their order; `TaskReader` keeps a history up to date with the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod

from eth_abi import encode
from eth_utils import keccak
from web3 import Web3

from . import events as ev
from .types import ClientState, Entry, Ledger, Report

NO_REPORT = Report(0, 0, 0)


@dataclass(frozen=True)
class PostedEntry:
    """A price list's line as it was logged, with the report that it was posted for."""

    posted: ev.EntryPosted
    report: Report

    @property
    def entry(self) -> Entry:
        """The line as the owner posted it."""
        return Entry(self.posted.client, self.posted.training_cap, self.posted.training_frequency)


@dataclass
class PriceList:
    """One version of the owner's list."""

    version: int
    size: int
    entries: dict[str, PostedEntry] = field(default_factory=dict)
    is_stale: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all N entries are there."""
        return len(self.entries) == self.size

    @property
    def hired(self) -> list[str]:
        """Clients with a positive cap."""
        return [client for client, line in self.entries.items() if line.posted.training_cap]

    @property
    def hash(self) -> bytes:
        """The chained hash that a round's seed contains."""
        result = bytes(32)
        for line in self.entries.values():
            entry = (line.entry.client, line.entry.training_cap, line.entry.training_frequency)
            result = keccak(encode(["bytes32", "address", "uint80", "uint72"], [result, *entry]))
        return result


@dataclass
class Round:
    """One round."""

    opened: ev.RoundOpened
    price_list: PriceList
    was_stale: bool
    works: dict[str, ev.WorkSubmitted] = field(default_factory=dict)
    generators: list[ev.GeneratorChanged] = field(default_factory=list)
    proposals: list[ev.ModelProposed] = field(default_factory=list)
    rejections: dict[str, ev.WorkRejected] = field(default_factory=dict)
    forfeits: dict[str, ev.BondForfeited] = field(default_factory=dict)
    ended: ev.RoundEnded | None = None

    @property
    def number(self) -> int:
        """Rounds count from 1."""
        return self.opened.round

    @property
    def credited(self) -> int:
        """Pay of all accepted works, in wei."""
        return sum(work.pay for work in self.works.values())

    @property
    def cancelled(self) -> int:
        """Pay that the quorum took back, in wei."""
        return sum(event.amount for event in (*self.rejections.values(), *self.forfeits.values()))

    def pay(self, client: str) -> int:
        """What a client has of the round once the quorum has spoken, in wei."""
        cancelled = client in self.rejections or client in self.forfeits
        return 0 if cancelled or client not in self.works else self.works[client].pay


class TaskHistory:
    """What the logs of a task say.

    Attributes
    ----------
    reports : dict of str to Report
        The last report of everyone who ever joined.
    members : set of str
        Clients whose bond is held.
    admitted : set of str
    lists : dict of int to PriceList
        By version.
    rounds : list of Round
        Round k is ``rounds[k - 1]``.
    claims : list of Claimed
    funded, withdrawn, bonds_in, bonds_back, bonds_burnt, paid : int
        Sums in wei.
    """

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.members: set[str] = set()
        self.admitted: set[str] = set()
        self.lists: dict[int, PriceList] = {}
        self.rounds: list[Round] = []
        self.claims: list[ev.Claimed] = []
        self.is_closed = False
        self.funded = self.withdrawn = self.paid = 0
        self.bonds_in = self.bonds_back = self.bonds_burnt = 0
        self._nonces: dict[str, int] = {}
        self._last_entries: dict[str, ev.EntryPosted] = {}
        self._claimed: dict[str, int] = {}

    # ------------------------------------------------------------------------------------------- what it says

    @property
    def open_round(self) -> Round | None:
        """The round that is open, if one is."""
        return self.rounds[-1] if self.rounds and self.rounds[-1].ended is None else None

    @property
    def last_list(self) -> PriceList | None:
        """The list that was begun last."""
        return self.lists[max(self.lists)] if self.lists else None

    def last_model(self, before_round: int) -> tuple[int, bytes] | None:
        """Number and hash of the last model that a quorum agreed on before a round; None if there is none."""
        for round_ in reversed(self.rounds[: before_round - 1]):
            if round_.ended is not None and any(round_.ended.model_hash):
                return round_.number, round_.ended.model_hash
        return None

    def nonce(self, client: str) -> int:
        """The number that a client's votes carry."""
        return self._nonces.get(client, 0)

    def earned(self, client: str) -> tuple[int, int]:
        """What a client can take now and what is pending in the open round, in wei."""
        open_round = self.open_round
        pending = open_round.pay(client) if open_round else 0
        return sum(round_.pay(client) for round_ in self.rounds) - pending - self._claimed.get(
            client, 0
        ), pending

    def client_state(self, client: str) -> ClientState:
        """Everything a client has with the task, as the contract's view of the same name gives it."""
        last = self._last_entries.get(client)
        claimable, pending = self.earned(client)
        return ClientState(
            report=self.reports.get(client, NO_REPORT),
            is_member=client in self.members,
            is_admitted=client in self.admitted,
            list_version=last.version if last else 0,
            training_cap=last.training_cap if last else 0,
            training_frequency=last.training_frequency if last else 0,
            last_round=max((round_.number for round_ in self.rounds if client in round_.works), default=0),
            nonce=self.nonce(client),
            claimable=claimable,
            pending=pending,
        )

    def ledger(self) -> Ledger:
        """Where every wei is, as the contract's view of the same name gives it."""
        open_round = self.open_round
        committed = open_round.opened.committed - open_round.credited if open_round else 0
        refunds = sum(round_.ended.refunded for round_ in self.rounds if round_.ended)
        return Ledger(
            deposited=self.funded + self.bonds_in,
            paid=self.paid,
            claimable=sum(round_.credited - round_.cancelled for round_ in self.rounds) - self.paid,
            committed=committed,
            free=self.funded
            - sum(round_.opened.committed for round_ in self.rounds)
            + refunds
            - self.withdrawn,
            returned=self.withdrawn + self.bonds_back,
            bonds=self.bonds_in - self.bonds_back - self.bonds_burnt,
            burnt=self.bonds_burnt,
        )

    # ------------------------------------------------------------------------------------------- how it grows

    @singledispatchmethod
    def apply(self, event: ev.Event) -> None:
        """Follow one event."""
        raise TypeError(f"{type(event).__name__} is no event of a task")

    @apply.register
    def _(self, event: ev.Funded) -> None:
        self.funded += event.amount

    @apply.register
    def _(self, event: ev.Admitted) -> None:
        self.admitted.add(event.client)

    @apply.register
    def _(self, event: ev.Joined) -> None:
        self.members.add(event.client)
        self.bonds_in += event.bond

    @apply.register
    def _(self, event: ev.Reported) -> None:
        self.reports[event.client] = Report(
            event.training_units, event.energy_coefficient, event.max_frequency
        )
        self._mark_stale(event.client)

    @apply.register
    def _(self, event: ev.Left) -> None:
        self.members.discard(event.client)
        self.bonds_back += event.bond
        self._mark_stale(event.client)

    @apply.register
    def _(self, event: ev.ListBegun) -> None:
        self.lists[event.version] = PriceList(event.version, event.size)

    @apply.register
    def _(self, event: ev.EntryPosted) -> None:
        self.lists[event.version].entries[event.client] = PostedEntry(event, self.reports[event.client])
        self._last_entries[event.client] = event

    @apply.register
    def _(self, event: ev.RoundOpened) -> None:
        price_list = self.lists[event.version]
        self.rounds.append(Round(event, price_list, price_list.is_stale))

    @apply.register
    def _(self, event: ev.WorkSubmitted) -> None:
        self.rounds[event.round - 1].works[event.client] = event

    @apply.register
    def _(self, event: ev.GeneratorChanged) -> None:
        self.rounds[event.round - 1].generators.append(event)

    @apply.register
    def _(self, event: ev.ModelProposed) -> None:
        self.rounds[event.round - 1].proposals.append(event)

    @apply.register
    def _(self, event: ev.WorkRejected) -> None:
        self.rounds[event.round - 1].rejections[event.client] = event

    @apply.register
    def _(self, event: ev.BondForfeited) -> None:
        self.rounds[event.round - 1].forfeits[event.client] = event
        self.members.discard(event.client)
        self.bonds_burnt += event.bond
        self._mark_stale(event.client)

    @apply.register
    def _(self, event: ev.RoundEnded) -> None:
        self.rounds[event.round - 1].ended = event

    @apply.register
    def _(self, event: ev.Claimed) -> None:
        self.claims.append(event)
        self.paid += event.amount
        self._claimed[event.client] = self._claimed.get(event.client, 0) + event.amount

    @apply.register
    def _(self, event: ev.VotesRevoked) -> None:
        self._nonces[event.client] = event.nonce

    @apply.register
    def _(self, event: ev.TaskClosed) -> None:
        self.withdrawn += event.amount
        self.is_closed = True

    def _mark_stale(self, client: str) -> None:
        """A last list that names the client no longer says what the client says."""
        if self.last_list is not None and client in self.last_list.entries:
            self.last_list.is_stale = True


def rebuild(events: Iterable[ev.Event]) -> TaskHistory:
    """The history that events tell.

    Parameters
    ----------
    events : iterable of Event
        All events of one task, in their order.

    Returns
    -------
    TaskHistory
    """
    history = TaskHistory()
    for event in events:
        history.apply(event)
    return history


class TaskReader:
    """A history that is kept up to date with the chain. Several agents on one machine may read the same.

    Parameters
    ----------
    w3 : Web3
    task : str
        The task's address.
    first_block : int, optional
        Where the task's logs begin; found by bisection if not given, which needs a node with old states.
    on_chunk : callable, optional
        Told the last block that was read, after each chunk.
    """

    def __init__(
        self,
        w3: Web3,
        task: str,
        first_block: int | None = None,
        on_chunk: Callable[[int], None] | None = None,
    ) -> None:
        self.w3 = w3
        self.task = task
        self._on_chunk = on_chunk
        last_block = w3.eth.block_number
        self.first_block = ev.creation_block(w3, task, last_block) if first_block is None else first_block
        self._begin()

    def _begin(self) -> None:
        self._history = TaskHistory()
        self._read_to = self.first_block - 1
        self._read_hash: bytes | None = None

    def history(self) -> TaskHistory:
        """The history to the chain's last block.

        Read from the beginning again if blocks that were already read have been replaced by others.
        """
        last_block = self.w3.eth.block_number
        if self._read_hash is not None and self._hash(min(self._read_to, last_block)) != self._read_hash:
            self._begin()
        if last_block > self._read_to:
            last_hash = self._hash(last_block)
            fetched = ev.fetch_events(self.w3, self.task, self._read_to + 1, last_block, self._on_chunk)
            for event in fetched:
                self._history.apply(event)
            self._read_to, self._read_hash = last_block, last_hash
        return self._history

    @property
    def read_to(self) -> int:
        """The last block that `history` has read."""
        return self._read_to

    def _hash(self, block: int) -> bytes:
        return bytes(self.w3.eth.get_block(block)["hash"])
