"""joinTask: a client deposits the bond and states its report."""

from __future__ import annotations

import pytest

from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import MONEY, Phase, Report

ON_BOTH_CHAINS = pytest.mark.ganache
REPORT = Report(7)


@pytest.fixture
def empty(new_game):
    """A task that nobody has joined."""
    game = new_game()
    yield game
    game.check()


@ON_BOTH_CHAINS
def test_holds_the_bond_and_the_report(empty, alice):
    tx = empty.join(alice, REPORT)

    state = empty.task.clientState(alice)
    assert state["isMember"]
    assert tuple(state["report"]) == REPORT
    assert empty.task.ledger()["bonds"] == empty.terms.bond
    assert dict(tx.events["Joined"]) == {"client": alice, "bond": empty.terms.bond}
    assert dict(tx.events["Reported"]) == {
        "client": alice,
        "trainingUnits": 7,
        "energyCoefficient": REPORT.energy_coefficient,
        "maxFrequency": REPORT.max_frequency,
    }
    empty.check()


def test_takes_the_ends_of_every_range(empty, alice, bob):
    empty.join(alice, Report(1, 1, 1))
    empty.join(bob, Report(empty.terms.max_training_units, 2**112 - 1, 2**72 - 1))

    assert tuple(empty.task.clientState(bob)["report"]) == (20, 2**112 - 1, 2**72 - 1)


def test_without_a_bond_costs_nothing(new_game, alice):
    game = new_game(bond=0)
    game.join(alice, REPORT)
    game.check()


@pytest.mark.parametrize("difference", [-1, pytest.param(1, marks=ON_BOTH_CHAINS)])
def test_refuses_another_value_than_the_bond(empty, alice, difference):
    sent = empty.terms.bond + difference
    with refused("Money_WrongValue", sent, empty.terms.bond):
        empty.task.joinTask(REPORT, {"from": alice, "value": sent})


def test_refuses_a_bond_where_none_is_asked(new_game, alice):
    game = new_game(bond=0)
    with refused("Money_WrongValue", MONEY, 0):
        game.task.joinTask(REPORT, {"from": alice, "value": MONEY})
    game.check()


@ON_BOTH_CHAINS
def test_refuses_a_member(game, alice):
    with refused("Task_AlreadyMember", alice):
        game.task.joinTask(REPORT, {"from": alice, "value": game.terms.bond})


@pytest.mark.parametrize("report", [Report(0), Report(21), Report(5, 0), Report(5, 1, 0)])
def test_refuses_a_report_out_of_range(empty, alice, report):
    with refused("Task_ReportOutOfRange", *report):
        empty.task.joinTask(report, {"from": alice, "value": empty.terms.bond})


@ON_BOTH_CHAINS
def test_refuses_whoever_the_owner_has_not_admitted(new_game, alice, bob, owner):
    game = new_game(is_open_admission=False)
    game.task.admit([alice], {"from": owner})
    game.join(alice, REPORT)

    with refused("Task_NotAdmitted", bob):
        game.task.joinTask(REPORT, {"from": bob, "value": game.terms.bond})
    game.check()


@ON_BOTH_CHAINS
def test_refuses_while_reports_are_frozen(empty, alice):
    empty.move_to_frozen()
    with refused("Task_WrongPhase", Phase.FROZEN):
        empty.task.joinTask(REPORT, {"from": alice, "value": empty.terms.bond})


def test_refuses_while_a_round_is_open(opened, stranger):
    with refused("Task_WrongPhase", Phase.WORKING):
        opened.task.joinTask(REPORT, {"from": stranger, "value": opened.terms.bond})


def test_refuses_when_the_task_is_over(game, stranger, owner):
    game.close(owner)
    with refused("Task_WrongPhase", Phase.OVER):
        game.task.joinTask(REPORT, {"from": stranger, "value": game.terms.bond})


def test_after_leaving_takes_a_new_bond_and_a_new_report(game, alice):
    game.leave(alice, alice)
    game.join(alice, Report(20))

    assert game.task.clientState(alice)["report"]["trainingUnits"] == 20
    game.check()
