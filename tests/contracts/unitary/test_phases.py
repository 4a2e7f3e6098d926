"""The phases follow from the clock alone: each window's first and last second, to the second. Anvil only."""

from __future__ import annotations

import pytest

from tests.contracts.support.game import model_hash
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import Phase, Report

JOINING, FROZEN = Phase.JOINING, Phase.FROZEN


def phase_at(game, timestamp):
    game.clock.to(timestamp)
    return game.task.phase()


def test_between_rounds_windows_take_turns(game):
    start = game.task.roundState()["endedAt"]
    join, cycle = game.terms.join_window, game.terms.join_window + game.terms.list_window
    for turn in (start, start + cycle, start + 7 * cycle):
        assert phase_at(game, turn + join - 1) == JOINING
        assert phase_at(game, turn + join) == FROZEN
        assert phase_at(game, turn + cycle - 1) == FROZEN
        assert phase_at(game, turn + cycle) == JOINING


def test_the_last_second_of_joining_takes_a_report_and_the_next_does_not(game, alice, stranger, clock):
    frozen = game.task.roundState()["endedAt"] + game.terms.join_window
    clock.next(frozen - 1)
    game.change(alice, Report(6))
    clock.next(frozen)
    with refused("Task_WrongPhase", FROZEN):
        game.task.changeReport(Report(7), {"from": alice})
    clock.next(frozen + game.terms.list_window - 1)
    with refused("Task_WrongPhase", FROZEN):
        game.task.leaveTask(alice, {"from": alice})
    clock.next(frozen + game.terms.list_window)
    game.leave(alice, alice)


@pytest.mark.parametrize("second", ["first", "last"])
def test_a_round_opens_in_the_first_and_the_last_second_of_the_lists_window(game, owner, clock, second):
    game.post()
    frozen = game.task.roundState()["endedAt"] + game.terms.join_window
    end = frozen + game.terms.list_window
    refused_at, opened_at = (frozen - 1, frozen) if second == "first" else (end, end - 1)
    if second == "first":
        clock.next(refused_at)
        with refused("Task_WrongPhase", JOINING):
            game.task.openRound(1, {"from": owner})
    clock.next(opened_at)
    tx = game.open()
    assert tx.timestamp == opened_at


def test_the_second_after_the_lists_window_is_too_late(game, owner, clock):
    game.post()
    clock.next(game.task.roundState()["endedAt"] + game.terms.join_window + game.terms.list_window)
    with refused("Task_WrongPhase", JOINING):
        game.task.openRound(1, {"from": owner})


def test_an_open_round_with_work_passes_through_every_window(opened, alice):
    game = opened
    game.move_to_deadline()
    game.work(alice)
    end, window = game.work_end, game.terms.proposal_window

    assert phase_at(game, end) == Phase.WORKING
    for number, phase in enumerate(
        (Phase.GENERATOR_PROPOSING, Phase.RUNNER_UP_PROPOSING, Phase.WORKERS_PROPOSING)
    ):
        assert phase_at(game, end + 1 + number * window) == phase
        assert phase_at(game, end + (number + 1) * window) == phase
    assert phase_at(game, end + 1 + 3 * window) == Phase.EXPIRED
    assert phase_at(game, end + 1000 * window) == Phase.EXPIRED


def test_an_open_round_without_work_expires_with_the_work_window(opened):
    end = opened.work_end
    assert phase_at(opened, end) == Phase.WORKING
    assert phase_at(opened, end + 1) == Phase.EXPIRED


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_quorum_counts_in_the_last_second_of_each_window(worked, people, clock, number):
    game = worked
    proposer = (game.generator, game.runner_up, game.ranking[4][1])[number]
    clock.next(game.work_end + (number + 1) * game.terms.proposal_window)
    game.end_by_quorum(proposer, people.clients)
    game.check()


@pytest.mark.parametrize("number, phase", [(1, Phase.RUNNER_UP_PROPOSING), (2, Phase.WORKERS_PROPOSING)])
def test_the_next_party_has_the_first_second_of_its_window(worked, clock, number, phase):
    game = worked
    start = game.work_end + 1 + number * game.terms.proposal_window
    proposer = (game.generator, game.runner_up, game.ranking[4][1])[number]
    clock.next(start - 1)
    with refused("Task_NotProposer", proposer, phase - 1):
        game.task.proposeModel(model_hash(1), {"from": proposer})
    clock.next(start)
    game.task.proposeModel(model_hash(1), {"from": proposer})


def test_the_end_by_time_opens_in_the_second_after_the_last_window(worked, stranger, clock):
    game = worked
    end = game.work_end + 3 * game.terms.proposal_window
    clock.next(end)
    with refused("Task_WrongPhase", Phase.WORKERS_PROPOSING):
        game.task.endRoundByTime({"from": stranger})
    clock.next(end + 1)
    game.end_by_time(stranger)
    game.check()


def test_the_windows_count_from_the_end_of_the_round(worked, stranger):
    game = worked
    game.move_to_window(3)
    tx = game.end_by_time(stranger)
    join = game.terms.join_window

    assert phase_at(game, tx.timestamp + join - 1) == JOINING
    assert phase_at(game, tx.timestamp + join) == FROZEN


def test_is_over_after_the_last_round(new_game, stranger):
    game = new_game(rounds=2)
    game.join_all()
    for _ in range(2):
        assert game.task.phase() != Phase.OVER
        game.open_new()
        game.move_to_window(0)
        game.end_by_time(stranger)
    assert game.task.phase() == Phase.OVER
    game.check()


def test_the_least_grace_leaves_one_block_of_a_slow_chain(new_game, alice, clock):
    game = new_game(grace=12)
    game.join_all()
    game.open_new()
    end = game.opened_at + game.terms.deadline + 12
    clock.next(end)
    game.work(alice)
    assert phase_at(game, end + 1) == Phase.GENERATOR_PROPOSING
    game.check()
