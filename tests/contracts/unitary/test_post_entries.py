"""postEntries: each entry is checked against the policy's equation, the list as a whole against its form."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.support import oracle
from tests.contracts.support.game import posted_entries
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import (
    GHZ_MINUTE,
    REPORTS,
    SETTINGS,
    THEOREMS,
    UNBALANCED,
    Phase,
    Policy,
    Report,
)

ON_BOTH_CHAINS = pytest.mark.ganache


def list_hash(entries) -> bytes:
    """The hash of a list: each entry after the hash of those before it."""
    digest = bytes(32)
    for entry in entries:
        digest = keccak(encode(["bytes32", "(address,uint80,uint72)"], [digest, entry]))
    return digest


def posted(game, size=5, version=None):
    """Posts entries as the owner."""
    return lambda *entries: game.task.postEntries(
        version or game.version + 1, size, entries, {"from": game.owner}
    )


# ------------------------------------------------------------------------------ what is taken


@ON_BOTH_CHAINS
@pytest.mark.parametrize("policy", list(Policy))
def test_takes_the_oracles_list(new_game, policy):
    game = new_game(**SETTINGS[policy])
    game.join_all()
    tx = game.post()

    assert dict(tx.events["ListBegun"]) == {"version": 1, "size": 5}
    assert tx.events["EntriesPosted"]["version"] == 1
    assert posted_entries(tx) == game.entries(game.prices)
    assert all(entry.hired for entry in game.prices.values())
    assert game.task.listState().dict() == {
        "version": 1,
        "size": 5,
        "posted": 5,
        "hired": 5,
        "isStale": False,
        "trainingCaps": sum(entry.training_cap for entry in game.prices.values()),
        "hash": "0x" + list_hash(game.entries(game.prices)).hex(),
    }
    for client, entry in game.prices.items():
        state = game.task.clientState(client)
        assert state["listVersion"] == 1
        assert state["trainingCap"] == entry.training_cap
        assert state["trainingFrequency"] == entry.training_frequency
    game.check()


def test_a_client_with_a_negative_value_is_listed_but_not_hired(new_game, alice):
    game = new_game()
    game.join_all(UNBALANCED)
    tx = game.post()

    assert game.prices[alice.address].shapley_value < 0
    assert (alice.address, 0, 0) in posted_entries(tx)
    assert game.task.listState()["hired"] == 4
    assert game.task.clientState(alice)["listVersion"] == 1
    game.check()


@pytest.mark.parametrize("chunks", [(1, 3, 1), (2, 0, 3), (0, 5)])
def test_takes_a_list_in_chunks(game, owner, chunks):
    entries = game.entries(game.price())
    start = 0
    for chunk in chunks:
        game.task.postEntries(1, 5, entries[start : start + chunk], {"from": owner})
        start += chunk

    state = game.task.listState()
    assert (state["posted"], state["hired"]) == (5, 5)
    assert bytes(state["hash"]) == list_hash(entries)


def test_a_new_version_drops_one_that_is_posted_in_part(game, owner):
    entries = game.entries(game.price())
    game.task.postEntries(1, 5, entries[:3], {"from": owner})
    game.post()

    state = game.task.listState()
    assert (state["version"], state["posted"], state["hired"]) == (2, 5, 5)
    assert bytes(state["hash"]) == list_hash(entries)


def test_caps_may_take_the_whole_training_budget(game):
    prices = game.price()
    spare = (
        game.terms.budget - game.terms.mining_budget - sum(entry.training_cap for entry in prices.values())
    )
    entries = game.entries(prices)
    client, cap, _ = entries[-1]
    frequency = oracle.offer_frequency(game.terms, game.reports[client], cap + spare)
    posted(game)(*entries[:-1], (client, cap + spare, frequency))

    assert game.task.listState()["trainingCaps"] == game.terms.budget - game.terms.mining_budget


@ON_BOTH_CHAINS
def test_takes_a_list_while_reports_are_frozen(game):
    game.move_to_frozen()
    game.post()
    assert game.task.listState()["posted"] == 5


# ------------------------------------------------------------------------------ who and when


@ON_BOTH_CHAINS
def test_is_the_owners(game, alice, owner):
    with refused("Task_NotOwner", alice, owner):
        game.task.postEntries(1, 5, game.entries(game.price()), {"from": alice})


def test_refuses_while_a_round_is_open(opened, owner):
    with refused("Task_WrongPhase", Phase.WORKING):
        opened.task.postEntries(2, 5, [], {"from": owner})
    opened.move_to_window(0)
    with refused("Task_WrongPhase", Phase.EXPIRED):
        opened.task.postEntries(2, 5, [], {"from": owner})


def test_refuses_when_the_task_is_closed(game, owner):
    game.close(owner)
    with refused("Task_WrongPhase", Phase.OVER):
        game.task.postEntries(1, 5, [], {"from": owner})


# ------------------------------------------------------------------------------ the list's form


@pytest.mark.parametrize("size", [0, pytest.param(2, marks=ON_BOTH_CHAINS), 9])
def test_refuses_a_size_out_of_the_terms(game, owner, size):
    with refused("Task_ListSizeOutOfRange", size, 3, 8):
        game.task.postEntries(1, size, [], {"from": owner})


@pytest.mark.parametrize("version", [0, 1, 4, 2**32 - 1])
def test_refuses_a_version_out_of_turn(game, owner, version):
    game.post()
    game.task.postEntries(2, 5, [], {"from": owner})
    with refused("Task_WrongVersion", version, 2):
        game.task.postEntries(version, 5, [], {"from": owner})


def test_refuses_another_size_for_the_same_version(game, owner):
    game.task.postEntries(1, 5, [], {"from": owner})
    with refused("Task_WrongSize", 1, 4, 5):
        game.task.postEntries(1, 4, [], {"from": owner})


def test_refuses_more_entries_for_a_complete_list(game, owner):
    game.post()
    with refused("Task_ListComplete", 1, 5):
        game.task.postEntries(1, 5, game.entries(game.prices)[:1], {"from": owner})


def test_refuses_to_go_on_with_a_list_that_never_began(game, owner):
    with refused("Task_WrongVersion", 0, 0):
        game.task.postEntries(0, 0, [], {"from": owner})


def test_refuses_more_entries_than_the_size(game, owner):
    entries = game.entries(game.price())
    with refused("Task_ListOverflow", 1, 5, 4):
        game.task.postEntries(1, 4, entries, {"from": owner})
    game.task.postEntries(1, 4, [], {"from": owner})
    with refused("Task_ListOverflow", 1, 5, 4):
        game.task.postEntries(1, 4, entries, {"from": owner})


def test_refuses_whoever_is_no_member(game, stranger, alice):
    game.leave(alice, alice)
    for client in (stranger, alice):
        with refused("Task_NotMember", client):
            posted(game)((client, 0, 0))


def test_refuses_the_same_client_twice(game):
    first = game.entries(game.price())[0]
    with refused("Task_NotAscending", first[0], first[0]):
        posted(game)(first, first)


def test_refuses_the_same_client_twice_across_chunks(game):
    first = game.entries(game.price())[0]
    posted(game)(first)
    with refused("Task_NotAscending", first[0], first[0]):
        posted(game, version=1)(first)


def test_refuses_clients_out_of_order(game):
    first, second, *_ = game.entries(game.price())
    with refused("Task_NotAscending", second[0], first[0]):
        posted(game)(second, first)


def test_refuses_caps_one_wei_over_the_budget(game):
    prices = game.price()
    budget = game.terms.budget - game.terms.mining_budget
    entries = game.entries(prices)
    client, cap, _ = entries[-1]
    cap += budget - sum(entry.training_cap for entry in prices.values()) + 1
    last = (client, cap, oracle.offer_frequency(game.terms, game.reports[client], cap))
    with refused("Task_CapsExceedBudget", budget + 1, budget):
        posted(game)(*entries[:-1], last)


@pytest.mark.parametrize("cap", [2**79 - 1, 2**79, 2**80 - 1])
def test_refuses_the_largest_caps_by_their_name(game, alice, cap):
    with refused("Task_CapsExceedBudget", cap, game.terms.budget - game.terms.mining_budget):
        posted(game)((alice, cap, 1))


def test_refuses_a_frequency_without_a_cap(game, alice):
    with refused("Task_NotHiredHasFrequency", alice, 1):
        posted(game)((alice, 0, 1))


# ------------------------------------------------------------------------------ the equations


@pytest.mark.parametrize("policy", THEOREMS)
@pytest.mark.parametrize("difference", [-1, 1])
def test_refuses_a_frequency_that_is_not_the_root(new_game, alice, policy, difference):
    game = new_game(policy=policy)
    game.join_all()
    entry = game.price()[alice.address]
    frequency = entry.training_frequency + difference
    with refused("Price_WrongTrainingFrequency", alice, frequency, entry.training_price):
        posted(game)((alice, entry.training_cap, frequency))


def test_refuses_a_frequency_of_zero(game, alice):
    with refused("Price_FrequencyOutOfRange", alice, 0, REPORTS["alice"].max_frequency):
        posted(game)((alice, 1, 0))


def test_refuses_training_above_the_highest_frequency(game, alice):
    entry = game.price()[alice.address]
    most = entry.training_frequency - 1
    game.change(alice, REPORTS["alice"]._replace(max_frequency=most))
    with refused("Price_FrequencyOutOfRange", alice, entry.training_frequency, most):
        posted(game)((alice, entry.training_cap, entry.training_frequency))


def test_takes_training_at_the_highest_frequency(game, alice):
    entry = game.price()[alice.address]
    game.change(alice, REPORTS["alice"]._replace(max_frequency=entry.training_frequency))
    posted(game)((alice, entry.training_cap, entry.training_frequency))


def test_refuses_training_that_takes_the_whole_deadline(game, erin):
    report = REPORTS["erin"]
    cap = oracle.cap_for_training_time(game.terms, report, game.terms.deadline)
    frequency = oracle.offer_frequency(game.terms, report, cap)
    with refused("Price_NoTimeToMine", erin, frequency):
        posted(game)((erin, cap, frequency))


@pytest.mark.parametrize("policy", THEOREMS)
def test_refuses_mining_above_the_highest_frequency(new_game, erin, policy):
    game = new_game(policy=policy)
    game.join_all()
    report = REPORTS["erin"]
    cap = oracle.cap_for_training_time(game.terms, report, 890)
    frequency = oracle.offer_frequency(game.terms, report, cap)
    needed, _ = oracle.offer_mining(game.terms, report, frequency, 0)
    assert needed > report.max_frequency
    with refused("Price_FrequencyOutOfRange", erin, needed, report.max_frequency):
        posted(game)((erin, cap, frequency))


def test_complete_refuses_mining_that_its_cap_does_not_cover(game, erin):
    report = REPORTS["erin"]
    cap = oracle.cap_for_training_time(game.terms, report, 880)
    frequency = oracle.offer_frequency(game.terms, report, cap)
    needed, price = oracle.offer_mining(game.terms, report, frequency, game.terms.mining_budget // 5)
    with refused("Price_MiningNotCovered", erin, price, oracle.least_price(report, needed)):
        posted(game)((erin, cap, frequency))


@ON_BOTH_CHAINS
def test_incomplete_refuses_mining_pay_over_its_cap(new_game, erin):
    game = new_game(policy=Policy.INCOMPLETE)
    game.join_all()
    report = REPORTS["erin"]
    cap = oracle.cap_for_training_time(game.terms, report, 880)
    frequency = oracle.offer_frequency(game.terms, report, cap)
    needed, _ = oracle.offer_mining(game.terms, report, frequency, 0)
    pay = oracle.least_price(report, needed) * game.terms.mining_cycles // (needed * 10**9)
    with refused("Price_MiningPayOverCap", erin, pay, game.terms.mining_budget // 5):
        posted(game)((erin, cap, frequency))


def test_refuses_a_training_price_above_the_range(game, alice):
    game.change(alice, Report(1, 1, 2**72 - 1))
    cap = game.terms.budget - game.terms.mining_budget
    assert oracle.training_price(game.terms, Report(1, 1), cap) >= 2**128
    with refused("Price_OutOfRange", alice):
        posted(game)((alice, cap, 1))


def test_complete_refuses_a_mining_cap_of_nothing(new_game, alice):
    game = new_game(mining_budget=4)  # less than one unit a client
    game.join_all()
    cap = 10**16
    frequency = oracle.offer_frequency(game.terms, REPORTS["alice"], cap)
    mining, price = oracle.offer_mining(game.terms, REPORTS["alice"], frequency, 0)
    with refused("Price_MiningNotCovered", alice, price, oracle.least_price(REPORTS["alice"], mining)):
        posted(game)((alice, cap, frequency))


CYCLES_CUBED = (REPORTS["alice"].training_units * GHZ_MINUTE) ** 3
JUST_BELOW_A_SQUARE = 10**18 * 10**81 // (CYCLES_CUBED * 10**32) + 1


@pytest.mark.parametrize(
    "cap, coefficient, price",
    [
        (10**6, JUST_BELOW_A_SQUARE, 10**16 - 1),
        (3 * 10**6, 10**32, 10**17),
        (3 * 10**6, 10**32 + 1, 10**17 - 1),
    ],
)
def test_the_training_price_is_rounded_down_at_squares_too(game, alice, cap, coefficient, price):
    report = Report(REPORTS["alice"].training_units, coefficient)
    assert oracle.training_price(game.terms, report, cap) == price
    game.change(alice, report)
    with refused("Price_WrongTrainingFrequency", alice, 1, price):  # which names the price
        posted(game)((alice, cap, 1))
