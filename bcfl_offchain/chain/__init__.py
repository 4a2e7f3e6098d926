"""The chain's side: connection, transactions, the task contract, its events, its history."""

from .connection import connect
from .errors import ChainError, ChainUnavailable, NotMined, SpendLimitReached, TransactionRefused, UnknownTask
from .history import PriceList, Round, TaskHistory, TaskReader, rebuild
from .mining import Solution, solve
from .task import Factory, TaskContract
from .transactions import Signer, TransactionRecord
from .types import (
    ClientState,
    Entry,
    Ledger,
    ListState,
    Phase,
    Policy,
    Report,
    RoundResult,
    RoundState,
    Terms,
    Vote,
)
from .votes import Ballot, is_signed_by, sign_vote

__all__ = [
    "Ballot",
    "ChainError",
    "ChainUnavailable",
    "ClientState",
    "Entry",
    "Factory",
    "Ledger",
    "ListState",
    "NotMined",
    "Phase",
    "Policy",
    "PriceList",
    "Report",
    "Round",
    "RoundResult",
    "RoundState",
    "Signer",
    "Solution",
    "SpendLimitReached",
    "TaskContract",
    "TaskHistory",
    "TaskReader",
    "Terms",
    "TransactionRecord",
    "TransactionRefused",
    "UnknownTask",
    "Vote",
    "connect",
    "is_signed_by",
    "rebuild",
    "sign_vote",
    "solve",
]
