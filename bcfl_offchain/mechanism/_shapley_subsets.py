"""The smallest coalitions, one by one: what they add exactly, and how crowded their sums are.

A_k(c) is the sum of |c + b(S)| over all sets S of k clients: a sorted table of the b(S) and its running sums
answer it for any c. Of the sets without client i,

    A_k^(-i)(c) = A_k(c) - A_{k-1}^(-i)(c + b_i),        A_0(c) = |c|.

Clients with b = 0 add nothing to a sum and are left out: sizes count the others, who move it.

How much X can gather in an interval follows from the table of the next size K. Remove K random members of a
coalition: given the rest, they are any K of those not in it. Averaged over the coalitions with at least K
members of n that join independently with probability p, an interval holds at most

    most_K min( 1/(C(n + K, K) (1 - p)^K), (p/(1 - p))^K )

where most_K is the most sets of K clients whose sum lies in one interval of that length.
"""

from __future__ import annotations

from math import comb

import numpy as np

_LARGEST_TABLE = 600_000
_FINEST_CELL = 1e-6  # of the histograms of sums of two clients
_UNIT_ROUNDING = 2.0**-53
_ROUNDING_OF_SUMS = 1e-14  # of b(S), |b(S)| <= 3, by which an interval is widened


class SmallCoalitions:
    """Coalitions of at most ``removed`` moving clients, and the crowding of larger ones.

    Parameters
    ----------
    points, counts : ndarray, shape (D,)
        Distinct b, ascending, and how many clients have each.

    Attributes
    ----------
    n_moving : int
        Clients whose b is not 0.
    removed : int
        Largest size that is taken out: 2 where the table of three clients is small enough, else 1.
    """

    def __init__(self, points: np.ndarray, counts: np.ndarray) -> None:
        moving = points != 0
        self._points, self._counts = points[moving], counts[moving].astype(np.int64)
        clients = np.repeat(self._points, self._counts)
        self.n_moving = len(clients)
        self.removed = 2 if comb(self.n_moving, 3) <= _LARGEST_TABLE and self.n_moving >= 3 else 1
        self._sums = [np.zeros(1), clients]
        if self.removed == 2:
            self._sums.append(_subset_sums(clients, 2))
        self._running = [np.concatenate([[0.0], np.cumsum(sums)]) for sums in self._sums]
        self._most: dict[float, float] = {}
        if self.removed == 2:
            self._crowd = _subset_sums(clients, 3)
            self._crowd_before = np.arange(len(self._crowd) + 1.0)
        else:
            self._crowd, self._crowd_before = _pair_sums(self._points, self._counts)

    def gaps(self, size: int, offsets: np.ndarray) -> np.ndarray:
        """Return A_k(c), the sum of |c + b(S)| over the sets S of ``size`` moving clients, for each c."""
        sums, running = self._sums[size], self._running[size]
        below = np.searchsorted(sums, -offsets)
        total = running[-1] - 2 * running[below] + offsets * (len(sums) - 2.0 * below)
        return total

    def gaps_without(self, size: int, offsets: np.ndarray, left_out: np.ndarray) -> np.ndarray:
        """Return the same over the sets without one client at ``left_out``, which is not 0."""
        total, sign, shifted = np.zeros(len(offsets)), 1.0, offsets
        for smaller in range(size, -1, -1):
            total += sign * self.gaps(smaller, shifted)
            sign, shifted = -sign, shifted + left_out
        return total

    def rounding(self, size: int, offset: float) -> float:
        """Bound the rounding of `gaps_without`, |c| <= offset: running sums of as many terms as sets."""
        sets = float(comb(self.n_moving, size))
        return 4 * _UNIT_ROUNDING * sets * (sets + 10) * (offset + 2 * size + 1)

    def most_within(self, length: float) -> float:
        """Bound the number of sets of ``removed + 1`` clients with a sum in one interval of this length."""
        if length not in self._most:
            within = self._most_tabulated_within if len(self._crowd) else self._most_pairs_within
            self._most[length] = within(length)
        return self._most[length]

    def concentration(self, length: float, probabilities: np.ndarray) -> np.ndarray:
        """Bound the probability of more than ``removed`` moving members with a sum in such an interval."""
        size = self.removed + 1
        odds = probabilities / (1 - probabilities)
        ways = comb(self.n_moving - 1 + size, size)
        per_set = np.minimum(1 / (ways * (1 - probabilities) ** size), odds**size)
        return np.minimum(self.most_within(length) * per_set, 1.0)

    def small_probability(self, p: float) -> float:
        """Bound the probability of at most ``removed`` moving members, one client left out or none."""
        others, sizes = self.n_moving - 1, range(self.removed + 1)
        exact = sum(comb(others, size) * p**size * (1 - p) ** (others - size) for size in sizes)
        return min(exact * (1 + 1e-9), 1.0)

    def _most_tabulated_within(self, length: float) -> float:
        ends = np.searchsorted(self._crowd, self._crowd + length + _ROUNDING_OF_SUMS, side="right")
        return float((self._crowd_before[ends] - self._crowd_before[:-1]).max())

    def _most_pairs_within(self, length: float) -> float:
        cell = max(length / 4, _FINEST_CELL)
        place = np.floor((self._points - self._points[0]) / cell).astype(np.int64)
        size = 1 << int(2 * place[-1] + 1).bit_length()
        spectrum = np.fft.rfft(np.bincount(place, self._counts, size))
        pairs = np.fft.irfft(spectrum**2, size)
        # A sum in cell m comes from places that add up to m or m - 1.
        reach = int(np.ceil(length / cell)) + 2
        runs = np.cumsum(np.concatenate([np.zeros(reach), pairs, np.zeros(reach)]))
        rounding = 1e-13 * float(self.n_moving) ** 2
        return float((runs[reach:] - runs[:-reach]).max()) / 2 + rounding


def _subset_sums(clients: np.ndarray, size: int) -> np.ndarray:
    """Return the sums of all sets of that many clients, ascending."""
    number, sums = len(clients), clients
    for members in range(1, size):
        # In lexicographic order the sets of later clients alone are the last ones.
        later = [comb(number - first - 1, members) for first in range(number)]
        sums = np.concatenate([client + sums[len(sums) - tail :] for client, tail in zip(clients, later)])
    return np.sort(sums)


def _pair_sums(points: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of two clients, ascending, and how many pairs come before each; none if too many."""
    if len(points) * (len(points) + 1) // 2 > _LARGEST_TABLE:
        return np.zeros(0), np.zeros(1)
    first, second = np.triu_indices(len(points))
    equal = counts[first] * (counts[first] - 1) / 2
    pairs = np.where(first == second, equal, counts[first] * counts[second])
    sums = points[first] + points[second]
    order = np.argsort(sums)
    return sums[order], np.concatenate([[0.0], np.cumsum(pairs[order])])
