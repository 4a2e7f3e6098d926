"""What it costs to smooth the kink of |Y|, and how much smoothing a tolerance allows.

The Fourier series of |.| on a window of length L, cut by a flat top at t = 1/e, is |.| smoothed by a kernel
of width e. At each kink, and the periodic |.| has one every L/2, that changes it by e g(y/e) with

    |g| <= 0.89,    |g(y)| <= 12.8/y^2.

Two bounds of what this means for E|Y|:

- **By the spectrum.** With F(y) = (sin(y/2)/(y/2))^2, the band-limited

      M(y) = 3.2 [ F(y) + F(y - pi)/2 + F(y + pi)/2 ] >= |g(y)|

  has the transform 6.4 pi (1 - |s|)(1 + cos(pi s)) on |s| <= 1, and Poisson's formula sums it over all kinks
  from the even frequencies of the window, exactly: cost = e (2e/L) sum_{l even} M^(e t_l) |phi(t_l)|, with
  |phi(t)| <= exp(-p (1 - p)(C(t) - 2)), C(t) = sum_j (1 - cos t b_j).
- **By counting**, once the coalitions of up to one or two members are taken out and added exactly
  (`_shapley_subsets`): cut the line into intervals of h e, then
  cost = e (2 0.89 + 2 12.8 pi^2/(6 h^2)) Q(h e).

Why M >= |g|: where |y| >= pi/sqrt(3), F(y - pi)/2 + F(y + pi)/2 = 4 cos^2(y/2) (1 + x^2)/((1 - x^2)^2 y^2)
with x = pi/y has (1 + x^2)/(1 - x^2)^2 >= 1, so that M >= 12.8/y^2; below, F >= 0.75 and M >= 2.4.

References
----------
Esseen, On the concentration function of a sum of independent random variables, 1968 (the first bound's idea).
"""

from __future__ import annotations

from math import ceil

import numpy as np

from ._shapley_nodes import WORK_LIMIT, Node, Total, half_width
from ._shapley_spectrum import Population, window_length
from ._shapley_subsets import SmallCoalitions
from .errors import ToleranceTooFine

KINK = 0.89
"""Bound of |g|."""

_DECAY = 12.8  # bound of y^2 |g(y)|
_CELLS = (3, 12)  # the h that are tried
_WIDEST, _FINER = 1e-2, 1.4  # smoothing that is tried first, and how fast it becomes finer
_MOST_FREQUENCIES = 12_000_000  # of a window: what fits into the memory
_BLOCK = 8192  # frequencies bounded at a time


def spectral_cost(width: float, length: float, moduli: np.ndarray) -> float:
    """Bound |E[|Y| smoothed] - E|Y|| by the spectrum.

    Parameters
    ----------
    width : float
        e.
    length : float
        L.
    moduli : ndarray, shape (F,)
        Bounds of |phi(t_l)| at l = 2, 4, ... up to t_l = 1/e at least.
    """
    place = width * 4 * np.pi / length * np.arange(1, len(moduli) + 1)
    transform = 0.5 * _DECAY * np.pi * np.clip(1 - place, 0, None) * (1 + np.cos(np.pi * place))
    return 2 * width**2 / length * float(_DECAY * np.pi + 2 * (transform @ moduli)) * (1 + 1e-9)


def counted_cost(
    width: float, half_width: float, small: SmallCoalitions, probabilities: np.ndarray
) -> np.ndarray:
    """Bound the same by counting, for each inclusion probability, but for the coalitions that are taken out.

    The window's edges, the other kinks, are a tenth of half_width or more away from where Y is.
    """
    costs = []
    for cell in _CELLS:
        kinks = 2 * KINK + 2 * _DECAY * np.pi**2 / 6 / cell**2
        costs.append(kinks * small.concentration(cell * width, probabilities))
    return width * (np.min(costs, axis=0) + 2 * _DECAY * 105 * width**2 / half_width**2)


class SmoothedGroup:
    """Nodes with one window, and the width by which its kinks are smoothed: wide at first.

    Parameters
    ----------
    population : Population
    nodes : list of Node
    small : SmallCoalitions
    short : float
        Largest odds at which small coalitions can be taken out.
    total : Total
        Pays for the work.

    Attributes
    ----------
    width, cost : float
        The width e, and the bound of what it costs all nodes together.
    lowest : float
        The smallest p.
    taken_out : bool
        Whether that holds only if small coalitions are taken out.
    gain : float
        How much the next finer width saves, for each frequency that it takes.
    """

    def __init__(
        self, population: Population, nodes: list[Node], small: SmallCoalitions, short: float, total: Total
    ) -> None:
        self.nodes, self.half_width = nodes, half_width(nodes)
        self.short = all(node.odds <= short for node in nodes)
        self._population, self._small, self._total = population, small, total
        self.lowest = min(node.p for node in nodes)
        self._p, self._weights = np.array([node.p for node in nodes]), np.array([node.size for node in nodes])
        self._length = window_length(self.half_width)
        self._moduli = np.zeros(0)
        self._next = (_WIDEST, *self._bound(_WIDEST))
        self.refine()

    @property
    def gain(self) -> float:
        return (self.cost - self._next[1]) / (self._length / self.width)

    def refine(self) -> None:
        """Go on to the next finer width."""
        self.width, self.cost, self.taken_out = self._next
        finer = self.width / _FINER
        self._next = (finer, *self._bound(finer))

    def _bound(self, width: float) -> tuple[float, bool]:
        """Return the lesser bound, and whether it needs small coalitions taken out."""
        weight, by_counting = float(self._weights.sum()), np.inf
        if self.short:
            by_counting = float(self._weights @ counted_cost(width, self.half_width, self._small, self._p))
        # The frequencies known so far bound the other from below: mostly that is enough to see it lose.
        if by_counting <= weight * spectral_cost(width, self._length, self._moduli):
            return by_counting, True
        by_spectrum = weight * spectral_cost(width, self._length, self._moduli_for(width))
        return min(by_spectrum, by_counting), by_counting < by_spectrum

    def _moduli_for(self, width: float) -> np.ndarray:
        """Return the bounds of |phi| at the even frequencies up to 1/width."""
        population, step, known = self._population, 4 * np.pi / self._length, self._moduli
        needed = ceil(1 / (width * step)) + 1
        if needed > _MOST_FREQUENCIES:
            raise ToleranceTooFine(self._total.tolerance, self._total.n_clients, WORK_LIMIT)
        pieces = [known]
        for start in range(len(known), needed, _BLOCK):
            number = min(_BLOCK, needed - start)
            self._total.spend(number * population.factors)
            pieces.append(population.moduli(self.lowest, (start + 1) * step, step, number))
        self._moduli = np.concatenate(pieces)
        return self._moduli[:needed]
