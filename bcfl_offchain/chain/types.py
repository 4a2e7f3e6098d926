"""The contract's structs and enums. Fields are in the order of contracts/interfaces/ITask.sol.

Units are the chain's: wei, whole CPU cycles, seconds, and 18 decimals for frequencies (GHz), energy
coefficients (wei/(GHz^3 s)), prices (wei/s) and probabilities. Addresses are in checksum form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any

from bcfl_offchain.mechanism import fixed_point


class Policy(IntEnum):
    """How prices follow from caps and reports."""

    COMPLETE = 0
    INCOMPLETE = 1
    FAIR_SHARE = 2
    LEAST_COST = 3

    @property
    def label(self) -> str:
        """The policy's name in `mechanism`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def of(cls, label: str) -> Policy:
        """The policy of a name in `mechanism`; KeyError if there is none.

        Examples
        --------
        >>> Policy.of("fair-share").name, Policy.of("fair-share").label
        ('FAIR_SHARE', 'fair-share')
        """
        return {policy.label: policy for policy in cls}[label]


class Phase(IntEnum):
    """Where a task stands."""

    JOINING = 0
    FROZEN = 1
    WORKING = 2
    GENERATOR_PROPOSING = 3
    RUNNER_UP_PROPOSING = 4
    WORKERS_PROPOSING = 5
    EXPIRED = 6
    OVER = 7


@dataclass(frozen=True)
class Terms:
    """Terms of a task; they never change."""

    owner: str
    token: str
    policy: Policy
    is_open_admission: bool
    rounds: int
    budget: int
    mining_budget: int
    reservation_utility: int
    bond: int
    audit_probability: int
    deadline: int
    grace: int
    join_window: int
    list_window: int
    proposal_window: int
    min_hired: int
    max_clients: int
    max_training_units: int
    cycle_unit: int
    target: int
    mining_cycles: int
    cycles_per_hash: int

    @classmethod
    def from_chain(cls, values: Sequence[Any]) -> Terms:
        """Terms from the decoded struct."""
        owner, token, policy, *rest = values
        return cls(owner, token, Policy(policy), *rest)

    def to_chain(self) -> tuple[Any, ...]:
        """The struct as calls take it."""
        return astuple(self)

    def pricing(self) -> fixed_point.Terms:
        """The terms that a round's prices depend on."""
        return fixed_point.Terms(
            self.budget,
            self.mining_budget,
            self.deadline,
            self.mining_cycles,
            self.target,
            self.policy.label,
            self.reservation_utility,
        )


@dataclass(frozen=True)
class Report:
    """What a client states about itself."""

    training_units: int
    energy_coefficient: int
    max_frequency: int

    def pricing(self, cycle_unit: int) -> fixed_point.Report:
        """The report in CPU cycles."""
        return fixed_point.Report(
            self.training_units * cycle_unit, self.energy_coefficient, self.max_frequency
        )


@dataclass(frozen=True)
class Entry:
    """One line of a price list as the owner posts it; both numbers are 0 for a client not hired."""

    client: str
    training_cap: int
    training_frequency: int


@dataclass(frozen=True)
class RoundResult:
    """What the quorum says about a round; both sets strictly ascending."""

    model_hash: bytes
    rejected: tuple[str, ...]
    forfeited: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """What a client brings in a round.

    Attributes
    ----------
    update_hash : bytes
        Hash of the update file.
    training_frequency, mining_frequency : int
        The claimed q_t and q_m.
    nonces : tuple of int, length 2
        The puzzle's solution: sixteen numbers of 32 bits, the first in the lowest bits.
    """

    update_hash: bytes
    training_frequency: int
    mining_frequency: int
    nonces: tuple[int, int]


@dataclass(frozen=True)
class Vote:
    """A hired client's signature under a result, 65 bytes."""

    signer: str
    signature: bytes


@dataclass(frozen=True)
class Ballot:
    """Votes of accounts whose vote nonce is the same.

    Attributes
    ----------
    nonce : int
    signatures : tuple of (bytes, bytes)
        (r, vs) of EIP-2098, ascending by signer.
    """

    nonce: int
    signatures: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Ledger:
    """Where every wei of a task is."""

    deposited: int
    paid: int
    claimable: int
    committed: int
    free: int
    returned: int
    bonds: int
    burnt: int

    @property
    def balanced(self) -> bool:
        """Whether what was deposited is the sum of all else, to the wei."""
        parts = (self.paid, self.claimable, self.committed, self.free, self.returned, self.bonds, self.burnt)
        return self.deposited == sum(parts)

    @property
    def held(self) -> int:
        """What the contract's balance has to be at least."""
        return self.deposited - self.paid - self.returned


@dataclass(frozen=True)
class RoundState:
    """The current or last round; `opened_at` is 0 between rounds, `ended_at` while one is open.

    `generator` and `runner_up` are places on the round's list, from 1; 0 is nobody.
    """

    number: int
    is_open: bool
    opened_at: int
    ended_at: int
    list_version: int
    mining_cap: int
    seed: bytes
    generator: int
    runner_up: int


@dataclass(frozen=True)
class ListState:
    """The price list that was posted last."""

    version: int
    size: int
    posted: int
    hired: int
    is_stale: bool
    training_caps: int
    hash: bytes


@dataclass(frozen=True)
class ClientState:
    """Everything a client has with a task.

    `place` counts from 1 on the last list that names it; `nonce` is the number of its next signed report, work
    or claim; its votes carry `vote_nonce`.
    """

    report: Report
    is_member: bool
    is_admitted: bool
    list_version: int
    place: int
    training_cap: int
    training_frequency: int
    last_round: int
    nonce: int
    vote_nonce: int
    claimable: int
    pending: int

    @classmethod
    def from_chain(cls, values: Sequence[Any]) -> ClientState:
        """The state from the decoded struct."""
        report, *rest = values
        return cls(Report(*report), *rest)


def address_order(address: str) -> int:
    """Key that sorts addresses as the contract compares them."""
    return int(address, 16)
