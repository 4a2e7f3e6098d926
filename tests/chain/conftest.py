"""One Anvil for all tests of the chain layer, put back after each of them."""

from __future__ import annotations

import pytest

from bcfl_offchain.chain import Signer, connect
from tests.chain import devnet as dn


@pytest.fixture(scope="session")
def running_devnet():
    dn.build_contracts()
    with dn.anvil() as url:
        w3 = connect(url)
        yield dn.Devnet(w3, url, dn.deploy_factory(w3, Signer(w3, dn.account(0))))


@pytest.fixture
def devnet(running_devnet):
    snapshot = running_devnet.rpc("evm_snapshot")
    yield running_devnet
    assert running_devnet.rpc("evm_revert", snapshot)
