"""Float values against exact fractions: the proved bound holds for every engine, on every hostile input."""

from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import (
    InvalidInput,
    _shapley_counting,
    _shapley_halves,
    _shapley_smoothing,
    _shapley_subsets,
    _shapley_waves,
    largest_gap,
    shapley_values,
)
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
    monkeypatch.setattr(front, "_PROBABILITIES_QUICK", 0)


@pytest.fixture
def no_halves(monkeypatch):
    monkeypatch.setattr(front._shapley_halves, "WORK_LIMIT", 0)


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
    assert result.method == ("counting" if len(HOSTILE[name]) < 3 else "spectral")
    check(result, HOSTILE[name], target, tolerance)


@pytest.mark.parametrize("name", ["one outlier", "half on the target", "two values"])
def test_smoothed_values_without_a_lattice_stay_within_their_bound(name, never_exact, no_lattice, no_halves):
    result = shapley_floats(HOSTILE[name], 10, 1e-5)
    assert result.method == "spectral"
    check(result, HOSTILE[name], 10, 1e-5)


def nudged(random, workloads, size):
    """Move every workload by up to size, so that hardly two are equal."""
    return [workload + Fraction(random.randint(0, 10**6), 10**6) * Fraction(size) for workload in workloads]


CLUSTERED = {
    "integers, nearly": (lambda random: nudged(random, integers(random, 26), "0.001"), 10),
    "two values, nearly": (lambda random: nudged(random, [1] * 13 + [18] * 13, "0.00001"), 10),
    "digits and a million more": (
        lambda random: nudged(random, [10**6 * (k % 2) + d for k, d in enumerate(integers(random, 24))], 1),
        500_000,
    ),
    "one outlier": (lambda random: nudged(random, [*integers(random, 24), 2000], "0.001"), 10),
    "half on the target": (lambda random: [10] * 12 + nudged(random, integers(random, 12), "0.001"), 10),
}


def by_halves(workloads, target):
    """Values in high precision: the other engine, whose bound is rounding alone."""
    population, place = front._population(workloads, Fraction(target), largest_gap(workloads, target))
    losses, bound = _shapley_halves.halved_losses(population.points, population.counts)
    return 1 / len(workloads) - losses[place], bound


@pytest.mark.parametrize("name", CLUSTERED)
def test_clustered_reals_stay_within_their_bound(name, never_exact, no_lattice, monkeypatch):
    print("seed 21")
    draw, target = CLUSTERED[name]
    workloads = draw(Random(21))
    largest = float(largest_gap(workloads, target))
    halved = shapley_floats(workloads, target)
    assert halved.method == "halves" and halved.error_bound < 1e-11 * largest
    monkeypatch.setattr(front._shapley_halves, "WORK_LIMIT", 0)
    spectral = shapley_floats(workloads, target, 1e-5)
    assert spectral.method == "spectral" and spectral.error_bound <= 1e-5 * largest
    assert np.abs(spectral.values - halved.values).max() <= spectral.error_bound + halved.error_bound


@pytest.mark.parametrize("n_distinct, n_clients", [(2, 900), (3, 90), (5, 40)])
def test_halves_of_few_distinct_values_are_exact_but_for_rounding(
    n_distinct, n_clients, never_exact, no_lattice
):
    random = Random(n_clients)
    print(f"seed {n_clients}")
    values = [Fraction(value) for value in random.sample(range(1, 21), n_distinct - 1)] + [Fraction(3, 2)]
    workloads = [values[client % n_distinct] for client in range(n_clients)]
    result = shapley_floats(workloads, max(workloads) - Fraction(1, 3))
    assert result.method == "halves"
    if n_clients <= 100:
        check(result, workloads, max(workloads) - Fraction(1, 3), 1e-10)
    assert abs(result.efficiency_residual) <= n_clients * result.error_bound


tolerances = st.sampled_from([1e-3, 1e-5])
clusters = st.lists(
    st.tuples(st.integers(0, 1000), st.sampled_from([1, 2, 3, 5])),
    min_size=2,
    max_size=6,
    unique_by=lambda cluster: cluster[0],
)


@settings(max_examples=25)
@given(clusters, st.sampled_from(["0", "0.01", "0.000001"]), st.integers(1, 999), tolerances, st.randoms())
def test_any_clusters_stay_within_their_bound(places, size, target, tolerance, random):
    """Clusters of any distance and width: halves against the exact engine, waves against halves."""
    workloads = [Fraction(place) for place, count in places for _ in range(count)]
    workloads = nudged(random, workloads, size)
    assume(min(workloads) < target < max(workloads) and len(workloads) >= 3)
    exact, bound = by_halves(workloads, target)
    if len(workloads) <= 9:
        largest = largest_gap(workloads, target)
        true = [float(value / largest) for value in shapley_values(workloads, target).values]
        assert np.abs(exact - true).max() <= bound + 1e-15
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "_QUICK", -1)
        patch.setattr(front, "_LATTICE_LIMIT", 0)
        patch.setattr(front, "_PROBABILITIES_QUICK", 0)
        patch.setattr(front._shapley_halves, "WORK_LIMIT", 0)
        result = shapley_floats(workloads, target, tolerance)
    unit = float(largest_gap(workloads, target))
    assert result.method == "spectral" and result.error_bound <= tolerance * unit
    assert np.abs(result.values / unit - exact).max() <= result.error_bound / unit + bound


@pytest.mark.parametrize("few", [True, False])
def test_both_transforms_sum_the_same_waves_and_back(few):
    print("seed 5")
    random = np.random.default_rng(5)
    points, weights = random.uniform(-1, 1, 40), random.integers(1, 9, 40).astype(float)
    block = (_shapley_waves.FewWaves if few else _shapley_waves.ManyWaves)(1234.5, 0.37, 1000)
    waves = np.exp(1j * np.outer(1234.5 + 0.37 * np.arange(1000), points))
    coefficients = random.normal(size=1000) + 1j * random.normal(size=1000)
    rounding = 2.0**-53 * (_shapley_waves.ROUNDINGS + 16 * 1234.5)
    assert np.abs(block.sums(points, weights) - waves @ weights).max() <= rounding * weights.sum()
    assert np.abs(block.values(points, coefficients) - coefficients @ waves).max() <= rounding * np.abs(
        coefficients
    ).sum()


def test_the_majorant_is_nowhere_below_what_smoothing_changes():
    """M of the module's docstring against g computed from its integral, on a grid."""
    place = np.linspace(0.01, 60, 3000)
    frequency = np.linspace(0.5, 400, 400_001)
    kept_out = np.clip(2 * frequency - 1, 0, 1) / frequency**2
    step = frequency[1] - frequency[0]
    g = np.array([(kept_out * np.cos(frequency * y)).sum() * step for y in place[::30]]) * 2 / np.pi

    def fejer(y):
        return np.sinc(y / 2 / np.pi) ** 2

    majorant = 3.2 * (fejer(place) + (fejer(place - np.pi) + fejer(place + np.pi)) / 2)
    assert (majorant >= np.minimum(_shapley_smoothing.KINK, 12.8 / place**2)).all()
    assert (np.abs(g) <= majorant[::30] + 0.002).all() and np.abs(g).max() > 0.5


def test_small_coalitions_are_added_up_and_counted_exactly():
    points, counts = np.array([-0.9, -0.2, 0.0, 0.3, 1.0]), np.array([2, 1, 3, 1, 2])
    small = _shapley_subsets.SmallCoalitions(points, counts)
    moving = [-0.9, -0.9, -0.2, 0.3, 1.0, 1.0]
    for size in range(small.removed + 1):
        sums = [sum(subset) for subset in combinations(moving[:-1], size)]
        expected = sum(abs(0.25 + value) for value in sums)
        assert abs(small.gaps_without(size, np.array([0.25]), np.array([1.0]))[0] - expected) < 1e-12
    triples = [sum(subset) for subset in combinations(moving, 3)]
    assert small.removed == 2
    within = [sum(low - 1e-9 <= triple <= low + 0.1 + 1e-9 for triple in triples) for low in triples]
    assert small.most_within(0.1) == max(within)


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
    assert result.method == ("counting" if len(HOSTILE[name]) < 3 else "probabilities")
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


@settings(max_examples=60)
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
    assert shapley_floats([1, 8, 12, 20], 10).method == "counting"
    assert shapley_floats(["1.00001", "8.3", "12.0000007"], 10).method == "enumeration"
    assert shapley_floats(integers(random, 400), 10).method == "spectral"
    assert shapley_floats(integers(random, 400), 10, 1e-12).method == "probabilities"


@pytest.mark.parametrize(
    "target, method", [(10, "spectral"), ("10.37", "spectral"), ("10.123456789012345", "probabilities")]
)
def test_a_target_off_the_lattice_is_no_obstacle(target, method):
    """Where b = mu - g is on no coarse lattice, mu still is, which the engine for fine tolerances uses."""
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
