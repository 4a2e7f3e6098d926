"""What a client gains by another response, another claim or another report, and the bond against the last."""

from dataclasses import replace

import numpy as np
import pytest

from bcfl_offchain.mechanism import (
    InvalidInput,
    RoundTerms,
    best_claim,
    client_deadline,
    explain_round,
    least_bond,
    least_energy,
    owner_cost,
    price_round,
    round_deadline,
    search_reports,
    share_at_report,
)
from bcfl_offchain.mechanism.policies import POLICIES
from bcfl_offchain.mechanism.pricing import price_inputs
from bcfl_offchain.mechanism.regret import claimed_pay

TERMS = RoundTerms(1500, 250, 15, 5, 10)
FOUR = ([1, 8, 12, 20], ["0.01", "0.02", "0.005", "0.01"])
FEW = RoundTerms(100, 20, 15, 5, 10)


def explain(policy, clients=FOUR, terms=FEW, **more):
    return explain_round(*clients, replace(terms, policy=policy), **more)


def test_the_paper_setting():
    regret = explain("complete", ([10] * 50, ["0.01"] * 50), TERMS).regret
    np.testing.assert_allclose(regret.by_response, 28.196 - 4.994, atol=1e-3)
    np.testing.assert_allclose(regret.truth_utility, 29.85, rtol=1e-12)
    np.testing.assert_allclose(regret.by_claim, 29.85 - 4.994, atol=5e-4)
    fair = explain("fair-share", ([10] * 50, ["0.01"] * 50), TERMS).regret
    for gains in (fair.by_response, fair.by_claim, fair.by_energy_coefficient):
        assert gains.tolist() == [0.0] * 50


@pytest.mark.parametrize("policy", POLICIES)
def test_each_regret_contains_the_one_before(policy):
    regret = explain(policy).regret
    steps = (
        regret.by_response,
        regret.by_claim,
        np.minimum(regret.by_workload, regret.by_energy_coefficient),
    )
    for smaller, larger in zip(steps, (*steps[1:], regret.by_report)):
        assert np.all(smaller >= 0) and np.all(smaller <= larger + 1e-9)
    assert np.all(np.maximum(regret.by_workload, regret.by_energy_coefficient) <= regret.by_report + 1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_no_claim_of_a_fine_grid_is_paid_more(policy):
    priced = price_round(*FOUR, replace(FEW, policy=policy))
    mu, rho = np.array(FOUR[0], float), np.array([float(value) for value in FOUR[1]])
    for client in np.flatnonzero(priced.hired):
        prices = priced.training_price[client], priced.mining_price[client]
        caps = priced.training_cap[client], priced.mining_cap[client]
        together = POLICIES[policy].cap_on_sum
        claim = best_claim(*prices, mu[client], rho[client], 5.0, 15.0, np.inf, *caps, together)
        shortest = mu[client] * np.cbrt(rho[client] / prices[0]), 5.0 * np.cbrt(rho[client] / prices[1])
        time = np.linspace(shortest[0], max(15.0 - shortest[1], shortest[0]), 20_001)
        pay = prices[0] * time, prices[1] * (15.0 - time)
        most = (
            np.minimum(sum(pay), sum(caps))
            if together
            else np.minimum(pay[0], caps[0]) + np.minimum(pay[1], caps[1])
        )
        assert np.max(most) <= (claim.training_pay + claim.mining_pay) * (1 + 1e-12)


@pytest.mark.parametrize("policy", POLICIES)
def test_no_report_of_mu_and_rho_on_a_grid_is_paid_more(policy):
    """The best rho for a report of mu is a formula; a grid of rho must not beat it."""
    clients = FOUR
    limits = [30, None, 2, 12]
    told = explain(policy, clients, max_frequency=limits)
    terms = replace(FEW, policy=policy)
    _, limit, _, _ = price_inputs(*clients, terms, limits)
    for client in range(4):
        for report in (1, 5, 10, 14, 20):
            for rho in np.geomspace(1e-5, 1e3, 25):
                workloads, coefficients = list(clients[0]), list(clients[1])
                workloads[client], coefficients[client] = report, float(rho)
                reported, _, _, _ = price_inputs(workloads, coefficients, terms, limits)
                pay = claimed_pay(reported, policy, limit)[client]
                assert pay <= told.regret.best_pay[client] * (1 + 1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_best_report_earns_what_the_regret_says(policy):
    told = explain(policy)
    given, limits, _, _ = price_inputs(*FOUR, replace(FEW, policy=policy))
    for client in range(4):
        workloads, coefficients = list(FOUR[0]), list(FOUR[1])
        workloads[client] = float(told.regret.best_workload[client])
        coefficients[client] = float(told.regret.best_energy_coefficient[client])
        reported, _, _, _ = price_inputs(workloads, coefficients, replace(FEW, policy=policy))
        pay = claimed_pay(reported, policy, limits)[client]
        assert pay == pytest.approx(told.regret.best_pay[client], rel=1e-12)
        utility = pay - least_energy(given.training_cycles, given.energy_coefficient, 5.0, 15.0)[client]
        own = np.nan_to_num(told.priced.utility[client])
        assert utility - own == pytest.approx(told.regret.by_report[client], abs=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 0.3, 1.0])
def test_with_the_bond_no_false_report_gains_and_with_less_one_does(alpha):
    told = explain("complete", audit_probability=alpha)
    regret = told.regret
    assert told.bond.tolist() == least_bond(regret, alpha).tolist()

    def false_report(bond):
        return regret.best_pay - regret.least_energy - alpha * (regret.best_pay + bond)

    assert np.all(false_report(told.bond) <= regret.truth_utility + 1e-9)
    needed = told.bond > 0
    assert np.all(false_report(told.bond - 1e-6)[needed] > regret.truth_utility[needed])
    assert needed.any() == (alpha < 1)  # an audit that always comes costs the whole pay: no bond is needed


@pytest.mark.parametrize("alpha", [0, -0.1, 1.1])
def test_a_probability_without_meaning_is_refused(alpha):
    with pytest.raises(InvalidInput, match="audit_probability"):
        explain("complete", audit_probability=alpha)


def test_a_client_that_cannot_meet_the_deadline_gains_nothing():
    told = explain("complete", max_frequency=[None, None, "1.1", None], audit_probability=0.1)
    assert (told.regret.by_report[2], told.regret.best_pay[2], told.bond[2]) == (0, 0, 0)
    assert told.priced.hired.tolist() == [True, True, False, True]


def test_a_client_without_share_gains_by_a_report():
    told = explain("fair-share", ([2, 4, 6], ["0.01"] * 3), audit_probability=0.5)
    assert not told.priced.hired[0] and told.regret.by_claim[0] == 0
    assert told.regret.by_report[0] > 20 and told.bond[0] > 0


def test_who_is_not_hired_keeps_its_reservation_utility():
    told = explain(
        "least-cost", ([2, 4, 6], ["0.01"] * 3), replace(FEW, policy="least-cost", reservation_utility=3)
    )
    assert told.priced.hired.tolist() == [False, True, True]
    np.testing.assert_allclose(told.regret.truth_utility, 3.0, rtol=1e-12)
    assert told.regret.by_claim.tolist() == [0, 0, 0]


def test_shares_by_report():
    assert float(share_at_report([1, 8, 12, 20], 3, 20, 10)) == pytest.approx(0.129, abs=5e-4)
    assert float(share_at_report([1, 8, 12, 20], 3, 10, 10)) == pytest.approx(0.372, abs=5e-4)
    found = search_reports([1, 8, 12, 20], 3, 10)
    assert found.exhaustive and list(found.share) == list(range(1, 41))
    assert all(
        found.share[report] == share_at_report([1, 8, 12, 20], 3, report, 10) for report in (1, 10, 40)
    )


def test_a_fine_lattice_is_searched_in_part_and_says_so():
    found = search_reports(["1.25", "8.5", "12", "20"], 3, 10)
    assert not found.exhaustive and len(found.share) <= 100 and 20 in found.share
    whole = search_reports(["1.25", "8.5", "12", "20"], 3, 10, max_report=16)
    assert whole.exhaustive and len(whole.share) == 65  # 64 quarters, and the truth
    assert max(found.share.values()) >= 0.999 * float(max(whole.share.values()))


@pytest.mark.parametrize("most", [0, -5])
def test_a_largest_report_without_meaning_is_refused(most):
    with pytest.raises(InvalidInput, match="max_report"):
        search_reports([1, 2], 0, 10, max_report=most)


def test_the_free_deadline():
    assert float(client_deadline(10.0, 0.01, 5.0)) == pytest.approx(4.07, abs=5e-3)
    assert float(owner_cost(10.0, 0.01, 5.0, client_deadline(10.0, 0.01, 5.0))) == pytest.approx(
        6.11, abs=5e-3
    )
    assert float(client_deadline(10.0, 0.01, 5.0, max_frequency=3.0)) == pytest.approx(5.0)
    mu, rho = np.array([4.0, 9.0, 20.0]), np.array([0.01, 0.05, 0.002])
    best = round_deadline(mu, rho, 5.0)
    for deadline in best * np.array([0.99, 1.01]):
        assert owner_cost(mu, rho, 5.0, deadline).sum() > owner_cost(mu, rho, 5.0, best).sum()
    assert round_deadline(mu, rho, 5.0, max_frequency=2.0) == pytest.approx(12.5)
    assert np.isnan(round_deadline([], [], 5.0))
