"""The Fourier series of |.| on a window, and the waves e^{i t b} of a population at its frequencies.

|y| on [-L/2, L/2], continued with period L, has the coefficients c_0 = L/4 and c_l = -L/(pi l)^2 for odd l.
On a lattice of unit u with L = M u, M a multiple of 4, the finite series of frequencies below M/2 is exact
with c_l = -u/(M sin^2(pi l/M)). Without a lattice the coefficients are multiplied by a flat top that falls
linearly to 0 at t = 1/width: |.| is then smoothed by a kernel of that width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2

import numpy as np


_STEP = 0.2  # between the frequencies of a `StrayMap`, in 1/W
_ROTATIONS = 32  # chunks of frequencies between two evaluations of the exponential
_LOW = 10.0  # frequencies below are computed one by one


@dataclass(frozen=True)
class Population:
    """The clients of a game, in units of W.

    Attributes
    ----------
    points : ndarray of float, shape (D,)
        Distinct b = (mu - g)/W, ascending.
    counts : ndarray of int64, shape (D,)
        Clients at each point.
    everyone : float
        B, the sum of all b.
    steps : ndarray of int64, shape (D,), or None
        b in lattice units, if a lattice is coarse enough.
    unit : float
        The lattice unit; 0 without a lattice.
    """

    points: np.ndarray
    counts: np.ndarray
    everyone: float
    steps: np.ndarray | None = None
    unit: float = 0.0

    @cached_property
    def n_clients(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def n_moving(self) -> int:
        """Clients whose b is not 0."""
        return int(self.counts[self.points != 0].sum())


class StrayMap:
    """Lower bounds of C(t) = sum_j (1 - cos t b_j) for all t up to 1/width, from one FFT.

    Each client is split over two cells of a histogram so that its mean stays, which moves cos t b by
    (t cell)^2/8 at most; between the frequencies of the FFT, |C'| <= sum |b|. Low frequencies, where C is
    small and that would hide it, are computed as they are.
    """

    def __init__(self, population: Population, width: float) -> None:
        self._population = population
        cells = 1 << ceil(log2(8 * (1 / (width * _STEP) + 2)))
        cell = 2 * np.pi / _STEP / cells
        place = population.points / cell
        low = np.floor(place)
        share, low = place - low, low.astype(np.int64)
        histogram = np.bincount(low % cells, population.counts * (1 - share), cells)
        histogram += np.bincount((low + 1) % cells, population.counts * share, cells)
        cosines = np.fft.rfft(histogram).real[: cells // 8 + 1]
        total = float(population.n_clients)
        moved = total / 8 * (_STEP * cell * np.arange(len(cosines))) ** 2
        slope = float(np.abs(population.points) @ population.counts)
        self._bounds = total * (1 - 1e-12) - cosines - moved - _STEP / 2 * slope

    def at(self, times: np.ndarray) -> np.ndarray:
        """Return the lower bound at these ascending frequencies."""
        bounds = self._bounds[np.round(times / _STEP).astype(np.int64)]
        population = self._population
        for position in range(int(np.searchsorted(times, _LOW))):
            cosines = np.cos(times[position] * population.points)
            bounds[position] = (1 - cosines) @ population.counts - 1e-12 * population.n_clients
        return bounds


class Spectrum:
    """Odd frequencies t_l = 2 pi l / L of one window.

    Parameters
    ----------
    population : Population
    half_width : float
        The window is at least [-half_width, half_width].
    width : float
        Smoothing width; used without a lattice only.

    Attributes
    ----------
    odd : ndarray of int64, shape (F,)
        The l.
    coefficients : ndarray, shape (F,)
        2 c_l; the absolute values add up to L/4 at most.
    length : float
        L.
    """

    def __init__(self, population: Population, half_width: float, width: float) -> None:
        self.population, self.width = population, width
        if population.steps is not None:
            self.period = 4 * ceil(half_width / (2 * population.unit))
            self.length = self.period * population.unit
            self.odd = np.arange(1, max(self.period // 2, 2), 2)
            sines = np.sin(np.pi / self.period * self.odd)
            self.coefficients = -2 * population.unit / (self.period * sines**2)
        else:
            # A tenth more, so that the window's edge, a kink as well, is far from where Y is.
            self.length = 2.2 * half_width
            self.odd = np.arange(1, max(int(self.length / (2 * np.pi * width)), 2), 2)
            flat_top = np.clip(2 - 2 * width * 2 * np.pi / self.length * self.odd, 0, 1)
            self.coefficients = -2 * self.length / (np.pi * self.odd) ** 2 * flat_top

    def strays(self, stray_map: StrayMap | None) -> np.ndarray:
        """Bound sum_j (1 - cos t b_j) from below at each frequency; without a lattice, by its map."""
        if stray_map is not None:
            return stray_map.at(2 * np.pi / self.length * self.odd)
        population, total = self.population, float(self.population.n_clients)
        histogram = np.bincount(population.steps % self.period, population.counts, self.period)
        return total * (1 - 1e-12) - np.fft.rfft(histogram).real[self.odd]

    def waves(self, chosen: np.ndarray) -> np.ndarray:
        """Return e^{i t b} at the chosen positions of `odd`, shape (len(chosen), D)."""
        return self._turned(self.odd[chosen][:, None])

    def _turned(self, number: np.ndarray | int) -> np.ndarray:
        """Return e^{i t b} at t = 2 pi number / L, with exact angles on a lattice."""
        if self.population.steps is not None:
            return np.exp(2j * np.pi / self.period * ((number * self.population.steps) % self.period))
        return np.exp(2j * np.pi / self.length * number * self.population.points)

    def sweep(self, rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all positions of `odd`, ``rows`` at a time, with their waves, mostly by rotation."""
        turn = self._turned(2 * rows)
        for number, start in enumerate(range(0, len(self.odd), rows)):
            chosen = np.arange(start, min(start + rows, len(self.odd)))
            waves = waves[: len(chosen)] * turn if number % _ROTATIONS else self.waves(chosen)
            yield chosen, waves

    def back(self, chosen: np.ndarray) -> np.ndarray:
        """Return e^{-i t B} at the chosen positions of `odd`."""
        if self.population.steps is not None:
            everyone = int(self.population.steps @ self.population.counts) % self.period
            return np.exp(-2j * np.pi / self.period * ((self.odd[chosen] * everyone) % self.period))
        return np.exp(-2j * np.pi / self.length * self.odd[chosen] * self.population.everyone)
