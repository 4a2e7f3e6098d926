"""The model owner: creates and funds a task, prices and opens each round, and closes the task.

It knows its own key and the chain; it sees no data and no update before they are published.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from bcfl_offchain.chain.reader import TaskReader
from bcfl_offchain.chain.task import Factory, TaskContract
from bcfl_offchain.chain.token import allow
from bcfl_offchain.chain.transactions import MAX_TRANSACTION_GAS, Signer, TransactionRecord
from bcfl_offchain.chain.types import Entry, Report, Terms
from bcfl_offchain.mechanism import fixed_point

from .errors import TooFewHired, TooManyMembers, UnknownMember
from .pricing import compute_list

# A line that takes a new slot and is checked costs less than this.
_ENTRY_GAS = 40_000
_SelfT = TypeVar("_SelfT", bound="Owner")


class Owner:
    """A task's owner.

    Parameters
    ----------
    signer : Signer
        The owner's key.
    task : TaskContract
        Its task.
    reader : TaskReader
        The task's history.
    """

    def __init__(self, signer: Signer, task: TaskContract, reader: TaskReader) -> None:
        self.signer = signer
        self.task = task
        self.reader = reader

    @classmethod
    def create(cls: type[_SelfT], signer: Signer, factory: Factory, terms: Terms) -> _SelfT:
        """Create a task, fund all its rounds, and become its owner.

        Raises
        ------
        TransactionRefused
            If a term is out of its range.
        """
        permit = allow(terms.token, signer, factory.address, terms.budget * terms.rounds)
        task = factory.create_task(signer, terms, permit)
        return cls(signer, task, TaskReader(signer.w3, task.address, first_block=signer.records[-1].block))

    def admit(self, clients: Sequence[str]) -> TransactionRecord:
        """Let clients join a task whose admission is the owner's."""
        return self.task.admit(self.signer, clients)

    def compute_list(self, listed: Collection[str] | None = None) -> dict[str, fixed_point.Entry]:
        """Price the present members.

        Parameters
        ----------
        listed : collection of str, optional
            Those to be listed; all members by default.

        Returns
        -------
        dict of str to mechanism.fixed_point.Entry
            By client, ascending.

        Raises
        ------
        UnknownMember, TooManyMembers, TooFewHired
            If the contract would refuse the list.
        bcfl_offchain.mechanism.errors.SharesUncertain
            If the list is too large to be priced with certainty.
        """
        reports = self._reports(listed)
        terms = self.task.terms
        if len(reports) > terms.max_clients:
            raise TooManyMembers(len(reports), terms.max_clients)
        lines = compute_list(terms, reports) if reports else {}
        reasons = {client: str(line.reason) for client, line in lines.items() if not line.hired}
        if len(lines) - len(reasons) < terms.min_hired:
            raise TooFewHired(len(lines) - len(reasons), terms.min_hired, reasons)
        return lines

    def _reports(self, listed: Collection[str] | None) -> dict[str, Report]:
        history = self.reader.history()
        clients = history.members if listed is None else set(listed)
        for client in clients - history.members:
            raise UnknownMember(client)
        return {client: history.reports[client] for client in clients}

    def post_list(self, listed: Collection[str] | None = None) -> int:
        """Post the price list, in as many transactions as its length needs, unless the last one holds.

        Returns
        -------
        int
            Version of the list that holds now.

        Raises
        ------
        As `compute_list`.
        """
        entries = self._entries(self.compute_list(listed))
        last = self.reader.history().last_list
        if (
            last
            and last.is_complete
            and not last.is_stale
            and entries == [line.entry for line in last.entries.values()]
        ):
            return last.version
        version = last.version + 1 if last else 1
        length = self._chunk_length()
        for start in range(0, len(entries), length):
            self.task.post_entries(self.signer, version, len(entries), entries[start : start + length])
        return version

    def _entries(self, lines: dict[str, fixed_point.Entry]) -> list[Entry]:
        """The lines as they are posted."""
        return [Entry(client, line.training_cap, line.training_frequency) for client, line in lines.items()]

    def _chunk_length(self) -> int:
        """How many entries fit into one transaction, with room to spare in the block."""
        block_gas = self.signer.w3.eth.get_block("latest")["gasLimit"]
        return max(1, min(MAX_TRANSACTION_GAS, block_gas) * 2 // 3 // _ENTRY_GAS)

    def open_round(self, listed: Collection[str] | None = None) -> int:
        """Post the list if it has changed, and open a round under it; reports have to be frozen.

        Returns
        -------
        int
            The round's number.

        Raises
        ------
        TransactionRefused
            ``Task_WrongPhase`` outside the list window.
        """
        self.task.open_round(self.signer, self.post_list(listed))
        return self.task.round_state().number

    def end_round_by_time(self) -> TransactionRecord:
        """End an expired round."""
        return self.task.end_round_by_time(self.signer)

    def close(self) -> TransactionRecord:
        """Close the task and take back what is free."""
        return self.task.close(self.signer, self.signer.address)
