"""openRound: commits the caps of a complete and current list, and fixes a seed that nobody knew before."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import UNBALANCED, Phase, Report

ON_BOTH_CHAINS = pytest.mark.ganache


def seed_of(web3, task, tx, number) -> bytes:
    """The seed, from the hash of the block before: 192 bits."""
    before = bytes(web3.eth.get_block(tx.block_number - 1).hash)
    entropy = keccak(
        encode(
            ["bytes32", "address", "uint32", "bytes32"],
            [before, task.address, number, bytes(task.listState()["hash"])],
        )
    )
    return entropy[:24] + bytes(8)


@ON_BOTH_CHAINS
def test_commits_the_caps_of_the_hired(game, web3):
    tx = game.open_new()

    assert game.committed == sum(entry.training_cap for entry in game.prices.values()) + 5 * game.mining_cap
    assert game.committed <= game.terms.budget
    seed = seed_of(web3, game.task, tx, 1)
    assert dict(tx.events["RoundOpened"]) == {
        "round": 1,
        "version": 1,
        "seed": "0x" + seed.hex(),
        "size": 5,
        "hired": 5,
        "miningCap": game.terms.mining_budget // 5,
        "committed": game.committed,
    }
    state = game.task.roundState()
    assert (state["number"], state["isOpen"], state["openedAt"]) == (1, True, tx.timestamp)
    assert (state["listVersion"], state["miningCap"]) == (1, game.terms.mining_budget // 5)
    assert bytes(state["seed"]) == seed
    assert game.task.phase() == Phase.WORKING
    game.check()


def test_does_not_commit_the_mining_cap_of_whoever_is_not_hired(new_game):
    game = new_game()
    game.join_all(UNBALANCED)
    game.open_new()

    assert game.task.roundState()["miningCap"] == game.terms.mining_budget // 5
    assert (
        game.task.ledger()["committed"] == game.committed <= game.terms.budget - game.terms.mining_budget // 5
    )
    game.check()


@ON_BOTH_CHAINS
def test_opens_again_under_an_unchanged_list(opened, stranger, web3):
    game = opened
    first = bytes(game.task.roundState()["seed"])
    game.move_to_window(0)
    game.end_by_time(stranger)
    game.move_to_frozen()
    tx = game.open()

    assert (tx.events["RoundOpened"]["round"], tx.events["RoundOpened"]["version"]) == (2, 1)
    assert bytes(game.task.roundState()["seed"]) == seed_of(web3, game.task, tx, 2) != first
    game.check()


def test_opens_in_a_later_window(game, clock):
    game.post()
    game.move_to_frozen()
    game.clock.to(clock.now() + 3 * (game.terms.join_window + game.terms.list_window))
    game.open()
    game.check()


@ON_BOTH_CHAINS
def test_is_the_owners(game, alice, owner):
    game.post()
    game.move_to_frozen()
    with refused("Task_NotOwner", alice, owner):
        game.task.openRound(1, {"from": alice})


@ON_BOTH_CHAINS
def test_refuses_while_reports_may_change(game, owner):
    game.post()
    with refused("Task_WrongPhase", Phase.JOINING):
        game.task.openRound(1, {"from": owner})


def test_refuses_while_a_round_is_open(opened, owner):
    with refused("Task_WrongPhase", Phase.WORKING):
        opened.task.openRound(1, {"from": owner})


def test_refuses_when_the_task_is_closed(game, owner):
    game.post()
    game.move_to_frozen()
    game.close(owner)
    with refused("Task_WrongPhase", Phase.OVER):
        game.task.openRound(1, {"from": owner})


def test_refuses_a_round_that_was_not_paid_for(new_game, owner, stranger):
    game = new_game(rounds=1)
    game.join_all()
    game.open_new()
    game.move_to_window(0)
    game.end_by_time(stranger)
    game.clock.to(game.clock.now() + game.terms.join_window + 5)
    with refused("Task_WrongPhase", Phase.OVER):
        game.task.openRound(1, {"from": owner})
    game.check()


def test_refuses_without_a_list(game, owner):
    game.move_to_frozen()
    with refused("Task_WrongVersion", 0, 0):
        game.task.openRound(0, {"from": owner})


@pytest.mark.parametrize("version", [0, 1, 3])
def test_refuses_another_version_than_the_last(game, owner, version):
    game.post()
    game.post()
    game.move_to_frozen()
    with refused("Task_WrongVersion", version, 2):
        game.task.openRound(version, {"from": owner})


def test_refuses_an_incomplete_list(game, owner):
    game.task.postEntries(1, 5, game.entries(game.price())[:4], {"from": owner})
    game.move_to_frozen()
    with refused("Task_ListIncomplete", 1, 4, 5):
        game.task.openRound(1, {"from": owner})


@ON_BOTH_CHAINS
def test_refuses_a_list_that_a_client_has_moved_away_from(game, alice, owner):
    game.post()
    game.change(alice, Report(5, 1))
    game.move_to_frozen()
    with refused("Task_ListStale", 1):
        game.task.openRound(1, {"from": owner})


@ON_BOTH_CHAINS
def test_refuses_too_few_hired(game, owner):
    prices = game.price()
    entries = [entry if index < 2 else (entry[0], 0, 0) for index, entry in enumerate(game.entries(prices))]
    game.task.postEntries(1, 5, entries, {"from": owner})
    game.move_to_frozen()
    with refused("Task_TooFewHired", 2, 3):
        game.task.openRound(1, {"from": owner})
