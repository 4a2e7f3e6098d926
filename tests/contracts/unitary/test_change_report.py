"""changeReport: a report stands until its client replaces it, between rounds."""

from __future__ import annotations

import pytest

from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import Phase, Report

ON_BOTH_CHAINS = pytest.mark.ganache


@ON_BOTH_CHAINS
def test_replaces_the_report(game, alice):
    report = Report(20, 2**112 - 1, 1)
    tx = game.change(alice, report)

    state = game.task.clientState(alice)
    assert tuple(state["report"]) == report
    assert state["isMember"]
    assert dict(tx.events["Reported"]) == {
        "client": alice,
        "trainingUnits": 20,
        "energyCoefficient": 2**112 - 1,
        "maxFrequency": 1,
    }


@ON_BOTH_CHAINS
def test_makes_a_list_that_names_the_client_stale(game, alice, owner):
    game.post()
    assert not game.task.listState()["isStale"]
    game.change(alice, Report(6))
    assert game.task.listState()["isStale"]

    game.move_to_frozen()
    with refused("Task_ListStale", 1):
        game.task.openRound(1, {"from": owner})


def test_makes_a_list_stale_that_is_posted_in_part(game, people, owner):
    prices = game.price()
    first = game.entries(prices)[:1]
    game.task.postEntries(1, 5, first, {"from": owner})
    game.change(people.at(first[0][0]), Report(6))

    game.task.postEntries(1, 5, game.entries(prices)[1:], {"from": owner})
    assert game.task.listState()["isStale"]


def test_leaves_a_list_alone_that_does_not_name_the_client_yet(game, people, owner):
    prices = game.price()
    entries = game.entries(prices)
    game.task.postEntries(1, 5, entries[:1], {"from": owner})
    game.change(people.at(entries[1][0]), Report(6))

    assert not game.task.listState()["isStale"]


def test_leaves_a_later_list_alone(game, alice, owner, people):
    game.post()
    others = [entry for entry in game.entries(game.prices) if entry[0] != alice]
    game.task.postEntries(2, 4, [(client, 0, 0) for client, _, _ in others], {"from": owner})
    game.change(alice, Report(6))  # version 1 named her, version 2 does not

    assert not game.task.listState()["isStale"]


@ON_BOTH_CHAINS
def test_refuses_whoever_is_no_member(game, stranger):
    with refused("Task_NotMember", stranger):
        game.task.changeReport(Report(6), {"from": stranger})


@pytest.mark.parametrize("report", [Report(0), Report(21), Report(5, 0), Report(5, 1, 0)])
def test_refuses_a_report_out_of_range(game, alice, report):
    with refused("Task_ReportOutOfRange", *report):
        game.task.changeReport(report, {"from": alice})


@ON_BOTH_CHAINS
def test_refuses_while_reports_are_frozen(game, alice):
    game.move_to_frozen()
    with refused("Task_WrongPhase", Phase.FROZEN):
        game.task.changeReport(Report(6), {"from": alice})


def test_refuses_while_a_round_is_open(opened, alice):
    with refused("Task_WrongPhase", Phase.WORKING):
        opened.task.changeReport(Report(6), {"from": alice})


def test_refuses_when_the_task_is_over(game, alice, owner):
    game.close(owner)
    with refused("Task_WrongPhase", Phase.OVER):
        game.task.changeReport(Report(6), {"from": alice})
