"""The paper's setting: N = 50, mu = 10, rho = 0.01, T = 15, eta = 1500, eta_m = 250, psi = 5, g = 10."""

import numpy as np
import pytest

from bcfl_offchain.mechanism import RoundTerms, constraints, owner_utility, price_round
from bcfl_offchain.mechanism.responses import mining_frequency, training_frequency, training_time_at_price

EXPECTED = {
    "training_cap": 25.0,
    "mining_cap": 5.0,
    "training_price": 39.52847075210474165,
    "training_frequency": 15.811388300841896660,
    "training_time": 0.632455532033675866,
    "training_pay": 25.0,
}
MINING_PRICE = {"complete": 0.34800657907465885722, "incomplete": 0.000421465823019614727}


def paper_round(policy):
    terms = RoundTerms(budget=1500, mining_budget=250, deadline=15, mining_cycles=5, target=10, policy=policy)
    return price_round([10] * 50, ["0.01"] * 50, terms)


@pytest.mark.parametrize("policy", MINING_PRICE)
def test_numbers_of_the_paper_setting(policy):
    priced = paper_round(policy)
    assert priced.hired.all() and priced.reason == (None,) * 50
    for name, value in {**EXPECTED, "mining_price": MINING_PRICE[policy]}.items():
        np.testing.assert_allclose(getattr(priced, name), value, rtol=5e-15, err_msg=name)


def test_complete_pays_both_caps_and_incomplete_just_the_energy_of_mining():
    complete, incomplete = paper_round("complete"), paper_round("incomplete")
    np.testing.assert_allclose(complete.mining_pay, 5.0, rtol=1e-14)
    np.testing.assert_allclose(complete.energy, 25.006, atol=5e-4)
    np.testing.assert_allclose(complete.utility, 4.994, atol=5e-4)
    np.testing.assert_allclose(incomplete.utility, 0.0, atol=1e-12)


@pytest.mark.parametrize("policy", MINING_PRICE)
def test_every_constraint_holds_and_the_whole_deadline_is_used(policy):
    priced = paper_round(policy)
    checks = [
        constraints.training_covers_energy(priced.training_pay, 10.0, priced.training_frequency, 0.01),
        constraints.mining_covers_energy(priced.mining_pay, 5.0, priced.mining_frequency, 0.01),
        constraints.within_deadline(priced.training_time, priced.mining_time, 15.0),
        constraints.training_within_cap(priced.training_pay, priced.training_cap),
        constraints.mining_within_cap(priced.mining_pay, priced.mining_cap),
        constraints.participates(priced.utility, priced.training_pay + priced.mining_pay),
        constraints.leaves_time_to_mine(priced.training_time, 15.0),
        constraints.within_max_frequency(priced.training_frequency, np.inf),
    ]
    assert [check.name for check in checks] == [
        "(5)",
        "(6)",
        "(7)",
        "(16)",
        "(17)",
        "(20)",
        "T_t < T",
        "q <= q_i",
    ]
    assert all(check.holds.all() for check in checks)
    np.testing.assert_allclose(priced.training_time + priced.mining_time, 15.0, rtol=1e-15)


def test_theorem_3_1_response_to_the_prices():
    price = EXPECTED["training_price"]
    assert training_frequency(price, 0.01) == pytest.approx(EXPECTED["training_frequency"], rel=1e-15)
    time = training_time_at_price(price, 10.0, 0.01)
    assert time == pytest.approx(EXPECTED["training_time"], rel=1e-15)
    assert mining_frequency(5.0, 15.0, time) == pytest.approx(5.0 / (15.0 - 0.632455532033675866), rel=1e-15)


def test_owner_utility_counts_those_who_take_part():
    priced = paper_round("complete")
    time, pay = priced.training_time + priced.mining_time, priced.training_pay + priced.mining_pay
    everyone = owner_utility([10.0] * 50, time, pay, cost_weight=0.1)
    assert everyone == pytest.approx(500 - 0.1 * (50 * 15 + 1500), rel=1e-12)
    half = owner_utility(
        [10.0] * 50, time, pay, cost_weight=0.1, taking_part=np.arange(50) < 25, benefit=np.sqrt
    )
    assert half == pytest.approx(250**0.5 - 0.1 * (25 * 15 + 750), rel=1e-12)
