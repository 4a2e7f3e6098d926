"""The task's events as dataclasses, fetched in chunks of blocks and in the order in which they happened.

Field names are those of contracts/interfaces/ITask.sol in snake case; each event also says where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import collapse_if_tuple
from web3 import Web3
from web3.types import FilterParams, LogReceipt

from .errors import AnswerTooLarge, ChainError, ChainReorganised, NodeRefused, printable
from .interface import TASK_ABI, signature
from .types import Entry

# Public nodes refuse ranges that are much longer.
CHUNK_BLOCKS = 10_000


@dataclass(frozen=True)
class Place:
    """Where an event stands: its block, its place among the block's logs, its transaction."""

    block: int
    log_index: int
    transaction: str


@dataclass(frozen=True)
class Event:
    """Base of all events."""

    place: Place


@dataclass(frozen=True)
class Funded(Event):
    """The task was funded with the budget of all rounds."""

    amount: int


@dataclass(frozen=True)
class Admitted(Event):
    """The owner let a client join."""

    client: str


@dataclass(frozen=True)
class Joined(Event):
    """A client deposited its bond."""

    client: str
    bond: int


@dataclass(frozen=True)
class Reported(Event):
    """A client stated its workload, energy coefficient and highest frequency."""

    client: str
    training_units: int
    energy_coefficient: int
    max_frequency: int


@dataclass(frozen=True)
class Left(Event):
    """A client left with its bond."""

    client: str
    recipient: str
    bond: int


@dataclass(frozen=True)
class ListBegun(Event):
    """A list was begun."""

    version: int
    size: int


@dataclass(frozen=True)
class EntriesPosted(Event):
    """Entries of a list were checked and posted; prices follow from them."""

    version: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class RoundOpened(Event):
    """A round was opened."""

    round: int
    version: int
    seed: bytes
    size: int
    hired: int
    mining_cap: int
    committed: int


@dataclass(frozen=True)
class WorkSubmitted(Event):
    """Work was accepted and its pay credited."""

    round: int
    client: str
    update_hash: bytes
    nonces: tuple[int, int]
    training_frequency: int
    mining_frequency: int
    training_pay: int
    mining_pay: int

    @property
    def pay(self) -> int:
        """Both pays in wei."""
        return self.training_pay + self.mining_pay


@dataclass(frozen=True)
class WorkSkipped(Event):
    """A work of a batch was refused: its place in the batch, and the ABI-encoded error."""

    round: int
    client: str
    index: int
    reason: bytes


@dataclass(frozen=True)
class ModelProposed(Event):
    """A global model was proposed to the quorum."""

    round: int
    proposer: str
    model_hash: bytes


@dataclass(frozen=True)
class WorkRejected(Event):
    """The quorum rejected a client's update."""

    round: int
    client: str
    amount: int


@dataclass(frozen=True)
class BondForfeited(Event):
    """The quorum found a client's report false."""

    round: int
    client: str
    bond: int
    amount: int


@dataclass(frozen=True)
class RoundEnded(Event):
    """A round ended, with the agreed model or with 32 zero bytes by time."""

    round: int
    model_hash: bytes
    votes: int
    refunded: int


@dataclass(frozen=True)
class Claimed(Event):
    """A client took what it had earned."""

    client: str
    recipient: str
    amount: int


@dataclass(frozen=True)
class SignaturesRevoked(Event):
    """A client voided all that it had signed; the numbers are those that count from now on."""

    client: str
    nonce: int
    vote_nonce: int


@dataclass(frozen=True)
class TaskClosed(Event):
    """The owner closed the task and took what was free."""

    recipient: str
    amount: int


class UnknownEvent(ChainError):
    """A log that no event of the task has, or not in this form; the address is another contract's."""


class OldStateMissing(ChainError):
    """A node that no longer has an old state; give the first block instead, for it has the logs."""


def fetch_events(
    w3: Web3, task: str, first_block: int, last_block: int, on_chunk: Callable[[int], None] | None = None
) -> list[Event]:
    """All events of a task in a range of blocks.

    Parameters
    ----------
    w3 : Web3
    task : str
        The task's address in checksum form.
    first_block, last_block : int
        The range, both ends in it.
    on_chunk : callable, optional
        Told the last block that was read, after each chunk.

    Returns
    -------
    list of Event
        In the order in which they happened.

    Raises
    ------
    UnknownEvent
    MalformedAnswer
        If the node gives a log twice, of another address or block, or one that it calls removed.
    ChainReorganised
        If logs of one block name two blocks.
    """
    events: list[Event] = []
    hashes: dict[int, bytes] = {}
    for start in range(first_block, last_block + 1, CHUNK_BLOCKS):
        end = min(start + CHUNK_BLOCKS - 1, last_block)
        logs = _fetch_logs(w3, to_checksum_address(task), start, end)
        for log in logs:
            number, block_hash = log["blockNumber"], bytes(log["blockHash"])
            if hashes.setdefault(number, block_hash) != block_hash:
                raise ChainReorganised(number, hashes[number], block_hash)
        events += map(decode_log, logs)
        if on_chunk is not None:
            on_chunk(end)
    return sorted(events, key=lambda event: (event.place.block, event.place.log_index))


def _fetch_logs(w3: Web3, task: str, first: int, last: int) -> list[LogReceipt]:
    """The logs of a range; in halves where the node, or the limit of an answer's size, refuses the whole."""
    try:
        wanted = FilterParams(address=to_checksum_address(task), fromBlock=first, toBlock=last)
        return list(w3.eth.get_logs(wanted))
    except (NodeRefused, AnswerTooLarge):
        if first == last:
            raise
    middle = (first + last) // 2
    return _fetch_logs(w3, task, first, middle) + _fetch_logs(w3, task, middle + 1, last)


def creation_block(w3: Web3, task: str, last_block: int) -> int:
    """The block in which a task's code came into being, by bisection.

    Parameters
    ----------
    w3 : Web3
        A node that still has the old states (those of devnets and archives do).
    task : str
        The task's address.
    last_block : int
        A block in which it is there.

    Raises
    ------
    OldStateMissing
        If the node has thrown old states away.
    """
    without, found = -1, last_block
    while found - without > 1:
        middle = (without + found) // 2
        try:
            code = w3.eth.get_code(to_checksum_address(task), middle)
        except NodeRefused as error:
            raise OldStateMissing(
                f"the node cannot look back to block {middle}; say where the task's logs begin"
            ) from error
        without, found = (without, middle) if code else (middle, found)
    return found


@dataclass(frozen=True)
class _Decoder:
    """How to make an event of a log: which inputs are topics and which are data."""

    make: type[Event]
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda match: f"_{match[1].lower()}", name)


def _decoders() -> dict[bytes, _Decoder]:
    classes = {cls.__name__: cls for cls in Event.__subclasses__()}
    decoders = {}
    for item in TASK_ABI:
        if item["type"] == "event" and item["name"] in classes:
            fields = [
                (_snake(field["name"]), collapse_if_tuple(field), field["indexed"])
                for field in item["inputs"]
            ]
            decoders[keccak(text=signature(item))] = _Decoder(
                classes[item["name"]],
                tuple((name, kind) for name, kind, indexed in fields if indexed),
                tuple((name, kind) for name, kind, indexed in fields if not indexed),
            )
    return decoders


_DECODERS = _decoders()
_ENTRIES = "(address,uint80,uint72)[]"


def decode_log(log: LogReceipt | Mapping[str, Any]) -> Event:
    """The event in a log.

    Parameters
    ----------
    log : mapping
        As `eth_getLogs` gives it.

    Raises
    ------
    UnknownEvent
    """
    topics: Sequence[bytes] = [bytes(topic) for topic in log["topics"]]
    decoder = _DECODERS.get(topics[0]) if topics else None
    if decoder is None:
        raise UnknownEvent(f"log {log['logIndex']} of block {log['blockNumber']} is no event of a task")
    where = f"log {log['logIndex']} of block {log['blockNumber']}"
    if len(topics) != 1 + len(decoder.indexed):
        raise UnknownEvent(f"{where} has {len(topics)} topics, a {decoder.make.__name__} has another number")
    values = [
        (name, kind, value)
        for (name, kind), topic in zip(decoder.indexed, topics[1:])
        for value in _decoded([kind], topic, where)
    ]
    plain = _decoded([kind for _, kind in decoder.plain], bytes(log["data"]), where)
    values += [(name, kind, value) for (name, kind), value in zip(decoder.plain, plain)]
    place = Place(log["blockNumber"], log["logIndex"], Web3.to_hex(log["transactionHash"]))
    return decoder.make(place=place, **{name: _typed(kind, value) for name, kind, value in values})


def _typed(kind: str, value: Any) -> Any:
    """Addresses in checksum form, and entries as such."""
    if kind == "address":
        return to_checksum_address(value)
    if kind == _ENTRIES:
        return tuple(Entry(to_checksum_address(client), *numbers) for client, *numbers in value)
    return value


def _decoded(kinds: Sequence[str], data: bytes, where: str) -> Sequence[Any]:
    """Values of ABI-encoded data, which has to be their one encoding: nothing missing, behind, or between."""
    try:
        values = decode(kinds, data)
    except (DecodingError, OverflowError) as error:  # a length of 2^63 bytes and more is no DecodingError
        raise UnknownEvent(f"{where} has data of another form: {printable(error)}") from error
    if encode(kinds, values) != data:
        raise UnknownEvent(f"{where} has {len(data)} bytes of data, not as an event of the task")
    return values
