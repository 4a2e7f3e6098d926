"""Transactions: recorded when mined, typed errors when refused, never more than the limit."""

import threading
import time
from dataclasses import replace

import pytest

from bcfl_offchain.chain import (
    NotMined,
    Report,
    Signer,
    SpendLimitReached,
    TransactionRefused,
    connect,
)
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account, anvil


class Transfer:
    """Sends plain money; the simplest call there is."""

    def __init__(self, recipient, data="0x"):
        self.recipient, self.data = recipient, data

    def build_transaction(self, transaction=None):
        return {**(transaction or {}), "to": self.recipient, "data": self.data}


@pytest.fixture
def owner(devnet):
    return Signer(devnet.w3, account(0))


@pytest.fixture
def alice(devnet):
    return Signer(devnet.w3, account(1))


@pytest.fixture
def task(devnet, owner):
    return devnet.factory.create_task(owner, demo_terms(DemoConfig(), owner.address))


REPORT = Report(40, 10**28, 10**19)


def test_a_mined_transaction_is_recorded_with_what_it_cost(devnet, alice, task):
    before = devnet.w3.eth.get_balance(alice.address)
    record = task.join(alice, REPORT)
    assert alice.records == [record]
    assert (record.label, record.sender, record.value) == ("join", alice.address, task.terms.bond)
    receipt = devnet.w3.eth.get_transaction_receipt(record.hash)
    assert (record.gas, record.block) == (receipt["gasUsed"], receipt["blockNumber"])
    assert before - devnet.w3.eth.get_balance(alice.address) == record.fee + record.value == alice.spent


def test_a_refused_call_is_typed_and_not_sent(devnet, alice, task):
    nonce = devnet.w3.eth.get_transaction_count(alice.address)
    with pytest.raises(TransactionRefused) as refused:
        task.close(alice, alice.address)
    assert refused.value.error_name == "Task_NotOwner"
    assert refused.value.error_args == {"caller": alice.address, "owner": task.terms.owner}
    assert str(refused.value).startswith("close task: refused by Task_NotOwner(caller = 0x")
    assert alice.records == [] and devnet.w3.eth.get_transaction_count(alice.address) == nonce


def test_the_factorys_refusals_are_typed_too(devnet, owner):
    terms = demo_terms(DemoConfig(), owner.address)
    with pytest.raises(TransactionRefused) as refused:
        devnet.factory.create_task(owner, replace(terms, deadline=0))
    assert refused.value.error_name == "Terms_OutOfRange"
    assert refused.value.error_args["name"] == "deadline" and refused.value.error_args["least"] == 1


def test_a_call_that_reverts_without_a_word(devnet, owner, task):
    with pytest.raises(TransactionRefused) as refused:
        owner.send(Transfer(task.address, "0xffffffff"), "nonsense")
    assert refused.value.error_name == "unknown"


def test_an_account_that_cannot_pay_is_refused(devnet, task):
    poor = Signer(devnet.w3, account(12))
    devnet.rpc("anvil_setBalance", poor.address, "0x1")
    with pytest.raises(TransactionRefused) as refused:
        task.join(poor, REPORT)
    assert refused.value.error_name == "unknown" and "fund" in str(refused.value).lower()


def test_nothing_is_sent_that_might_exceed_the_limit(devnet, task):
    careful = Signer(devnet.w3, account(1), spend_limit=task.terms.bond)
    with pytest.raises(SpendLimitReached) as stopped:
        task.join(careful, REPORT)
    assert stopped.value.limit == task.terms.bond < stopped.value.cost and stopped.value.spent == 0
    assert careful.records == [] and not task.client_state(careful.address).is_member
    careful.spend_limit += 10**17
    task.join(careful, REPORT)
    assert 0 < careful.spent <= careful.spend_limit


def test_a_chain_without_base_fee_is_paid_by_gas_price():
    with anvil("--hardfork", "berlin") as url:
        w3 = connect(url)
        signer = Signer(w3, account(0))
        record = signer.send(Transfer(account(1).address), "pay", value=5)
        assert "maxFeePerGas" not in w3.eth.get_transaction(record.hash)
        assert (record.gas, record.value) == (21_000, 5)


@pytest.fixture
def paused(devnet):
    """Blocks come only when asked for."""
    devnet.rpc("evm_setAutomine", False)
    yield devnet
    devnet.rpc("evm_setAutomine", True)


def test_a_transaction_that_no_block_takes_is_told(paused):
    signer = Signer(paused.w3, account(1), patience=0.05)
    with pytest.raises(NotMined, match="pay: transaction 0x"):
        signer.send(Transfer(account(2).address), "pay")
    paused.rpc("anvil_dropAllTransactions")


def test_a_transaction_that_its_block_reverts_is_typed_and_recorded(devnet, owner, alice, task):
    devnet.rpc("evm_setAutomine", False)
    outcome = []

    def join():
        try:
            task.join(Signer(connect(devnet.url), account(1), alice.records), REPORT)
        except TransactionRefused as error:
            outcome.append(error)

    close = threading.Thread(
        target=lambda: task.close(Signer(connect(devnet.url), account(0)), owner.address)
    )
    late = threading.Thread(target=join)
    for number, thread in enumerate((close, late), 1):
        thread.start()
        _wait_for_pending(devnet, number)
    devnet.rpc("evm_mine")
    devnet.rpc("evm_setAutomine", True)
    close.join()
    late.join()
    (refused,) = outcome
    assert refused.label == "join"
    (record,) = alice.records
    assert record.value == 0 and record.gas > 0


def _wait_for_pending(devnet, number):
    end = time.monotonic() + 60
    while int(devnet.rpc("txpool_status")["pending"], 16) < number:
        assert time.monotonic() < end, f"{number} transactions do not come"
        time.sleep(0.01)
