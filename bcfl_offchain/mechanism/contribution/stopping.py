"""When to stop: rules that combine with ``|`` (either) and ``&`` (both).

>>> rule = MaxEvaluations(10_000) | (MaxWidth(0.01) & StableRanking(rounds=3))
>>> str(rule)
'MaxEvaluations(10000) | (MaxWidth(0.01) & StableRanking(3, 0.99))'

The border sizes are always evaluated. Rules that look at values do so at the ends of rounds only, where the
intervals allow it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf

import numpy as np

from ..errors import InvalidInput
from .progress import Progress


class StoppingRule(ABC):
    """A condition on the progress of a run."""

    limit: float = inf
    """Evaluations that the run never exceeds because of this rule."""
    watches: bool = True
    """Whether the rule has to be asked at the end of every round; else `limit` says all of it."""

    @abstractmethod
    def reached(self, progress: Progress) -> bool:
        """Whether the run may stop."""

    def __or__(self, other: StoppingRule) -> StoppingRule:
        return _Combined(self, other, "|")

    def __and__(self, other: StoppingRule) -> StoppingRule:
        return _Combined(self, other, "&")


class _Combined(StoppingRule):
    """Either of two rules, or both."""

    def __init__(self, left: StoppingRule, right: StoppingRule, sign: str) -> None:
        self._rules, self._sign = (left, right), sign
        self._of = any if sign == "|" else all
        self.limit = (min if sign == "|" else max)(left.limit, right.limit)
        self.watches = left.watches or right.watches

    def reached(self, progress: Progress) -> bool:
        return self._of(rule.reached(progress) for rule in self._rules)

    def __str__(self) -> str:
        parts = [f"({rule})" if isinstance(rule, _Combined) else str(rule) for rule in self._rules]
        return f" {self._sign} ".join(parts)


class MaxEvaluations(StoppingRule):
    """Stop after exactly so many evaluations, at least 2N + 2 (or all 2^N, if that is less)."""

    watches = False

    def __init__(self, evaluations: int) -> None:
        if evaluations < 1:
            raise InvalidInput("evaluations", evaluations, "at least 1")
        self.limit = evaluations

    def reached(self, progress: Progress) -> bool:
        return progress.evaluations >= self.limit

    def __str__(self) -> str:
        return f"MaxEvaluations({self.limit})"


class MaxSeconds(StoppingRule):
    """Stop at the first batch that ends after so many seconds of this run."""

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise InvalidInput("seconds", seconds, "positive")
        self._seconds = seconds

    def reached(self, progress: Progress) -> bool:
        return progress.seconds >= self._seconds

    def __str__(self) -> str:
        return f"MaxSeconds({self._seconds})"


class MaxWidth(StoppingRule):
    """Stop when no client's interval is wider than this, from end to end. The game's bounds must be given."""

    def __init__(self, width: float) -> None:
        if not width > 0:
            raise InvalidInput("width", width, "positive")
        self._width = width

    def reached(self, progress: Progress) -> bool:
        intervals = progress.intervals
        return intervals is not None and bool(np.ptp(intervals, axis=1).max() <= self._width)

    def __str__(self) -> str:
        return f"MaxWidth({self._width})"


class StableRanking(StoppingRule):
    """Stop when the clients' ranking agrees with that after each of the rounds before.

    A heuristic without a guarantee: a ranking may stand still and change later.

    Parameters
    ----------
    rounds : int
        Rounds before the last that it is compared with, at least 1. A round adds a quarter to the
        sampled coalitions.
    correlation : float
        Least Spearman correlation that counts as agreement, in (0, 1].
    """

    def __init__(self, rounds: int = 3, correlation: float = 0.99) -> None:
        if rounds < 1:
            raise InvalidInput("rounds", rounds, "at least 1")
        if not 0 < correlation <= 1:
            raise InvalidInput("correlation", correlation, "above 0 and at most 1")
        self._rounds, self._correlation = rounds, correlation

    def reached(self, progress: Progress) -> bool:
        # The border sizes alone are the same in every run; they say nothing about stability.
        if progress.rounds <= self._rounds + 1:
            return False
        last = progress.values_after(progress.rounds)
        before = range(progress.rounds - self._rounds, progress.rounds)
        return all(spearman(progress.values_after(r), last) >= self._correlation for r in before)

    def __str__(self) -> str:
        return f"StableRanking({self._rounds}, {self._correlation})"


def spearman(left: np.ndarray, right: np.ndarray) -> float:
    """Return the rank correlation of two vectors, ties sharing their mean rank; 1 if both are constant.

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0]))
    0.5
    """
    first, second = _ranks(left), _ranks(right)
    spread = np.sqrt(np.sum(first**2) * np.sum(second**2))
    return float(first @ second / spread) if spread else float(np.array_equal(first, second))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks with mean 0."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks - ranks.mean()
