"""The best estimate: stratum means with the surrogate's help.

A stratum mean is the surrogate's exact mean plus the estimated mean of the difference. With M coalitions in
the stratum, of which fold A was drawn and the rest B of the sample made the surrogate f, the difference is
known on B and its mean over the others estimated by that over A,

    mean(v) = mean(f) + [ sum_B (v - f) + (M - |B|) mean_A(v - f) ] / M,

which is unbiased given B, since A is a simple random sample of what B left. The folds' estimates are averaged
by |A|. A stratum taken in full keeps its exact mean, and one without a sample, which is where bias can come
in, gets the surrogate's mean and the mean difference of its size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import surrogate
from .strata import IN, OUT, BySize, Strata, combine, moments


@dataclass(frozen=True)
class Estimate:
    """Estimated Shapley values.

    Attributes
    ----------
    values : np.ndarray, shape (N,)
        They add up to v(N) - v(empty).
    standard_errors : np.ndarray, shape (N,)
        Large-sample standard errors; nan while a stratum of the client has fewer than two samples.
    """

    values: np.ndarray
    standard_errors: np.ndarray


def estimate(sizes: BySize, strata: Strata) -> Estimate:
    """Estimate the Shapley values of a game.

    Parameters
    ----------
    sizes : BySize
        Distinct coalitions in the order of the plan; all of sizes 0, 1, N - 1 and N among them.
    strata : Strata
        Of the same coalitions.

    Returns
    -------
    Estimate
    """
    n_clients = len(sizes) - 1
    means, variances = strata.means.copy(), strata.variances.copy()
    incomplete = (strata.counts < strata.populations[:, :, None]).any(axis=(0, 2))
    if incomplete.any() and n_clients <= surrogate.MAX_CLIENTS:
        weights = surrogate.fit(sizes)
        for s in np.flatnonzero(incomplete):
            means[:, s], variances[:, s] = _size(*sizes[s], s, strata.populations[:, s], weights[:, s])
    empty, full = strata.means[OUT, 0, 0], strata.means[IN, n_clients, 0]
    raw = combine(means)
    shifted = raw + (full - empty - raw.sum()) / n_clients
    return Estimate(shifted, _standard_errors(strata, variances))


def _size(
    members: np.ndarray, y: np.ndarray, s: int, populations: np.ndarray, h: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Estimated means of both sides of one size, and variances of what the surrogate leaves, shape (2, N)."""
    others = np.array([s - 1, s])[:, None, None] / (members.shape[1] - 1)
    exact = others * (h.sum(axis=1, keepdims=True) - h)  # by side, fold and client
    exact[IN] += h
    if len(y) == 0:
        return exact.mean(axis=1), np.zeros((2, members.shape[1]))
    residuals = y[:, None] - members @ h.T
    fold = np.arange(len(y))[:, None] % surrogate.FOLDS == np.arange(surrogate.FOLDS)
    in_fold, own, total = (_both_sides(part, members) for part in (fold, residuals * fold, residuals))
    counts = in_fold.sum(axis=1, keepdims=True)
    rest, unknown = total - own, populations[:, None, None] - (counts - in_fold)
    by_fold = exact + (rest + unknown * own / np.maximum(in_fold, 1)) / populations[:, None, None]
    shared = np.sum(in_fold * by_fold, axis=1) / np.maximum(counts[:, 0], 1)
    crossed = residuals[fold]  # of each sample, from the surrogate that was fitted without it
    bare = exact.mean(axis=1) + crossed.mean()
    return np.where(counts[:, 0] > 0, shared, bare), moments(members, crossed)[2]


def _both_sides(weights: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Sums of weights, shape (m, FOLDS), over the samples with and without each client, (2, FOLDS, N)."""
    inside = weights.T.astype(float) @ members
    outside = weights.sum(axis=0)[:, None] - inside
    return np.stack([inside, outside])


def _standard_errors(strata: Strata, variances: np.ndarray) -> np.ndarray:
    """Standard errors from the variances within the strata, shape (N,)."""
    populations = strata.populations[:, :, None]
    missing = np.where(populations > strata.counts, 1 - strata.counts / np.maximum(populations, 1), 0)
    few = (missing > 0) & (strata.counts < 2)
    spread = variances / np.maximum(strata.counts - 1, 1) * missing
    errors = np.sqrt(spread.sum(axis=(0, 1))) / strata.counts.shape[2]
    return np.where(few.any(axis=(0, 1)), np.nan, errors)
