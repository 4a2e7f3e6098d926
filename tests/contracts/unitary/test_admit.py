"""admit: the owner's list of those who may join, where admission is the owner's."""

from __future__ import annotations

import pytest

from tests.contracts.support.refusals import refused

pytestmark = pytest.mark.ganache


def test_admits_several_at_once(new_game, owner, alice, bob, carol):
    game = new_game(is_open_admission=False)
    tx = game.task.admit([alice, bob], {"from": owner})

    assert [event["client"] for event in tx.events["Admitted"]] == [alice, bob]
    assert [game.task.clientState(person)["isAdmitted"] for person in (alice, bob, carol)] == [
        True,
        True,
        False,
    ]


def test_admits_while_a_round_is_open(opened, owner, stranger):
    opened.task.admit([stranger], {"from": owner})
    assert opened.task.clientState(stranger)["isAdmitted"]


def test_is_the_owners(game, alice, owner):
    with refused("Task_NotOwner", alice, owner):
        game.task.admit([alice], {"from": alice})
