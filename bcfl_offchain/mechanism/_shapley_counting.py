"""Sums of |sum_S y - |S| h| by size and member, by counting the coalitions of each size and sum.

The coalitions of size k have the generating polynomial sum_S x^(sum_S y). It is kept as one long integer, its
value at x = 2^b with b bits enough for every coefficient, so that a shift multiplies by x and one addition
adds all coefficients. One client is taken out by dividing by (1 + z x^y), which is one subtraction for each
size. What is needed of a polynomial P above a threshold, P(1) and P'(1), is one remainder: modulo (x - 1)^2,
P(x) = P(1) + P'(1)(x - 1).

References
----------
Mann and Shapley, Values of large games VI: Evaluating the electoral college exactly, 1962. Kronecker
substitution: von zur Gathen and Gerhard, Modern Computer Algebra, section 8.4.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

_WORD = 30  # bits that Python keeps in one digit of a long integer


def work(lattice: list[int]) -> int:
    """Estimate the machine-word operations that `gaps_by_member` takes for these lattice points."""
    n_clients, distinct = len(lattice), len(set(lattice))
    bits = _coefficient_bits(lattice)
    words = (sum(lattice) + 1) * bits // _WORD + 1
    return n_clients * words * (n_clients + distinct * (2 + 2 * bits // _WORD))


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
    n_clients, bits = len(lattice), _coefficient_bits(lattice)
    counts = [1] + [0] * n_clients
    for joined, point in enumerate(lattice, start=1):
        for size in range(joined, 0, -1):
            counts[size] += counts[size - 1] << (point * bits)
    everyone = _gaps(counts, n_clients, sum(lattice), height, bits)
    by_point = {}
    for point in set(lattice):
        others = [1]
        for size in range(1, n_clients):
            others.append(counts[size] - (others[-1] << (point * bits)))
        without = _gaps(others, n_clients - 1, sum(lattice) - point, height, bits)
        by_point[point] = [whole - part for whole, part in zip(everyone, [*without, 0])]
    return [by_point[point] for point in lattice]


def _coefficient_bits(lattice: list[int]) -> int:
    # P(1) <= C(N, N/2) and P'(1) <= sum(y) C(N, N/2) both have to stay below 2^bits - 1.
    return ((sum(lattice) + 1) * comb(len(lattice), len(lattice) // 2)).bit_length() + 1


def _gaps(counts: list[int], n_clients: int, total: int, height: Fraction, bits: int) -> list[int]:
    """Sum |q s - p k| over all k-subsets with sum s, for h = p/q and each size k = 0 ... n_clients."""
    p, q = height.numerator, height.denominator
    slope = (1 << bits) - 1
    gaps = [0]
    for size in range(1, n_clients + 1):
        first = size * p // q + 1  # the least sum above the target
        slopes, number = divmod((counts[size] >> (first * bits)) % (slope * slope), slope)
        above = q * (slopes + first * number) - p * size * number
        signed = q * total * comb(n_clients - 1, size - 1) - p * size * comb(n_clients, size)
        gaps.append(2 * above - signed)
    return gaps
