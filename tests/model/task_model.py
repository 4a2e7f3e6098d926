"""The whole contract in plain integers and dictionaries: what `contracts/Task.sol` has to do with every call.

No packed slots, no lazy settling, every sum kept on its own. It knows no chain: each call says who calls,
when, and with what value, and takes what the contract's function takes. A refused call raises `Refused` and
changes nothing; an accepted one adds what it has to emit to `events`. Refusals come in the contract's order
where a call is wrong in more than one way.
"""

from __future__ import annotations

from collections.abc import Sequence

from bcfl_offchain.chain import events as ev
from tests.model.members import MemberCalls
from tests.model.records import Call, Order, Refused, Skipped
from tests.model.rounds import RoundCalls


class TaskModel(MemberCalls, RoundCalls):
    """One task. Its calls are named as the contract's."""

    def claim(self, call: Call, recipient: str) -> int:
        return self._claim(call, call.sender, recipient)

    def claim_for(self, call: Call, client: str, recipient: str, deadline: int, signature: bytes) -> int:
        self._use(call, "Claim", client, (recipient,), deadline, signature)
        return self._claim(call, client, recipient)

    def _claim(self, call: Call, client: str, recipient: str) -> int:
        amount = self.clients[client].earned
        if not amount:
            raise Refused("Task_NothingToClaim", client)
        self.clients[client].earned = 0
        self.paid += amount
        self._emit(ev.Claimed, client, recipient, amount)
        self._give(call, recipient, amount)
        return amount

    def close_task(self, call: Call, recipient: str) -> int:
        self._owner(call)
        self._between_rounds(call)
        amount, self.free = self.free, 0
        self.is_closed = True
        self.returned += amount
        self._emit(ev.TaskClosed, recipient, amount)
        self._give(call, recipient, amount)
        return amount


class RelayModel:
    """`contracts/Relay.sol`, for calls to one task.

    Parameters
    ----------
    address : str
    task : TaskModel
    """

    def __init__(self, address: str, task: TaskModel) -> None:
        self.address, self.task = address, task

    def relay(self, call: Call, task: str, value: int, orders: Sequence[Order]) -> int:
        """How many of the calls, which bring `value` each, were refused."""
        coin = self.task.coin
        expected = value * len(orders)
        if call.value != expected:
            raise Refused("Money_WrongValue", call.value, expected)
        if task != self.task.address:
            raise Refused("Relay_NoTask", task)
        coin.move(call.sender, self.address, expected)
        skipped = 0
        for index, order in enumerate(orders):
            try:
                self.task.perform(Call(self.address, call.now, value), order)
            except Refused as refusal:
                skipped += 1
                self.task.events.append(Skipped(task, index, refusal.data))
        self.task.coin.move(self.address, call.sender, skipped * value)
        return skipped
