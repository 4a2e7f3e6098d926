"""Everything the project can say about a round, client by client: what a policy offers and what it invites.

Puts together the offer, Theorem 3.1's response and the exact best one, every constraint, the regrets, the
bond and the free deadline. Any consistent units, as `pricing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import constraints
from .best_response import BestResponse, best_response
from .claims import Claim, best_claim
from .constraints import Check
from .deadlines import client_deadline, round_deadline
from .offers import Offer, answer_prices, make_offer
from .policies import PriceInputs, find_policy, theorem_response
from .pricing import PricedRound, RoundTerms, price_inputs, price_round
from .regret import Regret, least_bond, measure_regret
from .report_search import ReportSearch, search_reports
from .units import Number, exact

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """A round explained; arrays have shape (N,) and are NaN where a client has no such number.

    Attributes
    ----------
    priced : PricedRound
        Caps, prices and the policy's own response.
    theorem : Offer
        Theorem 3.1's response to the same prices, whatever the policy.
    best : BestResponse
        The exact best response to them, caps included, with its certificate.
    claim : Claim
        The claim that pays most.
    checks : tuple of Check
        Every constraint at the policy's own response.
    owner_utility : array
        What each client adds to (2) with f(x) = x: mu_i - xi (T_i + R_i); 0 for a client that is not hired.
    regret : Regret
    bond : array or None
        Least bond that makes the truth optimal; None without an audit probability.
    exhaustive : bool
        Whether every admissible report was tried; otherwise regrets by report and bonds are lower bounds.
    deadline : array
        Deadline that the owner would choose for this client alone.
    round_deadline : float
        The one it would choose for all clients hired; NaN if none is.
    """

    priced: PricedRound
    theorem: Offer
    best: BestResponse
    claim: Claim
    checks: tuple[Check, ...]
    owner_utility: FloatArray
    regret: Regret
    bond: FloatArray | None
    exhaustive: bool
    deadline: FloatArray
    round_deadline: float


def explain_round(
    training_cycles: Sequence[Number],
    energy_coefficient: Sequence[Number],
    terms: RoundTerms,
    max_frequency: Sequence[Number | None] | None = None,
    audit_probability: Number | None = None,
    max_report: Number | None = None,
    cost_weight: float = 1.0,
    progress: Callable[[str], None] | None = None,
) -> Explanation:
    """Explain one round.

    Parameters
    ----------
    training_cycles, energy_coefficient, terms, max_frequency
        As `price_round` takes them.
    audit_probability : Number, optional
        alpha, for the bond.
    max_report : Number, optional
        Largest mu that a client may report; by default twice the largest of workloads and target.
    cost_weight : float
        xi of (2).
    progress : callable, optional
        Told in a few words what is being done.

    Returns
    -------
    Explanation

    Raises
    ------
    InvalidInput
        As `price_round`, and if audit_probability is not in (0, 1] or max_report is not positive.
    ShapleyTooLarge
        If the game is too large to be valued exactly, once for each report that is tried.

    Examples
    --------
    >>> terms = RoundTerms(1500, 250, 15, 5, 10, "complete")
    >>> told = explain_round([10] * 50, ["0.01"] * 50, terms)
    >>> round(float(told.theorem.utility[0]), 3), round(float(told.best.utility[0]), 3)
    (4.994, 28.196)
    """
    # First, for it refuses at once a game that is too large for it; pricing would take its time.
    searches = _search_all(training_cycles, terms.target, max_report, progress)
    priced = price_round(training_cycles, energy_coefficient, terms, max_frequency)
    given, limits, _, _ = price_inputs(training_cycles, energy_coefficient, terms, max_frequency)
    rule, offer = find_policy(terms.policy), make_offer(given, terms.policy)
    prices = priced.training_price, priced.mining_price
    problem = (
        *prices,
        given.training_cycles,
        given.energy_coefficient,
        given.mining_cycles,
        given.deadline,
        limits,
        given.training_cap,
        given.mining_cap,
        rule.cap_on_sum,
    )
    best = best_response(*problem)
    regret = measure_regret(
        given,
        terms.policy,
        limits,
        float(terms.budget - terms.mining_budget),
        searches,
        np.where(priced.hired, priced.utility, given.reservation_utility),
        np.where(priced.hired & best.feasible, best.utility, given.reservation_utility),
    )
    workload, rho = given.training_cycles, given.energy_coefficient
    cost = priced.training_time + priced.mining_time + priced.training_pay + priced.mining_pay
    return Explanation(
        priced=priced,
        theorem=answer_prices(given, prices, theorem_response(given, prices[0]), rule.cap_on_sum),
        best=best,
        claim=best_claim(*problem),
        checks=_check_all(given, offer, limits, rule.cap_on_sum),
        owner_utility=np.where(priced.hired, workload - cost_weight * cost, 0.0),
        regret=regret,
        bond=None if audit_probability is None else least_bond(regret, float(exact(audit_probability))),
        exhaustive=all(search.exhaustive for search in searches),
        deadline=client_deadline(workload, rho, given.mining_cycles, limits),
        round_deadline=round_deadline(
            workload[priced.hired], rho[priced.hired], given.mining_cycles, limits[priced.hired]
        ),
    )


def _search_all(
    training_cycles: Sequence[Number],
    target: Number,
    max_report: Number | None,
    progress: Callable[[str], None] | None,
) -> list[ReportSearch]:
    """Search the reports of every client; clients with one workload share a search."""
    known: dict[Number, ReportSearch] = {}
    distinct = len(set(training_cycles))
    for client, workload in enumerate(training_cycles):
        if workload not in known:
            if progress:
                progress(f"trying reports instead of workload {len(known) + 1} of {distinct}")
            known[workload] = search_reports(training_cycles, client, target, max_report)
    return [known[workload] for workload in training_cycles]


def _check_all(
    given: PriceInputs, offer: Offer, max_frequency: FloatArray, cap_on_sum: bool
) -> tuple[Check, ...]:
    """Check the policy's own response, also where it is the reason not to hire."""
    pay = offer.training_pay + offer.mining_pay
    rho = given.energy_coefficient
    fastest = np.maximum(offer.training_frequency, offer.mining_frequency)
    with np.errstate(invalid="ignore", over="ignore"):
        asked = offer.training_price * offer.training_time, offer.mining_price * offer.mining_time
        caps = (
            (constraints.pay_within_caps(sum(asked), given.training_cap, given.mining_cap),)
            if cap_on_sum
            else (
                constraints.training_within_cap(asked[0], given.training_cap),
                constraints.mining_within_cap(asked[1], given.mining_cap),
            )
        )
        return (
            constraints.training_covers_energy(
                asked[0], given.training_cycles, offer.training_frequency, rho
            ),
            constraints.mining_covers_energy(asked[1], given.mining_cycles, offer.mining_frequency, rho),
            constraints.within_deadline(offer.training_time, offer.mining_time, given.deadline),
            *caps,
            constraints.participates(offer.utility - given.reservation_utility, pay),
            constraints.within_max_frequency(fastest, max_frequency),
            constraints.leaves_time_to_mine(offer.training_time, given.deadline),
        )
