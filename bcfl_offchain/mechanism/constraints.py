"""The constraints of Problems 1 to 3 as named checks: (5), (6), (7), (16), (17), (20), q <= q_i and T_t < T.

The paper's solutions make several of them equalities, which floats meet only up to rounding. So a check holds
when it is missed by at most `TOLERANCE` of the larger side. The chain knows no tolerance: see `fixed_point`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .utilities import energy_cost

TOLERANCE = 1e-12
"""Share of the larger side by which a check may be missed."""


@dataclass(frozen=True)
class Check:
    """Whether a constraint holds, client by client.

    Attributes
    ----------
    name : str
        The paper's number or the inequality itself.
    holds : bool array, shape (N,)
    margin : array, shape (N,)
        Larger side less smaller side, in the constraint's unit; negative where it is broken.
    """

    name: str
    holds: NDArray[np.bool_]
    margin: NDArray[np.float64]


def _at_most(name: str, smaller: ArrayLike, larger: ArrayLike) -> Check:
    small, large = np.asarray(smaller, float), np.asarray(larger, float)
    slack = TOLERANCE * np.maximum(np.abs(small), np.abs(large))
    with np.errstate(
        invalid="ignore"
    ):  # inf - inf where a client has no limit and no speed reaches the deadline
        return Check(name, small <= large + np.where(np.isfinite(slack), slack, 0.0), large - small)


def training_covers_energy(
    training_pay: ArrayLike,
    training_cycles: ArrayLike,
    training_frequency: ArrayLike,
    energy_coefficient: ArrayLike,
) -> Check:
    """(5): pay for training is at least its energy."""
    return _at_most("(5)", energy_cost(training_cycles, training_frequency, energy_coefficient), training_pay)


def mining_covers_energy(
    mining_pay: ArrayLike,
    mining_cycles: ArrayLike,
    mining_frequency: ArrayLike,
    energy_coefficient: ArrayLike,
) -> Check:
    """(6): pay for mining is at least its energy."""
    return _at_most("(6)", energy_cost(mining_cycles, mining_frequency, energy_coefficient), mining_pay)


def within_deadline(training_time: ArrayLike, mining_time: ArrayLike, deadline: ArrayLike) -> Check:
    """(7): both subtasks end by the deadline."""
    return _at_most("(7)", np.asarray(training_time, float) + mining_time, deadline)


def training_within_cap(training_pay: ArrayLike, training_cap: ArrayLike) -> Check:
    """(16): pay for training is at most its cap.

    Examples
    --------
    >>> check = training_within_cap([25.0, 26.0], 25.0)
    >>> check.name, check.holds.tolist(), check.margin.tolist()
    ('(16)', [True, False], [0.0, -1.0])
    """
    return _at_most("(16)", training_pay, training_cap)


def mining_within_cap(mining_pay: ArrayLike, mining_cap: ArrayLike) -> Check:
    """(17): pay for mining is at most its cap."""
    return _at_most("(17)", mining_pay, mining_cap)


def pay_within_caps(pay: ArrayLike, training_cap: ArrayLike, mining_cap: ArrayLike) -> Check:
    """(16) and (17) added up, for policies that cap the sum of both pays."""
    return _at_most("(16) + (17)", pay, np.asarray(training_cap, float) + mining_cap)


def participates(utility: ArrayLike, pay: ArrayLike) -> Check:
    """(20): the client's utility is not negative; what it is paid sets the scale of the rounding."""
    return _at_most("(20)", np.asarray(pay, float) - utility, pay)


def within_max_frequency(frequency: ArrayLike, max_frequency: ArrayLike) -> Check:
    """q <= q_i of Section 2.2.1, which Problem 1 leaves out."""
    return _at_most("q <= q_i", frequency, max_frequency)


def leaves_time_to_mine(training_time: ArrayLike, deadline: ArrayLike) -> Check:
    """T_t < T: strict, without a tolerance, for (9) divides by T - T_t."""
    small, large = np.asarray(training_time, float), np.asarray(deadline, float)
    return Check("T_t < T", small < large, large - small)
