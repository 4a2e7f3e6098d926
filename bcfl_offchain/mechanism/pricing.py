"""One round in floats, for all clients at once: from their workloads to prices, responses, pay and utility.

The caps of Section 3.1, a policy's prices and response, and the domain in which they hold. Units are free
as long as they are consistent. `fixed_point` does the same in the chain's integers; caps are not cut into
steps here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ._shapley_floats import FloatShapleyResult
from .errors import InvalidInput
from .list_shares import training_shares
from .offers import make_offer, reasons_against
from .policies import POLICIES, PriceInputs, find_policy
from .reasons import Reason
from .shapley import ShapleyResult
from .units import Number, exact

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
    reservation_utility : Number
        u, what a client gains elsewhere; non-negative, and 0 for every policy but ``least-cost``.

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
    reservation_utility: Number = 0

    def __post_init__(self) -> None:
        for field in ("budget", "mining_budget", "target", "reservation_utility"):
            self._keep(field, exact(getattr(self, field), field), "non-negative")
        for field in ("deadline", "mining_cycles"):
            self._keep(field, exact(getattr(self, field), field), "positive")
        if self.mining_budget > self.budget:
            raise InvalidInput(
                "mining_budget", float(self.mining_budget), f"at most budget = {float(self.budget)}"
            )
        find_policy(self.policy)
        if self.reservation_utility and self.policy != "least-cost":
            raise InvalidInput(
                "reservation_utility", float(self.reservation_utility), f"0 under policy {self.policy}"
            )

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
    shapley: ShapleyResult | FloatShapleyResult
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
    SharesUncertain
        From `training_shares`.

    Examples
    --------
    >>> terms = RoundTerms(budget=1500, mining_budget=250, deadline=15, mining_cycles=5, target=10)
    >>> priced = price_round([10] * 50, [0.01] * 50, terms)
    >>> round(float(priced.training_price[0]), 12), round(float(priced.mining_price[0]), 12)
    (39.528470752105, 0.348006579075)
    """
    given, limits, shapley, portions = price_inputs(training_cycles, energy_coefficient, terms, max_frequency)
    offer = make_offer(given, terms.policy)
    reason = reasons_against(given, offer, terms.policy, limits)
    hired = np.array([why is None for why in reason])
    blanked = {name: np.where(hired, values, np.nan) for name, values in vars(offer).items()}
    return PricedRound(
        terms.policy, shapley, portions, hired, reason, given.training_cap, given.mining_cap, **blanked
    )


def price_inputs(
    training_cycles: Sequence[Number],
    energy_coefficient: Sequence[Number],
    terms: RoundTerms,
    max_frequency: Sequence[Number | None] | None = None,
) -> tuple[PriceInputs, FloatArray, ShapleyResult | FloatShapleyResult, tuple[Fraction, ...]]:
    """Turn a round's clients into caps: what a policy looks at.

    Parameters
    ----------
    training_cycles, energy_coefficient, terms, max_frequency
        As `price_round` takes them.

    Returns
    -------
    given : PriceInputs
    max_frequency : array, shape (N,)
        Infinite where there is no limit.
    shapley : ShapleyResult or FloatShapleyResult
    shares : tuple of Fraction, length N

    Raises
    ------
    InvalidInput, SharesUncertain
        As `price_round`.
    """
    workloads = _positive("training_cycles", training_cycles, len(training_cycles))
    coefficients = _positive("energy_coefficient", energy_coefficient, len(workloads))
    limits = _limits(max_frequency, len(workloads))
    found = training_shares(workloads, terms.target)
    given = PriceInputs(
        training_cycles=_floats(workloads),
        energy_coefficient=_floats(coefficients),
        training_cap=_floats([portion * (terms.budget - terms.mining_budget) for portion in found.shares]),
        mining_cap=_floats([terms.mining_budget / len(workloads)] * len(workloads)),
        mining_cycles=float(terms.mining_cycles),
        deadline=float(terms.deadline),
        reservation_utility=float(terms.reservation_utility),
    )
    return given, limits, found.result, found.shares


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
