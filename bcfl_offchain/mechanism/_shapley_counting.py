"""Sums of |sum_S y - |S| h| by size and member, by counting the coalitions of each size and sum.

The coalitions of size k have the generating polynomial sum_S x^(sum_S y). It is kept as one long integer, its
value at x = 2^b with b bits enough for every coefficient, so that a shift multiplies by x and one addition
adds all coefficients. One client is taken out by dividing by (1 + z x^y), which is one subtraction for each
size. What is needed of a polynomial P above a threshold, P(1) and P'(1), is one remainder: modulo (x - 1)^2,
P(x) = P(1) + P'(1)(x - 1). Only sizes up to N/2 are counted: larger coalitions are complements of smaller
ones.

References
----------
Mann and Shapley, Values of large games VI: Evaluating the electoral college exactly, 1962. Kronecker
substitution: von zur Gathen and Gerhard, Modern Computer Algebra, section 8.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import comb

_WORD = 30  # bits that Python keeps in one digit of a long integer


def work(lattice: list[int]) -> int:
    """Estimate the machine-word operations that `gaps_by_member` takes for these lattice points."""
    n_clients, distinct = len(lattice), len(set(lattice))
    bits = _coefficient_bits(lattice)
    words = max(lattice) * (n_clients // 4 + 1) * bits // _WORD + 1  # of a middle size
    return n_clients // 2 * words * (n_clients + distinct * (4 + 4 * bits // _WORD))


def gaps_by_member(lattice: list[int], height: Fraction) -> list[list[int]]:
    """Sum the gaps of all coalitions by member and size.

    Parameters
    ----------
    lattice : list of int, length N
        Non-negative lattice points y_i.
    height : Fraction
        The target h on the lattice, non-negative.

    Returns
    -------
    list of lists of int, shape (N, N + 1)
        ``[i][s]`` is the sum of |sum_S y - s h| times h's denominator over the coalitions S of size s that
        contain i.
    """
    _, by_point = gaps_by_point(lattice, height, set(lattice))
    return [by_point[point] for point in lattice]


def gaps_by_point(
    lattice: list[int], height: Fraction, points: Iterable[int]
) -> tuple[list[int], dict[int, list[int]]]:
    """Sum the gaps of all coalitions by size, and of those with one client at each of the given points.

    Parameters
    ----------
    lattice : list of int, length N
        Non-negative lattice points y_i.
    height : Fraction
        The target h on the lattice, non-negative.
    points : iterable of int
        Some of the lattice points.

    Returns
    -------
    whole : list of int, length N + 1
        ``[s]`` is the sum of |sum_S y - s h| times h's denominator over all coalitions S of size s.
    by_point : dict of int to list of int
        The same over the coalitions that contain one given client at that point.
    """
    n_clients, bits, total = len(lattice), _coefficient_bits(lattice), sum(lattice)
    most = n_clients // 2
    counts = [1] + [0] * most
    for joined, point in enumerate(lattice, start=1):
        for size in range(min(joined, most), 0, -1):
            counts[size] += counts[size - 1] << (point * bits)
    below = [height.numerator * size for size in range(n_clients + 1)]
    # A coalition of size N - k has the sum total - s, so that its gap is |q s - (q total - p (N - k))|.
    above = [height.denominator * total - level for level in below[::-1]]
    game = (n_clients, total, height.denominator)
    whole = _with_complements(_gaps(counts, *game, below, bits), _gaps(counts, *game, above, bits), n_clients)
    by_point = {}
    for point in points:
        others = [1]
        for size in range(1, min(most, n_clients - 1) + 1):
            others.append(counts[size] - (others[-1] << (point * bits)))
        rest = (n_clients - 1, total - point, height.denominator)
        small = [all_ - out for all_, out in zip(whole, _gaps(others, *rest, below, bits))]
        by_point[point] = _with_complements(small, _gaps(others, *rest, above, bits), n_clients)
    return whole, by_point


def _with_complements(small: list[int], large: list[int], n_clients: int) -> list[int]:
    """Join the sums for sizes 0, 1, ... and those for sizes N, N - 1, ... to one list of all sizes."""
    return small[: n_clients + 1 - len(large)] + large[::-1]


def _coefficient_bits(lattice: list[int]) -> int:
    # P(1) <= C(N, N/2) and P'(1) <= sum(y) C(N, N/2) both have to stay below 2^bits - 1.
    return ((sum(lattice) + 1) * comb(len(lattice), len(lattice) // 2)).bit_length() + 1


def _gaps(
    counts: list[int], n_clients: int, total: int, scale: int, levels: list[int], bits: int
) -> list[int]:
    """Sum |scale s - levels[k]| over all k-subsets with sum s, for each size k that is counted."""
    slope = (1 << bits) - 1
    gaps = []
    for size, (count, level) in enumerate(zip(counts, levels)):
        first = max(level // scale + 1, 0)  # the least sum above the level
        slopes, number = divmod((count >> (first * bits)) % (slope * slope), slope)
        above = scale * (slopes + first * number) - level * number
        members = comb(n_clients - 1, size - 1) if size else 0
        signed = scale * total * members - level * comb(n_clients, size)
        gaps.append(2 * above - signed)
    return gaps
