"""The money of a life in plain integers: the chain's coin, and a token with its tricks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tests.model.records import NOBODY, Order

FOR_EVER = 2**256 - 1
# What each token can do beside moving: `contracts/mocks`.
TOKENS = ("PlainToken", "SilentToken", "PhantomPermitToken", "FeeToken", "HostileToken")
WITH_PERMITS = ("PlainToken", "FeeToken", "HostileToken")


@dataclass
class Coin:
    """The chain's coin.

    Attributes
    ----------
    balances : dict of str to int
        Of everybody who can have any.
    refusing : set of str
        Contracts that take none.
    calling : dict of str to Order
        Contracts that make this call whenever they are paid.
    """

    balances: dict[str, int]
    refusing: set[str]
    calling: dict[str, Order] = field(default_factory=dict)

    def move(self, payer: str, recipient: str, amount: int) -> None:
        self.balances[payer] -= amount
        self.balances[recipient] += amount


@dataclass
class Token:
    """One of `TOKENS`, and what each holder has allowed the task.

    Attributes
    ----------
    fee : int
        What a `FeeToken` burns of each transfer.
    surplus, is_refusing, blocked, calling
        The switches of a `HostileToken`; `calling` is the call that it makes in its next transfer.
    """

    address: str
    kind: str
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    allowances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    permit_nonces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    fee: int = 0
    surplus: int = 0
    is_refusing: bool = False
    blocked: str = NOBODY
    calling: Order | None = None

    def mint(self, holder: str, amount: int) -> None:
        self.balances[holder] += amount

    def move(self, payer: str, recipient: str, amount: int) -> bool:
        """A transfer, if a hostile token goes on with it; whether it succeeds. If not, nothing changes."""
        if self.balances[payer] < amount or self.blocked in (payer, recipient):
            return False
        if self.balances[recipient] + amount < self.fee:
            return False
        self.balances[payer] -= amount
        self.balances[recipient] += amount + self.surplus - self.fee
        return True

    def spend(self, payer: str, amount: int) -> bool:
        """Uses the payer's allowance; whether it is enough. Some tokens count down from for ever, too."""
        if self.allowances[payer] < amount:
            return False
        if self.allowances[payer] != FOR_EVER or self.kind == "SilentToken":
            self.allowances[payer] -= amount
        return True
