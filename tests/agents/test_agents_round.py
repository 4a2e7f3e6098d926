"""Whole rounds by honest agents: everyone is paid what the mechanism says, and the logs tell it all."""

from dataclasses import asdict

import pytest

from bcfl_offchain.agents import Client, NoOpenRound, NotHired, audit
from bcfl_offchain.agents.pricing import compute_list
from bcfl_offchain.chain import TaskReader
from bcfl_offchain.learning import GLOBAL, accuracy, digits, fetch, initial


class Idle(Client):
    """Has but one sample."""

    def __init__(self, signer, place, clock, data, *rest):
        super().__init__(signer, place, clock, data.take([0]), *rest)


def states(world, block="latest"):
    return {client.address: world.task.client_state(client.address, block) for client in world.clients}


def assert_history_equals_views(world):
    history = TaskReader(world.devnet.w3, world.task.address).history()
    assert history.ledger() == world.task.ledger()
    assert {address: history.client_state(address) for address in states(world)} == states(world)
    last = history.last_list
    found = (last.version, last.size, last.is_stale, last.hash) if last else (0, 0, False, bytes(32))
    listed = world.task.list_state()
    assert found == (listed.version, listed.size, listed.is_stale, listed.hash)


def test_a_round_pays_everyone_what_the_mechanism_says(world):
    world.run_round()
    expected = compute_list(world.task.terms, world.place.reader.history().reports)
    for client in world.clients:
        line = expected[client.address]
        assert line.hired
        assert world.task.client_state(client.address).claimable == line.training_pay + line.mining_pay > 0
    assert world.round.ended.votes == len(world.clients)


def test_history_from_logs_equals_the_views_at_every_stage(world):
    assert_history_equals_views(world)
    world.open_round()
    assert_history_equals_views(world)
    world.submit_all()
    assert_history_equals_views(world)
    world.end_by_quorum()
    assert_history_equals_views(world)
    world.alice.claim()
    world.task.revoke_signatures(world.bob.signer)
    world.carol.leave()
    assert_history_equals_views(world)
    assert world.place.reader.history().last_list.is_stale
    world.owner.close()
    assert_history_equals_views(world)
    assert world.place.reader.history().is_closed


def test_three_rounds_then_everybody_leaves_with_what_is_its_own(world):
    for _ in range(3):
        world.run_round()
    earned = {client.address: world.task.client_state(client.address).claimable for client in world.clients}
    for client in world.clients:
        record = client.claim()
        assert record.value == 0 and world.task.client_state(client.address).claimable == 0
        assert client.claim() is None
        client.leave()
    world.owner.close()
    ledger = world.task.ledger()
    assert ledger.balanced and ledger.held == 0 == world.devnet.w3.eth.get_balance(world.task.address)
    assert ledger.paid == sum(earned.values())
    assert ledger.returned == ledger.deposited - ledger.paid
    assert audit(world.devnet.w3, world.task.address, world.devnet.factory.address).agrees


def test_the_agreed_model_is_in_the_store_and_better_than_the_first(world):
    for _ in range(2):
        world.run_round()
    name = world.place.file_name(2, GLOBAL)
    model_hash = world.task.global_model()
    model = fetch(world.place.store, like=initial(), name=name, expected_hash=model_hash)
    assert accuracy(model, digits()) > 2 * accuracy(initial(), digits())


def test_the_next_round_starts_from_the_agreed_model(world):
    world.run_round()
    start = world.place.model_before(world.place.reader.history(), 2)
    assert any(start["weights"].ravel())
    assert not any(world.place.model_before(world.place.reader.history(), 1)["weights"].ravel())


def test_work_waits_until_the_claimed_time_has_passed(world):
    world.open_round()
    work = world.alice.work()
    opened_at = world.task.round_state().opened_at
    assert 0 < work.due - opened_at <= world.task.terms.deadline
    world.alice.submit(work)
    assert world.clock.now() >= work.due


def test_a_client_without_an_open_round_says_so(world):
    with pytest.raises(NoOpenRound):
        world.alice.check_list()


def test_a_client_that_is_not_listed_does_not_work(world):
    world.clock.wait_until(world.task.next_list_window(world.clock.now()))
    world.owner.open_round([client.address for client in world.clients[:3]])
    with pytest.raises(NotHired, match="not on the list"):
        world.dave.work()


def test_a_client_that_is_listed_and_not_hired_is_told_why(make):
    # With one sample it is so far from the target that its Shapley value is negative.
    world = make(client_types={"dave": Idle})
    world.open_round()
    with pytest.raises(NotHired, match="training cap is zero"):
        world.dave.work()
    world.dave.publish()
    assert world.task.client_state(world.dave.address).training_cap == 0


def test_every_transaction_is_recorded_with_its_gas(world):
    world.run_round()
    labels = {record.label for record in world.records}
    assert {"create task", "join", "post entries", "open round", "submit work", "propose model"} <= labels
    assert all(record.gas > 21_000 and record.fee > 0 for record in world.records)
    assert sum(asdict(record)["value"] for record in world.records) == world.task.ledger().deposited
