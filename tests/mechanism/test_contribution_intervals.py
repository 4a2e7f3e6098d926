"""The intervals hold their level: at every round, for all clients at once, whatever one stops on."""

from math import comb

import numpy as np
import pytest

from bcfl_offchain.mechanism.contribution import MaxEvaluations, MaxWidth, contributions
from bcfl_offchain.mechanism.contribution.intervals import half_widths, starved
from bcfl_offchain.mechanism.contribution.strata import by_size, stratify
from tests.mechanism.contribution_games import TableGame, all_coalitions, majority, saturating


def rare(n_clients, seed):
    """Nearly always 0: sample variances are 0 until the exception turns up, the trap of empirical bounds."""
    rng = np.random.default_rng(seed)
    return TableGame(rng.random(2**n_clients) < 0.01)


def one_size(n_clients, seed):
    """Coin tosses in the middle size, 0 elsewhere: all variance in one stratum a side."""
    sizes = all_coalitions(n_clients).sum(axis=1)
    coins = np.random.default_rng(seed).integers(0, 2, 2**n_clients)
    return TableGame(np.where(sizes == n_clients // 2, coins, 0))


@pytest.mark.parametrize("make", [saturating, majority, rare, one_size])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_all_intervals_of_all_rounds_hold_at_the_promised_level(make, confidence):
    n_runs, missed, shown = 24, 0, 0
    for seed in range(n_runs):
        game = make(10, seed % 6)
        truth, held = game.shapley(), []

        def look(progress, truth=truth, held=held):
            found = progress.intervals
            if found is not None:
                held.append(bool(((found[:, 0] <= truth) & (truth <= found[:, 1])).all()))

        contributions(
            game, 10, MaxEvaluations(900), bounds=(0, 1), confidence=confidence, seed=seed, on_progress=look
        )
        missed, shown = missed + (not all(held)), shown + len(held)
    print(f"seeds 0 to {n_runs - 1}: {missed} of {n_runs} runs with a miss in {shown} looks")
    assert shown > 3 * n_runs
    assert missed <= n_runs * (1 - confidence)


def test_the_level_is_not_met_by_luck_a_narrower_interval_misses():
    # A check of the check: a twentieth of the width must fail often.
    game, missed = majority(10, 1), 0
    for seed in range(20):
        result = contributions(game, 10, MaxEvaluations(500), bounds=(0, 1), seed=seed)
        centre, half = result.intervals.mean(axis=1), np.ptp(result.intervals, axis=1) / 2
        missed += bool((np.abs(game.shapley() - centre) > half / 20).any())
    print("seeds 0 to 19: missed", missed)
    assert missed > 10


def test_intervals_narrow_and_close_on_the_exact_value():
    game, widths = saturating(10, 2), []

    def look(progress):
        if progress.intervals is not None:
            widths.append(np.ptp(progress.intervals, axis=1).max())

    contributions(game, 10, bounds=(0, 1), on_progress=look, batch_size=2**10)
    assert widths[-1] == 0 and widths[-2] < widths[0] / 3


def test_intervals_are_withheld_while_strata_are_starved_and_without_bounds():
    game = saturating(12, 0)
    early = contributions(game, 12, MaxEvaluations(60), bounds=(0, 1))
    assert early.intervals is None and "strata have fewer than 5 samples" in early.withheld
    blind = contributions(game, 12, MaxEvaluations(2000))
    assert blind.intervals is None and "bounds" in blind.withheld
    assert contributions(game, 12, MaxEvaluations(2000), bounds=(0, 1)).withheld is None


def test_starved_strata_are_those_with_few_samples_of_many():
    coalitions = all_coalitions(6)
    sizes = coalitions.sum(axis=1)
    kept = (sizes != 3) | (np.cumsum(sizes == 3) <= 8)  # 8 of the 20 coalitions of size 3
    strata = stratify(by_size(coalitions[kept], np.zeros(kept.sum())))
    inside = coalitions[kept & (sizes == 3)].sum(axis=0)
    assert starved(strata) == np.sum(inside < 5) + np.sum(8 - inside < 5) > 0


def test_a_client_whose_strata_are_all_known_has_an_interval_of_no_width():
    strata = stratify(by_size(all_coalitions(5), np.arange(32.0)))
    assert not half_widths(strata, span=31.0, confidence=0.95, look=1).any()
    assert strata.counts[0, 3].tolist() == [comb(4, 2)] * 5


def test_a_later_look_and_a_higher_confidence_cost_width():
    game = saturating(10, 1)
    record = contributions(game, 10, MaxEvaluations(500)).record
    strata = stratify(by_size(record.coalitions(), record.values()))
    plain = half_widths(strata, 1.0, 0.9, look=1)
    assert (half_widths(strata, 1.0, 0.9, look=9) > plain).all()
    assert (half_widths(strata, 1.0, 0.99, look=1) > plain).all()
    assert half_widths(strata, 2.0, 0.9, look=1).max() > plain.max()


def test_stopping_when_the_width_pleases_keeps_the_level():
    missed = 0
    for seed in range(20):
        game = saturating(10, seed % 4)
        result = contributions(game, 10, MaxWidth(0.25), bounds=(0, 1), seed=seed)
        assert np.ptp(result.intervals, axis=1).max() <= 0.25 and result.evaluations < 1024
        truth = game.shapley()
        missed += not ((result.intervals[:, 0] <= truth) & (truth <= result.intervals[:, 1])).all()
    print("seeds 0 to 19: missed", missed)
    assert missed <= 1
