"""The model's calls of price lists.

Prices are the mechanism's integers (`bcfl_offchain.mechanism.fixed_point`); other tests hold the contract's
against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.types import Entry, address_order
from bcfl_offchain.mechanism import fixed_point
from tests.model.records import NOBODY, Call, List, Refused
from tests.model.state import TaskState


class ListCalls(TaskState):
    """Posting entries."""

    def post_entries(self, call: Call, version: int, size: int, entries: Sequence[Entry]) -> None:
        self._owner(call)
        self._between_rounds(call)
        terms, list_ = self.terms, self.list
        is_new = version == list_.version + 1
        if is_new:
            if not terms.min_hired <= size <= terms.max_clients:
                raise Refused("Task_ListSizeOutOfRange", size, terms.min_hired, terms.max_clients)
            list_ = List(version, size)
        elif version == 0 or version != list_.version:
            raise Refused("Task_WrongVersion", version, list_.version)
        elif size != list_.size:
            raise Refused("Task_WrongSize", version, size, list_.size)
        elif len(list_.entries) == size:
            raise Refused("Task_ListComplete", version, size)
        if len(list_.entries) + len(entries) > size:
            raise Refused("Task_ListOverflow", version, len(list_.entries) + len(entries), size)
        new = replace(list_, entries=list(list_.entries))
        for entry in entries:
            self._check_entry(new, entry)
            new.entries.append(entry)
        self.list = new
        for place, entry in enumerate(new.entries, 1):
            client = self.clients[entry.client]
            client.place = place
            client.list_version, client.entry = version, (entry.training_cap, entry.training_frequency)
        if is_new:
            self._emit(ev.ListBegun, version, size)
        self._emit(ev.EntriesPosted, version, tuple(entries))

    def _check_entry(self, list_: List, entry: Entry) -> None:
        terms, client, cap = self.terms, entry.client, entry.training_cap
        self._member(client)
        last = list_.entries[-1].client if list_.entries else NOBODY
        if address_order(client) <= address_order(last):
            raise Refused("Task_NotAscending", last, client)
        if not cap:
            if entry.training_frequency:
                raise Refused("Task_NotHiredHasFrequency", client, entry.training_frequency)
            return
        caps, most = list_.training_caps + cap, terms.budget - terms.mining_budget
        if caps > most:
            raise Refused("Task_CapsExceedBudget", caps, most)
        line = self.line(client, cap, list_.size)
        if not line.hired or line.training_frequency != entry.training_frequency:
            raise Refused("Price_", client)  # which of them is for the tests of prices

    def line(self, client: str, cap: int, size: int) -> fixed_point.Entry:
        report = self.clients[client].report.pricing(self.terms.cycle_unit)
        return fixed_point.line_of_cap(report, self.terms.pricing(), cap, size)
