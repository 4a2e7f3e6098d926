"""What a client gains by leaving the play that a policy expects, and the bond that makes the truth optimal.

Three regrets, each measured from the policy's own response by a client that reports and claims the truth:

- by response: honest, but with its exact best frequencies (`best_response`);
- by claim: it states the frequencies that pay most (`claims`) and really does both subtasks in T with the
  least energy, rho (mu + psi)^3/T^2;
- by report: it reports another mu, another rho, or both; shares, prices, domain and claim follow.

Each option contains the one before, so the regrets never fall in this order.

A bond B, lost together with the round's pay when an audit (probability alpha) finds a false report, makes the
truth optimal if pay - e - alpha (pay + B) <= U for every false report, where e is the client's least energy
and U its best utility with a true one. So B >= (pay - e - U)/alpha - pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .claims import best_claim, least_energy
from .constraints import TOLERANCE, within_max_frequency
from .errors import InvalidInput
from .offers import make_offer, reasons_against
from .policies import PriceInputs, find_policy
from .report_search import ReportSearch
from .responses import uniform_frequency

FloatArray = NDArray[np.float64]
INSIDE = 1 - 1e-12
"""Keeps a report that lies on the edge of the domain inside it, whatever the rounding."""


@dataclass(frozen=True)
class Regret:
    """Gains in utility over the policy's own response, by client; 0 where only rounding gains.

    Attributes
    ----------
    by_response, by_claim : array, shape (N,)
    by_workload, by_energy_coefficient : array, shape (N,)
        By a report of mu alone, and of rho alone, with the claim optimised.
    by_report : array, shape (N,)
        By a report of mu and rho.
    best_workload, best_energy_coefficient : array, shape (N,)
        The report that reaches `by_report`; the truth where nothing is gained over `by_claim`.
    best_pay : array, shape (N,)
        What that report and the claim that pays most bring; 0 for a client that cannot meet the deadline.
    truth_utility : array, shape (N,)
        Most that a client gains with a true report.
    least_energy : array, shape (N,)
        What the work really costs it, at one frequency for all of T.
    """

    by_response: FloatArray
    by_claim: FloatArray
    by_workload: FloatArray
    by_energy_coefficient: FloatArray
    by_report: FloatArray
    best_workload: FloatArray
    best_energy_coefficient: FloatArray
    best_pay: FloatArray
    truth_utility: FloatArray
    least_energy: FloatArray


def measure_regret(
    given: PriceInputs,
    policy: str,
    max_frequency: FloatArray,
    training_budget: float,
    searches: Sequence[ReportSearch],
    expected_utility: FloatArray,
    best_utility: FloatArray,
) -> Regret:
    """Measure the regrets of a round's clients.

    Parameters
    ----------
    given : PriceInputs
        Truth and caps of all clients.
    policy : str
    max_frequency : array, shape (N,)
        q_i, infinite for no limit.
    training_budget : float
        eta - eta_m.
    searches : sequence of ReportSearch, length N
        From `search_reports`, by client.
    expected_utility, best_utility : array, shape (N,)
        Utility of the policy's own response and of the exact best one; the reservation utility for a client
        that is not hired.

    Returns
    -------
    Regret
    """
    energy = least_energy(
        given.training_cycles, given.energy_coefficient, given.mining_cycles, given.deadline
    )
    needed = uniform_frequency(given.training_cycles, given.mining_cycles, given.deadline)
    able = within_max_frequency(needed, max_frequency).holds
    columns: dict[str, list[float]] = {name: [] for name in _COLUMNS}
    for client, search in enumerate(searches):
        found = _search_pay(given, policy, max_frequency, training_budget, search, client)
        for name in _COLUMNS:
            columns[name].append(found[name])
    pays = {name: np.where(able, values, 0.0) for name, values in columns.items()}

    elsewhere = given.reservation_utility

    def gain(utility: FloatArray) -> FloatArray:
        more = np.maximum(utility, elsewhere) - expected_utility
        return np.where(more > TOLERANCE * np.abs(utility), more, 0.0)

    changed = pays["report"] > pays["truth"]
    return Regret(
        by_response=gain(best_utility),
        by_claim=gain(pays["truth"] - energy),
        by_workload=gain(pays["workload"] - energy),
        by_energy_coefficient=gain(pays["energy_coefficient"] - energy),
        by_report=gain(pays["report"] - energy),
        best_workload=np.where(changed, columns["best_workload"], given.training_cycles),
        best_energy_coefficient=np.where(
            changed, columns["best_energy_coefficient"], given.energy_coefficient
        ),
        best_pay=pays["report"],
        truth_utility=np.maximum(pays["truth"] - energy, elsewhere),
        least_energy=energy,
    )


def least_bond(regret: Regret, audit_probability: float) -> FloatArray:
    """Least bond with which no false report gains: max(0, (pay - e - U)/alpha - pay).

    It rises with the false report's pay, so the report that pays most decides.

    Parameters
    ----------
    regret : Regret
    audit_probability : float
        alpha, 0 < alpha <= 1: how likely a client is audited in a round.

    Returns
    -------
    array, shape (N,)

    Raises
    ------
    InvalidInput
        If the probability is not in (0, 1].
    """
    if not 0 < audit_probability <= 1:
        raise InvalidInput("audit_probability", audit_probability, "above 0 and at most 1")
    gain = regret.best_pay - regret.least_energy - regret.truth_utility
    return np.maximum(gain / audit_probability - regret.best_pay, 0)


def _search_pay(
    given: PriceInputs,
    policy: str,
    max_frequency: FloatArray,
    training_budget: float,
    search: ReportSearch,
    client: int,
) -> dict[str, float]:
    """Most that one client can be paid with the truth, with a false mu, with a false rho, and with both."""
    workload = np.array([float(report) for report in search.share])
    limit = np.full(workload.size, max_frequency[client])
    one = replace(
        given,
        training_cycles=workload,
        energy_coefficient=np.full(workload.size, given.energy_coefficient[client]),
        training_cap=np.array([float(share) for share in search.share.values()]) * training_budget,
        mining_cap=np.full(workload.size, given.mining_cap[client]),
    )
    pay = claimed_pay(one, policy, limit)
    other = replace(one, energy_coefficient=_best_energy_coefficient(one, policy, limit))
    either = claimed_pay(other, policy, limit)
    truth = int(np.argmin(np.abs(workload - given.training_cycles[client])))
    best = int(np.argmax(np.maximum(pay, either)))
    false_rho = either[best] > pay[best]
    return {
        "truth": pay[truth],
        "workload": max(pay),
        "energy_coefficient": max(pay[truth], either[truth]),
        "report": max(pay[best], either[best]),
        "best_workload": workload[best],
        "best_energy_coefficient": (other if false_rho else one).energy_coefficient[best],
    }


_COLUMNS = ("truth", "workload", "energy_coefficient", "report", "best_workload", "best_energy_coefficient")


def claimed_pay(reported: PriceInputs, policy: str, max_frequency: FloatArray) -> FloatArray:
    """Most that clients with these reports can claim, 0 for those not hired.

    Parameters
    ----------
    reported : PriceInputs
    policy : str
    max_frequency : array, shape (N,)

    Returns
    -------
    array, shape (N,)
    """
    offer = make_offer(reported, policy)
    hired = [reason is None for reason in reasons_against(reported, offer, policy, max_frequency)]
    claim = best_claim(
        offer.training_price,
        offer.mining_price,
        reported.training_cycles,
        reported.energy_coefficient,
        reported.mining_cycles,
        reported.deadline,
        max_frequency,
        reported.training_cap,
        reported.mining_cap,
        find_policy(policy).cap_on_sum,
    )
    return np.where(hired, claim.training_pay + claim.mining_pay, 0.0)


def _best_energy_coefficient(reported: PriceInputs, policy: str, max_frequency: FloatArray) -> FloatArray:
    """Energy coefficient in the policy's domain that is paid most; nearest to the one given if all are paid
    alike.

    Where there is none, the one given, with which the client is not hired either.
    """
    rule = find_policy(policy)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = rule.energy_range(reported, max_frequency)
        low, high = low / INSIDE, high * INSIDE
        best = high if rule.pays_for_energy else np.clip(reported.energy_coefficient, low, high)
        reachable = (low <= high) & (high > 0)
        return np.where(reachable, best, reported.energy_coefficient)
