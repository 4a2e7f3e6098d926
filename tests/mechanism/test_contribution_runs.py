"""Runs: stopping rules that combine, progress, resuming from a file, executors."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from math import comb
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
from bcfl_offchain.mechanism.contribution import plan as plan_module
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


@pytest.mark.parametrize("n_clients", [1, 2, 3, 4, 7, 20, 50, 70])
def test_the_plan_draws_distinct_coalitions_sizes_in_turn(n_clients):
    plan, inner = Plan(n_clients, seed=3), np.arange(2, n_clients - 1)
    rows = plan.coalitions(plan.end(12))
    assert len(rows) == plan.end(12) == len(np.unique(rows, axis=0))
    counts = np.bincount(rows.sum(axis=1), minlength=n_clients + 1)
    assert all(counts[s] == comb(n_clients, s) for s in {0, 1, n_clients - 1, n_clients})
    # Equal shares of 1/s + 1/(N - s), but where a size is used up.
    left = [s for s in inner if counts[s] < comb(n_clients, s)]
    turns = [counts[s] / (1 / s + 1 / (n_clients - s)) for s in left]
    mean = np.mean(turns) if left else 0
    assert all(abs(turn - mean) * (1 / s + 1 / (n_clients - s)) <= 1 for s, turn in zip(left, turns))


@pytest.mark.parametrize("n_clients", [2, 6, 10, 70])
def test_the_plan_is_the_same_however_it_is_asked_for(n_clients):
    whole, pieces = Plan(n_clients, seed=5), Plan(n_clients, seed=5)
    rng, end, n_coalitions = np.random.default_rng(1), 0, min(2**n_clients, 3000)
    while end < n_coalitions:
        end = min(n_coalitions, end + int(rng.integers(1, 60)))
        pieces.coalitions(end)
    assert np.array_equal(whole.coalitions(n_coalitions), pieces.coalitions(n_coalitions))


@pytest.mark.parametrize("n_drawn", [8, 30], ids=["drawn", "listed"])
def test_the_plan_draws_every_coalition_of_a_size_alike(n_drawn):
    # Size 3 of 8: 56 coalitions, 14 of them drawn, the rest listed; all should come early equally often.
    n_runs, weights, early = 3000, 1 << np.arange(8), np.zeros(256)
    pairs = np.zeros((256, 256))
    for seed in range(n_runs):
        rows = Plan(8, seed).coalitions(256)
        first = rows[rows.sum(axis=1) == 3][:n_drawn] @ weights
        early[first] += 1
        pairs[np.ix_(first, first)] += 1
    found = early[early > 0]
    share = n_drawn / 56
    spread = np.sqrt(n_runs * share * (1 - share))
    both = pairs[early > 0][:, early > 0][np.triu_indices(56, 1)]
    pair_share = share * (n_drawn - 1) / 55
    pair_spread = np.sqrt(n_runs * pair_share * (1 - pair_share))
    one = np.abs(found - n_runs * share).max() / spread
    two = np.abs(both - n_runs * pair_share).max() / pair_spread
    print("seeds 0 to", n_runs - 1, "largest z-scores of one and of two", one, two)
    assert len(found) == 56 and one < 4.5 and two < 5


def test_keys_that_tie_are_drawn_again(monkeypatch):
    # Keys of four bits: draws often tie, and sizes and distinctness have to hold all the same.
    monkeypatch.setattr(plan_module, "_split_mix", coarse(plan_module._split_mix))
    rows = Plan(10, seed=0).coalitions(500)
    assert len(np.unique(rows, axis=0)) == 500
    assert np.array_equal(rows.sum(axis=1), Plan(10, seed=9).coalitions(500).sum(axis=1))


def coarse(split_mix):
    """Random words of which each 16 bits keep the lowest four."""
    return lambda state, counters: split_mix(state, counters) & np.uint64(0x000F000F000F000F)
