"""The task's money in a dozen integers: what the contract's ledger has to say, kept apart from it.

Every amount comes from the terms or the oracle, none from the contract.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tests.contracts.support.terms import Terms


@dataclass
class Book:
    """Ledger and accounts of one task, line by line (docs/protocol.md, Money)."""

    terms: Terms
    deposited: int = 0
    paid: int = 0
    committed: int = 0
    free: int = 0
    returned: int = 0
    bonds: int = 0
    burnt: int = 0
    forced_in: int = 0  # in the balance, in no line
    settled: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    pending: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.deposited = self.free = self.terms.funds

    @property
    def claimable(self) -> int:
        """Earned and not yet taken, pending pay included."""
        return sum(self.settled.values()) + sum(self.pending.values())

    def join(self) -> None:
        self.deposited += self.terms.bond
        self.bonds += self.terms.bond

    def leave(self) -> None:
        self.bonds -= self.terms.bond
        self.returned += self.terms.bond

    def open(self, committed: int) -> None:
        self.free -= committed
        self.committed = committed

    def work(self, client: str, pay: int) -> None:
        self.committed -= pay
        self.pending[client] = pay

    def end(self, rejected: tuple[str, ...] = (), forfeited: tuple[str, ...] = ()) -> int:
        """End the round; returns what goes back to the owner's balance."""
        cancelled = sum(self.pending.pop(client, 0) for client in {*rejected, *forfeited})
        refunded = self.committed + cancelled
        self.free += refunded
        self.committed = 0
        self.bonds -= self.terms.bond * len(forfeited)
        self.burnt += self.terms.bond * len(forfeited)
        for client, pay in self.pending.items():
            self.settled[client] += pay
        self.pending = {}
        return refunded

    def claim(self, client: str) -> int:
        amount = self.settled.pop(client)
        self.paid += amount
        return amount

    def close(self) -> int:
        amount, self.free = self.free, 0
        self.returned += amount
        return amount

    def ledger(self) -> dict[str, int]:
        """The eight lines, named as in the contract."""
        return {
            "deposited": self.deposited,
            "paid": self.paid,
            "claimable": self.claimable,
            "committed": self.committed,
            "free": self.free,
            "returned": self.returned,
            "bonds": self.bonds,
            "burnt": self.burnt,
        }

    def balance(self) -> int:
        """What the contract holds: burnt bonds stay in it for ever."""
        return self.deposited - self.paid - self.returned + self.forced_in
