"""A task paid in a token: everybody pays by permits or allowances, and the audit counts the token."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from bcfl_offchain.agents import audit
from bcfl_offchain.agents.relayer import RelayedClient, Relayer
from bcfl_offchain.chain import Signer, TransactionRefused
from bcfl_offchain.chain.token import Token, allow
from bcfl_offchain.cli import app
from tests.agents.world import NAMES, make_world
from tests.chain.devnet import account, deploy
from tests.chain.test_chain_token import Mint

PLENTY = 10**20


@pytest.fixture(params=["PlainToken", "SilentToken"])
def token(request, devnet):
    """A token with permits and one without, of which everybody has plenty."""
    deployer = Signer(devnet.w3, account(0))
    address = deploy(deployer, request.param)
    for index in range(len(NAMES) + 1):
        deployer.send(Mint(devnet.w3, address, account(index).address, PLENTY), "mint")
    return Token(devnet.w3, address)


@pytest.fixture
def world(devnet, tmp_path, token):
    return make_world(devnet, tmp_path, token=token.address, client_types=dict.fromkeys(NAMES, RelayedClient))


def test_a_whole_task_is_paid_in_the_token_and_the_audit_agrees(world, token, devnet):
    terms = world.task.terms
    world.join_all()
    assert token.balance_of(world.task.address) == terms.budget * terms.rounds + 4 * terms.bond
    assert devnet.w3.eth.get_balance(world.task.address) == 0
    world.run_round()
    for client in world.clients:
        client.claim()
        client.leave()
        assert token.balance_of(client.address) == PLENTY + world.round.pay(client.address)
    report = audit(devnet.w3, world.task.address, devnet.factory.address)
    assert report.agrees, report.differences
    assert report.money.token == token.address and report.forced == 0
    world.owner.close()
    assert token.balance_of(world.task.address) == 0
    paid = sum(world.round.pay(client.address) for client in world.clients)
    assert token.balance_of(world.owner.signer.address) == PLENTY - paid


def test_pay_and_bond_go_to_another_address_where_a_client_wants_it(world, token):
    world.join_all()
    world.run_round()
    elsewhere = account(9).address
    before = token.balance_of(elsewhere)
    world.dave.claim(elsewhere)
    world.dave.leave(elsewhere)
    gained = token.balance_of(elsewhere) - before
    assert gained == world.round.pay(world.dave.address) + world.task.terms.bond > world.task.terms.bond
    assert token.balance_of(world.dave.address) == PLENTY - world.task.terms.bond


def test_what_is_forced_in_is_counted_in_the_token(world, token, devnet):
    stranger = Signer(devnet.w3, account(0))
    stranger.send(Mint(devnet.w3, token.address, world.task.address, 123), "mint")
    assert audit(devnet.w3, world.task.address).forced == 123


def test_an_audit_notices_that_the_token_is_gone(world, token, devnet):
    world.join_all()
    # No honest token does this: the balance of the task, which both mocks keep in a mapping at another slot.
    for slot in (0, 1):
        key = devnet.w3.solidity_keccak(["uint256", "uint256"], [int(world.task.address, 16), slot])
        devnet.rpc("anvil_setStorageAt", token.address, key.to_0x_hex(), "0x" + "00" * 32)
    report = audit(devnet.w3, world.task.address)
    assert [(one.where, one.what) for one in report.differences] == [("ledger", "balance")]


def test_relayed_clients_pay_their_bond_from_their_allowance(world, token, devnet):
    relayer = Relayer(Signer(devnet.w3, account(8)), world.task, devnet.factory)
    joins = [client.sign_join(3600) for client in world.clients]
    refused = relayer.send(joins).refused
    assert {one.error.error_name for one in refused} == {"Money_NotPulled"} and len(refused) == 4
    for client in world.clients:
        token.approve(client.signer, world.task.address, world.task.terms.bond)
    assert relayer.send(joins).refused == ()
    assert world.task.ledger().bonds == 4 * world.task.terms.bond


def test_without_enough_of_the_token_nobody_joins(world, token, devnet):
    poor, owner = replace(world.task.terms, bond=PLENTY + 1), world.owner.signer
    permit = allow(token.address, owner, devnet.factory.address, poor.budget * poor.rounds)
    task = devnet.factory.create_task(owner, poor, permit)
    world.alice.place = replace(world.place, task=task)
    with pytest.raises(TransactionRefused, match="Money_NotPulled"):
        world.alice.join()


def test_the_audit_command_shows_symbol_and_decimals(world, token, devnet):
    shown = CliRunner().invoke(app, ["audit", "--rpc", devnet.url, world.task.address])
    assert shown.exit_code == 0, shown.output
    name = "PLN" if token.symbol() else token.address
    told = shown.output.replace("\n", " ")
    assert f"paid in token {token.address}, {token.decimals() or 0} decimals" in told and name in told
    command = ["audit", "--json", "--rpc", devnet.url, world.task.address]
    told = json.loads(CliRunner().invoke(app, command).stdout)
    assert told["money"]["token"] == token.address
    assert told["ledger"]["deposited"] == str(world.task.terms.budget * world.task.terms.rounds)
