"""The deadline that the model owner would choose if T were free.

By (2) a client costs the owner its time and its pay. The least pay for which it works within T is
u + rho (mu + psi)^3/T^2, so T + u + rho (mu + psi)^3/T^2 is least at T = (2 rho)^(1/3) (mu + psi), where it
is u + 3T/2. One deadline for all clients minimises the sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .claims import least_energy


def client_deadline(
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    mining_cycles: ArrayLike,
    max_frequency: ArrayLike = np.inf,
) -> NDArray:
    """Deadline that costs the owner least for each client alone, and that its q_i can meet.

    Parameters
    ----------
    training_cycles, energy_coefficient, mining_cycles, max_frequency : array, shape (N,)
        mu, rho, psi and q_i; q_i is infinite for no limit.

    Examples
    --------
    >>> round(float(client_deadline(10.0, 0.01, 5.0)), 2)
    4.07
    """
    cycles = np.asarray(training_cycles, float) + mining_cycles
    return np.maximum(np.cbrt(2 * np.asarray(energy_coefficient, float)) * cycles, cycles / max_frequency)


def round_deadline(
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    mining_cycles: ArrayLike,
    max_frequency: ArrayLike = np.inf,
) -> float:
    """Deadline that costs the owner least for all clients together: (2 mean rho (mu + psi)^3)^(1/3).

    Parameters
    ----------
    training_cycles, energy_coefficient, mining_cycles, max_frequency : array, shape (N,)

    Returns
    -------
    float
        At least what the slowest client needs at its q_i; NaN without a client.

    Examples
    --------
    >>> round(round_deadline([10.0, 10.0], [0.01, 0.01], 5.0), 2)
    4.07
    """
    cycles = np.asarray(training_cycles, float) + mining_cycles
    if not cycles.size:
        return float("nan")
    free = np.cbrt(2 * np.mean(energy_coefficient * cycles**3))
    return float(max(free, np.max(cycles / max_frequency)))


def owner_cost(
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    mining_cycles: ArrayLike,
    deadline: ArrayLike,
    reservation_utility: ArrayLike = 0.0,
) -> NDArray:
    """Least that a client costs the owner with deadline T, time plus pay: T + u + rho (mu + psi)^3/T^2.

    Examples
    --------
    >>> round(float(owner_cost(10.0, 0.01, 5.0, 15.0)), 2), round(float(owner_cost(10.0, 0.01, 5.0, 4.07)), 2)
    (15.15, 6.11)
    """
    energy = least_energy(training_cycles, energy_coefficient, mining_cycles, deadline)
    return np.asarray(deadline, float) + reservation_utility + energy
