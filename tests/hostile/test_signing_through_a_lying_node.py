"""What a lying node can make a signer sign or believe: nothing for another chain, nothing over its limits."""

import pytest
from eth_utils import keccak

from bcfl_offchain.chain import (
    ChainError,
    Factory,
    FeeTooHigh,
    MalformedAnswer,
    NodeRefused,
    NotMined,
    Signer,
    SpendLimitReached,
    TaskContract,
    TransactionRefused,
    WrongChain,
    connect,
)
from bcfl_offchain.chain.interface import decode_error
from tests.chain.devnet import account
from tests.hostile.logs import HOSTILE_REVERTS

GWEI = 10**9


class Pay:
    """Plain money to somebody."""

    def build_transaction(self, transaction=None):
        return {**(transaction or {}), "to": account(2).address, "data": "0x"}


@pytest.fixture
def signer(node):
    return Signer(connect(node.url), account(11))


@pytest.fixture
def sent(node):
    """How many raw transactions have reached the node."""
    return lambda: node.methods.count("eth_sendRawTransaction")


def test_nothing_is_signed_for_another_chain_than_the_first(node, signer, sent):
    # A node that names another chain gets a transaction that is valid there: real money for test money.
    node.result("eth_chainId", lambda number: "0x1")
    with pytest.raises(WrongChain):
        signer.send(Pay(), "pay", 1)
    assert sent() == 0


@pytest.mark.parametrize(
    "method, value",
    [
        ("eth_maxPriorityFeePerGas", hex(10**17)),
        ("eth_maxPriorityFeePerGas", "0x" + "f" * 64),
        ("eth_estimateGas", hex(2**60)),
        ("eth_estimateGas", "0x" + "f" * 64),
    ],
)
def test_no_fee_above_the_limit_is_signed(node, signer, sent, method, value):
    node.result(method, lambda result: value)
    with pytest.raises(FeeTooHigh, match=rf"its gas may cost \d+ wei, more than the limit of {10**18} wei"):
        signer.send(Pay(), "pay", 1)
    assert sent() == 0 and signer.spent == 0


@pytest.mark.parametrize("nonce", ["0x" + "f" * 64, hex(2**64), "-0x1"])
def test_a_number_that_no_transaction_can_have_is_not_signed(node, signer, sent, nonce):
    node.result("eth_getTransactionCount", lambda number: nonce)
    with pytest.raises(MalformedAnswer):
        signer.send(Pay(), "pay", 1)
    assert sent() == 0


def test_a_base_fee_out_of_all_reason_is_not_signed(node, signer, sent):
    node.result("eth_getBlockByNumber", lambda block: {**block, "baseFeePerGas": hex(10**18)})
    with pytest.raises(FeeTooHigh):
        signer.send(Pay(), "pay", 1)
    assert sent() == 0


def test_a_signer_may_have_a_lower_limit(node, sent):
    careful = Signer(connect(node.url), account(11), fee_limit=21_000 * GWEI // 2)
    with pytest.raises(FeeTooHigh):
        careful.send(Pay(), "pay", 1)
    assert sent() == 0


def test_a_hash_of_another_transaction_is_not_taken(node, signer):
    node.result("eth_sendRawTransaction", lambda result: "0x" + "77" * 32)
    with pytest.raises(MalformedAnswer, match="was given for transaction"):
        signer.send(Pay(), "pay", 1)
    assert signer.spent > 1  # it may well have been sent


def test_a_receipt_of_another_transaction_is_not_taken(node, signer):
    node.result("eth_getTransactionReceipt", lambda receipt: {**receipt, "transactionHash": "0x" + "77" * 32})
    with pytest.raises(MalformedAnswer, match="a receipt of 0x77"):
        signer.send(Pay(), "pay", 1)


@pytest.mark.parametrize("field", ["gasUsed", "effectiveGasPrice"])
def test_a_receipt_that_costs_more_than_was_signed_is_not_taken(node, signer, field):
    node.result("eth_getTransactionReceipt", lambda receipt: {**receipt, field: hex(10**18)})
    with pytest.raises(MalformedAnswer, match="cost more than it could"):
        signer.send(Pay(), "pay", 1)
    assert signer.records == []


def test_what_a_node_hides_counts_as_spent(node):
    signer = Signer(connect(node.url), account(11), spend_limit=10**15, patience=0.05)
    node.result("eth_getTransactionReceipt", lambda receipt: None)
    with pytest.raises(NotMined):
        signer.send(Pay(), "pay", 9 * 10**14)
    with pytest.raises(SpendLimitReached):
        signer.send(Pay(), "pay", 9 * 10**14)


@pytest.mark.parametrize("field", ["status", "gasUsed", "effectiveGasPrice", "blockNumber", "logs"])
@pytest.mark.parametrize("value", [None, "0xzz", 5, {}, "0x"])
def test_a_receipt_with_one_wrong_field_is_not_taken(node, signer, field, value):
    node.result("eth_getTransactionReceipt", lambda receipt: {**receipt, field: value})
    with pytest.raises(MalformedAnswer):
        signer.send(Pay(), "pay", 1)


def test_a_node_that_refuses_a_transaction_is_told_in_its_words(node, signer):
    node.refuse("eth_sendRawTransaction", code=-32000, message="nonce too low")
    with pytest.raises(NodeRefused, match="the node refuses eth_sendRawTransaction: nonce too low"):
        signer.send(Pay(), "pay", 1)


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_transaction_is_never_sent_twice_by_itself(node, signer, sent, code):
    node.fail("eth_sendRawTransaction", code)
    with pytest.raises(ChainError, match=f"HTTP status {code}"):
        signer.send(Pay(), "pay", 1)
    assert sent() == 1


@pytest.mark.parametrize("data", HOSTILE_REVERTS, ids=lambda data: repr(data)[:40])
def test_any_revert_data_is_a_refusal(node, lived, signer, sent, data):
    node.refuse("eth_call", "eth_estimateGas", code=3, message="execution reverted", data=data)
    with pytest.raises(TransactionRefused) as refused:
        signer.send(Pay(), "pay", 1)
    assert len(str(refused.value)) < 1000 and str(refused.value).isprintable() and sent() == 0


@pytest.mark.parametrize(
    "name", ["Error(string)", "Panic(uint256)", "Task_WrongPhase(uint8)", "Task_NotOwner(address,address)"]
)
@pytest.mark.parametrize("body", [b"", b"\xff", b"\xff" * 31, b"\xff" * 32, b"\xff" * 96, bytes(32)])
def test_an_error_in_another_form_is_unknown_or_itself(name, body):
    found, arguments = decode_error(keccak(text=name)[:4] + body)
    assert found in ("unknown", name.split("(")[0])
    assert found != "unknown" or set(arguments) == {"data"}


def test_a_created_task_that_the_receipt_does_not_show_is_told(node, lived):
    w3 = connect(node.url)
    factory = Factory(w3, lived.devnet.factory.address)
    owner = Signer(w3, account(0))
    for logs in ([], None):
        node.result(
            "eth_getTransactionReceipt",
            lambda receipt: {**receipt, "logs": logs if logs is not None else _without_data(receipt["logs"])},
        )
        with pytest.raises(MalformedAnswer):
            factory.create_task(owner, lived.task.terms)


def _without_data(logs):
    return [{**log, "topics": log["topics"][:1], "data": "0x"} for log in logs]


def test_views_that_say_what_cannot_be_are_one_error(node, lived):
    task = TaskContract(connect(node.url), lived.task.address)
    client = lived.alice.address
    views = (task.phase, task.round_state, task.list_state, lambda: task.client_state(client))
    for answer in ("0x", "0x" + "ff" * 31, "0x" + "ff" * 32, "0x" + "ff" * 640):
        node.result("eth_call", lambda result: answer)
        for view in views:
            with pytest.raises(MalformedAnswer, match="eth_call"):
                view()
    # Eight numbers of 256 bits are a ledger. That it does not balance is for the audit to say.
    assert not task.ledger().balanced
