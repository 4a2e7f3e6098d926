"""Where the paper does not hold: tests for each erratum of docs/errata.md that fail if the paper is right."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from bcfl_offchain.mechanism import (
    Reason,
    RoundTerms,
    best_response,
    client_deadline,
    client_utility,
    energy_cost,
    explain_round,
    owner_cost,
    owner_utility,
    price_round,
    share_at_report,
)
from bcfl_offchain.mechanism.policies import (
    fair_share_price,
    least_cost_price,
    mining_price_complete,
    mining_price_incomplete,
    training_price,
)
from bcfl_offchain.mechanism.responses import mining_frequency, training_frequency, training_time_at_price

MU, RHO, PSI, T, CAP_T, CAP_M = 10.0, 0.01, 5.0, 15.0, 25.0, 5.0
PRICE_T = float(training_price(CAP_T, MU, RHO))
PRICE_M = float(mining_price_complete(CAP_M, CAP_T, MU, RHO, T))
TIME_T = float(training_time_at_price(PRICE_T, MU, RHO))
PAPER = ([10] * 50, ["0.01"] * 50)
TERMS = RoundTerms(1500, 250, 15, 5, 10, "complete")


def respond(**caps):
    return best_response(PRICE_T, PRICE_M, MU, RHO, PSI, T, **caps)


def theorem_utility():
    pay_t, pay_m = PRICE_T * TIME_T, PRICE_M * (T - TIME_T)
    return float(client_utility(pay_t, pay_m, MU, PSI, MU / TIME_T, PSI / (T - TIME_T), RHO))


# 1. The exponent of (19)


def test_1_as_printed_19_pays_4_791_for_mining_and_not_the_cap():
    """Theorem 3.2 says that (17) is an equality: p_m (T - T_t) = R_m."""
    printed = mining_price_complete(CAP_M, CAP_T, MU, RHO, T, printed=True)
    assert printed * (T - TIME_T) == pytest.approx(4.791, abs=5e-4)
    assert PRICE_M * (T - TIME_T) == pytest.approx(CAP_M, rel=1e-14)


def test_1_the_printed_form_gives_another_price_when_money_is_counted_in_cents():
    """Cents multiply money and rho by 100; a price must be multiplied by 100 too."""

    def in_euros(printed):
        cents = mining_price_complete(100 * CAP_M, 100 * CAP_T, MU, 100 * RHO, T, printed=printed)
        return float(cents) / 100

    assert in_euros(printed=False) == pytest.approx(PRICE_M, rel=1e-14)
    printed = float(mining_price_complete(CAP_M, CAP_T, MU, RHO, T, printed=True))
    assert (printed, in_euros(printed=True)) == (
        pytest.approx(0.3335, abs=5e-5),
        pytest.approx(0.3480, abs=5e-5),
    )


# 2. (13) and Theorem 3.1


def test_2_the_derivative_of_utility_has_the_term_that_13_drops():
    """Along q_t at a free deadline: dU/dq = -mu p/q^2 - 2 rho mu q; (13) keeps the second term alone."""
    q, step = 2.0, 1e-6

    def utility(frequency):
        return float(client_utility(PRICE_T * MU / frequency, 0.0, MU, 0.0, frequency, 1.0, RHO))

    slope = (utility(q + step) - utility(q - step)) / (2 * step)
    assert slope == pytest.approx(-MU * PRICE_T / q**2 - 2 * RHO * MU * q, rel=1e-8)
    assert abs(slope + 2 * RHO * MU * q) > 98


def test_2_a_rational_client_trains_13_47_min_and_asks_for_532_in_place_of_25():
    free = respond()
    assert float(free.training_time) == pytest.approx(13.47, abs=5e-3)
    assert float(free.training_pay) == pytest.approx(532, abs=0.5)
    assert float(free.utility) > theorem_utility() + 500


def test_2_with_pay_capped_it_trains_3_85_min_at_2_60_ghz_for_28_196_in_place_of_4_994():
    capped = respond(training_cap=CAP_T, mining_cap=CAP_M)
    assert float(capped.training_time) == pytest.approx(3.85, abs=5e-3)
    assert float(capped.training_frequency) == pytest.approx(2.60, abs=5e-3)
    assert float(capped.utility) == pytest.approx(28.196, abs=5e-4)
    assert theorem_utility() == pytest.approx(4.994, abs=5e-4)


def test_2_theorem_3_1_is_the_best_response_exactly_if_mining_time_is_worth_more():
    """If and only if p_m + 2 rho q_m^3 >= 3 p_t, the marginal values of time at the corner."""
    random = np.random.default_rng(51)
    print("seed 51")
    price_t, price_m = 10 ** random.uniform(-2, 2, 2000), 10 ** random.uniform(-2, 3, 2000)
    best = best_response(price_t, price_m, MU, RHO, PSI, T)
    corner = training_time_at_price(price_t, MU, RHO)
    worth = price_m + 2 * RHO * mining_frequency(PSI, T, corner) ** 3 >= 3 * price_t
    on = best.feasible
    at_corner = np.isclose(best.training_time, corner, rtol=1e-9)
    assert at_corner[on].tolist() == worth[on].tolist()
    assert 100 < worth[on].sum() < on.sum() - 100


# 3. The owner's optimum


def test_3_the_owner_gains_by_paying_less_while_the_client_still_gains():
    """Prices between the energy and the caps leave T_i = T and lower R_i, so the caps do not maximise (2)."""
    dear = price_round(*PAPER, TERMS)
    least = price_round(*PAPER, RoundTerms(1500, 250, 15, 5, 10, "least-cost", "0.01"))

    def value(priced):
        time, pay = priced.training_time + priced.mining_time, priced.training_pay + priced.mining_pay
        return owner_utility([10.0] * 50, time, pay, cost_weight=1.0)

    np.testing.assert_allclose(dear.training_time + dear.mining_time, least.training_time + least.mining_time)
    assert value(least) - value(dear) == pytest.approx(50 * (30 - 0.16), rel=1e-12)
    assert np.all(least.utility > 0)


def test_3_no_prices_pay_less_than_the_energy_of_one_frequency():
    best = minimize_scalar(
        lambda time: float(energy_cost(MU, MU / time, RHO) + energy_cost(PSI, PSI / (T - time), RHO)),
        bounds=(0.1, 14.9),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert best.x == pytest.approx(10.0, abs=1e-4) and best.fun == pytest.approx(0.15, rel=1e-9)
    assert float(least_cost_price(MU, RHO, PSI, T)) * T == pytest.approx(best.fun, rel=1e-9)


def test_3_with_t_free_the_owner_chooses_4_07_min_for_6_11_in_place_of_15_15():
    free = minimize_scalar(lambda t: float(owner_cost(MU, RHO, PSI, t)), bounds=(0.5, T), method="bounded")
    assert (
        free.x
        == pytest.approx(float(client_deadline(MU, RHO, PSI)), rel=1e-5)
        == pytest.approx(4.07, abs=5e-3)
    )
    assert free.fun == pytest.approx(6.11, abs=5e-3)
    assert float(owner_cost(MU, RHO, PSI, T)) == pytest.approx(15.15, abs=1e-12)


def test_3_one_speed_for_both_subtasks_costs_0_15_in_place_of_25_006():
    theorem = energy_cost(MU, MU / TIME_T, RHO) + energy_cost(PSI, PSI / (T - TIME_T), RHO)
    assert theorem == pytest.approx(25.006, abs=5e-4)
    price = float(fair_share_price(CAP_T, CAP_M, T))
    best = best_response(price, price, MU, RHO, PSI, T, training_cap=CAP_T, mining_cap=CAP_M, cap_on_sum=True)
    assert float(best.energy) == pytest.approx(0.15, rel=1e-12)
    assert float(best.training_pay + best.mining_pay) == pytest.approx(30.0, rel=1e-12)


# 4. Incentive compatibility of Theorem 4.1


def gain_by_report(report):
    """Utility of a client of mu = 10 that reports otherwise: caps fixed, the paper's own response."""
    price_t = training_price(CAP_T, report, RHO)
    price_m = mining_price_incomplete(price_t, report, RHO, PSI, T)
    q_t = training_frequency(price_t, RHO)
    q_m = mining_frequency(PSI, T, MU / q_t)
    pay_t, pay_m = np.minimum(price_t * MU / q_t, CAP_T), np.minimum(price_m * PSI / q_m, CAP_M)
    return client_utility(pay_t, pay_m, MU, PSI, q_t, q_m, RHO)


def test_4_over_reporting_gains_wherever_the_reported_training_ends_in_time():
    """(21) asks for no gain at any report."""
    assert gain_by_report(10.0) == pytest.approx(0.0, abs=1e-12)
    assert gain_by_report(60.0) == pytest.approx(0.084, abs=5e-4)
    end = (T * CAP_T**0.5 / RHO**0.5) ** (2 / 3)  # where T_t = rho^(1/2) mu^(3/2) R_t^(-1/2) reaches T
    assert end == pytest.approx(82.5, abs=0.05)
    assert np.all(gain_by_report(np.linspace(10.001, end - 1e-6, 2000)) > 0)


def test_4_the_whole_domain_ends_a_little_earlier_where_mining_would_cost_more_than_its_cap():
    end = ((T - (RHO * PSI**3 / CAP_M) ** 0.5) * CAP_T**0.5 / RHO**0.5) ** (2 / 3)
    assert end == pytest.approx(80.70, abs=5e-3)
    time_left = T - training_time_at_price(training_price(CAP_T, end, RHO), end, RHO)
    assert RHO * PSI**3 / time_left**2 == pytest.approx(CAP_M, rel=1e-9)


def test_4_a_report_moves_the_share_from_0_129_to_0_372():
    shares = [float(share_at_report([1, 8, 12, 20], 3, report, 10)) for report in (20, 10)]
    assert shares == pytest.approx([0.129, 0.372], abs=5e-4)


def test_4_whoever_may_choose_claim_and_report_gains_under_every_policy():
    """The chain's answer is the bond, not the prices."""
    for policy in ("complete", "incomplete", "fair-share", "least-cost"):
        told = explain_round(
            [1, 8, 12, 20], ["0.01"] * 4, RoundTerms(100, 20, 15, 5, 10, policy), audit_probability="0.1"
        )
        assert told.regret.by_report[3] > 19 and told.bond[3] > 100


def test_4_claiming_the_theorem_frequencies_and_running_slowly_keeps_29_85_of_30():
    slow = (MU + PSI) / T
    assert client_utility(CAP_T, CAP_M, MU, PSI, slow, slow, RHO) == pytest.approx(29.85)
    told = explain_round(*PAPER, TERMS)
    assert told.regret.truth_utility == pytest.approx(29.85)
    claim = told.claim
    assert claim.training_pay + claim.mining_pay == pytest.approx(30.0)


# 5. q <= q_i


def test_5_theorem_3_1_asks_for_more_than_a_client_can_run_at():
    """With q_i = 10 GHz, enough to do everything in 1.5 of 15 min, it asks for 15.8 GHz."""
    assert float(training_frequency(PRICE_T, RHO)) == pytest.approx(15.81, abs=5e-3)
    assert price_round(*PAPER, TERMS, [10] * 50).reason == (Reason.TRAINING_FREQUENCY,) * 50
    best = respond(max_frequency=10.0, training_cap=CAP_T, mining_cap=CAP_M)
    assert best.feasible and best.training_frequency <= 10.0
