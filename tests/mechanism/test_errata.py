"""Where the paper does not hold: every number of the errata, found again by optimisation."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from bcfl_offchain.mechanism import client_utility, energy_cost
from bcfl_offchain.mechanism.policies import mining_price_complete, mining_price_incomplete, training_price
from bcfl_offchain.mechanism.responses import mining_frequency, training_frequency, training_time_at_price

MU, RHO, PSI, T, CAP_T, CAP_M = 10.0, 0.01, 5.0, 15.0, 25.0, 5.0
PRICE_T = float(training_price(CAP_T, MU, RHO))
PRICE_M = float(mining_price_complete(CAP_M, CAP_T, MU, RHO, T))
TIME_T = float(training_time_at_price(PRICE_T, MU, RHO))


def best_training_time(utility):
    """Maximise over t_t with t_m = T - t_t (the deadline binds) where (5) and (6) hold."""
    latest = T - PSI * (RHO / PRICE_M) ** (1 / 3)
    found = minimize_scalar(
        lambda time: -utility(time), bounds=(TIME_T, latest), method="bounded", options={"xatol": 1e-10}
    )
    return max((TIME_T, found.x, latest), key=utility)


def utility_at(time, cap_t=np.inf, cap_m=np.inf):
    pay_t, pay_m = min(PRICE_T * time, cap_t), min(PRICE_M * (T - time), cap_m)
    return float(client_utility(pay_t, pay_m, MU, PSI, MU / time, PSI / (T - time), RHO))


def test_1_the_printed_exponent_of_19_pays_4_791_in_place_of_5():
    printed = mining_price_complete(CAP_M, CAP_T, MU, RHO, T, printed=True)
    assert printed * (T - TIME_T) == pytest.approx(4.791, abs=5e-4)
    assert PRICE_M * (T - TIME_T) == pytest.approx(CAP_M, rel=1e-14)


def test_2_a_rational_client_trains_13_47_min_and_asks_for_532():
    time = best_training_time(utility_at)
    assert time == pytest.approx(13.47, abs=5e-3)
    assert PRICE_T * time == pytest.approx(532, abs=0.5)
    assert utility_at(time) > utility_at(TIME_T) + 500


def test_2_with_pay_capped_it_trains_3_85_min_at_2_60_ghz_for_28_196_in_place_of_4_994():
    def capped(time):
        return utility_at(time, CAP_T, CAP_M)

    time = best_training_time(capped)
    assert time == pytest.approx(3.85, abs=5e-3)
    assert MU / time == pytest.approx(2.60, abs=5e-3)
    assert capped(time) == pytest.approx(28.196, abs=5e-4)
    assert capped(TIME_T) == pytest.approx(4.994, abs=5e-4)


def test_2_theorem_3_1_is_the_best_corner_only_if_mining_is_worth_it():
    """The corner needs p_m + 2 rho q_m^3 >= 3 p_t; elsewhere utility rises with training time."""
    q_m = PSI / (T - TIME_T)
    assert PRICE_M + 2 * RHO * q_m**3 < 3 * PRICE_T
    assert utility_at(TIME_T + 1e-6) > utility_at(TIME_T)


def test_3_the_owner_could_pay_0_15_and_would_choose_4_07_min_for_6_11_in_place_of_15_15():
    def least_pay(deadline):
        best = minimize_scalar(
            lambda time: float(
                energy_cost(MU, MU / time, RHO) + energy_cost(PSI, PSI / (deadline - time), RHO)
            ),
            bounds=(1e-3 * deadline, 0.999 * deadline),
            method="bounded",
            options={"xatol": 1e-10},
        )
        return best.fun

    assert least_pay(T) == pytest.approx(RHO * (MU + PSI) ** 3 / T**2, rel=1e-9) == pytest.approx(0.15)
    best = minimize_scalar(lambda deadline: deadline + least_pay(deadline), bounds=(0.5, T), method="bounded")
    assert best.x == pytest.approx(4.07, abs=5e-3)
    assert best.fun == pytest.approx(6.11, abs=5e-3)
    assert T + least_pay(T) == pytest.approx(15.15, abs=1e-6)


def gain_by_report(report):
    """Utility of a client of mu = 10 that reports otherwise: caps fixed, the paper's own response."""
    price_t = training_price(CAP_T, report, RHO)
    price_m = mining_price_incomplete(price_t, report, RHO, PSI, T)
    q_t = training_frequency(price_t, RHO)
    q_m = mining_frequency(PSI, T, MU / q_t)
    pay_t, pay_m = np.minimum(price_t * MU / q_t, CAP_T), np.minimum(price_m * PSI / q_m, CAP_M)
    return client_utility(pay_t, pay_m, MU, PSI, q_t, q_m, RHO)


def test_4_over_reporting_gains_wherever_the_reported_training_ends_in_time():
    assert gain_by_report(10.0) == pytest.approx(0.0, abs=1e-12)
    assert gain_by_report(60.0) == pytest.approx(0.084, abs=5e-4)
    end = (T * CAP_T**0.5 / RHO**0.5) ** (
        2 / 3
    )  # where the reported T_t = rho^(1/2) mu^(3/2) R_t^(-1/2) reaches T
    assert end == pytest.approx(82.5, abs=0.05)
    assert np.all(gain_by_report(np.linspace(10.001, end - 1e-6, 2000)) > 0)


def test_4_the_whole_domain_ends_a_little_earlier_where_mining_would_cost_more_than_its_cap():
    end = ((T - (RHO * PSI**3 / CAP_M) ** 0.5) * CAP_T**0.5 / RHO**0.5) ** (2 / 3)
    assert end == pytest.approx(80.70, abs=5e-3)
    time_left = T - training_time_at_price(training_price(CAP_T, end, RHO), end, RHO)
    assert RHO * PSI**3 / time_left**2 == pytest.approx(CAP_M, rel=1e-9)


def test_claiming_the_theorem_frequencies_and_running_slowly_keeps_29_85_of_30():
    slow = (MU + PSI) / T
    assert client_utility(CAP_T, CAP_M, MU, PSI, slow, slow, RHO) == pytest.approx(29.85)


def test_one_speed_for_both_subtasks_costs_0_15_in_place_of_25_006():
    theorem = energy_cost(MU, MU / TIME_T, RHO) + energy_cost(PSI, PSI / (T - TIME_T), RHO)
    assert theorem == pytest.approx(25.006, abs=5e-4)
    assert energy_cost(MU + PSI, (MU + PSI) / T, RHO) == pytest.approx(0.15)
