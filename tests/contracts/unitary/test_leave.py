"""leaveTask: the bond goes back, what was earned stays, and nobody leaves before its round's verdict."""

from __future__ import annotations

import pytest

from tests.contracts.support.people import purse
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import ZERO_ADDRESS, Phase

ON_BOTH_CHAINS = pytest.mark.ganache


@ON_BOTH_CHAINS
def test_gives_the_bond_back(game, alice, accounts):
    recipient = purse("alice")
    tx = game.leave(alice, recipient)

    assert accounts.at(recipient, force=True).balance() == game.terms.bond
    assert not game.task.clientState(alice)["isMember"]
    assert dict(tx.events["Left"]) == {"client": alice, "recipient": recipient, "bond": game.terms.bond}
    game.check()


def test_makes_a_list_that_names_the_client_stale(game, alice, owner):
    game.post()
    game.leave(alice, alice)

    game.move_to_frozen()
    with refused("Task_ListStale", 1):
        game.task.openRound(1, {"from": owner})


def test_leaves_a_list_of_others_alone(game, alice, owner):
    others = [(client, 0, 0) for client in game.price() if client != alice]
    game.task.postEntries(1, 4, others, {"from": owner})
    game.leave(alice, alice)

    assert not game.task.listState()["isStale"]


def test_joining_again_does_not_make_the_list_current(game, alice, owner):
    game.post()
    report = game.reports[alice.address]
    game.leave(alice, alice)
    game.join(alice, report)

    game.move_to_frozen()
    with refused("Task_ListStale", 1):
        game.task.openRound(1, {"from": owner})


@ON_BOTH_CHAINS
def test_what_was_earned_stays_claimable(worked, alice, accounts):
    game = worked
    game.move_to_window(3)
    game.end_by_time(alice)
    pay = sum(game.pay(alice))
    game.leave(alice, purse("alice"))

    assert game.task.clientState(alice)["claimable"] == pay
    game.check()
    game.claim(alice, purse("alice"))
    assert accounts.at(purse("alice"), force=True).balance() == game.terms.bond + pay
    game.check()


def test_a_number_used_in_signatures_goes_on(game, alice):
    report = game.reports[alice.address]
    game.task.revokeSignatures({"from": alice})
    game.leave(alice, alice)
    game.join(alice, report)

    state = game.task.clientState(alice)
    assert (state["nonce"], state["voteNonce"]) == (2**16, 1)


def test_is_open_again_where_the_owner_stays_silent(game, alice):
    game.move_to_frozen()
    with refused("Task_WrongPhase", Phase.FROZEN):
        game.task.leaveTask(alice, {"from": alice})
    game.move_to_joining()
    game.leave(alice, alice)


def test_is_open_at_once_when_the_task_is_closed(game, alice, owner):
    game.move_to_frozen()
    game.close(owner)
    game.leave(alice, alice)
    game.check()


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
def test_refuses_before_the_round_has_ended(opened, alice, window, phase):
    opened.move_to_deadline()
    opened.work(alice)
    if window is not None:
        opened.move_to_window(window)
    with refused("Task_WrongPhase", phase):
        opened.task.leaveTask(alice, {"from": alice})


@ON_BOTH_CHAINS
def test_refuses_whoever_is_no_member(game, stranger, alice):
    game.leave(alice, alice)
    for person in (stranger, alice):
        with refused("Task_NotMember", person):
            game.task.leaveTask(person, {"from": person})


def test_refuses_the_zero_address(game, alice):
    with refused("Money_ZeroRecipient"):
        game.task.leaveTask(ZERO_ADDRESS, {"from": alice})


@ON_BOTH_CHAINS
def test_refuses_a_receiver_that_refuses(game, factory, alice):
    with refused("Money_NotSent", ZERO_ADDRESS, factory, game.terms.bond):
        game.task.leaveTask(factory, {"from": alice})
    assert game.task.clientState(alice)["isMember"]
