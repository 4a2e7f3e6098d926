"""Shares of the training budget for a price list: exact, or proved closely enough to be cut into steps.

A cap is an integer that owner, clients and auditors have to find alike on different machines. Exact values
give that. A list too large for them is valued in floats; its caps are whole steps of the training budget's
2^20th part, and a share is taken only if it is proved within a hundredth of a step. Two machines then find
caps that are at most one step apart (docs/protocol.md, Caps in steps). Which of the two holds follows from
the reported workloads and the target alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ._shapley_floats import FINEST_TOLERANCE, FloatShapleyResult, shapley_floats
from .errors import ShapleyTooLarge, SharesUncertain, ToleranceTooFine
from .shapley import ShapleyResult, coalition_value, largest_gap, shapley_values, shares
from .units import Number

STEPS = 2**20
"""Steps in the training budget. Cutting caps down to them costs N clients less than N/STEPS of it."""

MARGIN = 100
"""How many times smaller than a step the proved error of a share has to be."""

FIRST_TOLERANCE = 1e-9
"""Tolerance of the values, in units of W, that is tried before a finer one."""


@dataclass(frozen=True)
class TrainingShares:
    """Shares of a list and the values that they follow from.

    Attributes
    ----------
    result : ShapleyResult or FloatShapleyResult
    shares : tuple of Fraction, length N
        They add up to 1 exactly, in floats too.
    error : Fraction
        Proved bound of each share's error; 0 if they are exact.
    """

    result: ShapleyResult | FloatShapleyResult
    shares: tuple[Fraction, ...]
    error: Fraction

    @property
    def values(self) -> tuple[Fraction, ...]:
        """The Shapley values, length N."""
        return _fractions(self.result)


def training_shares(training_cycles: Sequence[Number], target: Number) -> TrainingShares:
    """Compute the shares of a price list.

    Parameters
    ----------
    training_cycles : sequence of Number, length N >= 1
        Reported workloads mu_i, in any unit.
    target : Number
        g in the same unit.

    Returns
    -------
    TrainingShares
        Exact unless `shapley_values` refuses the game as too large; else with ``error`` at most
        1/(MARGIN STEPS).

    Raises
    ------
    InvalidInput
        As `shapley_values`.
    SharesUncertain
        If the game is too large to be exact and no engine proves the shares closely enough.

    Examples
    --------
    >>> found = training_shares([1, 8, 12, 20], 10)
    >>> str(found.shares[0]), found.error
    ('269/1404', Fraction(0, 1))
    """
    try:
        result = shapley_values(training_cycles, target)
    except ShapleyTooLarge:
        return _certain(training_cycles, target)
    return TrainingShares(result, shares(result.values), Fraction(0))


def share_error(result: FloatShapleyResult, least_total: Fraction) -> Fraction:
    """Bound the error of every share that follows from values in floats.

    With each SV+ within e and their sum S within N e, a computed share a is off by at most (e + a N e)/S.

    Parameters
    ----------
    result : FloatShapleyResult
    least_total : Fraction
        A positive lower bound of the sum of the positive values; v(N) is one.

    Returns
    -------
    Fraction
    """
    error = Fraction(result.error_bound)
    positive = [max(value, Fraction(0)) for value in _fractions(result)]
    off = len(positive) * error
    found = sum(positive)
    largest = max(positive) / found if found else Fraction(1)
    return (error + largest * off) / max(found - off, least_total)


def _certain(training_cycles: Sequence[Number], target: Number) -> TrainingShares:
    """Shares in floats, from values as fine as it takes; at most two attempts."""
    # Too large for the exact engines, so two-sided: v(N) is at least W/N, and positive.
    everybody = coalition_value(training_cycles, range(len(training_cycles)), target)
    largest = largest_gap(training_cycles, target)
    limit, tolerance = Fraction(1, MARGIN * STEPS), FIRST_TOLERANCE
    for _ in range(2):
        try:
            result = shapley_floats(training_cycles, target, tolerance)
        except ToleranceTooFine as refusal:
            reason = f"no engine proves values within {tolerance:.2g} of the largest gap"
            raise SharesUncertain(len(training_cycles), float(limit), reason) from refusal
        error = share_error(result, everybody)
        if error <= limit:
            return TrainingShares(result, shares(_fractions(result)), error)
        # The error of a share is all but proportional to that of the values; half of it to be sure.
        tolerance = float(Fraction(result.error_bound) / largest * limit / error / 2)
        if tolerance < FINEST_TOLERANCE:
            break
    reason = f"they are proved within {float(error):.2g} only"
    raise SharesUncertain(len(training_cycles), float(limit), reason)


def _fractions(result: ShapleyResult | FloatShapleyResult) -> tuple[Fraction, ...]:
    return tuple(Fraction(value) for value in result.values)
