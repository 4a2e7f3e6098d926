"""What the spectral engine adds up: inclusion probabilities and their weights, a total and its errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .errors import ToleranceTooFine

WORK_LIMIT = 4 * 10**9
"""Factors of characteristic functions that the engine may compute: a few minutes of one core."""


@dataclass(frozen=True)
class Node:
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

    @property
    def weights(self) -> np.ndarray:
        """What multiplies, in this order: e^{itb_i} and -e^{it(b_i-B)}, then e^{-itB} and -1."""
        return np.array([self.joined[0], self.others[1], self.joined[1], self.others[0]])

    def multipliers(self, back: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what multiplies e^{i t b_i} and what stands alone, given e^{-i t B} at each frequency."""
        return self.joined[0] - self.others[1] * back, self.joined[1] * back - self.others[0]


@dataclass
class Total:
    """N psi_i so far at each point, and what its error can be, by cause."""

    values: np.ndarray
    tolerance: float
    n_clients: int
    parts: dict[str, float] = field(default_factory=dict)
    work: float = 0.0

    def lose(self, part: str, amount: float) -> None:
        self.parts[part] = self.parts.get(part, 0.0) + float(amount)

    def spend(self, work: float) -> None:
        """Count work; raise `ToleranceTooFine` when it is too much."""
        self.work += work
        if self.work > WORK_LIMIT:
            raise ToleranceTooFine(self.tolerance, self.n_clients, int(self.work))


def half_width(nodes: list[Node]) -> float:
    """Return R of a window for all of these nodes."""
    return max(node.half_width for node in nodes)
