"""The accuracy game: each coalition is worth what the round's own aggregate of it is worth."""

import pickle

import numpy as np
import pytest

from bcfl_offchain.learning import AggregationError, TrainingConfig, accuracy, aggregate, initial, train
from bcfl_offchain.learning.contribution import AccuracyGame
from bcfl_offchain.mechanism.contribution import MaxEvaluations, contributions


@pytest.fixture(scope="module")
def round_(parts, config):
    """Updates of eight clients after one round, what each weighs, and the held-out digits."""
    datasets, held_out = parts
    updates = {f"0x{i:040x}": train(initial(), part, config) for i, part in enumerate(datasets)}
    return updates, {f"0x{i:040x}": len(part) for i, part in enumerate(datasets)}, held_out


@pytest.fixture(scope="module")
def game(round_):
    updates, weights, held_out = round_
    return AccuracyGame(updates, weights, initial(), held_out)


def test_a_coalition_is_worth_the_accuracy_of_its_aggregate(round_, game):
    updates, weights, held_out = round_
    coalitions = np.random.default_rng(3).random((60, 8)) < 0.5
    coalitions[0] = True
    for coalition, value in zip(coalitions, game(coalitions)):
        members = [client for client, inside in zip(game.clients, coalition) if inside]
        if members:
            model = aggregate({c: updates[c] for c in members}, {c: weights[c] for c in members})
            # The aggregate is rounded to float32, which could turn a tie between two digits.
            assert abs(accuracy(model, held_out) - value) <= 1 / len(held_out)


def test_nobodys_contribution_leaves_the_model_of_the_round_before(round_, config, parts):
    updates, weights, held_out = round_
    before = train(initial(), parts[0][2], config)
    game = AccuracyGame(updates, weights, before, held_out)
    assert game(np.zeros((1, 8), bool)).tolist() == [accuracy(before, held_out)]


def test_contributions_add_up_to_the_gain_of_the_round(round_, game):
    updates, weights, held_out = round_
    result = contributions(game, 8, bounds=game.bounds)
    gain = accuracy(aggregate(updates, weights), held_out) - accuracy(initial(), held_out)
    assert result.method == "exact" and result.values.sum() == pytest.approx(gain, abs=1 / len(held_out))


def test_the_estimate_is_near_the_exact_value(game):
    exact = contributions(game, 8).values
    estimate = contributions(game, 8, MaxEvaluations(120), bounds=game.bounds)
    print("largest error", np.abs(estimate.values - exact).max(), "of", exact.round(3))
    assert np.abs(estimate.values - exact).max() < 0.02


def test_a_client_that_answers_at_random_is_worth_least(round_):
    updates, weights, held_out = round_
    rng, noisy = np.random.default_rng(5), dict(updates)
    spoiler = sorted(updates)[3]
    noisy[spoiler] = {
        name: rng.normal(0, 3, array.shape).astype(np.float32) for name, array in initial().items()
    }
    game = AccuracyGame(noisy, weights, initial(), held_out)
    assert np.argmin(contributions(game, 8).values) == 3 == game.clients.index(spoiler)


def test_long_batches_are_cut_without_a_trace(game, monkeypatch):
    coalitions = np.random.default_rng(1).random((500, 8)) < 0.4
    whole = game(coalitions)
    monkeypatch.setattr("bcfl_offchain.learning.contribution._BLOCK_SCORES", 100_000)
    assert np.array_equal(game(coalitions), whole)
    assert game(np.zeros((0, 8), bool)).shape == (0,)


def test_the_game_travels_to_other_processes(game):
    coalitions = np.random.default_rng(2).random((20, 8)) < 0.5
    assert np.array_equal(pickle.loads(pickle.dumps(game))(coalitions), game(coalitions))


def test_updates_without_a_mean_are_refused(round_):
    updates, weights, held_out = round_
    with pytest.raises(AggregationError, match="but weights of"):
        AccuracyGame(updates, dict(list(weights.items())[:-1]), initial(), held_out)
    with pytest.raises(AggregationError, match="weight 0"):
        AccuracyGame(updates, {client: 0 for client in updates}, initial(), held_out)


def test_other_training_gives_other_values(round_, parts):
    # A check that the game looks at the updates it is given, not at their clients.
    updates, weights, held_out = round_
    other = {c: train(initial(), parts[0][0], TrainingConfig(iterations=1)) for c in updates}
    game = AccuracyGame(other, weights, initial(), held_out)
    values = contributions(game, 8).values
    assert values == pytest.approx([values.mean()] * 8, abs=1e-12)
