"""The two kinds of sweep behind Figs. 3 to 6: over a workload, priced anew at each step, and over a price."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from ...mechanism import POLICIES
from ...mechanism.policies import mining_price_incomplete
from .setting import (
    BENEFITS,
    DEADLINE,
    ENERGY_COEFFICIENT,
    MINING_CYCLES,
    PAPER_POLICIES,
    TRAINING_CYCLES,
    FloatArray,
    Play,
    inputs,
    play,
    policy_prices,
    priced_play,
    round_utility,
    uncapped,
    utility_of_identical,
)
from .table import Cell

CLIENTS = ("identical", "spread")
"""Readings of who the clients are: all with one mu; or one whose mu varies among 49 spread over (0, 5)."""
WORKLOADS = tuple(Fraction(step, 5) for step in range(1, 26))
"""mu and psi from 0.2 to 5."""
PRICES = np.concatenate(([0.01, 0.02, 0.05, 0.1, 0.15, 0.2], np.arange(1, 41) / 4))
"""p_t and p_m from 0.01 to 10."""
ALL_PLAYS = tuple((policy, "theorem") for policy in PAPER_POLICIES) + tuple(
    (policy, "exact") for policy in POLICIES
)
"""The paper's policies with the response of Theorem 3.1, then all four with the exact one."""
PRICED = ("training_price", "mining_price", "training_frequency", "mining_frequency", "energy")
ANSWERS = ("training_frequency", "mining_frequency", "training_time", "mining_time", "training_pay")


def over_mu(mining_cycles: float) -> Iterator[dict[str, Cell]]:
    """Vary mu at a fixed psi; one record a step, client by reading of who the clients are."""
    for clients in CLIENTS:
        for policy, response in ALL_PLAYS:
            for workload in WORKLOADS:
                where = {"policy": policy, "response": response, "clients": clients, "sweep": "μ"}
                where |= {"psi": mining_cycles, "mu": float(workload)}
                yield where | _outcome(*priced_play(workload, clients, policy, mining_cycles, response))


def over_psi(training_cycles: Fraction) -> Iterator[dict[str, Cell]]:
    """Vary psi at a fixed mu, likewise."""
    for clients in CLIENTS:
        for policy, response in ALL_PLAYS:
            for puzzle in WORKLOADS:
                where = {"policy": policy, "response": response, "clients": clients, "sweep": "ψ"}
                where |= {"psi": float(puzzle), "mu": float(training_cycles)}
                yield where | _outcome(
                    *priced_play(training_cycles, clients, policy, float(puzzle), response)
                )


def _outcome(workloads: list[Fraction], played: Play) -> dict[str, Cell]:
    """What the first client and the owner get of a round."""
    time = played.field("training_time") + played.field("mining_time")
    pay = played.field("training_pay") + played.field("mining_pay")
    cycles = np.array(workloads, float)
    return (
        {"hired": "yes" if played.taking_part[0] else "no", "n_hired": float(np.sum(played.taking_part))}
        | {name: float(played.field(name)[0]) for name in PRICED}
        | {"time": float(time[0]), "pay": float(pay[0]), "client_utility": float(played.field("utility")[0])}
        | {f"owner_utility_{name}": round_utility(cycles, played, f) for name, f in BENEFITS.items()}
    )


def over_training_price() -> Iterator[dict[str, Cell]]:
    """Vary p_t at mu = 10, 50 clients alike, by reading of what p_m is meanwhile."""
    for psi in MINING_CYCLES:
        for policy, response in ALL_PLAYS:
            own = policy_prices(policy, psi)[1]
            follows = policy == "incomplete"
            rules: dict[str, FloatArray | float] = {"own": _by_23(psi) if follows else own}
            if policy == "complete" and response == "theorem":
                rules |= {"1": 1.0, "5": 5.0}
            for rule, p_m in rules.items():
                yield from _price_records("p_t", rule, policy, response, psi, PRICES, p_m)


def over_mining_price() -> Iterator[dict[str, Cell]]:
    """Vary p_m, likewise."""
    for psi in MINING_CYCLES:
        for policy, response in ALL_PLAYS:
            rules = {"own": policy_prices(policy, psi)[0]}
            if policy == "complete" and response == "theorem":
                rules |= {"1": 1.0, "5": 5.0}
            for rule, p_t in rules.items():
                yield from _price_records("p_m", rule, policy, response, psi, p_t, PRICES)


def _by_23(mining_cycles: float) -> FloatArray:
    """p_m by (23) at each p_t. The p_m at its own p_t covers mining at no lower p_t."""
    rho = float(ENERGY_COEFFICIENT)
    return mining_price_incomplete(PRICES, TRAINING_CYCLES, rho, mining_cycles, DEADLINE)


def _price_records(
    sweep: str,
    other: str,
    policy: str,
    response: str,
    mining_cycles: float,
    p_t: FloatArray | float,
    p_m: FloatArray | float,
) -> Iterator[dict[str, Cell]]:
    """Play a sweep without caps, as (1) has it, and under the caps; exact responses know caps only."""
    given = inputs(np.full(PRICES.shape, TRAINING_CYCLES), mining_cycles)
    for pay, caps in (("as (1)", uncapped(given)), ("capped", given)):
        if response == "exact" and pay == "as (1)":
            continue
        played = play(caps, policy, (p_t, p_m), response)
        fields = {name: played.field(name) for name in ANSWERS}
        fields["time"] = fields["training_time"] + fields["mining_time"]
        fields["client_utility"] = played.field("utility")
        owner = utility_of_identical(TRAINING_CYCLES, played, BENEFITS["x"])
        fields["owner_utility_x"] = np.where(played.taking_part, owner, np.nan)
        for step, price in enumerate(PRICES):
            where: dict[str, Cell] = {"policy": policy, "response": response, "pay": pay, "sweep": sweep}
            where |= {"other_price": other, "psi": mining_cycles, "price": float(price)}
            yield where | {name: float(values[step]) for name, values in fields.items()}
