"""Send the works of accounts, many in one transaction, through `Task.submitWorks`.

As through the relay, a work that is refused is skipped and told, and what would be refused anyway is found
before and not paid for. It takes less gas; and an estimate of a whole batch is exact, as none of its works is
skipped for want of gas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from web3.contract.contract import ContractFunction
from web3.exceptions import BadFunctionCallOutput, ContractLogicError
from web3.types import TxParams

from .errors import MalformedAnswer, NodeRefused, TransactionRefused
from .events import UnknownEvent, WorkSkipped, WorkSubmitted, decode_log
from .interface import decode_error
from .messages import SignedMessage, SubmitWork
from .relay import ENVELOPE_BYTES, MAX_TRANSACTION_BYTES, Delivery, Refusal, as_refusal, plan
from .task import TaskContract
from .transactions import MOST_ESTIMATED_GAS, Signer, TransactionRecord
from .votes import compact

_RECEIPT = "eth_getTransactionReceipt"
_WORK_BYTES = 9 * 32  # client, five words of work, deadline, two of the signature

_Batch = Sequence[tuple[int, SignedMessage]]  # each with its place among those that were given


def send_works(
    signer: Signer,
    task: TaskContract,
    works: Sequence[SignedMessage],
    progress: Callable[[int], None] = lambda done: None,
) -> Delivery:
    """Send works to a task, in as many transactions as they need.

    Parameters
    ----------
    signer : Signer
        Who pays the gas.
    task : TaskContract
    works : sequence of SignedMessage
        `SubmitWork` of accounts, as `messages.is_signed_by_client` takes them; of no client more than one.
    progress : callable
        Told how many works are dealt with, after each transaction.

    Returns
    -------
    Delivery
        Where a whole batch is refused only when it is sent, each of its works is a refusal without a record.

    Raises
    ------
    MalformedAnswer
        If a receipt does not tell of each work.
    ChainError
        As `Signer.send`, but for refusals.
    """
    records, sizes, refusals = [], [], []
    rest = list(enumerate(works))
    size = (MAX_TRANSACTION_BYTES - ENVELOPE_BYTES) // _WORK_BYTES
    while rest:
        batch = _fitting(signer, task, rest[:size])
        size, rest = len(batch), rest[len(batch) :]
        refusals += _refusals(signer, task, batch)
        refused = {one.index for one in refusals}
        good = [(index, signed) for index, signed in batch if index not in refused]
        if good:
            try:
                record = signer.send(_call(task, good), f"batch: {SubmitWork.label}")
            except (TransactionRefused, NodeRefused) as error:
                refusals += [Refusal(index, as_refusal(error, SubmitWork.label), None) for index, _ in good]
            else:
                records.append(record)
                sizes.append(len(good))
                refusals += _skipped(task, record, good)
        progress(len(works) - len(rest))
    return Delivery(tuple(records), tuple(sizes), tuple(sorted(refusals, key=lambda one: one.index)))


def _fitting(signer: Signer, task: TaskContract, batch: _Batch) -> _Batch:
    """The first works of a batch, as many as one transaction has gas for; at least one."""
    while len(batch) > 1:
        draft = TxParams({"from": signer.address, "to": task.address, "data": _data(task, batch)})
        try:
            gas = signer.estimate(draft, SubmitWork.label)
        except TransactionRefused as error:
            if error.error_name != "unknown":
                break
            # A node that tries no more than one transaction's gas has no better word for too little.
            batch = batch[: len(batch) // 2]
            continue
        if gas <= MOST_ESTIMATED_GAS:
            break
        batch = batch[: max(1, len(batch) * MOST_ESTIMATED_GAS // gas)]
    return batch


def _refusals(signer: Signer, task: TaskContract, batch: _Batch) -> list[Refusal]:
    """Works that would be refused now: one call tells whether there are any, one for each which they are."""
    try:
        skipped = _call(task, batch).call({"from": signer.address})
    except ContractLogicError:  # the whole batch, as where the round is over
        skipped = len(batch)
    except BadFunctionCallOutput as error:
        raise MalformedAnswer("eth_call", "submitWorks() has another form") from error
    if not skipped:
        return []
    _, refusals = plan(signer, task.address, [signed.call_data() for _, signed in batch], SubmitWork.label)
    return [replace(one, index=batch[one.index][0]) for one in refusals]


def _skipped(task: TaskContract, record: TransactionRecord, batch: _Batch) -> list[Refusal]:
    """Works that a transaction skipped, from its own logs: the task writes one for each work, in order."""
    logs = task.w3.eth.get_transaction_receipt(record.hash)["logs"]
    try:
        events = [decode_log(log) for log in logs if log["address"] == task.address]
    except UnknownEvent as error:
        raise MalformedAnswer(_RECEIPT, "a log of the task is none of its events") from error
    told = [event for event in events if isinstance(event, (WorkSubmitted, WorkSkipped))]
    if [event.client for event in told] != [signed.message.client for _, signed in batch]:
        raise MalformedAnswer(_RECEIPT, f"its logs do not tell of each of {len(batch)} works")
    return [
        Refusal(index, TransactionRefused(*decode_error(event.reason), SubmitWork.label), record)
        for (index, _), event in zip(batch, told)
        if isinstance(event, WorkSkipped)
    ]


def _call(task: TaskContract, batch: _Batch) -> ContractFunction:
    return task.contract.functions.submitWorks([_entry(signed) for _, signed in batch])


def _data(task: TaskContract, batch: _Batch) -> str:
    return task.contract.encode_abi("submitWorks", [[_entry(signed) for _, signed in batch]])


def _entry(signed: SignedMessage) -> tuple[Any, ...]:
    """A work as the contract takes it; of a signature of 65 bytes EIP-2098's form."""
    raw = signed.signature
    halves = compact(raw) if len(raw) == 65 else (raw[:32], raw[32:])
    return (*signed.message.arguments(), signed.message.deadline, halves)
