"""How far a random sum of workloads strays: proved bounds for the spectral engine.

X = sum of b_j over clients included independently with probability p, |b_j| <= 1 (workloads less the target,
in units of W). Two bounds of the logarithm of E exp(s X) are at hand, and the smaller counts:

- Poisson: sum_j log(1 + p (e^{s b_j} - 1)) <= p sum_j (e^{s b_j} - 1);
- Hoeffding: <= s p sum_j b_j + (s^2/8) sum_j b_j^2.

With E (Y - R)^+ <= E e^{s Y} e^{-s R - 1} / s they say how wide a window must be for what lies outside to be
negligible, and when Y has one sign for practical purposes.

The second half bounds how much X can gather in a small interval, which is what smoothing a kink costs.
Remove one random member, or two, of a coalition: given the rest, they are any of those not in it. So an
interval of length h holds at most the probability n_max(h)/(N (1 - p)) of the coalitions of one client or
more, and 2 m_max(h)/(N (N + 1) (1 - p)^2) of those of two or more, where n_max is the most clients, and m_max
the most pairs, whose (sum of) b lies in one interval of that length.

References
----------
Hoeffding, Probability inequalities for sums of bounded random variables, 1963.
"""

from __future__ import annotations

import numpy as np

_RATES = np.geomspace(1e-4, 60.0, 120)  # values of s that are tried
_DECAY = 12.8  # bound of y^2 |g(y)| for that kernel
_CELLS = (3, 10, 40)  # interval lengths that are tried, in widths of the smoothing
_FINEST_CELL = 1e-6  # of the histograms of sums of two clients


class Window:
    """Tail bounds of Y = offset + slack + X, |slack| <= 1, with any one client left out of X or not.

    Parameters
    ----------
    points, counts : ndarray, shape (D,)
        Distinct b and how many clients have each.
    """

    def __init__(self, points: np.ndarray, counts: np.ndarray) -> None:
        self._sum = float(points @ counts)
        self._squares = float(points**2 @ counts)
        grid = np.outer(_RATES, points)
        self._poisson = {sign: np.expm1(sign * grid) @ counts for sign in (1, -1)}

    def _log_moment(self, sign: int, p: float, offset: float) -> np.ndarray:
        """Bound log E exp(sign s Y) for all s; leaving a client out costs p at most, or s p."""
        hoeffding = sign * _RATES * p * self._sum + _RATES**2 / 8 * self._squares
        log_moment = np.minimum(p * self._poisson[sign], hoeffding)
        return log_moment + p + _RATES * (1 + p) + sign * _RATES * offset

    def sign(self, p: float, offset: float, negligible: float) -> int:
        """Return the sign that Y has, but for an expectation below ``negligible``; 0 if it has none."""
        for sign in (1, -1):
            excess = self._log_moment(-sign, p, offset) - 1 - np.log(_RATES)
            if excess.min() <= np.log(negligible):
                return sign
        return 0

    def half_width(self, p: float, offset: float, negligible: float) -> float:
        """Return R such that E (|Y| - R)^+ <= 2 negligible."""
        level = np.log(negligible) + 1 + np.log(_RATES)
        return max(float(((self._log_moment(sign, p, offset) - level) / _RATES).min()) for sign in (1, -1))


class Crowding:
    """Bounds what smoothing the kink of |Y| costs, by how many clients are near to each other.

    Parameters
    ----------
    points, counts : ndarray, shape (D,)
        Distinct b, ascending, and how many clients have each. Clients with b = 0 add nothing to X and are
        left out.
    """

    KINK = 0.89  # bound of |g|, g = |.| * kernel - |.| for a kernel of width 1

    def __init__(self, points: np.ndarray, counts: np.ndarray) -> None:
        moving = points != 0
        self._points, self._counts = points[moving], counts[moving]
        self._before = np.concatenate([[0], np.cumsum(self._counts)])
        self._n_moving = int(self._counts.sum())

    def cost(self, width: float, probabilities: np.ndarray, weights: np.ndarray) -> float:
        """Bound sum_l weights_l |E[|Y_l| smoothed] - E|Y_l||, but for empty coalitions.

        Parameters
        ----------
        width : float
            Smoothing width.
        probabilities, weights : ndarray, shape (m,)
            Inclusion probabilities p_l, and what |Y_l| is multiplied with.
        """
        n, p = self._n_moving, probabilities
        one = weights @ (n * p * np.exp((n - 2) * np.log1p(-p)))
        more = weights @ (2 / (n * (n + 1) * (1 - p) ** 2))
        any_size = weights @ (1 / (n * (1 - p)))
        costs = []
        for cell in _CELLS:
            kinks = 2 * self.KINK + 2 * _DECAY * np.pi**2 / 6 / cell**2
            clients, pairs = self._most_within(cell * width), self._most_pairs_within(cell * width)
            costs.append(kinks * min(any_size * clients, one * clients / max(n - 1, 1) + more * pairs))
        return width * float(min(costs))

    def far_cost(self, width: float, half_width: np.ndarray) -> np.ndarray:
        """Bound what the other kinks of the periodic |.| add: at least half_width/10 from where Y is."""
        return 2 * _DECAY * 105 * width**2 / half_width**2

    def _most_within(self, length: float) -> int:
        """Return the most clients whose b lies in one interval of this length."""
        ends = np.searchsorted(self._points, self._points + length * (1 + 1e-12), side="right")
        return int((self._before[ends] - self._before[:-1]).max())

    def _most_pairs_within(self, length: float) -> float:
        """Bound the most pairs of clients whose b add up to a number in one interval of this length."""
        cell = max(length / 4, _FINEST_CELL)
        place = np.floor((self._points - self._points[0]) / cell).astype(np.int64)
        size = 1 << int(2 * place[-1] + 1).bit_length()
        spectrum = np.fft.rfft(np.bincount(place, self._counts, size))
        pairs = np.fft.irfft(spectrum**2, size)
        # A sum in cell m comes from places that add up to m or m - 1.
        reach = int(np.ceil(length / cell)) + 2
        runs = np.cumsum(np.concatenate([np.zeros(reach), pairs, np.zeros(reach)]))
        rounding = 1e-13 * float(self._n_moving) ** 2
        return float((runs[reach:] - runs[:-reach]).max()) / 2 + rounding
