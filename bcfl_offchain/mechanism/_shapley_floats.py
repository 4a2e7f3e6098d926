"""Shapley values of the paper's game in floats, each within a proved bound, for any number of clients.

One front door, which picks the cheapest engine whose bound meets the tolerance:

- ``closed-form`` when all workloads lie on one side of the target;
- the exact engines' ``counting`` or ``enumeration``, rounded once, where they take less than about a quarter
  of a second;
- ``probabilities`` (`_shapley_probabilities`) where the tolerance is finer than the next one's rounding;
- ``halves`` (`_shapley_halves`) where workloads on no coarse lattice have few coalitions, as for 40 clients,
  or few distinct values;
- ``spectral`` (`_shapley_spectral`) for everything else, on the workloads' lattice or on none.

References
----------
docs/shapley.md derives the engines and their bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, gcd, lcm, sqrt

import numpy as np

from . import _shapley_halves, _shapley_probabilities
from ._shapley_spectral import spectral_losses
from ._shapley_spectrum import Population
from .errors import InvalidInput, ToleranceTooFine
from .shapley import (
    WORK_LIMIT,
    cheapest_exact_engine,
    coalition_value,
    common_lattice,
    exact_workloads,
    largest_gap,
    shapley_values,
)
from .units import Number, exact

FINEST_TOLERANCE = 1e-14
"""The least tolerance that is not refused at once; floats cannot promise more."""

_UNIT_ROUNDING = 2.0**-53
_INPUT_ROUNDING = 4 * _UNIT_ROUNDING
# Rounding b to a double moves every coalition's mean by 2^-53 at most, and psi by four times that.
_SMALLEST, _LARGEST = 1e-280, 1e280
_QUICK = 250_000_000  # exact work that is not worth avoiding
_SPECTRAL_FINEST = 1e-10  # tolerance below which rounding may spoil the spectral engine's bound
_PROBABILITIES_LIMIT = 2 * 10**11
_PROBABILITIES_QUICK = 10**10  # work below which they are quicker than waves on no lattice
_MEMORY_LIMIT = 900 * 2**20  # bytes
_LATTICE_LIMIT = 3e7  # lattice steps in W times distinct clients, up to which the lattice is worth while
_PERIOD_LIMIT = 1e6  # lattice steps in W times sqrt(N): what one FFT holds


@dataclass(frozen=True)
class FloatShapleyResult:
    """Shapley values of one game in floats.

    Attributes
    ----------
    values : ndarray of float, shape (N,)
        SV_i in the unit of the workloads; they may be negative.
    total : float
        v(N), which the values add up to but for their errors.
    method : str
        ``closed-form``, ``counting``, ``enumeration``, ``probabilities``, ``halves`` or ``spectral``.
    error_bound : float
        Proved bound of |error| of each value, in the unit of the workloads: all parts and rounding.
    efficiency_residual : float
        Sum of the values less v(N); a check that costs nothing, at most N error_bound.
    """

    values: np.ndarray
    total: float
    method: str
    error_bound: float
    efficiency_residual: float


def shapley_floats(
    training_cycles: Sequence[Number], target: Number, tolerance: float = 1e-9
) -> FloatShapleyResult:
    """Compute the Shapley values (3) of the game (4) within a proved error.

    Parameters
    ----------
    training_cycles : sequence of Number, length N >= 1
        Workloads mu_i, non-negative, in any unit. Floats stand for their shortest decimal.
    target : Number
        Target g in the same unit.
    tolerance : float
        Largest error of a value, in units of W = max |mu_i - g|.

    Returns
    -------
    FloatShapleyResult
        With ``error_bound <= tolerance * W``.

    Raises
    ------
    InvalidInput
        If there is no client, a workload is negative or not finite, or the tolerance is not between
        `FINEST_TOLERANCE` and 1.
    ToleranceTooFine
        If no engine proves that tolerance within its work limit.

    Examples
    --------
    >>> result = shapley_floats([1, 8, 12, 20], 10)
    >>> result.values.round(6).tolist(), result.method
    ([1.868056, 3.423611, 3.201389, 1.256944], 'counting')
    """
    if not FINEST_TOLERANCE <= tolerance <= 1:
        raise InvalidInput("tolerance", tolerance, f"between {FINEST_TOLERANCE} and 1")
    workloads, goal = exact_workloads(training_cycles), exact(target, "target")
    largest = largest_gap(workloads, goal)
    if largest and not _SMALLEST <= largest <= _LARGEST:
        raise InvalidInput("largest gap", largest, f"0 or between {_SMALLEST} and {_LARGEST} to fit a float")
    total = float(coalition_value(workloads, range(len(workloads)), goal))
    values, bound, method = _choose(workloads, goal, largest, tolerance)
    residual = fsum([*values.tolist(), -total])
    return FloatShapleyResult(values, total, method, bound, residual)


def _choose(
    workloads: list[Fraction], goal: Fraction, largest: Fraction, tolerance: float
) -> tuple[np.ndarray, float, str]:
    """Return values, bound and name of the cheapest engine that meets the tolerance."""
    if max(workloads) <= goal or min(workloads) >= goal:
        return *_closed_form(workloads, goal, float(largest)), "closed-form"
    lattice, height, unit = common_lattice(workloads, goal)
    work = cheapest_exact_engine(lattice)[0]
    if work <= _QUICK or len(workloads) < 3:
        return _exact(workloads, goal)
    population, place = _population(workloads, goal, largest)
    engines = {
        "halves": lambda: _shapley_halves.halved_losses(population.points, population.counts),
        "probabilities": lambda: _probabilities(lattice, height, unit / largest),
        "spectral": lambda: spectral_losses(population, tolerance),
    }
    refusal = None
    for method in _order(population, lattice, tolerance):
        try:
            losses, bound = engines[method]()
        except ToleranceTooFine as too_fine:
            refusal = too_fine
            continue
        if bound + _INPUT_ROUNDING <= tolerance:
            return *_values(losses[place], bound + _INPUT_ROUNDING, float(largest)), method
    if work <= WORK_LIMIT:
        return _exact(workloads, goal)
    raise refusal or ToleranceTooFine(tolerance, len(workloads), work)


def _order(population: Population, lattice: list[int], tolerance: float) -> list[str]:
    """Return the float engines that may do it, the one that is likely to be quickest first."""
    span, n_clients = max(lattice), len(lattice)
    table_work = _shapley_probabilities.work(span, n_clients, len(set(lattice)))
    table_fits = _shapley_probabilities.memory(span, n_clients) <= _MEMORY_LIMIT
    order = []
    if population.steps is None and _shapley_halves.work(population.counts) <= _shapley_halves.WORK_LIMIT:
        order.append("halves")
    if population.steps is None and table_fits and table_work <= _PROBABILITIES_QUICK:
        order.append("probabilities")
    if tolerance >= _SPECTRAL_FINEST:
        order.append("spectral")
    if table_fits and table_work <= _PROBABILITIES_LIMIT and "probabilities" not in order:
        order.append("probabilities")
    return order


def _closed_form(workloads: list[Fraction], goal: Fraction, largest: float) -> tuple[np.ndarray, float]:
    """N psi_i = |b_i| H - mean of the others' |b| (H - 1), for b of one sign."""
    n_clients = len(workloads)
    gaps = np.array([float(abs(workload - goal)) for workload in workloads])
    harmonic = fsum(1 / k for k in range(1, n_clients + 1))
    others = (fsum(gaps.tolist()) - gaps) / max(n_clients - 1, 1)
    values = (largest - (gaps * harmonic - others * (harmonic - 1))) / n_clients
    return values, 20 * _UNIT_ROUNDING * (harmonic + 1) * largest / n_clients


def _exact(workloads: list[Fraction], goal: Fraction) -> tuple[np.ndarray, float, str]:
    result = shapley_values(workloads, goal)
    values = np.array([float(value) for value in result.values])
    return values, _UNIT_ROUNDING * float(np.abs(values).max()), result.method


def _population(
    workloads: list[Fraction], goal: Fraction, largest: Fraction
) -> tuple[Population, np.ndarray]:
    """Return the clients in units of W, on their lattice if it is coarse enough, and each one's point."""
    distinct, place, counts = _distinct(workloads)
    exact_points = [(workload - goal) / largest for workload in distinct]
    everyone = float(sum(count * point for count, point in zip(counts.tolist(), exact_points)))
    points = np.array([float(point) for point in exact_points])
    divisor = gcd(*(point.numerator for point in exact_points))
    unit = Fraction(divisor, lcm(*(point.denominator for point in exact_points)))
    per_largest = float(1 / unit)
    if per_largest * len(points) > _LATTICE_LIMIT or per_largest * sqrt(len(workloads)) > _PERIOD_LIMIT:
        return Population(points, counts, everyone), place
    steps = np.array([int(point / unit) for point in exact_points], dtype=np.int64)
    return Population(points, counts, everyone, steps, float(unit)), place


def _probabilities(lattice: list[int], height: Fraction, unit: Fraction) -> tuple[np.ndarray, float]:
    """Return psi of each distinct client in units of W, and its bound."""
    distinct, _, counts = _distinct(lattice)
    everyone = float((sum(lattice) - len(lattice) * height) * unit)
    losses, bound = _shapley_probabilities.probability_losses(
        np.array(distinct, dtype=np.int64), counts, float(unit), float(-height * unit), everyone
    )
    return losses, bound


def _distinct(numbers: list) -> tuple[list, np.ndarray, np.ndarray]:
    """Return the distinct numbers, ascending, where each number is among them, and how often each occurs."""
    distinct = sorted(set(numbers))
    position = {number: index for index, number in enumerate(distinct)}
    place = np.array([position[number] for number in numbers])
    return distinct, place, np.bincount(place)


def _values(losses: np.ndarray, bound: float, largest: float) -> tuple[np.ndarray, float]:
    """Turn psi in units of W into SV = W/N - psi, rounding included."""
    values = largest * (1 / len(losses) - losses)
    rounding = 4 * _UNIT_ROUNDING * (1 / len(losses) + float(np.abs(losses).max()))
    return values, largest * (bound + rounding)
