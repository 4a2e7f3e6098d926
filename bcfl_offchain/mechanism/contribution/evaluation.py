"""Calling the game: coalitions in batches, on any executor, every answer checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor

import numpy as np

from ..errors import MechanismError

Value = Callable[[np.ndarray], np.ndarray]
"""A game: takes coalitions, bool of shape (m, N), and returns their values, shape (m,)."""


class BadValue(MechanismError):
    """An answer of the game that no contribution can be computed from.

    Attributes
    ----------
    answer : object
        What the game answered: one value, or the shape of its answer.
    coalition : tuple of int or None
        The clients of the coalition it answered so for.
    """

    def __init__(self, answer: object, requirement: str, coalition: tuple[int, ...] | None = None) -> None:
        self.answer, self.coalition = answer, coalition
        place = "" if coalition is None else f" for the coalition {coalition}"
        super().__init__(f"the game answered {answer}{place}; {requirement}")


def evaluate(
    value: Value,
    coalitions: np.ndarray,
    batch_size: int,
    executor: Executor | None,
    bounds: tuple[float, float] | None,
) -> Iterator[np.ndarray]:
    """Yield the coalitions' values batch by batch, in order, whichever worker is first.

    Closing the generator takes back the batches that no worker has begun.

    Raises
    ------
    BadValue
        If an answer has the wrong shape, is not finite, or is outside the bounds.
    """
    batches = [coalitions[start : start + batch_size] for start in range(0, len(coalitions), batch_size)]
    if executor is None:
        for batch in batches:
            yield _checked(value(batch), batch, bounds)
        return
    futures = [executor.submit(value, batch) for batch in batches]
    try:
        for batch, future in zip(batches, futures):
            yield _checked(future.result(), batch, bounds)
    finally:
        for future in futures:
            future.cancel()


def _checked(answer: object, batch: np.ndarray, bounds: tuple[float, float] | None) -> np.ndarray:
    """The answer as floats, or a refusal that names the first coalition at fault."""
    values = np.asarray(answer, float)
    if values.shape != (len(batch),):
        raise BadValue(f"shape {values.shape}", f"give one number for each of the {len(batch)} coalitions")
    low, high = bounds or (-np.inf, np.inf)
    wrong = np.flatnonzero(~(np.isfinite(values) & (low <= values) & (values <= high)))
    if len(wrong):
        members = tuple(np.flatnonzero(batch[wrong[0]]).tolist())
        requirement = "a finite number is needed" if bounds is None else f"the bounds are {low} to {high}"
        raise BadValue(values[wrong[0]], requirement, members)
    return values
