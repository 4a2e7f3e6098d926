"""Stage I: the prices that a policy names, Theorem 3.2 (18), (19) and Theorem 4.1 (22), (23).

A policy is a name and one function from a round's clients to both prices. It is registered in `POLICIES` and
looked up by name. All functions take arrays and broadcast; any consistent set of units will do (the paper's,
or wei, GHz and seconds).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import UnknownPolicy
from .responses import training_time_at_price

Prices = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class PriceInputs:
    """What a policy may look at to name its prices.

    Attributes
    ----------
    training_cycles, energy_coefficient : array, shape (N,)
        mu_i and rho_i.
    training_cap, mining_cap : array, shape (N,)
        Caps on the pay of each subtask.
    mining_cycles, deadline : float
        psi and T.
    """

    training_cycles: NDArray[np.float64]
    energy_coefficient: NDArray[np.float64]
    training_cap: NDArray[np.float64]
    mining_cap: NDArray[np.float64]
    mining_cycles: float
    deadline: float


@dataclass(frozen=True)
class Policy:
    """A rule that names prices.

    Attributes
    ----------
    name : str
    theorem : str
        Where its prices come from.
    prices : callable
        From `PriceInputs` to (training_price, mining_price), each of shape (N,), money per unit of time.
    """

    name: str
    theorem: str
    prices: Callable[[PriceInputs], Prices]


def training_price(
    training_cap: ArrayLike, training_cycles: ArrayLike, energy_coefficient: ArrayLike
) -> NDArray:
    """Price of training time, (18) and (22): rho^(-1/2) (R_t/mu)^(3/2).

    Examples
    --------
    >>> round(float(training_price(25.0, 10.0, 0.01)), 12)
    39.528470752105
    """
    ratio = np.asarray(training_cap, float) / training_cycles
    return ratio * np.sqrt(ratio / energy_coefficient)


def mining_price_complete(
    mining_cap: ArrayLike,
    training_cap: ArrayLike,
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    deadline: float,
    printed: bool = False,
) -> NDArray:
    """Price of mining time under complete information, (19): R_m / (T - T_t).

    Parameters
    ----------
    mining_cap, training_cap, training_cycles, energy_coefficient : array, shape (N,)
    deadline : float
    printed : bool
        Use the exponent that the paper prints, (rho mu)^(3/2) in place of rho^(1/2) mu^(3/2). For comparison
        only: it pays the client less than its cap.

    Returns
    -------
    array, shape (N,)

    Examples
    --------
    >>> round(float(mining_price_complete(5.0, 25.0, 10.0, 0.01, 15.0)), 12)
    0.348006579075
    """
    exponent = 1.5 if printed else 0.5
    slowness = np.asarray(energy_coefficient, float) ** exponent * np.asarray(training_cycles, float) ** 1.5
    return mining_cap / (deadline - slowness / np.sqrt(training_cap))


def mining_price_incomplete(
    training_price: ArrayLike,
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    mining_cycles: float,
    deadline: float,
) -> NDArray:
    """Price of mining time under incomplete information, (23): what makes (6) an equality.

    Examples
    --------
    >>> round(float(mining_price_incomplete(39.52847075210474, 10.0, 0.01, 5.0, 15.0)), 15)
    0.00042146582302
    """
    mining_time = deadline - training_time_at_price(training_price, training_cycles, energy_coefficient)
    return np.asarray(energy_coefficient, float) * (mining_cycles / mining_time) ** 3


def _complete(given: PriceInputs) -> Prices:
    return (
        training_price(given.training_cap, given.training_cycles, given.energy_coefficient),
        mining_price_complete(
            given.mining_cap,
            given.training_cap,
            given.training_cycles,
            given.energy_coefficient,
            given.deadline,
        ),
    )


def _incomplete(given: PriceInputs) -> Prices:
    for_training = training_price(given.training_cap, given.training_cycles, given.energy_coefficient)
    for_mining = mining_price_incomplete(
        for_training, given.training_cycles, given.energy_coefficient, given.mining_cycles, given.deadline
    )
    return for_training, for_mining


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy("complete", "Theorem 3.2", _complete),
        Policy("incomplete", "Theorem 4.1", _incomplete),
    )
}


def find_policy(name: str) -> Policy:
    """Look a policy up by name.

    Raises
    ------
    UnknownPolicy
        If there is none of that name.

    Examples
    --------
    >>> find_policy("incomplete").theorem
    'Theorem 4.1'
    """
    if name not in POLICIES:
        raise UnknownPolicy(name, tuple(POLICIES))
    return POLICIES[name]
