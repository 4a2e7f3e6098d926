"""Runs: stopping rules that combine, progress, resuming from a file, executors."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest

from bcfl_offchain.mechanism import InvalidInput
from bcfl_offchain.mechanism.contribution import (
    MaxEvaluations,
    MaxSeconds,
    MaxWidth,
    Record,
    RecordMismatch,
    StableRanking,
    contributions,
)
from bcfl_offchain.mechanism.contribution.plan import Plan
from tests.mechanism.contribution_games import MeanGap, saturating

GAME = saturating(12, 6)


def same(left, right):
    """Whether two results agree to the last bit."""
    return (
        np.array_equal(left.values, right.values)
        and np.array_equal(left.standard_errors, right.standard_errors, equal_nan=True)
        and np.array_equal(left.intervals, right.intervals)
        and np.array_equal(left.record.coalitions(), right.record.coalitions())
        and (left.method, left.evaluations, left.rounds) == (right.method, right.evaluations, right.rounds)
    )


@pytest.mark.parametrize("evaluations", [26, 27, 100, 1000, 4095, 4096])
def test_a_budget_is_kept_exactly(evaluations):
    result = contributions(GAME, 12, MaxEvaluations(evaluations))
    assert result.evaluations == evaluations
    assert (result.method == "exact") == (evaluations == 4096)


def test_either_rule_stops_and_both_are_waited_for():
    first = contributions(GAME, 12, MaxEvaluations(300) | MaxEvaluations(700))
    second = contributions(GAME, 12, MaxEvaluations(300) & MaxEvaluations(700))
    assert (first.evaluations, second.evaluations) == (300, 700)
    timed = contributions(GAME, 12, MaxEvaluations(10**6) | MaxSeconds(1e-9), batch_size=10)
    assert timed.evaluations == 26 and timed.stopped_by == "MaxEvaluations(1000000) | MaxSeconds(1e-09)"
    narrow = MaxWidth(0.3) & StableRanking(rounds=2, correlation=0.9)
    result = contributions(GAME, 12, MaxEvaluations(4000) | narrow, bounds=(0, 1))
    assert 300 < result.evaluations < 4000
    assert result.stopped_by == "MaxEvaluations(4000) | (MaxWidth(0.3) & StableRanking(2, 0.9))"


def test_a_ranking_counts_as_stable_once_rounds_agree():
    strict = contributions(GAME, 12, StableRanking(rounds=4, correlation=0.999))
    loose = contributions(GAME, 12, StableRanking(rounds=1, correlation=0.5))
    assert loose.evaluations < strict.evaluations <= 4096 and loose.rounds >= 3


def test_time_stops_at_the_next_batch():
    def slow(coalitions):
        sleep(0.02)
        return GAME(coalitions)

    result = contributions(slow, 12, MaxSeconds(0.1), batch_size=20)
    assert 26 <= result.evaluations < 400 and result.seconds >= 0.1


@pytest.mark.parametrize(
    "make",
    [
        lambda: MaxEvaluations(0),
        lambda: MaxSeconds(0),
        lambda: MaxWidth(-1),
        lambda: StableRanking(rounds=0),
        lambda: StableRanking(correlation=1.5),
    ],
)
def test_rules_out_of_range_are_refused(make):
    with pytest.raises(InvalidInput):
        make()


def test_progress_is_told_after_every_batch():
    seen = []
    contributions(
        GAME,
        12,
        MaxEvaluations(300),
        batch_size=50,
        on_progress=lambda p: seen.append((p.evaluations, p.rounds, p.seconds)),
    )
    evaluations, rounds, seconds = zip(*seen)
    assert evaluations[-1] == 300 and all(0 < b - a <= 50 for a, b in zip(evaluations, evaluations[1:]))
    assert list(rounds) == sorted(rounds) and list(seconds) == sorted(seconds)


@pytest.mark.parametrize("broken_at", [10, 26, 27, 55, 400, 900])
def test_a_run_resumed_from_a_file_is_the_unbroken_run(tmp_path, broken_at):
    stop = MaxEvaluations(900) | StableRanking(rounds=6, correlation=1.0)
    whole = contributions(GAME, 12, stop, bounds=(0, 1), seed=5)

    class Power(Exception):
        """The plug is pulled."""

    def save_and_die(progress):
        progress.record.save(tmp_path / "run.npz")
        if progress.evaluations >= broken_at:
            raise Power

    with pytest.raises(Power):
        contributions(GAME, 12, stop, bounds=(0, 1), seed=5, batch_size=7, on_progress=save_and_die)
    record = Record.load(tmp_path / "run.npz")
    assert broken_at <= len(record) <= broken_at + 7
    GAME.asked[:] = 0
    resumed = contributions(GAME, 12, stop, bounds=(0, 1), seed=5, record=record)
    assert same(whole, resumed) and GAME.asked.sum() == 900 - min(900, resumed_from(record, GAME))


def resumed_from(record, game):
    """Evaluations of a record that the game was not asked for again."""
    rows = record.coalitions() @ (1 << np.arange(game.n_clients))
    return int((game.asked[rows] == 0).sum())


def test_a_record_answers_a_wider_rule_without_new_evaluations():
    record = contributions(GAME, 12, MaxEvaluations(500)).record
    GAME.asked[:] = 0
    again = contributions(GAME, 12, MaxEvaluations(500), bounds=(0, 1), record=record)
    assert not GAME.asked.any() and again.intervals is not None
    contributions(GAME, 12, MaxEvaluations(600), record=record)
    assert GAME.asked.sum() == 100 and len(record) == 600


def test_a_record_of_another_run_is_refused(tmp_path):
    record = contributions(GAME, 12, MaxEvaluations(100)).record
    with pytest.raises(RecordMismatch, match=r"\(12, 0\).*\(12, 1\)"):
        contributions(GAME, 12, MaxEvaluations(200), seed=1, record=record)
    foreign = Record(12)
    foreign.append(record.coalitions()[::-1], record.values()[::-1])
    with pytest.raises(RecordMismatch, match="start anew"):
        contributions(GAME, 12, MaxEvaluations(200), record=foreign)
    broken = tmp_path / "broken.npz"
    np.savez(broken, n_clients=12, seed=0, packed=np.zeros((3, 2), np.uint8), values=np.zeros(4))
    with pytest.raises(RecordMismatch, match="shape"):
        Record.load(broken)


def test_a_record_with_code_in_it_is_not_run(tmp_path):
    evil = tmp_path / "evil.npz"
    np.savez(evil, n_clients=12, seed=0, packed=np.array([object()]), values=np.zeros(1))
    with pytest.raises(ValueError, match="allow_pickle"):
        Record.load(evil)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_changes_nothing_in_the_answer(pool):
    game = MeanGap(np.arange(1.0, 31), 12)
    here = contributions(game, 30, MaxEvaluations(1500), bounds=(-30, 30), batch_size=64)
    with pool(max_workers=2) as executor:
        there = contributions(
            game, 30, MaxEvaluations(1500), bounds=(-30, 30), batch_size=64, executor=executor
        )
    assert same(here, there)


def test_an_error_in_a_worker_reaches_the_caller():
    with ThreadPoolExecutor(2) as executor, pytest.raises(ZeroDivisionError):
        contributions(lambda coalitions: 1 / 0, 5, executor=executor)


@pytest.mark.parametrize("n_clients", [4, 7, 20, 50, 70])
def test_the_plan_draws_distinct_coalitions_of_the_counted_sizes(n_clients):
    plan, seen = Plan(n_clients, seed=3), np.zeros((0, n_clients), bool)
    for round_ in range(12):
        if round_ and plan.is_last(round_ - 1):
            break
        seen = np.concatenate([seen, plan.coalitions(round_, seen)])
        assert len(seen) == plan.end(round_) == len(np.unique(seen, axis=0))
        counts = np.bincount(seen.sum(axis=1), minlength=n_clients + 1)
        assert np.array_equal(counts, plan.counts(round_))


def test_the_plan_draws_every_coalition_of_a_size_alike():
    # Size 3 of 8: 56 coalitions, drawn and listed rounds alike; each should come in early equally often.
    n_runs, weights, early = 3000, 1 << np.arange(8), np.zeros(256)
    for seed in range(n_runs):
        plan = Plan(8, seed)
        seen = plan.coalitions(0, np.zeros((0, 8), bool))
        for round_ in (1, 2, 3):
            seen = np.concatenate([seen, plan.coalitions(round_, seen)])
        early[seen[seen.sum(axis=1) == 3] @ weights] += 1
    found = early[early > 0]
    share = found.mean() / n_runs
    spread = np.sqrt(n_runs * share * (1 - share))
    print("seeds 0 to", n_runs - 1, "largest z-score", np.abs(found - found.mean()).max() / spread)
    assert len(found) == 56 and np.abs(found - found.mean()).max() < 4.5 * spread
