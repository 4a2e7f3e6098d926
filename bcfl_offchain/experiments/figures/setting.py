"""The paper's setting (Section 5.1) and what a round in it brings a client (1) and the owner (2).

Where the paper leaves something open, the readings that the figures try stand here: psi, f, and who the
other clients are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...mechanism import (
    PricedRound,
    PriceInputs,
    RoundTerms,
    best_response,
    constraints,
    find_policy,
    linear_benefit,
    owner_utility,
    price_round,
)
from ...mechanism.offers import Offer, answer_prices
from ...mechanism.policies import theorem_response

FloatArray = NDArray[np.float64]

N_CLIENTS, BUDGET, MINING_CAP, DEADLINE, TARGET = 50, 1500, 5, 15, 10
ENERGY_COEFFICIENT, COST_WEIGHT = "0.01", 0.1
TRAINING_CAP = BUDGET / N_CLIENTS - MINING_CAP
"""R_t of each of 50 clients with one workload."""
TRAINING_CYCLES = 10.0
"""mu of Figs. 2, 4 and 6, in GHz·min."""
LARGEST_CYCLES = 5.0
"""mu and psi of Figs. 3 and 5 run up to this."""

MINING_CYCLES = (5.0, 1.0)
"""Readings of psi, which the paper does not state; the first is plotted."""
BENEFITS: dict[str, Callable[[float], float]] = {"x": linear_benefit(), "√x": np.sqrt, "ln(1+x)": np.log1p}
"""Readings of f in (2), which the paper does not state; the first is plotted."""
PAPER_POLICIES = ("complete", "incomplete")
"""The policies that the paper proposes; its figures show these, with the response of Theorem 3.1."""


@dataclass(frozen=True)
class Play:
    """What prices and a response bring, and whether a client takes part; arrays of one shape.

    A client takes part if (5), (6) and (7) can hold together and it does not lose by it (20).
    """

    offer: Offer
    taking_part: NDArray[np.bool_]

    def field(self, name: str, absent: float = np.nan) -> FloatArray:
        """Return a field of the offer, `absent` for clients that do not take part."""
        return np.where(self.taking_part, getattr(self.offer, name), absent)


def terms(policy: str, mining_cycles: float) -> RoundTerms:
    """Return the terms of the paper's round; eta_m is what 50 clients of R_m = 5 need."""
    return RoundTerms(BUDGET, MINING_CAP * N_CLIENTS, DEADLINE, mining_cycles, TARGET, policy)


def inputs(
    training_cycles: ArrayLike,
    mining_cycles: float,
    training_cap: ArrayLike = TRAINING_CAP,
    mining_cap: ArrayLike = MINING_CAP,
) -> PriceInputs:
    """Return what a policy looks at, for any caps; infinite caps stand for pay as (1) has it."""
    cycles = np.asarray(training_cycles, float)
    numbers = (float(ENERGY_COEFFICIENT), training_cap, mining_cap)
    return PriceInputs(
        cycles,
        *(np.broadcast_to(np.asarray(number, float), cycles.shape) for number in numbers),
        mining_cycles,
        float(DEADLINE),
    )


def uncapped(given: PriceInputs) -> PriceInputs:
    """Lift the caps, so that pay is p_t T_t + p_m T_m as in (1)."""
    nothing = np.full(np.shape(given.training_cycles), np.inf)
    return replace(given, training_cap=nothing, mining_cap=nothing)


def policy_prices(policy: str, mining_cycles: float) -> tuple[float, float]:
    """Return p_t and p_m that a policy names to each of 50 clients with mu = 10.

    Examples
    --------
    >>> [round(price, 3) for price in policy_prices("complete", 5.0)]
    [39.528, 0.348]
    """
    prices = find_policy(policy).prices(inputs([TRAINING_CYCLES], mining_cycles))
    return float(prices[0][0]), float(prices[1][0])


def play(given: PriceInputs, policy: str, prices: tuple[ArrayLike, ArrayLike], response: str) -> Play:
    """Answer prices and follow the answer through to utility.

    Parameters
    ----------
    given : PriceInputs
        Caps included; see `uncapped`.
    policy : str
        Names how pay is capped.
    prices : pair of array, shape (N,)
        p_t and p_m; NaN for a client that is not hired.
    response : str
        ``theorem`` for Theorem 3.1, ``exact`` for the exact best response.

    Examples
    --------
    >>> paper = inputs([10.0], 5.0)
    >>> prices = policy_prices("complete", 5.0)
    >>> played = [play(paper, "complete", prices, response) for response in ("theorem", "exact")]
    >>> [round(float(one.offer.utility[0]), 3) for one in played]
    [4.994, 28.196]
    """
    on_sum = find_policy(policy).cap_on_sum
    shape = np.shape(given.training_cycles)
    p_t, p_m = (np.broadcast_to(np.asarray(price, float), shape) for price in prices)
    with np.errstate(divide="ignore", invalid="ignore"):
        if response == "theorem":
            frequencies = theorem_response(given, p_t)
        else:
            best = best_response(
                p_t,
                p_m,
                given.training_cycles,
                given.energy_coefficient,
                given.mining_cycles,
                given.deadline,
                np.inf,
                given.training_cap,
                given.mining_cap,
                on_sum,
            )
            frequencies = best.training_frequency, best.mining_frequency
        return judge(given, answer_prices(given, (p_t, p_m), frequencies, on_sum))


def judge(given: PriceInputs, offer: Offer) -> Play:
    """Say where an answer meets (5), (6) on pay before caps, (7) and (20)."""
    rho = given.energy_coefficient
    with np.errstate(divide="ignore", invalid="ignore"):
        checks = (
            constraints.training_covers_energy(
                offer.training_price * offer.training_time,
                given.training_cycles,
                offer.training_frequency,
                rho,
            ),
            constraints.mining_covers_energy(
                offer.mining_price * offer.mining_time, given.mining_cycles, offer.mining_frequency, rho
            ),
            constraints.within_deadline(offer.training_time, offer.mining_time, given.deadline),
            constraints.participates(offer.utility, offer.training_pay + offer.mining_pay),
        )
        taking_part = np.all([check.holds for check in checks], axis=0)
        return Play(offer, taking_part & (offer.mining_frequency > 0))


def round_utility(training_cycles: ArrayLike, played: Play, benefit: Callable[[float], float]) -> float:
    """Return the owner's utility (2) of one round."""
    offer = played.offer
    return owner_utility(
        training_cycles,
        offer.training_time + offer.mining_time,
        offer.training_pay + offer.mining_pay,
        COST_WEIGHT,
        played.taking_part,
        benefit,
    )


def utility_of_identical(
    training_cycles: float, played: Play, benefit: Callable[[float], float]
) -> FloatArray:
    """Return the owner's utility of a round of 50 clients alike, for each entry of `played`."""
    offer = played.offer
    cost = offer.training_time + offer.mining_time + offer.training_pay + offer.mining_pay
    everyone = benefit(N_CLIENTS * training_cycles) - COST_WEIGHT * N_CLIENTS * cost
    return np.where(played.taking_part, everyone, benefit(0.0))


@cache
def _priced(
    workload: Fraction, clients: str, policy: str, mining_cycles: float
) -> tuple[list[Fraction], PricedRound]:
    """Price a round once; both responses and both figures that need it share it."""
    everyone = [workload] * N_CLIENTS
    evenly = [workload, *(Fraction(step, 10) for step in range(1, N_CLIENTS))]
    workloads = everyone if clients == "identical" else evenly
    return workloads, price_round(workloads, [ENERGY_COEFFICIENT] * N_CLIENTS, terms(policy, mining_cycles))


def priced_play(
    workload: Fraction, clients: str, policy: str, mining_cycles: float, response: str
) -> tuple[list[Fraction], Play]:
    """Price a round of 50 clients, the first of which has the given workload, and play it.

    The others have the same where `clients` is ``identical``; where it is ``spread``, they lie evenly over
    (0, 5): 0.1, 0.2, ..., 4.9.

    Returns
    -------
    training_cycles : list of Fraction, length 50
    played : Play
    """
    workloads, priced = _priced(workload, clients, policy, mining_cycles)
    given = inputs([float(mu) for mu in workloads], mining_cycles, priced.training_cap, priced.mining_cap)
    return workloads, play(given, policy, (priced.training_price, priced.mining_price), response)
