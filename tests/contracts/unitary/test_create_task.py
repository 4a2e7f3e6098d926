"""createTask: terms are checked, the budget of all rounds is moved in, and neither changes afterwards."""

from __future__ import annotations

import pytest

from tests.contracts.support.book import Book
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import SETTINGS, ZERO_ADDRESS, Phase, Policy, Terms

ON_BOTH_CHAINS = pytest.mark.ganache
MOST_SECONDS = 365 * 24 * 3600
LEAST_GRACE = 12
LEAST_JOIN_WINDOW = 30
MOST_CLIENTS = 1000
MOST_CYCLES = 2**48 - 1


@pytest.fixture
def terms(owner):
    return Terms(owner.address)


@ON_BOTH_CHAINS
@pytest.mark.parametrize("policy", list(Policy))
def test_makes_a_funded_task_with_these_terms(Task, factory, terms, alice, owner, policy):
    terms = terms._replace(**SETTINGS[policy])
    tx = factory.createTask(terms, {"from": alice, "value": terms.funds})  # anybody may fund somebody's task

    task = Task.at(tx.events["TaskCreated"]["task"])
    assert tuple(task.terms()) == terms
    assert tx.events["TaskCreated"]["owner"] == owner
    assert tuple(tx.events["TaskCreated"]["terms"]) == terms
    assert tx.events["Funded"]["amount"] == terms.funds
    assert factory.isTask(task)
    assert task.phase() == Phase.JOINING
    assert task.ledger().dict() == Book(terms).ledger()
    assert task.balance() == terms.funds


def test_each_task_holds_its_own_money(new_game):
    first, second = new_game(), new_game(rounds=1)

    assert first.task.address != second.task.address
    first.check()
    second.check()


def test_nobody_else_makes_a_task(factory, stranger):
    assert not factory.isTask(stranger)
    assert not factory.isTask(factory.implementation())


@ON_BOTH_CHAINS
def test_is_initialised_once(Task, factory, new_game, stranger):
    game = new_game()
    for target in (game.task, Task.at(factory.implementation())):
        with refused("Task_AlreadyInitialized"):
            target.initialize({"from": stranger, "value": 1})
    game.check()


@pytest.mark.parametrize("difference", [-1, 1])
def test_refuses_another_value_than_all_rounds_cost(factory, terms, owner, difference):
    sent = terms.funds + difference
    with refused("Money_WrongValue", sent, terms.funds):
        factory.createTask(terms, {"from": owner, "value": sent})


def test_refuses_a_task_of_nobody(factory, terms, owner):
    with refused("Terms_ZeroOwner"):
        factory.createTask(terms._replace(owner=ZERO_ADDRESS), {"from": owner, "value": terms.funds})


def test_refuses_a_token_without_code(factory, terms, owner, alice):
    with refused("Terms_TokenHasNoCode", alice):
        factory.createTask(terms._replace(token=alice.address), {"from": owner, "value": terms.funds})


# field, value, name in the error, least, most: one below and one above each range, as far as the type allows
OUT_OF_RANGE = [
    ("budget", 0, "budget", 1, 2**79 - 1),
    ("budget", 2**79, "budget", 1, 2**79 - 1),
    ("rounds", 0, "rounds", 1, (2**88 - 1) // Terms("").budget),
    ("rounds", (2**88 - 1) // Terms("").budget + 1, "rounds", 1, (2**88 - 1) // Terms("").budget),
    ("mining_budget", Terms("").budget + 1, "miningBudget", 0, Terms("").budget),
    ("bond", 2**79, "bond", 0, 2**79 - 1),
    ("audit_probability", 10**18 + 1, "auditProbability", 0, 10**18),
    ("deadline", 0, "deadline", 1, MOST_SECONDS),
    ("deadline", MOST_SECONDS + 1, "deadline", 1, MOST_SECONDS),
    ("grace", LEAST_GRACE - 1, "grace", LEAST_GRACE, MOST_SECONDS),
    ("grace", MOST_SECONDS + 1, "grace", LEAST_GRACE, MOST_SECONDS),
    ("join_window", LEAST_JOIN_WINDOW - 1, "joinWindow", LEAST_JOIN_WINDOW, MOST_SECONDS),
    ("join_window", MOST_SECONDS + 1, "joinWindow", LEAST_JOIN_WINDOW, MOST_SECONDS),
    ("list_window", 0, "listWindow", 1, MOST_SECONDS),
    ("list_window", MOST_SECONDS + 1, "listWindow", 1, MOST_SECONDS),
    ("proposal_window", 0, "proposalWindow", 1, MOST_SECONDS),
    ("proposal_window", MOST_SECONDS + 1, "proposalWindow", 1, MOST_SECONDS),
    ("min_hired", 0, "minHired", 1, MOST_CLIENTS),
    ("min_hired", MOST_CLIENTS + 1, "minHired", 1, MOST_CLIENTS),
    ("max_clients", 2, "maxClients", 3, MOST_CLIENTS),
    ("max_clients", MOST_CLIENTS + 1, "maxClients", 3, MOST_CLIENTS),
    ("cycle_unit", 0, "cycleUnit", 1, MOST_CYCLES),
    ("max_training_units", 0, "maxTrainingUnits", 1, MOST_CYCLES // Terms("").cycle_unit),
    (
        "max_training_units",
        MOST_CYCLES // Terms("").cycle_unit + 1,
        "maxTrainingUnits",
        1,
        MOST_CYCLES // Terms("").cycle_unit,
    ),
    ("mining_cycles", 0, "miningCycles", 1, MOST_CYCLES),
    ("cycles_per_hash", 0, "cyclesPerHash", 1, MOST_CYCLES),
]


@pytest.mark.parametrize("field, value, name, least, most", OUT_OF_RANGE)
def test_refuses_a_term_out_of_its_range(factory, terms, owner, field, value, name, least, most):
    with refused("Terms_OutOfRange", name, value, least, most):
        factory.createTask(terms._replace(**{field: value}), {"from": owner, "value": 0})


@pytest.mark.parametrize("policy", list(Policy))
def test_refuses_a_reservation_utility_that_the_policy_does_not_know(factory, terms, owner, policy):
    most = 2**79 - 1 if policy is Policy.LEAST_COST else 0
    terms = terms._replace(policy=policy, reservation_utility=most + 1)
    with refused("Terms_OutOfRange", "reservationUtility", most + 1, 0, most):
        factory.createTask(terms, {"from": owner, "value": terms.funds})


@pytest.mark.parametrize("hashes", [15, 2**30 + 1])
def test_refuses_a_puzzle_out_of_its_range(factory, terms, owner, hashes):
    terms = terms._replace(mining_cycles=hashes, cycles_per_hash=1)
    with refused("Terms_OutOfRange", "miningCycles / cyclesPerHash", hashes, 16, 2**30):
        factory.createTask(terms, {"from": owner, "value": terms.funds})


@pytest.mark.parametrize(
    "changes",
    [
        dict(
            rounds=1,
            budget=1,
            mining_budget=1,
            bond=0,
            audit_probability=0,
            deadline=1,
            grace=LEAST_GRACE,
            join_window=LEAST_JOIN_WINDOW,
            list_window=1,
            proposal_window=1,
            min_hired=1,
            max_clients=1,
            max_training_units=1,
            cycle_unit=1,
            target=0,
            mining_cycles=16,
            cycles_per_hash=1,
        ),
        dict(
            budget=10**19,
            mining_budget=10**19,
            policy=Policy.LEAST_COST,
            reservation_utility=2**79 - 1,
            rounds=2,
            bond=2**79 - 1,
            audit_probability=10**18,
            deadline=MOST_SECONDS,
            grace=MOST_SECONDS,
            join_window=MOST_SECONDS,
            list_window=MOST_SECONDS,
            proposal_window=MOST_SECONDS,
            min_hired=MOST_CLIENTS,
            max_clients=MOST_CLIENTS,
            max_training_units=2**16,
            cycle_unit=2**32 - 1,
            target=MOST_CYCLES,
            mining_cycles=MOST_CYCLES,
            cycles_per_hash=2**18,
        ),
    ],
    ids=["least", "most"],
)
def test_takes_the_ends_of_every_range(new_game, changes):
    game = new_game(**changes)
    assert tuple(game.task.terms()) == game.terms
    game.check()
