"""Who plays: the node's unlocked accounts under people's names, with the mnemonic's keys to sign votes."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_utils import keccak, to_checksum_address

MNEMONIC = "test test test test test test test test test test test junk"

Account.enable_unaudited_hdwallet_features()


class People:
    """The owner, five clients and a stranger."""

    def __init__(self, accounts: Any, chain_id: int) -> None:
        self.chain_id = chain_id
        self.owner, self.alice, self.bob, self.carol, self.dave, self.erin, self.stranger = accounts[:7]
        self.clients = [self.alice, self.bob, self.carol, self.dave, self.erin]
        self._keys: dict[str, bytes] = {}
        for index, person in enumerate(accounts[:7]):
            account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
            if account.address != person.address:
                raise RuntimeError(f"the chain does not run on the mnemonic {MNEMONIC!r}")
            self._keys[account.address] = bytes(account.key)

    def at(self, address: str) -> Any:
        """The client with this address."""
        return next(person for person in self.clients if person.address == address)

    def key(self, person: Any) -> bytes:
        """A private key; the node's accounts themselves do not sign typed data."""
        return self._keys[person.address]


def purse(name: str) -> str:
    """An address of one's own that pays no gas, so that its balance is what it was sent."""
    return to_checksum_address(keccak(text=f"purse of {name}")[-20:])
