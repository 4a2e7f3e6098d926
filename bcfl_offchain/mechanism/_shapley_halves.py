"""Shapley values of |mean - g| by meeting in the middle, for few clients or few distinct workloads.

The distinct workloads are put into two halves. What a coalition holds of one half is a state: how many
clients of each workload. A state a has the size k, the sum b(a), and a share of the sets of that
size. With the states of the other half sorted by their sums, and their running sums, sum_b share_b |b(a) + b|
is one search. A value needs only

    psi_i = sum_s E_{s,i} (1/s + 1/(N - s)) - D_s/(N - s)        (s = N: E_{N,i}/N),

where D_s is the mean of |mean - g| over the coalitions of size s, and E_{s,i} the same with those that do not
contain i counted as 0. Nothing is left out; the bound is rounding alone.

References
----------
Horowitz and Sahni, Computing partitions with applications to the knapsack problem, 1974.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

WORK_LIMIT = 50_000_000
"""Searches that the engine may take: some ten seconds of one core."""

_UNIT_ROUNDING = 2.0**-53


@dataclass(frozen=True)
class _Half:
    """States of one half: sizes, sums, shares among the sets of that size, members of each workload."""

    n_clients: int
    sizes: np.ndarray
    sums: np.ndarray
    shares: np.ndarray
    members: np.ndarray


def work(counts: np.ndarray) -> int:
    """Return how many searches, or as long, `halved_losses` takes; 2^60 if more."""
    first, second = _split(counts)
    log_states = [float(np.log2(counts[half] + 1.0).sum()) for half in (first, second)]
    if max(log_states) > 60:
        return 2**60
    sizes = [int(counts[half].sum()) + 1 for half in (second, first)]
    searches = int(2 ** log_states[0] * sizes[0] + 2 ** log_states[1] * sizes[1])
    return searches + int(counts.sum()) ** 2  # each size begins with binomials of that many digits


def halved_losses(points: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Compute the Shapley values psi of |mean - g| at each distinct workload.

    Parameters
    ----------
    points, counts : ndarray, shape (D,)
        Distinct b = (mu - g)/W, and how many clients have each; D at least 2.

    Returns
    -------
    losses : ndarray, shape (D,)
        psi in units of W.
    bound : float
        Proved bound of each value's error.

    Examples
    --------
    >>> losses, bound = halved_losses(np.array([-0.9, -0.2, 0.2, 1.0]), np.array([1, 1, 1, 1]))
    >>> (0.25 - losses).round(6).tolist(), bound < 1e-12
    ([0.186806, 0.342361, 0.320139, 0.125694], True)
    """
    halves = [(chosen, _states(points[chosen], counts[chosen])) for chosen in _split(counts)]
    losses = np.zeros(len(points))
    for (chosen, half), (_, other) in (halves, halves[::-1]):
        gained, missed = _gaps(half, other)
        losses[chosen] = (half.members * (half.shares * gained)).sum(axis=1) / counts[chosen]
        whole = float((half.shares * missed).sum())
    return losses - whole, _bound(points, counts, max(len(half.sums) for _, half in halves))


def _split(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the workloads of each half, with about as many states in both."""
    halves: tuple[list[int], list[int]] = ([], [])
    log_states = [0.0, 0.0]
    for position in np.argsort(-counts, kind="stable").tolist():
        smaller = int(log_states[1] < log_states[0])
        halves[smaller].append(position)
        log_states[smaller] += float(np.log2(counts[position] + 1.0))
    return np.array(halves[0], dtype=np.int64), np.array(halves[1], dtype=np.int64)


def _states(points: np.ndarray, counts: np.ndarray) -> _Half:
    """List all states of one half, by ascending sums."""
    n_clients, sizes, sums, shares = 0, np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
    members = np.zeros((0, 1), dtype=np.int32)
    for point, count in zip(points.tolist(), counts.tolist()):
        ways = [_ways(n_clients, count, joining) for joining in range(count + 1)]
        shares = np.concatenate([shares * way[sizes] for way in ways])
        sums = np.concatenate([sums + joining * point for joining in range(count + 1)])
        joined = np.repeat(np.arange(count + 1, dtype=np.int32), len(sizes))
        members = np.vstack([np.tile(members, count + 1), joined])
        sizes = np.concatenate([sizes + joining for joining in range(count + 1)])
        n_clients += count
    order = np.argsort(sums, kind="stable")
    return _Half(n_clients, sizes[order], sums[order], shares[order], members[:, order])


def _ways(present: int, count: int, joining: int) -> np.ndarray:
    """Return C(n, k) C(m, j)/C(n + m, k + j) for k = 0 ... n, by ratios outwards from the largest."""
    size = np.arange(present)
    together, total = size + joining, present + count
    ratios = (present - size) / (size + 1) * (together + 1) / (total - together)
    peak = int((ratios > 1).sum())
    ways = np.ones(present + 1)
    ways[peak] = comb(present, peak) * comb(count, joining) / comb(total, peak + joining)
    ways[peak + 1 :] = ways[peak] * np.cumprod(ratios[peak:])
    ways[:peak] = ways[peak] * np.cumprod(1 / ratios[:peak][::-1])[::-1]
    return ways


def _gaps(half: _Half, other: _Half) -> tuple[np.ndarray, np.ndarray]:
    """Sum |b(S)|/s over the states of the other half, weighted as psi needs it with and without a client."""
    n_clients = half.n_clients + other.n_clients
    gained, missed = np.zeros(len(half.sums)), np.zeros(len(half.sums))
    for size in range(other.n_clients + 1):
        chosen = other.sizes == size
        sums, shares = other.sums[chosen], other.shares[chosen]
        held = np.concatenate([[0.0], np.cumsum(shares, dtype=np.longdouble).astype(float)])
        moment = np.concatenate([[0.0], np.cumsum(shares * sums, dtype=np.longdouble).astype(float)])
        below = np.searchsorted(sums, -half.sums)
        gaps = half.sums * (held[-1] - 2 * held[below]) + (moment[-1] - 2 * moment[below])
        together = size + np.arange(half.n_clients + 1)
        inside, outside = np.maximum(together, 1), np.maximum(n_clients - together, 1)
        weight = _ways(half.n_clients, other.n_clients, size) / inside
        weight[together == 0] = 0.0
        without = np.where(together < n_clients, weight / outside, 0.0)
        gained += (weight / inside + without)[half.sizes] * gaps
        missed += without[half.sizes] * gaps
    return gained, missed


def _bound(points: np.ndarray, counts: np.ndarray, n_states: int) -> float:
    """Bound the rounding of psi.

    A share is a product of D + 1 ratios, each within 6 roundings for each step from its peak, N steps in all;
    a sum over all states of a size rounds as often as extended numbers do, and numpy's own sums add in pairs.
    The |b(S)|/s that are added have the weights 1/(N - s) or 1/N, with and without the client.
    """
    n_clients, distinct = int(counts.sum()), len(points)
    extended = float(np.finfo(np.longdouble).eps) * n_states / _UNIT_ROUNDING
    roundings = 12.0 * (n_clients + distinct) + extended + 200
    harmonic = float((1 / np.arange(1, n_clients + 1)).sum())
    return 4 * roundings * _UNIT_ROUNDING * (2 * harmonic + 2)
