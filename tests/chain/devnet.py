"""An Anvil for tests: on a free loopback port, stopped in the end, with a factory of forge's build."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from bcfl_offchain.chain import ChainUnavailable, Factory, Signer, connect
from tools.with_chain import chain_environment, free_port

PROJECT = Path(__file__).resolve().parents[2]
MNEMONIC = "test test test test test test test test test test test junk"
START_SECONDS = 20.0


@dataclass(frozen=True)
class Devnet:
    """A running chain with a factory on it."""

    w3: Web3
    url: str
    factory: Factory

    def rpc(self, method: str, *arguments: object) -> object:
        """Call a method that only devnets have."""
        return self.w3.manager.request_blocking(method, list(arguments))


def account(index: int) -> LocalAccount:
    """One of the chain's funded accounts, with its key."""
    Account.enable_unaudited_hdwallet_features()
    return Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")


@contextmanager
def anvil(*options: str) -> Iterator[str]:
    """Run Anvil; its URL."""
    port = free_port()
    (program,) = (PROJECT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil")
    command = [str(program), "--port", str(port), "--accounts", "20", "--silent", *options]
    with subprocess.Popen(command) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield url
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
    command = ["forge", "build", "contracts/TaskFactory.sol"]
    subprocess.run(command, cwd=PROJECT, env=chain_environment(), check=True, stdout=subprocess.DEVNULL)


def deploy_factory(w3: Web3, deployer: Signer) -> Factory:
    """Deploy the factory that forge has built."""
    artifact = json.loads(
        (PROJECT / "out/forge/TaskFactory.sol/TaskFactory.json").read_text(encoding="utf-8")
    )
    contract = w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]["object"])
    return Factory(w3, deployer.send(contract.constructor(), "deploy factory").contract)
