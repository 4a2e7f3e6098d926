"""Every exact engine against the definition (3), (4) spelt out over all coalitions, in exact fractions."""

from fractions import Fraction
from math import factorial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import _shapley_counting, _shapley_enumeration, shapley_values


def by_definition(workloads, target):
    """(3) and (4) with W taken over all coalitions, as the paper writes it."""
    n_clients = len(workloads)
    means = [Fraction(0)]
    for coalition in range(1, 1 << n_clients):
        members = [workload for client, workload in enumerate(workloads) if coalition >> client & 1]
        means.append(Fraction(sum(members)) / len(members))
    gaps = [abs(mean - target) for mean in means]
    largest = max(gaps[1:])
    values = [Fraction(0)] + [largest - gap for gap in gaps[1:]]
    shapley = []
    for client in range(n_clients):
        value = Fraction(0)
        for coalition in range(1 << n_clients):
            if not coalition >> client & 1:
                size = bin(coalition).count("1")
                weight = Fraction(factorial(size) * factorial(n_clients - size - 1), factorial(n_clients))
                value += weight * (values[coalition | 1 << client] - values[coalition])
        shapley.append(value)
    return tuple(shapley)


@pytest.mark.parametrize("n_clients", range(1, 11))
@pytest.mark.parametrize("denominator", [1, 100])
def test_random_games(n_clients, denominator):
    seed = 1000 * n_clients + denominator
    print(f"seed {seed}")
    random = Random(seed)
    for _ in range(10 if n_clients < 8 else 2):
        workloads = [
            Fraction(random.randint(denominator, 20 * denominator), denominator) for _ in range(n_clients)
        ]
        assert shapley_values(workloads, 10).values == by_definition(workloads, 10)


fractions_of_twelve = st.integers(0, 240).map(lambda twelfths: Fraction(twelfths, 12))


@settings(max_examples=60)
@given(st.lists(fractions_of_twelve, min_size=1, max_size=6), fractions_of_twelve)
def test_any_game_whatever_the_engine(workloads, target):
    assert shapley_values(workloads, target).values == by_definition(workloads, target)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.fractions(0, 60, max_denominator=12))
def test_counting_and_enumeration_give_the_same_sums(lattice, height):
    assert _shapley_counting.gaps_by_member(lattice, height) == _shapley_enumeration.gaps_by_member(
        lattice, height
    )


@pytest.mark.parametrize(
    "workloads, target, method",
    [
        ([1, 2, 3], 10, "closed-form"),
        ([11, 12, 13], 10, "closed-form"),
        ([1, 8, 12, 20] * 3, 10, "counting"),
        (["1.000000000000000001", 8, 12, 20], 10, "enumeration"),
    ],
)
def test_the_engine_is_the_cheapest_that_is_exact(workloads, target, method):
    result = shapley_values(workloads, target)
    assert result.method == method
    if len(workloads) < 5:
        assert result.values == by_definition([Fraction(workload) for workload in workloads], target)
