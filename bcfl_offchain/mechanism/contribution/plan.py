"""Which coalitions are evaluated, in which order: a plan that depends on the seed alone, never on a value.

Round 0 takes the coalitions of sizes 0, 1, N - 1 and N, where the marginal contributions vary most. Each
later round raises the number of sampled coalitions by a quarter and draws, size by size, without replacement:
uniform among those of its size not taken yet. A size that is used up is exact, and so is the game after 2^N
coalitions.

The number of coalitions of size s follows 1/s + 1/(N - s), the size of a marginal contribution where the
value depends on the mean of S; what a used-up size cannot take goes to the others. Because no count depends
on a value, the samples of a stratum are a simple random sample given its count, which is what the estimate's
lack of bias and its intervals rest on.

References
----------
P. Kolpaczki, V. Bengs, M. Muschalik, E. Huellermeier: *Approximating the Shapley Value without Marginal
Contributions*, AAAI 2024 (Stratified SVARM: strata by size and membership, exact border sizes).
"""

from __future__ import annotations

from itertools import chain, combinations
from math import comb

import numpy as np

GROWTH = 1.25
"""Sampled coalitions of a round's end over those of the round before."""

# A size is listed in full once a quarter of it is wanted; before, drawing until new costs less.
_LISTING = 4
# From here on a count is as good as infinite, and still a float64.
_ENDLESS = 2**62


class Plan:
    """The order in which a game's coalitions are evaluated.

    Parameters
    ----------
    n_clients : int
        N >= 1.
    seed : int
        At least 0; the same seed gives the same plan.
    """

    def __init__(self, n_clients: int, seed: int) -> None:
        self.n_clients, self.seed = n_clients, seed
        self.available = np.array([min(comb(n_clients, s), _ENDLESS) for s in range(n_clients + 1)], float)
        sizes = np.arange(n_clients + 1)
        self._border = (sizes <= 1) | (sizes >= n_clients - 1)
        inner = sizes[~self._border]
        self._weights = np.zeros(n_clients + 1)
        self._weights[inner] = 1 / inner + 1 / (n_clients - inner)
        self._counts = [np.where(self._border, self.available, 0)]
        self._sampled = 0

    def counts(self, round_: int) -> np.ndarray:
        """Coalitions of each size after a round, shape (N + 1,)."""
        while len(self._counts) <= round_:
            self._sampled = max(2 * self.n_clients, int(np.ceil(self._sampled * GROWTH)))
            self._counts.append(self._counts[0] + self._spread(self._sampled))
        return self._counts[round_]

    def end(self, round_: int) -> int:
        """Evaluations after a round."""
        return int(self.counts(round_).sum())

    def rounds_within(self, evaluations: int) -> int:
        """Number of the last round that has ended after so many evaluations; -1 if none has."""
        if evaluations < self.end(0):
            return -1
        round_ = 0
        while not self.is_last(round_) and self.end(round_ + 1) <= evaluations:
            round_ += 1
        return round_

    def is_last(self, round_: int) -> bool:
        """Whether nothing is left to evaluate after a round."""
        return bool((self.counts(round_) >= self.available).all())

    def coalitions(self, round_: int, seen: np.ndarray) -> np.ndarray:
        """The coalitions of a round.

        Parameters
        ----------
        round_ : int
            At least 0.
        seen : np.ndarray of bool, shape (end(round_ - 1), N)
            The coalitions of all rounds before.

        Returns
        -------
        np.ndarray of bool, shape (end(round_) - end(round_ - 1), N)
            The sizes take turns in proportion to their numbers, so that a prefix has all of them.
        """
        before = self.counts(round_ - 1) if round_ else np.zeros(self.n_clients + 1)
        new = (self.counts(round_) - before).astype(int)
        rng = np.random.default_rng([self.seed, round_])
        listed = (new > 0) & (_LISTING * self.counts(round_) >= self.available)
        seen_sizes = seen.sum(axis=1)
        drawn = [self._choose(s, new[s], seen[seen_sizes == s], rng) for s in np.flatnonzero(listed)]
        rows = np.concatenate([*drawn, self._draw(np.where(listed, 0, new), seen, rng)])
        sizes = rows.sum(axis=1)
        turns = np.zeros(len(rows))
        for s in np.flatnonzero(new):
            turns[sizes == s] = (np.arange(new[s]) + 0.5) / new[s]
        return rows[np.argsort(turns, kind="stable")]

    def _spread(self, total: int) -> np.ndarray:
        """Divide a number of samples over the inner sizes by weight, none above what the size has."""
        counts, left = np.zeros(self.n_clients + 1), float(total)
        weights = self._weights.copy()
        while left > 0.5 and weights.any():
            wanted = counts + left * weights / weights.sum()
            counts_now = np.minimum(wanted, np.where(self._border, 0, self.available))
            left -= (counts_now - counts).sum()
            counts = counts_now
            weights[counts >= self.available - 0.5] = 0
        return np.floor(counts + 0.5)

    def _choose(self, size: int, n_new: int, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Choose from the list of all coalitions of one size, uniform among those not seen."""
        left = _all_of_size(self.n_clients, size)
        left = left[_first_seen(seen, left)]
        return left[rng.permutation(len(left))[:n_new]]

    def _draw(self, new: np.ndarray, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw coalitions, `new` of each size, again where one was seen before."""
        sizes = np.repeat(np.arange(len(new)), new)
        kept = np.zeros((0, self.n_clients), bool)
        while len(sizes):
            tries = rng.permuted(np.arange(self.n_clients) < sizes[:, None], axis=1)
            fresh = _first_seen(np.concatenate([seen, kept]), tries)
            kept, sizes = np.concatenate([kept, tries[fresh]]), sizes[~fresh]
        return kept


def _first_seen(seen: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Which candidates are neither in `seen` nor among the candidates before them."""
    _, first = np.unique(_keys(np.concatenate([seen, candidates])), return_index=True)
    fresh = np.zeros(len(seen) + len(candidates), bool)
    fresh[first] = True
    return fresh[len(seen) :]


def _keys(coalitions: np.ndarray) -> np.ndarray:
    """One sortable key a coalition: a 64-bit word where the clients fit, else the packed bytes."""
    packed = np.packbits(coalitions, axis=1)
    width = packed.shape[1]
    if width > 8:
        return packed.view(np.dtype((np.void, width)))[:, 0]
    words = np.zeros((len(packed), 8), np.uint8)
    words[:, :width] = packed
    return words.view(np.uint64)[:, 0]


def _all_of_size(n_clients: int, size: int) -> np.ndarray:
    """Every coalition of a size, shape (C(N, size), N)."""
    chosen = min(size, n_clients - size)
    n_rows = comb(n_clients, chosen)
    members = chain.from_iterable(combinations(range(n_clients), chosen))
    columns = np.fromiter(members, int, n_rows * chosen).reshape(n_rows, chosen)
    listed = np.zeros((n_rows, n_clients), bool)
    listed[np.arange(n_rows)[:, None], columns] = True
    return listed if chosen == size else ~listed
