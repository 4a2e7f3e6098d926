"""A task from creation to its last wei: three rounds, each ended otherwise, and a late claim over all."""

from __future__ import annotations

import pytest

from tests.contracts.support.game import model_hash
from tests.contracts.support.people import purse
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import REPORTS, SETTINGS, Phase, Policy


ON_BOTH_CHAINS = pytest.mark.ganache


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy.COMPLETE, marks=ON_BOTH_CHAINS),
        Policy.INCOMPLETE,
        Policy.FAIR_SHARE,
        pytest.param(Policy.LEAST_COST, marks=ON_BOTH_CHAINS),
    ],
)
def test_three_rounds_pay_to_the_wei(new_game, people, web3, policy):
    alice, bob, carol, dave, erin = people.clients
    game = new_game(**SETTINGS[policy])
    game.join_all()
    earned = {person: 0 for person in people.clients}

    def check_steps(*steps):
        for step in steps:
            step()
            game.check()

    # Round 1: everybody works; the quorum rejects bob's update and finds carol's report false.
    check_steps(game.open_new, game.work_all)
    for person in (alice, dave, erin):
        earned[person] += sum(game.pay(person))
    game.move_to_window(0)
    voters = [person for person in people.clients if person != carol]
    game.end_by_quorum(game.generator, voters, rejected=[bob], forfeited=[carol])
    game.check()
    assert bytes(game.task.globalModel()) == model_hash(1)
    game.claim(dave, purse("dave"))
    game.check()

    # Round 2: carol is gone, so the list is stale; a new one of four. Dave does not work, no quorum forms.
    game.move_to_frozen()
    with refused("Task_ListStale", 1):
        game.task.openRound(1, {"from": game.owner})
    check_steps(game.open_new)
    assert len(game.prices) == 4 and all(entry.hired for entry in game.prices.values())
    check_steps(lambda: game.work_all([erin, bob, alice]))
    for person in (alice, bob, erin):
        earned[person] += sum(game.pay(person))
    game.move_to_window(3)
    check_steps(lambda: game.end_by_time(people.stranger))
    assert bytes(game.task.globalModel()) == model_hash(1)

    # Round 3: the list of round 2 stands. The generator is silent, its runner-up ends the round.
    game.move_to_frozen()
    opened = game.open()
    assert (opened.events["RoundOpened"]["round"], opened.events["RoundOpened"]["version"]) == (3, 2)
    check_steps(game.work_all)
    for person in (alice, bob, dave, erin):
        earned[person] += sum(game.pay(person))
    earned[dave] -= sum(game.pay(dave))  # his update of this round is rejected
    game.move_to_window(1)
    voters = [person for person in game.hired if person != game.generator]
    game.end_by_quorum(game.runner_up, voters, rejected=[dave])
    game.check()
    assert bytes(game.task.globalModel()) == model_hash(3)
    assert game.task.phase() == Phase.OVER

    # After it: erin leaves and claims later, the owner takes what is free, alice claims three rounds at once.
    check_steps(
        lambda: game.leave(erin, purse("bonds")),
        lambda: game.claim(bob, purse("bob")),
        lambda: game.close(purse("owner")),
        lambda: game.claim(erin, purse("erin")),
        lambda: game.claim(alice, purse("alice")),
    )
    for person in (alice, bob, dave):
        game.leave(person, purse("bonds"))
    game.check()
    with refused("Task_NothingToClaim", dave):
        game.task.claim(dave, {"from": dave})

    balance = web3.eth.get_balance
    for name, person in (("alice", alice), ("bob", bob), ("dave", dave), ("erin", erin)):
        assert balance(purse(name)) == earned[person] > 0
    assert balance(purse("owner")) == game.terms.funds - sum(earned.values())
    assert balance(purse("bonds")) == 4 * game.terms.bond
    assert game.task.balance() == game.terms.bond  # carol's, burnt
    assert game.task.ledger().dict() == {
        "deposited": game.terms.funds + len(REPORTS) * game.terms.bond,
        "paid": sum(earned.values()),
        "claimable": 0,
        "committed": 0,
        "free": 0,
        "returned": game.terms.funds - sum(earned.values()) + 4 * game.terms.bond,
        "bonds": 0,
        "burnt": game.terms.bond,
    }
