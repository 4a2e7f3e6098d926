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

from .strata import BySize

FOLDS = 5

MAX_CLIENTS = 300
"""Largest N for which surrogates are fitted: a fit costs O(m N^2 + N^3) and needs many samples a client."""

# Ridge penalties of the three terms. Border sizes fix the first two; without much data, the constant one
# would carry what they tell into the middle sizes, where it is worth most and known least.
_PENALTIES = np.array([3, 3, 30])


def fit(sizes: BySize) -> np.ndarray:
    """Fit one surrogate a fold, each on all samples but the fold's.

    Parameters
    ----------
    sizes : BySize
        Sample j of an inner size belongs to fold j % FOLDS; the border sizes belong to none.

    Returns
    -------
    np.ndarray, shape (FOLDS, N + 1, N)
        h_i(s) by fold, size and client.
    """
    n_clients = len(sizes) - 1
    terms = _terms(n_clients)
    n_terms = len(terms)
    gram = np.zeros((FOLDS + 1, n_terms, n_terms, n_clients, n_clients))
    moments = np.zeros((FOLDS + 1, n_terms, n_clients))
    for size, (members, y) in enumerate(sizes[1:-1], start=1):
        if len(y) == 0:
            continue
        basis = terms[:, size]
        products = np.multiply.outer(basis, basis)[:, :, None, None]
        rows, target = members - size / n_clients, y - y.mean()
        inner = 2 <= size <= n_clients - 2
        for fold in range(FOLDS) if inner else (FOLDS,):
            part = slice(fold, None, FOLDS) if inner else slice(None)
            gram[fold] += products * (rows[part].T @ rows[part])
            moments[fold] += np.multiply.outer(basis, rows[part].T @ target[part])
    return np.stack([_solve(gram, moments, fold, terms) for fold in range(FOLDS)])


def _terms(n_clients: int) -> np.ndarray:
    """The functions of s that h is made of, shape (3, N + 1); sizes 0 and N carry no information on h."""
    inner = np.arange(1.0, n_clients)
    terms = np.stack([1 / inner, 1 / (n_clients - inner), np.ones_like(inner)])
    return np.pad(terms, ((0, 0), (1, 1)))


def _solve(gram: np.ndarray, moments: np.ndarray, left_out: int, terms: np.ndarray) -> np.ndarray:
    """Solve the ridge equations of all folds but one; shape (N + 1, N)."""
    n_terms, n_clients = moments.shape[1:]
    normal = gram.sum(axis=0) - gram[left_out]
    traces = np.einsum("ttii->t", normal) / n_clients
    if not traces.all():
        return np.zeros((terms.shape[1], n_clients))
    n_samples = 4 * traces[-1]  # the last term's trace is that of so many coalitions of half the clients
    penalty = traces * _PENALTIES * (n_clients / n_samples) ** 2  # fades as samples come in
    normal = normal.transpose(0, 2, 1, 3).reshape(n_terms * n_clients, -1)
    wanted = (moments.sum(axis=0) - moments[left_out]).ravel()
    coefficients = np.linalg.solve(normal + np.diag(np.repeat(penalty, n_clients)), wanted)
    return terms.T @ coefficients.reshape(n_terms, n_clients)
