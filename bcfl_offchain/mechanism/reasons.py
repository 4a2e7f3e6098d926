"""Why a client is not hired, in the order in which the float and the integer path look."""

from __future__ import annotations

from enum import Enum


class Reason(str, Enum):
    """Why a client is not hired. The value is a sentence for people; the name is for programs.

    The first belongs to all policies, the last four to those with one price for both subtasks, the rest to
    those with two prices.
    """

    ZERO_TRAINING_CAP = "its training cap is zero"
    TRAINING_PRICE_RANGE = "its training price is outside the chain's range"
    TRAINING_FREQUENCY = "it would have to train above its max_frequency"
    TRAINING_TIME = "training takes the whole deadline"
    MINING_FREQUENCY = "it would have to mine above its max_frequency"
    MINING_ENERGY = "mining in the time left costs more energy than its mining cap"
    MINING_PRICE_RANGE = "its mining price is outside the chain's range"
    FREQUENCY = "it would have to run above its max_frequency"
    ENERGY = "meeting the deadline costs more energy than both of its caps"
    LEAST_PAY = "the least pay that covers its energy and reservation utility is more than both of its caps"
    PRICE_RANGE = "its price is outside the chain's range"

    def __str__(self) -> str:
        return self.value
