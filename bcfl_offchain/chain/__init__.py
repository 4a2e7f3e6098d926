"""The chain's side: connection, transactions, the task contract, its events, its history."""

from .connection import connect
from .errors import (
    ChainError,
    ChainReorganised,
    ChainUnavailable,
    FeeTooHigh,
    ImpossibleLogs,
    LogsBeginLater,
    MalformedAnswer,
    NodeRefused,
    NotAnAddress,
    NotMined,
    SpendLimitReached,
    TransactionRefused,
    UnknownContract,
    WrongChain,
)
from .history import PriceList, Round, TaskHistory, rebuild
from .messages import SignedMessage
from .mining import Solution, solve
from .pin import PinnedBlock
from .reader import TaskReader
from .relay import Relay
from .task import Factory, TaskContract
from .token import Money, PermitUnsupported, Token
from .transactions import Signer, TransactionRecord
from .types import (
    Ballot,
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
    Work,
)
from .votes import RoundId, is_signed_by, pack_ballots, sign_vote
from .works import send_works

__all__ = [
    "Ballot",
    "ChainError",
    "ChainReorganised",
    "ChainUnavailable",
    "ClientState",
    "Entry",
    "Factory",
    "FeeTooHigh",
    "ImpossibleLogs",
    "LogsBeginLater",
    "Ledger",
    "ListState",
    "MalformedAnswer",
    "Money",
    "NodeRefused",
    "NotAnAddress",
    "NotMined",
    "Phase",
    "PermitUnsupported",
    "PinnedBlock",
    "Policy",
    "PriceList",
    "Relay",
    "Report",
    "Round",
    "RoundId",
    "RoundResult",
    "RoundState",
    "SignedMessage",
    "Signer",
    "Solution",
    "SpendLimitReached",
    "TaskContract",
    "TaskHistory",
    "TaskReader",
    "Terms",
    "Token",
    "TransactionRecord",
    "TransactionRefused",
    "UnknownContract",
    "Vote",
    "Work",
    "WrongChain",
    "connect",
    "is_signed_by",
    "pack_ballots",
    "rebuild",
    "send_works",
    "sign_vote",
    "solve",
]
