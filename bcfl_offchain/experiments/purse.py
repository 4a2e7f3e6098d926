"""One limit on what several signers spend together, with enough of it kept back to wind everything up.

Spending is counted in full: fees, and every amount sent along, also where it comes back later. So the limit
is what can be lost at the very worst, and it is held before each transaction, not after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3

from bcfl_offchain.chain import Signer, SpendLimitReached, TransactionRecord
from bcfl_offchain.chain.transactions import Call

GAS = {
    "deploy factory": 6_500_000,
    "create task": 500_000,
    "admit": 60_000,
    "join": 130_000,
    "post entry": 75_000,
    "open round": 150_000,
    "submit work": 180_000,
    "propose model": 60_000,
    "vote in end round": 30_000,
    "end round": 150_000,
    "claim": 90_000,
    "leave": 90_000,
    "close task": 90_000,
}
"""More gas than each step takes, for what has to be known before a step can be estimated."""


def most_fee_per_gas(w3: Web3) -> int:
    """Wei that a unit of gas may cost in the next blocks: what `Signer` offers, doubled base fee and tip."""
    base_fee = w3.eth.get_block("latest").get("baseFeePerGas")
    return w3.eth.gas_price if base_fee is None else 2 * base_fee + w3.eth.max_priority_fee


def in_ether(wei: int) -> str:
    """An amount as people read it, exact.

    Examples
    --------
    >>> in_ether(8381986000000000), in_ether(0)
    ('0.008381986 ether', '0 ether')
    """
    return f"{Decimal(wei).scaleb(-18).normalize():f} ether"


class LimitReached(SpendLimitReached):
    """A transaction that would touch what is kept back, or pass the purse's limit; nothing was sent.

    Attributes
    ----------
    kept_back : int
        Wei kept back for winding up, besides those of `SpendLimitReached`.
    """

    def __init__(self, label: str, spent: int, cost: int, limit: int, kept_back: int) -> None:
        super().__init__(label, spent, cost, limit)
        self.kept_back = kept_back
        self.args = (
            f"{label} may cost {in_ether(cost)}; of the limit of {in_ether(limit)}, {in_ether(spent)} is spent and "
            f"{in_ether(kept_back)} is kept back to give everything back",
        )


class Purse:
    """What all its signers together may spend.

    Parameters
    ----------
    w3 : Web3
        The chain, for the price of gas.
    limit : int
        Wei.
    on_record : callable
        Told each mined transaction.
    """

    def __init__(self, w3: Web3, limit: int, on_record: Callable[[TransactionRecord], None]) -> None:
        self.w3 = w3
        self.limit = limit
        self.on_record = on_record
        self.signers: list[Signer] = []
        self.records: list[TransactionRecord] = []
        self.kept_back_gas = 0

    @property
    def spent(self) -> int:
        """Wei spent so far."""
        return sum(signer.spent for signer in self.signers)

    @property
    def fees(self) -> int:
        """The part of `spent` that was for gas."""
        return sum(record.fee for record in self.records)

    @property
    def kept_back(self) -> int:
        """Wei kept back at the present price of gas."""
        return self.kept_back_gas * most_fee_per_gas(self.w3)

    def keep_back(self, *steps: str) -> None:
        """Keep enough for steps that undo what is about to be done."""
        self.kept_back_gas += sum(GAS[step] for step in steps)

    def release(self) -> None:
        """Let what was kept back be spent."""
        self.kept_back_gas = 0


class PurseSigner(Signer):
    """A signer that spends from a purse.

    Parameters
    ----------
    account : LocalAccount
        The key.
    purse : Purse
    """

    def __init__(self, account: LocalAccount, purse: Purse) -> None:
        super().__init__(purse.w3, account, purse.records)
        self.purse = purse
        purse.signers.append(self)

    def send(
        self,
        call: Call,
        label: str,
        value: int = 0,
        gas: int | None = None,
        access_list: Sequence[Mapping[str, Any]] = (),
    ) -> TransactionRecord:
        """As `Signer.send`; the limit is the purse's."""
        limit, spent, kept_back = self.purse.limit, self.purse.spent, self.purse.kept_back
        self.spend_limit = self.spent + limit - spent - kept_back
        try:
            record = super().send(call, label, value, gas, access_list)
        except SpendLimitReached as error:
            raise LimitReached(label, spent, error.cost, limit, kept_back) from None
        self.purse.on_record(record)
        return record
