"""A simple game that resembles the sampled one, so that only the difference has to be estimated.

Within size s the surrogate is additive, f(S) = sum_{i in S} h_i(s), with h_i(s) = a_i/s + b_i/(N - s) + c_i:
the first two terms are what a client weighs in a mean of S or of the others. Its stratum means are known in
closed form, so the estimator subtracts f from every sample and adds f's exact means: whatever the fit, the
estimate stays unbiased, and a good fit leaves little variance.

Coefficients are those of ridge regression on all sampled coalitions of 2 <= s <= N - 2 and on the border
sizes. Each sample is compared with a surrogate that was fitted without its fold, five folds in all
(cross-fitting).

References
----------
R. T. Witter, Y. Liu, C. Musco: *Regression-adjusted Monte Carlo Estimators for Shapley Values and
Probabilistic Values*, 2025.
"""

from __future__ import annotations

import numpy as np

from .strata import IN, OUT, Samples

FOLDS = 5

MAX_CLIENTS = 300
"""Largest N for which surrogates are fitted: a fit costs O(m N^2 + N^3) and needs many samples a client."""

# Ridge penalties of the three terms. Border sizes fix the first two; without much data, the constant one
# would carry what they tell into the middle sizes, where it is worth most and known least.
_PENALTIES = np.array([3, 3, 30])
# Samples whose equations are summed at a time: few enough for the processor's cache.
_BLOCK = 1000


def fit(samples: Samples) -> np.ndarray:
    """Fit one surrogate a fold, each on all samples but the fold's.

    Parameters
    ----------
    samples : Samples
        Of N >= 4 clients, all of the border sizes among them. Sample j of the inner sizes belongs to fold
        j % FOLDS; the border sizes belong to none.

    Returns
    -------
    np.ndarray, shape (FOLDS, N + 1, N)
        h_i(s) by fold, size and client.
    """
    n_clients, terms = samples.n_clients, _terms(samples.n_clients)
    inner = _inner(samples)
    folds = [slice(inner.start + f, inner.stop, FOLDS) for f in range(FOLDS)]
    border = [slice(0, inner.start), slice(inner.stop, None)]
    by_fold = [_equations(samples, terms, [fold]) for fold in folds]
    grams, wanted = zip(*by_fold, _equations(samples, terms, border))
    normal, right = np.sum(grams, axis=0) - grams[:-1], np.sum(wanted, axis=0) - wanted[:-1]
    diagonal = np.arange(len(terms) * n_clients)
    traces = normal[:, diagonal, diagonal].reshape(FOLDS, len(terms), n_clients).mean(axis=2)
    n_samples = 4 * traces[:, -1:]  # the last term's trace is that of so many coalitions of half the clients
    penalty = traces * _PENALTIES * (n_clients / n_samples) ** 2  # fades as samples come in
    normal[:, diagonal, diagonal] += np.repeat(penalty, n_clients, axis=1)
    coefficients = np.linalg.solve(normal, right[:, :, None])
    return terms.T @ coefficients.reshape(FOLDS, len(terms), n_clients)


def exact_means(weights: np.ndarray) -> np.ndarray:
    """Means of f over all coalitions of each stratum, less that over their size.

    Parameters
    ----------
    weights : np.ndarray, shape (FOLDS, N + 1, N)
        From `fit`.

    Returns
    -------
    np.ndarray, shape (FOLDS, 2, N + 1, N)
    """
    n_clients = weights.shape[2]
    sizes = np.arange(n_clients + 1)[:, None]
    own = (weights - weights.mean(axis=2, keepdims=True)) / (n_clients - 1)
    means = np.empty((len(weights), 2, *weights.shape[1:]))
    means[:, IN], means[:, OUT] = (n_clients - sizes) * own, -sizes * own
    return means


def predict(samples: Samples, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every surrogate's f of every sample, less f's mean over the size, and which fold the sample is in.

    Parameters
    ----------
    samples : Samples
        Those of the fit.
    weights : np.ndarray, shape (FOLDS, N + 1, N)
        From `fit`.

    Returns
    -------
    predicted, fold : np.ndarray, shape (FOLDS, m)
        Fold as 1.0 or 0.0; both 0 for the border sizes.
    """
    inner, n_clients = _inner(samples), samples.n_clients
    predicted, fold = np.zeros((2, FOLDS, len(samples.sizes)))
    for s, part in samples.parts():
        if 2 <= s <= n_clients - 2:
            # Members less their mean share s/N, without another copy of the members.
            predicted[:, part] = weights[:, s] @ samples.members[part].T
            predicted[:, part] -= s * weights[:, s].mean(axis=1, keepdims=True)
    for f in range(FOLDS):
        fold[f, inner.start + f : inner.stop : FOLDS] = 1
    return predicted, fold


def _inner(samples: Samples) -> slice:
    """Where the samples of sizes 2 to N - 2 are."""
    border = samples.n_clients + 1
    return slice(border, len(samples.sizes) - border)


def _terms(n_clients: int) -> np.ndarray:
    """The functions of s that h is made of, shape (3, N + 1); sizes 0 and N carry no information on h."""
    inner, terms = np.arange(1.0, n_clients), np.zeros((3, n_clients + 1))
    terms[:, 1:-1] = 1 / inner, 1 / (n_clients - inner), np.ones_like(inner)
    return terms


def _equations(samples: Samples, terms: np.ndarray, parts: list[slice]) -> tuple[np.ndarray, np.ndarray]:
    """Normal equations of some samples: the matrix, shape (3N, 3N), and the right side, shape (3N,)."""
    n_terms = len(terms) * samples.n_clients
    gram, right = np.zeros((n_terms, n_terms)), np.zeros(n_terms)
    for part in parts:
        sizes, y = samples.sizes[part], samples.centred[part]
        rows = samples.members[part] - (sizes / samples.n_clients)[:, None]
        for start in range(0, len(y), _BLOCK):
            block = slice(start, start + _BLOCK)
            design = (terms[:, sizes[block]].T[:, :, None] * rows[block, None]).reshape(-1, n_terms)
            gram += design.T @ design
            right += design.T @ y[block]
    return gram, right
