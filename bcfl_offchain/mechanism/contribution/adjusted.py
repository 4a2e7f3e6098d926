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
from .strata import IN, OUT, Samples, Strata, combine, moments


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


def estimate(samples: Samples, strata: Strata) -> Estimate:
    """Estimate the Shapley values of a game.

    Parameters
    ----------
    samples : Samples
        In the order of the plan; all of sizes 0, 1, N - 1 and N among them.
    strata : Strata
        Of the same coalitions.

    Returns
    -------
    Estimate
    """
    n_clients = samples.n_clients
    means, variances = strata.means, strata.variances
    incomplete = (strata.counts < strata.populations[:, :, None]).any(axis=(0, 2))
    if incomplete.any() and n_clients <= surrogate.MAX_CLIENTS:
        helped = _adjust(samples, strata)
        means, variances = (np.where(incomplete[:, None], *both) for both in zip(helped, (means, variances)))
    empty, full = strata.means[OUT, 0, 0], strata.means[IN, n_clients, 0]
    raw = combine(means)
    shifted = raw + (full - empty - raw.sum()) / n_clients
    return Estimate(shifted, _standard_errors(strata, variances))


def _adjust(samples: Samples, strata: Strata) -> tuple[np.ndarray, np.ndarray]:
    """Estimated means of all strata, and variances of what the surrogate leaves; shape (2, N + 1, N)."""
    weights = surrogate.fit(samples)
    exact = surrogate.exact_means(weights)
    predicted, fold = surrogate.predict(samples, weights)
    crossed = samples.centred - (predicted * fold).sum(axis=0)  # from the surrogate fitted without the sample
    columns = np.concatenate([fold, predicted, [crossed, crossed**2]])
    sums = samples.by_side(columns)
    in_fold, f_sums, (own, squares) = np.split(sums.swapaxes(0, 1), [surrogate.FOLDS, 2 * surrogate.FOLDS])
    counts, populations = strata.counts, np.maximum(strata.populations, 1)[:, :, None]
    known, levels = np.maximum(counts, 1), samples.levels[:, None]
    # The folds' estimates of the docstring, averaged: in sum their own differences enter as `own` does.
    differences = counts * (strata.means - levels) - f_sums
    shared = np.sum(in_fold * (exact + differences / populations), axis=0) + (1 - counts / populations) * own
    n_samples = np.bincount(samples.sizes, minlength=len(levels))
    size_means = np.bincount(samples.sizes, crossed, len(levels)) / np.maximum(n_samples, 1)
    bare = exact.mean(axis=0) + size_means[:, None]
    return levels + np.where(counts > 0, shared / known, bare), moments(counts, own, squares)[1]


def _standard_errors(strata: Strata, variances: np.ndarray) -> np.ndarray:
    """Standard errors from the variances within the strata, shape (N,)."""
    populations = strata.populations[:, :, None]
    missing = np.where(populations > strata.counts, 1 - strata.counts / np.maximum(populations, 1), 0)
    few = (missing > 0) & (strata.counts < 2)
    spread = variances / np.maximum(strata.counts - 1, 1) * missing
    errors = np.sqrt(spread.sum(axis=(0, 1))) / strata.counts.shape[2]
    return np.where(few.any(axis=(0, 1)), np.nan, errors)
