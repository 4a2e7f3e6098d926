"""What an honest client says about a round: which updates count, who lied, and the model that follows.

Everyone judges by the same published files and the same chain data, so honest clients come to the same result
to the bit. Audited clients are drawn with the task's probability from a seed that is known only after the
last work is in: keccak(round seed, hash of the first block after the work window). A drawn client has to show
its update and its data, and they have to agree with each other and with its report; one that shows nothing is as one that lied,
or every liar would show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils import keccak, to_canonical_address
from web3 import Web3

from bcfl_offchain.chain.history import Round, TaskHistory
from bcfl_offchain.chain.reader import TaskReader
from bcfl_offchain.chain.task import Factory, TaskContract
from bcfl_offchain.chain.types import RoundResult, address_order
from bcfl_offchain.chain.votes import RoundId
from bcfl_offchain.learning import (
    GLOBAL,
    Dataset,
    FileName,
    FileRejected,
    Model,
    Reason,
    Store,
    StoreError,
    aggregate,
    check_report,
    fetch,
    file_hash,
    pack,
    read_evidence,
)

from .agreement import Agreement
from .board import Board
from .errors import WorkWindowOpen

_PROBABILITY_ONE = 10**18
# 16,384 rows of 64 float32 and a label, and a header.
_MAX_EVIDENCE_BYTES = 2**23


@dataclass(frozen=True)
class Workplace:
    """Where a task's people meet: the factory that they trust, the chain, the store of files, the board, and what they agreed on."""

    factory: Factory
    task: TaskContract
    reader: TaskReader
    store: Store
    board: Board
    agreement: Agreement

    def round_id(self, round_: Round) -> RoundId:
        """What votes of a round are on."""
        return RoundId(self.task.chain_id, self.task.address, round_.number, round_.opened.seed)

    def file_name(self, round_number: int, client: str) -> FileName:
        """Whom a file of a round belongs to."""
        return FileName(self.task.address, round_number, client)

    def model_before(self, history: TaskHistory, round_number: int) -> Model:
        """The last model that a quorum agreed on before a round; the agreement's start before the first.

        Raises
        ------
        FileRejected
            If the store does not have it.
        """
        last = history.last_model(round_number)
        if last is None:
            return self.agreement.start
        number, model_hash = last
        name = self.file_name(number, GLOBAL)
        return fetch(self.store, like=self.agreement.start, name=name, expected_hash=model_hash)


@dataclass(frozen=True, eq=False)
class Verdict:
    """A client's own result of a round.

    Attributes
    ----------
    result : RoundResult
        What it signs.
    model_file : bytes
        The global model as it is published.
    reasons : dict of str to str
        Why each rejected or forfeited client is.
    """

    result: RoundResult
    model_file: bytes
    reasons: dict[str, str]


def audit_seed(w3: Web3, round_: Round, work_end: int) -> bytes:
    """The seed that audited clients are drawn from: no worker knew it when it sent its work.

    Parameters
    ----------
    w3 : Web3
    round_ : Round
    work_end : int
        Last second of the round's work window.

    Returns
    -------
    bytes
        keccak(round seed, hash of the first block after the work window).

    Raises
    ------
    WorkWindowOpen
        If there is no such block yet.
    """
    low, high = round_.opened.place.block - 1, w3.eth.block_number
    last = w3.eth.get_block(high)["timestamp"]
    if last <= work_end:
        raise WorkWindowOpen(round_.number, work_end, last)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if w3.eth.get_block(middle)["timestamp"] > work_end else (middle, high)
    return keccak(round_.opened.seed + bytes(w3.eth.get_block(high)["hash"]))


def is_drawn(seed: bytes, client: str, audit_probability: int) -> bool:
    """Whether a client is audited; the probability has 18 decimals.

    Examples
    --------
    >>> is_drawn(bytes(32), "0x" + "11" * 20, 10**18), is_drawn(bytes(32), "0x" + "11" * 20, 0)
    (True, False)
    """
    draw = int.from_bytes(keccak(seed + to_canonical_address(client)), "big")
    return draw * _PROBABILITY_ONE < audit_probability * 2**256


def drawn_clients(place: Workplace, round_: Round) -> list[str]:
    """Who is audited among those who worked in the open round; its work window has closed.

    Raises
    ------
    WorkWindowOpen
    """
    seed = audit_seed(place.task.w3, round_, place.task.proposal_start() - 1)
    probability = place.task.terms.audit_probability
    return [client for client in round_.works if is_drawn(seed, client, probability)]


def judge(place: Workplace, history: TaskHistory, round_: Round) -> Verdict:
    """Judge a round whose work window has closed and whose files are published.

    Parameters
    ----------
    place : Workplace
    history : TaskHistory
    round_ : Round
        With at least one accepted work.

    Returns
    -------
    Verdict
        If no update counts, its model is the one that the round started from.

    Raises
    ------
    FileRejected
        If the store does not have the model that the round started from.
    """
    start = place.model_before(history, round_.number)
    updates: dict[str, Model] = {}
    rejected: dict[str, str] = {}
    for client, work in round_.works.items():
        name = place.file_name(round_.number, client)
        try:
            updates[client] = fetch(place.store, like=start, name=name, expected_hash=work.update_hash)
        except FileRejected as error:
            rejected[client] = str(error)
    forfeited = {}
    for client in drawn_clients(place, round_):
        if problem := _audit(place, round_, client, start, updates.get(client)):
            forfeited[client] = problem
            updates.pop(client, None)
            rejected.pop(client, None)
    model = _mean(round_, updates) if updates else start
    model_file = pack(model, place.file_name(round_.number, GLOBAL))
    result = RoundResult(file_hash(model_file), _ascending(rejected), _ascending(forfeited))
    return Verdict(result, model_file, {**rejected, **forfeited})


def _mean(round_: Round, updates: dict[str, Model]) -> Model:
    """The mean of the updates that count, weighted by the reported workloads."""
    weights = {client.lower(): round_.price_list.entries[client].report.training_units for client in updates}
    return aggregate({client.lower(): update for client, update in updates.items()}, weights)


def _audit(place: Workplace, round_: Round, client: str, start: Model, update: Model | None) -> str | None:
    """What is false about a drawn client; None if it showed that its report is true."""
    if update is None:
        return "audited, and its update is not there to be checked"
    try:
        evidence = _read_evidence(place, round_, client)
    except FileRejected as error:
        return f"audited, and its evidence does not count: {error}"
    if client not in place.agreement.cycles_per_sample:
        return "audited, and the agreement does not say what a sample costs it"
    problems = check_report(
        evidence,
        start,
        update,
        place.agreement.training,
        place.agreement.cycles_per_sample[client],
        round_.price_list.entries[client].report.training_units,
        place.task.terms.cycle_unit,
    )
    return "; ".join(f"{problem.kind.value}: {problem.detail}" for problem in problems) or None


def _read_evidence(place: Workplace, round_: Round, client: str) -> Dataset:
    evidence_hash = place.board.evidence(place.round_id(round_), client)
    if evidence_hash is None:
        raise FileRejected(Reason.MISSING, "it has announced none")
    try:
        data = place.store.get(evidence_hash, _MAX_EVIDENCE_BYTES)
    except StoreError as error:
        raise FileRejected(Reason.MISSING, str(error)) from error
    return read_evidence(data, name=place.file_name(round_.number, client), expected_hash=evidence_hash)


def _ascending(clients: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(clients, key=address_order))
