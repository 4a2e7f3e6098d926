"""What the model of a task keeps: clients, the list posted last, a round; and what a call is to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.types import Entry, Report

NOBODY = "0x" + "00" * 20
NOWHERE = ev.Place(0, 0, "0x")


class Refused(Exception):
    """A call that the contract has to refuse, by this error with these values in their order."""

    def __init__(self, error: str, *values: Any) -> None:
        self.error, self.values = error, values
        super().__init__(f"{error}{values}")


@dataclass(frozen=True)
class Call:
    """Who calls, when, and what comes with it."""

    sender: str
    now: int
    value: int = 0


@dataclass(frozen=True)
class Signature:
    """Of a signed message that another sends: the number in it, and until when it holds."""

    nonce: int
    deadline: int


@dataclass
class Client:
    """One client, or anybody else who has ever done something."""

    report: Report = Report(0, 0, 0)
    is_member: bool = False
    is_admitted: bool = False
    list_version: int = 0
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
    def ranking(self) -> list[str]:
        """Workers from the lowest score on; the first to arrive leads where scores are the same."""
        return [client for _, client in sorted(self.scores, key=lambda score: score[0])]
