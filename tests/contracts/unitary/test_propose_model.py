"""proposeModel: the party whose window it is announces the global model's hash."""

from __future__ import annotations

import pytest

from tests.contracts.support.game import model_hash
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import Phase

ON_BOTH_CHAINS = pytest.mark.ganache


def others_than(game, person):
    return [client for client in game.people.clients if client != person]


@ON_BOTH_CHAINS
def test_first_the_generator(worked):
    worked.move_to_window(0)
    tx = worked.task.proposeModel(model_hash(1), {"from": worked.generator})

    assert dict(tx.events["ModelProposed"]) == {
        "round": 1,
        "proposer": worked.generator,
        "modelHash": "0x" + model_hash(1).hex(),
    }
    for person in [*others_than(worked, worked.generator), worked.owner]:
        with refused("Task_NotProposer", person, Phase.GENERATOR_PROPOSING):
            worked.task.proposeModel(model_hash(1), {"from": person})


def test_then_the_runner_up(worked):
    worked.move_to_window(1)
    tx = worked.task.proposeModel(model_hash(2), {"from": worked.runner_up})

    assert tx.events["ModelProposed"]["proposer"] == worked.runner_up
    for person in [*others_than(worked, worked.runner_up), worked.owner]:
        with refused("Task_NotProposer", person, Phase.RUNNER_UP_PROPOSING):
            worked.task.proposeModel(model_hash(1), {"from": person})


def test_then_whoever_worked(opened, alice, bob, carol, dave, erin, stranger):
    game = opened
    workers, idle = [alice, bob, carol], [dave, erin, stranger, game.owner]
    game.work_all(workers)
    game.move_to_window(2)
    for person in workers:
        game.task.proposeModel(model_hash(1), {"from": person})
    for person in idle:
        with refused("Task_NotProposer", person, Phase.WORKERS_PROPOSING):
            game.task.proposeModel(model_hash(1), {"from": person})


def test_the_runner_ups_window_is_nobodys_with_a_single_worker(opened, alice, bob):
    opened.work_all([alice])
    opened.move_to_window(1)
    for person in (alice, bob):
        with refused("Task_NotProposer", person, Phase.RUNNER_UP_PROPOSING):
            opened.task.proposeModel(model_hash(1), {"from": person})


def test_the_runner_up_of_an_earlier_round_is_nobody(worked, stranger, alice):
    game = worked
    game.move_to_window(3)
    game.end_by_time(stranger)
    earlier = game.runner_up
    game.move_to_frozen()
    game.open()
    game.work_all([next(person for person in game.people.clients if person != earlier)])
    game.move_to_window(1)
    with refused("Task_NotProposer", earlier, Phase.RUNNER_UP_PROPOSING):
        game.task.proposeModel(model_hash(1), {"from": earlier})


def test_a_proposal_changes_nothing_but_the_log(worked):
    worked.move_to_window(0)
    before = worked.task.roundState()
    worked.task.proposeModel(model_hash(1), {"from": worked.generator})
    worked.task.proposeModel(model_hash(2), {"from": worked.generator})

    assert worked.task.roundState() == before
    assert not any(bytes(worked.task.globalModel()))


def test_refuses_no_hash(worked):
    worked.move_to_window(0)
    with refused("Task_ZeroModelHash"):
        worked.task.proposeModel(bytes(32), {"from": worked.generator})


@ON_BOTH_CHAINS
def test_refuses_before_and_after_the_windows(worked, alice):
    with refused("Task_WrongPhase", Phase.WORKING):
        worked.task.proposeModel(model_hash(1), {"from": alice})
    worked.move_to_window(3)
    with refused("Task_WrongPhase", Phase.EXPIRED):
        worked.task.proposeModel(model_hash(1), {"from": alice})


def test_refuses_between_rounds(game, alice):
    with refused("Task_WrongPhase", Phase.JOINING):
        game.task.proposeModel(model_hash(1), {"from": alice})
