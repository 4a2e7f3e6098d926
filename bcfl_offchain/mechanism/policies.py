"""Stage I: the prices that a policy names, and the response that it expects.

``complete`` and ``incomplete`` are the paper's: Theorem 3.2 (18), (19) and Theorem 4.1 (22), (23), answered
by Theorem 3.1 (8), (9), with a cap on the pay of each subtask. ``fair-share`` and ``least-cost`` name one
price for both subtasks and cap the sum of both pays. One price makes the client's problem symmetric, so its
exact best response is one frequency, (mu + psi)/T, and its utility p T - rho (mu + psi)^3/T^2:

- ``fair-share`` pays p T = R_t + R_m, the client's whole fair share;
- ``least-cost`` pays p T = u + rho (mu + psi)^3/T^2 and leaves the client its reservation utility u, the
  owner's optimum of (2) for a given T and list.

Policies are registered in `POLICIES` and looked up by name. All functions take arrays and broadcast; any
consistent set of units will do (the paper's, or wei, GHz and seconds).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import UnknownPolicy
from .responses import mining_frequency, training_frequency, training_time_at_price, uniform_frequency
from .utilities import energy_cost

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


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
    reservation_utility : float
        u, what a client gains elsewhere; only ``least-cost`` looks at it.
    """

    training_cycles: NDArray[np.float64]
    energy_coefficient: NDArray[np.float64]
    training_cap: NDArray[np.float64]
    mining_cap: NDArray[np.float64]
    mining_cycles: float
    deadline: float
    reservation_utility: float = 0.0


@dataclass(frozen=True)
class Policy:
    """A rule that names prices.

    Attributes
    ----------
    name : str
    basis : str
        Where its prices come from.
    prices : callable
        From `PriceInputs` to (training_price, mining_price), each of shape (N,), money per unit of time.
    response : callable
        From `PriceInputs` and training_price to (training_frequency, mining_frequency), each of shape (N,):
        how the policy expects a client to answer.
    cap_on_sum : bool
        Whether R_t + R_m caps the sum of both pays; otherwise R_t and R_m cap each.
    energy_range : callable
        From `PriceInputs` and max_frequency to (low, high), each of shape (N,): the energy coefficients with
        which a client of these caps and workloads is hired; none where low > high.
    pays_for_energy : bool
        Whether what a client can be paid rises with its energy coefficient; otherwise both caps throughout.
    """

    name: str
    basis: str
    prices: Callable[[PriceInputs], Pair]
    response: Callable[[PriceInputs, NDArray[np.float64]], Pair]
    cap_on_sum: bool
    energy_range: Callable[[PriceInputs, NDArray[np.float64]], Pair]
    pays_for_energy: bool


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


def fair_share_price(training_cap: ArrayLike, mining_cap: ArrayLike, deadline: ArrayLike) -> NDArray:
    """One price that pays both caps in full for the whole deadline: (R_t + R_m)/T.

    Examples
    --------
    >>> float(fair_share_price(25.0, 5.0, 15.0))
    2.0
    """
    return (np.asarray(training_cap, float) + mining_cap) / deadline


def least_cost_price(
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    mining_cycles: ArrayLike,
    deadline: ArrayLike,
    reservation_utility: ArrayLike = 0.0,
) -> NDArray:
    """Least uniform price that leaves a client its reservation utility: (u + rho (mu + psi)^3/T^2)/T.

    Examples
    --------
    >>> round(float(least_cost_price(10.0, 0.01, 5.0, 15.0)), 12)
    0.01
    """
    cycles = np.asarray(training_cycles, float) + mining_cycles
    energy = energy_cost(cycles, cycles / deadline, energy_coefficient)
    return (np.asarray(reservation_utility, float) + energy) / deadline


def _complete(given: PriceInputs) -> Pair:
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


def _incomplete(given: PriceInputs) -> Pair:
    for_training = training_price(given.training_cap, given.training_cycles, given.energy_coefficient)
    for_mining = mining_price_incomplete(
        for_training, given.training_cycles, given.energy_coefficient, given.mining_cycles, given.deadline
    )
    return for_training, for_mining


def _fair_share(given: PriceInputs) -> Pair:
    price = fair_share_price(given.training_cap, given.mining_cap, given.deadline)
    return price, price


def _least_cost(given: PriceInputs) -> Pair:
    price = least_cost_price(
        given.training_cycles,
        given.energy_coefficient,
        given.mining_cycles,
        given.deadline,
        given.reservation_utility,
    )
    return price, price


def theorem_response(given: PriceInputs, for_training: NDArray[np.float64]) -> Pair:
    """Frequencies of Theorem 3.1, (8) and (9), at a training price of shape (N,)."""
    frequency = training_frequency(for_training, given.energy_coefficient)
    return frequency, mining_frequency(given.mining_cycles, given.deadline, given.training_cycles / frequency)


def _uniform_response(given: PriceInputs, for_training: NDArray[np.float64]) -> Pair:
    frequency = uniform_frequency(given.training_cycles, given.mining_cycles, given.deadline)
    return frequency, frequency


def _theorem_energy_range(given: PriceInputs, max_frequency: NDArray[np.float64]) -> Pair:
    """Solve q_t <= q_i for low, q_m <= q_i and rho psi^3/(T - T_t)^2 <= R_m for high.

    All by T_t = (rho mu^3/R_t)^(1/2), which follows from (18).
    """
    mining_cycles, mu_cubed = given.mining_cycles, given.training_cycles**3
    low = given.training_cap / (given.training_cycles * max_frequency**2)
    rest = np.maximum(given.deadline - mining_cycles / max_frequency, 0)
    by_frequency = given.training_cap * rest**2 / mu_cubed
    root = np.sqrt(given.mining_cap)
    slowness = mining_cycles**1.5 + root * np.sqrt(mu_cubed / given.training_cap)
    return low, np.minimum(by_frequency, (root * given.deadline / slowness) ** 2)


def _uniform_energy_range(given: PriceInputs, max_frequency: NDArray[np.float64]) -> Pair:
    """Solve u + rho (mu + psi)^3/T^2 <= R_t + R_m; no energy coefficient helps where (mu + psi)/T > q_i."""
    cycles = given.training_cycles + given.mining_cycles
    spare = given.training_cap + given.mining_cap - given.reservation_utility
    high = spare * given.deadline**2 / cycles**3
    return np.zeros_like(high), np.where(cycles <= max_frequency * given.deadline, high, -np.inf)


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy("complete", "Theorem 3.2", _complete, theorem_response, False, _theorem_energy_range, False),
        Policy(
            "incomplete", "Theorem 4.1", _incomplete, theorem_response, False, _theorem_energy_range, True
        ),
        Policy(
            "fair-share",
            "full fair share",
            _fair_share,
            _uniform_response,
            True,
            _uniform_energy_range,
            False,
        ),
        Policy("least-cost", "least pay", _least_cost, _uniform_response, True, _uniform_energy_range, True),
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
    >>> find_policy("incomplete").basis
    'Theorem 4.1'
    """
    if name not in POLICIES:
        raise UnknownPolicy(name, tuple(POLICIES))
    return POLICIES[name]
