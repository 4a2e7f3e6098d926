"""Problem 1 of a client in times: what it may choose, what that pays, and where pay bends.

Everything lives on the line t + s = T, told apart by the ratio r = t/s in place of t: a ratio keeps all
digits where one subtask takes nearly the whole deadline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .constraints import TOLERANCE

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ClientProblem:
    """Prices, workloads, limits and caps of N clients, as arrays of one shape."""

    training_price: FloatArray
    mining_price: FloatArray
    training_cycles: FloatArray
    energy_coefficient: FloatArray
    mining_cycles: FloatArray
    deadline: FloatArray
    max_frequency: FloatArray
    training_cap: FloatArray
    mining_cap: FloatArray
    cap_on_sum: bool

    @classmethod
    def of(cls, *numbers: ArrayLike, cap_on_sum: bool) -> ClientProblem:
        """Broadcast the numbers, in the order of the fields, to one shape."""
        arrays = np.broadcast_arrays(*(np.asarray(number, float) for number in numbers))
        return cls(*arrays, cap_on_sum=cap_on_sum)

    def least_times(self) -> tuple[FloatArray, FloatArray]:
        """Shortest training and mining times that cover their energy, (5) and (6)."""
        return (
            self.training_cycles * np.cbrt(self.energy_coefficient / self.training_price),
            self.mining_cycles * np.cbrt(self.energy_coefficient / self.mining_price),
        )

    def fastest_times(self) -> tuple[FloatArray, FloatArray]:
        """Shortest times at q_i."""
        return self.training_cycles / self.max_frequency, self.mining_cycles / self.max_frequency

    def ratios(self) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Return the least and the largest ratio t/s within the constraints, and whether there is any."""
        covers, runs = self.least_times(), self.fastest_times()
        training, mining = (np.maximum(cover, run) for cover, run in zip(covers, runs))
        feasible = training + mining <= self.deadline * (1 + TOLERANCE)
        lowest, highest = training / (self.deadline - training), (self.deadline - mining) / mining
        # A policy may leave exactly one response; rounding must not make that none.
        only_one = ~(lowest < highest)
        both = training / mining
        return np.where(only_one, both, lowest), np.where(only_one, both, highest), feasible

    def times(self, ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Split the deadline by a ratio t/s."""
        return self.deadline * (ratio / (1 + ratio)), self.deadline / (1 + ratio)

    def pay(self, training_time: FloatArray, mining_time: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pay for both times after the caps."""
        training, mining = self.training_price * training_time, self.mining_price * mining_time
        if self.cap_on_sum:
            caps = self.training_cap + self.mining_cap
            return np.minimum(training, caps), np.minimum(mining, caps - np.minimum(training, caps))
        return np.minimum(training, self.training_cap), np.minimum(mining, self.mining_cap)

    def energy(self, training_time: FloatArray, mining_time: FloatArray) -> FloatArray:
        """Cost of both subtasks' energy, A/t^2 + B/s^2."""
        training = self.training_cycles * (self.training_cycles / training_time) ** 2
        mining = self.mining_cycles * (self.mining_cycles / mining_time) ** 2
        return self.energy_coefficient * (training + mining)

    def slopes_and_bends(self) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return the marginal pays of time moved from mining to training, and the ratios where they fall."""
        difference = self.training_price - self.mining_price
        if self.cap_on_sum:
            at = (self.training_cap + self.mining_cap - self.mining_price * self.deadline) / difference
            bend = np.where(difference == 0, 0.0, _ratio(np.clip(at, 0, self.deadline), self.deadline))
            return [np.maximum(difference, 0), np.minimum(difference, 0)], [bend]
        training_bend = _ratio(
            np.minimum(self.training_cap / self.training_price, self.deadline), self.deadline
        )
        mining_bend = 1 / _ratio(
            np.minimum(self.mining_cap / self.mining_price, self.deadline), self.deadline
        )
        between = np.where(training_bend < mining_bend, 0.0, difference)
        return (
            [self.training_price, between, -self.mining_price],
            [np.minimum(training_bend, mining_bend), np.maximum(training_bend, mining_bend)],
        )


def _ratio(time: FloatArray, deadline: FloatArray) -> FloatArray:
    return time / (deadline - time)
