"""The contracts' interfaces as committed with the package, which need no compiler and no brownie; and whether an
address has such a contract."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import collapse_if_tuple
from web3 import Web3
from web3.contract import Contract

from .errors import NotAnAddress, UnknownContract
from .types import Phase

Abi = Sequence[Mapping[str, Any]]


def _load(contract: str) -> Abi:
    return json.loads((files(__package__) / "abi" / f"{contract}.json").read_text(encoding="utf-8"))


TASK_ABI = _load("Task")
FACTORY_ABI = _load("TaskFactory")
RELAY_ABI = _load("Relay")


def signature(item: Mapping[str, Any]) -> str:
    """Canonical signature of an ABI entry, which its selector or topic is the hash of.

    Examples
    --------
    >>> signature({"name": "Left", "inputs": [{"type": "address"}, {"type": "uint256"}]})
    'Left(address,uint256)'
    """
    return f"{item['name']}({','.join(collapse_if_tuple(dict(field)) for field in item['inputs'])})"


def _errors() -> dict[bytes, Mapping[str, Any]]:
    # The errors of the libraries that make clones stand in the ABI of the factory alone.
    entries = [item for item in (*TASK_ABI, *FACTORY_ABI, *RELAY_ABI) if item["type"] == "error"]
    return {keccak(text=signature(item))[:4]: item for item in entries}


_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_ERRORS = _errors()
_BUILT_IN = {
    bytes.fromhex("08c379a0"): {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    bytes.fromhex("4e487b71"): {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
}


def checksum(address: str) -> ChecksumAddress:
    """An address in the one form that web3 takes.

    Raises
    ------
    NotAnAddress
        If it is none. Digits in one case carry no checksum and are taken as they are; those in both have to fit
        theirs, so that hardly any slip of the finger sends money to nobody (EIP-55).
    """
    if not (isinstance(address, str) and _ADDRESS.fullmatch(address)):
        raise NotAnAddress(address)
    place, digits = to_checksum_address(address), address[2:]
    if address != place and digits not in (digits.lower(), digits.upper()):
        raise NotAnAddress(address)
    return place


def contract_at(w3: Web3, address: str, abi: Abi, kind: str) -> Contract:
    """The contract at an address, which should be a task, a factory, a relay or a token.

    Raises
    ------
    NotAnAddress, UnknownContract
        If it is no address, or there is no code.
    """
    place = checksum(address)
    if not w3.eth.get_code(place):
        raise UnknownContract(address, kind, "there is no code at this address")
    return w3.eth.contract(place, abi=abi)


def decode_error(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and arguments of the error that a call reverted with.

    Parameters
    ----------
    data : bytes
        What the call returned.

    Returns
    -------
    (name, arguments) : tuple of str and dict
        ``("unknown", {"data": ...})`` where no error of the contracts has this selector, or not in this form.

    Examples
    --------
    >>> decode_error(keccak(text="Task_ZeroModelHash()")[:4])
    ('Task_ZeroModelHash', {})
    >>> decode_error(b"")
    ('unknown', {'data': '0x'})
    """
    item = _ERRORS.get(data[:4]) or _BUILT_IN.get(data[:4])
    if item is None:
        return "unknown", {"data": f"0x{data.hex()}"}
    try:
        values = decode([field["type"] for field in item["inputs"]], data[4:])
        typed = [_typed(field, value) for field, value in zip(item["inputs"], values)]
    except (DecodingError, OverflowError, ValueError):
        # Too short; a length beyond any memory; text that is no UTF-8, or a phase that there is none of.
        return "unknown", {"data": f"0x{data.hex()}"}
    return item["name"], {field["name"]: value for field, value in zip(item["inputs"], typed)}


def _typed(field: Mapping[str, Any], value: Any) -> Any:
    """Addresses in checksum form and phases as such."""
    if field["type"] == "address":
        return to_checksum_address(value)
    return Phase(value) if field.get("internalType") == "enum Phase" else value
