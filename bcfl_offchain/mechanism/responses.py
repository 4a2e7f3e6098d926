"""Stage II: the client's response of Theorem 3.1, (8) and (9), and the one to a uniform price."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def training_frequency(training_price: ArrayLike, energy_coefficient: ArrayLike) -> NDArray:
    """Frequency at which pay for training just covers its energy, (8): (p_t/rho)^(1/3).

    Examples
    --------
    >>> round(float(training_frequency(39.528470752104745, 0.01)), 12)
    15.811388300842
    """
    return np.cbrt(np.asarray(training_price, float) / energy_coefficient)


def training_time_at_price(
    training_price: ArrayLike, training_cycles: ArrayLike, energy_coefficient: ArrayLike
) -> NDArray:
    """Training time T_t = mu (rho/p_t)^(1/3) of a client that answers by (8).

    Examples
    --------
    >>> round(float(training_time_at_price(39.528470752104745, 10.0, 0.01)), 12)
    0.632455532034
    """
    return np.asarray(training_cycles, float) / training_frequency(training_price, energy_coefficient)


def mining_frequency(mining_cycles: ArrayLike, deadline: ArrayLike, training_time: ArrayLike) -> NDArray:
    """Frequency that mines in all the time which training leaves, (9): psi/(T - T_t).

    Examples
    --------
    >>> round(float(mining_frequency(5.0, 15.0, 0.632455532033675866)), 12)
    0.348006579075
    """
    return np.asarray(mining_cycles, float) / (np.asarray(deadline, float) - training_time)


def uniform_frequency(training_cycles: ArrayLike, mining_cycles: ArrayLike, deadline: ArrayLike) -> NDArray:
    """Frequency that does both subtasks in the whole deadline with the least energy: (mu + psi)/T.

    It is the exact best response to one price for both subtasks.

    Examples
    --------
    >>> float(uniform_frequency(10.0, 5.0, 15.0))
    1.0
    """
    return (np.asarray(training_cycles, float) + mining_cycles) / deadline
