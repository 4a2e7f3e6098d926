"""Silence of one party stops nobody: after its window somebody else moves on, and all money comes free."""

from __future__ import annotations

import pytest

from tests.contracts.support.people import purse
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import Phase
from tests.contracts.support.votes import ballot

ON_BOTH_CHAINS = pytest.mark.ganache


def all_money_comes_out(game):
    """Everybody takes what is theirs without help; nothing but burnt bonds is left."""
    for person in game.people.clients:
        if game.book.settled.get(person.address):
            game.claim(person, purse("clients"))
    game.close(purse("owner"))
    for client in list(game.reports):
        game.leave(game.people.at(client), purse("clients"))
    game.check()
    assert game.task.balance() == game.book.burnt


@ON_BOTH_CHAINS
def test_of_the_owner_before_the_first_round(game, people):
    game.move_to_frozen()
    with refused("Task_WrongPhase", Phase.FROZEN):
        game.task.leaveTask(people.alice, {"from": people.alice})
    game.move_to_joining()
    for person in people.clients:
        game.leave(person, purse("clients"))
    game.check()
    assert game.task.balance() == game.terms.funds


def test_of_the_owner_after_a_round_does_not_touch_what_was_earned(worked, people):
    game = worked
    game.move_to_window(0)
    game.end_by_quorum(game.generator, people.clients)
    for person in people.clients:
        game.claim(person, purse("clients"))
        game.leave(person, purse("clients"))
    game.check()


@ON_BOTH_CHAINS
def test_of_everybody_else_in_a_round(opened, alice):
    opened.move_to_window(0)  # nobody worked: no window to wait for
    opened.end_by_time(alice)
    all_money_comes_out(opened)


@ON_BOTH_CHAINS
def test_of_the_generator(worked, people):
    worked.move_to_window(1)
    worked.end_by_quorum(worked.runner_up, people.clients)
    all_money_comes_out(worked)


def test_of_the_generator_and_its_runner_up(worked, people):
    worked.move_to_window(2)
    worked.end_by_quorum(worked.ranking[2][1], people.clients)
    all_money_comes_out(worked)


def test_of_a_third_of_the_voters(worked, people, stranger):
    game = worked
    game.move_to_window(0)
    result = game.result()
    votes = ballot(game.votes(people.clients[:3], result))
    with refused("Task_QuorumMissed", 3, 5):
        game.task.endRoundByQuorum(result, [votes], [], {"from": game.generator})
    game.move_to_window(3)
    game.end_by_time(stranger)
    all_money_comes_out(game)


def test_of_all_workers_but_one(opened, erin, people):
    opened.work_all([erin])
    opened.move_to_window(2)
    opened.end_by_quorum(erin, people.clients)
    all_money_comes_out(opened)


@ON_BOTH_CHAINS
def test_of_everybody_for_a_year(worked, stranger, clock):
    game = worked
    clock.to(clock.now() + 365 * 24 * 3600)
    assert game.task.phase() == Phase.EXPIRED
    game.end_by_time(stranger)
    clock.to(clock.now() + 365 * 24 * 3600)
    for person in game.people.clients:
        game.claim(person, purse("clients"))
    game.check()
