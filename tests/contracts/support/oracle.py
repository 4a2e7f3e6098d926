"""What the contract has to compute: the package's integer oracle, asked in the contract's terms."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.errors import WorkRefused
from bcfl_offchain.mechanism.fixed_point import Entry
from tests.contracts.support.terms import UNIFORM, Policy, Report, Terms

__all__ = [
    "Entry",
    "WorkRefused",
    "cap_for_training_time",
    "claimed_time",
    "fastest",
    "least_price",
    "offer_frequency",
    "offer_mining",
    "price_list",
    "training_price",
    "uniform_frequency",
    "uniform_price",
    "work_pay",
]


def mechanism_terms(terms: Terms) -> fixed_point.Terms:
    """The terms that a round's prices depend on."""
    return fixed_point.Terms(
        budget=terms.budget,
        mining_budget=terms.mining_budget,
        deadline=terms.deadline,
        mining_cycles=terms.mining_cycles,
        target=terms.target,
        policy=Policy(terms.policy).name.lower().replace("_", "-"),
        reservation_utility=terms.reservation_utility,
    )


def mechanism_report(report: Report, terms: Terms) -> fixed_point.Report:
    """A report with its workload in cycles."""
    return fixed_point.Report(
        training_cycles=report.training_units * terms.cycle_unit,
        energy_coefficient=report.energy_coefficient,
        max_frequency=report.max_frequency,
    )


def price_list(terms: Terms, reports: Mapping[str, Report]) -> dict[str, Entry]:
    """The list of a round, by client, in the order in which the contract takes it."""
    clients = sorted(reports, key=lambda client: int(client, 16))
    entries = fixed_point.price_list(
        [mechanism_report(reports[client], terms) for client in clients], mechanism_terms(terms)
    )
    return dict(zip(clients, entries))


def work_pay(terms: Terms, report: Report, entry: Entry, frequencies: tuple[int, int]) -> tuple[int, int]:
    """Training and mining pay for claimed frequencies; WorkRefused where the contract has to refuse."""
    return fixed_point.work_pay(mechanism_report(report, terms), entry, mechanism_terms(terms), *frequencies)


def claimed_time(terms: Terms, report: Report, frequencies: tuple[int, int]) -> int:
    """The time that the frequencies claim, in whole seconds, rounded up."""
    training, mining = frequencies
    cycles = report.training_units * terms.cycle_unit
    return -(-(10**9 * (cycles * mining + terms.mining_cycles * training)) // (training * mining))


def offer_frequency(terms: Terms, report: Report, training_cap: int) -> int:
    """q_t for any cap, also where the client would not be hired: what an honest owner would post."""
    if terms.policy in UNIFORM:
        return uniform_frequency(terms, report)
    return fastest(report, training_price(terms, report, training_cap))


def training_price(terms: Terms, report: Report, training_cap: int) -> int:
    """p_t of (18) for any cap."""
    cycles = report.training_units * terms.cycle_unit
    return isqrt(training_cap**3 * 10**81 // (report.energy_coefficient * cycles**3))


def uniform_frequency(terms: Terms, report: Report) -> int:
    """The frequency at which both subtasks take T together."""
    cycles = report.training_units * terms.cycle_unit + terms.mining_cycles
    return -(-cycles * 10**9 // terms.deadline)


def uniform_price(terms: Terms, report: Report, caps: int) -> int:
    """The price of both subtasks for a sum of caps, also where the client would not be hired."""
    if terms.policy == Policy.FAIR_SHARE:
        return caps * 10**18 // terms.deadline
    cycles = report.training_units * terms.cycle_unit + terms.mining_cycles
    frequency = uniform_frequency(terms, report)
    energy = report.energy_coefficient * frequency**3 * cycles
    return -(-(energy + terms.reservation_utility * frequency * 10**63) // (cycles * 10**54))


def fastest(report: Report, price: int) -> int:
    """The highest frequency whose energy a price covers, (8)."""
    return fixed_point.floor_cbrt(price * 10**54 // report.energy_coefficient)


def least_price(report: Report, frequency: int) -> int:
    """The least price that covers the energy at a frequency, (5) and (6)."""
    return -(-report.energy_coefficient * frequency**3 // 10**54)


def cap_for_training_time(terms: Terms, report: Report, seconds: int) -> int:
    """The cap whose price makes the client train for about this time: rho M q^2 with q = M / time."""
    cycles = report.training_units * terms.cycle_unit
    return report.energy_coefficient * cycles**3 // (10**45 * seconds**2)


def offer_mining(terms: Terms, report: Report, training_frequency: int, mining_cap: int) -> tuple[int, int]:
    """q_m of (9) and p_m of (19), at a training frequency that leaves time to mine."""
    left = terms.deadline * training_frequency - report.training_units * terms.cycle_unit * 10**9
    frequency = -(-terms.mining_cycles * 10**9 * training_frequency // left)
    return frequency, mining_cap * 10**18 * training_frequency // left
