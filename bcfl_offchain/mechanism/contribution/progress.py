"""What is known at one moment of a run; computed only when asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from . import intervals
from .adjusted import Estimate, estimate
from .plan import Plan
from .record import Record
from .strata import Strata, by_size, stratify


class Known:
    """Strata and estimate of a number of evaluations."""

    def __init__(self, coalitions: np.ndarray, values: np.ndarray) -> None:
        self._samples = by_size(coalitions, values)

    @cached_property
    def strata(self) -> Strata:
        """Samples by stratum."""
        return stratify(self._samples)

    @cached_property
    def estimate(self) -> Estimate:
        """The estimate with the surrogate's help."""
        return estimate(self._samples, self.strata)


class Progress:
    """A look at a run, given to stopping rules and to `on_progress`.

    Everything that depends on values is computed from the record when it is read, so that a rule that does
    not ask for it costs nothing. Estimates after earlier rounds come from the record too: a resumed run sees
    the same history as an unbroken one.

    Attributes
    ----------
    evaluations : int
        Coalitions evaluated, those of the runs before included.
    total : float
        Evaluations after which the values are exact, 2^N.
    seconds : float
        Time of this run.
    rounds : int
        Rounds that have ended, the exact border sizes being the first.
    record : Record
        What has been evaluated.
    """

    def __init__(
        self,
        record: Record,
        plan: Plan,
        seconds: float,
        bounds: tuple[float, float] | None,
        confidence: float,
        known: dict[int, Known],
    ) -> None:
        self.record, self.seconds, self.evaluations = record, seconds, len(record)
        self.total = 2.0**record.n_clients if record.n_clients < 1024 else np.inf
        self.rounds = plan.rounds_within(len(record)) + 1
        self._plan, self._bounds, self._confidence, self._known = plan, bounds, confidence, known

    @property
    def exact(self) -> bool:
        """Whether every coalition has been evaluated."""
        return self.evaluations == self.total

    @cached_property
    def values(self) -> np.ndarray:
        """Estimated Shapley values, shape (N,); the border sizes must have been evaluated."""
        return self._estimate(self.evaluations).values

    @cached_property
    def standard_errors(self) -> np.ndarray:
        """Large-sample standard errors of `values`, shape (N,); nan for a client with a starved stratum."""
        return self._estimate(self.evaluations).standard_errors

    def values_after(self, rounds: int) -> np.ndarray:
        """Estimated Shapley values after the first so many rounds, 1 <= rounds <= self.rounds."""
        return self._estimate(self._plan.end(rounds - 1)).values

    @property
    def withheld(self) -> str | None:
        """Why there are no intervals; None if there are."""
        if self.exact:
            return None
        if self._bounds is None:
            return "the bounds of the game's values are not given"
        missing = intervals.starved(self._last())
        return f"{missing} strata have fewer than {intervals.MIN_SAMPLES} samples" if missing else None

    @cached_property
    def intervals(self) -> np.ndarray | None:
        """Lower and upper ends, shape (N, 2), from the rounds that have ended; None while withheld."""
        if self.exact:
            return np.stack([self.values, self.values], axis=1)
        if self.withheld:
            return None
        strata, (low, high) = self._last(), self._bounds
        centre = strata.plain()
        half = intervals.half_widths(strata, high - low, self._confidence, self.rounds)
        return np.stack([centre - half, centre + half], axis=1)

    def _last(self) -> Strata:
        """The strata at the end of the last full round."""
        return self._strata(self._plan.end(self.rounds - 1))

    def _strata(self, evaluations: int) -> Strata:
        """The strata after so many evaluations."""
        return self._after(evaluations).strata

    def _estimate(self, evaluations: int) -> Estimate:
        """The estimate after so many evaluations."""
        return self._after(evaluations).estimate

    def _after(self, evaluations: int) -> Known:
        """What is known after so many evaluations, each computed once a run."""
        if evaluations not in self._known:
            coalitions, values = self.record.coalitions(), self.record.values()
            self._known[evaluations] = Known(coalitions[:evaluations], values[:evaluations])
        return self._known[evaluations]
