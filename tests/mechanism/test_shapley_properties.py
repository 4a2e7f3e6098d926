"""What holds for every game: efficiency, symmetry, shares that add up, time, and what is refused."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import InvalidInput, ShapleyTooLarge, coalition_value, shapley_values, shares
from bcfl_offchain.mechanism.shapley import WORK_LIMIT

games = st.tuples(st.lists(st.integers(1, 30), min_size=1, max_size=25), st.integers(0, 31))


@settings(max_examples=80)
@given(games)
def test_efficiency(game):
    workloads, target = game
    result = shapley_values(workloads, target)
    assert sum(result.values) == result.total == coalition_value(workloads, range(len(workloads)), target)


@settings(max_examples=80)
@given(games)
def test_symmetry_equal_workloads_have_equal_values_in_any_order(game):
    workloads, target = game
    by_workload = dict(zip(workloads, shapley_values(workloads, target).values))
    turned = workloads[::-1]
    assert shapley_values(turned, target).values == tuple(by_workload[workload] for workload in turned)


@settings(max_examples=80)
@given(games)
def test_shares_are_no_debts_and_add_up_to_one(game):
    portions = shares(shapley_values(*game).values)
    assert sum(portions) == 1
    assert min(portions) >= 0


@settings(max_examples=40)
@given(games, st.integers(1, 10**6), st.integers(1, 1000))
def test_the_unit_of_the_workloads_does_not_matter(game, numerator, denominator):
    workloads, target = game
    scale = Fraction(numerator, denominator)
    scaled = shapley_values([scale * workload for workload in workloads], scale * target)
    assert scaled.values == tuple(scale * value for value in shapley_values(workloads, target).values)


def test_negative_values_are_common_and_would_break_the_budget_if_the_others_were_paid_in_full():
    """In 71 % of 200 draws of 8 clients; the budget would be overspent by 60 to 95 % at worst."""
    shares_of_draws = []
    for seed in range(10):
        print(f"seed {seed}")
        random = Random(seed)
        negative, worst = 0, 0.0
        for _ in range(200):
            workloads = [Fraction(random.randint(100, 2000), 100) for _ in range(8)]
            result = shapley_values(workloads, 10)
            negative += min(result.values) < 0
            worst = max(worst, float(sum(max(value, 0) for value in result.values) / result.total) - 1)
            assert sum(shares(result.values)) == 1
        shares_of_draws.append(negative / 200)
        assert 0.55 < worst < 1.0
    assert min(shares_of_draws) > 0.62 and max(shares_of_draws) < 0.85
    assert 0.69 < sum(shares_of_draws) / 10 < 0.79


@pytest.mark.parametrize(
    "value", ["nan", "inf", float("nan"), float("-inf"), "ten", "", None, "1e999999999", -1]
)
def test_a_workload_that_is_no_number_is_refused(value):
    with pytest.raises(InvalidInput) as refusal:
        shapley_values([1, value, 20], 10)
    assert refusal.value.field == "training_cycles"
    assert str(value) in str(refusal.value)


def test_no_clients_are_refused():
    with pytest.raises(InvalidInput, match="at least one client"):
        shapley_values([], 10)


@pytest.mark.parametrize("values", [[], [Fraction(-1), Fraction(0)]])
def test_values_of_no_such_game_have_no_shares(values):
    with pytest.raises(InvalidInput, match="shapley_values"):
        shares(values)


@pytest.mark.parametrize("n_clients", [50, 200])
def test_integer_workloads_of_many_clients_are_counted_exactly(n_clients):
    random = Random(n_clients)
    workloads = [random.randint(1, 20) for _ in range(n_clients)]
    result = shapley_values(workloads, 10)
    assert result.method == "counting"
    assert sum(result.values) == result.total


def test_a_lattice_that_is_too_fine_for_many_clients_is_refused_with_its_cost_and_the_way_out():
    random = Random(3)
    workloads = [Fraction(random.randint(10**18, 20 * 10**18), 10**18) for _ in range(30)]
    with pytest.raises(ShapleyTooLarge, match="coarser cycle unit") as refusal:
        shapley_values(workloads, 10)
    assert refusal.value.n_clients == 30
    assert refusal.value.work > refusal.value.limit == WORK_LIMIT
    assert refusal.value.lattice_points > 10**18
