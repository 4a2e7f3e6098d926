"""What a lying node can make a relayer believe of a batch: an answer that cannot be right is refused."""

from dataclasses import replace

import pytest
from eth_utils import keccak

from bcfl_offchain.agents.relayer import RelayedClient, Relayer
from bcfl_offchain.chain import Factory, MalformedAnswer, Signer, TaskContract, TransactionRefused, connect
from bcfl_offchain.chain import relay as rl
from bcfl_offchain.chain.messages import SignedMessage
from tests.agents.world import NAMES, make_world
from tests.chain.devnet import account
from tests.hostile.proxy import lying_node

DAY = 24 * 3600


@pytest.fixture
def empty_world(devnet, tmp_path):
    return make_world(devnet, tmp_path, client_types=dict.fromkeys(NAMES, RelayedClient))


@pytest.fixture
def world(empty_world):
    empty_world.join_all()
    empty_world.open_round()
    return empty_world


@pytest.fixture
def signed(world):
    works = [client.work() for client in world.clients]
    world.clock.wait_until(max(work.due for work in works))
    return [client.sign_work(work, DAY) for client, work in zip(world.clients, works)]


@pytest.fixture
def node(devnet):
    with lying_node(devnet.url) as running:
        yield running


@pytest.fixture
def relayer(empty_world, node):
    w3 = connect(node.url)
    task = TaskContract(w3, empty_world.task.address)
    factory = Factory(w3, empty_world.place.factory.address)
    return Relayer(Signer(w3, account(8)), task, factory)


def of_another(log):
    return {**log, "address": account(5).address}


def of_no_event(log):
    return {**log, "topics": ["0x" + "77" * 32]}


def too_long(log):
    return {**log, "data": log["data"] + "00" * 32}


def of_another_client(log):
    return {**log, "topics": [*log["topics"][:2], "0x" + "00" * 12 + "77" * 20]}


@pytest.mark.parametrize("change", [of_another, of_no_event, too_long, of_another_client])
@pytest.mark.parametrize("is_skipped", [False, True])
def test_a_receipt_that_tells_not_of_each_work_is_refused(world, node, relayer, signed, change, is_skipped):
    told = []

    def lie(receipt):
        told.append(receipt)
        return {**receipt, "logs": [change(receipt["logs"][0]), *receipt["logs"][1:]]}

    if is_skipped:  # alice's work turns bad while the node says that nothing would be skipped
        world.task.revoke_signatures(world.alice.signer)

    def hide(method, params, answer):
        if is_skipped and method == "eth_call":
            answer["result"] = "0x" + "00" * 32
        if method == "eth_getTransactionReceipt" and answer.get("result"):
            answer["result"] = lie(answer["result"])
        return answer

    node.lie = hide
    with pytest.raises(MalformedAnswer, match="eth_getTransactionReceipt"):
        relayer.send(signed)
    assert told  # it was sent, and what became of it is for another node to tell
    history = world.place.reader.history()
    assert len(history.rounds[-1].works) == 4 - is_skipped


@pytest.mark.parametrize("reason", ["", "00" * 32, "ff" * 32, "00" * 31 + "40" + "ff" * 32])
def test_a_log_of_the_relay_in_another_form_is_not_taken(empty_world, node, relayer, reason):
    def add(receipt):
        topics = ["0x" + keccak(text="Skipped(address,uint256,bytes)").hex(), "0x" + "00" * 32]
        forged = {"address": relayer.relay.address, "topics": topics, "data": "0x" + "00" * 32 + reason}
        return {**receipt, "logs": [{**receipt["logs"][0], **forged}, *receipt["logs"][1:]]}

    node.result("eth_getTransactionReceipt", add)
    with pytest.raises(MalformedAnswer, match="tells of no skipped call"):
        relayer.send([client.sign_join(DAY) for client in empty_world.clients])


def test_logs_left_out_are_noticed(node, relayer, signed):
    node.result("eth_getTransactionReceipt", lambda receipt: {**receipt, "logs": receipt["logs"][1:]})
    with pytest.raises(MalformedAnswer, match="do not tell of each of 4 works"):
        relayer.send(signed)


@pytest.mark.parametrize("answer", ["0x", "0x" + "ff" * 31])
def test_a_number_of_skipped_works_in_another_form_is_not_taken(node, relayer, signed, answer):
    node.result("eth_call", lambda result: answer)
    with pytest.raises(MalformedAnswer, match="submitWorks"):
        relayer.send(signed)
    assert "eth_sendRawTransaction" not in node.methods


def test_a_number_that_is_too_high_costs_only_questions(world, node, relayer, signed):
    node.result("eth_call", lambda result: "0x" + "ff" * 640)
    signed[0] = world.alice._signed(replace(signed[0].message, deadline=0))
    worked = relayer.send(signed)
    assert worked.sizes == (3,) and [one.signed for one in worked.refused] == signed[:1]


def test_a_node_that_tries_less_gas_gets_smaller_batches(world, node, relayer, signed):
    def lie(method, params, answer):
        if method == "eth_estimateGas" and len(params[0]["data"]) > 2 * (4 + 64 + 2 * 288) + 2:
            error = {"code": -32000, "message": "gas required exceeds allowance (150000)"}
            return {"jsonrpc": "2.0", "id": answer["id"], "error": error}
        return answer

    node.lie = lie
    worked = relayer.send(signed)
    assert worked.refused == () and worked.sizes == (2, 2)
    assert len(world.round.works) == 4


def test_a_node_that_refuses_every_estimate_gets_nothing_sent(node, relayer, signed):
    node.refuse("eth_estimateGas", code=-32000, message="no")
    worked = relayer.send(signed)
    assert worked.records == () and [one.signed for one in worked.refused] == signed
    assert "eth_sendRawTransaction" not in node.methods


def test_estimates_of_nothing_make_no_gas_below_zero(world, node, relayer):
    world.submit_all()
    world.end_by_quorum()
    claims = [client.sign_claim(client.address, DAY) for client in world.clients]
    node.result("eth_estimateGas", lambda gas: "0x0")
    relayed = relayer.send(claims)
    assert relayed.sizes == (4,)  # the gas of a batch is never below what the relay itself takes
    assert all(isinstance(one.error, TransactionRefused) for one in relayed.refused)


def test_a_signature_too_long_for_any_transaction_stops_no_other(empty_world, node, relayer, devnet):
    says_yes = "0x600e8060093d393df3" + "631626ba7e60e01b5f5260205ff3"  # an ERC-1271 contract of anybody's
    made = devnet.w3.eth.send_transaction({"from": account(0).address, "data": says_yes, "gas": 10**6})
    wallet = devnet.w3.eth.wait_for_transaction_receipt(made)["contractAddress"]
    good = [client.sign_join(DAY) for client in empty_world.clients]
    bad = SignedMessage(replace(good[0].message, client=wallet), bytes(140_000))
    relayed = relayer.send([good[0], bad, *good[1:]])
    (refused,) = relayed.refused
    assert refused.signed is bad and "more than one transaction holds" in str(refused.error)
    assert relayed.sizes == (4,) and all(empty_world.task.client_state(one.message.client).is_member for one in good)


def test_a_batch_that_the_node_does_not_pass_on_stops_no_other(world, node, relayer, monkeypatch):
    world.submit_all()
    world.end_by_quorum()
    claims = [client.sign_claim(client.address, DAY) for client in world.clients]
    calls = [one.call_data() for one in claims]
    planned, _ = rl.plan(relayer.signer, world.task.address, calls, "claim")
    monkeypatch.setattr(rl, "MAX_TRANSACTION_GAS", rl.batch_gas(planned, 0) - 1)  # three in one, one in another
    left = [1]

    def lie(method, params, answer):
        if method == "eth_sendRawTransaction" and left.pop():
            left.append(0)
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "pool is full"}}
        return answer

    node.lie = lie
    relayed = relayer.send(claims)
    assert relayed.sizes == (1,) and [one.signed for one in relayed.refused] == claims[:3]
    assert all("pool is full" in str(one.error) for one in relayed.refused)
