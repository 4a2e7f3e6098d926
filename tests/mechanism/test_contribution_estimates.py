"""The estimates: exact where all is known, unbiased, close, and never asking twice."""

import numpy as np
import pytest

from bcfl_offchain.mechanism import InvalidInput, shapley_values
from bcfl_offchain.mechanism.contribution import BadValue, MaxEvaluations, contributions
from bcfl_offchain.mechanism.contribution.strata import by_size, stratify
from tests.mechanism.contribution_games import MeanGap, TableGame, majority, saturating


@pytest.mark.parametrize("n_clients", range(1, 12))
def test_a_game_evaluated_in_full_is_exact_and_each_coalition_is_asked_for_once(n_clients):
    game = TableGame(np.random.default_rng(n_clients).normal(size=2**n_clients))
    result = contributions(game, n_clients)
    assert np.abs(result.values - game.shapley()).max() < 1e-13
    assert (game.asked == 1).all() and result.evaluations == 2**n_clients
    assert (result.method, result.withheld, result.stopped_by) == ("exact", None, "all coalitions evaluated")
    assert np.array_equal(result.intervals, np.stack([result.values] * 2, axis=1))
    assert not result.standard_errors.any()


def test_the_papers_game_is_valued_as_by_the_exact_engine():
    workloads = [1, 8, 12, 20, 7, 7, 3]
    wanted = [float(value) for value in shapley_values(workloads, 10).values]
    assert contributions(MeanGap(workloads, 10), 7).values == pytest.approx(wanted, abs=1e-13)


@pytest.mark.parametrize("game", [saturating(10, 3), majority(9, 4)], ids=["saturating", "majority"])
@pytest.mark.parametrize("evaluations", [150, 300])
def test_the_mean_over_many_seeds_is_the_shapley_value(game, evaluations):
    n_runs = 160
    stop = MaxEvaluations(evaluations)
    runs = [contributions(game, game.n_clients, stop, seed=seed).values for seed in range(n_runs)]
    errors = np.array(runs) - game.shapley()
    z_scores = errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / np.sqrt(n_runs))
    print("seeds 0 to", n_runs - 1, "z-scores", z_scores.round(2))
    assert np.abs(z_scores).max() < 4.2  # 1 in 4,000 for ten unbiased clients


def test_the_estimate_is_closer_than_sample_means_and_permutations_of_equal_cost():
    game, n_runs, evaluations = saturating(12, 8), 20, 500
    truth, errors = game.shapley(), {"ours": [], "permutations": []}
    for seed in range(n_runs):
        ours = contributions(game, 12, MaxEvaluations(evaluations), seed=seed).values
        errors["ours"].append(np.abs(ours - truth).max())
        errors["permutations"].append(np.abs(_permutations(game, evaluations, seed) - truth).max())
    means = {name: np.mean(found) for name, found in errors.items()}
    print("seeds 0 to", n_runs - 1, means)
    assert means["ours"] < means["permutations"] / 4


def _permutations(game, evaluations, seed):
    rng, total, n = np.random.default_rng(seed), 0, game.n_clients
    n_orders = evaluations // n
    for _ in range(n_orders):
        order = rng.permutation(n)
        prefixes = np.vstack([np.zeros(n, bool), np.tril(np.ones((n, n), bool))[:, np.argsort(order)]])
        marginals = np.zeros(n)
        marginals[order] = np.diff(game(prefixes))
        total = total + marginals
    return total / n_orders


@pytest.mark.parametrize("evaluations", [102, 103, 150, 2000])
def test_fifty_clients_add_up_and_improve_with_evaluations(evaluations):
    workloads = np.random.default_rng(7).integers(1, 21, 50)
    exact = np.array([float(v) for v in shapley_values(workloads.tolist(), 10).values])
    game = MeanGap(workloads, 10)
    result = contributions(game, 50, MaxEvaluations(evaluations))
    assert result.evaluations == evaluations and result.method == "sampled"
    assert result.values.sum() == pytest.approx(game(np.ones((1, 50), bool))[0], abs=1e-9)
    assert np.abs(result.values - exact).max() < {102: 1, 103: 1, 150: 1, 2000: 0.2}[evaluations]


def test_more_clients_than_a_word_has_bits_and_than_a_surrogate_is_fitted_for():
    additive = np.linspace(-1, 1, 400)
    result = contributions(lambda coalitions: coalitions @ additive, 400, MaxEvaluations(4000))
    errors = np.abs(result.values - additive)
    print("largest error", errors.max())
    # Sample means of an additive game: each stratum's noise is that of the other members.
    assert errors.max() < 1 and result.values.sum() == pytest.approx(0, abs=1e-9)


def test_the_surrogate_takes_the_noise_out_of_an_additive_game():
    additive = np.linspace(-1, 1, 40)
    result = contributions(lambda coalitions: coalitions @ additive, 40, MaxEvaluations(5000))
    strata = stratify(by_size(result.record.coalitions(), result.record.values()))
    plain = np.abs(strata.plain() - additive).max()
    adjusted = np.abs(result.values - additive).max()
    print("largest error of sample means", plain, "with the surrogate", adjusted)
    assert adjusted < plain / 15


def test_standard_errors_tell_the_size_of_the_error():
    game = saturating(12, 5)
    runs = [contributions(game, 12, MaxEvaluations(800), seed=seed) for seed in range(40)]
    scaled = np.array([(run.values - game.shapley()) / run.standard_errors for run in runs])
    print("seeds 0 to 39, rms of error / standard error", np.sqrt(np.mean(scaled**2)))
    assert 0.8 < np.sqrt(np.mean(scaled**2)) < 1.25


@pytest.mark.parametrize(
    "answer, message",
    [
        (lambda c: np.zeros(len(c) + 1), "shape"),
        (lambda c: c.sum(axis=1) / 0.0 if c.any() else c.sum(axis=1), "nan|inf"),
        (lambda c: c.sum(axis=1) - 1.5, "bounds are 0 to 3"),
    ],
    ids=["shape", "not finite", "out of bounds"],
)
def test_bad_answers_of_the_game_are_refused(answer, message):
    with np.errstate(all="ignore"), pytest.raises(BadValue, match=message):
        contributions(answer, 3, bounds=(0, 3))


def test_a_bad_answer_names_its_coalition():
    with pytest.raises(BadValue) as caught:
        contributions(lambda c: np.where(c[:, 0] & c[:, 2] & ~c[:, 1], np.nan, 0.0), 3)
    assert caught.value.coalition == (0, 2)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_clients": 0}, "n_clients is 0"),
        ({"n_clients": 21}, "stop is None.*MaxEvaluations"),
        ({"stop": MaxEvaluations(13)}, "at least 14"),
        ({"bounds": (1, 1)}, "bounds is"),
        ({"bounds": (0, np.inf)}, "bounds is"),
        ({"confidence": 1}, "confidence is 1"),
        ({"seed": -1}, "seed is -1"),
        ({"batch_size": 0}, "batch_size is 0"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    arguments = {"n_clients": 6, **options}
    with pytest.raises(InvalidInput, match=message):
        contributions(lambda c: c.sum(axis=1), **arguments)
