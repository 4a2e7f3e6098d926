"""The contract's views as dataclasses, and its windows as the chain has them."""

from dataclasses import fields, replace

import pytest

from bcfl_offchain.chain import (
    ClientState,
    Factory,
    Ledger,
    ListState,
    NotAnAddress,
    Phase,
    Policy,
    Report,
    RoundState,
    Signer,
    TaskContract,
    Terms,
    UnknownContract,
    connect,
)
from bcfl_offchain.chain.clock import MOST_AHEAD, ChainAhead, ChainStalled, DevClock, RealClock
from bcfl_offchain.chain.events import _snake
from bcfl_offchain.chain.interface import FACTORY_ABI, TASK_ABI, checksum
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from bcfl_offchain.mechanism.policies import POLICIES
from tests.chain.devnet import account, anvil


@pytest.fixture
def owner(devnet):
    return Signer(devnet.w3, account(0))


@pytest.fixture
def task(devnet, owner):
    terms = demo_terms(DemoConfig(policy="incomplete"), owner.address)
    return devnet.factory.create_task(owner, replace(terms, join_window=100, list_window=50))


@pytest.mark.parametrize("label, policy", list(zip(POLICIES, Policy)))
def test_terms_come_back_as_they_were_given(devnet, owner, label, policy):
    terms = demo_terms(DemoConfig(policy=label), owner.address)
    task = devnet.factory.create_task(owner, terms)
    assert task.terms == terms and task.terms.policy is policy
    assert (task.terms.reservation_utility > 0) == (policy is Policy.LEAST_COST)
    assert task.terms.pricing().policy == label
    assert devnet.factory.is_task(task.address)
    assert not devnet.factory.is_task(owner.address)


@pytest.mark.parametrize(
    "view, cls",
    [
        ("terms", Terms),
        ("ledger", Ledger),
        ("roundState", RoundState),
        ("listState", ListState),
        ("clientState", ClientState),
    ],
)
def test_dataclasses_have_the_structs_fields_in_their_order(view, cls):
    (item,) = [item for item in TASK_ABI if item.get("name") == view]
    struct = [_snake(field["name"]) for field in item["outputs"][0]["components"]]
    assert [field.name for field in fields(cls)] == struct


def test_a_new_task_is_empty(devnet, task, owner):
    ledger = task.ledger()
    assert ledger.balanced and ledger.deposited == ledger.free == ledger.held == task.terms.budget * 3
    assert task.phase() is Phase.JOINING
    assert task.round_state().number == 0 and task.list_state().version == 0
    assert task.client_state(owner.address).report == Report(0, 0, 0)
    assert task.global_model() == bytes(32)
    assert task.expected_hashes == 4096


def test_windows_are_the_chains(devnet, task):
    clock, start = DevClock(devnet.w3), task.round_state().ended_at
    assert [task.next_join_window(start + t) - start for t in (0, 99, 100, 149, 150, 260)] == [
        0,
        99,
        150,
        150,
        150,
        300,
    ]
    assert [task.next_list_window(start + t) - start for t in (0, 99, 100, 149, 150)] == [
        100,
        100,
        100,
        149,
        250,
    ]
    clock.wait_until(task.next_list_window(clock.now()))
    assert task.phase() is Phase.FROZEN
    clock.wait_until(task.next_join_window(clock.now()))
    assert task.phase() is Phase.JOINING


def test_an_address_without_a_task(devnet):
    with pytest.raises(UnknownContract, match=f"^0x{'12' * 20} is no task on this chain: there is no code"):
        TaskContract(devnet.w3, "0x" + "12" * 20)


# Vitalik Buterin's example of EIP-55, and what a slip of the finger makes of it.
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_an_address_is_taken_with_its_checksum_or_without_any(address):
    assert checksum(address) == ADDRESS


@pytest.mark.parametrize(
    "text",
    [
        ADDRESS[:-1] + "e",  # another digit
        ADDRESS.replace("5aA", "5AA"),  # another case
        ADDRESS[2:],
        ADDRESS + "0",
        ADDRESS[:-1],
        ADDRESS + "\n",
        "nonsense",
        "",
        bytes(20),
        None,
    ],
)
def test_a_mistyped_address_is_refused_and_shown(text):
    with pytest.raises(NotAnAddress, match="is no address: that is 0x and 40 hexadecimal digits") as refused:
        checksum(text)
    assert refused.value.text == text and str(refused.value).isprintable()


def test_no_money_goes_to_a_mistyped_address(devnet, task, owner):
    signer = Signer(devnet.w3, account(1))
    sent = len(signer.records)
    for send in (task.claim, task.close, task.leave, lambda who, place: task.admit(who, [place])):
        with pytest.raises(NotAnAddress):
            send(signer, ADDRESS[:-1] + "e")
    assert len(signer.records) == sent


def test_another_contract_is_no_task(devnet):
    with pytest.raises(UnknownContract, match="does not state a task's terms"):
        TaskContract(devnet.w3, devnet.factory.address)


def test_a_factory_is_not_where_no_code_is(devnet):
    with pytest.raises(UnknownContract, match="is no factory on this chain: there is no code"):
        Factory(devnet.w3, "0x" + "12" * 20)


def test_another_contract_is_no_factory(devnet, task):
    with pytest.raises(UnknownContract, match=f"^{task.address} is no factory on this chain"):
        Factory(devnet.w3, task.address).is_task(task.address)


def test_the_abis_have_what_the_package_calls():
    names = {item.get("name") for item in (*TASK_ABI, *FACTORY_ABI)}
    assert {"submitWork", "endRoundByQuorum", "createTask", "TaskCreated"} <= names


def test_time_on_a_devnet_is_moved(devnet):
    clock = DevClock(devnet.w3)
    now = clock.now()
    clock.wait_until(now + 10_000)
    assert now + 10_000 <= clock.now() < now + 10_060
    blocks = devnet.w3.eth.block_number
    clock.wait_until(now)
    assert devnet.w3.eth.block_number == blocks


def test_time_elsewhere_is_waited_for():
    with anvil("--block-time", "1") as url:
        clock = RealClock(connect(url), poll_seconds=0.05)
        now = clock.now()
        clock.wait_until(now + 2)
        assert now + 2 <= clock.now() < now + 60


def test_a_block_of_a_time_that_has_not_come_is_not_believed():
    with anvil() as url:
        w3 = connect(url)
        clock = RealClock(w3)
        DevClock(w3).wait_until(clock.now() + MOST_AHEAD + 100)
        with pytest.raises(ChainAhead, match="set this clock or use another node"):
            clock.now()


def test_a_chain_that_stands_still_is_told(devnet):
    clock = RealClock(devnet.w3, poll_seconds=0.01, patience=0.1)
    with pytest.raises(ChainStalled, match="no block for 0.1 s"):
        clock.wait_until(clock.now() + 100)
