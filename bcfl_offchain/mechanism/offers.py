"""What a policy offers clients of given caps, what they answer, and who lies outside the policy's domain.

The part of a round that follows from the caps, client by client; `pricing` finds the caps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .constraints import leaves_time_to_mine, mining_within_cap, pay_within_caps, within_max_frequency
from .policies import Pair, PriceInputs, find_policy
from .reasons import Reason
from .utilities import energy_cost

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Offer:
    """Prices, the response that the policy expects, and what it brings; each of shape (N,).

    `training_pay` and `mining_pay` are after the caps; `energy` is the cost of both subtasks' energy;
    `utility` is (1). Numbers of a client that `reasons_against` names mean nothing.
    """

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


def make_offer(given: PriceInputs, policy: str) -> Offer:
    """Name prices and follow the policy's response through to utility.

    Parameters
    ----------
    given : PriceInputs
    policy : str
        A name in `POLICIES`.

    Raises
    ------
    UnknownPolicy

    Examples
    --------
    >>> paper = PriceInputs(np.array([10.0]), np.array([0.01]), np.array([25.0]), np.array([5.0]), 5.0, 15.0)
    >>> names = "complete", "fair-share", "least-cost"
    >>> [round(float(make_offer(paper, name).utility[0]), 3) for name in names]
    [4.994, 29.85, 0.0]
    """
    rule = find_policy(policy)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        prices = rule.prices(given)
        return answer_prices(given, prices, rule.response(given, prices[0]), rule.cap_on_sum)


def answer_prices(given: PriceInputs, prices: Pair, frequencies: Pair, cap_on_sum: bool) -> Offer:
    """Follow any response to any prices through to utility.

    Parameters
    ----------
    given : PriceInputs
    prices, frequencies : pair of array, shape (N,)
        For training and for mining.
    cap_on_sum : bool
        Cap the sum of both pays at R_t + R_m, not each.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        time_t, time_m = given.training_cycles / frequencies[0], given.mining_cycles / frequencies[1]
        if cap_on_sum:
            caps = given.training_cap + given.mining_cap
            pay_t = np.minimum(prices[0] * time_t, caps)
            pay_m = np.minimum(prices[1] * time_m, caps - pay_t)
        else:
            pay_t = np.minimum(prices[0] * time_t, given.training_cap)
            pay_m = np.minimum(prices[1] * time_m, given.mining_cap)
        energy = energy_cost(given.training_cycles, frequencies[0], given.energy_coefficient)
        energy = energy + energy_cost(given.mining_cycles, frequencies[1], given.energy_coefficient)
        return Offer(*prices, *frequencies, time_t, time_m, pay_t, pay_m, energy, pay_t + pay_m - energy)


def reasons_against(
    given: PriceInputs, offer: Offer, policy: str, max_frequency: FloatArray
) -> tuple[Reason | None, ...]:
    """First condition of the policy's domain that each client breaks, None for those to be hired.

    Parameters
    ----------
    given : PriceInputs
    offer : Offer
        From `make_offer` on the same input and policy.
    policy : str
    max_frequency : array, shape (N,)
        q_i, infinite where there is no limit.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        conditions = _uniform_domain if find_policy(policy).cap_on_sum else _theorem_domain
        broken = {Reason.ZERO_TRAINING_CAP: given.training_cap <= 0}
        broken |= conditions(given, offer, policy, max_frequency)
    return tuple(
        next((reason for reason, mask in broken.items() if mask[client]), None)
        for client in range(len(max_frequency))
    )


def _theorem_domain(
    given: PriceInputs, offer: Offer, policy: str, max_frequency: FloatArray
) -> dict[Reason, NDArray[np.bool_]]:
    """Where Theorems 3.2 and 4.1 do not hold."""
    mining_cost = energy_cost(given.mining_cycles, offer.mining_frequency, given.energy_coefficient)
    return {
        Reason.TRAINING_FREQUENCY: ~within_max_frequency(offer.training_frequency, max_frequency).holds,
        Reason.TRAINING_TIME: ~leaves_time_to_mine(offer.training_time, given.deadline).holds,
        Reason.MINING_FREQUENCY: ~within_max_frequency(offer.mining_frequency, max_frequency).holds,
        Reason.MINING_ENERGY: ~mining_within_cap(mining_cost, given.mining_cap).holds,
    }


def _uniform_domain(
    given: PriceInputs, offer: Offer, policy: str, max_frequency: FloatArray
) -> dict[Reason, NDArray[np.bool_]]:
    """Where one price cannot be paid, or does not pay for one frequency."""
    least_pay = offer.energy if policy == "fair-share" else offer.training_price * given.deadline
    reason = Reason.ENERGY if policy == "fair-share" else Reason.LEAST_PAY
    return {
        Reason.FREQUENCY: ~within_max_frequency(offer.training_frequency, max_frequency).holds,
        reason: ~pay_within_caps(least_pay, given.training_cap, given.mining_cap).holds,
    }
