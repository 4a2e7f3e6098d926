"""Shapley values of |mean - g| within a proved bound, for any workloads, in time nearly linear in N.

`_shapley_quadrature` reduces a value to expectations of |Y|, Y = offset + b_i + X, where X adds b_j of every
other client that is included, independently, with probability p. Then X has a product as its characteristic
function, and |.| is a Fourier series on a window that Y leaves with negligible probability
(`_shapley_windows`):

    E|Y| = c_0 + 2 sum_{l odd} c_l Re[ e^{i t_l (offset + b_i)} prod_{j != i} (1 - p + p e^{i t_l b_j}) ].

- On a lattice the series is finite and exact. Else it is cut at a highest frequency, which smooths the kink
  of |.|; `_shapley_smoothing` bounds what that costs each group of nodes.
- The product is bounded at every frequency before it is computed, and most frequencies need no more. The
  others are summed factor by factor, or, where p is small, as series for all nodes at once
  (`_shapley_series`).

Everything is in units of W. What is left out, and rounding, is added up (docs/shapley.md has the proofs).
"""

from __future__ import annotations

from math import ceil, log, log2

import numpy as np

from ._shapley_nodes import WORK_LIMIT, Node, Total, half_width
from ._shapley_quadrature import SizeQuadrature, size_quadrature
from ._shapley_series import NodeSeries, series_terms
from ._shapley_smoothing import SmoothedGroup
from ._shapley_spectrum import Population, Spectrum
from ._shapley_subsets import SmallCoalitions
from ._shapley_waves import FEW, ROUNDINGS
from ._shapley_windows import Window
from .errors import ToleranceTooFine

_UNIT_ROUNDING = 2.0**-53
_TAILS, _DROPPED, _SMOOTHED = 0.02, 0.05, 0.8  # parts of the tolerance
_TAIL_COSTS = 8  # of an unsettled node, in units of its negligible expectation
_DIRECT = 2_000_000  # factors of a node up to which no series is worth while
_DIRECT_COST = 8  # of a factor of a node, relative to one power of a wave
_BLOCK_COST = 0.1  # of a wave in a block, relative to one by itself
_CHUNK = 40_000  # factors held at a time
_BLOCK = 8192  # frequencies bounded or transformed at a time
_SHORT = 0.25  # largest r for the series in r
_MOST_CLIENTS = 30_000  # whose quadrature fits into the memory


def spectral_losses(population: Population, tolerance: float) -> tuple[np.ndarray, float]:
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
    bound : float
        Proved bound of each value's error, the sum of all causes.

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
    total = Total(_whole_sizes(population, quadrature), tolerance, n_clients)
    total.lose("quadrature", quadrature.error)
    # Whole sizes and settled nodes are a few operations on numbers up to |B| + 2.
    total.lose("rounding", 8 * _UNIT_ROUNDING * (weight + 3) * (abs(population.everyone) + 2))
    negligible = _TAILS * tolerance * n_clients / (_TAIL_COSTS * weight)
    groups = _groups(_unsettled(population, quadrature, negligible, total))
    if population.steps is None:
        _sum_smoothed(population, groups, total)
    else:
        _sum_on_lattice(population, groups, total)
    return total.values / n_clients, sum(total.parts.values()) / n_clients


def _whole_sizes(population: Population, quadrature: SizeQuadrature) -> np.ndarray:
    """Add what the quadrature leaves of the empty and of the full coalition."""
    points, everyone = population.points, population.everyone
    values = quadrature.alone * np.abs(points) + quadrature.all_joined * abs(everyone)
    return values - quadrature.all_others * np.abs(everyone - points)


def _unsettled(
    population: Population, quadrature: SizeQuadrature, negligible: float, total: Total
) -> list[Node]:
    """Settle every E|Y| whose Y has one sign, as |E Y|; return the nodes that are left."""
    points, everyone = population.points, population.everyone
    window, nodes = Window(points, population.counts), []
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
            node = Node(p, joined, others, half_width)
            total.lose("tails", _TAIL_COSTS * negligible * node.size)
            nodes.append(node)
    return nodes


def _groups(nodes: list[Node]) -> list[list[Node]]:
    """Group nodes whose windows are alike, and that a series suits or not; the widest windows first."""
    groups: dict[tuple[float, bool], list[Node]] = {}
    for node in nodes:
        groups.setdefault((ceil(2 * log2(node.half_width)), node.odds <= _SHORT), []).append(node)
    return [groups[key] for key in sorted(groups, reverse=True)]


def _sum_on_lattice(population: Population, groups: list[list[Node]], total: Total) -> None:
    """Sum the nodes over the finite series of a lattice: node by node, or those of small p as one series."""
    n_nodes, series = sum(map(len, groups)), []
    for nodes in groups:
        spectrum = Spectrum(population, half_width(nodes), 0.0)
        for node in nodes:
            chosen, lost = _active(spectrum, [node], 0.0, total, 1 / n_nodes)
            if node.odds <= _SHORT and len(chosen) * len(population.points) > _DIRECT:
                series.append(node)
            else:
                total.lose("dropped", lost)
                _add_directly(spectrum, [node], chosen, total)
    if series:
        spectrum = Spectrum(population, half_width(series), 0.0)
        _add_series(spectrum, series, np.arange(spectrum.number), None, total)


def _sum_smoothed(population: Population, groups: list[list[Node]], total: Total) -> None:
    """Sum the nodes where there is no lattice: each group with the smoothing that its kinks can bear."""
    small = SmallCoalitions(population.points, population.counts)
    smoothed = [SmoothedGroup(population, nodes, small, _SHORT, total) for nodes in groups]
    while sum(group.cost for group in smoothed) > _SMOOTHED * total.tolerance * population.n_clients:
        max(smoothed, key=lambda group: group.gain).refine()
    for group in smoothed:
        nodes = group.nodes
        total.lose("smoothing", group.cost)
        spectrum = Spectrum(population, group.half_width, group.width)
        # Where a frequency is dropped, so are the small coalitions that are taken out of it.
        also = small.small_probability(group.lowest) if group.taken_out else 0.0
        chosen, lost = _active(spectrum, nodes, also, total, 1 / len(groups))
        total.lose("dropped", lost)
        terms, cheaper = series_terms(population.n_clients, nodes), len(nodes) * _DIRECT_COST
        if group.taken_out or (group.short and terms < cheaper):
            _add_series(spectrum, nodes, chosen, small if group.taken_out else None, total)
        else:
            _add_directly(spectrum, nodes, chosen, total)


def _active(
    spectrum: Spectrum, nodes: list[Node], also: float, total: Total, share: float
) -> tuple[np.ndarray, float]:
    """Return the positions of the frequencies that matter to these nodes, and what the others may add.

    What is left of each wave is bounded by the product's modulus and by ``also``.
    """
    lowest, size = min(node.p for node in nodes), sum(node.size for node in nodes)
    negligible = _DROPPED * total.tolerance * total.n_clients * share / spectrum.number
    chosen, lost = [], 0.0
    for start in range(0, spectrum.number, _BLOCK):
        stop = min(start + _BLOCK, spectrum.number)
        bounds = (spectrum.moduli(lowest, start, stop) + also) * size
        bounds *= np.abs(spectrum.coefficients(np.arange(start, stop)))
        kept = bounds > negligible
        chosen.append(start + np.flatnonzero(kept))
        lost += float(bounds[~kept].sum())
    return np.concatenate(chosen), lost


def _add_directly(spectrum: Spectrum, nodes: list[Node], chosen: np.ndarray, total: Total) -> None:
    """Add nodes over the chosen frequencies, factor by factor."""
    population = spectrum.population
    total.spend(len(chosen) * len(population.points) * len(nodes))
    rows = max(1, _CHUNK // len(population.points))
    for start in range(0, len(chosen), rows):
        part = chosen[start : start + rows]
        waves, back, coefficients = spectrum.waves(part), spectrum.back(part), spectrum.coefficients(part)
        for node in nodes:
            factors = node.p * waves + (1 - node.p)
            products = coefficients * _product(factors, population.counts)
            inverse = 1 / factors
            with_client, alone = node.multipliers(back)
            sums = (products * with_client) @ (waves * inverse) + (products * alone) @ inverse
            total.values += sums.real
    for node in nodes:
        total.values += node.balance * spectrum.length / 4
        _round(spectrum, node, 20.0 * population.n_clients + rows + len(chosen) / rows, total)


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


def _add_series(
    spectrum: Spectrum, nodes: list[Node], chosen: np.ndarray, small: SmallCoalitions | None, total: Total
) -> None:
    """Add nodes of small p at the chosen frequencies, as series in r."""
    population, n_clients = spectrum.population, spectrum.population.n_clients
    series = NodeSeries(population, spectrum, nodes, small)
    constant, rounding = series.settled()
    total.values += constant
    total.lose("rounding", rounding)
    distinct = len(population.points)
    blocks = np.unique(chosen // _BLOCK)
    by_waves, by_blocks = len(chosen) * distinct, len(blocks) * _BLOCK * _BLOCK_COST * min(distinct, FEW)
    if population.steps is not None or by_waves <= by_blocks:
        total.spend(by_waves * max(1.0, series.terms / 6))
        series.add(chosen, total.values)
        sums, steps = distinct + 250.0, _CHUNK / distinct + len(chosen) * distinct / _CHUNK
    else:
        total.spend(by_blocks * max(1.0, series.terms / 6))
        for block in blocks:
            series.add_block(block * _BLOCK, min((block + 1) * _BLOCK, spectrum.number), total.values)
        sums, steps = ROUNDINGS, 2 * ROUNDINGS + len(blocks)
    for node in nodes:
        # The power sums add up N terms of modulus 1; e_1 and e_2, times their probabilities, fewer than 4.
        _round(spectrum, node, 20.0 * n_clients + (2 * node.odds * n_clients + 4) * sums + steps, total)


def _round(spectrum: Spectrum, node: Node, roundings: float, total: Total) -> None:
    """Account for rounding: of each product relative to 1, and of the angles t b, which grow with t."""
    population = spectrum.population
    spread = node.p * population.absolute + abs(population.everyone) + 1
    angles = 16 * spread * (1 + log(2 * spectrum.number))
    total.lose("rounding", node.size * _UNIT_ROUNDING * (spectrum.length / 4 * (roundings + 200) + angles))
