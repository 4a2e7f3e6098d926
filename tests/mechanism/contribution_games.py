"""Games whose Shapley values are known by other means than the estimator."""

from __future__ import annotations

from math import comb

import numpy as np


def all_coalitions(n_clients: int) -> np.ndarray:
    """Every coalition, row number in binary, shape (2^N, N)."""
    return (np.arange(2**n_clients)[:, None] >> np.arange(n_clients) & 1).astype(bool)


class TableGame:
    """A game given by the value of each coalition; counts how often each is asked for."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.n_clients = np.asarray(values, float), int(np.log2(len(values)))
        self.asked = np.zeros(len(values), int)

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        rows = coalitions @ (1 << np.arange(self.n_clients))
        np.add.at(self.asked, rows, 1)
        return self.values[rows]

    def shapley(self) -> np.ndarray:
        """Marginal contributions over all coalitions, as (3) has it."""
        n, rows = self.n_clients, np.arange(2**self.n_clients)
        sizes = all_coalitions(n).sum(axis=1)
        result = np.zeros(n)
        for i in range(n):
            out = rows[rows >> i & 1 == 0]
            weights = np.array([1 / (n * comb(n - 1, s)) for s in range(n)])[sizes[out]]
            result[i] = weights @ (self.values[out | 1 << i] - self.values[out])
        return result


def saturating(n_clients: int, seed: int) -> TableGame:
    """Something like accuracy: strengths add up, saturate, and a little noise breaks the regularity."""
    rng = np.random.default_rng(seed)
    total = all_coalitions(n_clients) @ rng.gamma(2, 1, n_clients)
    noise = rng.uniform(-0.05, 0.05, len(total))
    return TableGame(np.clip(0.95 - 0.85 * np.exp(-total / 3) + noise, 0, 1))


def majority(n_clients: int, seed: int) -> TableGame:
    """Weighted majority: values 0 and 1 only, the largest variance for its range."""
    votes = np.random.default_rng(seed).integers(1, 10, n_clients)
    return TableGame(all_coalitions(n_clients) @ votes > votes.sum() / 2)


class MeanGap:
    """The paper's game (4) as a black box, for sizes at which no table fits."""

    def __init__(self, workloads: np.ndarray, target: float) -> None:
        self.workloads, self.target = np.asarray(workloads, float), target
        self.largest = np.abs(self.workloads - target).max()

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        sizes = coalitions.sum(axis=1)
        gaps = np.abs(coalitions @ self.workloads / np.maximum(sizes, 1) - self.target)
        return np.where(sizes > 0, self.largest - gaps, 0)
