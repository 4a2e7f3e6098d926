"""The exact examples of the game that the mechanism's description lists, and v itself."""

from fractions import Fraction

import pytest

from bcfl_offchain.mechanism import coalition_value, largest_gap, shapley_values, shares

EXAMPLES = [
    ((2, 4, 6), "-5/6 2/3 13/6", "0 4/17 13/17"),
    ((5, 10, 15), "5/4 5/2 5/4", "1/4 1/2 1/4"),
    ((1, 8, 12, 20), "269/144 493/144 461/144 181/144", "269/1404 493/1404 461/1404 181/1404"),
    ((10, 10, 10, 10), "0 0 0 0", "1/4 1/4 1/4 1/4"),
    ((7,), "0", "1"),
]


@pytest.mark.parametrize("workloads, values, portions", EXAMPLES)
def test_table_of_exact_examples(workloads, values, portions):
    result = shapley_values(workloads, 10)
    assert result.values == tuple(map(Fraction, values.split()))
    assert shares(result.values) == tuple(map(Fraction, portions.split()))
    assert result.total == sum(result.values)


def test_paper_first_experiment_of_equal_workloads_shares_equally():
    result = shapley_values([10] * 50, 10)
    assert result.total == 0 and set(result.values) == {0}
    assert shares(result.values) == (Fraction(1, 50),) * 50


def test_value_of_a_coalition_is_zero_for_none_and_largest_at_the_target():
    workloads = [1, 8, 12, 20]
    assert coalition_value(workloads, [], 10) == 0
    assert coalition_value(workloads, [1, 2], 10) == largest_gap(workloads, 10) == 10
    assert coalition_value(workloads, [3], 10) == 0


def test_a_report_moves_the_shares():
    """Erratum 4: the last client's report of 10 in place of 20."""
    honest = shares(shapley_values([1, 8, 12, 20], 10).values)[3]
    false = shares(shapley_values([1, 8, 12, 10], 10).values)[3]
    assert round(float(honest), 3) == 0.129
    assert round(float(false), 3) == 0.372
