"""Tokens: permits where there are any, allowances elsewhere, and what a stranger's token says of itself."""

from dataclasses import astuple, replace

import pytest

from bcfl_offchain.chain import MalformedAnswer, NotAnAddress, Report, Signer, TransactionRefused, UnknownContract
from bcfl_offchain.chain.token import COIN, Money, PermitUnsupported, Token, allow, money_held, money_of
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account, deploy

SPENDER = account(6).address


class Mint:
    """A call that the mocks take from anybody."""

    def __init__(self, w3, token, holder, amount):
        inputs = [{"name": "account", "type": "address"}, {"name": "amount", "type": "uint256"}]
        mint = {"type": "function", "name": "mint", "inputs": inputs, "outputs": []}
        contract = w3.eth.contract(token, abi=[{**mint, "stateMutability": "nonpayable"}])
        self.call = contract.functions.mint(holder, amount)

    def build_transaction(self, transaction=None):
        return self.call.build_transaction(transaction)


def small_terms(owner, token, bond):
    """Three rounds of 300."""
    terms = demo_terms(DemoConfig(rounds=3), owner.address, token.address)
    return replace(terms, budget=300, mining_budget=0, bond=bond)


@pytest.fixture
def alice(devnet):
    return Signer(devnet.w3, account(1))


@pytest.fixture
def make(devnet, alice):
    """Deploy one of the contracts' mocks; alice holds 1,000 of it."""

    def _make(name):
        address = deploy(alice, name)
        alice.send(Mint(devnet.w3, address, alice.address, 1000), "mint")
        return Token(devnet.w3, address)

    return _make


def test_a_token_says_what_it_is(devnet, alice, make):
    token = make("PlainToken")
    assert money_of(devnet.w3, token.address) == Money(token.address, "PLN", 18)
    assert token.balance_of(alice.address) == money_held(devnet.w3, token.address, alice.address) == 1000


def test_a_token_that_does_not_say_is_shown_by_its_address(devnet, make):
    token = make("SilentToken")
    assert money_of(devnet.w3, token.address) == Money(token.address, f"units of {token.address}", 0)


def test_the_coin_is_shown_in_wei(devnet, alice):
    assert money_of(devnet.w3, COIN) == Money(None, "wei", 0)
    assert money_held(devnet.w3, COIN, alice.address) == devnet.w3.eth.get_balance(alice.address)


@pytest.mark.parametrize("name", ["SilentToken", "PhantomPermitToken"])
def test_without_permits_an_allowance_is_set(make, alice, name):
    token = make(name)
    with pytest.raises(PermitUnsupported):
        token.permit(alice.account, SPENDER, 7)
    assert allow(token.address, alice, SPENDER, 7) is None
    assert token.allowance(alice.address, SPENDER) == 7


def test_nothing_is_allowed_in_coin_or_for_nothing(make, alice):
    token = make("PlainToken")
    sent = len(alice.records)
    assert allow(COIN, alice, SPENDER, 7) is None and allow(token.address, alice, SPENDER, 0) is None
    assert len(alice.records) == sent


def test_a_permit_pays_a_task_and_a_bond(devnet, make, alice):
    token = make("PlainToken")
    terms = small_terms(alice, token, bond=40)
    permit = allow(token.address, alice, devnet.factory.address, 900)
    task = devnet.factory.create_task(alice, terms, permit)
    assert token.balance_of(task.address) == 900 and token.balance_of(alice.address) == 100
    permit = allow(token.address, alice, task.address, 40)
    record = task.join(alice, Report(40, 10**28, 10**19), permit)
    assert record.value == 0
    assert token.balance_of(task.address) == 940 and token.balance_of(alice.address) == 60
    assert token.allowance(alice.address, task.address) == 0


def test_an_allowance_pays_where_there_are_no_permits(devnet, make, alice):
    token = make("SilentToken")
    terms = small_terms(alice, token, bond=0)
    assert allow(token.address, alice, devnet.factory.address, 900) is None
    task = devnet.factory.create_task(alice, terms)
    assert token.balance_of(task.address) == 900


def test_a_permit_of_another_amount_pays_nothing(devnet, make, alice):
    token = make("PlainToken")
    terms = small_terms(alice, token, bond=40)
    permit = token.permit(alice.account, devnet.factory.address, 899)
    with pytest.raises(TransactionRefused, match="Money_NotPulled"):
        devnet.factory.create_task(alice, terms, permit)
    assert len(astuple(permit)) == 4 and token.balance_of(alice.address) == 1000


def test_no_permit_is_signed_for_a_domain_that_the_token_does_not_check(devnet, make, alice, monkeypatch):
    token = make("PlainToken")
    monkeypatch.setattr(
        token,
        "_domain",
        lambda: {"name": "Gold", "version": "1", "chainId": 1, "verifyingContract": token.address},
    )
    with pytest.raises(PermitUnsupported, match="DOMAIN_SEPARATOR"):
        token.permit(alice.account, SPENDER, 1)


def test_what_is_no_token_is_refused(devnet):
    with pytest.raises(UnknownContract):
        Token(devnet.w3, account(7).address)
    with pytest.raises(MalformedAnswer):
        Token(devnet.w3, devnet.factory.address).balance_of(SPENDER)


def test_what_is_no_address_is_refused(devnet):
    with pytest.raises(NotAnAddress):
        Token(devnet.w3, "a token")
