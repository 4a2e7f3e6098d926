"""Shapley values (3) of a game that can be called, such as the accuracy of a coalition's aggregate.

The paper's own game has exact engines (`mechanism.shapley`); this is for every other. Small games are
enumerated. Large ones are estimated at any time from stratified samples of coalitions (`plan`, `strata`,
`adjusted`, `surrogate`), with intervals that hold whenever one looks (`intervals`). Both are one algorithm:
coalitions are drawn without replacement, and when none is left the estimate is the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from time import monotonic

import numpy as np

from ..errors import InvalidInput
from .evaluation import Value, evaluate
from .plan import Plan
from .progress import Known, Progress
from .record import Record, RecordMismatch
from .result import Contributions
from .stopping import StoppingRule

MAX_EXACT_CLIENTS = 20
"""Largest N that may run without a stopping rule: 1,048,576 coalitions."""

# Coalitions planned at a time where only their number counts.
_LEAST_BLOCK = 4096


def contributions(
    value: Value,
    n_clients: int,
    stop: StoppingRule | None = None,
    *,
    bounds: tuple[float, float] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    batch_size: int = 1024,
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    record: Record | None = None,
) -> Contributions:
    """Compute or estimate the Shapley values of a game.

    Parameters
    ----------
    value : callable
        The game: takes coalitions, bool of shape (m, N), and returns v of each, shape (m,). It must answer
        the same for the same coalition. v(empty) may be any number.
    n_clients : int
        N >= 1.
    stop : StoppingRule, optional
        When to stop before all 2^N coalitions have been evaluated; required for N > 20.
    bounds : tuple of float, optional
        A range (low, high) that holds every value of the game. Intervals need it.
    confidence : float
        In (0, 1): how likely it is that all intervals hold together.
    seed : int
        The same seed, game and number of evaluations give the same answer. The confidence is over seeds: take
        one that nobody knew who could still change the game.
    batch_size : int
        Largest number of coalitions in one call of the game.
    executor : concurrent.futures.Executor, optional
        Where the game is called; here and now if none is given. The answer is the same.
    on_progress : callable, optional
        Called with a `Progress` after every batch.
    record : Record, optional
        Of an earlier run of the same game and seed, to go on from; it is extended in place.

    Returns
    -------
    Contributions

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or no stopping rule is given for N > 20.
    BadValue
        If the game's answer has the wrong shape, is not finite or lies outside the bounds.
    RecordMismatch
        If the record belongs to another N, another seed, or another release of numpy's generator.

    Examples
    --------
    >>> gloves = lambda coalitions: np.minimum(coalitions[:, 0], coalitions[:, 1:].sum(axis=1))
    >>> result = contributions(gloves, 3)
    >>> result.values.round(6).tolist(), result.method, result.evaluations
    ([0.666667, 0.166667, 0.166667], 'exact', 8)
    """
    record = Record(n_clients, seed) if record is None else record
    plan = Plan(n_clients, seed)
    _check(record, plan, stop, bounds, confidence, batch_size)
    known: dict[int, Known] = {}
    start = monotonic()
    progress, stopped_by = None, "all coalitions evaluated"
    watched = on_progress is not None or (stop is not None and stop.watches)
    batches = _batches(value, record, plan, stop, batch_size, executor, bounds, watched)
    for _ in batches:
        progress = Progress(record, plan, monotonic() - start, bounds, confidence, known)
        if on_progress is not None:
            on_progress(progress)
        if stop is not None and not progress.exact and progress.rounds and stop.reached(progress):
            stopped_by = str(stop)
            break
    batches.close()  # takes back what no worker has begun
    return _answer(progress, stopped_by, start)


def _batches(
    value: Value,
    record: Record,
    plan: Plan,
    stop: StoppingRule | None,
    batch_size: int,
    executor: Executor | None,
    bounds: tuple[float, float] | None,
    watched: bool,
) -> Iterator[None]:
    """Extend the record batch by batch; pause first at what a resumed record has already."""
    if len(record):
        known = record.coalitions()
        differing = np.flatnonzero((plan.coalitions(len(record)) != known).any(axis=1))
        if len(differing):
            raise RecordMismatch("another coalition at place", differing[0], "draws its own", "start anew")
        yield
    limit = plan.total if stop is None else min(stop.limit, plan.total)
    round_ = plan.rounds_within(len(record)) + 1
    while len(record) < limit:
        # Nobody looks at rounds if only evaluations count; the game is then called as seldom as can be.
        pause = plan.end(round_) if watched else max(2 * len(record), _LEAST_BLOCK)
        rows = plan.coalitions(int(min(limit, pause)))[len(record) :]
        position = 0
        for values in evaluate(value, rows, batch_size, executor, bounds):
            record.append(rows[position : position + len(values)], values)
            position += len(values)
            yield
        round_ += 1


def _check(
    record: Record,
    plan: Plan,
    stop: StoppingRule | None,
    bounds: tuple[float, float] | None,
    confidence: float,
    batch_size: int,
) -> None:
    """Refuse arguments out of range."""
    if (record.n_clients, record.seed) != (plan.n_clients, plan.seed):
        found, expected = (record.n_clients, record.seed), (plan.n_clients, plan.seed)
        raise RecordMismatch("(n_clients, seed)", found, expected, "give the same ones")
    if stop is None and plan.n_clients > MAX_EXACT_CLIENTS:
        needed = f"given for more than {MAX_EXACT_CLIENTS} clients, such as MaxEvaluations(10_000)"
        raise InvalidInput("stop", stop, needed)
    if stop is not None and stop.limit < plan.end(0):
        raise InvalidInput("evaluations", stop.limit, f"at least {plan.end(0)}, the exact border sizes")
    if len(record) > plan.total:
        raise RecordMismatch("a length of", len(record), f"at most {plan.total}", "start anew")
    if bounds is not None and not (np.isfinite(bounds).all() and bounds[0] < bounds[1]):
        raise InvalidInput("bounds", bounds, "two finite numbers, the lower first")
    if not 0 < confidence < 1:
        raise InvalidInput("confidence", confidence, "between 0 and 1")
    if batch_size < 1:
        raise InvalidInput("batch_size", batch_size, "at least 1")


def _answer(progress: Progress, stopped_by: str, start: float) -> Contributions:
    """The last look as a result."""
    return Contributions(
        values=progress.values,
        method="exact" if progress.exact else "sampled",
        intervals=progress.intervals,
        withheld=progress.withheld,
        standard_errors=progress.standard_errors,
        evaluations=progress.evaluations,
        rounds=progress.rounds,
        seconds=monotonic() - start,
        stopped_by=stopped_by,
        record=progress.record,
    )
