"""What the model of a task keeps: clients, the list posted last, a round; and what a call is to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.interface import signature
from bcfl_offchain.chain.types import Entry, Report
from tools.devnet import PROJECT

NOBODY = "0x" + "00" * 20
NOWHERE = ev.Place(0, 0, "0x")


@cache
def _errors() -> dict[str, tuple[bytes, list[str]]]:
    """Selector and types of each error, of the build."""
    built = json.loads((PROJECT / "out/forge/BcflErrors.sol/BcflErrors.json").read_text(encoding="utf-8"))
    return {
        item["name"]: (keccak(text=signature(item))[:4], [field["type"] for field in item["inputs"]])
        for item in built["abi"]
    }


def error_of(data: bytes) -> tuple[str, tuple[Any, ...]]:
    """Name and values of an encoded error; no name where there is no data."""
    if not data:
        return "", ()
    (name,) = [name for name, (selector, _) in _errors().items() if selector == data[:4]]
    types = _errors()[name][1]
    values = decode(types, data[4:])
    return name, tuple(to_checksum_address(v) if t == "address" else v for t, v in zip(types, values))


class Refused(Exception):
    """A call that the contract has to refuse, by this error with these values in their order.

    Without a name: by no data at all. The name `Price_` stands for any error that begins so; which of them is
    for the tests of prices.
    """

    def __init__(self, error: str, *values: Any) -> None:
        self.error, self.values = error, values
        super().__init__(f"{error}{values}")

    @property
    def data(self) -> bytes:
        """What the contract has to answer."""
        if not self.error:
            return b""
        selector, types = _errors()[self.error]
        return selector + encode(types, self.values)

    def is_told_by(self, data: bytes) -> bool:
        """Whether this is what the contract answered."""
        if self.error == "Price_":
            name, (client, *_) = error_of(data)
            return name.startswith("Price_") and client == self.values[0]
        return data == self.data


@dataclass(frozen=True)
class Call:
    """Who calls, when, and what comes with it."""

    sender: str
    now: int
    value: int = 0


@dataclass(frozen=True)
class Order:
    """What a call asks of the task: a function, by its name on chain, and arguments.

    No name stands for bytes that no function has.
    """

    function: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class SignedWork:
    """As the contract's struct."""

    client: str
    work: Any
    deadline: int
    signature: tuple[bytes, bytes]


@dataclass(frozen=True)
class Skipped:
    """The relay's event."""

    task: str
    index: int
    reason: bytes


@dataclass
class Client:
    """One client, or anybody else who has ever done something."""

    report: Report = Report(0, 0, 0)
    is_member: bool = False
    is_admitted: bool = False
    list_version: int = 0
    place: int = 0
    entry: tuple[int, int] = (0, 0)
    last_round: int = 0
    nonce: int = 0
    vote_nonce: int = 0
    earned: int = 0
    pending: int = 0


@dataclass
class List:
    """The list posted last."""

    version: int = 0
    size: int = 0
    entries: list[Entry] = field(default_factory=list)
    is_stale: bool = False

    @property
    def hired(self) -> list[str]:
        return [entry.client for entry in self.entries if entry.training_cap]

    @property
    def training_caps(self) -> int:
        return sum(entry.training_cap for entry in self.entries)

    @property
    def hash(self) -> bytes:
        result = bytes(32)
        for entry in self.entries:
            line = (entry.client, entry.training_cap, entry.training_frequency)
            result = keccak(encode(["bytes32", "address", "uint80", "uint72"], [result, *line]))
        return result


@dataclass
class Round:
    """A round; `entries` and `hired` are of its list as it was when the round opened."""

    number: int
    opened_at: int
    version: int
    size: int
    entries: dict[str, Entry]
    seed: bytes
    mining_cap: int
    committed: int
    scores: list[tuple[int, str]] = field(default_factory=list)  # in the order of arrival

    @property
    def hired(self) -> list[str]:
        return [client for client, entry in self.entries.items() if entry.training_cap]

    @property
    def ranking(self) -> Sequence[str]:
        """Workers from the lowest score on; the first to arrive leads where scores are the same."""
        return [client for _, client in sorted(self.scores, key=lambda score: score[0])]
