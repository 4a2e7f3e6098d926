"""Everything that can go wrong between this package and a chain, each with the offending value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class ChainError(Exception):
    """Base of every error of this layer."""


class ChainUnavailable(ChainError):
    """No chain answers at an address.

    Attributes
    ----------
    url : str
        What was tried.
    """

    def __init__(self, url: str, why: str) -> None:
        self.url = url
        super().__init__(f"no chain answers at {url} ({why}); start it or give another URL")


class UnknownTask(ChainError):
    """An address that is no task's.

    Attributes
    ----------
    address : str
        What was given.
    """

    def __init__(self, address: str, why: str) -> None:
        self.address = address
        super().__init__(f"{address} is no task on this chain: {why}")


class TransactionRefused(ChainError):
    """A call that the contract refuses, with its typed error.

    Attributes
    ----------
    error_name : str
        Name of the custom error; ``Panic``, ``Error`` or ``unknown`` for refusals that are none.
    error_args : dict
        Its arguments by name.
    label : str
        What was being done.
    """

    def __init__(self, error_name: str, error_args: Mapping[str, Any], label: str) -> None:
        self.error_name, self.error_args, self.label = error_name, dict(error_args), label
        shown = {name: value.name if isinstance(value, Enum) else value for name, value in error_args.items()}
        listed = ", ".join(f"{name} = {value}" for name, value in shown.items())
        super().__init__(f"{label}: refused by {error_name}({listed})")


class SpendLimitReached(ChainError):
    """A transaction that would take a signer over what it may spend; nothing was sent.

    Attributes
    ----------
    label : str
        What was being done.
    spent, cost, limit : int
        Wei spent so far, the most that the transaction can cost, and the limit of both together.
    """

    def __init__(self, label: str, spent: int, cost: int, limit: int) -> None:
        self.label, self.spent, self.cost, self.limit = label, spent, cost, limit
        super().__init__(
            f"{label} may cost {cost} wei; with the {spent} wei already spent that is more than the limit of "
            f"{limit} wei"
        )


class NotMined(ChainError):
    """A transaction that no block has taken within the time.

    Attributes
    ----------
    transaction_hash : str
        Its hash; it may still be mined.
    """

    def __init__(self, transaction_hash: str, label: str, seconds: float) -> None:
        self.transaction_hash = transaction_hash
        super().__init__(
            f"{label}: transaction {transaction_hash} not mined within {seconds:g} s; it may be later"
        )
