"""Terms, reports and phases as the contract's ABI has them, and the setting that the tests play in.

The setting is the paper's, Section 5, with five clients: 1 GHz·min is a cycle unit, 10^15 wei
a unit of money. Budgets are not round numbers, so that every division leaves a remainder. Mining takes 32
hashes in all.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

ZERO_ADDRESS = "0x" + "00" * 20
GIGAHERTZ = 10**18
GHZ_MINUTE = 60 * 10**9
MONEY = 10**15
PAPER_ENERGY_COEFFICIENT = MONEY * 10**18 // 6000
EXPECTED_HASHES = 32


class Phase(IntEnum):
    """Where a task stands, in the order of the contract's enum."""

    JOINING = 0
    FROZEN = 1
    WORKING = 2
    GENERATOR_PROPOSING = 3
    RUNNER_UP_PROPOSING = 4
    WORKERS_PROPOSING = 5
    EXPIRED = 6
    OVER = 7


class Policy(IntEnum):
    """How prices follow from caps and reports, in the order of the contract's enum."""

    COMPLETE = 0
    INCOMPLETE = 1
    FAIR_SHARE = 2
    LEAST_COST = 3


THEOREMS = (Policy.COMPLETE, Policy.INCOMPLETE)
UNIFORM = (Policy.FAIR_SHARE, Policy.LEAST_COST)  # one price for both subtasks


class Report(NamedTuple):
    """What a client states: mu in cycle units, rho in wei/(GHz^3 s) and q_i in GHz, both with 18 decimals."""

    training_units: int
    energy_coefficient: int = PAPER_ENERGY_COEFFICIENT
    max_frequency: int = 40 * GIGAHERTZ


class Terms(NamedTuple):
    """A task's terms in the order of the contract's struct; units as there."""

    owner: str
    token: str = ZERO_ADDRESS
    policy: Policy = Policy.COMPLETE
    is_open_admission: bool = True
    rounds: int = 3
    budget: int = 150 * MONEY + 7
    mining_budget: int = 25 * MONEY + 3
    reservation_utility: int = 0
    bond: int = 10 * MONEY + 1
    audit_probability: int = 10**17
    deadline: int = 900
    grace: int = 300
    join_window: int = 3600
    list_window: int = 1800
    proposal_window: int = 600
    min_hired: int = 3
    max_clients: int = 8
    max_training_units: int = 20
    cycle_unit: int = GHZ_MINUTE
    target: int = 10 * GHZ_MINUTE
    mining_cycles: int = 5 * GHZ_MINUTE
    cycles_per_hash: int = 5 * GHZ_MINUTE // EXPECTED_HASHES

    @property
    def funds(self) -> int:
        """What the task pays in when it is created."""
        return self.budget * self.rounds


# What of the terms each policy needs; only one knows a reservation utility.
SETTINGS = {
    policy: {"policy": policy, "reservation_utility": MONEY // 3 + 1 if policy is Policy.LEAST_COST else 0}
    for policy in Policy
}

# With g = 10 the workloads lie on both sides of the target and all five are hired under every policy.
REPORTS = {
    "alice": Report(5),
    "bob": Report(8, PAPER_ENERGY_COEFFICIENT + 10**27 + 1),
    "carol": Report(10, PAPER_ENERGY_COEFFICIENT + 2 * 10**27 + 3, 35 * GIGAHERTZ),
    "dave": Report(13, PAPER_ENERGY_COEFFICIENT + 3 * 10**27 + 7, 30 * GIGAHERTZ + 1),
    "erin": Report(14, PAPER_ENERGY_COEFFICIENT - 10**27, 25 * GIGAHERTZ),
}

# Among these workloads alice's Shapley value is negative: listed, but not hired.
UNBALANCED = {
    "alice": Report(2),
    "bob": Report(9),
    "carol": Report(11),
    "dave": Report(12),
    "erin": Report(13),
}
