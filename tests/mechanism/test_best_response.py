"""The exact best response: against scipy, against its own certificate, and in the cases where it is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar

from bcfl_offchain.mechanism import best_response
from bcfl_offchain.mechanism.best_response import EPSILON

PAPER = dict(
    training_price=39.52847075210474,
    mining_price=0.34800657907465886,
    training_cycles=10.0,
    energy_coefficient=0.01,
    mining_cycles=5.0,
    deadline=15.0,
)
CAPS = dict(training_cap=25.0, mining_cap=5.0)
RULES = [{}, {"cap_on_sum": False}, {"cap_on_sum": True}]


def random_clients(seed, n_clients, rule):
    """Clients over five orders of magnitude, about half of whom can answer at all."""
    random = np.random.default_rng(seed)
    print("seed", seed)
    clients = dict(
        training_price=10 ** random.uniform(-2, 3, n_clients),
        mining_price=10 ** random.uniform(-2, 3, n_clients),
        training_cycles=random.uniform(0.1, 50, n_clients),
        energy_coefficient=10 ** random.uniform(-4, 1, n_clients),
        mining_cycles=random.uniform(0.1, 20, n_clients),
        deadline=random.uniform(5, 30, n_clients),
        max_frequency=np.where(random.random(n_clients) < 0.5, np.inf, random.uniform(2, 60, n_clients)),
    )
    if rule:
        caps = 10 ** random.uniform(-1, 3, (2, n_clients))
        clients |= dict(training_cap=caps[0], mining_cap=caps[1], cap_on_sum=rule["cap_on_sum"])
    return clients


def one(clients, position):
    return {
        key: value if isinstance(value, bool) else float(value[position]) for key, value in clients.items()
    }


def utility(client, time, rest):
    """(1) with the policy's caps, written out again."""
    pay_t, pay_m = client["training_price"] * time, client["mining_price"] * rest
    cap_t, cap_m = client.get("training_cap", np.inf), client.get("mining_cap", np.inf)
    pay = (
        min(pay_t + pay_m, cap_t + cap_m)
        if client.get("cap_on_sum")
        else min(pay_t, cap_t) + min(pay_m, cap_m)
    )
    cost = client["training_cycles"] ** 3 / time**2 + client["mining_cycles"] ** 3 / rest**2
    return pay - client["energy_coefficient"] * cost


def least_times(client):
    pairs = (("training_cycles", "training_price"), ("mining_cycles", "mining_price"))
    return [
        client[cycles]
        * max(
            (client["energy_coefficient"] / client[price]) ** (1 / 3), 1 / client.get("max_frequency", np.inf)
        )
        for cycles, price in pairs
    ]


@pytest.mark.parametrize("rule", RULES)
def test_scipy_never_beats_it_along_the_deadline(rule):
    clients = random_clients(31, 300, rule)
    best = best_response(**clients)
    compared = 0
    for position in np.flatnonzero(best.feasible):
        client = one(clients, position)
        (low, rest), deadline = least_times(client), client["deadline"]
        cuts = np.linspace(low, deadline - rest, 6)
        for left, right in zip(cuts, cuts[1:]):  # in pieces, so that a bend does not mislead it
            found = minimize_scalar(
                lambda time: -utility(client, time, deadline - time),
                bounds=(left, right),
                method="bounded",
                options={"xatol": 1e-12},
            )
            assert -found.fun <= best.utility[position] + 1e-9
            compared += 1
    assert compared > 500


@pytest.mark.parametrize("rule", RULES)
def test_scipy_never_beats_it_with_two_free_times(rule):
    """Also where the deadline need not bind."""
    clients = random_clients(32, 60, rule)
    best = best_response(**clients)
    random = np.random.default_rng(33)
    for position in np.flatnonzero(best.feasible):
        client = one(clients, position)
        low, rest = least_times(client)
        spare = client["deadline"] - low - rest
        start = np.array([low, rest]) + spare * random.dirichlet([1, 1, 1])[:2]
        found = minimize(
            lambda times: -utility(client, *times),
            start,
            method="SLSQP",
            bounds=[(low, None), (rest, None)],
            constraints={"type": "ineq", "fun": lambda times: client["deadline"] - times.sum()},
            options={"ftol": 1e-14, "maxiter": 60},
        )
        above = np.maximum(found.x - (low, rest), 0)
        above *= (
            min(1, spare / above.sum()) if above.sum() else 1
        )  # SLSQP may leave the deadline by its tolerance
        assert utility(client, low + above[0], rest + above[1]) <= best.utility[position] + 1e-9


@pytest.mark.parametrize("rule", RULES)
def test_certificates_of_many_clients_close(rule):
    clients = random_clients(34, 20_000, rule)
    best = best_response(**clients)
    on, certificate = best.feasible, best.certificate
    assert 5_000 < on.sum() < 19_000
    assert np.all(certificate.kkt_residual[on] <= 32 * EPSILON)
    assert np.all(certificate.gap[on] >= 0) and np.all(certificate.gap[on] <= 1e-9)
    assert certificate.binding["(7)"].tolist() == on.tolist()
    np.testing.assert_allclose(
        (best.training_time + best.mining_time)[on], clients["deadline"][on], rtol=1e-14
    )
    for name in ("training_time", "mining_time", "utility", "training_pay"):
        assert np.array_equal(np.isnan(getattr(best, name)), ~on)


@pytest.mark.parametrize("rule", RULES)
def test_the_gap_bounds_what_any_other_response_brings(rule):
    clients = random_clients(35, 2_000, rule)
    best = best_response(**clients)
    random = np.random.default_rng(36)
    for position in np.flatnonzero(best.feasible)[:300]:
        client = one(clients, position)
        low, rest = least_times(client)
        for time in random.uniform(low, max(client["deadline"] - rest, low), 20):
            most = best.utility[position] + best.certificate.gap[position]
            assert utility(client, time, client["deadline"] - time) <= most


@settings(max_examples=200)
@given(*(st.floats(1e-3, 1e3) for _ in range(8)), st.booleans())
def test_a_small_step_away_never_gains(price_t, price_m, mu, rho, psi, deadline, cap_t, cap_m, cap_on_sum):
    client = dict(
        training_price=price_t,
        mining_price=price_m,
        training_cycles=mu,
        energy_coefficient=rho,
        mining_cycles=psi,
        deadline=deadline,
        training_cap=cap_t,
        mining_cap=cap_m,
        cap_on_sum=cap_on_sum,
    )
    best = best_response(**client)
    low, rest = least_times(client)
    if not best.feasible:
        assert low + rest > deadline
        return
    for step in (1e-2, 1e-5, -1e-5, -1e-2):
        time = min(max(float(best.training_time) * (1 + step), low), deadline - rest)
        if low <= time < deadline:
            assert utility(client, time, deadline - time) <= best.utility + best.certificate.gap


def test_the_paper_setting_without_and_with_caps():
    free, capped = best_response(**PAPER), best_response(**PAPER, **CAPS)
    assert float(free.training_time) == pytest.approx(13.47, abs=5e-3)
    assert float(free.training_pay) == pytest.approx(532, abs=0.5)
    assert free.certificate.binding["(6)"] and not free.certificate.binding["(5)"]
    assert float(capped.training_time) == pytest.approx(3.85, abs=5e-3)
    assert float(capped.training_frequency) == pytest.approx(2.60, abs=5e-3)
    assert float(capped.utility) == pytest.approx(28.196, abs=5e-4)
    assert capped.certificate.binding["(16)"] and not capped.certificate.binding["(17)"]


def test_an_interior_optimum_equates_the_marginal_values_of_time():
    best = best_response(1.0, 1.2, 10.0, 0.01, 5.0, 15.0)
    marginal_t = 1.0 + 2 * 0.01 * best.training_frequency**3
    marginal_m = 1.2 + 2 * 0.01 * best.mining_frequency**3
    assert float(marginal_t) == pytest.approx(float(marginal_m), rel=1e-13)
    assert [name for name, mask in best.certificate.binding.items() if mask] == ["(7)"]


def test_one_price_for_both_subtasks_is_answered_by_one_frequency():
    mu = np.array([1.0, 10.0, 40.0])
    for caps in ({}, dict(training_cap=10.0, mining_cap=20.0, cap_on_sum=True)):
        best = best_response(2.0, 2.0, mu, 0.001, 5.0, 15.0, **caps)
        np.testing.assert_allclose(best.training_frequency, (mu + 5) / 15, rtol=1e-14)
        np.testing.assert_allclose(best.mining_frequency, (mu + 5) / 15, rtol=1e-14)


def test_a_frequency_limit_binds():
    free = best_response(**PAPER, **CAPS)
    limited = best_response(**PAPER, **CAPS, max_frequency=2.0)
    assert float(limited.training_frequency) == pytest.approx(2.0, rel=1e-14)
    assert limited.certificate.binding["training q <= q_i"]
    assert limited.utility < free.utility


def test_nobody_answers_prices_that_cannot_be_met():
    best = best_response(
        [39.5, 39.5, np.nan], 0.3, 10.0, [0.01, 300.0, 0.01], 5.0, 15.0, [0.9, np.inf, np.inf]
    )
    assert best.feasible.tolist() == [False, False, False]
    assert np.isnan(best.utility).all() and np.isnan(best.certificate.gap).all()
    assert not any(mask.any() for mask in best.certificate.binding.values())


def test_the_prices_of_theorem_4_1_leave_no_choice():
    """(23) makes (6) an equality where (5) already is one: T - T_t is all that mining may take."""
    best = best_response(**{**PAPER, "mining_price": 0.000421465823019614727}, **CAPS)
    assert best.feasible
    assert float(best.training_time) == pytest.approx(0.632455532033675866, rel=1e-12)
    assert best.certificate.binding["(5)"] and best.certificate.binding["(6)"]


@pytest.mark.parametrize("mu, psi", [(1e-6, 1e3), (1e3, 1e-6)])
def test_subtasks_of_very_different_size_keep_their_digits(mu, psi):
    best = best_response(1e3, 1e3, mu, 1e-9, psi, 15.0)
    assert float(best.training_time / best.mining_time) == pytest.approx(mu / psi, rel=1e-13)
