"""What each answer of a node has to look like, checked before anything else sees it.

A node may be broken, or lie. Here every answer that this package uses is held against its form and against
what was asked for, and cut down to the fields that are used; so what comes further has the right types and
sizes, and one error says otherwise. Whether an answer is true is another matter: see docs/security.md.

References
----------
https://ethereum.github.io/execution-apis (JSON-RPC of Ethereum's nodes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_utils import keccak

from .errors import MalformedAnswer, NodeRefused

Check = Callable[[Any], Any]

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x[0-9a-fA-F]*")  # in one run: groups of two would take 64 times the text
_MOST_TOPICS = 4
# Four blocks a second for 80 years; a larger number would be read, chunk by chunk, for ever.
_MOST_BLOCKS = 10**10
_LAST_SECOND = 10**12


class _Wrong(Exception):
    """Why a value is not what it has to be."""


def _quantity(value: Any) -> str:
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise _Wrong(f"{_brief(value)} is no quantity")
    return value


def _small(limit: int) -> Check:
    def check(value: Any) -> str:
        if int(_quantity(value), 16) > limit:
            raise _Wrong(f"{_brief(value)} is more than {limit}")
        return value

    return check


def _data(size: int | None = None) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) % 2 or not _DATA.fullmatch(value):
            raise _Wrong(f"{_brief(value)} is no hexadecimal data")
        if size is not None and len(value) != 2 + 2 * size:
            raise _Wrong(f"{_brief(value)} has not {size} bytes")
        return value

    return check


def _not_removed(value: Any) -> bool:
    if value is not False:
        raise _Wrong(f"a log is marked as removed ({_brief(value)})")
    return value


def _nullable(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _list(check: Check, most: int | None = None) -> Check:
    def check_all(value: Any) -> list[Any]:
        if not isinstance(value, list) or (most is not None and len(value) > most):
            raise _Wrong(f"{_brief(value)} is no list as it has to be")
        return [check(item) for item in value]

    return check_all


def _record(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object with these fields; whatever else it has is dropped."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Wrong(f"{_brief(value)} is no object")
        for name in required:
            if name not in value:
                raise _Wrong(f"it has no {name}")
        fields = {**required, **optional}
        return {name: fields[name](value[name]) for name in fields if name in value}

    return check


_HASH, _ADDRESS, _NUMBER = _data(32), _data(20), _small(_MOST_BLOCKS)
_TIME = _small(_LAST_SECOND)
_LOG = _record(
    {
        "address": _ADDRESS,
        "topics": _list(_HASH, _MOST_TOPICS),
        "data": _data(),
        "blockNumber": _NUMBER,
        "blockHash": _HASH,
        "transactionHash": _HASH,
        "transactionIndex": _NUMBER,
        "logIndex": _NUMBER,
    },
    {"removed": _not_removed},
)
_BLOCK = _record(
    {
        "number": _NUMBER,
        "hash": _HASH,
        "parentHash": _HASH,
        "timestamp": _TIME,
        "gasLimit": _quantity,
    },
    {"baseFeePerGas": _quantity},
)
_RECEIPT = _record(
    {
        "transactionHash": _HASH,
        "blockNumber": _NUMBER,
        "blockHash": _HASH,
        "gasUsed": _quantity,
        "effectiveGasPrice": _quantity,
        "status": _small(1),
        "logs": _list(_LOG),
    },
    {"contractAddress": _nullable(_ADDRESS)},
)

_FORMS: dict[str, Check] = {
    "eth_blockNumber": _NUMBER,
    "eth_call": _data(),
    "eth_chainId": _small(2**63 - 1),
    "eth_estimateGas": _quantity,
    "eth_gasPrice": _quantity,
    "eth_getBalance": _quantity,
    "eth_getBlockByNumber": _BLOCK,
    "eth_getCode": _data(),
    "eth_getLogs": _list(_LOG),
    "eth_getTransactionCount": _small(2**64 - 1),
    "eth_getTransactionReceipt": _nullable(_RECEIPT),
    "eth_maxPriorityFeePerGas": _quantity,
    "eth_sendRawTransaction": _HASH,
}


def checked(method: str, params: Sequence[Any], result: Any) -> Any:
    """A node's result, if it has the form and fits what was asked for.

    Parameters
    ----------
    method : str
        Of JSON-RPC. The results of methods that this package does not use pass as they are.
    params : sequence
        What was asked for, as it was sent.
    result : object
        From JSON.

    Returns
    -------
    object
        The result with only the fields that this package uses.

    Raises
    ------
    MalformedAnswer
        If it has another form, or is about something else than was asked for.
    NodeRefused
        If the node does not have the block that was asked for.

    Examples
    --------
    >>> checked("eth_blockNumber", [], "0x10")
    '0x10'
    """
    if method == "eth_getBlockByNumber" and result is None:
        raise NodeRefused(method, f"it has no block {params[0]}")
    if method not in _FORMS:
        return result
    try:
        result = _FORMS[method](result)
        if method in _FITS:
            _FITS[method](params, result)
    except _Wrong as wrong:
        raise MalformedAnswer(method, str(wrong)) from None
    return result


def _block_fits(params: Sequence[Any], block: Mapping[str, Any]) -> None:
    wanted = params[0]
    if wanted.startswith("0x") and int(block["number"], 16) != int(wanted, 16):
        raise _Wrong(f"block {block['number']} was given for block {wanted}")


def _logs_fit(params: Sequence[Any], logs: Sequence[Mapping[str, Any]]) -> None:
    wanted = params[0]
    first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
    (address,) = wanted["address"]
    seen: set[tuple[int, int]] = set()
    for log in logs:
        place = int(log["blockNumber"], 16), int(log["logIndex"], 16)
        if log["address"].lower() != address.lower():
            raise _Wrong(f"a log of {log['address']} was given for {address}")
        if not first <= place[0] <= last:
            raise _Wrong(f"a log of block {place[0]} was given for blocks {first} to {last}")
        if place in seen:
            raise _Wrong(f"log {place[1]} of block {place[0]} was given twice")
        seen.add(place)


def _receipt_fits(params: Sequence[Any], receipt: Mapping[str, Any] | None) -> None:
    if receipt is not None and receipt["transactionHash"].lower() != params[0].lower():
        raise _Wrong(f"a receipt of {receipt['transactionHash']} was given for {params[0]}")


def _sent_fits(params: Sequence[Any], transaction_hash: str) -> None:
    sent = keccak(hexstr=params[0])
    if bytes.fromhex(transaction_hash[2:]) != sent:
        raise _Wrong(f"hash {transaction_hash} was given for transaction 0x{sent.hex()}")


_FITS: dict[str, Callable[[Sequence[Any], Any], None]] = {
    "eth_getBlockByNumber": _block_fits,
    "eth_getLogs": _logs_fit,
    "eth_getTransactionReceipt": _receipt_fits,
    "eth_sendRawTransaction": _sent_fits,
}


def _brief(value: Any) -> str:
    """The beginning of a stranger's value; lists and objects may be deep, so only their kind."""
    return repr(value[:80]) if isinstance(value, str) else f"a value of type {type(value).__name__}"
