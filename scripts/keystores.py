"""Keys of a payout from a folder of encrypted keystores: ``owner.json``, and a ``*.json`` for each client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

OWNER_FILE = "owner.json"


class KeystoreError(Exception):
    """A folder or a file of keys that cannot be used; the message names it and never a key."""


@dataclass(frozen=True)
class Keys:
    """Unlocked accounts, in memory only."""

    owner: LocalAccount
    clients: tuple[LocalAccount, ...]


def load_keys(folder: Path, password: Callable[[], str], most_clients: int) -> Keys:
    """Unlock the keystores of a folder.

    Parameters
    ----------
    folder : Path
        With owner.json and at least one other keystore file (web3 secret storage), all under one password.
    password : callable
        Asked once, when the files are there.
    most_clients : int
        More are refused.

    Raises
    ------
    KeystoreError
        If a file is missing, unreadable, not a keystore, or the password is wrong.
    """
    owner = folder / OWNER_FILE
    if not owner.is_file():
        raise KeystoreError(
            f"{owner} is missing; BCFL_KEYSTORES has to name a folder with it and the clients' files"
        )
    clients = sorted(path for path in folder.glob("*.json") if path.name != OWNER_FILE)
    if not 1 <= len(clients) <= most_clients:
        raise KeystoreError(
            f"client keystores in {folder}, besides {OWNER_FILE}: {len(clients)}; there must be 1 to {most_clients}"
        )
    secret = password()
    accounts = [_unlock(path, secret) for path in (owner, *clients)]
    if len({account.address for account in accounts}) < len(accounts):
        raise KeystoreError(f"{folder} has the same key twice; every file needs a key of its own")
    return Keys(accounts[0], tuple(accounts[1:]))


def _unlock(path: Path, password: str) -> LocalAccount:
    try:
        return Account.from_key(Account.decrypt(json.loads(path.read_text(encoding="utf-8")), password))
    except (ValueError, KeyError, TypeError, OSError) as error:
        if str(error) == "MAC mismatch":  # as eth_account words it
            raise KeystoreError(f"wrong password for {path} ({error})") from error
        raise KeystoreError(f"{path} cannot be unlocked: {error or type(error).__name__}") from error
