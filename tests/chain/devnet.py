"""The chain of the tests: what `tools.devnet` starts, with a factory on it."""

from __future__ import annotations

from dataclasses import dataclass

from web3 import Web3

from bcfl_offchain.chain import Factory
from tools.devnet import MNEMONIC, PROJECT, account, anvil, build_contracts, deploy, deploy_factory

__all__ = [
    "MNEMONIC",
    "PROJECT",
    "Devnet",
    "account",
    "anvil",
    "build_contracts",
    "deploy",
    "deploy_factory",
]


@dataclass(frozen=True)
class Devnet:
    """A running chain with a factory on it."""

    w3: Web3
    url: str
    factory: Factory

    def rpc(self, method: str, *arguments: object) -> object:
        """Call a method that only devnets have."""
        return self.w3.manager.request_blocking(method, list(arguments))
