"""Exact Shapley values of the paper's game, and the shares of the budget that follow from them.

The game is v(S) = W - |mean_{j in S} mu_j - g| (4) with v(empty) = 0 and W = max_j |mu_j - g|; its Shapley
value is (3).

Three exact engines, chosen by what they cost:

- ``closed-form`` when all workloads lie on one side of the target, O(N);
- ``counting`` of coalitions by size and sum on the workloads' common lattice, pseudo-polynomial;
- ``enumeration`` of all coalitions, for few clients on a fine lattice.

Everything is a fraction: two machines that compute a value compute the same value. `shapley_floats` values
games that are too large for that, within a proved bound.

References
----------
Shapley, A value for n-person games, 1953. Mann and Shapley, Values of large games VI, 1962 (counting by
generating functions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, gcd, lcm
from types import ModuleType

from . import _shapley_counting, _shapley_enumeration
from .errors import InvalidInput, ShapleyTooLarge
from .units import Number, exact

WORK_LIMIT = 20 * 10**9
"""Machine-word operations an exact engine may take: ten to twenty seconds of one core."""


@dataclass(frozen=True)
class ShapleyResult:
    """Shapley values of one game.

    Attributes
    ----------
    values : tuple of Fraction, length N
        SV_i in the unit of the workloads; they may be negative.
    total : Fraction
        v(N), which is also the sum of the values.
    method : str
        ``closed-form``, ``counting`` or ``enumeration``.
    """

    values: tuple[Fraction, ...]
    total: Fraction
    method: str


def shapley_values(training_cycles: Sequence[Number], target: Number) -> ShapleyResult:
    """Compute the exact Shapley values (3) of the game (4).

    Parameters
    ----------
    training_cycles : sequence of Number, length N >= 1
        Workloads mu_i, non-negative, in any unit. Floats stand for their shortest decimal.
    target : Number
        Target g in the same unit.

    Returns
    -------
    ShapleyResult

    Raises
    ------
    InvalidInput
        If there is no client, or a workload is negative or not finite.
    ShapleyTooLarge
        If no exact engine does it within `WORK_LIMIT`.

    Examples
    --------
    >>> result = shapley_values([1, 8, 12, 20], 10)
    >>> [str(value) for value in result.values], str(result.total), result.method
    (['269/144', '493/144', '461/144', '181/144'], '39/4', 'counting')
    """
    workloads, goal = exact_workloads(training_cycles), exact(target, "target")
    total = coalition_value(workloads, range(len(workloads)), goal)
    if max(workloads) <= goal or min(workloads) >= goal:
        return ShapleyResult(_closed_form(workloads, goal), total, "closed-form")
    lattice, height, unit = common_lattice(workloads, goal)
    work, engine, method = cheapest_exact_engine(lattice)
    if work > WORK_LIMIT:
        raise ShapleyTooLarge(len(lattice), sum(lattice) + 1, work, WORK_LIMIT)
    gaps = engine.gaps_by_member(lattice, height)
    largest = largest_gap(workloads, goal)
    n_clients, scale = len(workloads), unit / height.denominator
    values = tuple(largest / n_clients - scale * loss for loss in _losses(gaps))
    return ShapleyResult(values, total, method)


def largest_gap(training_cycles: Sequence[Number], target: Number) -> Fraction:
    """Return W of (4), the largest |mean - g| of any coalition; one client alone reaches it.

    Examples
    --------
    >>> largest_gap([1, 8, 12, 20], 10)
    Fraction(10, 1)
    """
    workloads, goal = exact_workloads(training_cycles), exact(target, "target")
    return max(max(workloads) - goal, goal - min(workloads))


def coalition_value(training_cycles: Sequence[Number], coalition: Iterable[int], target: Number) -> Fraction:
    """Return v(S) of (4) for the clients at the given positions; 0 for none.

    Examples
    --------
    >>> coalition_value([1, 8, 12, 20], {0, 3}, 10)
    Fraction(19, 2)
    >>> coalition_value([1, 8, 12, 20], set(), 10)
    Fraction(0, 1)
    """
    workloads, goal = exact_workloads(training_cycles), exact(target, "target")
    members = [workloads[position] for position in coalition]
    if not members:
        return Fraction(0)
    return largest_gap(workloads, goal) - abs(Fraction(sum(members), len(members)) - goal)


def shares(values: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Turn Shapley values into shares of the training budget; negative values count as 0.

    Parameters
    ----------
    values : sequence of Fraction, length N >= 1

    Returns
    -------
    tuple of Fraction, length N
        max(SV_i, 0) / sum_j max(SV_j, 0); 1/N each if all values are 0. They add up to 1.

    Raises
    ------
    InvalidInput
        If no value is positive but not all are 0, which no game (4) has.

    Examples
    --------
    >>> [str(share) for share in shares([Fraction(-5, 6), Fraction(2, 3), Fraction(13, 6)])]
    ['0', '4/17', '13/17']
    """
    positive = [max(value, Fraction(0)) for value in values]
    total = sum(positive)
    if total:
        return tuple(value / total for value in positive)
    if not values or any(values):
        raise InvalidInput("shapley_values", list(map(str, values)), "at least one positive value, or all 0")
    return tuple(Fraction(1, len(values)) for _ in values)


def exact_workloads(training_cycles: Sequence[Number]) -> list[Fraction]:
    """Return the workloads as fractions; raise `InvalidInput` if one has no meaning."""
    if not len(training_cycles):
        raise InvalidInput("training_cycles", "empty", "given for at least one client")
    workloads = [exact(workload, "training_cycles") for workload in training_cycles]
    for client, workload in enumerate(workloads):
        if workload < 0:
            raise InvalidInput("training_cycles", workload, "non-negative", client)
    return workloads


def _closed_form(workloads: list[Fraction], goal: Fraction) -> tuple[Fraction, ...]:
    n_clients, total = len(workloads), sum(workloads)
    harmonic = sum(Fraction(1, k) for k in range(1, n_clients + 1))
    sign, constant = (1, -min(workloads)) if max(workloads) <= goal else (-1, max(workloads))

    def value(workload: Fraction) -> Fraction:
        others = (total - workload) / (n_clients - 1) if n_clients > 1 else Fraction(0)
        return (constant + sign * (workload + (harmonic - 1) * (workload - others))) / n_clients

    by_workload = {workload: value(workload) for workload in set(workloads)}
    return tuple(by_workload[workload] for workload in workloads)


def common_lattice(workloads: list[Fraction], goal: Fraction) -> tuple[list[int], Fraction, Fraction]:
    """Write mu_i = low + y_i * unit with the coarsest unit, and g = low + height * unit.

    Parameters
    ----------
    workloads : list of Fraction, length N
        Not all equal.
    goal : Fraction

    Returns
    -------
    lattice : list of int, length N
        The y_i; the least is 0, and their common divisor is 1.
    height, unit : Fraction
    """
    low = min(workloads)
    above = [workload - low for workload in workloads]
    denominator = lcm(*(value.denominator for value in above))
    steps = [int(value * denominator) for value in above]
    divisor = gcd(*steps)
    unit = Fraction(divisor, denominator)
    return [step // divisor for step in steps], (goal - low) / unit, unit


def cheapest_exact_engine(lattice: list[int]) -> tuple[int, ModuleType, str]:
    """Return the estimated work, the module and the name of the cheaper exact engine."""
    engines = [
        (_shapley_counting.work(lattice), _shapley_counting, "counting"),
        (_shapley_enumeration.work(lattice), _shapley_enumeration, "enumeration"),
    ]
    return min(engines, key=lambda engine: engine[0])


def _losses(gaps: list[list[int]]) -> list[Fraction]:
    """Turn sums of the gaps into the Shapley values of d(S) = gap(S)/|S|, d(empty) = 0.

    ``gaps[i][s]`` is the sum of gap(S) over the coalitions of size s that contain i. With weights over one
    denominator, N! psi_i = sum_{S with i} (s-1)!(N-s)! d(S) - sum_{S without i} s!(N-s-1)! d(S).
    """
    n_clients = len(gaps)
    common = lcm(*range(1, n_clients + 1))
    gained = [0] * (n_clients + 1)
    missed = [0] * (n_clients + 1)
    for size in range(1, n_clients + 1):
        gained[size] = factorial(size - 1) * factorial(n_clients - size) * (common // size)
        if size < n_clients:
            missed[size] = factorial(size) * factorial(n_clients - size - 1) * (common // size)
    # Each coalition of size s is counted once for each of its s members.
    everyone = [sum(row[size] for row in gaps) // max(size, 1) for size in range(n_clients + 1)]
    outside = sum(missed[size] * everyone[size] for size in range(n_clients + 1))
    denominator = factorial(n_clients) * common
    return [
        Fraction(
            sum((gain + miss) * gap for gain, miss, gap in zip(gained, missed, row)) - outside, denominator
        )
        for row in gaps
    ]
