"""The Fourier series of |.| on a window, and the waves e^{i t b} of a population at its frequencies.

|y| on [-L/2, L/2], continued with period L, has the coefficients c_0 = L/4 and c_l = -L/(pi l)^2 for odd l.
On a lattice of unit u with L = M u, M a multiple of 4, the finite series of frequencies below M/2 is exact
with c_l = -u/(M sin^2(pi l/M)). Without a lattice the coefficients are multiplied by a flat top that falls
linearly to 0 at t = 1/width: |.| is then smoothed by a kernel of that width.

How much of a wave is left in X, which adds every client with probability p, is bounded in two ways, with any
one client left out: by exp(-p (1 - p)(C(t) - 2)), C(t) = sum_j (1 - cos t b_j), and, where there are few
distinct workloads, by the product of |1 - p + p e^{i t b}| itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from ._shapley_waves import FewWaves, ManyWaves, wave_block

_SHARP = 300  # clients up to which each factor of the product is bounded by itself
_CHUNK = 40_000  # waves held at a time
_UNIT_ROUNDING = 2.0**-53


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
    def absolute(self) -> float:
        """Sum of all |b|."""
        return float(np.abs(self.points) @ self.counts)

    @property
    def factors(self) -> int:
        """What `moduli` takes for one frequency, in factors of a product."""
        return len(self.points) if self.n_clients <= _SHARP else min(len(self.points), 40)

    def moduli(self, p: float, first: float, step: float, number: int) -> np.ndarray:
        """Bound |phi(t)| at t = first + step n, n < number, one client left out or none."""
        if self.n_clients > _SHARP:
            sums = self.block(first, step, number).sums(self.points, self.counts.astype(float))
            return decay(p, self.strays(sums.real, first + step * number))
        bounds, rows = [], max(1, _CHUNK // len(self.points))
        for start in range(0, number, rows):
            part = FewWaves(first + step * start, step, min(rows, number - start))
            cosines = part.waves(self.points).real
            logarithms = np.log1p(-2 * p * (1 - p) * (1 - cosines) * (1 - 1e-12))
            bounds.append(np.exp((logarithms @ self.counts - logarithms.min(axis=1)) / 2))
        # Rounding of the angles moves |phi| by no more than p t sum |b| roundings.
        return np.concatenate(bounds) * (1 + 1e-9) + self._angles(first + step * number)

    def block(self, first: float, step: float, number: int) -> FewWaves | ManyWaves:
        """Return the transform for these points at the frequencies first + step n, n < number."""
        return wave_block(len(self.points), first, step, number)

    def strays(self, cosines: np.ndarray, highest: float = 0.0) -> np.ndarray:
        """Bound C from below, given sum_j cos t b_j for frequencies up to ``highest``."""
        return self.n_clients * (1 - 1e-12) - cosines - self._angles(highest)

    def _angles(self, highest: float) -> float:
        return 8 * _UNIT_ROUNDING * highest * self.absolute


def decay(p: float, strays: np.ndarray) -> np.ndarray:
    """Bound |phi| by C, one client left out or none: that moves C by 2 at most."""
    return np.exp(-p * (1 - p) * np.maximum(strays - 2, 0))


class Spectrum:
    """Odd frequencies t_l = 2 pi l / L of one window, l = 2 j + 1 for the positions j = 0 ... number - 1.

    Parameters
    ----------
    population : Population
    half_width : float
        The window is at least [-half_width, half_width].
    width : float
        Smoothing width; used without a lattice only.

    Attributes
    ----------
    number : int
        How many frequencies.
    length : float
        L.
    step : float
        Distance of the frequencies, 4 pi / L.
    """

    def __init__(self, population: Population, half_width: float, width: float) -> None:
        self.population, self.width = population, width
        if population.steps is not None:
            self.period = 4 * ceil(half_width / (2 * population.unit))
            self.length = self.period * population.unit
            self.number = max(self.period // 4, 1)
        else:
            self.length = window_length(half_width)
            self.number = max(ceil(self.length / (4 * np.pi * width)), 1)
        self.step = 4 * np.pi / self.length

    @cached_property
    def _lattice_strays(self) -> np.ndarray:
        population = self.population
        histogram = np.bincount(population.steps % self.period, population.counts, self.period)
        return population.strays(np.fft.rfft(histogram).real[1::2][: self.number])

    def coefficients(self, chosen: np.ndarray) -> np.ndarray:
        """Return 2 c_l at these positions; the absolute values of all add up to L/4 at most."""
        odd = 2 * chosen + 1
        if self.population.steps is not None:
            return -2 * self.population.unit / (self.period * np.sin(np.pi / self.period * odd) ** 2)
        flat_top = np.clip(2 - 2 * self.width * self.step / 2 * odd, 0, 1)
        return -2 * self.length / (np.pi * odd) ** 2 * flat_top

    def moduli(self, p: float, start: int, stop: int) -> np.ndarray:
        """Bound |phi| at the positions from start to stop."""
        if self.population.steps is not None:
            return decay(p, self._lattice_strays[start:stop])
        return self.population.moduli(p, (start + 0.5) * self.step, self.step, stop - start)

    def waves(self, chosen: np.ndarray) -> np.ndarray:
        """Return e^{i t b} at these positions, shape (len(chosen), D), with exact angles on a lattice."""
        odd = (2 * chosen + 1)[:, None]
        if self.population.steps is not None:
            return np.exp(2j * np.pi / self.period * ((odd * self.population.steps) % self.period))
        return np.exp(0.5j * self.step * odd * self.population.points)

    def back(self, chosen: np.ndarray) -> np.ndarray:
        """Return e^{-i t B} at these positions."""
        odd = 2 * chosen + 1
        if self.population.steps is not None:
            everyone = int(self.population.steps @ self.population.counts) % self.period
            return np.exp(-2j * np.pi / self.period * ((odd * everyone) % self.period))
        return np.exp(-0.5j * self.step * odd * self.population.everyone)

    def block(self, start: int, stop: int) -> FewWaves | ManyWaves:
        """Return the transform at the positions from start to stop; without a lattice only."""
        return self.population.block((start + 0.5) * self.step, self.step, stop - start)


def window_length(half_width: float) -> float:
    """Return L without a lattice: a tenth more, so that the edge, a kink as well, is far from where Y is."""
    return 2.2 * half_width
