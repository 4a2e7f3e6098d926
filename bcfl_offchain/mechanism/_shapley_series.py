"""All nodes of small p at once: the product of N factors as a series in r = p/(1 - p).

With z_j = e^{i t b_j}, log prod_j (1 - p + p z_j) = N log(1 - p) - sum_m (-r)^m/m sum_j z_j^m, and client i's
factor is divided out by 1/(1 + r z_i) = sum_m (-r)^m z_i^m. So the power sums of the waves are shared by all
nodes, and what a frequency adds is one polynomial in z_i for all nodes together.

Without a lattice the coalitions of few moving members are taken out, as elementary symmetric functions
e_k(z), and added exactly: nothing would blur their sums.
"""

from __future__ import annotations

from math import comb

import numpy as np

from ._shapley_nodes import Node
from ._shapley_spectrum import Population, Spectrum
from ._shapley_subsets import SmallCoalitions

_SERIES_END = 1e-15  # what a series may leave of the product's logarithm
_CHUNK = 40_000  # waves held at a time


def series_terms(n_clients: int, nodes: list[Node]) -> int:
    """Return how many powers of r the series need."""
    largest = max(node.odds for node in nodes)
    terms = 2
    while n_clients * largest ** (terms + 1) > _SERIES_END:
        terms += 1
    return terms


class NodeSeries:
    """Sums over nodes of small p at given frequencies, as polynomials in e^{i t b_i}.

    Parameters
    ----------
    population : Population
    spectrum : Spectrum
    nodes : list of Node
    small : SmallCoalitions or None
        What is taken out; nothing if None.
    """

    def __init__(
        self, population: Population, spectrum: Spectrum, nodes: list[Node], small: SmallCoalitions | None
    ) -> None:
        self._population, self._spectrum, self._small = population, spectrum, small
        self.terms = series_terms(population.n_clients, nodes)
        p, weights = np.array([node.p for node in nodes]), np.array([node.weights for node in nodes]).T
        odds, power = p / (1 - p), np.arange(self.terms + 1)
        self._start = population.n_clients * np.log1p(-p)[:, None]
        self._logarithm = -((-odds[:, None]) ** power[1:]) / power[1:]
        self._inverse, self._weights = (-odds) ** power[:, None] / (1 - p), weights[:, :, None]
        self._balance = sum(node.balance for node in nodes)
        self._resting = population.points == 0
        self._removed = self._removed_at_rest = np.zeros((0, 4))
        if small is not None:
            sizes, n_moving = np.arange(small.removed + 1)[:, None], small.n_moving
            self._removed = (p**sizes * (1 - p) ** (n_moving - 1 - sizes)) @ weights.T
            self._removed_at_rest = (p**sizes * (1 - p) ** (n_moving - sizes)) @ weights.T

    def add(self, chosen: np.ndarray, values: np.ndarray) -> None:
        """Add what these positions of the spectrum give to ``values``, wave by wave."""
        population = self._population
        rows = max(1, _CHUNK // len(population.points))
        counts = population.counts.astype(complex)
        for first in range(0, len(chosen), rows):
            part = chosen[first : first + rows]
            waves = self._spectrum.waves(part)
            power, power_sums = waves.copy(), [waves @ counts]
            for _ in range(self.terms - 1):
                power *= waves
                power_sums.append(power @ counts)
            polynomial, at_rest = self._polynomials(part, np.array(power_sums))
            sums = waves * polynomial[-1][:, None]
            for coefficient in polynomial[-2:0:-1]:
                sums += coefficient[:, None]
                sums *= waves
            values += np.where(self._resting, at_rest, sums.sum(axis=0).real + polynomial[0].sum().real)

    def add_block(self, start: int, stop: int, values: np.ndarray) -> None:
        """Add all positions from start to stop by their transforms; without a lattice only."""
        points, block = self._population.points, self._spectrum.block(start, stop)
        counts = self._population.counts.astype(float)
        power_sums = [block.sums(power * points, counts) for power in range(1, self.terms + 1)]
        polynomial, at_rest = self._polynomials(np.arange(start, stop), np.array(power_sums))
        sums = np.full(len(points), polynomial[0].sum().real)
        for power, coefficient in enumerate(polynomial[1:], start=1):
            sums += block.values(power * points, coefficient).real
        values += np.where(self._resting, at_rest, sums)

    def settled(self) -> tuple[np.ndarray, float]:
        """Return what the constant of |.| and the coalitions taken out add, and a bound of its rounding."""
        population, small, constant = self._population, self._small, self._spectrum.length / 4
        values = np.full(len(population.points), constant * self._balance)
        if small is None:
            return values, 0.0
        moving, rounding = ~self._resting, 0.0
        points, everyone = population.points[moving], population.everyone
        signs, offsets = np.array([1, -1, 1, -1]), np.array([0.0, -everyone, -everyone, 0.0])
        for size, (removed, at_rest) in enumerate(zip(self._removed * signs, self._removed_at_rest * signs)):
            values[moving] -= constant * comb(small.n_moving - 1, size) * removed.sum()
            values[~moving] += at_rest @ (small.gaps(size, offsets) - constant * comb(small.n_moving, size))
            for weight, offset, with_client in zip(removed, offsets, (True, True, False, False)):
                places = offset + points * with_client
                values[moving] += weight * small.gaps_without(size, places, points)
            weight = np.maximum(np.abs(removed), np.abs(at_rest)).sum()
            rounding += weight * small.rounding(size, abs(everyone) + constant)
        return values, rounding

    def _polynomials(self, chosen: np.ndarray, power_sums: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the polynomials' coefficients, shape (terms + 2, frequencies), and a resting client's."""
        coefficients, back = self._spectrum.coefficients(chosen), self._spectrum.back(chosen)
        products = coefficients * np.exp(self._start + _times(self._logarithm, power_sums))
        with_client = products * (self._weights[0] - self._weights[1] * back)
        alone = products * (self._weights[2] * back - self._weights[3])
        polynomial = np.zeros((self.terms + 2, len(chosen)), dtype=complex)
        polynomial[1:] = _times(self._inverse, with_client)
        polynomial[:-1] += _times(self._inverse, alone)
        # A client that does not move the sum has no factor to divide out.
        at_rest = with_client.sum() + alone.sum()
        if self._small is not None:
            at_rest -= self._take_out(coefficients, back, power_sums, polynomial)
        return polynomial, float(at_rest.real)

    def _take_out(
        self, coefficients: np.ndarray, back: np.ndarray, power_sums: np.ndarray, polynomial: np.ndarray
    ) -> complex:
        """Subtract the small coalitions, e_k of all but z_i = sum_a (-z_i)^a e_{k-a}; return the resting."""
        n_resting = self._population.n_clients - self._small.n_moving
        symmetric = [np.ones(len(coefficients), dtype=complex), power_sums[0] - n_resting]
        if self._small.removed == 2:
            symmetric.append((symmetric[1] ** 2 - (power_sums[1] - n_resting)) / 2)
        resting = 0j
        for size, (removed, at_rest) in enumerate(zip(self._removed, self._removed_at_rest)):
            with_client = coefficients * (removed[0] - removed[1] * back)
            alone = coefficients * (removed[2] * back - removed[3])
            for power in range(size + 1):
                polynomial[power + 1] -= (-1) ** power * symmetric[size - power] * with_client
                polynomial[power] -= (-1) ** power * symmetric[size - power] * alone
            multipliers = at_rest[0] - at_rest[1] * back + at_rest[2] * back - at_rest[3]
            resting += (coefficients * symmetric[size]) @ multipliers
        return resting


def _times(matrix: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Multiply a real matrix by a complex one."""
    return (matrix @ waves.view(float)).view(complex)
