"""An Anvil for the tests of this folder, with a factory on it."""

from __future__ import annotations

import json

import pytest
from eth_account import Account

from bcfl_offchain.chain import Signer, connect
from tests.chain import devnet as dn

ETHER = 10**18


@pytest.fixture(scope="session")
def w3():
    dn.build_contracts()
    # The fee to which it would sink by itself in a hundred blocks: what a limit allows must not hang on how many there were.
    with dn.anvil("--base-fee", "7") as url:
        yield connect(url)


@pytest.fixture(scope="session")
def factory(w3) -> str:
    return dn.deploy_factory(w3, Signer(w3, dn.account(0))).address


@pytest.fixture(scope="session")
def bytecode(w3) -> str:
    artifact = dn.PROJECT / "out/forge/TaskFactory.sol/TaskFactory.json"
    return json.loads(artifact.read_text(encoding="utf-8"))["bytecode"]["object"]


@pytest.fixture
def account(w3):
    """Makes a new account, which no node knows, that holds the given wei."""

    def make(wei: int = ETHER):
        made = Account.create()
        w3.provider.make_request("anvil_setBalance", [made.address, hex(wei)])
        return made

    return make
