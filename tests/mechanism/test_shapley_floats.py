"""Float values against exact fractions: the proved bound holds for every engine, on every hostile input."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import InvalidInput, _shapley_counting, shapley_values
from bcfl_offchain.mechanism import _shapley_floats as front
from bcfl_offchain.mechanism._shapley_floats import shapley_floats
from bcfl_offchain.mechanism.errors import ToleranceTooFine


def check(result, workloads, target, tolerance):
    """The bound is within the tolerance, and no value is further from the exact one than the bound."""
    largest = max(abs(Fraction(str(workload)) - Fraction(str(target))) for workload in workloads)
    assert 0 <= result.error_bound <= tolerance * largest
    true = shapley_values(workloads, target)
    errors = [abs(Fraction(value) - exact) for value, exact in zip(result.values.tolist(), true.values)]
    assert max(errors) <= result.error_bound
    assert abs(result.efficiency_residual) <= len(workloads) * result.error_bound + 2.0**-53 * float(largest)
    assert result.total == float(true.total)


@pytest.fixture
def never_exact(monkeypatch):
    """Make the front door use the float engines also where exact ones would be quick."""
    monkeypatch.setattr(front, "_QUICK", -1)


@pytest.fixture
def no_lattice(monkeypatch):
    monkeypatch.setattr(front, "_LATTICE_LIMIT", 0)


def integers(random, n_clients):
    return [random.randint(1, 20) for _ in range(n_clients)]


HOSTILE = {
    "two values": [1] * 60 + [20] * 60,
    "all equal but one": [9] * 119 + [12],
    "one outlier": [*integers(Random(1), 79), 500],
    "far apart": [700 * (client % 2) + digit for client, digit in enumerate(integers(Random(3), 50))],
    "half on the target": [10] * 60 + integers(Random(4), 60),
    "all but five on the target": [10] * 115 + [1, 2, 15, 19, 20],
    "two clients": [9, 12],
    "three clients": [1, 10, 12],
    "nobody at the target, all near": [9] * 60 + [11] * 60,
    "multiples of 100 and six odd": [100 * k for k in integers(Random(5), 34)] + integers(Random(6), 6),
}

HOSTILE_TARGETS = {"far apart": 300, "multiples of 100 and six odd": 1000}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("tolerance", [1e-6, 1e-9])
def test_spectral_values_of_hostile_games_stay_within_their_bound(name, tolerance, never_exact):
    target = HOSTILE_TARGETS.get(name, 10)
    result = shapley_floats(HOSTILE[name], target, tolerance)
    assert result.method == ("exact" if len(HOSTILE[name]) < 3 else "spectral")
    check(result, HOSTILE[name], target, tolerance)


@pytest.mark.parametrize("name", ["one outlier", "half on the target", "two values"])
def test_smoothed_values_without_a_lattice_stay_within_their_bound(name, never_exact, no_lattice):
    result = shapley_floats(HOSTILE[name], 10, 1e-5)
    assert result.method == "spectral"
    check(result, HOSTILE[name], 10, 1e-5)


@pytest.mark.parametrize("n_clients", [60, 61])
def test_real_workloads_stay_within_their_bound(n_clients, never_exact, no_lattice):
    print(f"seed {n_clients}")
    random = Random(n_clients)
    workloads = [Fraction(random.randint(10, 200), 10) for _ in range(n_clients)]
    check(shapley_floats(workloads, 10, 1e-5), workloads, 10, 1e-5)


def test_real_workloads_of_many_clients_agree_with_their_hundredths(no_lattice):
    """Without a lattice and by the lattice, of 1,000 clients: two derivations of the same numbers."""
    workloads = [Fraction(hundredths, 100) for hundredths in Random(13).choices(range(100, 2000), k=1000)]
    smoothed = shapley_floats(workloads, 10, 1e-6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "_LATTICE_LIMIT", 3e7)
        on_lattice = shapley_floats(workloads, 10, 1e-9)
    assert on_lattice.error_bound < 1e-9 * 10 < smoothed.error_bound <= 1e-6 * 10
    assert np.abs(smoothed.values - on_lattice.values).max() <= smoothed.error_bound + on_lattice.error_bound


@pytest.mark.parametrize("name", HOSTILE)
def test_probabilities_of_hostile_games_stay_within_their_bound(name, never_exact):
    target = HOSTILE_TARGETS.get(name, 10)
    result = shapley_floats(HOSTILE[name], target, 2e-12)
    assert result.method == ("exact" if len(HOSTILE[name]) < 3 else "probabilities")
    check(result, HOSTILE[name], target, 2e-12)


def test_probabilities_lose_less_than_a_thousandth_of_a_billionth_of_the_largest_value(never_exact):
    workloads = integers(Random(200), 200)
    result = shapley_floats(workloads, 10, 1e-12)
    true = [float(value) for value in shapley_values(workloads, 10).values]
    assert result.method == "probabilities"
    assert np.abs(result.values - true).max() <= 1e-14 * np.abs(true).max()


games = st.tuples(
    st.lists(st.integers(0, 40).map(lambda quarters: Fraction(quarters, 4)), min_size=3, max_size=30),
    st.fractions(0, 10, max_denominator=4),
)


@settings(max_examples=60, deadline=None)
@given(games, st.sampled_from([1e-4, 1e-9, 1e-12]))
def test_any_game_stays_within_its_bound(game, tolerance):
    workloads, target = game
    quick, front._QUICK = front._QUICK, -1
    try:
        result = shapley_floats(workloads, target, tolerance)
    finally:
        front._QUICK = quick
    check(result, workloads, target, tolerance)


@pytest.mark.parametrize("target", [0, 1, 20, 25])
def test_one_sided_games_have_a_closed_form_in_floats(target):
    workloads = [Fraction(hundredths, 100) for hundredths in Random(8).choices(range(100, 2000), k=300)]
    result = shapley_floats(workloads, target, 1e-14)
    assert result.method == "closed-form"
    check(result, workloads, target, 1e-14)


@pytest.mark.parametrize("workloads", [[10], [10] * 7, [3], [0, 0]])
def test_games_with_nothing_to_share_are_zero(workloads):
    result = shapley_floats(workloads, workloads[0])
    assert result.values.tolist() == [0.0] * len(workloads)
    assert result.error_bound == result.efficiency_residual == 0


def test_the_engine_follows_from_size_and_tolerance():
    random = Random(9)
    assert shapley_floats([1, 8, 12, 20], 10).method == "exact"
    assert shapley_floats(integers(random, 400), 10).method == "spectral"
    assert shapley_floats(integers(random, 400), 10, 1e-12).method == "probabilities"


@pytest.mark.parametrize(
    "target, method", [(10, "spectral"), ("10.37", "spectral"), ("10.123456789012345", "probabilities")]
)
def test_a_target_off_the_lattice_is_no_obstacle(target, method):
    """Where b = mu - g is on no coarse lattice, mu still is, and the other engine takes over."""
    workloads = integers(Random(10), 400)
    result = shapley_floats(workloads, target, 1e-9)
    largest = max(abs(workload - float(target)) for workload in workloads)
    assert result.method == method and result.error_bound <= 1e-9 * largest
    finer = shapley_floats(workloads, target, 1e-12)
    assert finer.method == "probabilities"
    assert np.abs(result.values - finer.values).max() <= result.error_bound + finer.error_bound


def test_equal_clients_have_equal_values_and_the_unit_does_not_matter(never_exact):
    workloads = integers(Random(11), 100)
    result = shapley_floats(workloads, 10)
    for workload in set(workloads):
        assert len({v for v, w in zip(result.values.tolist(), workloads) if w == workload}) == 1
    scaled = shapley_floats([Fraction(workload, 7) for workload in workloads], Fraction(10, 7))
    assert np.abs(7 * scaled.values - result.values).max() <= 2 * result.error_bound


@pytest.mark.parametrize("tolerance", [0, 1e-15, 2, float("nan"), -1e-9])
def test_a_tolerance_that_means_nothing_is_refused(tolerance):
    with pytest.raises(InvalidInput, match="tolerance"):
        shapley_floats([1, 8, 12, 20], 10, tolerance)


def test_workloads_that_no_float_holds_are_refused():
    with pytest.raises(InvalidInput, match="largest gap"):
        shapley_floats([1, "1e300"], 10)


def test_a_tolerance_out_of_reach_is_refused_with_the_way_out():
    random = Random(12)
    workloads = [random.uniform(1, 20) for _ in range(1000)]
    with pytest.raises(ToleranceTooFine, match="larger tolerance, or round training_cycles") as refusal:
        shapley_floats(workloads, 10, 1e-12)
    assert (refusal.value.tolerance, refusal.value.n_clients) == (1e-12, 1000)


def test_the_exact_counts_of_large_games_are_those_of_their_complements():
    """The counting engine never counts more than half of the clients; the other half must follow."""
    lattice, height = [0, 1, 1, 5, 8, 13, 21], Fraction(22, 7)
    rows = _shapley_counting.gaps_by_member(lattice, height)
    whole = abs(sum(lattice) * 7 - 22 * 7)
    for client, point in enumerate(lattice):
        assert rows[client][7] == whole
        assert rows[client][1] == abs(7 * point - 22)
