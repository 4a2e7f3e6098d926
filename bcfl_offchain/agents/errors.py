"""What an agent refuses or cannot do, each with the offending values and the way out."""

from __future__ import annotations

from typing import Any

from bcfl_offchain.mechanism.wording import counted


class AgentError(Exception):
    """Base of every error of the agents."""


class ListRefused(AgentError):
    """A price list that a client does not work under. Nothing is lost: no work was done.

    Attributes
    ----------
    reason : str
        What is wrong.
    client : str or None
        Whose line it is, if it is about one.
    expected, found : object
        What the chain's own data give, and what the list says.
    """

    def __init__(self, reason: str, client: str | None, expected: Any, found: Any) -> None:
        self.reason, self.client, self.expected, self.found = reason, client, expected, found
        place = f" of {client}" if client else ""
        super().__init__(
            f"price list refused: {reason}{place} is {found}, expected {expected}; not working this round"
        )


class NotHired(AgentError):
    """A client that the round's list does not hire."""

    def __init__(self, client: str, round_: int, reason: str) -> None:
        self.client, self.round, self.reason = client, round_, reason
        super().__init__(f"{client} is not hired in round {round_}: {reason}")


class NoOpenRound(AgentError):
    """Something that needs an open round, while none is."""

    def __init__(self) -> None:
        super().__init__("no round is open; wait for the owner to open one")


class ProposalRefused(AgentError):
    """A proposed model that a client does not sign.

    Attributes
    ----------
    reason : str
    expected, found : bytes
        Hash of the model as recomputed and as proposed; empty where there is none.
    """

    def __init__(self, reason: str, expected: bytes, found: bytes) -> None:
        self.reason, self.expected, self.found = reason, expected, found
        super().__init__(f"proposal refused: {reason}; expected 0x{expected.hex()}, found 0x{found.hex()}")


class QuorumMissing(AgentError):
    """Too few votes to end a round by quorum; ask more clients, or let the window pass."""

    def __init__(self, votes: int, hired: int) -> None:
        self.votes, self.hired = votes, hired
        super().__init__(
            f"{counted(votes, 'vote')} of {counted(hired, 'hired client')}; more than two thirds are needed"
        )


class TooFewHired(AgentError):
    """A list that hires fewer clients than the task's terms ask for.

    Attributes
    ----------
    reasons : dict of str to str
        Why each client that is not hired is not.
    """

    def __init__(self, hired: int, min_hired: int, reasons: dict[str, str]) -> None:
        self.hired, self.min_hired, self.reasons = hired, min_hired, reasons
        listed = "; ".join(f"{client}: {reason}" for client, reason in reasons.items())
        super().__init__(
            f"{counted(hired, 'client')} can be hired, the terms ask for {min_hired} "
            f"({listed or 'nobody has joined'})"
        )


class TooManyMembers(AgentError):
    """More clients than a list may have; name those to be listed."""

    def __init__(self, members: int, max_clients: int) -> None:
        self.members, self.max_clients = members, max_clients
        super().__init__(f"{members} clients for a list of at most {max_clients}; name those to be listed")


class UnknownMember(AgentError):
    """A client that the owner wants on a list and that has not joined."""

    def __init__(self, client: str) -> None:
        self.client = client
        super().__init__(f"{client} has not joined the task; it cannot be listed")


class WorkWindowOpen(AgentError):
    """A draw of audits before the work window has closed."""

    def __init__(self, round_: int, work_end: int, last_block: int) -> None:
        self.round, self.work_end, self.last_block = round_, work_end, last_block
        super().__init__(
            f"work in round {round_} may come until {work_end}, the last block is of {last_block}; wait for a later one"
        )
