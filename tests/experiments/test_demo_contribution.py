"""The accuracy game of a demo's round at the sizes where its coalitions are sampled, and where ranks say
nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bcfl_offchain.experiments.demo_contribution import EVALUATIONS, accuracy_values, rank_correlation
from bcfl_offchain.learning import TrainingConfig, digits, initial, partition, split, train
from bcfl_offchain.learning.contribution import AccuracyGame


def a_game(n_clients: int) -> AccuracyGame:
    training, held_out = split(digits(), 3)
    parts = partition(training, n_clients, 3, 0.5, 6)
    config = TrainingConfig(iterations=2)
    updates = {f"0x{i:040x}": train(initial(), part, config) for i, part in enumerate(parts)}
    weights = {f"0x{i:040x}": len(part) for i, part in enumerate(parts)}
    return AccuracyGame(updates, weights, initial(), held_out)


@pytest.mark.parametrize("n_clients, method", [(1, "exact"), (16, "exact"), (17, "sampled")])
def test_values_are_exact_up_to_sixteen_clients_and_always_add_up(n_clients, method):
    game, said = a_game(n_clients), []
    line, clients = accuracy_values(game, said.append)
    evaluations = min(EVALUATIONS, 2**n_clients)
    assert (line["method"], line["evaluations"]) == (method, evaluations)
    assert said[-1] == f"accuracy of coalitions: {evaluations} of {evaluations}"
    assert json.loads(json.dumps([line, clients])) == [line, clients]
    assert list(clients) == list(game.clients)
    everybody, nobody = game(np.stack([np.ones(n_clients, bool), np.zeros(n_clients, bool)]))
    assert (line["value_of_all"], line["value_of_none"]) == (everybody, nobody)
    values = [client["accuracy_value"] for client in clients.values()]
    assert sum(values) == pytest.approx(everybody - nobody, abs=1e-12)
    assert line["intervals_withheld"] is None
    for client in clients.values():
        low, high = client["accuracy_interval"]
        assert (low == high == client["accuracy_value"]) if method == "exact" else low < high
    assert (line["standard_error"] == 0) == (method == "exact")


@pytest.mark.parametrize(
    "workload, accuracy, expected",
    [
        ((1, 2, 3, 4), (0.1, 0.2, 0.3, 0.4), 1),
        ((1, 2, 3, 4), (0.4, 0.3, 0.2, 0.1), -1),
        ((1, 2, 3, 4), (0.4, None, 0.2, 0.1), -1),
        ((2, 1), (0.3, 0.1 + 0.2), None),  # equal but for their last digits
        ((5, 5, 5), (0.1, 0.2, 0.3), None),
        ((5,), (0.1,), None),
    ],
)
def test_ranks_are_compared_where_there_are_any(workload, accuracy, expected):
    clients = [{"shapley_value": w, "accuracy_value": a} for w, a in zip(workload, accuracy)]
    found = rank_correlation(clients)
    assert found == (None if expected is None else pytest.approx(expected))
