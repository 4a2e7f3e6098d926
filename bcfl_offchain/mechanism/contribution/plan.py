"""Which coalitions are evaluated, in which order: a sequence set by the seed alone, never by a value.

First come all coalitions of the border sizes 0, 1, N - 1 and N, where marginal contributions vary most. The
others follow without replacement: each is uniform among those of its size that did not come before. The sizes
take turns in proportion to 1/s + 1/(N - s), the size of a marginal contribution where the value depends on
the mean of S; a size that is used up drops out, and after 2^N coalitions the game is exact. How many of a
size have come is thus known beforehand, so that given its count a stratum's samples are a simple random
sample: what the estimate's lack of bias and its intervals rest on.

A place in the sequence draws until it has a coalition that no earlier place has. Its random numbers depend
on the seed, the place and the attempt alone, so the sequence is the same however many places are filled at a
time.

References
----------
P. Kolpaczki, V. Bengs, M. Muschalik, E. Huellermeier: *Approximating the Shapley Value without Marginal
Contributions*, AAAI 2024 (Stratified SVARM: strata by size and membership, exact border sizes).
G. L. Steele, D. Lea, C. H. Flood: *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014 (SplitMix64).
"""

from __future__ import annotations

from math import comb

import numpy as np

GROWTH = 1.25
"""Sampled coalitions at a round's end over those at the end of the round before."""

# After this share of a size, the rest of it is listed and shuffled; before, drawing until new costs less.
_DRAWN = 1 / 4
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

    Attributes
    ----------
    total : int
        Number of all coalitions, 2^N.
    """

    def __init__(self, n_clients: int, seed: int) -> None:
        self.n_clients, self.total, self.seed = n_clients, 2**n_clients, seed
        self._rows = _border(n_clients)
        self._ends = [len(self._rows)]
        sizes = np.arange(2, n_clients - 1)
        self._weights = 1 / sizes + 1 / (n_clients - sizes)
        available = [min(comb(n_clients, s), _ENDLESS) for s in range(2, n_clients - 1)]
        self._available = np.array(available, float)
        self._drawn = np.ceil(self._available * _DRAWN)
        self._counts = np.zeros(len(sizes), int)
        self._state = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
        self._rests: dict[int, np.ndarray] = {}
        # Of the coalitions drawn, after the empty one: a draw that fails is empty, hence a repetition.
        self._keys, self._key_sizes = _keys(self._rows[:1]), np.zeros(1, int)

    def end(self, round_: int) -> int:
        """Evaluations after a round; round 0 has the border sizes."""
        while len(self._ends) <= round_:
            sampled = int(np.ceil((self._ends[-1] - self._ends[0]) * GROWTH))
            self._ends.append(min(self.total, self._ends[0] + max(2 * self.n_clients, sampled)))
        return self._ends[round_]

    def rounds_within(self, evaluations: int) -> int:
        """Number of the last round that has ended after so many evaluations; -1 if none has."""
        round_ = -1
        while self.end(round_ + 1) <= evaluations:
            round_ += 1
            if self.end(round_) == self.total:
                break
        return round_

    def coalitions(self, n_coalitions: int) -> np.ndarray:
        """The first so many coalitions, bool of shape (n_coalitions, N); at most 2^N."""
        if n_coalitions > len(self._rows):
            self._rows = np.concatenate([self._rows, self._next(n_coalitions - len(self._rows))])
        return self._rows[:n_coalitions]

    def _next(self, n_new: int) -> np.ndarray:
        """Coalitions that follow those known, shape (n_new, N)."""
        inner, index = self._turns(n_new)
        rows = np.empty((n_new, self.n_clients), bool)
        drawn = np.flatnonzero(index < self._drawn[inner])
        rows[drawn] = self._draw(len(self._rows) + drawn, inner[drawn] + 2)
        left = np.flatnonzero(index >= self._drawn[inner])
        for i in np.flatnonzero(np.bincount(inner[left])):
            here = left[inner[left] == i]
            if i not in self._rests:
                self._rests[i] = self._rest(i + 2)
            rows[here] = self._rests[i][index[here] - int(self._drawn[i])]
        return rows

    def _turns(self, n_new: int) -> tuple[np.ndarray, np.ndarray]:
        """Of places to come, the size (less 2) and the number of earlier places of that size."""
        # Place j of a size with weight w has its turn at time (j + 1/2)/w. The coalitions that have come at a
        # time are piecewise linear in it, up to half a one a size; the kinks are where sizes are used up.
        kinks = self._available / self._weights
        order = np.argsort(kinks)
        growing = self._weights.sum() - np.cumsum(self._weights[order])
        filled = np.cumsum(self._available[order]) + kinks[order] * np.maximum(growing, 0)
        wanted = self._counts.sum() + n_new + self.n_clients
        time = np.interp(wanted, np.concatenate([[0], filled]), np.concatenate([[0], kinks[order]]))
        upto = np.floor(np.minimum(self._available, self._weights * time) + 0.5).astype(int)
        new = np.maximum(upto - self._counts, 0)
        sizes = np.repeat(np.arange(len(new)), new)
        index = np.arange(len(sizes)) + np.repeat(self._counts - np.cumsum(new) + new, new)
        first = np.argsort((index + 0.5) / self._weights[sizes], kind="stable")[:n_new]
        self._counts = self._counts + np.bincount(sizes[first], minlength=len(new))
        return sizes[first], index[first]

    def _draw(self, places: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Draw a new coalition for each of these places, of these sizes."""
        n_before, n_new = len(self._keys), len(places)
        rows, attempts = np.empty((n_new, self.n_clients), bool), np.zeros(n_new, np.uint64)
        self._keys = np.concatenate([self._keys, np.empty(n_new, self._keys.dtype)])
        self._key_sizes = np.concatenate([self._key_sizes, sizes])
        open_ = np.arange(n_new)
        while len(open_):
            candidates = self._random(places[open_], attempts[open_], sizes[open_])
            rows[open_], self._keys[n_before + open_] = candidates, _keys(candidates)
            attempts[open_] += np.uint64(1)
            open_ = _repeated(self._keys) - n_before
        return rows

    def _random(self, places: np.ndarray, attempts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Random coalitions: the clients with the smallest of N random keys; nobody if keys tie there."""
        n_words = -(-self.n_clients // 4)  # a key has 16 bits
        counters = (places.astype(np.uint64) + (attempts << np.uint64(40)))[:, None] * np.uint64(n_words)
        words = _split_mix(self._state, counters + np.arange(n_words, dtype=np.uint64))
        keys = words.view(np.uint16)[:, : self.n_clients]
        ranked, rows = np.sort(keys, axis=1), np.arange(len(sizes))
        limit = ranked[rows, sizes]
        limit[ranked[rows, sizes - 1] == limit] = 0
        return keys < limit[:, None]

    def _rest(self, size: int) -> np.ndarray:
        """The coalitions of a size that were not drawn, shuffled."""
        listed = _all_of_size(self.n_clients, size)
        rest = listed[~np.isin(_keys(listed), self._keys[self._key_sizes == size])]
        return rest[np.random.default_rng([self.seed, size]).permutation(len(rest))]


def _border(n_clients: int) -> np.ndarray:
    """The coalitions of sizes 0, N, 1 and N - 1, each once."""
    ends, single = np.repeat([[False], [True]], n_clients, axis=1), np.eye(n_clients, dtype=bool)
    return np.concatenate([ends, *[single, ~single][: n_clients - 1]])  # N = 1 and 2 have fewer sizes


def _split_mix(state: np.uint64, counters: np.ndarray) -> np.ndarray:
    """Random 64-bit words: the outputs of SplitMix64, started at a state, at these counters."""
    words = counters * np.uint64(0x9E3779B97F4A7C15) + state
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words ^= words >> np.uint64(shift)
        words *= np.uint64(factor)
    words ^= words >> np.uint64(31)
    return words


def _repeated(keys: np.ndarray) -> np.ndarray:
    """The places of keys that an earlier place has too, in rising order."""
    order = np.argsort(keys)
    ranked = keys[order]
    again = np.flatnonzero(ranked[1:] == ranked[:-1])
    places = np.unique(order[np.concatenate([again, again + 1])])
    _, first = np.unique(keys[places], return_index=True)
    return np.delete(places, first)


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
    """Every coalition of a size from 1 to N - 1, shape (C(N, size), N)."""
    chosen = min(size, n_clients - size)
    members = np.arange(n_clients)[:, None]
    for _ in range(chosen - 1):  # each list of members goes on with every client after its last
        n_next = n_clients - 1 - members[:, -1]
        starts = np.cumsum(n_next) - n_next
        members = np.repeat(members, n_next, axis=0)
        following = np.arange(len(members)) - np.repeat(starts, n_next) + members[:, -1] + 1
        members = np.column_stack([members, following])
    listed = np.zeros((comb(n_clients, size), n_clients), bool)
    np.put_along_axis(listed, members, True, axis=1)
    return listed if chosen == size else ~listed
