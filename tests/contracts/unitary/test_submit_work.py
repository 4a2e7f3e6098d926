"""submitWork: checks the claimed frequencies, the time and the puzzle, and credits the capped pay."""

from __future__ import annotations

import brownie
import pytest
from eth_utils import keccak

from tests.contracts.support import oracle, puzzle
from tests.contracts.support.game import ascending
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import GHZ_MINUTE, GIGAHERTZ, REPORTS, SETTINGS, UNBALANCED, Phase, Policy

ON_BOTH_CHAINS = pytest.mark.ganache
UPDATE = keccak(text="an update")
NO_NONCES = (0, 0)
REFUSED_RESPONSE = "Task_(EnergyNotCovered|DeadlineExceeded|FrequencyOutOfRange): .*"


@pytest.fixture(params=list(Policy))
def under_policy(request, new_game):
    """A round is open and T is over, under each policy."""
    game = new_game(**SETTINGS[request.param])
    game.join_all()
    game.open_new()
    game.move_to_deadline()
    yield game
    game.check()


@pytest.fixture
def due(opened):
    """A round is open and T is over, so that every claimed time has passed."""
    opened.move_to_deadline()
    return opened


# ------------------------------------------------------------------------------ what is paid


@ON_BOTH_CHAINS
def test_pays_the_expected_response_what_the_oracle_says(under_policy, alice):
    game = under_policy
    training_pay, mining_pay = game.pay(alice)
    update = game.update_hash(alice)
    tx = game.work(alice)

    entry = game.prices[alice.address]
    event = dict(tx.events["WorkSubmitted"])
    assert tuple(map(int, event.pop("nonces"))) == game.solve(alice, update).nonces
    assert event == {
        "round": 1,
        "client": alice,
        "updateHash": "0x" + update.hex(),
        "trainingFrequency": entry.training_frequency,
        "miningFrequency": entry.mining_frequency,
        "trainingPay": training_pay,
        "miningPay": mining_pay,
    }
    state = game.task.clientState(alice)
    assert (state["lastRound"], state["pending"], state["claimable"]) == (1, training_pay + mining_pay, 0)
    game.check()


def other_responses(game, person):
    """Claims that a client may make, on both sides of each constraint."""
    training, mining = game.response(person)
    most = game.reports[person.address].max_frequency
    yield from [(training, mining + 1), (training, mining - 1), (training, most), (1, 1), (most, most)]
    yield from [(training + 1, mining), (training - 1, mining), (training - 1, mining + 1)]
    for percent in (40, 60, 80, 90, 99):
        slower = training * percent // 100
        if game.terms.deadline * slower <= game.reports[person.address].training_units * GHZ_MINUTE * 10**9:
            continue  # nothing of T would be left to mine in
        just_in_time, _ = oracle.offer_mining(game.terms, game.reports[person.address], slower, 0)
        yield from [(slower, just_in_time), (slower, just_in_time - 1), (slower, just_in_time * 3 // 2)]


def test_pays_any_response_that_the_oracle_pays_and_no_other(under_policy, people):
    game = under_policy
    taken = left_out = 0
    for person in people.clients:
        solution = game.solve(person, game.update_hash(person))
        paid = []
        for frequencies in other_responses(game, person):
            submission = (game.update_hash(person), *frequencies, solution.nonces), {"from": person}
            try:
                game.pay(person, frequencies)
            except oracle.WorkRefused:
                with brownie.reverts(revert_pattern=REFUSED_RESPONSE):
                    game.task.submitWork.call(*submission)
                left_out += 1
                continue
            game.task.submitWork.call(*submission)
            paid.append(frequencies)
        taken += len(paid)
        last = paid[-1]
        event = game.work(person, last).events["WorkSubmitted"]
        assert (event["trainingPay"], event["miningPay"]) == game.pay(person, last)
    # (23) is the least price with (6): under `incomplete` nothing but the theorem's own response is feasible.
    assert taken == 5 if game.terms.policy == Policy.INCOMPLETE else taken >= 20
    assert left_out >= 20
    game.check()


def test_a_slower_claim_is_paid_no_more_than_the_caps(due, alice):
    entry = due.prices[alice.address]
    frequencies = entry.training_frequency // 2, entry.mining_frequency + GIGAHERTZ
    assert due.pay(alice, frequencies)[0] == entry.training_cap
    due.work(alice, frequencies)
    due.check()


def test_a_faster_mining_claim_is_paid_less(due, alice):
    training, mining = due.response(alice)
    faster = due.pay(alice, (training, 2 * mining))
    assert faster[1] < due.pay(alice)[1]
    due.work(alice, (training, 2 * mining))
    due.check()


@ON_BOTH_CHAINS
def test_takes_an_update_that_somebody_else_submitted(due, alice, bob):
    for person in (alice, bob):
        solution = due.solve(person, UPDATE)
        due.task.submitWork((UPDATE, *due.response(person), solution.nonces), {"from": person})
        due.book.work(person.address, sum(due.pay(person)))
    due.check()


# ------------------------------------------------------------------------------ who leads


def place_of(game, person):
    """Where a person stands on the list, from 1: lists ascend by address."""
    return 1 + ascending(game.hired).index(person)


@ON_BOTH_CHAINS
def test_the_two_lowest_hashes_lead(due, people):
    for person in people.clients:
        due.work(person)
        state = due.task.roundState()
        assert state["generator"] == place_of(due, due.generator)
        assert state["runnerUp"] == (place_of(due, due.runner_up) if len(due.ranking) > 1 else 0)
    due.check()


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_arrival_does_not_decide(due, people, turned):
    ranked = sorted(people.clients, key=lambda person: due.solve(person, due.update_hash(person)).score)
    for person in reversed(ranked) if turned else ranked:
        due.work(person)

    state = due.task.roundState()
    assert (state["generator"], state["runnerUp"]) == (place_of(due, ranked[0]), place_of(due, ranked[1]))


def test_leaders_of_an_earlier_round_are_forgotten(worked, stranger):
    worked.move_to_window(3)
    worked.end_by_time(stranger)
    worked.move_to_frozen()
    worked.open()

    state = worked.task.roundState()
    assert state["generator"] == state["runnerUp"] == 0


# ------------------------------------------------------------------------------ who and when


def test_refuses_whoever_is_not_on_the_list(due, stranger):
    with refused("Task_NotHired", stranger, 1):
        due.task.submitWork((UPDATE, 1, 1, NO_NONCES), {"from": stranger})


def test_refuses_whoever_was_on_an_earlier_list_only(game, alice, owner):
    game.post()
    others = {client: report for client, report in game.reports.items() if client != alice}
    game.prices = oracle.price_list(game.terms, others)
    game.task.postEntries(2, 4, game.entries(game.prices), {"from": owner})
    game.move_to_frozen()
    game.open()
    game.move_to_deadline()
    with refused("Task_NotHired", alice, 1):
        game.task.submitWork((UPDATE, 1, 1, NO_NONCES), {"from": alice})


def test_refuses_whoever_is_listed_without_a_cap(new_game, alice):
    game = new_game()
    game.join_all(UNBALANCED)
    game.open_new()
    game.move_to_deadline()
    with refused("Task_NotHired", alice, 1):
        game.task.submitWork((UPDATE, 1, 1, NO_NONCES), {"from": alice})
    game.check()


@ON_BOTH_CHAINS
def test_refuses_a_second_submission(due, alice):
    due.work(alice)
    solution = due.solve(alice, UPDATE)
    with refused("Task_AlreadySubmitted", alice, 1):
        due.task.submitWork((UPDATE, *due.response(alice), solution.nonces), {"from": alice})


@ON_BOTH_CHAINS
def test_refuses_after_the_work_window(opened, alice):
    opened.move_to_window(0)
    with refused("Task_WrongPhase", Phase.EXPIRED):
        opened.task.submitWork((UPDATE, *opened.response(alice), NO_NONCES), {"from": alice})


def test_refuses_between_rounds(game, alice):
    with refused("Task_WrongPhase", Phase.JOINING):
        game.task.submitWork((UPDATE, 1, 1, NO_NONCES), {"from": alice})


def test_takes_the_last_second_of_the_window_and_not_the_next(opened, alice, bob, clock):
    end = opened.work_end
    clock.next(end)
    tx = opened.work(alice)
    assert tx.timestamp == end
    solution = opened.solve(bob, opened.update_hash(bob))
    clock.next(end + 1)
    with refused("Task_WrongPhase", Phase.GENERATOR_PROPOSING):
        opened.task.submitWork((opened.update_hash(bob), *opened.response(bob), solution.nonces), {"from": bob})
    opened.check()


@pytest.mark.parametrize("faster", [1, 4])
def test_takes_no_work_before_its_claimed_time_has_passed(opened, alice, clock, faster):
    training, mining = opened.response(alice)
    frequencies = training, mining * faster
    needed = oracle.claimed_time(opened.terms, opened.reports[alice.address], frequencies)
    assert (needed == opened.terms.deadline) == (faster == 1)
    solution = opened.solve(alice, opened.update_hash(alice))
    opened_at = opened.opened_at

    clock.next(opened_at + needed - 1)
    with refused("Task_TimeNotPassed", needed, needed - 1):
        opened.task.submitWork((opened.update_hash(alice), *frequencies, solution.nonces), {"from": alice})
    clock.next(opened_at + needed)
    tx = opened.work(alice, frequencies)
    assert tx.timestamp == opened_at + needed
    opened.check()


@ON_BOTH_CHAINS
def test_refuses_at_once_after_opening(opened, alice):
    solution = opened.solve(alice, UPDATE)
    with brownie.reverts(revert_pattern=r"Task_TimeNotPassed: 900, \d"):
        opened.task.submitWork((UPDATE, *opened.response(alice), solution.nonces), {"from": alice})


# ------------------------------------------------------------------------------ the constraints


@pytest.mark.parametrize(
    "wrong", [pytest.param(0, marks=ON_BOTH_CHAINS), REPORTS["alice"].max_frequency + 1, 2**72 - 1]
)
def test_refuses_a_frequency_out_of_range(due, alice, wrong):
    training, mining = due.response(alice)
    for frequencies in ((wrong, mining), (training, wrong)):
        with refused("Task_FrequencyOutOfRange", wrong, REPORTS["alice"].max_frequency):
            due.task.submitWork((UPDATE, *frequencies, NO_NONCES), {"from": alice})


@ON_BOTH_CHAINS
def test_refuses_training_faster_than_its_price_covers(due, alice):
    training, mining = due.response(alice)
    price = due.prices[alice.address].training_price
    least = oracle.least_price(REPORTS["alice"], training + 1)
    with refused("Task_EnergyNotCovered", price, training + 1, least):
        due.task.submitWork((UPDATE, training + 1, mining, NO_NONCES), {"from": alice})


def test_refuses_mining_faster_than_its_price_covers(under_policy, alice):
    training, _ = under_policy.response(alice)
    price = under_policy.prices[alice.address].mining_price
    too_fast = oracle.fastest(under_policy.reports[alice.address], price) + 1
    least = oracle.least_price(under_policy.reports[alice.address], too_fast)
    with refused("Task_EnergyNotCovered", price, too_fast, least):
        under_policy.task.submitWork((UPDATE, training, too_fast, NO_NONCES), {"from": alice})


@pytest.mark.parametrize("slower", [pytest.param("training", marks=ON_BOTH_CHAINS), "mining"])
def test_refuses_a_claim_longer_than_the_deadline(due, alice, slower):
    training, mining = due.response(alice)
    frequencies = (training // 2, mining) if slower == "training" else (training, mining // 2)
    needed = oracle.claimed_time(due.terms, REPORTS["alice"], frequencies)
    with refused("Task_DeadlineExceeded", needed, due.terms.deadline):
        due.task.submitWork((UPDATE, *frequencies, NO_NONCES), {"from": alice})


# ------------------------------------------------------------------------------ the puzzle


@pytest.mark.parametrize("index", [0, 7, pytest.param(8, marks=ON_BOTH_CHAINS), 15])
def test_refuses_a_nonce_that_solves_nothing(due, alice, index):
    seed = bytes(due.task.roundState()["seed"])
    challenge = puzzle.challenge(due.task.address, seed, alice.address, UPDATE)
    nonces = list(due.solve(alice, UPDATE).nonces)
    wrong = puzzle.first_failing_nonce(challenge, index, due.expected_hashes)
    shift = 32 * (index % 8)
    nonces[index // 8] = nonces[index // 8] & ~((2**32 - 1) << shift) | wrong << shift
    found = puzzle.puzzle_hash(challenge, index, wrong)
    with refused("Puzzle_NotSolved", index, found, puzzle.threshold(due.expected_hashes)):
        due.task.submitWork((UPDATE, *due.response(alice), nonces), {"from": alice})


def first_unsolved(challenge, nonces, hashes):
    """What the contract says first of nonces that were found for another challenge."""
    packed = nonces[0] | nonces[1] << 256
    for index in range(puzzle.COUNT):
        found = puzzle.puzzle_hash(challenge, index, packed >> 32 * index & (2**32 - 1))
        if found >= puzzle.threshold(hashes):
            return index, found, puzzle.threshold(hashes)
    raise AssertionError("the nonces happen to solve the other puzzle too")


def test_a_solution_serves_no_other_client(due, alice, bob):
    nonces = due.solve(alice, UPDATE).nonces
    seed = bytes(due.task.roundState()["seed"])
    challenge = puzzle.challenge(due.task.address, seed, bob.address, UPDATE)
    with refused("Puzzle_NotSolved", *first_unsolved(challenge, nonces, due.expected_hashes)):
        due.task.submitWork((UPDATE, *due.response(bob), nonces), {"from": bob})


def test_a_solution_serves_no_other_update(due, alice):
    nonces = due.solve(alice, UPDATE).nonces
    other = keccak(text="another update")
    seed = bytes(due.task.roundState()["seed"])
    challenge = puzzle.challenge(due.task.address, seed, alice.address, other)
    with refused("Puzzle_NotSolved", *first_unsolved(challenge, nonces, due.expected_hashes)):
        due.task.submitWork((other, *due.response(alice), nonces), {"from": alice})


def test_a_solution_serves_no_other_round(due, alice, stranger):
    nonces = due.solve(alice, UPDATE).nonces
    due.move_to_window(0)
    due.end_by_time(stranger)
    due.move_to_frozen()
    due.open()
    due.move_to_deadline()
    seed = bytes(due.task.roundState()["seed"])
    challenge = puzzle.challenge(due.task.address, seed, alice.address, UPDATE)
    with refused("Puzzle_NotSolved", *first_unsolved(challenge, nonces, due.expected_hashes)):
        due.task.submitWork((UPDATE, *due.response(alice), nonces), {"from": alice})
