"""How far a random sum of workloads strays: proved bounds for the spectral engine.

X = sum of b_j over clients included independently with probability p, |b_j| <= 1 (workloads less the target,
in units of W). Two bounds of the logarithm of E exp(s X) are at hand, and the smaller counts:

- Poisson: sum_j log(1 + p (e^{s b_j} - 1)) <= p sum_j (e^{s b_j} - 1);
- Hoeffding: <= s p sum_j b_j + (s^2/8) sum_j b_j^2.

With E (Y - R)^+ <= E e^{s Y} e^{-s R - 1} / s they say how wide a window must be for what lies outside to be
negligible, and when Y has one sign for practical purposes.

References
----------
Hoeffding, Probability inequalities for sums of bounded random variables, 1963.
"""

from __future__ import annotations

import numpy as np

_RATES = np.geomspace(1e-4, 60.0, 120)  # values of s that are tried


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
