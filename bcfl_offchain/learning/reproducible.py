"""Sums, products and exponentials that have the same bits on every machine.

A bond hangs on whether a training that an auditor replays gives the published update. A BLAS adds in the order
that suits the processor, and numpy takes another exponential on another one; a step of gradient descent can
enlarge such a last digit to any size. Here is nothing but IEEE 754's elementwise sums, products and quotients,
in an order that is written down.

References
----------
W. J. Cody, W. Waite: *Software Manual for the Elementary Functions*, Prentice-Hall 1980, chapter 6.
"""

from __future__ import annotations

from decimal import Decimal
from math import factorial

import numpy as np

# ln 2 in two parts: a multiple of the first by a whole number below 2^20 is exact.
_LN2_HIGH = float.fromhex("0x1.62e42feep-1")
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
# 1/n!: beyond, for |r| <= ln 2 / 2, nothing reaches a double's last digit.
_COEFFICIENTS = tuple(1 / factorial(n) for n in range(13, -1, -1))
# e to this is 1e-304, the end of what a double holds with all its digits.
_LOWEST = -700.0


def ordered_sum(terms: np.ndarray) -> np.ndarray:
    """The sum over the first axis: the second half is added to the first until one is left.

    Parameters
    ----------
    terms : np.ndarray
        Shape (n, ...), n at least 1.

    Returns
    -------
    np.ndarray
        Shape (...).

    Examples
    --------
    >>> ordered_sum(np.array([1.0, 2.0, 4.0])).item()
    7.0
    """
    while (half := len(terms) // 2) > 0:
        folded = terms[:half] + terms[half : 2 * half]
        terms = folded if len(terms) % 2 == 0 else np.concatenate((folded, terms[-1:]))
    return terms[0]


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The matrix product, each of its entries by `ordered_sum`.

    Parameters
    ----------
    left, right : np.ndarray
        Shapes (n, k) and (k, m), float64.

    Returns
    -------
    np.ndarray
        Shape (n, m).

    Examples
    --------
    >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    return ordered_sum(left.T[:, :, np.newaxis] * right[:, np.newaxis, :])


def exponential(values: np.ndarray) -> np.ndarray:
    """e to values that are not positive, within two units of the last digit; below -700 as at -700.

    Parameters
    ----------
    values : np.ndarray
        float64, at most 0. NaN stays NaN.

    Examples
    --------
    >>> exponential(np.array([0.0, -1.0])).tolist()
    [1.0, 0.36787944117144233]
    """
    values = np.maximum(values, _LOWEST)
    twos = np.rint(values * _LOG2_E)
    rest = (values - twos * _LN2_HIGH) - twos * _LN2_LOW
    series = np.full_like(rest, _COEFFICIENTS[0])
    for coefficient in _COEFFICIENTS[1:]:
        series *= rest
        series += coefficient
    return np.ldexp(series, twos.astype(np.int64))


def logarithm(value: float) -> float:
    """The natural logarithm: a C library rounds it in its own way, decimal arithmetic in one.

    Examples
    --------
    >>> logarithm(0.5)
    -0.6931471805599453
    """
    return float(Decimal(value).ln())
