"""Sums of waves e^{i t b} over points at a block of evenly spaced frequencies t, and back.

Two transforms, by how many points there are:

- `FewWaves`: t = t_a + t_c with about sqrt(n) coarse and as many fine steps, so that all n waves of a point
  are products of few, and the sums are products of two matrices.
- `ManyWaves`, by FFTs. Each point is moved to the nearest place of a regular grid, where an FFT does all
  frequencies at once; what the move changes is the factor e^{i t d}, |t d| <= pi/4 after the middle of the
  block is taken out, whose Taylor series is cut after `_ORDER` terms. It leaves (pi/4)^16/16! < 1.1e-15 of
  each wave. An FFT of n numbers adds up each of its outputs in log2 n steps, so that it is off by some 6 log2 n
  roundings of the sum of absolute values; the series multiplies that by e^{pi/4} at most. With no more than
  2^16 frequencies that is less than 300 roundings.

Matrix products add up `FEW` points or sqrt(n) frequencies. `ROUNDINGS` covers both, relative to the sum of
the absolute weights, but for the rounding of the angles, which is that of t b itself.

References
----------
Anderson and Dahleh, Rapid computation of the discrete Fourier transform, 1996 (the Taylor form).
"""

from __future__ import annotations

from math import isqrt

import numpy as np

FEW = 512
"""Distinct points up to which the matrix products are quicker."""

ROUNDINGS = 1200.0
"""Units of 2^-53 by which a sum may be off, relative to the sum of the absolute weights."""

_ORDER = 16
_OVERSAMPLING = 2


class FewWaves:
    """One block of evenly spaced frequencies ``first + step n``, n = 0 ... number - 1, for few points.

    Parameters
    ----------
    first, step : float
        In radians for each unit of the points.
    number : int
        Frequencies of the block.
    """

    def __init__(self, first: float, step: float, number: int) -> None:
        self._number, fine = number, isqrt(number - 1) + 1
        self._fine = step * np.arange(fine)
        self._coarse = first + step * fine * np.arange(-(-number // fine))

    def waves(self, points: np.ndarray) -> np.ndarray:
        """Return e^{i t points_j}, shape (number, D)."""
        coarse, fine = self._factors(points)
        return (coarse[:, None, :] * fine).reshape(-1, len(points))[: self._number]

    def sums(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return sum_j weights_j e^{i t points_j} at each frequency, shape (number,)."""
        coarse, fine = self._factors(points)
        return ((coarse * weights) @ fine.T).ravel()[: self._number]

    def values(self, points: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """Return sum_n coefficients_n e^{i t_n points_j} at each point, shape (D,)."""
        coarse, fine = self._factors(points)
        padded = np.zeros((len(coarse), len(fine)), dtype=complex)
        padded.ravel()[: self._number] = coefficients
        return (coarse * (padded @ fine)).sum(axis=0)

    def _factors(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.exp(1j * self._coarse[:, None] * points), np.exp(1j * self._fine[:, None] * points)


class ManyWaves:
    """The same for many points."""

    def __init__(self, first: float, step: float, number: int) -> None:
        self._size = _OVERSAMPLING * number
        self._step, self._middle = step, first + step * (number // 2)
        centred = np.arange(number) - number // 2
        self._index = centred % self._size
        self._turned = 2j * centred / number  # times a point's rest is i t d

    def sums(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return sum_j weights_j e^{i t points_j} at each frequency, shape (number,)."""
        place, rest = self._places(points)
        current = weights * np.exp(1j * self._middle * points)
        factor, total = np.ones(len(self._index), dtype=complex), np.zeros(len(self._index), dtype=complex)
        for order in range(1, _ORDER + 1):
            grid = np.empty(self._size, dtype=complex)
            grid.real = np.bincount(place, current.real, self._size)
            grid.imag = np.bincount(place, current.imag, self._size)
            total += factor * np.fft.ifft(grid, norm="forward")[self._index]
            current *= rest
            factor *= self._turned / order
        return total

    def values(self, points: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """Return sum_n coefficients_n e^{i t_n points_j} at each point, shape (D,)."""
        place, rest = self._places(points)
        current, power = coefficients.astype(complex), np.ones(len(points))
        total, grid = np.zeros(len(points), dtype=complex), np.zeros(self._size, dtype=complex)
        for order in range(1, _ORDER + 1):
            grid[self._index] = current
            total += power * np.fft.ifft(grid, norm="forward")[place]
            power *= rest
            current *= self._turned / order
        return total * np.exp(1j * self._middle * points)

    def _places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each point's place on the grid, and its distance to it, pi/4 at most."""
        turns = self._step * self._size / (2 * np.pi) * points
        nearest = np.rint(turns)
        return nearest.astype(np.int64) % self._size, (turns - nearest) * (np.pi / _OVERSAMPLING)


def wave_block(n_points: int, first: float, step: float, number: int) -> FewWaves | ManyWaves:
    """Return the quicker transform for that many points."""
    return (FewWaves if n_points <= FEW else ManyWaves)(first, step, number)
