"""The ends of every range, and every reason for which the integer chain does not hire."""

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest

from bcfl_offchain.mechanism import OutOfRange, Reason, Report, Terms, UnknownPolicy, price_list
from bcfl_offchain.mechanism.fixed_point import (
    MAX_BUDGET,
    MAX_CYCLES,
    MAX_DEADLINE,
    MAX_ENERGY_COEFFICIENT,
    MAX_FREQUENCY,
    MAX_PRICE,
    floor_cbrt,
)

GIGA, WAD, MONEY = 10**9, 10**18, 10**15
MINUTE = 60 * GIGA
TERMS = Terms(1500 * MONEY, 250 * MONEY, 900, 5 * MINUTE, 10 * MINUTE, "complete")
REPORT = Report(10 * MINUTE, MONEY * WAD // 6000, MAX_FREQUENCY)


def only_entry(report=REPORT, terms=TERMS):
    return price_list([report], terms)[0]


TERM_RANGES = {
    "budget": (250 * MONEY, MAX_BUDGET),
    "mining_budget": (0, 1500 * MONEY),
    "deadline": (1, MAX_DEADLINE),
    "mining_cycles": (1, MAX_CYCLES),
    "target": (0, MAX_CYCLES),
}
REPORT_RANGES = {
    "training_cycles": (1, MAX_CYCLES),
    "energy_coefficient": (1, MAX_ENERGY_COEFFICIENT),
    "max_frequency": (1, MAX_FREQUENCY),
}


@pytest.mark.parametrize(
    "base, ranges", [(TERMS, TERM_RANGES), (REPORT, REPORT_RANGES)], ids=["terms", "report"]
)
def test_both_ends_of_every_range_are_accepted_and_the_next_integers_are_not(base, ranges):
    for field, (low, high) in ranges.items():
        for inside in (low, high):
            assert getattr(replace(base, **{field: inside}), field) == inside
        for outside in (low - 1, high + 1, -1, float(high), True):
            with pytest.raises(OutOfRange) as refusal:
                replace(base, **{field: outside})
            # A budget below the mining budget is the mining budget's fault.
            assert refusal.value.field in (field, "mining_budget")
            assert str(refusal.value.value) in str(refusal.value)


def test_ranges_are_those_of_the_contract():
    assert (MAX_BUDGET, MAX_CYCLES, MAX_DEADLINE) == (2**79 - 1, 2**48 - 1, 2**32 - 1)
    assert (MAX_ENERGY_COEFFICIENT, MAX_FREQUENCY, MAX_PRICE) == (2**112 - 1, 2**72 - 1, 2**128 - 1)


def test_an_unknown_policy_is_refused():
    with pytest.raises(UnknownPolicy, match="complete, incomplete"):
        replace(TERMS, policy="")


def test_the_paper_setting_in_integers():
    entries = price_list([REPORT] * 50, TERMS)
    entry = entries[0]
    assert set(entries) == {entry}
    assert (entry.training_cap, entry.mining_cap) == (25 * MONEY, 5 * MONEY)
    assert Fraction(entry.training_price * 60, MONEY * WAD) == pytest.approx(39.52847075210474165, rel=1e-14)
    assert Fraction(entry.mining_price * 60, MONEY * WAD) == pytest.approx(0.348006579074658857, rel=1e-14)
    assert Fraction(entry.training_frequency, WAD) == pytest.approx(15.81138830084189666, rel=1e-14)
    assert 25 * MONEY - entry.training_pay <= 1
    assert 5 * MONEY - entry.mining_pay <= 1


@pytest.mark.parametrize("policy", ["complete", "incomplete"])
@pytest.mark.parametrize(
    "report, terms, reason",
    [
        ({}, {}, None),
        ({}, {"budget": 0, "mining_budget": 0}, Reason.ZERO_TRAINING_CAP),
        ({}, {"mining_budget": 1500 * MONEY}, Reason.ZERO_TRAINING_CAP),
        ({"training_cycles": 1, "energy_coefficient": 1}, {}, Reason.TRAINING_PRICE_RANGE),
        ({"max_frequency": 111 * WAD}, {}, Reason.TRAINING_FREQUENCY),
        ({"energy_coefficient": 282 * MONEY * WAD // 60}, {}, Reason.TRAINING_TIME),
        (
            {"energy_coefficient": 2775 * MONEY * WAD // 600, "max_frequency": 10 * WAD},
            {},
            Reason.MINING_FREQUENCY,
        ),
        ({"energy_coefficient": 2700 * MONEY * WAD // 600}, {}, Reason.MINING_ENERGY),
    ],
)
def test_reasons_not_to_be_hired(policy, report, terms, reason):
    entry = only_entry(replace(REPORT, **report), replace(TERMS, **terms, policy=policy))
    assert entry.reason is reason
    assert entry.hired == (reason is None)


def test_a_mining_price_of_nothing_cannot_cover_its_energy():
    assert only_entry(terms=replace(TERMS, mining_budget=0)).reason is Reason.MINING_ENERGY


def test_a_mining_price_beyond_128_bits_is_refused():
    """Cheap energy, and training that ends a billionth of a second before the deadline."""
    budget = MAX_BUDGET
    terms = Terms(budget, budget - 8, 1, 1, 0, "complete")
    cycles = GIGA
    # q_t = (R_t/(rho mu))^(1/2) a little above 1 GHz: rho = 8 wei less a hair.
    report = Report(cycles, 8 * WAD - 16 * 10**6, MAX_FREQUENCY)
    entry = only_entry(report, terms)
    assert entry.reason is Reason.MINING_PRICE_RANGE


def test_the_least_training_price_and_frequency_of_all_ranges_are_far_above_zero():
    """So prices and frequencies have no lower end to check."""
    report = Report(MAX_CYCLES, MAX_ENERGY_COEFFICIENT, MAX_FREQUENCY)
    assert isqrt(10**81 // (report.energy_coefficient * report.training_cycles**3)) == 92
    assert floor_cbrt(92 * WAD**3 // report.energy_coefficient) > 10**7
    entry = only_entry(report, Terms(1, 0, MAX_DEADLINE, 1, 0, "incomplete"))
    assert entry.reason is Reason.TRAINING_TIME


def test_the_limit_itself_is_allowed_and_one_unit_less_is_not():
    entry = only_entry()
    fastest = max(entry.training_frequency, entry.mining_frequency)
    assert only_entry(replace(REPORT, max_frequency=fastest)).hired
    assert not only_entry(replace(REPORT, max_frequency=fastest - 1)).hired


@pytest.mark.parametrize("policy", ["complete", "incomplete"])
def test_largest_terms_and_reports_never_leave_their_ranges(policy):
    terms = Terms(MAX_BUDGET, MAX_BUDGET // 2, MAX_DEADLINE, MAX_CYCLES, MAX_CYCLES, policy)
    for rho in (1, 10**9, 10**18, 10**27, MAX_ENERGY_COEFFICIENT):
        for cycles in (1, GIGA, 10**12, MAX_CYCLES):
            entry = only_entry(Report(cycles, rho, MAX_FREQUENCY), terms)
            for price in (entry.training_price, entry.mining_price):
                assert entry.hired == (1 <= price <= MAX_PRICE)
            for frequency in (entry.training_frequency, entry.mining_frequency):
                assert entry.hired == (1 <= frequency <= MAX_FREQUENCY)
