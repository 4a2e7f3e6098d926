"""Paper units to chain units and back."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcfl_offchain.mechanism import InvalidInput, units


def test_the_conversions_that_the_description_names():
    assert units.cycles_to_chain(10) == 600 * 10**9
    in_chain = units.energy_coefficient_to_chain("0.01", 10**18)
    assert abs(Fraction(in_chain, 10**36) - Fraction(1, 6000)) <= Fraction(1, 2 * 10**36)
    assert units.time_to_chain(15) == 900
    assert units.money_to_chain("0.0000000000000000019", 10**18) == 1
    assert units.frequency_to_chain(Decimal("2.5")) == 25 * 10**17


@pytest.mark.parametrize(
    "value, expected",
    [
        (0.1, "1/10"),
        (np.float64(0.1), "1/10"),
        (np.int64(7), "7"),
        (Decimal("0.10"), "1/10"),
        (" 2.50 ", "5/2"),
        (True, "1"),
    ],
)
def test_exact_takes_a_number_for_the_decimal_it_spells(value, expected):
    assert units.exact(value) == Fraction(expected)


@pytest.mark.parametrize("value", ["1/3", "x", "", "nan", "-inf", "1e401", "1e-401", None, [1], float("inf")])
def test_exact_refuses_what_is_no_decimal(value):
    with pytest.raises(InvalidInput, match="budget") as refusal:
        units.exact(value, "budget")
    assert refusal.value.value is value


@given(st.integers(1, 2**48 - 1), st.integers(1, 2**32 - 1), st.integers(1, 2**72 - 1))
def test_chain_to_paper_and_back_is_the_same(cycles, seconds, frequency):
    assert units.cycles_to_chain(units.cycles_to_paper(cycles)) == cycles
    assert units.time_to_chain(units.time_to_paper(seconds)) == seconds
    assert units.frequency_to_chain(units.frequency_to_paper(frequency)) == frequency


@given(st.integers(0, 2**79 - 1), st.integers(1, 2**112 - 1), st.sampled_from([1, 10**6, 10**18]))
def test_money_and_energy_coefficients_come_back(wei, coefficient, money_unit):
    assert units.money_to_chain(units.money_to_paper(wei, money_unit), money_unit) == wei
    paper = units.energy_coefficient_to_paper(coefficient, money_unit)
    assert units.energy_coefficient_to_chain(paper, money_unit) == coefficient


def test_a_price_per_second_is_sixty_times_as_much_per_minute():
    assert units.price_to_paper(10**18 * 10**15, 10**15) == 60


@pytest.mark.parametrize(
    "convert, value", [(units.cycles_to_chain, "0.00000000001"), (units.time_to_chain, "0.01")]
)
def test_what_would_lose_something_is_refused(convert, value):
    with pytest.raises(InvalidInput, match="a whole number of"):
        convert(value)
