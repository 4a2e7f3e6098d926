"""endRoundByQuorum: what its verdicts do: rejected updates earn nothing, forfeited bonds are burnt."""

from __future__ import annotations

import pytest

from tests.contracts.support.game import ascending
from tests.contracts.support.refusals import refused
from tests.contracts.support.votes import ballot
from tests.contracts.support.terms import REPORTS, UNBALANCED

ON_BOTH_CHAINS = pytest.mark.ganache


def ends(game, result, votes):
    """Ends the round with votes made by hand."""
    return game.task.endRoundByQuorum(result, [ballot(votes)], [], {"from": game.generator})


def test_a_rejected_client_earns_nothing_in_the_round(proposing, people, alice, bob):
    game = proposing
    tx = game.end_by_quorum(game.generator, people.clients, rejected=[alice, bob])

    assert [dict(event) for event in tx.events["WorkRejected"]] == [
        {"round": 1, "client": person, "amount": sum(game.pay(person))} for person in ascending([alice, bob])
    ]
    for person in (alice, bob):
        assert game.task.clientState(person)["isMember"]
    assert not game.task.listState()["isStale"]
    game.check()


@ON_BOTH_CHAINS
def test_a_forfeited_client_loses_its_bond_and_its_pay(proposing, people, owner, alice):
    game = proposing
    pay = sum(game.pay(alice))
    tx = game.end_by_quorum(game.generator, people.clients, forfeited=[alice])

    assert dict(tx.events["BondForfeited"]) == {
        "round": 1,
        "client": alice,
        "bond": game.terms.bond,
        "amount": pay,
    }
    assert not game.task.clientState(alice)["isMember"]
    assert game.task.ledger()["burnt"] == game.terms.bond
    game.check()
    with refused("Task_NotMember", alice):
        game.task.leaveTask(alice, {"from": alice})
    game.move_to_frozen()
    with refused("Task_ListStale", 1):
        game.task.openRound(1, {"from": owner})


def test_a_client_both_rejected_and_forfeited_loses_its_pay_once(proposing, people, alice):
    game = proposing
    pay = sum(game.pay(alice))
    tx = game.end_by_quorum(game.generator, people.clients, rejected=[alice], forfeited=[alice])

    assert tx.events["WorkRejected"]["amount"] == pay
    assert tx.events["BondForfeited"]["amount"] == 0
    game.check()


def test_a_client_that_did_not_work_can_be_forfeited(opened, people, alice, erin):
    opened.work_all([person for person in people.clients if person != erin])
    opened.move_to_window(0)
    tx = opened.end_by_quorum(opened.generator, people.clients, forfeited=[erin])

    assert tx.events["BondForfeited"]["amount"] == 0
    opened.check()


def test_a_client_without_a_cap_can_be_forfeited(new_game, alice):
    game = new_game()
    game.join_all(UNBALANCED)
    game.open_new()
    game.work_all()
    game.move_to_window(0)
    game.end_by_quorum(game.generator, game.hired, forfeited=[alice])
    game.check()


def test_a_forfeited_client_may_join_again_with_a_new_bond(proposing, people, alice):
    game = proposing
    game.end_by_quorum(game.generator, people.clients, forfeited=[alice])
    game.join(alice, REPORTS["alice"])

    assert game.task.clientState(alice)["isMember"]
    game.check()


def test_pay_of_earlier_rounds_survives_a_verdict(worked, people, stranger, alice):
    game = worked
    game.move_to_window(3)
    game.end_by_time(stranger)
    earned = sum(game.pay(alice))
    game.move_to_frozen()
    game.open()
    game.work_all()
    game.move_to_window(0)
    game.end_by_quorum(game.generator, people.clients, rejected=[alice], forfeited=[alice])

    assert game.task.clientState(alice)["claimable"] == earned
    game.check()


def test_refuses_to_reject_where_there_is_no_work(opened, people, erin):
    opened.work_all([person for person in people.clients if person != erin])
    opened.move_to_window(0)
    result = opened.result(rejected=[erin])
    with refused("Task_NothingToReject", erin, 1):
        ends(opened, result, opened.votes(people.clients, result))


@ON_BOTH_CHAINS
def test_refuses_to_forfeit_whoever_is_not_on_the_list(proposing, people, stranger):
    result = proposing.result(forfeited=[stranger])
    with refused("Task_NotListed", stranger, 1):
        ends(proposing, result, proposing.votes(people.clients, result))


@pytest.mark.parametrize("sets", ["rejected", "forfeited"])
def test_refuses_sets_that_do_not_ascend(proposing, people, alice, bob, sets):
    low, high = (person.address for person in ascending([alice, bob]))
    for pair in ((high, low), (low, low)):
        result = proposing.result()._replace(**{sets: pair})
        with refused("Task_NotAscending", *pair):
            ends(proposing, result, proposing.votes(people.clients, result))
