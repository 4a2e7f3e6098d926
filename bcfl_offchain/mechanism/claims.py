"""The claim that pays most: frequencies that a client may state with its work, whatever it really ran at.

The chain sees when work arrives, not how fast the processor ran. A claim must meet (5), (6), (7) and q <= q_i
at the report; the work itself only has to be done by T, which one frequency (mu + psi)/T does with the least
energy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._client_problem import ClientProblem
from .utilities import energy_cost

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Claim:
    """The claim that pays most, by client; NaN where none meets the constraints. Pay is after the caps."""

    training_frequency: FloatArray
    mining_frequency: FloatArray
    training_pay: FloatArray
    mining_pay: FloatArray


def best_claim(
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
) -> Claim:
    """Maximise pay over the frequencies that a client may claim.

    Pay never falls with either time and is concave and piecewise linear along t + s = T, so an end of the
    range or a bend of pay is optimal.

    Parameters
    ----------
    training_price, mining_price, training_cycles, energy_coefficient, mining_cycles, deadline, max_frequency,
    training_cap, mining_cap, cap_on_sum
        As `best_response` takes them; mu, rho and q_i are those that the client has reported.

    Returns
    -------
    Claim

    Examples
    --------
    The paper's setting: Theorem 3.1's own frequencies claim both caps in full.

    >>> prices = 39.52847075210474, 0.34800657907465886
    >>> claim = best_claim(*prices, 10.0, 0.01, 5.0, 15.0, training_cap=25.0, mining_cap=5.0)
    >>> round(float(claim.training_pay + claim.mining_pay), 9)
    30.0
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
        _, bends = given.slopes_and_bends()
        ratios = np.stack([lowest, highest, *(np.clip(bend, lowest, highest) for bend in bends)])
        totals = sum(given.pay(*given.times(ratios)))
        best = np.argmax(np.where(np.isnan(totals), -np.inf, totals), axis=0)
        ratio = np.take_along_axis(ratios, best[None], axis=0)[0]
        training_time, mining_time = given.times(ratio)
        pays = given.pay(training_time, mining_time)
        frequencies = given.training_cycles / training_time, given.mining_cycles / mining_time
    return Claim(*(np.where(feasible, values, np.nan) for values in (*frequencies, *pays)))


def least_energy(
    training_cycles: ArrayLike, energy_coefficient: ArrayLike, mining_cycles: ArrayLike, deadline: ArrayLike
) -> NDArray:
    """Least cost of the energy that does both subtasks within T: rho (mu + psi)^3/T^2.

    Examples
    --------
    >>> round(float(least_energy(10.0, 0.01, 5.0, 15.0)), 12)
    0.15
    """
    cycles = np.asarray(training_cycles, float) + mining_cycles
    return energy_cost(cycles, cycles / np.asarray(deadline, float), energy_coefficient)
