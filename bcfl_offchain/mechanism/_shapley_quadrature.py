"""Weights that turn the sums over coalition sizes of a Shapley value into sums over inclusion probabilities.

With b_j = mu_j - g, n = N - 1 and B_k the sum of a random k-subset of the other clients, the Shapley value
psi_i of the game |mean - g| is

    N psi_i = sum_{k=0}^{n} E|b_i + B_k| / (k + 1) - sum_{k=1}^{n} E|B_k| / k.

If every other client is included on its own with probability q, its size is binomial. So any nodes q_l and
weights w_l, v_l with

    sum_l w_l Bin(n, k; q_l) = 1/(k + 1),    sum_l v_l Bin(n, k; q_l) = 1/k    (k = 1 ... n - 1)

replace N expectations over subsets by as many expectations over independent clients as there are nodes; the
sizes 0 and n have one subset each and are corrected exactly. In theta with q = sin^2(theta/2) all binomials
have the width 1/sqrt(N), so some 5 sqrt(N) nodes suffice. How the weights were found does not matter: the
residuals r_k, s_k of the two identities are computed for every k, do not depend on the workloads, and bound
the error, since E|b_i + B_k| <= (k + 1) W and E|B_k| <= k W:

    |error of psi_i| <= (W/N) sum_k [r_k (k + 1) + s_k k].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_SPACING = 0.6  # of the nodes, in standard deviations of a binomial seen in theta
_FIRST = -2.0  # where the nodes begin; below, they would be nearer to 0 than any binomial with k >= 1 needs
_ROWS_PER_NODE = 5  # sizes that the weights are fitted at, for each node
_UNIT_ROUNDING = 2.0**-53


@dataclass(frozen=True)
class SizeQuadrature:
    """Nodes and weights for one number of clients.

    Attributes
    ----------
    probability : ndarray, shape (m,)
        Node p_l < 1/2; it stands for both q = p_l and q = 1 - p_l.
    joined, others : ndarray, shape (m, 2)
        Weights w and v at q = p_l (column 0) and at q = 1 - p_l (column 1).
    alone : float
        What is to be added of |b_i|: 1 - sum_l w_l Bin(n, 0; q_l).
    all_joined, all_others : float
        What is to be added of |B| and of -|B - b_i|, B the sum of all.
    error : float
        Bound on the error of N psi_i, in units of W.
    """

    probability: np.ndarray
    joined: np.ndarray
    others: np.ndarray
    alone: float
    all_joined: float
    all_others: float
    error: float


@lru_cache(maxsize=8)
def size_quadrature(n_clients: int) -> SizeQuadrature:
    """Find the nodes and weights for N >= 3 clients, and prove their error.

    Parameters
    ----------
    n_clients : int
        N, at least 3.

    Returns
    -------
    SizeQuadrature

    Examples
    --------
    >>> quadrature = size_quadrature(1000)
    >>> len(quadrature.probability) < 4 * 1000**0.5, quadrature.error / 1000 < 1e-12
    (True, True)
    """
    others = n_clients - 1
    low = _probabilities(n_clients)
    table = _binomials(others, low)
    table = np.concatenate([table, table[:, ::-1]])  # Bin(n, k; 1 - p) = Bin(n, n - k; p)
    rows = _fitted_sizes(others, len(table))
    right = np.stack([rows / (rows + 1), np.ones(len(rows))], axis=1)
    weights = np.linalg.lstsq((table[:, rows] * rows).T, right, rcond=1e-13)[0]
    sums = table.T @ weights
    sizes = np.arange(1, others)
    residual = np.abs(sums[1:others, 0] * (sizes + 1) - 1) + np.abs(sums[1:others, 1] * sizes - 1)
    half = len(low)
    return SizeQuadrature(
        probability=low,
        joined=np.stack([weights[:half, 0], weights[half:, 0]], axis=1),
        others=np.stack([weights[:half, 1], weights[half:, 1]], axis=1),
        alone=float(1 - sums[0, 0]),
        all_joined=float(1 / n_clients - sums[others, 0]),
        all_others=float(1 / others - sums[others, 1]),
        error=float(residual.sum() + _rounding(table, weights)),
    )


def _probabilities(n_clients: int) -> np.ndarray:
    """Return the nodes below 1/2: evenly spaced in theta, but geometrically where theta is below a width."""
    end = np.pi * np.sqrt(n_clients) / 4
    last = np.log(np.expm1(end))
    count = int(np.ceil((last - _FIRST) / (_SPACING / 2)))
    place = last - (np.arange(count) + 0.5) * (last - _FIRST) / count
    return np.sin(np.log1p(np.exp(place)) / np.sqrt(n_clients))[::-1] ** 2


def _binomials(trials: int, probabilities: np.ndarray) -> np.ndarray:
    """Return Bin(trials, k; p), shape (nodes, trials + 1), by its ratios outwards from the mode.

    Only products of positive numbers: an entry j steps from the mode is right within 5 (j + 2) roundings.
    """
    table = np.zeros((len(probabilities), trials + 1))
    size = np.arange(trials)
    for row, p in zip(table, probabilities):
        mode, odds = int((trials + 1) * p), p / (1 - p)
        row[mode] = 1.0
        row[mode + 1 :] = np.cumprod((trials - size[mode:]) / (size[mode:] + 1) * odds)
        row[:mode] = np.cumprod(((size[:mode] + 1) / (trials - size[:mode]) / odds)[::-1])[::-1]
        row /= row.sum()
    return table


def _fitted_sizes(others: int, n_nodes: int) -> np.ndarray:
    """Choose the sizes to fit at: all near both ends, and as dense as the nodes between them."""
    spread = np.sin(np.linspace(0, np.pi / 2, _ROWS_PER_NODE * n_nodes)) ** 2
    ends = np.arange(1, min(others, 40))
    sizes = np.concatenate([ends, others - ends, np.round(others * spread).astype(int)])
    return np.unique(sizes[(sizes >= 1) & (sizes < others)])


def _rounding(table: np.ndarray, weights: np.ndarray) -> float:
    """Bound what rounding of the binomials, and of the sums over nodes, hides in the residuals."""
    others = table.shape[1] - 1
    size, loss = np.arange(others + 1), np.zeros((2, others + 1))
    for row, pair in zip(table, np.abs(weights)):
        roundings = 5 * (np.abs(size - np.argmax(row)) + 2) + 2 * np.log2(others + 2) + len(table) + 10
        loss += np.outer(pair, row * roundings)
    return _UNIT_ROUNDING * float((loss[0] * (size + 1) + loss[1] * size).sum())
