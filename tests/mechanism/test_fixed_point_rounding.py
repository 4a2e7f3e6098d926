"""The chain of roundings: what holds of every integer price list, whatever the numbers."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import InvalidInput, Reason, Report, Terms, mining_cap, price_list, work_pay
from bcfl_offchain.mechanism.fixed_point import (
    MAX_ENERGY_COEFFICIENT,
    MAX_FREQUENCY,
    covers_energy,
    floor_cbrt,
    within_deadline,
)
from bcfl_offchain.mechanism.shapley import shapley_values, shares

GIGA, WAD = 10**9, 10**18
UNIT = 6 * GIGA  # a cycle unit of 0.1 GHz min


@st.composite
def rounds(draw):
    """Rounds over all magnitudes; most clients of most rounds are hired."""
    money = 10 ** draw(st.integers(3, 20))
    budget = draw(st.integers(money, 10 * money))
    policy = draw(st.sampled_from(["complete", "incomplete"]))
    psi, target = draw(st.integers(1, 1000)) * UNIT, draw(st.integers(0, 200)) * UNIT
    mining_budget = draw(st.integers(0, budget))
    terms = Terms(budget, mining_budget, draw(st.integers(100, 10**5)), psi, target, policy)
    reports = [
        Report(
            draw(st.integers(1, 200)) * UNIT,
            min(draw(st.integers(1, 10**6)) * money * WAD // 10**9 + 1, MAX_ENERGY_COEFFICIENT),
            draw(st.sampled_from([20 * WAD, MAX_FREQUENCY, MAX_FREQUENCY])),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]
    return reports, terms


@settings(max_examples=300)
@given(rounds())
def test_caps_and_pay_stay_within_the_budget_without_a_tolerance(given_round):
    reports, terms = given_round
    entries = price_list(reports, terms)
    assert sum(entry.training_cap + entry.mining_cap for entry in entries) <= terms.budget
    assert sum(entry.mining_pay for entry in entries) <= terms.mining_budget
    for entry in entries:
        assert 0 <= entry.training_pay <= entry.training_cap
        assert 0 <= entry.mining_pay <= entry.mining_cap
        assert entry.mining_cap in (0, mining_cap(terms, len(reports)))


@settings(max_examples=300)
@given(rounds())
def test_rounded_response_meets_every_constraint_and_is_paid_what_the_list_says(given_round):
    reports, terms = given_round
    for report, entry in zip(reports, price_list(reports, terms)):
        if entry.hired:
            q_t, q_m, rho = entry.training_frequency, entry.mining_frequency, report.energy_coefficient
            assert covers_energy(entry.training_price, rho, q_t)
            assert covers_energy(entry.mining_price, rho, q_m)
            assert within_deadline(report.training_cycles, terms, q_t, q_m)
            assert 1 <= q_t <= report.max_frequency and 1 <= q_m <= report.max_frequency
            assert work_pay(report, entry, terms, q_t, q_m) == (entry.training_pay, entry.mining_pay)


@settings(max_examples=300)
@given(rounds())
def test_each_rounding_goes_as_far_as_it_may(given_round):
    reports, terms = given_round
    for report, entry in zip(reports, price_list(reports, terms)):
        if entry.hired:
            rho, cycles, q_t = report.energy_coefficient, report.training_cycles, entry.training_frequency
            squared = Fraction(entry.training_cap**3 * 10**81, rho * cycles**3)
            assert entry.training_price**2 <= squared < (entry.training_price + 1) ** 2
            assert not covers_energy(entry.training_price, rho, q_t + 1)
            assert not within_deadline(cycles, terms, q_t, entry.mining_frequency - 1)
            left = terms.deadline - Fraction(cycles * GIGA, q_t)
            if terms.policy == "complete":
                exact = entry.mining_cap * WAD / left
                assert entry.mining_price <= exact < entry.mining_price + 1
            else:
                assert not covers_energy(entry.mining_price - 1, rho, entry.mining_frequency)
                assert (
                    entry.mining_price * terms.mining_cycles // (entry.mining_frequency * GIGA)
                    <= entry.mining_cap
                )


@settings(max_examples=150)
@given(rounds())
def test_a_client_that_is_not_hired_is_listed_with_zeros_and_changes_nobody_elses_share(given_round):
    reports, terms = given_round
    entries = price_list(reports, terms)
    result = shapley_values([report.training_cycles for report in reports], terms.target)
    assert tuple(entry.shapley_value for entry in entries) == result.values
    assert tuple(entry.share for entry in entries) == shares(result.values)
    for entry in entries:
        assert entry.hired == (entry.reason is None)
        if entry.hired:
            assert entry.training_cap == int(entry.share * (terms.budget - terms.mining_budget)) > 0
        else:
            assert (entry.training_cap, entry.mining_cap, entry.training_price, entry.mining_price) == (
                0,
                0,
                0,
                0,
            )
            assert (entry.training_frequency, entry.mining_frequency) == (0, 0)
            assert (entry.training_pay, entry.mining_pay) == (0, 0)


@settings(max_examples=100)
@given(rounds(), st.integers(1, 2**30))
def test_a_lower_limit_never_raises_pay_nor_touches_the_others(given_round, limit):
    reports, terms = given_round
    before = price_list(reports, terms)
    assume(before[0].hired)
    after = price_list([replace(reports[0], max_frequency=limit), *reports[1:]], terms)
    assert after[1:] == before[1:]
    assert after[0].training_pay <= before[0].training_pay


def test_a_client_below_its_share_is_refused_and_the_rest_is_priced_as_described():
    """mu = 2, 4, 6 with g = 10: shares 0, 4/17, 13/17, rounded down."""
    terms = Terms(1000, 100, 900, 5 * 60 * GIGA, 10 * 60 * GIGA, "complete")
    reports = [Report(mu * 60 * GIGA, WAD // 100, MAX_FREQUENCY) for mu in (2, 4, 6)]
    entries = price_list(reports, terms)
    assert [entry.hired for entry in entries] == [False, True, True]
    assert entries[0].reason is Reason.ZERO_TRAINING_CAP
    assert [entry.training_cap for entry in entries] == [0, 900 * 4 // 17, 900 * 13 // 17]
    assert [entry.mining_cap for entry in entries] == [0, 33, 33]


def test_equal_workloads_share_equally_with_one_floor():
    terms = Terms(1000, 100, 900, UNIT, 60 * GIGA, "complete")
    entries = price_list([Report(60 * GIGA, WAD // 100, MAX_FREQUENCY)] * 7, terms)
    assert {(entry.training_cap, entry.mining_cap) for entry in entries} == {(900 // 7, 100 // 7)}


def test_an_empty_list_is_refused():
    with pytest.raises(InvalidInput, match="reports"):
        price_list([], Terms(1, 0, 1, 1, 0, "complete"))


@given(st.integers(0, 2**400))
def test_floor_cbrt_is_the_largest_root(number):
    root = floor_cbrt(number)
    assert root**3 <= number < (root + 1) ** 3


@given(st.integers(1, 2**130))
def test_floor_cbrt_at_the_cubes_themselves(root):
    assert (floor_cbrt(root**3 - 1), floor_cbrt(root**3), floor_cbrt(root**3 + 1)) == (root - 1, root, root)
