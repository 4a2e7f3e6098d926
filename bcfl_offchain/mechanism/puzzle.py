"""The luck of mining: how often an honest client misses the deadline, and the grace that makes it rare.

psi cycles of mining are H = ceil(psi/cycles_per_hash) expected hashes, spread over 16 small puzzles that a
try solves with probability 16/H. The tries that all of them take follow the negative binomial law, so the
deadline is missed if the tries that fit before it hold fewer than 16 successes. One single puzzle would be
missed with probability 1/e.

References
----------
Feller, An Introduction to Probability Theory and Its Applications I, VI.8 (negative binomial law).
"""

from __future__ import annotations

from fractions import Fraction
from math import exp, log1p

from .errors import InvalidInput
from .units import Number, exact

SMALL_PUZZLES = 16
"""Puzzles that one work has to solve."""


def expected_hashes(mining_cycles: int, cycles_per_hash: int) -> int:
    """Return H = ceil(psi/cycles_per_hash), the hashes that the puzzles of one work take on average.

    Raises
    ------
    InvalidInput
        If that is less than one hash for each small puzzle.

    Examples
    --------
    >>> expected_hashes(300 * 10**9, 75 * 10**6)
    4000
    """
    if mining_cycles < 1 or cycles_per_hash < 1:
        raise InvalidInput("cycles", min(mining_cycles, cycles_per_hash), "at least 1")
    hashes = -(-mining_cycles // cycles_per_hash)
    if hashes < SMALL_PUZZLES:
        raise InvalidInput("cycles_per_hash", cycles_per_hash, f"at most mining_cycles/{SMALL_PUZZLES}")
    return hashes


def miss_probability(mining_cycles: int, cycles_per_hash: int, mining_time: Number, grace: Number) -> float:
    """Probability that a client which mines at its q_m is later than T plus grace.

    Parameters
    ----------
    mining_cycles, cycles_per_hash : int
        psi and the cycles that one try takes.
    mining_time : Number
        T_m = psi/q_m in seconds, positive: the time that the client's frequency leaves until T.
    grace : Number
        Seconds after T, non-negative.

    Returns
    -------
    float
        P(fewer than 16 successes in the tries that fit into T_m + grace).

    Raises
    ------
    InvalidInput

    Examples
    --------
    >>> round(miss_probability(300 * 10**9, 75 * 10**6, 900, 0), 3)
    0.467
    >>> miss_probability(300 * 10**9, 75 * 10**6, 900, 900) < 1e-3
    True
    """
    hashes = expected_hashes(mining_cycles, cycles_per_hash)
    time, extra = exact(mining_time, "mining_time"), exact(grace, "grace")
    if time <= 0:
        raise InvalidInput("mining_time", mining_time, "positive")
    if extra < 0:
        raise InvalidInput("grace", grace, "non-negative")
    tries = int(Fraction(mining_cycles, cycles_per_hash) * (time + extra) / time)
    return _fewer_successes(tries, hashes)


def least_grace(mining_cycles: int, cycles_per_hash: int, deadline: int, probability: float = 1e-3) -> int:
    """Return the least whole seconds of grace at which an honest client misses rarely enough.

    The worst case is T_m = T: the slower a client mines, the fewer more tries a second of grace gives it.

    Parameters
    ----------
    mining_cycles, cycles_per_hash : int
    deadline : int
        T in seconds.
    probability : float
        Largest probability of a miss, between 0 and 1.

    Raises
    ------
    InvalidInput

    Examples
    --------
    >>> least_grace(300 * 10**9, 75 * 10**6, 900)
    856
    """
    if not 0 < probability < 1:
        raise InvalidInput("probability", probability, "between 0 and 1")

    def rare(grace: int) -> bool:
        return miss_probability(mining_cycles, cycles_per_hash, deadline, grace) <= probability

    low, high = -1, 0  # rare(high) holds in the end and rare(low) never does
    while not rare(high):
        low, high = high, 2 * high + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rare(middle) else (middle, high)
    return high


def _fewer_successes(tries: int, hashes: int) -> float:
    if hashes == SMALL_PUZZLES:  # every try solves one
        return float(tries < SMALL_PUZZLES)
    success = SMALL_PUZZLES / hashes
    probability = total = exp(tries * log1p(-success))  # of no success; then of one, two, ... 15
    for won in range(1, SMALL_PUZZLES):
        probability *= (tries - won + 1) / won * success / (1 - success)
        total += probability
    return min(total, 1.0)
