"""submitWork under one price for both subtasks: time is paid alike whatever it is claimed for."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.contracts.support import oracle
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import REPORTS, SETTINGS, UNIFORM, Policy

UPDATE = keccak(text="an update")
NO_NONCES = (0, 0)


@pytest.fixture(params=UNIFORM)
def due(request, new_game):
    """A round is open and T is over, under each policy of one price."""
    game = new_game(**SETTINGS[request.param])
    game.join_all()
    game.open_new()
    game.move_to_deadline()
    yield game
    game.check()


def caps(game, person):
    return game.prices[person.address].training_cap + game.mining_cap


def shifted(game, person, percent):
    """A claim that trains at a part of the expected frequency, and mines so fast that T holds still."""
    training = game.response(person)[0] * percent // 100
    return training, oracle.offer_mining(game.terms, game.reports[person.address], training, 0)[0]


def pays(tx):
    event = tx.events["WorkSubmitted"]
    return event["trainingPay"], event["miningPay"]


@pytest.mark.ganache
def test_the_expected_response_earns_its_price_for_the_whole_deadline(due, people):
    for person in people.clients:
        entry = due.prices[person.address]
        for_all_of_t = entry.training_price * due.terms.deadline // 10**18
        # The frequency is rounded up and each pay down.
        assert for_all_of_t - 3 <= sum(pays(due.work(person))) <= for_all_of_t <= caps(due, person)
        due.check()


def test_fair_share_pays_both_caps_in_full(new_game, people):
    game = new_game(**SETTINGS[Policy.FAIR_SHARE])
    game.join_all()
    game.open_new()
    game.work_all()
    for person in people.clients:
        assert 0 <= caps(game, person) - game.task.clientState(person)["pending"] <= 3
    game.check()


def test_least_cost_leaves_the_reservation_utility_to_the_wei(new_game, people):
    game = new_game(**SETTINGS[Policy.LEAST_COST])
    game.join_all()
    game.open_new()
    game.work_all()
    for person in people.clients:
        report, frequency = game.reports[person.address], game.response(person)[0]
        cycles = report.training_units * game.terms.cycle_unit + game.terms.mining_cycles
        energy = report.energy_coefficient * cycles * frequency**2 // 10**63
        left = game.task.clientState(person)["pending"] - energy
        assert abs(left - game.terms.reservation_utility) <= 3
    game.check()


@pytest.mark.ganache
@pytest.mark.parametrize("percent", [95, 90, 80])
def test_a_claim_that_shifts_time_between_the_subtasks_shifts_pay_and_gains_nothing(due, alice, percent):
    frequencies = shifted(due, alice, percent)
    expected = due.pay(alice)
    training_pay, mining_pay = pays(due.work(alice, frequencies))

    assert training_pay > expected[0] and mining_pay < expected[1]
    assert abs(training_pay + mining_pay - sum(expected)) <= 2
    assert training_pay + mining_pay <= caps(due, alice)


def test_one_pay_may_exceed_its_own_cap_and_the_sum_never_exceeds_both(new_game, erin):
    game = new_game(**SETTINGS[Policy.FAIR_SHARE])
    game.join_all()
    game.open_new()
    game.move_to_deadline()
    entry = game.prices[erin.address]
    training_pay, mining_pay = pays(game.work(erin, shifted(game, erin, 80)))
    assert training_pay > entry.training_cap
    assert caps(game, erin) - 2 <= training_pay + mining_pay <= caps(game, erin)
    game.check()


def test_the_mining_pay_may_exceed_its_own_cap_too(new_game, alice):
    game = new_game(**SETTINGS[Policy.FAIR_SHARE])
    game.join_all()
    game.open_new()
    game.move_to_deadline()
    _, mining_pay = pays(game.work(alice))
    assert mining_pay > game.mining_cap
    game.check()


def test_a_faster_claim_is_paid_for_less_time(due, alice):
    frequency = due.response(alice)[0]
    faster = frequency * 11 // 10
    expected = due.pay(alice)
    found = pays(due.work(alice, (faster, faster)))
    assert found == due.pay(alice, (faster, faster))
    assert all(abs(11 * pay - 10 * whole) <= 12 for pay, whole in zip(found, expected))


def test_refuses_one_step_slower_than_the_deadline_allows(due, alice):
    frequency = due.response(alice)[0]
    with refused("Task_DeadlineExceeded", due.terms.deadline + 1, due.terms.deadline):
        due.task.submitWork((UPDATE, frequency - 1, frequency, NO_NONCES), {"from": alice})


def test_without_a_reservation_utility_no_frequency_but_the_expected_one_is_paid(new_game, alice):
    game = new_game(policy=Policy.LEAST_COST)
    game.join_all()
    game.open_new()
    game.move_to_deadline()
    frequency = game.response(alice)[0]
    price = game.prices[alice.address].training_price
    for frequencies in ((frequency + 1000, frequency), (frequency, frequency + 1000)):
        least = oracle.least_price(REPORTS["alice"], frequency + 1000)
        with refused("Task_EnergyNotCovered", price, frequency + 1000, least):
            game.task.submitWork((UPDATE, *frequencies, NO_NONCES), {"from": alice})
    game.work(alice)
    game.check()
