"""Utilities of a client (1) and of the model owner (2), and the energy they weigh."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray


def energy_cost(cycles: ArrayLike, frequency: ArrayLike, energy_coefficient: ArrayLike) -> NDArray:
    """Cost of the energy that w cycles take at frequency q: rho w q^2.

    Examples
    --------
    >>> float(energy_cost(10.0, 2.0, 0.01))
    0.4
    """
    return np.asarray(energy_coefficient, float) * cycles * np.square(frequency)


def client_utility(
    training_pay: ArrayLike,
    mining_pay: ArrayLike,
    training_cycles: ArrayLike,
    mining_cycles: ArrayLike,
    training_frequency: ArrayLike,
    mining_frequency: ArrayLike,
    energy_coefficient: ArrayLike,
) -> NDArray:
    """Utility of a client (1): pay for both subtasks less the energy of both.

    Examples
    --------
    >>> float(client_utility(25.0, 5.0, 10.0, 5.0, 1.0, 1.0, 0.01))
    29.85
    """
    energy = energy_cost(training_cycles, training_frequency, energy_coefficient)
    energy = energy + energy_cost(mining_cycles, mining_frequency, energy_coefficient)
    return np.asarray(training_pay, float) + mining_pay - energy


def linear_benefit(slope: float = 1.0) -> Callable[[float], float]:
    """Return f(x) = kappa x, the default benefit of a round's total workload in (2)."""
    return lambda workload: slope * workload


def owner_utility(
    training_cycles: ArrayLike,
    time: ArrayLike,
    pay: ArrayLike,
    cost_weight: float,
    taking_part: ArrayLike = True,
    benefit: Callable[[float], float] = linear_benefit(),
) -> float:
    """Utility of the model owner (2): f(sum mu) - xi sum (T_i + R_i).

    Parameters
    ----------
    training_cycles, time, pay : array, shape (N,)
        mu_i, T_i = T_ti + T_mi and R_i, the pay for both subtasks.
    cost_weight : float
        xi.
    taking_part : bool array, shape (N,), or True
        Clients that take part; the others add nothing to any of the sums, whatever stands in their places.
    benefit : callable
        f, increasing.

    Returns
    -------
    float

    Examples
    --------
    >>> owner_utility([10.0, 20.0], [15.0, np.nan], [30.0, np.nan], 0.1, taking_part=[True, False])
    5.5
    """
    mask = np.broadcast_to(np.asarray(taking_part, bool), np.shape(training_cycles))
    workload = np.sum(training_cycles, where=mask)
    cost = np.sum(time, where=mask) + np.sum(pay, where=mask)
    return float(benefit(float(workload)) - cost_weight * cost)
