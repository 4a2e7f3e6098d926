"""What has been evaluated so far: the cache of a run, and what it is resumed from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import InvalidInput, MechanismError


class RecordMismatch(MechanismError):
    """A record that does not belong to the run that should go on from it.

    Attributes
    ----------
    found, expected : object
        What the record has, and what the run needs.
    """

    def __init__(self, field: str, found: object, expected: object, way_out: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"the record has {field} {found}, the run {expected}; {way_out}")


class Record:
    """Evaluated coalitions in the order of the plan, with their values.

    A record grows as its run goes on, so that `save` can be called from `on_progress`. A coalition is drawn
    once at most: with another stopping rule, the same record answers without evaluating anything twice.

    Parameters
    ----------
    n_clients : int
        N >= 1.
    seed : int
        Seed of the plan, at least 0.

    Examples
    --------
    >>> record = Record(2, seed=0)
    >>> record.append(np.array([[True, False]]), np.array([0.5]))
    >>> len(record), record.coalitions().tolist(), record.values().tolist()
    (1, [[True, False]], [0.5])
    """

    def __init__(self, n_clients: int, seed: int = 0) -> None:
        if n_clients < 1:
            raise InvalidInput("n_clients", n_clients, "at least 1")
        if seed < 0:
            raise InvalidInput("seed", seed, "at least 0")
        self.n_clients, self.seed = n_clients, seed
        # Packed to bits: 400,000 coalitions of 1,000 clients take 50 MB.
        self._packed = [np.zeros((0, -(-n_clients // 8)), np.uint8)]
        self._values = [np.zeros(0)]
        self._length = 0

    def __len__(self) -> int:
        """Number of evaluations."""
        return self._length

    def append(self, coalitions: np.ndarray, values: np.ndarray) -> None:
        """Add evaluated coalitions, bool of shape (m, N), and their values, shape (m,)."""
        self._packed.append(np.packbits(coalitions, axis=1))
        self._values.append(values)
        self._length += len(values)

    def coalitions(self) -> np.ndarray:
        """All coalitions, bool of shape (m, N)."""
        self._packed = [np.concatenate(self._packed)]
        return np.unpackbits(self._packed[0], axis=1, count=self.n_clients).view(bool)

    def values(self) -> np.ndarray:
        """All values, shape (m,)."""
        self._values = [np.concatenate(self._values)]
        return self._values[0]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the record to a file; a run that dies meanwhile leaves the file that was there before."""
        whole = Path(path)
        part = whole.with_name(whole.name + ".part")
        values = self.values()
        self.coalitions()  # joins the packed parts
        with part.open("wb") as file:
            np.savez_compressed(
                file, n_clients=self.n_clients, seed=self.seed, packed=self._packed[0], values=values
            )
        os.replace(part, whole)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Record:
        """Read a record that `save` wrote; the file holds arrays only, never code.

        Raises
        ------
        RecordMismatch
            If the file's arrays do not fit each other.
        """
        with np.load(path, allow_pickle=False) as file:
            record = cls(int(file["n_clients"]), int(file["seed"]))
            packed, values = file["packed"], file["values"]
        width = record._packed[0].shape[1]
        if values.ndim != 1 or packed.shape != (len(values), width) or packed.dtype != np.uint8:
            expected = f"{(len(values), width)} of uint8"
            raise RecordMismatch("coalitions of shape", packed.shape, expected, "start anew")
        record._packed, record._values, record._length = [packed], [values], len(values)
        return record
