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

_ENDLESS = 2**62  # as a float64 it stands for any larger number of coalitions


@dataclass(frozen=True)
class Samples:
    """Distinct evaluated coalitions, sorted by size.

    Attributes
    ----------
    members : np.ndarray, shape (m, N)
        1.0 where the client is in the coalition, else 0.0.
    sizes : np.ndarray of int, shape (m,)
        Sizes of the coalitions, rising.
    levels : np.ndarray, shape (N + 1,)
        Mean value of each size; 0 where it has no sample.
    centred : np.ndarray, shape (m,)
        Values less the level of their size: sums of squares then lose no digits.
    """

    members: np.ndarray
    sizes: np.ndarray
    levels: np.ndarray
    centred: np.ndarray

    @property
    def n_clients(self) -> int:
        """N."""
        return self.members.shape[1]

    def parts(self) -> list[tuple[int, slice]]:
        """The sizes that have samples, and where these are."""
        ends = np.cumsum(np.bincount(self.sizes)).tolist()
        return [(s, slice(start, end)) for s, (start, end) in enumerate(zip([0, *ends], ends)) if start < end]

    def by_side(self, columns: np.ndarray) -> np.ndarray:
        """Sums of columns, shape (k, m), over the strata of each client; shape (2, k, N + 1, N)."""
        inside = np.zeros((self.n_clients + 1, len(columns), self.n_clients))
        totals = np.zeros((self.n_clients + 1, len(columns), 1))
        parts = self.parts()
        for s, part in parts:
            np.matmul(columns[:, part], self.members[part], out=inside[s])
        present, starts = [s for s, _ in parts], [part.start for _, part in parts]
        totals[present] = np.add.reduceat(columns, starts, axis=1).T[:, :, None]
        return np.stack([inside, totals - inside]).swapaxes(1, 2)


def by_size(coalitions: np.ndarray, values: np.ndarray) -> Samples:
    """Sort coalitions, bool of shape (m, N), and their values, shape (m,), by size; the order is kept."""
    members, n_clients = coalitions.astype(float), coalitions.shape[1]
    sizes = (members @ np.ones(n_clients)).astype(int)
    order = np.argsort(sizes.astype(np.min_scalar_type(n_clients)), kind="stable")  # short words sort fastest
    counts = np.bincount(sizes, minlength=n_clients + 1)
    levels = np.bincount(sizes, values, len(counts)) / np.maximum(counts, 1)
    return Samples(members[order], sizes[order], levels, (values - levels[sizes])[order])


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


def stratify(samples: Samples) -> Strata:
    """Moments of every stratum."""
    y, populations = samples.centred, _populations(samples.n_clients)
    counts, sums, squares = samples.by_side(np.stack([np.ones_like(y), y, y**2])).swapaxes(0, 1)
    means, variances = moments(counts, sums, squares)
    means = means + samples.levels[:, None]
    means[populations == 0] = 0
    return Strata(counts, populations, means, variances)


def moments(counts: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances from counts, sums and sums of squares; 0 where there are too few samples."""
    known = np.maximum(counts, 1)
    # A stratum without a sample may be left with the rounding of a difference.
    means = np.where(counts > 0, sums / known, 0)
    return means, np.where(counts > 1, np.maximum(squares / known - means**2, 0), 0)


def combine(means: np.ndarray) -> np.ndarray:
    """SV_i from stratum means of shape (2, N + 1, N), shape (N,)."""
    return (means[IN].sum(axis=0) - means[OUT].sum(axis=0)) / means.shape[2]


def _populations(n_clients: int) -> np.ndarray:
    """Coalitions of each (side, size), shape (2, N + 1)."""
    others = n_clients - 1
    inside = [0] + [min(comb(others, s - 1), _ENDLESS) for s in range(1, n_clients + 1)]
    outside = [min(comb(others, s), _ENDLESS) for s in range(n_clients)] + [0]
    return np.array([inside, outside], float)
