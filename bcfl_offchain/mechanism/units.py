"""The one place where the paper's units and the chain's integers meet.

The paper counts GHz, GHz·min, minutes and money; the chain counts GHz with 18 decimals, whole CPU cycles,
whole seconds and the token's smallest unit (wei). Paper numbers are exact fractions here: a decimal is what
it says, never its nearest double. Conversions to the chain that could lose something either refuse (cycles,
seconds: the task's terms are whole numbers) or round in a stated direction (money and frequencies down,
energy coefficients to the nearest).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Rational, Real
from typing import Union

from .errors import InvalidInput

Number = Union[Rational, Decimal, float, str]
"""What counts as an exact number: integers, fractions, decimals, decimal strings, and floats by their
shortest decimal."""

WAD = 10**18
"""One, in 18-decimal fixed point."""

SECONDS_PER_MINUTE = 60
CYCLES_PER_GIGACYCLE = 10**9
_MOST_DIGITS = 400  # every double lies inside
CYCLES_PER_GHZ_MINUTE = SECONDS_PER_MINUTE * CYCLES_PER_GIGACYCLE


def exact(value: Number, field: str = "value") -> Fraction:
    """Return a number as the fraction that its decimal digits say.

    Parameters
    ----------
    value : int, Fraction, Decimal, float or str
        A float stands for its shortest decimal, so that 0.1 is 1/10.
    field : str
        Name used in the error.

    Returns
    -------
    Fraction

    Raises
    ------
    InvalidInput
        If the value is not a finite number, or one so large or small that its fraction would fill the memory.

    Examples
    --------
    >>> exact(0.1), exact("2.50"), exact(3)
    (Fraction(1, 10), Fraction(5, 2), Fraction(3, 1))
    """
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    text = repr(float(value)) if isinstance(value, Real) else str(value)
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        raise InvalidInput(field, value, "a decimal number") from None
    if not decimal.is_finite():
        raise InvalidInput(field, value, "a finite number")
    if abs(decimal.adjusted()) > _MOST_DIGITS:
        raise InvalidInput(field, value, f"a number between 1e-{_MOST_DIGITS} and 1e{_MOST_DIGITS}, or 0")
    return Fraction(decimal)


def _whole(value: Fraction, field: str, unit: str) -> int:
    if value.denominator != 1:
        raise InvalidInput(field, value, f"a whole number of {unit}")
    return value.numerator


def cycles_to_chain(ghz_minutes: Number) -> int:
    """Convert GHz·min to whole CPU cycles.

    Raises
    ------
    InvalidInput
        If it is no whole number of cycles.

    Examples
    --------
    >>> cycles_to_chain(10)
    600000000000
    """
    return _whole(exact(ghz_minutes) * CYCLES_PER_GHZ_MINUTE, "cycles", "CPU cycles")


def cycles_to_paper(cycles: int) -> Fraction:
    """Convert CPU cycles to GHz·min."""
    return Fraction(cycles, CYCLES_PER_GHZ_MINUTE)


def time_to_chain(minutes: Number) -> int:
    """Convert minutes to whole seconds.

    Raises
    ------
    InvalidInput
        If it is no whole number of seconds.

    Examples
    --------
    >>> time_to_chain(0.25)
    15
    """
    return _whole(exact(minutes) * SECONDS_PER_MINUTE, "time", "seconds")


def time_to_paper(seconds: Number) -> Fraction:
    """Convert seconds, which may be a fraction, to minutes."""
    return exact(seconds) / SECONDS_PER_MINUTE


def frequency_to_chain(ghz: Number) -> int:
    """Convert GHz to GHz with 18 decimals, rounded down: nobody is held to more than it said.

    Examples
    --------
    >>> frequency_to_chain("2.5")
    2500000000000000000
    """
    return exact(ghz) * WAD // 1


def frequency_to_paper(frequency: int) -> Fraction:
    """Convert GHz with 18 decimals to GHz."""
    return Fraction(frequency, WAD)


def money_to_chain(money: Number, money_unit: int) -> int:
    """Convert money to wei, rounded down.

    Parameters
    ----------
    money : Number
        Money of the paper.
    money_unit : int
        Wei that one unit of the paper's money is worth.

    Examples
    --------
    >>> money_to_chain(1500, 10**15)
    1500000000000000000
    """
    return exact(money) * money_unit // 1


def money_to_paper(wei: Number, money_unit: int) -> Fraction:
    """Convert wei to money."""
    return exact(wei) / money_unit


def energy_coefficient_to_chain(energy_coefficient: Number, money_unit: int) -> int:
    """Convert money/(GHz³·min) to wei/(GHz³·s) with 18 decimals, rounded to the nearest.

    Examples
    --------
    >>> energy_coefficient_to_chain("0.01", 10**15)
    166666666666666666666666666667
    """
    return round(exact(energy_coefficient) * money_unit * WAD / SECONDS_PER_MINUTE)


def energy_coefficient_to_paper(energy_coefficient: int, money_unit: int) -> Fraction:
    """Convert wei/(GHz³·s) with 18 decimals to money/(GHz³·min)."""
    return Fraction(energy_coefficient * SECONDS_PER_MINUTE, WAD * money_unit)


def price_to_paper(price: int, money_unit: int) -> Fraction:
    """Convert a price in wei/s with 18 decimals to money/min."""
    return Fraction(price * SECONDS_PER_MINUTE, WAD * money_unit)
