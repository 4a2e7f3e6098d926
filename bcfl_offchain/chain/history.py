"""A task's whole life rebuilt from its logs alone: members, price lists, rounds, claims, money.

Nothing here asks the contract's views, so that an auditor can hold one against the other. `rebuild` follows
the events in their order, `reader` keeps a history up to date with the chain. Logs that cannot be one task's,
because one is missing or invented, are refused; whether possible ones keep the rules is for the audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from functools import singledispatchmethod

from eth_abi import encode
from eth_utils import keccak

from bcfl_offchain.mechanism.puzzle import expected_hashes

from . import events as ev
from . import mining
from .errors import ImpossibleLogs
from .types import ClientState, Entry, Ledger, Report, Terms

NO_REPORT = Report(0, 0, 0)
VOIDED = 2**16
"""By how much a revocation raises the number of a client's messages."""


@dataclass(frozen=True)
class PostedEntry:
    """A price list's line as the owner posted it, with the report that it was posted for."""

    entry: Entry
    report: Report


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
        return [client for client, line in self.entries.items() if line.entry.training_cap]

    def place(self, client: str) -> int:
        """Where a client stands on it, from 1; 0 if it does not."""
        return list(self.entries).index(client) + 1 if client in self.entries else 0

    @property
    def hash(self) -> bytes:
        """The chained hash that a round's seed contains."""
        result = bytes(32)
        for line in self.entries.values():
            entry = astuple(line.entry)
            result = keccak(encode(["bytes32", "address", "uint80", "uint72"], [result, *entry]))
        return result


@dataclass
class Round:
    """One round."""

    opened: ev.RoundOpened
    price_list: PriceList
    was_stale: bool
    works: dict[str, ev.WorkSubmitted] = field(default_factory=dict)
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

    def ranking(self, terms: Terms, task: str) -> list[str]:
        """Clients that worked, from the lowest puzzle hash on: block generator, runner-up, others.

        Of equal scores the first to arrive leads, as on chain.
        """
        hashes = expected_hashes(terms.mining_cycles, terms.cycles_per_hash)

        def score(client: str) -> int:
            work = self.works[client]
            challenge = mining.challenge(task, self.opened.seed, client, work.update_hash)
            return mining.score(mining.puzzle_hashes(challenge, work.nonces), hashes)

        return sorted(self.works, key=score)

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
        self._revoked: dict[str, ev.SignaturesRevoked] = {}
        self._signable: dict[str, int] = {}
        self._last_entries: dict[str, tuple[int, Entry]] = {}
        self._claimed: dict[str, int] = {}
        self._is_funded = False

    # ------------------------------------------------------------------------------------------- what it says

    @property
    def open_round(self) -> Round | None:
        """The round that is open, if one is."""
        return self.rounds[-1] if self.rounds and self.rounds[-1].ended is None else None

    @property
    def last_list(self) -> PriceList | None:
        """The list that was begun last."""
        return self.lists[max(self.lists)] if self.lists else None

    def require_whole(self) -> None:
        """Refuse what no task is between two blocks: one never funded, or with a member that never reported.

        Raises
        ------
        ImpossibleLogs
        """
        if not self._is_funded:
            raise ImpossibleLogs("task", "it has no logs at all")
        for client in self.members - self.reports.keys():
            raise ImpossibleLogs("task", f"{client} has joined without a report")

    def last_model(self, before_round: int) -> tuple[int, bytes] | None:
        """Number and hash of the last model that a quorum agreed on before a round; None if there is none."""
        for round_ in reversed(self.rounds[: before_round - 1]):
            if round_.ended is not None and any(round_.ended.model_hash):
                return round_.number, round_.ended.model_hash
        return None

    def vote_nonce(self, client: str) -> int:
        """The number that a client's votes carry."""
        return self._revoked[client].vote_nonce if client in self._revoked else 0

    def nonces(self, client: str) -> range:
        """What the number of a client's next signed message may be.

        The logs do not tell whether the client or a relayer sent a message, and only what was relayed uses a
        number up. So they give bounds: the number since the last revocation, and one more for each report,
        work and claim after it.
        """
        least = self._revoked[client].nonce if client in self._revoked else 0
        return range(least, least + self._signable.get(client, 0) + 1)

    def earned(self, client: str) -> tuple[int, int]:
        """What a client can take now and what is pending in the open round, in wei."""
        open_round = self.open_round
        pending = open_round.pay(client) if open_round else 0
        return sum(round_.pay(client) for round_ in self.rounds) - pending - self._claimed.get(
            client, 0
        ), pending

    def client_state(self, client: str) -> ClientState:
        """Everything a client has with the task, as the contract's view of the same name gives it.

        But for its `nonce`, which is the least of `nonces`.
        """
        version, last = self._last_entries.get(client, (0, Entry(client, 0, 0)))
        place = self.lists[version].place(client) if version else 0
        claimable, pending = self.earned(client)
        return ClientState(
            report=self.reports.get(client, NO_REPORT),
            is_member=client in self.members,
            is_admitted=client in self.admitted,
            list_version=version,
            place=place,
            training_cap=last.training_cap,
            training_frequency=last.training_frequency,
            last_round=max((round_.number for round_ in self.rounds if client in round_.works), default=0),
            nonce=self.nonces(client)[0],
            vote_nonce=self.vote_nonce(client),
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

    def apply(self, event: ev.Event) -> None:
        """Follow one event.

        Raises
        ------
        ImpossibleLogs
            If it cannot follow those before it; the history is then of no more use.
        """
        if not (self._is_funded or isinstance(event, ev.Funded)):
            raise _impossible(event, "a task's first log is Funded; begin at the block of its creation")
        self._apply(event)

    @singledispatchmethod
    def _apply(self, event: ev.Event) -> None:
        raise TypeError(f"{type(event).__name__} is no event of a task")

    @_apply.register
    def _(self, event: ev.Funded) -> None:
        if self._is_funded:
            raise _impossible(event, "the task is funded already")
        self._is_funded = True
        self.funded += event.amount

    @_apply.register
    def _(self, event: ev.Admitted) -> None:
        self.admitted.add(event.client)

    @_apply.register
    def _(self, event: ev.Joined) -> None:
        if event.client in self.members:
            raise _impossible(event, f"{event.client} is a member already")
        self.members.add(event.client)
        self.bonds_in += event.bond

    @_apply.register
    def _(self, event: ev.Reported) -> None:
        self._member(event, event.client)
        self.reports[event.client] = Report(
            event.training_units, event.energy_coefficient, event.max_frequency
        )
        self._mark_stale(event.client)
        self._may_be_relayed(event.client)

    @_apply.register
    def _(self, event: ev.Left) -> None:
        self._member(event, event.client)
        self.members.remove(event.client)
        self.bonds_back += event.bond
        self._mark_stale(event.client)

    @_apply.register
    def _(self, event: ev.ListBegun) -> None:
        if event.version != 1 + max(self.lists, default=0):
            raise _impossible(event, f"version {event.version} follows {max(self.lists, default=0)}")
        if event.size == 0:
            raise _impossible(event, "a list has at least one entry")
        self.lists[event.version] = PriceList(event.version, event.size)

    @_apply.register
    def _(self, event: ev.EntriesPosted) -> None:
        last = self.last_list
        if last is None or event.version != last.version:
            raise _impossible(event, f"version {event.version} is not the list that was begun last")
        for entry in event.entries:
            self._member(event, entry.client)
            report = self.reports.get(entry.client)
            if report is None:
                raise _impossible(event, f"{entry.client} has never reported")
            if entry.client in last.entries or last.is_complete:
                why = f"the list has {entry.client} already, or all its {last.size} entries"
                raise _impossible(event, why)
            last.entries[entry.client] = PostedEntry(entry, report)
            self._last_entries[entry.client] = last.version, entry

    @_apply.register
    def _(self, event: ev.RoundOpened) -> None:
        if self.open_round or event.round != 1 + len(self.rounds):
            raise _impossible(event, f"round {event.round} cannot open after {len(self.rounds)} rounds")
        price_list = self.last_list
        if price_list is None or event.version != price_list.version or not price_list.is_complete:
            raise _impossible(event, f"list {event.version} is not the last one, or not complete")
        self.rounds.append(Round(event, price_list, price_list.is_stale))

    @_apply.register
    def _(self, event: ev.WorkSubmitted) -> None:
        round_ = self._open(event, event.round)
        if event.client not in round_.price_list.entries or event.client in round_.works:
            raise _impossible(event, f"{event.client} is not on the round's list, or has worked already")
        round_.works[event.client] = event
        self._may_be_relayed(event.client)

    @_apply.register
    def _(self, event: ev.WorkSkipped) -> None:
        self._open(event, event.round)  # it changes nothing, and may name anybody

    @_apply.register
    def _(self, event: ev.ModelProposed) -> None:
        round_ = self._open(event, event.round)
        if not round_.works:
            raise _impossible(event, "nobody has worked")
        round_.proposals.append(event)

    @_apply.register
    def _(self, event: ev.WorkRejected) -> None:
        round_ = self._open(event, event.round)
        if event.client in round_.rejections:
            raise _impossible(event, f"{event.client} is rejected already")
        round_.rejections[event.client] = event

    @_apply.register
    def _(self, event: ev.BondForfeited) -> None:
        self._member(event, event.client)
        self._open(event, event.round).forfeits[event.client] = event
        self.members.remove(event.client)
        self.bonds_burnt += event.bond
        self._mark_stale(event.client)

    @_apply.register
    def _(self, event: ev.RoundEnded) -> None:
        self._open(event, event.round).ended = event

    @_apply.register
    def _(self, event: ev.Claimed) -> None:
        self.claims.append(event)
        self.paid += event.amount
        self._claimed[event.client] = self._claimed.get(event.client, 0) + event.amount
        self._may_be_relayed(event.client)

    @_apply.register
    def _(self, event: ev.SignaturesRevoked) -> None:
        nonces, vote_nonce = self.nonces(event.client), self.vote_nonce(event.client)
        if event.nonce - VOIDED not in nonces or event.vote_nonce != 1 + vote_nonce:
            before = f"{nonces[0]} to {nonces[-1]} and {vote_nonce}"
            raise _impossible(event, f"numbers {event.nonce} and {event.vote_nonce} follow {before}")
        self._revoked[event.client] = event
        self._signable[event.client] = 0

    @_apply.register
    def _(self, event: ev.TaskClosed) -> None:
        if self.is_closed:
            raise _impossible(event, "the task is closed already")
        self.withdrawn += event.amount
        self.is_closed = True

    def _may_be_relayed(self, client: str) -> None:
        self._signable[client] = self._signable.get(client, 0) + 1

    def _member(self, event: ev.Event, client: str) -> None:
        if client not in self.members:
            raise _impossible(event, f"{client} is no member")

    def _open(self, event: ev.Event, number: int) -> Round:
        round_ = self.open_round
        if round_ is None or round_.number != number:
            raise _impossible(event, f"round {number} is not open")
        return round_

    def _mark_stale(self, client: str) -> None:
        """A last list that names the client no longer says what the client says."""
        if self.last_list is not None and client in self.last_list.entries:
            self.last_list.is_stale = True


def _impossible(event: ev.Event, why: str) -> ImpossibleLogs:
    return ImpossibleLogs(f"{type(event).__name__} in block {event.place.block}", why)


def rebuild(events: Iterable[ev.Event]) -> TaskHistory:
    """The history that events tell.

    Parameters
    ----------
    events : iterable of Event
        All events of one task, in their order.

    Returns
    -------
    TaskHistory

    Raises
    ------
    ImpossibleLogs
        If they are not all, or not one task's.
    """
    history = TaskHistory()
    for event in events:
        history.apply(event)
    history.require_whole()
    return history
