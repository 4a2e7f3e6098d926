"""Batches: filled within the public limits, refused calls told with their reason, none stopping another."""

from dataclasses import replace

import pytest
from eth_account import Account

from bcfl_offchain.chain import NotAnAddress, Report, Signer, UnknownContract, connect
from bcfl_offchain.chain import relay as rl
from bcfl_offchain.chain.errors import NodeRefused
from bcfl_offchain.chain.messages import Domain, JoinTask, sign
from bcfl_offchain.chain.relay import (
    MAX_TRANSACTION_BYTES,
    Planned,
    Relay,
    batch_bytes,
    batch_gas,
    batches,
    plan,
)
from bcfl_offchain.chain.transactions import MAX_TRANSACTION_GAS
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account, anvil, deploy_factory

BOND = 10**13
REPORT = Report(40, 10**28, 10**19)
PEOPLE = [Account.from_key(number.to_bytes(32, "big")) for number in range(1, 9)]


@pytest.fixture
def sender(devnet):
    return Signer(devnet.w3, account(3))


@pytest.fixture
def task(devnet):
    owner = Signer(devnet.w3, account(0))
    return devnet.factory.create_task(owner, replace(demo_terms(DemoConfig(), owner.address), bond=BOND))


@pytest.fixture
def relay(devnet):
    return Relay(devnet.w3, devnet.factory.relay())


def joining(task, person, nonce=0, deadline=2**40):
    domain = Domain(task.chain_id, task.address)
    return sign(person, domain, JoinTask(person.address, REPORT, nonce, deadline)).call_data()


def members(task):
    return [task.client_state(person.address).is_member for person in PEOPLE]


def test_a_batch_is_one_transaction_and_its_bonds_are_the_senders(devnet, task, relay, sender):
    before = devnet.w3.eth.get_balance(sender.address)
    told = []
    calls = [joining(task, one) for one in PEOPLE]
    delivery = relay.send(sender, task.address, calls, "join", BOND, told.append)
    (record,) = delivery.records
    assert delivery.sizes == (8,) and delivery.refusals == () and told == [8]
    assert all(members(task)) and task.ledger().bonds == 8 * BOND
    assert before - devnet.w3.eth.get_balance(sender.address) == record.fee + 8 * BOND
    assert devnet.w3.eth.get_balance(relay.address) == 0


def test_what_would_be_refused_is_told_and_not_paid_for(task, relay, sender):
    calls = [joining(task, one, nonce=int(place in (0, 4, 7))) for place, one in enumerate(PEOPLE)]
    delivery = relay.send(sender, task.address, calls, "join", BOND)
    assert delivery.sizes == (5,)
    assert [one.index for one in delivery.refusals] == [0, 4, 7]
    for refusal in delivery.refusals:
        assert refusal.record is None and refusal.error.error_name == "Task_WrongSignature"
        assert refusal.error.error_args["client"] == PEOPLE[refusal.index].address
    assert members(task) == [place not in (0, 4, 7) for place in range(8)]


def test_what_turns_bad_on_the_way_is_skipped_told_and_its_bond_comes_back(devnet, task, relay, sender):
    calls = [joining(task, one) for one in PEOPLE]
    planned, refusals = plan(sender, task.address, calls, "join", BOND)
    assert refusals == []
    others = Signer(devnet.w3, account(4))
    relay.send(others, task.address, [calls[2], calls[5]], "join", BOND)  # somebody is faster
    before = devnet.w3.eth.get_balance(sender.address)
    record, skipped = relay._send_batch(sender, task.address, planned, "join", BOND)
    assert [one.index for one in skipped] == [2, 5]
    assert all(one.error.error_name == "Task_WrongSignature" and one.record == record for one in skipped)
    assert all(members(task))
    assert before - devnet.w3.eth.get_balance(sender.address) == record.fee + 6 * BOND


def test_no_call_lacks_gas_in_a_full_transaction(devnet, task, relay, monkeypatch):
    # Fill up to a small limit, so that a few calls are a full batch.
    monkeypatch.setattr(rl, "MAX_TRANSACTION_GAS", 300_000)
    sender = Signer(devnet.w3, account(3))
    delivery = relay.send(sender, task.address, [joining(task, one) for one in PEOPLE], "join", BOND)
    assert delivery.refusals == () and len(delivery.records) > 1 and sum(delivery.sizes) == 8
    assert all(record.gas <= 300_000 for record in delivery.records)
    assert all(members(task))


def test_one_dear_call_among_cheap_ones_has_enough(devnet, task, relay, sender):
    # Joining again after one has left writes no new slot and is cheaper than the first time.
    regulars = [Signer(devnet.w3, person) for person in PEOPLE[1:]]
    for regular in regulars:
        devnet.rpc("anvil_setBalance", regular.address, hex(10**18))
        task.join(regular, REPORT)
        task.leave(regular, regular.address)
    calls = [joining(task, one) for one in PEOPLE]
    planned, _ = plan(sender, task.address, calls, "join", BOND)
    assert planned[0].gas > max(one.gas for one in planned[1:]) + 10_000
    assert relay.send(sender, task.address, calls[::-1], "join", BOND).refusals == ()
    assert all(members(task))


def test_batches_keep_both_limits_and_the_order():
    planned = [Planned(place, bytes(400), 60_000) for place in range(700)]
    for calls in (planned, [replace(one, gas=400_000) for one in planned]):
        cut = batches(calls, 0)
        assert [one for batch in cut for one in batch] == calls
        for batch, following in zip(cut, cut[1:]):
            assert batch_gas(batch, 0) <= MAX_TRANSACTION_GAS and batch_bytes(batch) <= MAX_TRANSACTION_BYTES
            more = [*batch, following[0]]
            assert batch_gas(more, 0) > MAX_TRANSACTION_GAS or batch_bytes(more) > MAX_TRANSACTION_BYTES
    assert batches([], 0) == []
    assert len(batches([Planned(0, bytes(10), 10**9)], 0)) == 1  # the chain is to refuse it, not we


def test_the_size_that_is_counted_is_the_transactions(task, relay, sender, devnet):
    calls = [joining(task, one) for one in PEOPLE]
    planned, _ = plan(sender, task.address, calls, "join", BOND)
    call = relay._call(task.address, BOND, calls)
    fields = call.build_transaction({"gas": 0, "chainId": 0, "from": sender.address})
    length = len(bytes.fromhex(fields["data"][2:]))
    assert length + 150 <= batch_bytes(planned) <= length + 512


def test_anvil_enforces_the_public_limit_of_a_transaction():
    class Much:
        def build_transaction(self, transaction=None):
            return {**(transaction or {}), "to": account(1).address, "data": "0x"}

    with anvil("--enable-tx-gas-limit") as url:
        sender = Signer(connect(url), account(0))
        sender.send(Much(), "at the limit", gas=MAX_TRANSACTION_GAS)
        with pytest.raises(NodeRefused):
            sender.send(Much(), "over the limit", gas=MAX_TRANSACTION_GAS + 1)
        deploy_factory(sender.w3, sender)  # the largest transaction of a deployment fits


def test_no_calls_no_transaction(task, relay, sender):
    assert relay.send(sender, task.address, [], "join") == rl.Delivery((), (), ())


def test_an_address_without_code_is_no_task(relay, sender):
    # A call to it alone would seem to go well, and leave its value there.
    delivery = relay.send(sender, account(7).address, [b"\x12\x34\x56\x78"], "join", BOND)
    assert delivery.records == () and delivery.refusals[0].error.error_name == "Relay_NoTask"


def test_an_address_without_code_is_no_relay(devnet):
    with pytest.raises(UnknownContract):
        Relay(devnet.w3, account(7).address)


def test_what_is_no_address_is_refused(devnet):
    with pytest.raises(NotAnAddress):
        Relay(devnet.w3, "0x12")
