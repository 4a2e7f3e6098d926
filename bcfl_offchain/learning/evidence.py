"""Audit of a report: an audited client shows its data, and the auditor recomputes what it claimed.

The report mu = pi d D is false if the data have another number of rows than was claimed; the data are not
those it trained on if the training, replayed on them, does not give the published update; and copies of the
same rows would raise D without work. What this cannot see is data made up for the purpose: a client that
trained on invented rows passes. (Section 6 of the mechanism: an audit makes the truth pay, it does not read
minds.)

Evidence is a named safetensors file like an update, with the arrays ``features`` and ``labels``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from .data import N_FEATURES, Dataset, DatasetError
from .files import (
    FileName,
    FileRejected,
    Reason,
    Schema,
    decode_arrays,
    decode_header,
    encode,
    max_file_bytes,
)
from .model import Model
from .training import TrainingConfig, TrainingError, train, training_cycles, training_units

# Most rows that evidence may have: it bounds what an auditor reads and replays. Digits has 1,797 in all.
MAX_ROWS = 16_384
# Part of the rows that may repeat an earlier one; the public digits repeat none.
MAX_DUPLICATES = 0.01


class ProblemKind(Enum):
    """What an audit can find."""

    WRONG_WORKLOAD = "wrong workload"
    DUPLICATE_ROWS = "duplicate rows"
    NOT_REPLAYABLE = "not replayable"


@dataclass(frozen=True)
class Problem:
    """One thing that is false about a report, with the values that show it."""

    kind: ProblemKind
    detail: str


def pack_evidence(dataset: Dataset, name: FileName) -> bytes:
    """A client's data as the bytes of an evidence file.

    Parameters
    ----------
    dataset : Dataset
        The data that it trained on, at most `MAX_ROWS` rows.
    name : FileName
        The task, round and client.

    Returns
    -------
    bytes
        The same for the same data and name, on every machine.

    Raises
    ------
    ValueError
        If there are more rows than `MAX_ROWS`: no auditor would read them.
    """
    if len(dataset) > MAX_ROWS:
        raise ValueError(f"{len(dataset)} rows; evidence has at most {MAX_ROWS}")
    return encode({"features": dataset.features, "labels": dataset.labels}, name)


def read_evidence(data: bytes, *, name: FileName, expected_hash: bytes) -> Dataset:
    """The data set in an evidence file, if it passes every check.

    Parameters
    ----------
    data : bytes
        The file, from anybody.
    name : FileName
        The task, round and client that it has to belong to.
    expected_hash : bytes
        Its keccak-256, 32 bytes.

    Returns
    -------
    Dataset
        At most `MAX_ROWS` rows.

    Raises
    ------
    FileRejected
        With the first reason found, in the order of `files.Reason`; `UNREADABLE` too for pixels or labels out
        of their range. Nothing else, whatever the bytes.
    """
    max_bytes = max_file_bytes(_schema(MAX_ROWS))
    header = decode_header(data, name=name, expected_hash=expected_hash, max_bytes=max_bytes)
    arrays = decode_arrays(data, header, _schema(_claimed_rows(header.tensors.get("labels"))))
    try:
        return Dataset(arrays["features"], arrays["labels"])
    except DatasetError as error:
        raise FileRejected(Reason.UNREADABLE, f"not a data set: {error}") from error


def check_report(
    evidence: Dataset,
    start_model: Model,
    update: Model,
    config: TrainingConfig,
    cycles_per_sample: int,
    reported_units: int,
    cycle_unit: int,
) -> tuple[Problem, ...]:
    """What is false about a client's report, by the evidence that it shows.

    Parameters
    ----------
    evidence : Dataset
        The data that the client says it trained on.
    start_model : dict of str to np.ndarray
        The global model that the round started from.
    update : dict of str to np.ndarray
        What the client published, as `updates.read` gives it.
    config : TrainingConfig
        The task's training.
    cycles_per_sample : int
        d_i, whole CPU cycles.
    reported_units : int
        The report on chain, in cycle units.
    cycle_unit : int
        CPU cycles of one unit, a term of the task.

    Returns
    -------
    tuple of Problem
        Empty if the report is true as far as the evidence shows.
    """
    problems = [
        *_check_workload(evidence, config, cycles_per_sample, reported_units, cycle_unit),
        *_check_duplicates(evidence),
        *_check_replay(evidence, start_model, update, config),
    ]
    return tuple(problems)


def _schema(rows: int) -> Schema:
    """Arrays of an evidence file with so many rows."""
    return {"features": (np.dtype(np.float32), (rows, N_FEATURES)), "labels": (np.dtype(np.int64), (rows,))}


def _claimed_rows(entry: object) -> int:
    """Number of rows that the header claims for the labels."""
    match entry:
        case {"shape": [int(rows)]} if 1 <= rows <= MAX_ROWS:
            return rows
    raise FileRejected(Reason.WRONG_SHAPE, f"evidence has no labels of shape (D,), D from 1 to {MAX_ROWS}")


def _check_workload(
    evidence: Dataset, config: TrainingConfig, cycles_per_sample: int, reported_units: int, cycle_unit: int
) -> list[Problem]:
    """mu = pi d D, from the rows that were shown, has to be the report."""
    cycles = training_cycles(config, cycles_per_sample, len(evidence))
    units = training_units(cycles, cycle_unit)
    if units == reported_units:
        return []
    detail = f"{len(evidence)} rows are {units} units of work, reported were {reported_units}"
    return [Problem(ProblemKind.WRONG_WORKLOAD, detail)]


def _check_duplicates(evidence: Dataset) -> list[Problem]:
    """Rows whose pixels repeat an earlier row's, whatever their label, are padding."""
    repeated = len(evidence) - len(np.unique(evidence.features, axis=0))
    if repeated <= MAX_DUPLICATES * len(evidence):
        return []
    detail = f"{repeated} of {len(evidence)} rows repeat another, at most {MAX_DUPLICATES:.0%} may"
    return [Problem(ProblemKind.DUPLICATE_ROWS, detail)]


def _check_replay(
    evidence: Dataset, start_model: Model, update: Model, config: TrainingConfig
) -> list[Problem]:
    """Training on the evidence has to give the published update, to the bit, as `training` does on every machine."""
    try:
        replayed = train(start_model, evidence, config)
    except TrainingError as error:
        return [Problem(ProblemKind.NOT_REPLAYABLE, str(error))]
    problems = []
    for key, array in replayed.items():
        if not np.array_equal(update[key], array):
            # float64, for the difference of two hostile numbers may leave float32.
            gap = np.max(np.abs(update[key].astype(np.float64) - array.astype(np.float64)))
            detail = f"array {key!r} of the published update is up to {gap:.3g} off what the evidence gives"
            problems.append(Problem(ProblemKind.NOT_REPLAYABLE, detail))
    return problems
