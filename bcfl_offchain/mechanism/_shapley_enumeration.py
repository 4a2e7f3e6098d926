"""Sums of |sum_S y - |S| h| by size and member, by going through all coalitions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

MAX_CLIENTS = 20
"""More clients than this have too many coalitions to keep."""

_WORDS_PER_COALITION = (
    50  # measured cost of one big-integer step, in the machine-word operations of the counting engine
)


def work(lattice: list[int]) -> int:
    """Estimate the machine-word operations that `gaps_by_member` takes for these lattice points."""
    n_clients = len(lattice)
    steps = _WORDS_PER_COALITION * n_clients << n_clients
    return steps if n_clients <= MAX_CLIENTS else steps * 10**9


def gaps_by_member(lattice: list[int], height: Fraction) -> list[list[int]]:
    """Sum the gaps of all coalitions by member and size.

    Parameters
    ----------
    lattice : list of int, length N
        Lattice points y_i.
    height : Fraction
        The target h on the lattice.

    Returns
    -------
    list of lists of int, shape (N, N + 1)
        ``[i][s]`` is the sum of |sum_S y - s h| times h's denominator over the coalitions S of size s that
        contain i.
    """
    n_clients, p, q = len(lattice), height.numerator, height.denominator
    # Coalition c holds client i if bit i of c is set; excess is q sum_S y - p |S|.
    excess, sizes = [0], [0]
    for point in lattice:
        excess += [value + q * point - p for value in excess]
        sizes += [size + 1 for size in sizes]
    order = np.argsort(sizes, kind="stable")
    gaps = np.abs(np.array(excess, dtype=object))[order]
    starts = np.searchsorted(np.asarray(sizes)[order], np.arange(n_clients + 1))
    rows = []
    for client in range(n_clients):
        contains = (order >> client) & 1 == 1
        rows.append([int(gap) for gap in np.add.reduceat(np.where(contains, gaps, 0), starts)])
    return rows
