"""Audit of a report by its evidence: the truth passes, each kind of lie has its name."""

import dataclasses

import numpy as np
import pytest

from bcfl_offchain.learning import (
    Dataset,
    FileName,
    FileRejected,
    ProblemKind,
    Reason,
    TrainingConfig,
    check_report,
    digits,
    file_hash,
    initial,
    pack_evidence,
    read_evidence,
    train,
    training_cycles,
    training_units,
)
from bcfl_offchain.learning.evidence import MAX_ROWS
from bcfl_offchain.learning.files import encode

CYCLES_PER_SAMPLE = 123_456_789
CYCLE_UNIT = 10**9


def units_of(dataset, config):
    return training_units(training_cycles(config, CYCLES_PER_SAMPLE, len(dataset)), CYCLE_UNIT)


def kinds(evidence, update, config, reported_units, start=None):
    """The kinds of problem that an audit finds."""
    problems = check_report(
        evidence, start or initial(), update, config, CYCLES_PER_SAMPLE, reported_units, CYCLE_UNIT
    )
    return [problem.kind for problem in problems]


def refusal(data, name):
    with pytest.raises(FileRejected) as caught:
        read_evidence(data, name=name, expected_hash=file_hash(data))
    return caught.value.reason


def test_a_true_report_has_no_problem(parts, update, config):
    own = parts[0][0]
    assert kinds(own, update, config, units_of(own, config)) == []


def test_evidence_survives_its_file(parts, update, config, name):
    own = parts[0][0]
    data = pack_evidence(own, name)
    shown = read_evidence(data, name=name, expected_hash=file_hash(data))
    assert np.array_equal(shown.features, own.features) and np.array_equal(shown.labels, own.labels)
    assert kinds(shown, update, config, units_of(own, config)) == []


def test_an_update_that_is_one_rounding_off_is_found(parts, update, config):
    own = parts[0][0]
    near = {key: array.copy() for key, array in update.items()}
    near["bias"][0] = np.nextafter(near["bias"][0], np.float32(np.inf))
    assert kinds(own, near, config, units_of(own, config)) == [ProblemKind.NOT_REPLAYABLE]


@pytest.mark.parametrize("error", [-1, 1])
def test_a_report_that_is_off_by_one_unit_is_found(parts, update, config, error):
    own = parts[0][0]
    assert kinds(own, update, config, units_of(own, config) + error) == [ProblemKind.WRONG_WORKLOAD]


def test_data_that_it_did_not_train_on_are_found(parts, update, config):
    other = parts[0][1]
    found = kinds(other, update, config, units_of(other, config))
    assert set(found) == {ProblemKind.NOT_REPLAYABLE}


def test_one_changed_label_is_found(parts, update, config):
    own = parts[0][0]
    labels = own.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    found = kinds(Dataset(own.features, labels), update, config, units_of(own, config))
    assert set(found) == {ProblemKind.NOT_REPLAYABLE}


def test_an_update_that_was_not_trained_is_found(parts, config):
    own = parts[0][0]
    assert set(kinds(own, initial(), config, units_of(own, config))) == {ProblemKind.NOT_REPLAYABLE}


def test_fewer_passes_than_the_task_asks_for_are_found(parts, config):
    own = parts[0][0]
    lazy = train(initial(), own, dataclasses.replace(config, iterations=1))
    assert set(kinds(own, lazy, config, units_of(own, config))) == {ProblemKind.NOT_REPLAYABLE}


def test_another_start_model_is_found(parts, update, config):
    own = parts[0][0]
    found = kinds(own, update, config, units_of(own, config), start=update)
    assert set(found) == {ProblemKind.NOT_REPLAYABLE}


def test_numbers_at_the_ends_of_float32_are_compared_without_overflow(parts, config):
    own = parts[0][0]
    start, update = (
        {key: np.full_like(array, sign * np.finfo(np.float32).max) for key, array in initial().items()}
        for sign in (1, -1)
    )
    with np.errstate(over="raise", invalid="raise"):
        found = kinds(own, update, config, units_of(own, config), start=start)
    assert found == [ProblemKind.NOT_REPLAYABLE, ProblemKind.NOT_REPLAYABLE]


def test_a_training_that_diverges_cannot_be_replayed(parts, update):
    own, wild = parts[0][0], TrainingConfig(learning_rate=1e300)
    assert kinds(own, update, wild, units_of(own, wild)) == [ProblemKind.NOT_REPLAYABLE]


def test_rows_copied_to_raise_the_report_are_found(parts, config):
    own = parts[0][0]
    padded = own.take(np.arange(2 * len(own)) % len(own))
    honest_about_it = train(initial(), padded, config)
    assert kinds(padded, honest_about_it, config, units_of(padded, config)) == [ProblemKind.DUPLICATE_ROWS]


def test_copied_rows_are_found_under_other_labels_too(parts, config):
    own = parts[0][0]
    padded = Dataset(np.tile(own.features, (2, 1)), np.concatenate([own.labels, (own.labels + 1) % 10]))
    honest_about_it = train(initial(), padded, config)
    assert kinds(padded, honest_about_it, config, units_of(padded, config)) == [ProblemKind.DUPLICATE_ROWS]


@pytest.mark.parametrize("copies, found", [(1, []), (2, [ProblemKind.DUPLICATE_ROWS])])
def test_one_row_in_a_hundred_may_repeat_another(config, copies, found):
    data = digits().take(np.r_[0 : 100 - copies, 0:copies])
    assert kinds(data, train(initial(), data, config), config, units_of(data, config)) == found


def test_a_problem_says_what_is_wrong(parts, update, config):
    own = parts[0][0]
    (problem,) = check_report(own, initial(), update, config, CYCLES_PER_SAMPLE, 1, CYCLE_UNIT)
    expected = f"{len(own)} rows are {units_of(own, config)} units of work, reported were 1"
    assert problem.detail == expected


def test_evidence_of_another_client_is_refused(parts, name):
    data = pack_evidence(parts[0][0], name)
    assert refusal(data, FileName(name.task, name.round, "0xother")) is Reason.WRONG_NAME


@pytest.mark.parametrize(
    "features, labels, reason",
    [
        (np.zeros((2, 64), np.float32), np.zeros(3, np.int64), Reason.WRONG_SHAPE),
        (np.zeros((2, 63), np.float32), np.zeros(2, np.int64), Reason.WRONG_SHAPE),
        (np.zeros((2, 64), np.float32), np.zeros((2, 1), np.int64), Reason.WRONG_SHAPE),
        (np.zeros((2, 64), np.float32), np.zeros(2, np.float32), Reason.WRONG_SHAPE),
        (np.zeros((0, 64), np.float32), np.zeros(0, np.int64), Reason.WRONG_SHAPE),
        (np.full((2, 64), np.nan, np.float32), np.zeros(2, np.int64), Reason.NOT_FINITE),
        (np.full((2, 64), 2, np.float32), np.zeros(2, np.int64), Reason.UNREADABLE),
        (np.zeros((2, 64), np.float32), np.full(2, 10), Reason.UNREADABLE),
    ],
)
def test_evidence_that_is_no_data_set_is_refused(features, labels, reason, name):
    assert refusal(encode({"features": features, "labels": labels}, name), name) is reason


def test_evidence_without_labels_is_refused(name):
    assert refusal(encode({"features": np.zeros((2, 64), np.float32)}, name), name) is Reason.WRONG_SHAPE


def test_more_evidence_than_an_auditor_reads_is_neither_packed_nor_read(name):
    features, labels = np.zeros((MAX_ROWS + 1, 64), np.float32), np.zeros(MAX_ROWS + 1, np.int64)
    with pytest.raises(ValueError, match="16385 rows"):
        pack_evidence(Dataset(features, labels), name)
    assert refusal(encode({"features": features, "labels": labels}, name), name) is Reason.WRONG_SHAPE
    features, labels = np.zeros((MAX_ROWS + 100, 64), np.float32), np.zeros(MAX_ROWS + 100, np.int64)
    assert refusal(encode({"features": features, "labels": labels}, name), name) is Reason.TOO_LARGE
