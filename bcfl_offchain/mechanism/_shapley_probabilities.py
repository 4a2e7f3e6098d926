"""Shapley values of |mean - g| from the probabilities of coalition sums, in floats and without cancellation.

p(k, s) is the probability that a random coalition of k clients has the lattice sum s. Counts of coalitions
overflow a double at N of about 1,000 and lose all digits long before; probabilities do neither. A client y
joins m others by

    p(k, s) <- (1 - k/(m + 1)) p(k, s) + k/(m + 1) p(k - 1, s - y),

sums of positive numbers only. All n clients of one workload join at once: in the coordinate s - k y they
leave every column in place, so that they are one product with a banded matrix, by blocks. Client i is taken
out by

    p_-(k, s) = (N p(k, s) - k p_-(k - 1, s - y)) / (N - k),

which damps errors by k/(N - k) < 1 as long as k < N/2; coalitions of more than half of the others are the
complements of smaller ones. The rounding of each entry is relative to entries of p, which gives the bound.

References
----------
Mann and Shapley, Values of large games VI, 1962 (counting by size and sum). Uno, Efficient computation of
power indices for weighted majority games, 2012 (taking one player out).
"""

from __future__ import annotations

import numpy as np

_BLOCK = 96  # rows of the banded product at a time
_UNIT_ROUNDING = 2.0**-53


def work(lattice_span: int, n_clients: int, n_distinct: int) -> int:
    """Estimate the multiplications that `probability_losses` takes."""
    sizes = (n_clients - 1) // 2 + 1
    return sizes * (sizes * lattice_span + 1) * (n_clients + n_distinct * (_BLOCK + 12))


def memory(lattice_span: int, n_clients: int) -> int:
    """Estimate the bytes that `probability_losses` holds."""
    sizes = (n_clients - 1) // 2 + 1
    return 4 * 8 * sizes * (sizes * lattice_span + 1)


def probability_losses(
    steps: np.ndarray, counts: np.ndarray, unit: float, low: float, everyone: float
) -> tuple[np.ndarray, float]:
    """Compute the Shapley values psi of |mean - g| at each distinct workload.

    Parameters
    ----------
    steps, counts : ndarray of int, shape (D,)
        Distinct lattice points y, the least of them 0, and how many clients have each.
    unit, low : float
        b = low + unit y, in units of W, so that |b| <= 1.
    everyone : float
        The sum of all b.

    Returns
    -------
    losses : ndarray, shape (D,)
        psi in units of W.
    bound : float
        Proved bound of each value's error.
    """
    n_clients = int(counts.sum())
    table = _probabilities(steps, counts)
    points = low + unit * steps
    sums = _sums(table.shape, unit, low)
    gaps = np.abs(sums)
    averages = (table * gaps).sum(axis=1)
    losses = [
        _loss(table, sums, gaps, n_clients, int(step), int(steps.max()), float(point), everyone)
        for step, point in zip(steps, points)
    ]
    return np.array(losses) / n_clients, _bound(averages, n_clients, len(steps), everyone) / n_clients


def _probabilities(steps: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return p(k, s) for k <= (N - 1)/2, shape (sizes, highest sum + 1)."""
    n_clients, top = int(counts.sum()), int(steps.max())
    most = (n_clients - 1) // 2
    width = most * top + 1
    table = np.zeros((most + 1, width))
    table[0, 0] = 1.0
    present = 0
    for step, count in zip(map(int, steps), map(int, counts)):
        slanted = np.zeros_like(table)
        for size in range(min(present, most) + 1):
            shift = (most - size) * step
            slanted[size, shift : shift + size * top + 1] = table[size, : size * top + 1]
        mixed = _join(slanted, present, count, step, top)
        present += count
        for size in range(min(present, most) + 1):
            shift = (most - size) * step
            table[size, : size * top + 1] = mixed[size, shift : shift + size * top + 1]
    return table


def _join(slanted: np.ndarray, present: int, count: int, step: int, top: int) -> np.ndarray:
    """Let ``count`` equal clients join: row k becomes the mean of rows k - j, j drawn from the new ones."""
    sizes = len(slanted)
    band = np.zeros((sizes, count + 1))
    band[:, 0] = 1.0
    size = np.arange(sizes)
    for joined in range(1, count + 1):
        share = np.minimum(size / (present + joined), 1.0)[:, None]
        moved = np.zeros_like(band)
        moved[1:, 1:] = band[:-1, :-1]
        band = (1 - share) * band + share * moved
    mixed = np.zeros_like(slanted)
    for start in range(0, sizes, _BLOCK):
        stop, first = min(start + _BLOCK, sizes), max(0, start - count)
        block = np.zeros((stop - start, stop - first))
        for row in range(start, stop):
            reach = min(row, count)
            block[row - start, row - reach - first : row - first + 1] = band[row, reach::-1]
        left = (sizes - stop) * step
        held = slice(left, left + (stop - 1) * top + 1)  # no row of the block has sums elsewhere
        mixed[start:stop, held] = block @ slanted[first:stop, held]
    return mixed


def _sums(shape: tuple[int, int], unit: float, low: float) -> np.ndarray:
    """Return b(S) for every size and lattice sum."""
    return low * np.arange(shape[0])[:, None] + unit * np.arange(shape[1])


def _loss(
    table: np.ndarray,
    sums: np.ndarray,
    gaps: np.ndarray,
    n_clients: int,
    step: int,
    top: int,
    point: float,
    everyone: float,
) -> float:
    """Return N psi of one client: sizes k and, by complement, n - k of the n others."""
    others, loss = n_clients - 1, 0.0
    without = table[0, :1]
    for size in range(len(table)):
        reach = size * top + 1
        if size:
            previous = without
            without = n_clients * table[size, :reach]
            without[step : step + len(previous)] -= size * previous
            without /= n_clients - size
        row = sums[size, :reach]
        weights = np.abs(row + point) / (size + 1)
        if size:
            weights -= gaps[size, :reach] / size
        rest = others - size
        if rest > size:
            weights += np.abs(everyone - row) / (rest + 1)
            weights -= np.abs(everyone - point - row) / rest
        loss += float((without * weights).sum())
    return loss


def _bound(averages: np.ndarray, n_clients: int, n_distinct: int, everyone: float) -> float:
    """Bound the rounding of N psi.

    An entry of p is right within the relative error e. Then the entries of p_- are wrong by sums of entries
    of p, and sum_s |c + b(s)| |error| <= spread_k + mass_k |c| with the recursions below; the recursion
    itself rounds three times.
    """
    relative = (4 * n_clients + n_distinct + 10) * _UNIT_ROUNDING
    total = mass = spread = 0.0
    for size, average in enumerate(averages):
        damping = size / (n_clients - size)
        fresh = (relative + 3 * _UNIT_ROUNDING) * n_clients / (n_clients - size)
        spread = fresh * average + damping * (1 + 6 * _UNIT_ROUNDING) * (spread + mass)
        mass = fresh + damping * (1 + 6 * _UNIT_ROUNDING) * mass
        # The sum over s rounds 60 times at most (numpy adds in pairs), each b(s) by 8 units of its size.
        evaluation = _UNIT_ROUNDING * (60 * (average + 2) + 8 * (size + 1))
        near = spread + mass + evaluation
        far = spread + mass * (abs(everyone) + 1) + evaluation + 70 * _UNIT_ROUNDING * abs(everyone)
        rest = n_clients - 1 - size
        total += near / (size + 1) + near / max(size, 1)
        if rest > size:
            total += far / (rest + 1) + far / rest
    return total
