"""One round in floats, for all clients at once: from their workloads to prices, responses, pay and utility.

The caps of Section 3.1, Theorems 3.1, 3.2 and 4.1, and the domain in which they hold. Units are free
as long as they are consistent. `fixed_point` does the same in the chain's integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .constraints import leaves_time_to_mine, mining_within_cap, within_max_frequency
from .errors import InvalidInput
from .policies import POLICIES, PriceInputs, find_policy
from .reasons import Reason
from .responses import mining_frequency, training_frequency
from .shapley import ShapleyResult, shapley_values, shares
from .units import Number, exact
from .utilities import energy_cost

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RoundTerms:
    """Terms of a round. Numbers become exact fractions.

    Attributes
    ----------
    budget, mining_budget : Number
        eta and eta_m, 0 <= eta_m <= eta.
    deadline, mining_cycles : Number
        T and psi, positive.
    target : Number
        g, non-negative.
    policy : str
        A name in `POLICIES`.

    Raises
    ------
    InvalidInput, UnknownPolicy
    """

    budget: Number
    mining_budget: Number
    deadline: Number
    mining_cycles: Number
    target: Number
    policy: str = next(iter(POLICIES))

    def __post_init__(self) -> None:
        for field in ("budget", "mining_budget", "target"):
            self._keep(field, exact(getattr(self, field), field), "non-negative")
        for field in ("deadline", "mining_cycles"):
            self._keep(field, exact(getattr(self, field), field), "positive")
        if self.mining_budget > self.budget:
            raise InvalidInput(
                "mining_budget", float(self.mining_budget), f"at most budget = {float(self.budget)}"
            )
        find_policy(self.policy)

    def _keep(self, field: str, value: Fraction, requirement: str) -> None:
        if value < 0 or (requirement == "positive" and value == 0):
            raise InvalidInput(field, float(value), requirement)
        object.__setattr__(self, field, value)


@dataclass(frozen=True)
class PricedRound:
    """What a round offers each client and what the client answers, by client.

    Numbers from `training_price` on are NaN for a client that is not hired; `reason` is None for one that is.
    `energy` is the cost of both subtasks' energy, `utility` is (1).
    """

    policy: str
    shapley: ShapleyResult
    shares: tuple[Fraction, ...]
    hired: NDArray[np.bool_]
    reason: tuple[Reason | None, ...]
    training_cap: FloatArray
    mining_cap: FloatArray
    training_price: FloatArray
    mining_price: FloatArray
    training_frequency: FloatArray
    mining_frequency: FloatArray
    training_time: FloatArray
    mining_time: FloatArray
    training_pay: FloatArray
    mining_pay: FloatArray
    energy: FloatArray
    utility: FloatArray


def price_round(
    training_cycles: Sequence[Number],
    energy_coefficient: Sequence[Number],
    terms: RoundTerms,
    max_frequency: Sequence[Number | None] | None = None,
) -> PricedRound:
    """Price one round.

    Parameters
    ----------
    training_cycles, energy_coefficient : sequence of Number, length N >= 1
        mu_i and rho_i, positive.
    terms : RoundTerms
    max_frequency : sequence of Number or None, length N, optional
        q_i, positive; None for a client, or for all, means no limit.

    Returns
    -------
    PricedRound

    Raises
    ------
    InvalidInput
        If lengths differ or a number is not positive.
    ShapleyTooLarge
        From `shapley_values`.

    Examples
    --------
    >>> terms = RoundTerms(budget=1500, mining_budget=250, deadline=15, mining_cycles=5, target=10)
    >>> priced = price_round([10] * 50, [0.01] * 50, terms)
    >>> round(float(priced.training_price[0]), 12), round(float(priced.mining_price[0]), 12)
    (39.528470752105, 0.348006579075)
    """
    workloads = _positive("training_cycles", training_cycles, len(training_cycles))
    coefficients = _positive("energy_coefficient", energy_coefficient, len(workloads))
    limits = _limits(max_frequency, len(workloads))
    shapley = shapley_values(workloads, terms.target)
    portions = shares(shapley.values)
    given = PriceInputs(
        training_cycles=_floats(workloads),
        energy_coefficient=_floats(coefficients),
        training_cap=_floats([portion * (terms.budget - terms.mining_budget) for portion in portions]),
        mining_cap=_floats([terms.mining_budget / len(workloads)] * len(workloads)),
        mining_cycles=float(terms.mining_cycles),
        deadline=float(terms.deadline),
    )
    offer = _offer(given, terms.policy)
    reason = _reasons(given, offer, limits)
    hired = np.array([why is None for why in reason])
    blanked = {name: np.where(hired, values, np.nan) for name, values in offer.items()}
    return PricedRound(
        terms.policy, shapley, portions, hired, reason, given.training_cap, given.mining_cap, **blanked
    )


def _positive(field: str, values: Sequence[Number], n_clients: int) -> list[Fraction]:
    if len(values) != n_clients:
        raise InvalidInput(field, f"of length {len(values)}", f"of length {n_clients}, one for each client")
    numbers = [exact(value, field) for value in values]
    for client, number in enumerate(numbers):
        if number <= 0:
            raise InvalidInput(field, float(number), "positive", client)
    return numbers


def _limits(max_frequency: Sequence[Number | None] | None, n_clients: int) -> FloatArray:
    if max_frequency is None:
        return np.full(n_clients, np.inf)
    # A client without a limit stands in with 1 while the others are checked.
    given = _positive("max_frequency", [1 if limit is None else limit for limit in max_frequency], n_clients)
    return np.array([np.inf if raw is None else float(limit) for raw, limit in zip(max_frequency, given)])


def _floats(values: Sequence[Fraction]) -> FloatArray:
    return np.array([float(value) for value in values])


def _offer(given: PriceInputs, policy: str) -> dict[str, FloatArray]:
    """Prices, the response of Theorem 3.1, and what they bring; meaningless outside the domain."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        price_t, price_m = find_policy(policy).prices(given)
        q_t = training_frequency(price_t, given.energy_coefficient)
        time_t = given.training_cycles / q_t
        q_m = mining_frequency(given.mining_cycles, given.deadline, time_t)
        time_m = given.mining_cycles / q_m
        pay_t = np.minimum(price_t * time_t, given.training_cap)
        pay_m = np.minimum(price_m * time_m, given.mining_cap)
        energy = energy_cost(given.training_cycles, q_t, given.energy_coefficient)
        energy = energy + energy_cost(given.mining_cycles, q_m, given.energy_coefficient)
        return {
            "training_price": price_t,
            "mining_price": price_m,
            "training_frequency": q_t,
            "mining_frequency": q_m,
            "training_time": time_t,
            "mining_time": time_m,
            "training_pay": pay_t,
            "mining_pay": pay_m,
            "energy": energy,
            "utility": pay_t + pay_m - energy,
        }


def _reasons(
    given: PriceInputs, offer: dict[str, FloatArray], limits: FloatArray
) -> tuple[Reason | None, ...]:
    """First condition of the domain of Theorems 3.2 and 4.1 that each client breaks."""
    with np.errstate(invalid="ignore", over="ignore"):
        mining_cost = energy_cost(given.mining_cycles, offer["mining_frequency"], given.energy_coefficient)
        broken = {
            Reason.ZERO_TRAINING_CAP: given.training_cap <= 0,
            Reason.TRAINING_FREQUENCY: ~within_max_frequency(offer["training_frequency"], limits).holds,
            Reason.TRAINING_TIME: ~leaves_time_to_mine(offer["training_time"], given.deadline).holds,
            Reason.MINING_FREQUENCY: ~within_max_frequency(offer["mining_frequency"], limits).holds,
            Reason.MINING_ENERGY: ~mining_within_cap(mining_cost, given.mining_cap).holds,
        }
    return tuple(
        next((reason for reason, mask in broken.items() if mask[client]), None)
        for client in range(len(limits))
    )
