"""Evaluated coalitions by stratum, and what their plain means say about the Shapley values.

With in_i(s) the mean value of the coalitions of size s that contain client i, and out_i(s) of those that do
not, the Shapley value is

    SV_i = (1/N) [ sum_{s=1}^{N} in_i(s) - sum_{s=0}^{N-1} out_i(s) ].

Every evaluated coalition falls into one stratum (side, size) of every client, so each evaluation serves
all N.

References
----------
S. Maleki, L. Tran-Thanh, G. Hines, T. Rahwan, A. Rogers: *Bounding the Estimation Error of Sampling-based
Shapley Value Approximation*, 2013 (strata by size). P. Kolpaczki et al., AAAI 2024 (one evaluation,
all clients).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

IN, OUT = 0, 1

BySize = list[tuple[np.ndarray, np.ndarray]]
"""For each size s from 0 to N: its coalitions as floats, shape (m_s, N), and their values, shape (m_s,)."""

_ENDLESS = 2**62  # as a float64 it stands for any larger number of coalitions


@dataclass(frozen=True)
class Strata:
    """Sample moments by stratum; sides ``IN`` and ``OUT``, sizes 0 to N.

    Attributes
    ----------
    counts : np.ndarray, shape (2, N + 1, N)
        Samples of each stratum of each client.
    populations : np.ndarray, shape (2, N + 1)
        Coalitions of each stratum; 0 where there is none (in at size 0, out at size N).
    means : np.ndarray, shape (2, N + 1, N)
        Sample means; the mean of the whole size where a stratum has no sample, 0 where the size has none or
        the stratum does not exist.
    variances : np.ndarray, shape (2, N + 1, N)
        Sample variances, divided by the count.
    """

    counts: np.ndarray
    populations: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    def plain(self) -> np.ndarray:
        """The estimate from sample means alone, shape (N,): what the intervals are about."""
        return combine(self.means)


def stratify(sizes: BySize) -> Strata:
    """Sort evaluated coalitions into strata.

    Parameters
    ----------
    sizes : BySize
        Distinct coalitions, as from `by_size`.

    Returns
    -------
    Strata
    """
    n_clients = len(sizes) - 1
    counts, means, variances = np.zeros((3, 2, n_clients + 1, n_clients))
    for s, (members, y) in enumerate(sizes):
        if len(y):
            counts[:, s], means[:, s], variances[:, s] = moments(members, y)
    populations = _populations(n_clients)
    means[populations == 0] = 0
    return Strata(counts, populations, means, variances)


def by_size(coalitions: np.ndarray, values: np.ndarray) -> BySize:
    """Sort coalitions, bool of shape (m, N), and their values, shape (m,), by size; the order is kept."""
    sizes = coalitions.sum(axis=1)
    order = np.argsort(sizes, kind="stable")
    ends = np.cumsum(np.bincount(sizes, minlength=coalitions.shape[1] + 1))[:-1]
    return list(zip(np.split(coalitions[order].astype(float), ends), np.split(values[order], ends)))


def moments(members: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, means and variances of the two sides of one size, each of shape (2, N)."""
    level = y.mean()  # taken off first: sums of squares then lose no digits
    centred = y - level
    powers = np.stack([np.ones_like(y), centred, centred**2])
    inside = powers @ members
    counts, sums, squares = np.stack([inside, powers.sum(axis=1, keepdims=True) - inside], axis=1)
    known = np.maximum(counts, 1)
    means = sums / known
    # A stratum without a sample may be left with the rounding of a difference.
    means = np.where(counts > 0, means, 0)
    return counts, means + level, np.where(counts > 1, np.maximum(squares / known - means**2, 0), 0)


def combine(means: np.ndarray) -> np.ndarray:
    """SV_i from stratum means of shape (2, N + 1, N), shape (N,)."""
    return (means[IN].sum(axis=0) - means[OUT].sum(axis=0)) / means.shape[2]


def _populations(n_clients: int) -> np.ndarray:
    """Coalitions of each (side, size), shape (2, N + 1)."""
    others = n_clients - 1
    inside = [0] + [min(comb(others, s - 1), _ENDLESS) for s in range(1, n_clients + 1)]
    outside = [min(comb(others, s), _ENDLESS) for s in range(n_clients)] + [0]
    return np.array([inside, outside], float)
