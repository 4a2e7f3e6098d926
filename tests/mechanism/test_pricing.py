"""A round in floats: who is hired, why not, and what is refused."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bcfl_offchain.mechanism import (
    InvalidInput,
    Policy,
    Reason,
    RoundTerms,
    UnknownPolicy,
    constraints,
    find_policy,
    price_round,
)

TERMS = RoundTerms(budget=1500, mining_budget=250, deadline=15, mining_cycles=5, target=10, policy="complete")
OFFER = (
    "training_price mining_price training_frequency mining_frequency training_time mining_time "
    "training_pay mining_pay energy utility"
).split()


def only_reason(workload, coefficient, terms=TERMS, limit=None):
    return price_round([workload], [coefficient], terms, [limit]).reason[0]


def test_a_client_without_share_is_not_hired_and_still_counts():
    priced = price_round([2, 4, 6], [0.01] * 3, TERMS)
    assert priced.hired.tolist() == [False, True, True]
    assert priced.reason[0] is Reason.ZERO_TRAINING_CAP
    assert priced.shapley.values[0] == Fraction(-5, 6)
    assert priced.training_cap.tolist() == [0.0, 1250 * 4 / 17, 1250 * 13 / 17]
    assert priced.mining_cap.tolist() == [250 / 3] * 3
    for name in OFFER:
        assert np.isnan(getattr(priced, name)).tolist() == [True, False, False], name


@pytest.mark.parametrize("policy", ["complete", "incomplete"])
@pytest.mark.parametrize(
    "workload, coefficient, limit, reason",
    [
        (10, 0.01, None, None),
        (10, 0.01, "111.8", Reason.TRAINING_FREQUENCY),
        (10, 282, None, Reason.TRAINING_TIME),
        # Trains 14.90 of 15 min at 0.67 GHz; mining would take 50 GHz and 3.5 million.
        (10, "277.5", 10, Reason.MINING_FREQUENCY),
        (10, "277.5", None, Reason.MINING_ENERGY),
    ],
)
def test_reasons_not_to_be_hired(policy, workload, coefficient, limit, reason):
    assert only_reason(workload, coefficient, replace(TERMS, policy=policy), limit) is reason


def test_the_limit_itself_is_allowed():
    free = price_round([10], [0.01], TERMS)
    assert only_reason(10, 0.01, limit=float(free.training_frequency[0])) is None


def test_a_budget_of_nothing_hires_nobody():
    assert only_reason(10, 0.01, replace(TERMS, budget=0, mining_budget=0)) is Reason.ZERO_TRAINING_CAP
    assert only_reason(10, 0.01, replace(TERMS, mining_budget=1500)) is Reason.ZERO_TRAINING_CAP
    assert only_reason(10, 0.01, replace(TERMS, mining_budget=0)) is Reason.MINING_ENERGY


@pytest.mark.parametrize("policy", ["complete", "incomplete"])
def test_random_rounds_keep_every_constraint_for_those_hired(policy):
    random = np.random.default_rng(11)
    print("seed 11")
    for _ in range(30):
        n_clients = int(random.integers(1, 40))
        mu = [int(x) for x in random.integers(1, 21, n_clients)]
        rho = random.uniform(0.001, 3.0, n_clients)
        limit = random.uniform(3.0, 60.0, n_clients)
        priced = price_round(mu, list(rho), replace(TERMS, policy=policy), list(limit))
        on = priced.hired
        pay = priced.training_pay + priced.mining_pay
        for check in (
            constraints.training_covers_energy(priced.training_pay, mu, priced.training_frequency, rho),
            constraints.mining_covers_energy(priced.mining_pay, 5.0, priced.mining_frequency, rho),
            constraints.within_deadline(priced.training_time, priced.mining_time, 15.0),
            constraints.training_within_cap(priced.training_pay, priced.training_cap),
            constraints.mining_within_cap(priced.mining_pay, priced.mining_cap),
            constraints.participates(priced.utility, pay),
            constraints.within_max_frequency(priced.training_frequency, limit),
            constraints.within_max_frequency(priced.mining_frequency, limit),
            constraints.leaves_time_to_mine(priced.training_time, 15.0),
        ):
            assert check.holds[on].all(), check.name
            assert not check.holds[~on].any(), check.name  # NaN meets nothing
        assert pay[on].sum() <= 1500 * (1 + 1e-12)
        assert all((reason is None) == hired for reason, hired in zip(priced.reason, on))


@pytest.mark.parametrize(
    "field, value, problem",
    [
        ("budget", -1, "non-negative"),
        ("mining_budget", 1500.5, "at most budget"),
        ("mining_budget", "nan", "finite"),
        ("deadline", 0, "positive"),
        ("deadline", -15, "positive"),
        ("mining_cycles", 0, "positive"),
        ("target", -10, "non-negative"),
        ("target", "inf", "finite"),
    ],
)
def test_terms_without_meaning_are_refused(field, value, problem):
    with pytest.raises(InvalidInput, match=problem) as refusal:
        replace(TERMS, **{field: value})
    assert refusal.value.field == field
    assert str(value) in str(refusal.value)


def test_an_unknown_policy_is_refused_with_those_that_exist():
    with pytest.raises(UnknownPolicy, match="complete, incomplete, fair-share, least-cost") as refusal:
        replace(TERMS, policy="generous")
    assert refusal.value.name == "generous"
    assert isinstance(find_policy("complete"), Policy)


@pytest.mark.parametrize(
    "arguments, field, client",
    [
        (([10, 0], [1, 1], TERMS), "training_cycles", 1),
        (([10], [-0.01], TERMS), "energy_coefficient", 0),
        (([10], [1], TERMS, [0]), "max_frequency", 0),
        (([10], [1, 1], TERMS), "energy_coefficient", None),
        (([10], [1], TERMS, [None, 3]), "max_frequency", None),
        (([], [], TERMS), "training_cycles", None),
    ],
)
def test_clients_without_meaning_are_refused(arguments, field, client):
    with pytest.raises(InvalidInput) as refusal:
        price_round(*arguments)
    assert (refusal.value.field, refusal.value.client) == (field, client)


def test_a_reason_reads_as_a_sentence():
    assert str(Reason.TRAINING_TIME) == "training takes the whole deadline"
