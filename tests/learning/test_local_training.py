"""Local training: deterministic, worth its rounds, and honest about its workload."""

import dataclasses

import numpy as np
import pytest

from bcfl_offchain.learning import (
    TrainingConfig,
    TrainingError,
    accuracy,
    aggregate,
    digits,
    initial,
    partition,
    predict,
    split,
    train,
    training_cycles,
    training_units,
)


def federate(n_clients, rounds, seed):
    """Held-out accuracy after plain federated rounds with the defaults of every part."""
    training, held_out = split(digits(), seed)
    parts = partition(training, n_clients, seed)
    clients = [f"client {i:03d}" for i in range(n_clients)]
    model = initial()
    for round_number in range(rounds):
        config = TrainingConfig(seed=seed * rounds + round_number)
        updates = {client: train(model, part, config) for client, part in zip(clients, parts)}
        model = aggregate(updates, {client: len(part) for client, part in zip(clients, parts)})
    return accuracy(model, held_out)


@pytest.mark.parametrize("seed", range(21))
def test_three_rounds_of_8_clients_pass_90_percent_on_held_out_digits(seed):
    assert federate(n_clients=8, rounds=3, seed=seed) > 0.90


@pytest.mark.parametrize("seed", range(3))
def test_three_rounds_of_50_clients_pass_88_percent(seed):
    assert federate(n_clients=50, rounds=3, seed=seed) > 0.88


def test_a_round_with_a_single_client_works():
    assert federate(n_clients=1, rounds=1, seed=0) > 0.90


def test_training_is_a_function_of_model_data_and_configuration(parts, update, config):
    again = train(initial(), parts[0][0], config)
    assert all(np.array_equal(again[key], update[key]) for key in update)
    for changed in (
        train(initial(), parts[0][0], dataclasses.replace(config, seed=12)),
        train(initial(), parts[0][1], config),
        train(update, parts[0][0], config),
    ):
        assert not np.array_equal(changed["weights"], update["weights"])


def test_training_leaves_its_start_model_as_it_was(parts, config):
    start = initial()
    train(start, parts[0][0], config)
    assert not start["weights"].any() and not start["bias"].any()


def test_an_update_has_the_names_shapes_and_type_of_the_model(update):
    assert {key: (a.dtype, a.shape) for key, a in update.items()} == {
        "weights": (np.float32, (64, 10)),
        "bias": (np.float32, (10,)),
    }


def test_a_client_with_one_label_does_not_unlearn_the_others(parts):
    held_out = parts[1]
    good = train(initial(), digits(), TrainingConfig(iterations=5))
    fives = digits().take(np.flatnonzero(digits().labels == 5))
    assert accuracy(train(good, fives, TrainingConfig()), held_out) > accuracy(good, held_out) - 0.02


def test_a_client_with_one_row_can_train(parts, config):
    one = parts[0][0].take(np.array([0]))
    assert predict(train(initial(), one, config), one.features) == one.labels


def test_prediction_is_the_label_with_the_highest_score():
    model = initial()
    model["bias"][3] = 1
    model["weights"][0, 7] = 2
    features = np.zeros((2, 64), np.float32)
    features[1, 0] = 1
    assert predict(model, features).tolist() == [3, 7]


def test_a_training_that_leaves_float32_is_refused(parts, config):
    with pytest.raises(TrainingError, match=r"diverged at learning_rate = 1e\+300"):
        train(initial(), parts[0][0], dataclasses.replace(config, learning_rate=1e300))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iterations": 0},
        {"batch_size": 0},
        {"seed": -1},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
    ],
)
def test_a_configuration_out_of_range_is_refused_with_its_value(wrong):
    key, value = next(iter(wrong.items()))
    with pytest.raises(TrainingError, match=f"{key}={value}"):
        TrainingConfig(**wrong)


def test_workload_is_pi_d_D():
    assert training_cycles(TrainingConfig(iterations=7), cycles_per_sample=11, n_samples=13) == 7 * 11 * 13


@pytest.mark.parametrize("cycles_per_sample, n_samples", [(0, 1), (1, 0)])
def test_an_empty_workload_is_refused(cycles_per_sample, n_samples):
    message = f"cycles_per_sample = {cycles_per_sample}, n_samples = {n_samples}"
    with pytest.raises(TrainingError, match=message):
        training_cycles(TrainingConfig(), cycles_per_sample, n_samples)


@pytest.mark.parametrize("cycles, units", [(1, 1), (999, 1), (1000, 1), (1001, 2), (10**30 + 1, 10**27 + 1)])
def test_reported_units_are_rounded_up(cycles, units):
    assert training_units(cycles, cycle_unit=1000) == units


@pytest.mark.parametrize("cycles, cycle_unit", [(0, 1), (1, 0)])
def test_units_of_nothing_are_refused(cycles, cycle_unit):
    with pytest.raises(TrainingError, match=f"cycles = {cycles}, cycle_unit = {cycle_unit}"):
        training_units(cycles, cycle_unit)
