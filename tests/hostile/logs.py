"""Logs in JSON, word by word, so that a test can change one; and revert data that no contract gives."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from bcfl_offchain.chain import events as ev

Log = dict[str, Any]

OFFCHAIN_LOOKUP = "0x556f1830"
HOSTILE_REVERTS = [
    "0x",
    "0x08c379a0",
    "0x08c379a0" + "ff" * 64,
    "0x08c379a0" + "00" * 31 + "20" + "00" * 31 + "02" + "fffe" + "00" * 30,
    "0x08c379a0" + "00" * 31 + "20" + "ff" * 32,
    "0x4e487b71",
    "0x4e487b71" + "ff" * 32,
    OFFCHAIN_LOOKUP,
    OFFCHAIN_LOOKUP + "ff" * 64,
    "Reverted 0x08c379a0zz",
    "0xzz",
    "0x1",
    "0x" + "ab" * 100_000,
    5,
    [],
    {"data": 5},
    {"0x1": {"error": "revert"}},
    None,
]


def kind_of(log: Log) -> str:
    """The event's name."""
    return ev._DECODERS[bytes.fromhex(log["topics"][0][2:])].make.__name__


def words(log: Log) -> Iterator[tuple[str, int | str, int]]:
    """Each word of a log as (field, number of the topic or "data", its first digit)."""
    decoder = ev._DECODERS[bytes.fromhex(log["topics"][0][2:])]
    for place, (name, _) in enumerate(decoder.indexed, 1):
        yield name, place, 2
    digit = 2
    for name, kind in decoder.plain:
        # Entries and bytes are the last field of their event: the rest of the data, with place and length.
        rest = (len(log["data"]) - digit) // 64
        for _ in range(rest if kind.endswith("[]") or kind == "bytes" else 2 if kind.endswith("[2]") else 1):
            yield name, "data", digit
            digit += 64


def changed(log: Log, part: int | str, digit: int, word: int) -> Log:
    """The log with another word at a place that `words` gives."""
    log = copy.deepcopy(log)
    where = log if part == "data" else log["topics"]
    where[part] = where[part][:digit] + f"{word:064x}" + where[part][digit + 64 :]
    return log


def word_of(log: Log, part: int | str, digit: int) -> int:
    """The word at a place that `words` gives."""
    return int((log if part == "data" else log["topics"])[part][digit : digit + 64], 16)
