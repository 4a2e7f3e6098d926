"""What a run answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .record import Record


@dataclass(frozen=True)
class Contributions:
    """Shapley values of a game.

    Attributes
    ----------
    values : np.ndarray, shape (N,)
        The best estimate; exact if `method` says so. They add up to v(N) - v(empty).
    method : str
        ``exact`` if all 2^N coalitions were evaluated, else ``sampled``.
    intervals : np.ndarray or None, shape (N, 2)
        Lower and upper ends, which hold all values at once with the run's confidence, whatever the stopping
        rule. They are built round sample means of whole rounds, so `values` need not be in the middle.
    withheld : str or None
        Why there are no intervals.
    standard_errors : np.ndarray, shape (N,)
        Large-sample standard errors of `values`, much smaller than the intervals and without their guarantee;
        nan for a client with a stratum of fewer than two samples.
    evaluations : int
        Coalitions evaluated, each once, those of a resumed record included.
    rounds : int
        Rounds of the plan that have ended.
    seconds : float
        Time of this run, the game's included.
    stopped_by : str
        The rule that stopped the run, or ``all coalitions evaluated``.
    record : Record
        All evaluations: pass it on to continue.
    """

    values: np.ndarray
    method: str
    intervals: np.ndarray | None
    withheld: str | None
    standard_errors: np.ndarray
    evaluations: int
    rounds: int
    seconds: float
    stopped_by: str
    record: Record
