"""The task's events as dataclasses, fetched in chunks of blocks and in the order in which they happened.

Field names are those of contracts/interfaces/ITask.sol in snake case; each event also says where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi import decode
from eth_utils import keccak, to_checksum_address
from web3 import Web3
from web3.exceptions import Web3RPCError
from web3.types import FilterParams, LogReceipt

from .errors import ChainError
from .interface import TASK_ABI, signature

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
class EntryPosted(Event):
    """A list's entry was checked and posted."""

    version: int
    client: str
    training_cap: int
    training_frequency: int
    training_price: int
    mining_price: int


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
class GeneratorChanged(Event):
    """A client now holds the lowest puzzle hash of the round."""

    round: int
    client: str
    puzzle_hash: int


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
class VotesRevoked(Event):
    """A client voided all that it had signed."""

    client: str
    nonce: int


@dataclass(frozen=True)
class TaskClosed(Event):
    """The owner closed the task and took what was free."""

    recipient: str
    amount: int


class UnknownEvent(ChainError):
    """A log that no event of the task has; the address is another contract's."""


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
    """
    events: list[Event] = []
    for start in range(first_block, last_block + 1, CHUNK_BLOCKS):
        end = min(start + CHUNK_BLOCKS - 1, last_block)
        logs = w3.eth.get_logs(FilterParams(address=to_checksum_address(task), fromBlock=start, toBlock=end))
        events += [decode_log(log) for log in logs if set(map(bytes, log["topics"][:1])).isdisjoint(_IGNORED)]
        if on_chunk is not None:
            on_chunk(end)
    return sorted(events, key=lambda event: (event.place.block, event.place.log_index))


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
        except Web3RPCError as error:
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
            fields = [(_snake(field["name"]), field["type"], field["indexed"]) for field in item["inputs"]]
            decoders[keccak(text=signature(item))] = _Decoder(
                classes[item["name"]],
                tuple((name, kind) for name, kind, indexed in fields if indexed),
                tuple((name, kind) for name, kind, indexed in fields if not indexed),
            )
    return decoders


_DECODERS = _decoders()
# Of OpenZeppelin's base contracts; they say nothing about a round.
_IGNORED = {keccak(text="Initialized(uint64)"), keccak(text="EIP712DomainChanged()")}


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
    values = [
        (name, kind, decode([kind], topic)[0]) for (name, kind), topic in zip(decoder.indexed, topics[1:])
    ]
    plain = decode([kind for _, kind in decoder.plain], bytes(log["data"]))
    values += [(name, kind, value) for (name, kind), value in zip(decoder.plain, plain)]
    place = Place(log["blockNumber"], log["logIndex"], Web3.to_hex(log["transactionHash"]))
    fields = {
        name: to_checksum_address(value) if kind == "address" else value for name, kind, value in values
    }
    return decoder.make(place=place, **fields)
