"""The accuracy game of a round: what is the model that a coalition's updates make worth on held-out data?

v(S) is the accuracy of the aggregate of S's updates, the same weighted mean that the round uses, and v(empty)
the accuracy of the model that the round began with, which stands if nobody contributes. Nothing is trained
again: coalitions are rebuilt from the updates that the clients published ("one-round reconstruction").

The model is linear in its arrays, so the scores of a mean of models are the mean of their scores. Each
client's scores are computed once; a batch of coalitions is then one matrix product.

References
----------
T. Song, Y. Tong, S. Wei: *Profit Allocation for Federated Learning*, IEEE BigData 2019 (reconstruction).
T. Wang, J. Rausch, C. Zhang, R. Jia, D. Song: *A Principled Approach to Data Valuation for Federated
Learning*, 2020 (the Shapley value of a round).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .aggregation import aggregate
from .data import Dataset
from .model import Model

# Scores held at a time, 64 MB of float64: coalitions are taken in blocks of this size.
_BLOCK_SCORES = 8_000_000


class AccuracyGame:
    """The game whose players are the clients of one round and whose value is held-out accuracy.

    It is called with coalitions, as `mechanism.contribution.contributions` does, and can be pickled, so that
    processes and other machines can evaluate it.

    Parameters
    ----------
    updates : mapping of str to Model
        By client address in lower case, as for `aggregation.aggregate`.
    weights : mapping of str to int
        By the same addresses: what each update weighs in the aggregate.
    before : Model
        The global model that the round began with, the value of the empty coalition.
    held_out : Dataset
        Where accuracy is measured.

    Attributes
    ----------
    clients : tuple of str
        Addresses in the order of a coalition's columns, sorted.
    bounds : tuple of float
        Least and greatest value that v can take, (0.0, 1.0).

    Raises
    ------
    AggregationError
        If updates and weights have no weighted mean.

    Examples
    --------
    >>> from bcfl_offchain.learning import Dataset, TrainingConfig, digits, initial, train
    >>> data, config = digits(), TrainingConfig(iterations=1)
    >>> halves = {"a": Dataset(data.features[:900], data.labels[:900]),
    ...           "b": Dataset(data.features[900:], data.labels[900:])}
    >>> updates = {name: train(initial(), half, config) for name, half in halves.items()}
    >>> game = AccuracyGame(updates, {"a": 900, "b": 897}, initial(), data)
    >>> game(np.array([[False, False], [True, True]])).round(1).tolist()
    [0.1, 0.9]
    """

    bounds = (0.0, 1.0)

    def __init__(
        self, updates: Mapping[str, Model], weights: Mapping[str, int], before: Model, held_out: Dataset
    ) -> None:
        aggregate(updates, weights)  # refuses what has no weighted mean, naming the client
        clients = sorted(updates)
        self.clients = tuple(clients)
        self._weights = np.array([weights[client] for client in clients], np.float64)
        self._scores = np.stack([_scores(updates[client], held_out) for client in clients])
        self._before = _scores(before, held_out)
        self._labels = held_out.labels

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        """Return v of each coalition.

        Parameters
        ----------
        coalitions : np.ndarray of bool, shape (m, N)
            One coalition a row, columns in the order of `clients`.

        Returns
        -------
        np.ndarray of float, shape (m,)
            Accuracies in [0, 1].
        """
        block = max(1, _BLOCK_SCORES // self._before.size)
        parts = [self._accuracies(coalitions[i : i + block]) for i in range(0, len(coalitions), block)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _accuracies(self, coalitions: np.ndarray) -> np.ndarray:
        """Accuracies of one block of coalitions."""
        weights = coalitions * self._weights
        totals = weights.sum(axis=1, keepdims=True)
        empty = totals[:, 0] == 0
        means = (weights / np.where(totals == 0, 1, totals)) @ self._scores.reshape(len(self.clients), -1)
        means[empty] = self._before.ravel()
        chosen = means.reshape(len(coalitions), *self._before.shape).argmax(axis=2)
        return np.mean(chosen == self._labels, axis=1)


def _scores(model: Model, dataset: Dataset) -> np.ndarray:
    """Class scores of each sample, shape (D, 10)."""
    return dataset.features.astype(np.float64) @ model["weights"].astype(np.float64) + model["bias"]
