"""Everything that can go wrong between this package and a chain, each with the offending value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


_MOST_SHOWN = 300


def printable(text: object) -> str:
    """A stranger's text for a message: one short line without control characters.

    Examples
    --------
    >>> printable("no\\x1b[2J\\n funds") == r"no\\x1b[2J funds"
    True
    """
    line = " ".join(str(text)[: 4 * _MOST_SHOWN].split())
    return line[:_MOST_SHOWN].encode("unicode_escape").decode()


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


class NodeRefused(ChainError):
    """A request that the node answers with an error; another node may do better.

    Attributes
    ----------
    method : str
        What was asked for.
    """

    def __init__(self, method: str, message: object) -> None:
        self.method = method
        super().__init__(f"the node refuses {method}: {printable(message)}")


class MalformedAnswer(ChainError):
    """An answer that no honest node gives; nothing of it was used. Ask another node.

    Attributes
    ----------
    method : str
        What was asked for.
    """

    def __init__(self, method: str, why: str) -> None:
        self.method = method
        super().__init__(f"the node's answer to {method} cannot be right: {printable(why)}; ask another node")


class AnswerTooLarge(MalformedAnswer):
    """An answer of more bytes than is read; a smaller range of blocks may do."""


class WrongChain(ChainError):
    """A node of another chain than the one that is meant; nothing is signed for it.

    Attributes
    ----------
    expected, found : int
        Chain numbers.
    """

    def __init__(self, url: str, expected: int, found: int) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"{url} is a node of chain {found}, expected chain {expected}; give another URL")


class ChainReorganised(ChainError):
    """Blocks that were read have been replaced by others; read again.

    Attributes
    ----------
    block : int
        Number of the block that is another one now.
    """

    def __init__(self, block: int, before: bytes, now: bytes) -> None:
        self.block = block
        super().__init__(
            f"block {block} was 0x{before.hex()} and is 0x{now.hex()} now: the chain was reorganised while "
            "it was read; read it again"
        )


class ImpossibleLogs(ChainError):
    """Logs that no task writes: some are missing, doubled, invented or out of order. Ask another node."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}; logs are missing or wrong, ask another node")


class LogsBeginLater(ChainError):
    """A first block after the one in which the task was funded.

    Attributes
    ----------
    task : str
    first_block : int
        What was given.
    """

    def __init__(self, task: str, first_block: int) -> None:
        self.task, self.first_block = task, first_block
        super().__init__(
            f"task {task} was not funded in block {first_block} or later; begin at an earlier block"
        )


class NotAnAddress(ChainError):
    """A text that is no address, or one with a digit mistyped.

    Attributes
    ----------
    text : str
        What was given.
    """

    def __init__(self, text: object) -> None:
        self.text = text
        super().__init__(
            f"{printable(text)!r} is no address: that is 0x and 40 hexadecimal digits, which have to fit its checksum "
            "if they are in mixed case"
        )


class UnknownContract(ChainError):
    """An address that is not that of a contract of the kind that is meant.

    Attributes
    ----------
    address, kind : str
        What was given, and what it should be: task, factory, relay or token.
    """

    def __init__(self, address: str, kind: str, why: str) -> None:
        self.address, self.kind = address, kind
        super().__init__(f"{address} is no {kind} on this chain: {why}")


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
        listed = ", ".join(f"{name} = {printable(value)}" for name, value in shown.items())
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


class FeeTooHigh(ChainError):
    """A transaction whose gas may cost more than one is meant to; nothing was signed.

    Attributes
    ----------
    fee, limit : int
        The most wei that its gas may cost at the node's prices, and the limit.
    """

    def __init__(self, label: str, fee: int, limit: int) -> None:
        self.label, self.fee, self.limit = label, fee, limit
        super().__init__(
            f"{label}: by the node's prices its gas may cost {fee} wei, more than the limit of {limit} wei; "
            "ask another node, or raise the signer's fee_limit"
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
