"""claim: a client pulls what it has earned, at any time, of any number of rounds, to any address."""

from __future__ import annotations

import pytest

from tests.contracts.support.people import purse
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import ZERO_ADDRESS

ON_BOTH_CHAINS = pytest.mark.ganache


@pytest.fixture
def ended(worked, stranger):
    """The first round has ended by time: all five have earned."""
    worked.move_to_window(3)
    worked.end_by_time(stranger)
    return worked


def play_round(game, caller):
    """One more round in which all five work."""
    game.move_to_frozen()
    game.open()
    game.work_all()
    game.move_to_window(3)
    game.end_by_time(caller)


@ON_BOTH_CHAINS
def test_sends_the_pay_to_the_named_address(ended, alice, web3):
    pay = sum(ended.pay(alice))
    tx = ended.claim(alice, purse("alice"))

    assert web3.eth.get_balance(purse("alice")) == pay
    assert dict(tx.events["Claimed"]) == {"client": alice, "recipient": purse("alice"), "amount": pay}
    ended.check()


def test_sends_the_pay_to_the_client_itself(ended, alice):
    before = alice.balance()
    tx = ended.claim(alice, alice)

    assert alice.balance() == before + sum(ended.pay(alice)) - tx.gas_used * tx.gas_price
    ended.check()


@ON_BOTH_CHAINS
def test_takes_several_rounds_at_once(ended, alice, stranger, web3):
    pay = sum(ended.pay(alice))
    play_round(ended, stranger)
    play_round(ended, stranger)
    ended.claim(alice, purse("alice"))

    assert web3.eth.get_balance(purse("alice")) == 3 * pay
    ended.check()


def test_pay_of_the_open_round_is_pending(worked, alice):
    with refused("Task_NothingToClaim", alice):
        worked.task.claim(alice, {"from": alice})
    worked.move_to_window(3)
    with refused("Task_NothingToClaim", alice):
        worked.task.claim(alice, {"from": alice})


def test_takes_earlier_pay_while_the_next_is_pending(ended, alice, stranger, web3):
    pay = sum(ended.pay(alice))
    ended.move_to_frozen()
    ended.open()
    ended.work_all([alice])
    ended.claim(alice, purse("alice"))
    assert web3.eth.get_balance(purse("alice")) == pay
    ended.check()

    ended.move_to_window(3)
    ended.end_by_time(stranger)
    ended.claim(alice, purse("alice"))
    assert web3.eth.get_balance(purse("alice")) == 2 * pay
    ended.check()


def test_takes_earlier_pay_before_working_in_an_open_round(ended, alice, web3):
    ended.move_to_frozen()
    ended.open()
    ended.claim(alice, purse("alice"))
    ended.check()
    ended.work_all([alice])
    ended.check()


def test_whoever_left_still_claims(ended, alice, owner):
    ended.leave(alice, alice)
    ended.close(owner)
    ended.claim(alice, purse("alice"))
    ended.check()


def test_everybody_claims_and_nothing_but_the_owners_and_the_bonds_is_left(ended, people, owner):
    for person in people.clients:
        ended.claim(person, purse("all"))
        ended.check()
    ended.close(owner)
    for person in people.clients:
        ended.leave(person, purse("all"))
    ended.check()
    assert ended.task.balance() == 0


@ON_BOTH_CHAINS
def test_refuses_whoever_has_earned_nothing(ended, stranger, alice):
    with refused("Task_NothingToClaim", stranger):
        ended.task.claim(stranger, {"from": stranger})
    ended.claim(alice, alice)
    with refused("Task_NothingToClaim", alice):
        ended.task.claim(alice, {"from": alice})


def test_refuses_the_zero_address(ended, alice):
    with refused("Money_ZeroRecipient"):
        ended.task.claim(ZERO_ADDRESS, {"from": alice})


@ON_BOTH_CHAINS
def test_a_receiver_that_refuses_stops_only_that_claim(ended, RevertingReceiver, alice, bob, stranger):
    receiver = RevertingReceiver.deploy({"from": stranger})
    with refused("Money_NotSent", ZERO_ADDRESS, receiver, sum(ended.pay(alice))):
        ended.task.claim(receiver, {"from": alice})
    ended.check()
    ended.claim(bob, purse("bob"))
    ended.claim(alice, purse("alice"))
    ended.check()


def test_a_receiver_that_calls_back_is_paid_once(ended, ReentrantReceiver, alice, stranger):
    receiver = ReentrantReceiver.deploy({"from": stranger})
    receiver.arm(ended.task.claim.encode_input(receiver), {"from": stranger})
    ended.claim(alice, receiver)

    assert receiver.balance() == sum(ended.pay(alice))
    assert (receiver.attempts(), receiver.succeeded()) == (1, False)
    ended.check()
