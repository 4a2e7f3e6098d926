"""closeTask: the owner ends the task between rounds and takes what is free, and no more."""

from __future__ import annotations

import pytest

from tests.contracts.support.people import purse
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import ZERO_ADDRESS, Phase

ON_BOTH_CHAINS = pytest.mark.ganache


@ON_BOTH_CHAINS
def test_gives_the_whole_budget_back_before_the_first_round(game, web3):
    tx = game.close(purse("owner"))

    assert web3.eth.get_balance(purse("owner")) == game.terms.funds
    assert dict(tx.events["TaskClosed"]) == {"recipient": purse("owner"), "amount": game.terms.funds}
    assert game.task.phase() == Phase.OVER
    assert game.task.balance() == 5 * game.terms.bond
    game.check()


@ON_BOTH_CHAINS
def test_leaves_what_was_earned(worked, stranger, people, web3):
    game = worked
    game.move_to_window(3)
    game.end_by_time(stranger)
    earned = sum(sum(game.pay(person)) for person in people.clients)
    game.move_to_frozen()
    game.close(purse("owner"))

    assert web3.eth.get_balance(purse("owner")) == game.terms.funds - earned
    game.check()
    for person in people.clients:
        game.claim(person, purse("clients"))
        game.leave(person, purse("clients"))
    assert game.task.balance() == 0
    game.check()


def test_closes_after_the_last_round(new_game, stranger):
    game = new_game(rounds=1)
    game.join_all()
    game.open_new()
    game.move_to_window(0)
    game.end_by_time(stranger)
    assert game.task.phase() == Phase.OVER
    game.close(purse("owner"))
    game.check()


@ON_BOTH_CHAINS
def test_is_the_owners(game, alice, owner):
    with refused("Task_NotOwner", alice, owner):
        game.task.closeTask(alice, {"from": alice})


@pytest.mark.parametrize(
    "window, phase",
    [
        (None, Phase.WORKING),
        pytest.param(0, Phase.GENERATOR_PROPOSING, marks=ON_BOTH_CHAINS),
        (1, Phase.RUNNER_UP_PROPOSING),
        (2, Phase.WORKERS_PROPOSING),
        (3, Phase.EXPIRED),
    ],
)
def test_refuses_while_a_round_is_open(opened, alice, owner, window, phase):
    opened.move_to_deadline()
    opened.work(alice)
    if window is not None:
        opened.move_to_window(window)
    with refused("Task_WrongPhase", phase):
        opened.task.closeTask(owner, {"from": owner})


def test_refuses_a_second_time(game, owner):
    game.close(owner)
    with refused("Task_WrongPhase", Phase.OVER):
        game.task.closeTask(owner, {"from": owner})


def test_refuses_the_zero_address(game, owner):
    with refused("Money_ZeroRecipient"):
        game.task.closeTask(ZERO_ADDRESS, {"from": owner})


@ON_BOTH_CHAINS
def test_refuses_a_receiver_that_refuses(game, factory, owner):
    with refused("Money_NotSent", ZERO_ADDRESS, factory, game.terms.funds):
        game.task.closeTask(factory, {"from": owner})
    assert game.task.phase() == Phase.JOINING
