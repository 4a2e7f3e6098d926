"""Events: one dataclass for each of the contract's, in order, over any number of chunks."""

from dataclasses import fields

import pytest

from bcfl_offchain.chain import Signer, TaskReader, connect
from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.history import TaskHistory
from bcfl_offchain.chain.interface import TASK_ABI
from bcfl_offchain.chain.types import Report
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account, anvil

REPORT = Report(40, 10**28, 10**19)


@pytest.fixture
def owner(devnet):
    return Signer(devnet.w3, account(0))


@pytest.fixture
def task(devnet, owner):
    return devnet.factory.create_task(owner, demo_terms(DemoConfig(), owner.address))


def test_each_event_of_the_contract_has_a_dataclass_with_its_fields():
    declared = {
        item["name"]: [ev._snake(field["name"]) for field in item["inputs"]]
        for item in TASK_ABI
        if item["type"] == "event"
    }
    found = {cls.__name__: [field.name for field in fields(cls)][1:] for cls in ev.Event.__subclasses__()}
    assert found == declared


def test_history_follows_every_event():
    dispatch = vars(TaskHistory)["_apply"].dispatcher.dispatch
    for cls in ev.Event.__subclasses__():
        assert dispatch(cls) is not dispatch(ev.Event)
    with pytest.raises(TypeError, match="Event is no event"):
        TaskHistory()._apply(ev.Event(ev.Place(0, 0, "0x")))


def test_events_come_in_order_over_chunks(devnet, owner, task, monkeypatch):
    for index in range(1, 4):
        task.join(Signer(devnet.w3, account(index)), REPORT)
    last = devnet.w3.eth.block_number
    whole = ev.fetch_events(devnet.w3, task.address, 0, last)
    seen = []
    monkeypatch.setattr(ev, "CHUNK_BLOCKS", 1)
    assert ev.fetch_events(devnet.w3, task.address, 0, last, seen.append) == whole
    assert seen == list(range(last + 1))
    kinds = [type(event).__name__ for event in whole]
    assert kinds == ["Funded", *["Joined", "Reported"] * 3]


def test_the_creation_block_is_found(devnet, owner, task):
    created = owner.records[-1].block
    devnet.rpc("anvil_mine", hex(20))
    assert ev.creation_block(devnet.w3, task.address, devnet.w3.eth.block_number) == created


def test_a_log_of_another_contract_is_refused(devnet, owner, task):
    with pytest.raises(ev.UnknownEvent, match="no event of a task"):
        ev.fetch_events(devnet.w3, devnet.factory.address, 0, devnet.w3.eth.block_number)
    with pytest.raises(ev.UnknownEvent):
        ev.decode_log({"topics": [], "logIndex": 0, "blockNumber": 0})


def test_a_node_without_old_states_asks_for_the_first_block():
    with anvil("--prune-history", "1") as url:
        w3 = connect(url)
        signer = Signer(w3, account(0))
        for _ in range(30):
            w3.manager.request_blocking("evm_mine", [])
        with pytest.raises(ev.OldStateMissing, match="cannot look back to block"):
            ev.creation_block(w3, signer.address, w3.eth.block_number)


def test_a_reader_follows_blocks_that_were_replaced(devnet, owner, task):
    alice, bob = (Signer(devnet.w3, account(index)) for index in (1, 2))
    reader = TaskReader(devnet.w3, task.address)
    snapshot = devnet.rpc("evm_snapshot")
    task.join(alice, REPORT)
    assert reader.history().members == {alice.address}
    devnet.rpc("evm_revert", snapshot)
    task.join(bob, REPORT)
    assert reader.history().members == {bob.address}
    snapshot = devnet.rpc("evm_snapshot")
    task.revoke_signatures(bob)
    assert reader.history().vote_nonce(bob.address) == 1
    devnet.rpc("evm_revert", snapshot)
    assert reader.history().vote_nonce(bob.address) == 0
    assert reader.read_to == devnet.w3.eth.block_number
