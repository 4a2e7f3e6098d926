"""Owner, client and auditor: what each does in a round, knowing its own data, the store and the chain."""

from .agreement import Agreement
from .audit_checks import Difference
from .auditor import AuditReport, audit
from .board import Board
from .client import Client, PreparedWork
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
from .relayer import MixedMessages, Relayed, RelayedClient, Relayer

__all__ = [
    "AgentError",
    "Agreement",
    "AuditReport",
    "Board",
    "Client",
    "Difference",
    "ListRefused",
    "MixedMessages",
    "NoOpenRound",
    "NotHired",
    "Owner",
    "PreparedWork",
    "ProposalRefused",
    "QuorumMissing",
    "Relayed",
    "RelayedClient",
    "Relayer",
    "TooFewHired",
    "TooManyMembers",
    "UnknownMember",
    "Verdict",
    "WorkWindowOpen",
    "Workplace",
    "audit",
    "judge",
]
