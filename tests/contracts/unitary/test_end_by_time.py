"""endRoundByTime: once every window has passed, anyone ends the round, and every accepted work is paid."""

from __future__ import annotations

import pytest

from tests.contracts.support.game import model_hash
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import Phase

ON_BOTH_CHAINS = pytest.mark.ganache


@ON_BOTH_CHAINS
def test_pays_all_work_and_returns_the_rest(opened, stranger, alice, bob, carol):
    game = opened
    game.work_all([alice, bob, carol])
    game.move_to_window(3)
    tx = game.end_by_time(stranger)

    unearned = game.committed - sum(sum(game.pay(person)) for person in (alice, bob, carol))
    assert dict(tx.events["RoundEnded"]) == {
        "round": 1,
        "modelHash": "0x" + "00" * 32,
        "votes": 0,
        "refunded": unearned,
    }
    assert game.task.phase() == Phase.JOINING
    for person in (alice, bob, carol):
        assert game.task.clientState(person)["claimable"] == sum(game.pay(person))
    game.check()


@ON_BOTH_CHAINS
def test_returns_everything_where_nobody_worked(opened, stranger):
    opened.move_to_window(0)
    tx = opened.end_by_time(stranger)

    assert tx.events["RoundEnded"]["refunded"] == opened.committed
    assert opened.task.ledger()["free"] == opened.terms.funds
    opened.check()


def test_leaves_the_last_agreed_model(worked, people, stranger):
    game = worked
    game.move_to_window(0)
    game.end_by_quorum(game.generator, people.clients)
    game.move_to_frozen()
    game.open()
    game.move_to_window(0)
    game.end_by_time(stranger)

    assert bytes(game.task.globalModel()) == model_hash(1)
    game.check()


@pytest.mark.parametrize(
    "window, phase",
    [
        (None, Phase.WORKING),
        pytest.param(0, Phase.GENERATOR_PROPOSING, marks=ON_BOTH_CHAINS),
        (1, Phase.RUNNER_UP_PROPOSING),
        (2, Phase.WORKERS_PROPOSING),
    ],
)
def test_refuses_before_every_window_has_passed(opened, alice, stranger, window, phase):
    opened.move_to_deadline()
    opened.work(alice)
    if window is not None:
        opened.move_to_window(window)
    with refused("Task_WrongPhase", phase):
        opened.task.endRoundByTime({"from": stranger})


def test_refuses_the_owner_while_nobody_has_worked_yet(opened, owner):
    opened.move_to_deadline()
    with refused("Task_WrongPhase", Phase.WORKING):
        opened.task.endRoundByTime({"from": owner})


@ON_BOTH_CHAINS
def test_refuses_between_rounds_and_twice(opened, stranger):
    opened.move_to_window(0)
    opened.end_by_time(stranger)
    with refused("Task_WrongPhase", Phase.JOINING):
        opened.task.endRoundByTime({"from": stranger})
