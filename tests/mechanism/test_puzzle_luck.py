"""The puzzle's luck against scipy's negative binomial law and against simulation."""

import numpy as np
import pytest
from scipy.stats import nbinom

from bcfl_offchain.mechanism import InvalidInput, expected_hashes, least_grace, miss_probability
from bcfl_offchain.mechanism.puzzle import SMALL_PUZZLES

PSI, PER_HASH, T = 300 * 10**9, 75 * 10**6, 900


def test_expected_hashes_round_up():
    assert expected_hashes(300, 10) == 30
    assert expected_hashes(301, 10) == 31


@pytest.mark.parametrize("grace", [0, 1, 100, 500, 856, 2000])
@pytest.mark.parametrize("mining_time", [900, 431.4, 60])
def test_probability_agrees_with_the_negative_binomial_law(grace, mining_time):
    hashes = expected_hashes(PSI, PER_HASH)
    tries = int(4000 * (mining_time + grace) / mining_time)
    late = nbinom.sf(tries - SMALL_PUZZLES, SMALL_PUZZLES, SMALL_PUZZLES / hashes)
    assert miss_probability(PSI, PER_HASH, mining_time, grace) == pytest.approx(late, rel=1e-9, abs=1e-15)


def test_probability_agrees_with_simulation():
    print("seed 5")
    tries = (
        np.random.default_rng(5).negative_binomial(SMALL_PUZZLES, SMALL_PUZZLES / 4000, 200_000)
        + SMALL_PUZZLES
    )
    measured = np.mean(tries > 4000 * 1300 / 900)
    assert measured == pytest.approx(miss_probability(PSI, PER_HASH, 900, 400), abs=0.002)


def test_sixteen_small_puzzles_tame_what_one_would_miss_in_37_percent():
    assert nbinom.sf(4000 - 1, 1, 1 / 4000) == pytest.approx(0.37, abs=0.005)
    assert miss_probability(PSI, PER_HASH, T, T) < 1e-3


def test_no_try_no_success_and_all_the_time_in_the_world():
    assert miss_probability(170, 10, 10**6, 0) == pytest.approx(nbinom.sf(17 - 16, 16, 16 / 17))
    assert miss_probability(PSI, PER_HASH, 1, 10**9) == 0.0


@pytest.mark.parametrize("probability", [0.5, 1e-2, 1e-3, 1e-6])
@pytest.mark.parametrize("deadline", [1, 60, 900])
def test_grace_is_the_least_and_enough_for_every_faster_client(probability, deadline):
    grace = least_grace(PSI, PER_HASH, deadline, probability)
    assert miss_probability(PSI, PER_HASH, deadline, grace) <= probability
    if grace:
        assert miss_probability(PSI, PER_HASH, deadline, grace - 1) > probability
    for share in (0.99, 0.5, 0.01):
        assert miss_probability(PSI, PER_HASH, deadline * share, grace) <= probability


@pytest.mark.parametrize(
    "call, field",
    [
        (lambda: expected_hashes(150, 10), "cycles_per_hash"),
        (lambda: expected_hashes(0, 10), "cycles"),
        (lambda: expected_hashes(10, 0), "cycles"),
        (lambda: miss_probability(PSI, PER_HASH, 0, 1), "mining_time"),
        (lambda: miss_probability(PSI, PER_HASH, 900, -1), "grace"),
        (lambda: least_grace(PSI, PER_HASH, T, 0), "probability"),
        (lambda: least_grace(PSI, PER_HASH, T, 1), "probability"),
        (lambda: least_grace(PSI, PER_HASH, 0), "mining_time"),
    ],
)
def test_puzzles_without_meaning_are_refused(call, field):
    with pytest.raises(InvalidInput) as refusal:
        call()
    assert refusal.value.field == field


def test_a_puzzle_that_every_try_solves_takes_sixteen_tries():
    assert expected_hashes(160, 10) == SMALL_PUZZLES
    assert miss_probability(160, 10, 8, 0) == 0
    assert miss_probability(160, 10, 8, 0.5) == 0
    assert least_grace(160, 10, 8) == 0
