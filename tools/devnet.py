"""An Anvil on a free loopback port, and a factory of forge's build on it, for tests and measurements."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from bcfl_offchain.chain import ChainUnavailable, Factory, Signer, connect

from .with_chain import chain_environment, free_port

PROJECT = Path(__file__).resolve().parent.parent
MNEMONIC = "test test test test test test test test test test test junk"
START_SECONDS = 60.0


def account(index: int) -> LocalAccount:
    """One of the chain's funded accounts, with its key."""
    Account.enable_unaudited_hdwallet_features()
    return Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")


@contextmanager
def anvil(*options: str) -> Iterator[str]:
    """Run Anvil; its URL. It is stopped in the end."""
    with anvil_process(*options) as (url, _):
        yield url


@contextmanager
def anvil_process(*options: str) -> Iterator[tuple[str, int]]:
    """As `anvil`; its URL and the number of its process."""
    port = free_port()
    (program,) = (PROJECT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil")
    command = [str(program), "--port", str(port), "--accounts", "20", "--silent", *options]
    with subprocess.Popen(command) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield url, process.pid
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            connect(url)
            return
        except ChainUnavailable:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def build_contracts() -> None:
    """Compile the contracts alone; instant if nothing has changed."""
    command = ["forge", "build", "contracts"]
    subprocess.run(command, cwd=PROJECT, env=chain_environment(), check=True, stdout=subprocess.DEVNULL)


def deploy(deployer: Signer, contract: str) -> str:
    """Deploy a contract that forge has built and that takes no arguments; its address."""
    artifact = json.loads((PROJECT / f"out/forge/{contract}.sol/{contract}.json").read_text(encoding="utf-8"))
    made = deployer.w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]["object"])
    return deployer.send(made.constructor(), f"deploy {contract}").contract


def deploy_factory(w3: Web3, deployer: Signer) -> Factory:
    """Deploy the factory that forge has built."""
    return Factory(w3, deploy(deployer, "TaskFactory"))
