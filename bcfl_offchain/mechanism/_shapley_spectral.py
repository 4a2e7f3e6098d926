"""Shapley values of |mean - g| within a proved bound, for any workloads, in time nearly linear in N.

`_shapley_quadrature` reduces a value to expectations of |Y|, Y = offset + b_i + X, where X adds b_j of every
other client that is included, independently, with probability p. Then X has a product as its characteristic
function, and |.| is a Fourier series on a window that Y leaves with negligible probability
(`_shapley_windows`):

    E|Y| = c_0 + 2 sum_{l odd} c_l Re[ e^{i t_l (offset + b_i)} prod_{j != i} (1 - p + p e^{i t_l b_j}) ].

- On a lattice the series is finite and exact. Else it is cut at a highest frequency, which smooths the kink
  of |.|; the empty coalition, which nothing blurs, is taken out and added exactly.
- |product| <= exp(-p (1 - p) sum_j (1 - cos t_l b_j)), known for all frequencies after one FFT. Where p is
  not small few frequencies survive, and are summed as they are. Where p is small all may, but log(1 + r z)
  and 1/(1 + r z) are short series in r = p/(1 - p), and all such nodes are summed at once.

Everything is in units of W. What is left out, and rounding, is added up (docs/shapley.md has the proofs).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from math import ceil, log, log2, sqrt

import numpy as np

from ._shapley_quadrature import SizeQuadrature, size_quadrature
from ._shapley_spectrum import Population, Spectrum, StrayMap
from ._shapley_windows import Crowding, Window
from .errors import ToleranceTooFine

WORK_LIMIT = 4 * 10**9
"""Factors of characteristic functions that the engine may compute: about five minutes of one core."""

_UNIT_ROUNDING = 2.0**-53
_TAILS, _DROPPED, _SMOOTHED = 0.02, 0.05, 0.8  # parts of the tolerance
_DIRECT = 2_000_000  # factors of a node up to which no series is worth while
_CHUNK = 40_000  # factors held at a time
_SHORT = 0.25  # largest r for the series in r
_SERIES_END = 1e-15  # what a series may leave of the product's logarithm
_MOST_CLIENTS = 30_000  # whose quadrature fits into the memory
_WIDEST, _FINEST_WIDTH = 1e-2, 1.3e-6  # of smoothing, and
_MOST_FREQUENCIES = 6_000_000  # of a window: what fits into the memory


@dataclass(frozen=True)
class _Node:
    """One inclusion probability p, standing for p (column 0) and 1 - p (column 1).

    The node adds sum_c joined_c E|o_c + s_c b_i + X| - others_c E|o_c + (1 - s_c) b_i + X|. Column 0 has
    o = 0, s = 1. Including with 1 - p is excluding with p, so column 1 sums the rest: o = -B, s = 0, up to a
    sign. Columns whose Y has one sign are settled already, and 0 here.
    """

    p: float
    joined: np.ndarray
    others: np.ndarray
    half_width: float

    @property
    def odds(self) -> float:
        return self.p / (1 - self.p)

    @property
    def size(self) -> float:
        return float(np.abs(self.joined).sum() + np.abs(self.others).sum())

    @property
    def balance(self) -> float:
        return float(self.joined.sum() - self.others.sum())

    def multipliers(self, back: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what multiplies e^{i t b_i} and what stands alone, given e^{-i t B} at each frequency."""
        return self.joined[0] - self.others[1] * back, self.joined[1] * back - self.others[0]

    def kinks(self, points: np.ndarray, everyone: float) -> np.ndarray:
        """Return what the node adds for an empty coalition, X = 0."""
        joined = self.joined[0] * np.abs(points) + self.joined[1] * abs(everyone)
        return joined - self.others[1] * np.abs(points - everyone)


@dataclass
class _Total:
    """N psi_i so far at each point, and what its error can be, by cause."""

    values: np.ndarray
    parts: dict[str, float] = field(default_factory=dict)
    work: float = 0.0

    def lose(self, part: str, amount: float) -> None:
        self.parts[part] = self.parts.get(part, 0.0) + float(amount)


def spectral_losses(population: Population, tolerance: float) -> tuple[np.ndarray, dict[str, float]]:
    """Compute the Shapley values psi of |mean - g| at each distinct point.

    Parameters
    ----------
    population : Population
        At least 3 clients.
    tolerance : float
        Error to aim at, in units of W. It is met but for rounding, which the bound includes.

    Returns
    -------
    losses : ndarray, shape (D,)
        psi in units of W.
    parts : dict of str to float
        Proved bound of each value's error by cause; their sum bounds the error.

    Raises
    ------
    ToleranceTooFine
        If that would take more than `WORK_LIMIT`, or than fits into the memory.
    """
    n_clients = population.n_clients
    if n_clients > _MOST_CLIENTS:
        raise ToleranceTooFine(tolerance, n_clients, WORK_LIMIT)
    quadrature = size_quadrature(n_clients)
    weight = float(np.abs(quadrature.joined).sum() + np.abs(quadrature.others).sum())
    total = _Total(_whole_sizes(population, quadrature))
    total.lose("quadrature", quadrature.error)
    # Whole sizes and settled nodes are a few operations on numbers up to |B| + 2.
    total.lose("rounding", 8 * _UNIT_ROUNDING * (weight + 3) * (abs(population.everyone) + 2))
    window = Window(population.points, population.counts)
    negligible = _TAILS * tolerance * n_clients / (8 * weight)
    nodes = _unsettled(population, quadrature, window, negligible, total)
    if nodes:
        width = _smoothing(population, nodes, tolerance, total)
        series = _sum_directly(population, nodes, width, tolerance, total)
        if series:
            _sum_jointly(population, series, width, tolerance, total)
    return total.values / n_clients, {part: lost / n_clients for part, lost in total.parts.items()}


def _whole_sizes(population: Population, quadrature: SizeQuadrature) -> np.ndarray:
    """Add what the quadrature leaves of the empty and of the full coalition."""
    points, everyone = population.points, population.everyone
    values = quadrature.alone * np.abs(points) + quadrature.all_joined * abs(everyone)
    return values - quadrature.all_others * np.abs(everyone - points)


def _unsettled(
    population: Population,
    quadrature: SizeQuadrature,
    window: Window,
    negligible: float,
    total: _Total,
) -> list[_Node]:
    """Settle every E|Y| whose Y has one sign, as |E Y|; return the nodes that are left."""
    points, everyone = population.points, population.everyone
    nodes = []
    for p, joined, others in zip(quadrature.probability, quadrature.joined, quadrature.others):
        p, joined, others = float(p), joined.copy(), others.copy()
        half_width = 0.0
        for column, offset in enumerate((0.0, -everyone)):
            sign = window.sign(p, offset, negligible)
            if sign:
                mean = offset + p * (everyone - points)
                first, second = (points, 0) if column == 0 else (0, points)
                total.values += sign * joined[column] * (mean + first)
                total.values -= sign * others[column] * (mean + second)
                total.lose("tails", 2 * negligible * float(abs(joined[column]) + abs(others[column])))
                joined[column] = others[column] = 0
            else:
                half_width = max(half_width, 1.0, window.half_width(p, offset, negligible))
        if half_width:
            node = _Node(p, joined, others, half_width)
            total.lose("tails", 4 * negligible * node.size)
            nodes.append(node)
    return nodes


def _smoothing(population: Population, nodes: list[_Node], tolerance: float, total: _Total) -> float:
    """Choose how wide the kink may be smoothed, and account for it; 0 on a lattice."""
    if population.steps is not None:
        return 0.0
    crowding = Crowding(population.points, population.counts)
    p, weights = np.array([node.p for node in nodes]), np.array([node.size for node in nodes])
    half_widths = np.array([node.half_width for node in nodes])

    def cost(width: float) -> float:
        return crowding.cost(width, p, weights) + weights @ crowding.far_cost(width, half_widths)

    width, allowed = _WIDEST, _SMOOTHED * tolerance * population.n_clients
    while (lost := cost(width)) > allowed:
        width /= max(1.2, sqrt(lost / allowed) / 2)
        if width < _FINEST_WIDTH:
            raise ToleranceTooFine(tolerance, population.n_clients, WORK_LIMIT)
    total.lose("smoothing", lost)
    return width


def _sum_directly(
    population: Population, nodes: list[_Node], width: float, tolerance: float, total: _Total
) -> list[_Node]:
    """Sum the nodes with few frequencies that matter; return the others."""
    left = []
    drop = _DROPPED * tolerance * population.n_clients / len(nodes)
    map_of_strays = StrayMap(population, width) if width else None
    for half_width, group in _by_half_width(nodes).items():
        spectrum = Spectrum(population, half_width, width)
        if len(spectrum.odd) > _MOST_FREQUENCIES:
            raise ToleranceTooFine(tolerance, population.n_clients, WORK_LIMIT)
        strays = spectrum.strays(map_of_strays) - 2  # leaving a client out moves the sum by 2 at most
        order = np.argsort(strays)
        strays = np.maximum(strays[order], 0)
        rest = np.cumsum(np.abs(spectrum.coefficients[order])[::-1])[::-1]
        for node in group:

            def lost(kept: int, node: _Node = node) -> float:
                return node.size * rest[kept] * np.exp(-node.p * (1 - node.p) * strays[kept])

            kept = bisect_left(range(len(rest)), True, key=lambda count: lost(count) <= drop)
            crowded = kept * len(population.points) > _DIRECT or _empty_cost(population, node, width) > drop
            if crowded and node.odds <= _SHORT:
                left.append(node)
                continue
            if kept < len(rest):
                total.lose("dropped", lost(kept))
            _spend(population, tolerance, total, kept * len(population.points))
            _add_node(population, spectrum, node, order[:kept], total)
    return left


def _by_half_width(nodes: list[_Node]) -> dict[float, list[_Node]]:
    """Group nodes whose windows are alike, so that they share a spectrum."""
    groups: dict[float, list[_Node]] = {}
    for node in nodes:
        groups.setdefault(2 ** (ceil(2 * log2(node.half_width)) / 2), []).append(node)
    return groups


def _add_node(
    population: Population, spectrum: Spectrum, node: _Node, chosen: np.ndarray, total: _Total
) -> None:
    """Add one node over the chosen frequencies, factor by factor."""
    total.values += node.balance * spectrum.length / 4
    rows = max(1, _CHUNK // len(population.points))
    for start in range(0, len(chosen), rows):
        part = chosen[start : start + rows]
        waves, back = spectrum.waves(part), spectrum.back(part)
        factors = node.p * waves + (1 - node.p)
        products = spectrum.coefficients[part] * _product(factors, population.counts)
        inverse = 1 / factors
        with_client, alone = node.multipliers(back)
        waves *= inverse
        total.values += ((products * with_client) @ waves + (products * alone) @ inverse).real
    _round(population, spectrum, node, 20.0 * population.n_clients + len(chosen), total)
    total.lose("smoothing", _empty_cost(population, node, spectrum.width))


def _empty_cost(population: Population, node: _Node, width: float) -> float:
    """Bound what smoothing costs a node for its empty coalition, where that is not taken out."""
    return node.size * Crowding.KINK * width * (1 - node.p) ** (population.n_moving - 1)


def _product(factors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Multiply factors^counts over the points, by the bits of the counts."""
    result = np.ones(len(factors), dtype=complex)
    power, remaining = factors, counts
    while len(remaining):
        odd = remaining & 1 == 1
        result *= np.prod(power[:, odd] if not odd.all() else power, axis=1)
        more = remaining > 1
        remaining = remaining[more] >> 1
        power = power[:, more] ** 2 if len(remaining) else power
    return result


def _sum_jointly(
    population: Population, nodes: list[_Node], width: float, tolerance: float, total: _Total
) -> None:
    """Add the nodes of small p at all frequencies: series in r, shared by all nodes and all clients."""
    points, n_clients = population.points, population.n_clients
    spectrum = Spectrum(population, max(node.half_width for node in nodes), width)
    largest = max(node.odds for node in nodes)
    terms = 1
    while n_clients * largest ** (terms + 1) > _SERIES_END:
        terms += 1
    _spend(population, tolerance, total, len(spectrum.odd) * len(points) * max(1.0, terms / 6))
    # On a lattice nothing is smoothed, so that nothing has to be taken out.
    empties = [0.0 if width == 0 else (1 - node.p) ** (population.n_moving - 1) for node in nodes]
    resting = points == 0
    for node, empty in zip(nodes, empties):
        constant = node.balance * spectrum.length / 4
        gain = node.kinks(points, population.everyone) - constant
        total.values += constant + empty * np.where(resting, 1 - node.p, 1) * gain
        # The sums of waves add up N terms, each up to 250 roundings off after its rotations.
        roundings = 20.0 * n_clients + node.odds * n_clients * (n_clients + 250) + len(spectrum.odd)
        _round(population, spectrum, node, roundings, total)
    series = _Series(population, spectrum, nodes, np.array(empties), terms)
    for part, waves in spectrum.sweep(max(1, _CHUNK // len(points))):
        polynomial, at_rest = series.at(part, waves)
        sums = waves * polynomial[-1][:, None]
        for coefficient in polynomial[-2:0:-1]:
            sums += coefficient[:, None]
            sums *= waves
        total.values += sums.sum(axis=0).real + polynomial[0].sum().real
        total.values += np.where(resting, at_rest.sum().real, 0)


class _Series:
    """Sums over nodes of small p at one frequency, as polynomials in e^{i t b_i}.

    With r = p/(1 - p) and z_j = e^{i t b_j}, log prod_j (1 - p + p z_j) = N log(1 - p) - sum_m (-r)^m/m sum_j
    z_j^m, and client i's factor is divided out by 1/(1 + r z_i) = sum_m (-r)^m z_i^m.
    """

    def __init__(
        self, population: Population, spectrum: Spectrum, nodes: list[_Node], empties: np.ndarray, terms: int
    ) -> None:
        self._spectrum, self._counts = spectrum, population.counts.astype(complex)
        p = np.array([node.p for node in nodes])
        joined, others = np.array([node.joined for node in nodes]), np.array([node.others for node in nodes])
        odds, power = p / (1 - p), np.arange(terms + 1)
        self._start = population.n_clients * np.log1p(-p)[:, None]
        self._logarithm = (-((-odds[:, None]) ** power[1:]) / power[1:]).astype(complex)
        inverse = (-odds) ** power[:, None] / (1 - p)
        weights = (joined[:, 0], others[:, 1], joined[:, 1], others[:, 0])
        self._matrix = np.concatenate([inverse * weight for weight in weights]).astype(complex)
        self._empty = [float(empties @ weight) for weight in weights]
        self._empty_at_rest = [float((empties * p) @ weight) for weight in weights]

    def at(self, chosen: np.ndarray, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the polynomials' coefficients, shape (terms + 2, frequencies), and what clients at 0 add."""
        coefficients, back = self._spectrum.coefficients[chosen], self._spectrum.back(chosen)
        terms = self._logarithm.shape[1]
        power, power_sums = waves.copy(), [waves @ self._counts]
        for _ in range(terms - 1):
            power *= waves
            power_sums.append(power @ self._counts)
        products = coefficients * np.exp(self._start + self._logarithm @ np.array(power_sums))
        first, second, third, fourth = (self._matrix @ products).reshape(4, terms + 1, -1)
        polynomial = np.zeros((terms + 2, len(chosen)), dtype=complex)
        polynomial[1:] = first - back * second
        polynomial[:-1] += back * third - fourth
        joined, others, all_joined, all_others = self._empty
        polynomial[1] -= coefficients * (joined - back * others)
        polynomial[0] -= coefficients * (back * all_joined - all_others)
        joined, others, all_joined, all_others = self._empty_at_rest
        at_rest = coefficients * (joined - back * others + back * all_joined - all_others)
        return polynomial, at_rest


def _round(population: Population, spectrum: Spectrum, node: _Node, roundings: float, total: _Total) -> None:
    """Account for rounding: of each product relative to 1, and of the angles t b, which grow with t."""
    spread = node.p * float(np.abs(population.points) @ population.counts) + abs(population.everyone) + 1
    angles = 8 * spread * (1 + log(spectrum.odd[-1]))
    total.lose("rounding", node.size * _UNIT_ROUNDING * (spectrum.length / 4 * (roundings + 200) + angles))


def _spend(population: Population, tolerance: float, total: _Total, work: float) -> None:
    total.work += work
    if total.work > WORK_LIMIT:
        raise ToleranceTooFine(tolerance, population.n_clients, int(total.work))
