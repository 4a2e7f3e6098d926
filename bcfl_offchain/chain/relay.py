"""Send what clients have signed, many in one transaction, through the contract `Relay`.

A call that is refused is skipped and told; it stops no other. What would be refused anyway is found before
and not paid for. A transaction is filled up to the most gas (EIP-7825) and the most bytes that public nodes
take. The works of accounts have a cheaper way, `works`.

The gas of a batch is what its dearest call takes alone, times their number, as the relay gives each an even
share, and what it keeps back. An estimate of the whole would be too low: the relay ends well with any gas, by
skipping the calls that it is not enough for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils import to_checksum_address
from web3 import Web3
from web3.contract.contract import ContractFunction
from web3.exceptions import Web3Exception
from web3.types import TxParams

from .errors import MalformedAnswer, NodeRefused, TransactionRefused
from .interface import RELAY_ABI, contract_at, decode_error
from .transactions import MAX_TRANSACTION_GAS, Signer, TransactionRecord

MAX_TRANSACTION_BYTES = 2**17
"""What the most used node's pool accepts; a transaction beyond it reaches no block by itself."""

_RECEIPT = "eth_getTransactionReceipt"
# Of a transaction: 21,000, what the relay does beside its calls, and the 15,000 that it keeps back.
_BASE_GAS = 45_000
# Of a call within it, beside what it takes alone: its words of the array, and the 6,000 that the relay keeps back.
_CALL_GAS = 11_000
_VALUE_GAS = 9_000
_TRANSACTION_GAS = 21_000  # what a call alone pays for being a transaction
ENVELOPE_BYTES = 512
# Longer ones, whose copies could take others' gas, have a transaction of their own; with 65 bytes of signature no call is.
_ORDINARY_BYTES = 2_048
_WORD = 32


@dataclass(frozen=True)
class Refusal:
    """A call that changed nothing.

    Attributes
    ----------
    index : int
        Its place among the calls that were given.
    error : TransactionRefused
    record : TransactionRecord or None
        The transaction that skipped it; None if it was refused before and not sent, or by a transaction that
        was refused as a whole.
    """

    index: int
    error: TransactionRefused
    record: TransactionRecord | None


@dataclass(frozen=True)
class Delivery:
    """What became of some calls.

    Attributes
    ----------
    records : tuple of TransactionRecord
        The transactions, in order.
    sizes : tuple of int
        How many calls each of them held.
    refusals : tuple of Refusal
        Ascending by place; all other calls took effect. Those in a transaction are from its logs, and a
        contract that is paid within it can write more of them: the client's state tells for certain.
    """

    records: tuple[TransactionRecord, ...]
    sizes: tuple[int, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Planned:
    """A call that would take effect: its place among those given, and the gas that it takes alone."""

    index: int
    data: bytes
    gas: int


class Relay:
    """The contract that sends batches; it has no rights and holds no money.

    Parameters
    ----------
    w3 : Web3
        The chain.
    address : str
        `Factory.relay()`.

    Raises
    ------
    NotAnAddress, UnknownContract
        If there is no code at the address.
    """

    def __init__(self, w3: Web3, address: str) -> None:
        self.w3 = w3
        self.contract = contract_at(w3, address, RELAY_ABI, "relay")
        self.address = self.contract.address

    def send(
        self,
        signer: Signer,
        task: str,
        calls: Sequence[bytes],
        label: str,
        value: int = 0,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Delivery:
        """Send calls to a task, in as many transactions as they need.

        Parameters
        ----------
        signer : Signer
            Who pays the gas and the values.
        task : str
        calls : sequence of bytes
            `SignedMessage.call_data` of each, of no client more than one: each is judged by the state before.
        label : str
            What they do, for records and errors.
        value : int
            Wei that each brings along: the bond for joining in the chain's coin, else zero.
        progress : callable
            Told how many calls are dealt with, after each transaction.

        Returns
        -------
        Delivery

            A batch that is refused as a whole does not stop those after it: each of its calls is a refusal
            without a record.

        Raises
        ------
        ChainError
            As `Signer.send`, but for refusals.
        """
        planned, refusals = plan(signer, task, calls, label, value)
        records, sizes = [], []
        done = len(refusals)
        for batch in batches(planned, value):
            try:
                record, skipped = self._send_batch(signer, task, batch, label, value)
            except (TransactionRefused, NodeRefused) as error:
                refusals += [Refusal(one.index, as_refusal(error, label), None) for one in batch]
            else:
                records.append(record)
                sizes.append(len(batch))
                refusals += skipped
            done += len(batch)
            progress(done)
        return Delivery(tuple(records), tuple(sizes), tuple(sorted(refusals, key=lambda one: one.index)))

    def _send_batch(
        self, signer: Signer, task: str, batch: Sequence[Planned], label: str, value: int
    ) -> tuple[TransactionRecord, list[Refusal]]:
        call = self._call(task, value, [one.data for one in batch])
        record = signer.send(call, f"relay: {label}", value * len(batch), gas=batch_gas(batch, value))
        return record, [
            Refusal(batch[place].index, TransactionRefused(*decode_error(reason), label), record)
            for place, reason in self._skipped(task, record, len(batch)).items()
        ]

    def _call(self, task: str, value: int, calls: Sequence[bytes]) -> ContractFunction:
        return self.contract.functions.relay(to_checksum_address(task), value, list(calls))

    def _skipped(self, task: str, record: TransactionRecord, size: int) -> dict[int, bytes]:
        """Reason of each skipped call by its place, from the transaction's own logs."""
        receipt = self.w3.eth.get_transaction_receipt(record.hash)
        found = {}
        for log in receipt["logs"]:
            if log["address"] != self.address:
                continue
            try:
                told: Mapping[str, Any] = self.contract.events.Skipped().process_log(log)["args"]
            except (Web3Exception, DecodingError, OverflowError) as error:
                raise MalformedAnswer(_RECEIPT, "a log of the relay tells of no skipped call") from error
            # Whoever is called within the batch may relay a batch of its own.
            if told["task"] == to_checksum_address(task) and told["index"] < size:
                found[told["index"]] = bytes(told["reason"])
        return found


def plan(
    signer: Signer, task: str, calls: Sequence[bytes], label: str, value: int = 0
) -> tuple[list[Planned], list[Refusal]]:
    """Gas of each call alone, and those that would be refused; arguments as of `Relay.send`."""
    planned, refusals = [], []
    for index, data in enumerate(calls):
        draft = TxParams(
            {"from": signer.address, "to": to_checksum_address(task), "data": data, "value": value}
        )
        try:
            one = Planned(index, data, max(signer.estimate(draft, label), _TRANSACTION_GAS))
        except TransactionRefused as error:
            refusals.append(Refusal(index, error, None))
            continue
        if _fits([one], value):
            planned.append(one)
        else:
            much = f"{batch_gas([one], value)} gas and {batch_bytes([one])} bytes are more than one transaction holds"
            refusals.append(Refusal(index, TransactionRefused("unknown", {"message": much}, label), None))
    return planned, refusals


def as_refusal(error: TransactionRefused | NodeRefused, label: str) -> TransactionRefused:
    """A node's refusal to pass a transaction on, as one of what is in it."""
    if isinstance(error, TransactionRefused):
        return error
    return TransactionRefused("unknown", {"message": str(error)}, label)


def batches(planned: Sequence[Planned], value: int) -> list[list[Planned]]:
    """Cut calls into batches that one transaction can hold, in order; each has at least one."""
    result: list[list[Planned]] = []
    for one in planned:
        if result and _fits([*result[-1], one], value):
            result[-1].append(one)
        else:
            result.append([one])
    return result


def _fits(batch: Sequence[Planned], value: int) -> bool:
    if len(batch) > 1 and any(len(one.data) > _ORDINARY_BYTES for one in batch):
        return False
    return batch_gas(batch, value) <= MAX_TRANSACTION_GAS and batch_bytes(batch) <= MAX_TRANSACTION_BYTES


def batch_gas(batch: Sequence[Planned], value: int) -> int:
    """Gas with which no call of a batch has too little."""
    each = _CALL_GAS + (_VALUE_GAS if value else 0) - _TRANSACTION_GAS
    words = sum(len(one.data) // _WORD + 2 for one in batch)  # the relay copies every call to memory
    dearest = max(one.gas for one in batch)
    # EIP-150 keeps a 64th part of the gas back from each call.
    return _BASE_GAS + len(batch) * (dearest + dearest // 63 + each) + 3 * words + words**2 // 512


def batch_bytes(batch: Sequence[Planned]) -> int:
    """Size of the transaction: each call is padded to words and has two more."""
    return ENVELOPE_BYTES + sum((-(-len(one.data) // _WORD) + 2) * _WORD for one in batch)
