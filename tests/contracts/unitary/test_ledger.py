"""ledger: deposited is the sum of the other seven lines, to the wei, at every step."""

from __future__ import annotations

import brownie
import pytest

from tests.contracts.support.people import purse
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import REPORTS, SETTINGS, ZERO_ADDRESS, Policy, Report

ON_BOTH_CHAINS = pytest.mark.ganache


@pytest.mark.parametrize("policy", list(Policy))
def test_balances_at_every_step_of_a_round(new_game, people, alice, bob, policy):
    game = new_game(**SETTINGS[policy])
    game.check()
    for name, report in REPORTS.items():
        game.join(getattr(people, name), report)
        game.check()
    game.post()
    game.check()
    game.move_to_frozen()
    game.open()
    game.check()
    game.move_to_deadline()
    for person in game.hired:
        game.work(person)
        game.check()
    game.move_to_window(0)
    game.end_by_quorum(game.generator, people.clients, rejected=[alice], forfeited=[bob])
    game.check()
    for person in game.hired:
        if person not in (alice, bob):
            game.claim(person, purse("clients"))
            game.check()
    game.close(purse("owner"))
    game.check()
    for person in people.clients:
        if person != bob:
            game.leave(person, purse("clients"))
            game.check()

    assert game.task.balance() == game.terms.bond  # what was burnt


@ON_BOTH_CHAINS
def test_ether_forced_in_changes_no_line(opened, EtherForcer, stranger):
    EtherForcer.deploy(opened.task, {"from": stranger, "value": 12345})

    assert opened.task.ledger().dict() == opened.book.ledger()
    assert opened.task.balance() == opened.book.balance() + 12345
    opened.book.forced_in += 12345
    opened.check()


def test_takes_no_money_without_a_purpose(game, stranger):
    with brownie.reverts():
        stranger.transfer(game.task, 1)


def test_refused_calls_change_nothing(opened, alice, stranger, owner):
    before = opened.task.ledger(), opened.task.roundState(), opened.task.listState(), opened.task.balance()
    with refused("Task_WrongPhase", 2):
        opened.task.closeTask(owner, {"from": owner})
    with refused("Task_NotHired", stranger, 1):
        opened.task.submitWork((bytes(32), 1, 1, (0, 0)), {"from": stranger})
    with refused("Task_NothingToClaim", alice):
        opened.task.claim(ZERO_ADDRESS, {"from": alice})

    assert before == (
        opened.task.ledger(),
        opened.task.roundState(),
        opened.task.listState(),
        opened.task.balance(),
    )


def test_two_tasks_keep_separate_books(opened, new_game, alice, bob, stranger):
    other = new_game(bond=1)
    other.join(alice, Report(3))
    opened.work_all([alice, bob])
    opened.move_to_window(3)
    opened.end_by_time(stranger)
    opened.claim(alice, alice)
    other.leave(alice, alice)
    other.close(stranger)

    opened.check()
    other.check()
