"""Owner, client and auditor: what each does in a round, knowing its own data, the store and the chain."""

from .agreement import Agreement
from .audit_checks import Difference
from .auditor import AuditReport, audit
from .board import Board
from .client import Client, Work
from .errors import (
    AgentError,
    ListRefused,
    NoOpenRound,
    NotHired,
    ProposalRefused,
    QuorumMissing,
    TooFewHired,
    TooManyMembers,
    UnknownMember,
    WorkWindowOpen,
)
from .judgement import Verdict, Workplace, judge
from .owner import Owner

__all__ = [
    "AgentError",
    "Agreement",
    "AuditReport",
    "Board",
    "Client",
    "Difference",
    "ListRefused",
    "NoOpenRound",
    "NotHired",
    "Owner",
    "ProposalRefused",
    "QuorumMissing",
    "TooFewHired",
    "TooManyMembers",
    "UnknownMember",
    "Verdict",
    "Work",
    "WorkWindowOpen",
    "Workplace",
    "audit",
    "judge",
]
