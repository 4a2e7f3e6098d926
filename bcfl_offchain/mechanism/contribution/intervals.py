"""Confidence intervals for stratified estimates that hold at any sample size and whenever one looks.

For client i the plain estimate is a sum over strata h of w (mean of a sample), w = +-1/N, and given the
counts the samples are independent simple random samples without replacement from finite populations of values
in a known range of length r. With c_h samples of M_h, k_h = min(c_h, M_h - c_h) (the sample's error is that
of the smaller of the sample and the rest) and a_h = w^2 k_h / c_h^2:

1. Bernstein: |error| <= sqrt(2 V L) + b L / 3 with V = sum a_h sigma_h^2 and b = max |w| r / c_h.
2. V from the sample: F = sum_h (a_h / c_h) sum_j (x_j - mu_h)^2 has mean V and non-negative terms of at most
   d = max a_h r^2 / c_h, so that sqrt(V) <= sqrt(d L / 2) + sqrt(F + d L / 2) (lower Bernstein tail).
3. F <= sum_h a_h (s_h^2 + r^2 L' / (2 c_h)) by Hoeffding's bound on each sample mean.

V <= r^2/4 sum a_h always.

L = log(4/delta) and L' = log(8 H / delta) share one client's delta among the four tails, H strata in step 3.
All tails are proved through moment generating functions, which Hoeffding's theorem 4 carries over from
sampling with replacement. A stratum taken in full has no error and drops out.

The level is shared among all clients and all rounds, 1/(k (k + 1)) of it to the k-th, so that with the given
confidence every interval of every client at the end of every round holds its value: one may stop when the
intervals please. The plan must fix the counts without looking at a value, as `plan` does.

References
----------
W. Hoeffding: *Probability Inequalities for Sums of Bounded Random Variables*, 1963 (theorem 4).
A. Maurer, M. Pontil: *Empirical Bernstein Bounds and Sample Variance Penalization*, COLT 2009.
M. A. Burgess, A. C. Chapman: *Approximating the Shapley Value Using Stratified Empirical Bernstein Sampling*,
IJCAI 2021 (the stratified form; the bound above is our own derivation).
"""

from __future__ import annotations

from math import log

import numpy as np

from .strata import Strata

MIN_SAMPLES = 5
"""Samples that every stratum not taken in full must have before an interval is shown."""


def starved(strata: Strata) -> int:
    """Return how many (client, side, size) strata have fewer samples than `MIN_SAMPLES` and not all."""
    return int(np.sum(strata.counts < np.minimum(strata.populations, MIN_SAMPLES)[:, :, None]))


def half_widths(strata: Strata, span: float, confidence: float, look: int) -> np.ndarray:
    """Return the half-widths of the intervals round `Strata.plain`.

    Parameters
    ----------
    strata : Strata
        No stratum without a sample.
    span : float
        Length r > 0 of a range that holds every value of the game.
    confidence : float
        In (0, 1), for all clients and looks together.
    look : int
        k >= 1, counted over the rounds.

    Returns
    -------
    np.ndarray, shape (N,)
        0 where every stratum was taken in full.
    """
    n_clients = strata.counts.shape[2]
    delta = (1 - confidence) / (n_clients * look * (look + 1))
    counts = np.maximum(strata.counts, 1)
    open_ = np.minimum(strata.counts, strata.populations[:, :, None] - strata.counts)  # k_h
    weights = open_ / (n_clients * counts) ** 2  # a_h
    several = log(8 * max(1, int((strata.populations > 0).sum())) / delta)
    single = log(4 / delta)
    sampled = np.sum(weights * (strata.variances + span**2 * several / (2 * counts)), axis=(0, 1))
    largest = np.max(weights / counts, axis=(0, 1)) * span**2 * single / 2
    deviation = np.sqrt(largest) + np.sqrt(sampled + largest)
    deviation = np.minimum(deviation, span / 2 * np.sqrt(weights.sum(axis=(0, 1))))
    coarsest = np.max(np.where(open_ > 0, span / (n_clients * counts), 0), axis=(0, 1))
    return np.sqrt(2 * single) * deviation + coarsest * single / 3
