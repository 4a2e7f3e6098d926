"""Shares for a price list: exact, or cut into steps that two machines find at most one apart."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcfl_offchain.mechanism import (
    FloatShapleyResult,
    Report,
    SharesUncertain,
    Terms,
    fixed_point,
    lines_within_step,
    price_list,
    shapley_floats,
    shapley_values,
    shares,
    training_shares,
)

from bcfl_offchain.mechanism.fixed_point import MAX_BUDGET, training_cap
from bcfl_offchain.mechanism.reasons import Reason
from bcfl_offchain.mechanism.shapley import WORK_LIMIT, cheapest_exact_engine
from bcfl_offchain.mechanism.list_shares import MARGIN, STEPS, share_error

LIMIT = Fraction(1, MARGIN * STEPS)
RANDOM = Random(7)
LARGE = [RANDOM.randint(1, 200) for _ in range(300)]
"""Too large for the exact engines."""

TERMS = Terms(10**18, 10**17, 900, 300 * 10**9, 600 * 10**9, "fair-share")
REPORTS = [Report(units * 6 * 10**9, 10**14, 20 * 10**18) for units in LARGE]


@pytest.fixture(scope="module")
def large():
    return training_shares(LARGE, 100)


@pytest.fixture(scope="module")
def entries():
    return price_list(REPORTS, TERMS)


def cap_of(share, budget):
    """What `price_list` gives for a share in steps."""
    return training_cap(Terms(budget, 0, 1, 1, 0, "complete"), share, -(-budget // STEPS))


def test_a_small_list_is_exact():
    found = training_shares([1, 8, 12, 20], 10)
    assert found.error == 0 and found.shares == shares(shapley_values([1, 8, 12, 20], 10).values)


def test_a_large_list_is_certain(large):
    assert 0 < large.error <= LIMIT and isinstance(large.result, FloatShapleyResult)
    assert sum(large.shares) == 1


def test_the_unit_of_the_workloads_does_not_decide(large):
    scaled = training_shares([units * 6 * 10**9 for units in LARGE], 600 * 10**9)
    assert scaled.error > 0
    assert max(abs(a - b) for a, b in zip(scaled.shares, large.shares)) <= large.error + scaled.error


def float_result(values, error):
    return FloatShapleyResult(values, 0.0, "spectral", error, 0.0)


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=7),
    st.integers(0, 30),
    st.integers(1, MAX_BUDGET),
    st.data(),
)
def test_two_engines_within_their_bounds_are_at_most_one_step_apart(workloads, target, budget, data):
    """The error is as large as it may be: a share is just proved within a hundredth of a step."""
    game = shapley_values(workloads, target)
    if not game.total:
        return  # all workloads are equal, so the closed form is exact
    least = game.total
    error = 2.0**-40 * float(least)
    values = np.array([float(value) for value in game.values])
    while share_error(float_result(values, 2 * error), least) <= LIMIT:
        error *= 2
    while share_error(float_result(values, error), least) > LIMIT:
        error /= 2
    signs = st.lists(st.floats(-1, 1), min_size=len(workloads), max_size=len(workloads))
    # Rounding the exact values to floats takes its part of the error.
    moved = [values + 0.999 * error * np.array(data.draw(signs)) for _ in range(2)]
    results = [float_result(each, error) for each in moved]
    true = shares(game.values)
    portions = [shares([Fraction(value) for value in result.values.tolist()]) for result in results]
    for result, found in zip(results, portions):
        assert max(abs(a - b) for a, b in zip(true, found)) <= share_error(result, least)
    caps = [[cap_of(share, budget) for share in found] for found in portions]
    step = -(-budget // STEPS)
    for one, other in zip(*caps):
        assert abs(one - other) in (0, step) and one % step == 0
    for found in caps:
        assert budget - len(workloads) * step <= sum(found) <= budget


def test_a_share_on_a_step_can_be_found_on_both_sides():
    budget, step = STEPS * 10, 10
    below, above = (cap_of(Fraction(1, 4) + side * LIMIT / 2, budget) for side in (-1, 1))
    assert (below, above) == (budget // 4 - step, budget // 4)


def test_a_price_list_in_steps(entries):
    training_budget = TERMS.budget - TERMS.mining_budget
    step = -(-training_budget // STEPS)
    assert {entry.step for entry in entries} == {step}
    assert all(entry.training_cap % step == 0 for entry in entries)
    caps = [training_cap(TERMS, entry.share, step) for entry in entries]
    assert training_budget - len(caps) * step < sum(caps) <= training_budget


def test_neighbours_of_a_line_follow_from_their_own_caps(entries):
    position = next(index for index, entry in enumerate(entries) if entry.hired)
    own, less, more = lines_within_step(REPORTS[position], entries[position], TERMS, len(entries))
    assert own == entries[position] and (less.step, more.step) == (own.step, own.step)
    assert less.training_cap + own.step == own.training_cap == more.training_cap - own.step
    for line in (less, own, more):
        assert line.training_price == (line.training_cap + line.mining_cap) * 10**18 // TERMS.deadline


def with_share(entries, steps):
    """The first client's report and line, had it a share of so many steps."""
    entry = replace(entries[0], share=Fraction(steps) / STEPS)
    cap = training_cap(TERMS, entry.share, entry.step)
    if not cap:
        return REPORTS[0], fixed_point.Entry(0, entry.share, False, Reason.ZERO_TRAINING_CAP, step=entry.step)
    return REPORTS[0], replace(entry, hired=True, reason=None, training_cap=cap)


@pytest.mark.parametrize(
    "steps, hired",
    [
        (0, [False]),
        ("0.97", [False]),
        ("0.99", [False, True]),
        ("1.01", [True, False, True]),
        ("1.03", [True, True]),
        ("2.5", [True, True, True]),
    ],
)
def test_who_is_hired_is_uncertain_only_on_the_edge_of_a_step(entries, steps, hired):
    """Hiring brings a mining cap besides, so that nobody of negative value may be hired for a step."""
    lines = lines_within_step(*with_share(entries, Fraction(steps)), TERMS, len(entries))
    assert [line.hired for line in lines] == hired


def test_a_domain_between_two_steps_is_not_the_owners_to_choose(entries):
    """A step less would not cover the energy, but no machine finds it: the client has to be hired."""
    position = next(index for index, entry in enumerate(entries) if entry.hired)
    own = entries[position]
    frequency = own.training_frequency
    just_enough = own.training_price * 10**54 // frequency**3
    report = replace(REPORTS[position], energy_coefficient=just_enough)
    amid = replace(own, share=(own.share * STEPS // 1 + Fraction(1, 2)) / STEPS)
    lines = lines_within_step(report, amid, TERMS, len(entries))
    assert [line.hired for line in lines] == [True, True]
    on_the_edge = replace(own, share=Fraction(own.training_cap, TERMS.budget - TERMS.mining_budget))
    lines = lines_within_step(report, on_the_edge, TERMS, len(entries))
    assert [line.hired for line in lines] == [True, False, True]


def test_a_line_outside_the_domain_is_judged_at_its_neighbours_caps():
    slow = [replace(report, max_frequency=1) for report in REPORTS]
    entries = price_list(slow, TERMS)
    position = max(range(len(entries)), key=lambda index: entries[index].share)
    lines = lines_within_step(slow[position], entries[position], TERMS, len(entries))
    assert len(lines) == 3 and {line.training_cap for line in lines} == {0}


def test_an_exact_line_stands_alone():
    (entry,) = price_list(REPORTS[:1], TERMS)
    assert entry.step == 0 and lines_within_step(REPORTS[0], entry, TERMS, 1) == (entry,)


def test_shares_that_cannot_be_proved_are_refused(monkeypatch):
    monkeypatch.setattr("bcfl_offchain.mechanism.list_shares.STEPS", 2**60)
    with pytest.raises(SharesUncertain, match="list fewer clients, or round training_cycles") as refused:
        training_shares(LARGE, 100)
    assert refused.value.n_clients == 300 and refused.value.limit == pytest.approx(1 / (MARGIN * 2**60))


def test_a_finer_tolerance_is_tried_before_refusing(monkeypatch):
    monkeypatch.setattr("bcfl_offchain.mechanism.list_shares.FIRST_TOLERANCE", 1e-3)
    least, largest = shapley_floats(LARGE, 100, 1e-3), max(abs(units - 100) for units in LARGE)
    assert share_error(least, Fraction(least.total)) > LIMIT
    found = training_shares(LARGE, 100)
    assert found.error <= LIMIT and found.result.error_bound < least.error_bound < 1e-3 * largest


@pytest.mark.parametrize(
    "n_clients, units", [(20, 2**48), (50, 30_000), (100, 1_500), (200, 100), (300, 50), (400, 20)]
)
def test_cycle_units_that_keep_every_list_exact(n_clients, units):
    """The table of docs/protocol.md: no list of so many clients with reports up to `units` is too large."""
    worst = [*range(0, units + 1, max(1, units // n_clients))][:n_clients]
    worst = [*worst, *[units] * (n_clients - len(worst))]
    worst[-1] = units
    # As many distinct reports as there can be; the sum, which another list may double, adds one bit of 50.
    assert 1.05 * cheapest_exact_engine(worst)[0] <= WORK_LIMIT
