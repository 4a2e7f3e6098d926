"""What an auditor recomputes: each check holds a task's logs against the mechanism and the rules.

Nothing here asks a chain. Every check yields the differences it finds, so that one wrong number does not hide
another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain import mining
from bcfl_offchain.chain.history import PostedEntry, PriceList, Round, TaskHistory
from bcfl_offchain.chain.types import Phase, Terms, address_order
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.errors import MechanismError
from bcfl_offchain.mechanism.puzzle import expected_hashes

from .pricing import check_posted


@dataclass(frozen=True)
class Difference:
    """One thing in which a task is not as it has to be.

    Attributes
    ----------
    where : str
        List or round, and client.
    what : str
        The quantity, by its name in mechanism.md.
    expected, found : object
        As recomputed, and as on chain.
    """

    where: str
    what: str
    expected: Any
    found: Any


@dataclass(frozen=True)
class BlockFacts:
    """What an audit needs of a block."""

    timestamp: int
    parent_hash: bytes


Facts = Mapping[int, BlockFacts]


@dataclass(frozen=True)
class ListCheck:
    """What a check of a price list found.

    Attributes
    ----------
    step : int
        How far a cap may be from the recomputed one, in wei: 0, or a step if the list is too large for exact
        caps.
    differences : tuple of Difference
    """

    step: int
    differences: tuple[Difference, ...]


def check_list(terms: Terms, price_list: PriceList) -> ListCheck:
    """Every cap, frequency and price of a complete list; of an incomplete one nothing is owed to anybody."""
    where = f"list {price_list.version}"
    clients, differences = list(price_list.entries), []
    if clients != sorted(clients, key=address_order):
        differences.append(Difference(where, "order of clients", "ascending", ", ".join(clients)))
    if not price_list.is_complete:
        return ListCheck(0, tuple(differences))
    try:
        checked = check_posted(terms, price_list)
    except MechanismError as error:  # too large to be recomputed, or a report that no contract takes
        unknown = Difference(where, "shapley_value", "one that can be recomputed", str(error))
        return ListCheck(0, (*differences, unknown))
    differences += [
        Difference(f"{where}, client {found.client}", found.field, found.allowed, found.found)
        for found in checked.differences
    ]
    return ListCheck(checked.step, tuple(differences))


def check_round(
    terms: Terms, task: str, round_: Round, previous_end: int, facts: Facts
) -> Iterator[Difference]:
    """A round from its opening to its end.

    Parameters
    ----------
    terms : Terms
    task : str
        The task's address, which seed and puzzles contain.
    round_ : Round
    previous_end : int
        Timestamp of the end of the round before, or of the task's creation.
    facts : mapping of int to BlockFacts
        Of each block in which one of the round's events stands.
    """
    yield from _check_opening(terms, task, round_, previous_end, facts)
    for work in round_.works.values():
        yield from _check_work(terms, task, round_, work, facts)
    yield from _check_proposals(terms, task, round_, facts)
    yield from _check_end(terms, round_, facts)


def check_replay(terms: Terms, events: Iterable[ev.Event]) -> Iterator[Difference]:
    """Every amount that moved, at the moment when it moved."""
    history = TaskHistory()
    for event in events:
        for what, expected, found in _amounts(terms, history, event):
            yield Difference(_place(event), what, expected, found)
        history.apply(event)


def _same(where: str, **pairs: tuple[Any, Any]) -> Iterator[Difference]:
    """A difference for each name whose expected and found values are not equal."""
    for what, (expected, found) in pairs.items():
        if expected != found:
            yield Difference(where, what, expected, found)


def _check_opening(
    terms: Terms, task: str, round_: Round, previous_end: int, facts: Facts
) -> Iterator[Difference]:
    where, opened, price_list = f"round {round_.number}", round_.opened, round_.price_list
    block = facts[opened.place.block]
    hired = price_list.hired
    training_caps = sum(price_list.entries[client].entry.training_cap for client in hired)
    mining_cap = fixed_point.mining_cap(terms.pricing(), price_list.size)
    entropy = keccak(
        encode(
            ["bytes32", "address", "uint32", "bytes32"],
            [block.parent_hash, task, round_.number, price_list.hash],
        )
    )
    seed = entropy[:24] + bytes(8)
    since = (block.timestamp - previous_end) % (terms.join_window + terms.list_window)
    yield from _same(
        where,
        size=(price_list.size, opened.size),
        posted=(price_list.size, len(price_list.entries)),
        hired=(len(hired), opened.hired),
        mining_cap=(mining_cap, opened.mining_cap),
        committed=(training_caps + mining_cap * len(hired), opened.committed),
        seed=(seed, opened.seed),
        list_is_stale=(False, round_.was_stale),
        phase_at_opening=(Phase.FROZEN, Phase.FROZEN if since >= terms.join_window else Phase.JOINING),
    )
    if training_caps > terms.budget - terms.mining_budget:
        yield Difference(
            where, "sum of training caps", f"at most {terms.budget - terms.mining_budget}", training_caps
        )
    if len(hired) < terms.min_hired:
        yield Difference(where, "hired", f"at least {terms.min_hired}", len(hired))


def _check_work(
    terms: Terms, task: str, round_: Round, work: ev.WorkSubmitted, facts: Facts
) -> Iterator[Difference]:
    where = f"round {round_.number}, client {work.client}"
    line = round_.price_list.entries.get(work.client)
    if line is None or not line.entry.training_cap:
        yield Difference(where, "hired", True, False)
        return
    pricing = terms.pricing()
    try:
        report = line.report.pricing(terms.cycle_unit)
        priced = fixed_point.line_of_cap(report, pricing, line.entry.training_cap, round_.price_list.size)
        training_pay, mining_pay = fixed_point.work_pay(
            report, priced, pricing, work.training_frequency, work.mining_frequency
        )
    except MechanismError as error:
        yield Difference(where, "claimed frequencies", "within the constraints", str(error))
        return
    yield from _same(
        where, training_pay=(training_pay, work.training_pay), mining_pay=(mining_pay, work.mining_pay)
    )
    elapsed = facts[work.place.block].timestamp - facts[round_.opened.place.block].timestamp
    claimed = _claimed_time(terms, line, work)
    if not claimed <= elapsed <= terms.deadline + terms.grace:
        yield Difference(
            where, "seconds after opening", f"{claimed} to {terms.deadline + terms.grace}", elapsed
        )
    limit = mining.threshold(expected_hashes(terms.mining_cycles, terms.cycles_per_hash))
    for index, puzzle_hash in enumerate(_puzzle_hashes(task, round_, work)):
        if puzzle_hash >= limit:
            yield Difference(f"{where}, puzzle {index}", "puzzle hash", f"below {limit}", puzzle_hash)


def _claimed_time(terms: Terms, line: PostedEntry, work: ev.WorkSubmitted) -> int:
    q_t, q_m = work.training_frequency, work.mining_frequency
    cycles = line.report.training_units * terms.cycle_unit
    needed = 10**9 * (cycles * q_m + terms.mining_cycles * q_t)
    return -(-needed // (q_t * q_m))


def _puzzle_hashes(task: str, round_: Round, work: ev.WorkSubmitted) -> tuple[int, ...]:
    challenge = mining.challenge(task, round_.opened.seed, work.client, work.update_hash)
    return mining.puzzle_hashes(challenge, work.nonces)


def _window(terms: Terms, round_: Round, timestamp: int, opened_at: int) -> Phase:
    """The phase of an open round at a moment after its works."""
    work_end = opened_at + terms.deadline + terms.grace
    if timestamp <= work_end:
        return Phase.WORKING
    if not round_.works:
        return Phase.EXPIRED
    windows = (timestamp - work_end - 1) // terms.proposal_window
    return Phase(min(Phase.GENERATOR_PROPOSING + windows, Phase.EXPIRED))


_PROPOSING = (Phase.GENERATOR_PROPOSING, Phase.RUNNER_UP_PROPOSING, Phase.WORKERS_PROPOSING)


def _check_proposals(terms: Terms, task: str, round_: Round, facts: Facts) -> Iterator[Difference]:
    ranking = round_.ranking(terms, task)
    opened_at = facts[round_.opened.place.block].timestamp
    for event in round_.proposals:
        where = f"round {round_.number}, proposal by {event.proposer}"
        phase = _window(terms, round_, facts[event.place.block].timestamp, opened_at)
        if phase not in _PROPOSING:
            yield Difference(where, "phase", "one of proposing", phase.name)
        if event.proposer not in round_.works:
            yield Difference(where, "proposer", "one who worked", event.proposer)
        due = ranking[phase - Phase.GENERATOR_PROPOSING :][:1]
        if phase in (Phase.GENERATOR_PROPOSING, Phase.RUNNER_UP_PROPOSING) and [event.proposer] != due:
            yield Difference(where, "proposer", due[0] if due else "nobody", event.proposer)


def _check_end(terms: Terms, round_: Round, facts: Facts) -> Iterator[Difference]:
    ended = round_.ended
    if ended is None:
        return
    where = f"end of round {round_.number}"
    opened_at = facts[round_.opened.place.block].timestamp
    phase = _window(terms, round_, facts[ended.place.block].timestamp, opened_at)
    if any(ended.model_hash):
        if not 2 * round_.opened.hired < 3 * ended.votes <= 3 * round_.opened.hired:
            more = 2 * round_.opened.hired // 3 + 1
            yield Difference(where, "votes", f"{more} to {round_.opened.hired}", ended.votes)
        if phase not in _PROPOSING:
            yield Difference(where, "phase", "one of proposing", phase.name)
    else:
        yield from _same(
            where,
            votes=(0, ended.votes),
            rejected=([], list(round_.rejections)),
            forfeited=([], list(round_.forfeits)),
            phase=(Phase.EXPIRED, phase),
        )


def _amounts(terms: Terms, history: TaskHistory, event: ev.Event) -> Iterator[tuple[str, Any, Any]]:
    """What an event's amounts have to be, from all that happened before it; only the unequal ones."""
    expected: dict[str, Any] = {}
    if isinstance(event, ev.Funded):
        expected = {"amount": terms.budget * terms.rounds}
    elif isinstance(event, (ev.Joined, ev.Left)):
        expected = {"bond": terms.bond}
    elif isinstance(event, ev.RoundOpened):
        expected = {"round": len(history.rounds) + 1}
    elif isinstance(event, ev.WorkRejected):
        expected = {"amount": history.rounds[event.round - 1].pay(event.client)}
    elif isinstance(event, ev.BondForfeited):
        expected = {"bond": terms.bond, "amount": history.rounds[event.round - 1].pay(event.client)}
    elif isinstance(event, ev.RoundEnded):
        round_ = history.rounds[event.round - 1]
        expected = {"refunded": round_.opened.committed - round_.credited + round_.cancelled}
    elif isinstance(event, ev.Claimed):
        expected = {"amount": history.earned(event.client)[0]}
    elif isinstance(event, ev.TaskClosed):
        expected = {"amount": history.ledger().free}
    for name, value in expected.items():
        if getattr(event, name) != value:
            yield name, value, getattr(event, name)


def _place(event: ev.Event) -> str:
    about = [f"{name} {getattr(event, name)}" for name in ("round", "client") if hasattr(event, name)]
    return ", ".join([f"{type(event).__name__} in block {event.place.block}", *about])
