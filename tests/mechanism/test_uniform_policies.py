"""`fair-share` and `least-cost`: one price for both subtasks, in floats and in the chain's integers."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import (
    InvalidInput,
    OutOfRange,
    Reason,
    Report,
    RoundTerms,
    Terms,
    WorkRefused,
    best_response,
    constraints,
    price_list,
    price_round,
    work_pay,
)
from bcfl_offchain.mechanism.fixed_point import (
    MAX_BUDGET,
    MAX_ENERGY_COEFFICIENT,
    MAX_FREQUENCY,
    MAX_PRICE,
    covers_energy,
    within_deadline,
)

GIGA, WAD, MONEY = 10**9, 10**18, 10**12
MINUTE = 60 * GIGA
UNIT = 6 * GIGA
POLICIES = ["fair-share", "least-cost"]
TERMS = RoundTerms(1500, 250, 15, 5, 10)
CHAIN = Terms(30 * MONEY, 5 * MONEY, 900, 5 * MINUTE, 10 * MINUTE, "fair-share")
REPORT = Report(10 * MINUTE, MONEY * WAD // 6000, 20 * WAD)


def paper(policy, reservation_utility=0):
    terms = replace(TERMS, policy=policy, reservation_utility=reservation_utility)
    return price_round([10] * 50, ["0.01"] * 50, terms)


def test_fair_share_pays_both_caps_for_0_15_of_energy_instead_of_25_006():
    fair, complete = paper("fair-share"), paper("complete")
    np.testing.assert_allclose(fair.training_pay + fair.mining_pay, 30.0, rtol=1e-14)
    np.testing.assert_allclose(fair.training_price, 2.0, rtol=1e-14)
    np.testing.assert_allclose(fair.energy, 0.15, rtol=1e-14)
    np.testing.assert_allclose(complete.energy, 25.006, atol=5e-4)
    np.testing.assert_allclose(fair.training_time + fair.mining_time, 15.0, rtol=1e-14)


def test_least_cost_leaves_the_client_its_reservation_utility():
    for utility in (0, 1, "2.5"):
        least = paper("least-cost", utility)
        np.testing.assert_allclose(least.utility, float(utility), atol=1e-14)
        np.testing.assert_allclose(least.training_pay + least.mining_pay, 0.15 + float(utility), rtol=1e-13)


@pytest.mark.parametrize(
    "policy, rho, limit, utility, reason",
    [
        ("fair-share", "0.01", "1.0", 0, None),
        ("fair-share", "0.01", "0.99", 0, Reason.FREQUENCY),
        ("fair-share", "100", None, 0, None),  # (R_t + R_m) T^2/(mu + psi)^3 = 1500 * 225/3375 = 100
        ("fair-share", "100.1", None, 0, Reason.ENERGY),
        ("least-cost", "100", None, 0, None),
        ("least-cost", "100.1", None, 0, Reason.LEAST_PAY),
        ("least-cost", "0.01", "0.99", 0, Reason.FREQUENCY),
        ("least-cost", "0.01", None, "1499.85", None),
        ("least-cost", "0.01", None, "1499.86", Reason.LEAST_PAY),
    ],
)
def test_reasons_not_to_be_hired(policy, rho, limit, utility, reason):
    terms = replace(TERMS, policy=policy, reservation_utility=utility)
    assert price_round([10], [rho], terms, [limit]).reason == (reason,)


def test_a_client_without_share_is_not_hired():
    for policy in POLICIES:
        priced = price_round([2, 4, 6], ["0.01"] * 3, replace(TERMS, policy=policy))
        assert priced.reason == (Reason.ZERO_TRAINING_CAP, None, None)


@pytest.mark.parametrize("policy", POLICIES)
def test_random_rounds_keep_every_constraint_and_the_response_is_the_exact_best(policy):
    random = np.random.default_rng(41)
    print("seed 41")
    hired = 0
    for _ in range(30):
        n_clients = int(random.integers(1, 40))
        mu = [int(x) for x in random.integers(1, 21, n_clients)]
        rho, limit = 10 ** random.uniform(-3, 1.5, n_clients), random.uniform(0.5, 5.0, n_clients)
        utility = float(random.uniform(0, 5)) if policy == "least-cost" else 0
        terms = replace(TERMS, policy=policy, reservation_utility=utility)
        priced = price_round(mu, list(rho), terms, list(limit))
        on, pay = priced.hired, priced.training_pay + priced.mining_pay
        for check in (
            constraints.training_covers_energy(priced.training_pay, mu, priced.training_frequency, rho),
            constraints.mining_covers_energy(priced.mining_pay, 5.0, priced.mining_frequency, rho),
            constraints.within_deadline(priced.training_time, priced.mining_time, 15.0),
            constraints.pay_within_caps(pay, priced.training_cap, priced.mining_cap),
            constraints.participates(priced.utility - utility, pay),
            constraints.within_max_frequency(priced.training_frequency, limit),
        ):
            assert check.holds[on].all(), check.name
            assert not check.holds[~on].any(), check.name
        caps = priced.training_cap, priced.mining_cap
        best = best_response(
            priced.training_price, priced.mining_price, mu, rho, 5.0, 15.0, limit, *caps, True
        )
        assert best.feasible.tolist() == on.tolist()
        np.testing.assert_allclose(best.utility[on], priced.utility[on], rtol=1e-9, atol=1e-9)
        assert np.all(priced.utility[on] >= best.utility[on] - best.certificate.gap[on] - 1e-12)
        hired += on.sum()
    assert hired > 100


@pytest.mark.parametrize("policy", ["complete", "incomplete", "fair-share"])
def test_a_reservation_utility_belongs_to_least_cost_alone(policy):
    with pytest.raises(InvalidInput, match=f"0 under policy {policy}"):
        replace(TERMS, policy=policy, reservation_utility=1)
    with pytest.raises(OutOfRange, match="reservation_utility"):
        replace(CHAIN, policy=policy, reservation_utility=1)
    with pytest.raises(InvalidInput, match="non-negative"):
        replace(TERMS, policy="least-cost", reservation_utility=-1)


@st.composite
def rounds(draw):
    """Rounds over all magnitudes; most clients of most rounds are hired."""
    money = 10 ** draw(st.integers(3, 20))
    budget = draw(st.integers(money, 10 * money))
    policy = draw(st.sampled_from(POLICIES))
    utility = draw(st.sampled_from([0, 1, budget // 100])) if policy == "least-cost" else 0
    terms = Terms(
        budget,
        draw(st.integers(0, budget)),
        draw(st.integers(100, 10**5)),
        draw(st.integers(1, 1000)) * UNIT,
        draw(st.integers(0, 200)) * UNIT,
        policy,
        utility,
    )
    reports = [
        Report(
            draw(st.integers(1, 200)) * UNIT,
            min(draw(st.integers(1, 10**6)) * money * WAD // 10**9 + 1, MAX_ENERGY_COEFFICIENT),
            draw(st.sampled_from([WAD, MAX_FREQUENCY, MAX_FREQUENCY])),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]
    return reports, terms


@settings(max_examples=300)
@given(rounds())
def test_the_rounded_response_meets_every_constraint_and_is_paid_what_the_list_says(given_round):
    reports, terms = given_round
    entries = price_list(reports, terms)
    assert sum(entry.training_cap + entry.mining_cap for entry in entries) <= terms.budget
    for report, entry in zip(reports, entries):
        if entry.hired:
            q, rho, price = entry.training_frequency, report.energy_coefficient, entry.training_price
            assert (entry.mining_frequency, entry.mining_price) == (q, price)
            assert covers_energy(price, rho, q) and 1 <= price <= MAX_PRICE
            assert within_deadline(report.training_cycles, terms, q, q)
            assert q == 1 or not within_deadline(report.training_cycles, terms, q - 1, q - 1)
            assert 1 <= q <= report.max_frequency
            pay = work_pay(report, entry, terms, q, q)
            assert pay == (entry.training_pay, entry.mining_pay)
            assert sum(pay) <= entry.training_cap + entry.mining_cap


@settings(max_examples=300)
@given(rounds())
def test_the_integer_price_is_the_largest_or_the_least_that_its_policy_allows(given_round):
    reports, terms = given_round
    for report, entry in zip(reports, price_list(reports, terms)):
        if not entry.hired:
            continue
        price, q, caps = entry.training_price, entry.training_frequency, entry.training_cap + entry.mining_cap
        assert price * terms.deadline <= caps * WAD  # so the cap never bites
        if terms.policy == "fair-share":
            assert (price + 1) * terms.deadline > caps * WAD
        else:
            cycles = report.training_cycles + terms.mining_cycles
            time = Fraction(cycles * GIGA, q)
            energy = Fraction(report.energy_coefficient * cycles * q**2, GIGA**7)
            assert Fraction(price, WAD) * time >= energy + terms.reservation_utility
            assert Fraction(price - 1, WAD) * time < energy + terms.reservation_utility
            assert 0 <= sum((entry.training_pay, entry.mining_pay)) - (energy + terms.reservation_utility) + 2


def test_no_claim_is_paid_more_than_both_caps_and_mining_gives_way():
    entry = price_list([REPORT], CHAIN)[0]
    q = entry.training_frequency
    caps = entry.training_cap + entry.mining_cap
    assert caps == 30 * MONEY and 0 <= caps - entry.training_pay - entry.mining_pay < 100
    generous = replace(entry, training_price=10 * entry.training_price, mining_price=10 * entry.mining_price)
    assert work_pay(REPORT, generous, CHAIN, q, q) == (caps, 0)
    slower = work_pay(REPORT, entry, CHAIN, q * 12 // 13, q * 5 // 4)
    assert slower[0] > entry.training_pay and slower[1] < entry.mining_pay and sum(slower) <= caps
    with pytest.raises(WorkRefused, match=r"\(7\)"):
        work_pay(REPORT, entry, CHAIN, q - 1, q)


@pytest.mark.parametrize(
    "terms, report, reason",
    [
        (CHAIN, replace(REPORT, max_frequency=WAD - 1), Reason.FREQUENCY),
        (CHAIN, replace(REPORT, max_frequency=WAD), None),
        (CHAIN, replace(REPORT, energy_coefficient=MONEY * WAD // 30), None),
        (CHAIN, replace(REPORT, energy_coefficient=MONEY * WAD // 30 + 1), Reason.ENERGY),
        (replace(CHAIN, policy="least-cost"), replace(REPORT, energy_coefficient=MONEY * WAD // 30), None),
        (
            replace(CHAIN, policy="least-cost"),
            replace(REPORT, energy_coefficient=MONEY * WAD // 30 + 1),
            Reason.LEAST_PAY,
        ),
        (
            replace(CHAIN, policy="least-cost", reservation_utility=30 * MONEY),
            REPORT,
            Reason.LEAST_PAY,
        ),
        (replace(CHAIN, budget=10, mining_budget=10), REPORT, Reason.ZERO_TRAINING_CAP),
        (Terms(MAX_BUDGET, 0, 1, 1, 1, "fair-share"), Report(1, 1, MAX_FREQUENCY), Reason.PRICE_RANGE),
    ],
)
def test_reasons_in_integers(terms, report, reason):
    """Energy of 15 GHz min at 1 GHz is 900 rho: at most 30 money up to rho = money/30."""
    entry = price_list([report], terms)[0]
    assert entry.reason is reason and entry.hired == (reason is None)
    if reason:
        assert (entry.training_cap, entry.training_price, entry.mining_pay) == (0, 0, 0)
