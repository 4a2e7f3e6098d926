"""What the paper says about a figure, and whether it holds: verdicts computed from the figure's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

SMALL = 0.1
"""What the paper calls "not a lot" or "not significantly" is taken as less than this share."""
ROUNDING = 1e-9
"""Share of the largest value, or of 1 if that is more, below which a step counts as none."""


@dataclass(frozen=True)
class Reading:
    """One way to read what the paper leaves open, and how the claim fares under it.

    Attributes
    ----------
    name : str
    number : str
        What was found, in words and numbers.
    holds : bool
    """

    name: str
    number: str
    holds: bool


@dataclass(frozen=True)
class Claim:
    """A statement of the paper about a figure.

    Attributes
    ----------
    key : str
        Number of the figure and of the claim.
    says : str
        The statement.
    test : str
        What is tested, so that anybody can disagree with it.
    paper : tuple of Reading
        Under the paper's two policies and Theorem 3.1.
    exact : tuple of Reading
        Under all four policies with the exact best response.
    note : str
        What else was found.
    """

    key: str
    says: str
    test: str
    paper: tuple[Reading, ...]
    exact: tuple[Reading, ...]
    note: str = ""


def verdict(readings: Sequence[Reading]) -> str:
    """Sum readings up.

    Examples
    --------
    >>> verdict([Reading("a", "1", True), Reading("b", "2", False)])
    'depends on the reading (1 of 2)'
    """
    held = sum(reading.holds for reading in readings)
    if held == len(readings):
        return "holds"
    return "does not hold" if not held else f"depends on the reading ({held} of {len(readings)})"


def decided_by(readings: Sequence[Reading]) -> str:
    """Say what the verdict turns on: parts of the readings' names, alone or in pairs, that settle it.

    Parts that settle most of what is still open come first.

    Examples
    --------
    >>> decided_by([Reading("a, x", "", True), Reading("a, y", "", False), Reading("b, y", "", False)])
    'holds with x; fails with y'
    """
    parts = [frozenset(reading.name.split(", ")) for reading in readings]
    open_still, rules = set(range(len(readings))), {True: [], False: []}
    for size in (1, 2):
        names = sorted({some for own in parts for some in combinations(sorted(own), size)})
        choices = {some: _settled(set(some), parts, readings) for some in names}
        while open_still:
            best = max(choices, key=lambda some: len(choices[some] & open_still), default=())
            settled = choices.get(best, set())
            if not settled & open_still:
                break
            rules[readings[min(settled)].holds].append(" and ".join(best))
            open_still -= settled
    told = [
        f"{verb} with {', with '.join(rules[holds])}"
        for holds, verb in ((True, "holds"), (False, "fails"))
        if rules[holds]
    ]
    return "; ".join([*told, *(["the rest is mixed"] if open_still else [])])


def _settled(some: set[str], parts: Sequence[frozenset[str]], readings: Sequence[Reading]) -> set[int]:
    """Return the readings that have all these parts, if they agree."""
    having = {place for place, own in enumerate(parts) if some <= own}
    return having if len({readings[place].holds for place in having}) == 1 else set()


def show(number: float) -> str:
    """Write a number with four significant digits.

    Examples
    --------
    >>> show(39.52847), show(-1e-13), show(1500.0), show(0.00042146)
    ('39.53', '0', '1500', '0.0004215')
    """
    return "0" if abs(number) < ROUNDING else f"{number:.4g}" if abs(number) < 1e4 else f"{number:.0f}"


@dataclass(frozen=True)
class Trend:
    """How a quantity moves along a sweep: ``rises``, ``falls``, ``stays`` or ``turns``."""

    kind: str
    first: float
    last: float
    least: float
    most: float

    def __str__(self) -> str:
        if self.kind == "stays":
            return f"stays at {show(self.first)}"
        if self.kind == "turns":
            ends = f"{show(self.first)} at first, {show(self.last)} at last"
            return f"turns: {ends}, between {show(self.least)} and {show(self.most)}"
        by = f" (by {abs(self.last - self.first):.2g})" if show(self.first) == show(self.last) else ""
        return f"{self.kind} from {show(self.first)} to {show(self.last)}{by}"

    @property
    def change(self) -> float:
        """Largest difference as a share of the largest value."""
        return (self.most - self.least) / max(abs(self.most), abs(self.least), np.finfo(float).tiny)


def trend(values: ArrayLike) -> Trend:
    """Say how values move; NaN, where nobody takes part, is left out.

    Raises
    ------
    ValueError
        If fewer than two values are left.

    Examples
    --------
    >>> str(trend([1.0, 2.0, 4.0])), str(trend([3.0, 3.0])), trend([1.0, 3.0, 2.0]).kind
    ('rises from 1 to 4', 'stays at 3', 'turns')
    """
    numbers = np.asarray(values, float)
    numbers = numbers[~np.isnan(numbers)]
    if numbers.size < 2:
        raise ValueError(f"a trend needs at least two values, not {numbers.size}")
    steps, slack = np.diff(numbers), ROUNDING * max(np.max(np.abs(numbers)), 1.0)
    up, down = bool(np.any(steps > slack)), bool(np.any(steps < -slack))
    kind = {(True, False): "rises", (False, True): "falls", (False, False): "stays"}.get((up, down), "turns")
    return Trend(kind, float(numbers[0]), float(numbers[-1]), float(np.min(numbers)), float(np.max(numbers)))


def moves(name: str, values: ArrayLike, *wanted: str) -> Reading:
    """Read a sweep that should move in one of the wanted ways."""
    found = trend(values)
    return Reading(name, str(found), found.kind in wanted)


def matters(name: str, values: ArrayLike, wanted: bool) -> Reading:
    """Read a sweep that should change by more, or by no more, than `SMALL` of its largest value."""
    found = trend(values)
    return Reading(
        name, f"{found}; a change of {show(100 * found.change)} %", (found.change > SMALL) == wanted
    )


def gains_nothing(name: str, values: ArrayLike) -> Reading:
    """Read a sweep along which nothing should be gained: no rise above an earlier value by more than `SMALL`
    of the largest."""
    found = trend(values)
    numbers = np.asarray(values, float)
    numbers = numbers[~np.isnan(numbers)]
    gain = float(np.max(numbers - np.minimum.accumulate(numbers)))
    scale = max(abs(found.most), abs(found.least))
    return Reading(name, f"{found}; largest gain {show(gain)}", gain <= max(SMALL * scale, ROUNDING))
