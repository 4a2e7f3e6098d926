"""The client's exact best response to any prices, with or without caps, and a proof that nothing beats it.

Written in times t = T_t and s = T_m instead of frequencies, with A = rho mu^3 and B = rho psi^3, Problem 1 is

    maximise  pay(t, s) - A/t^2 - B/s^2
    where     t + s <= T (7),   t >= mu (rho/p_t)^(1/3) (5),   s >= psi (rho/p_m)^(1/3) (6),
              t >= mu/q_i,      s >= psi/q_i,

and pay is p_t t + p_m s, min(p_t t, R_t) + min(p_m s, R_m), or min(p_t t + p_m s, R_t + R_m). All three are
concave, energy strictly so: the maximum is unique. Utility rises with both times, so the deadline binds and
one variable is left, the ratio r = t/s. Along t + s = T the marginal pay c steps down where a cap is reached;
on a piece with constant c the optimum solves 2A/t^3 - 2B/s^3 + c = 0, and the pieces combine by one minimum
and maximum.

The paper's (13) drops the terms -mu p/q^2, so its Theorem 3.1 is only the corner t = mu (rho/p_t)^(1/3).

References
----------
Boyd and Vandenberghe, Convex Optimization, 2004, 3.1.3 (tangents of concave functions) and 5.5
(KKT conditions).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._client_problem import ClientProblem
from .constraints import TOLERANCE

FloatArray = NDArray[np.float64]
EPSILON = np.finfo(float).eps
_MOST_STEPS = 100


@dataclass(frozen=True)
class Certificate:
    """Why a response is optimal, client by client.

    Attributes
    ----------
    binding : dict of str to bool array, shape (N,)
        Which constraints hold with equality: ``(5)``, ``(6)``, ``(7)`` (always), ``training q <= q_i``,
        ``mining q <= q_i``; and, where uncapped pay reaches or passes its cap, ``(16)`` and ``(17)`` or, for
        a cap on the sum, ``(16) + (17)``.
    kkt_residual : array, shape (N,)
        What utility still gains per unit of time moved between the subtasks, over the sum of all its marginal
        terms; 0 where the move leaves the constraints.
    gap : array, shape (N,)
        Proved: no response within the constraints has a utility above `utility` + `gap`. Utility is concave,
        so its tangent at the response bounds it everywhere; `gap` is the tangent's highest value less the
        utility, with the rounding of floats added.
    """

    binding: dict[str, NDArray[np.bool_]]
    kkt_residual: FloatArray
    gap: FloatArray


@dataclass(frozen=True)
class BestResponse:
    """The response that maximises a client's utility (1); NaN where no response meets the constraints.

    `training_pay` and `mining_pay` are after the caps; (5) and (6) are on pay before them, as the contract
    checks them, so `utility` may be negative where caps are low.
    """

    feasible: NDArray[np.bool_]
    training_frequency: FloatArray
    mining_frequency: FloatArray
    training_time: FloatArray
    mining_time: FloatArray
    training_pay: FloatArray
    mining_pay: FloatArray
    energy: FloatArray
    utility: FloatArray
    certificate: Certificate


def best_response(
    training_price: ArrayLike,
    mining_price: ArrayLike,
    training_cycles: ArrayLike,
    energy_coefficient: ArrayLike,
    mining_cycles: ArrayLike,
    deadline: ArrayLike,
    max_frequency: ArrayLike = np.inf,
    training_cap: ArrayLike = np.inf,
    mining_cap: ArrayLike = np.inf,
    cap_on_sum: bool = False,
) -> BestResponse:
    """Maximise the client's utility (1) exactly.

    Parameters
    ----------
    training_price, mining_price, training_cycles, energy_coefficient : array, shape (N,)
        p_t, p_m, mu and rho, positive. All arrays broadcast; any consistent units.
    mining_cycles, deadline : float or array, shape (N,)
        psi and T, positive.
    max_frequency : float or array, shape (N,)
        q_i; infinite for no limit.
    training_cap, mining_cap : float or array, shape (N,)
        R_t and R_m; infinite for pay without caps.
    cap_on_sum : bool
        Cap the sum of both pays at R_t + R_m, not each.

    Returns
    -------
    BestResponse

    Examples
    --------
    The paper's setting: without caps a client asks for 532 instead of 25, with caps it trains for 3.85 min.

    >>> prices = 39.52847075210474, 0.34800657907465886
    >>> free = best_response(*prices, 10.0, 0.01, 5.0, 15.0)
    >>> round(float(free.training_time), 2), round(float(free.training_pay))
    (13.47, 532)
    >>> capped = best_response(*prices, 10.0, 0.01, 5.0, 15.0, training_cap=25.0, mining_cap=5.0)
    >>> round(float(capped.training_time), 2), round(float(capped.utility), 3)
    (3.85, 28.196)
    """
    given = ClientProblem.of(
        training_price,
        mining_price,
        training_cycles,
        energy_coefficient,
        mining_cycles,
        deadline,
        max_frequency,
        training_cap,
        mining_cap,
        cap_on_sum=cap_on_sum,
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lowest, highest, feasible = given.ratios()
        slopes, bends = given.slopes_and_bends()
        ratio = np.clip(_concave_maximum(given, slopes, bends, feasible), lowest, highest)
        answer = _bring(given, ratio)
        certificate = _certify(given, answer, ratio, feasible)
    blanked = {name: np.where(feasible, values, np.nan) for name, values in answer.items()}
    return BestResponse(feasible, **blanked, certificate=certificate)


def _bring(given: ClientProblem, ratio: FloatArray) -> dict[str, FloatArray]:
    """What a split of the deadline brings a client."""
    training_time, mining_time = given.times(ratio)
    training_pay, mining_pay = given.pay(training_time, mining_time)
    energy = given.energy(training_time, mining_time)
    return {
        "training_frequency": given.training_cycles / training_time,
        "mining_frequency": given.mining_cycles / mining_time,
        "training_time": training_time,
        "mining_time": mining_time,
        "training_pay": training_pay,
        "mining_pay": mining_pay,
        "energy": energy,
        "utility": training_pay + mining_pay - energy,
    }


def _concave_maximum(
    given: ClientProblem, slopes: list[FloatArray], bends: list[FloatArray], feasible: NDArray[np.bool_]
) -> FloatArray:
    """Ratio t/s that maximises utility before the lower bounds on the times.

    Slopes fall, so their stationary points r_0 >= r_1 >= ... fall, while bends rise: the optimum is
    min(r_0, max(k_1, min(r_1, max(k_2, r_2)))).
    """
    ratio = _stationary_ratio(given, slopes[-1], feasible)
    for slope, bend in zip(slopes[-2::-1], bends[::-1]):
        ratio = np.minimum(_stationary_ratio(given, slope, feasible), np.maximum(bend, ratio))
    return ratio


def _stationary_ratio(given: ClientProblem, slope: FloatArray, wanted: NDArray[np.bool_]) -> FloatArray:
    """Solve 2A/t^3 - 2B/s^3 + c = 0 on t + s = T for r = t/s.

    With r_0 = mu/psi, which is the root at c = 0, and k = c T^3/(2B) it reads (1 + r)^3 - r_0^3 (1 + 1/r)^3 =
    k. A negative c is the same equation with the subtasks swapped.
    """
    swap = slope < 0
    faster = np.where(swap, given.mining_cycles, given.training_cycles)
    slower = np.where(swap, given.training_cycles, given.mining_cycles)
    push = np.abs(slope) * (given.deadline / slower) ** 3 / (2 * given.energy_coefficient)
    ratio = np.full(push.shape, np.nan)
    ratio[wanted] = _newton((faster / slower)[wanted], push[wanted])
    return np.where(swap, 1 / ratio, ratio)


def _newton(start: FloatArray, push: FloatArray) -> FloatArray:
    """Solve (1 + r)^3 - r_0^3 (1 + 1/r)^3 = k >= 0.

    In v = (1 + r)^3 - 1 the left side is increasing and concave with slope 1 + r_0^3/r^4, so Newton's steps
    from below never pass the root and end there. v in place of (1 + r)^3 keeps the digits of a small r.
    """
    # Both are below the root: the first is the root at k = 0, the second drops the term in r_0.
    v = np.maximum(start * (3 + start * (3 + start)), push - 1)
    active = np.flatnonzero(np.isfinite(v))  # an infinite push has its root at infinity
    for _ in range(_MOST_STEPS):
        r_0, at, wanted = start[active], v[active], push[active]
        ratio = np.expm1(np.log1p(at) / 3)
        other = (r_0 + r_0 / ratio) ** 3
        residual = wanted + other - (1 + at)
        v[active] = at + residual / (1 + (r_0 / ratio) ** 3 / ratio)
        active = active[np.abs(residual) > 4 * EPSILON * (wanted + other + 1 + at)]
        if not active.size:
            break
    return np.expm1(np.log1p(v) / 3)


def _certify(
    given: ClientProblem, answer: dict[str, FloatArray], ratio: FloatArray, feasible: NDArray[np.bool_]
) -> Certificate:
    """Bound what any other response can bring by the tangent of the concave utility at this one."""
    lowest, highest, _ = given.ratios()
    slopes, bends = given.slopes_and_bends()
    time, rest = answer["training_time"], answer["mining_time"]
    saved = 2 * given.energy_coefficient * (given.training_cycles / time) ** 3
    spent = 2 * given.energy_coefficient * (given.mining_cycles / rest) ** 3
    size = saved + spent + given.training_price + given.mining_price
    before = np.choose(sum(bend < ratio for bend in bends), slopes)
    after = np.choose(sum(bend <= ratio for bend in bends), slopes)
    # Any slope between those before and after a bend belongs to a tangent of pay; the best closes the gap.
    slope = saved - spent + np.clip(spent - saved, after, before)
    longer = given.times(highest)[0] - time
    shorter = time - given.times(lowest)[0]
    gap = np.maximum(slope, 0) * longer + np.maximum(-slope, 0) * shorter
    rounding = (
        16
        * EPSILON
        * (size * (longer + shorter) + answer["training_pay"] + answer["mining_pay"] + answer["energy"])
    )
    residual = np.where(
        (slope > 0) & (ratio < highest) | (slope < 0) & (ratio > lowest), np.abs(slope) / size, 0.0
    )
    return Certificate(
        {name: mask & feasible for name, mask in _binding(given, time, rest).items()},
        np.where(feasible, residual, np.nan),
        np.where(feasible, gap + rounding, np.nan),
    )


def _binding(given: ClientProblem, time: FloatArray, rest: FloatArray) -> dict[str, NDArray[np.bool_]]:
    covers, runs = given.least_times(), given.fastest_times()
    pays = given.training_price * time, given.mining_price * rest

    def meets(value: FloatArray, bound: FloatArray) -> NDArray[np.bool_]:
        return np.abs(value - bound) <= TOLERANCE * bound

    binding = {
        "(5)": meets(time, covers[0]),
        "(6)": meets(rest, covers[1]),
        "(7)": np.ones(time.shape, bool),
        "training q <= q_i": meets(time, runs[0]),
        "mining q <= q_i": meets(rest, runs[1]),
    }
    if given.cap_on_sum:
        total = given.training_cap + given.mining_cap
        return binding | {"(16) + (17)": sum(pays) >= total * (1 - TOLERANCE)}
    return binding | {
        "(16)": pays[0] >= given.training_cap * (1 - TOLERANCE),
        "(17)": pays[1] >= given.mining_cap * (1 - TOLERANCE),
    }
