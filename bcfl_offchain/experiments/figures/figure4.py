"""Fig. 4: utilities of a client and of the owner as p_t and p_m go from 0 to 10, at mu = 10.

What the paper leaves open is f, psi, and what the other price is meanwhile. It stays at the policy's own; but
under ``incomplete`` p_m follows (23), for its own p_m covers no mining at p_t <= 10.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from matplotlib.figure import Figure

from ._plots import curve, panels
from .claims import SMALL, Claim, Reading, moves, show, trend
from .setting import (
    BENEFITS,
    DEADLINE,
    ENERGY_COEFFICIENT,
    MINING_CYCLES,
    N_CLIENTS,
    PAPER_POLICIES,
    TRAINING_CYCLES,
    policy_prices,
)
from .sweeps import ALL_PLAYS, over_mining_price, over_training_price
from .table import Cell, Table

Readings = tuple[tuple[Reading, ...], tuple[Reading, ...]]
OTHER = {"p_t": "p_m", "p_m": "p_t"}

CAPTION = (
    "Plotted: f(x) = x; pay as (1) in the upper row. The other price is the policy's own; under `incomplete` "
    "p_m follows (23) at each p_t, because the p_m that belongs to its own p_t covers mining at no lower one."
)


def make_table() -> Table:
    """Play each step of both sweeps."""
    return Table.of([*over_training_price(), *over_mining_price()])


def make_claims(table: Table) -> list[Claim]:
    """Judge what the paper says about Fig. 4."""
    psi = MINING_CYCLES[0]
    power, owner = _trends(table, "p_t", "training_frequency", "rises"), _owner(table, "p_t")
    return [
        Claim(
            "4.1", "A higher p_t makes clients provide more computing power.", "q_t rises with p_t", *power
        ),
        Claim(
            "4.2",
            "A higher p_t reduces the time cost.",
            "T_i falls with p_t",
            *_trends(table, "p_t", "time", "falls"),
        ),
        Claim(
            "4.3",
            "The utility of the owner improves with p_t.",
            "U_mo rises with p_t. f(Σμ) cannot change, so f does not matter; read against (2), with f(Σ q_t) "
            "for the power that the paper's words mention, it can",
            *owner,
            f"U_mo does rise once: under `complete`, ψ = {show(psi)}, nobody takes part below p_t = "
            f"{show(joining_price(psi))}, and all do above.",
        ),
        Claim(
            "4.4",
            "A client's utility does not grow significantly with p_t, because energy costs more too.",
            "U_i grows by less than 10 % of what pay for training grows by",
            *_revenue(table),
        ),
        Claim(
            "4.5",
            "p_m has the same effect on utility under complete and incomplete information.",
            "at equal p_t and p_m, U_i and U_mo are the same under both policies",
            *_same(table),
        ),
        Claim(
            "4.6",
            "When p_m increases, the utility of clients improves.",
            "U_i rises with p_m",
            *_trends(table, "p_m", "client_utility", "rises"),
        ),
        Claim(
            "4.7",
            "When p_m increases, the utility of the owner improves.",
            "U_mo rises with p_m, whatever f",
            *_owner(table, "p_m"),
        ),
        Claim(
            "4.8",
            "With a higher p_m clients devote a larger q_m.",
            "q_m rises with p_m",
            *_trends(table, "p_m", "mining_frequency", "rises"),
        ),
        Claim(
            "4.9",
            "The time cost falls with p_m.",
            "T_i falls with p_m",
            *_trends(table, "p_m", "time", "falls"),
        ),
    ]


def _curves(table: Table, sweep: str) -> list[tuple[str, str, Table]]:
    """List (name, response, rows) of every curve of a sweep."""
    curves = []
    for (policy, response), psi in product(ALL_PLAYS, MINING_CYCLES):
        own = table.where(sweep=sweep, policy=policy, response=response, psi=psi)
        for pay, other in product(own.distinct("pay"), own.distinct("other_price")):
            rule = (
                f"= {other}"
                if other != "own"
                else "by (23)"
                if policy == "incomplete" and sweep == "p_t"
                else "its own"
            )
            name = f"`{policy}`, ψ = {show(psi)}, {OTHER[sweep]} {rule}, pay {pay}"
            curves.append((name, response, own.where(pay=pay, other_price=other)))
    return curves


def _by_response(found: list[tuple[str, Reading]]) -> Readings:
    return (
        tuple(reading for response, reading in found if response == "theorem"),
        tuple(reading for response, reading in found if response == "exact"),
    )


def _trends(table: Table, sweep: str, column: str, wanted: str) -> Readings:
    return _by_response(
        [(way, moves(name, rows[column], wanted)) for name, way, rows in _curves(table, sweep)]
    )


def _owner(table: Table, sweep: str) -> Readings:
    plotted = next(iter(BENEFITS))
    found = []
    for name, response, rows in _curves(table, sweep):
        utility = rows[f"owner_utility_{plotted}"]
        found.append((response, moves(f"{name}, f(Σμ)", utility, "rises")))
        if sweep == "p_t" and "pay as (1)" in name:
            # With f(x) = x in both, trading Σμ for Σ q_t changes the first term alone.
            power = utility + N_CLIENTS * (rows["training_frequency"] - TRAINING_CYCLES)
            found.append((response, moves(f"{name}, f(Σ q_t), not (2)", power, "rises")))
    return _by_response(found)


def joining_price(mining_cycles: float) -> float:
    """Return the p_t from which clients take part, at the p_m of ``complete``: (5) and (6) then fill T.

    Examples
    --------
    >>> round(joining_price(5.0), 6)
    0.004093
    """
    rho, p_m = float(ENERGY_COEFFICIENT), policy_prices("complete", mining_cycles)[1]
    rest = DEADLINE - mining_cycles * (rho / p_m) ** (1 / 3)
    return rho * (TRAINING_CYCLES / rest) ** 3


def _revenue(table: Table) -> Readings:
    found = []
    for name, response, rows in _curves(table, "p_t"):
        for start in (0.0, 1.0):
            kept = rows["price"] >= start
            utility, pay = trend(rows["client_utility"][kept]), trend(rows["training_pay"][kept])
            gain, paid = utility.last - utility.first, pay.last - pay.first
            number = f"pay for training grows by {show(paid)}, utility by {show(gain)}"
            spot = f"{name}, p_t from {show(float(rows['price'][kept][0]))}"
            found.append((response, Reading(spot, number, gain < SMALL * paid)))
    return _by_response(found)


def _same(table: Table) -> Readings:
    """Compare the two policies curve by curve."""
    columns = ("client_utility", f"owner_utility_{next(iter(BENEFITS))}")
    found = []
    for response, psi in product(("theorem", "exact"), MINING_CYCLES):
        chosen = table.where(sweep="p_m", response=response, psi=psi)
        for pay in chosen.distinct("pay"):
            first, second = (
                chosen.where(policy=policy, pay=pay, other_price="own") for policy in PAPER_POLICIES
            )
            apart = max(float(np.max(np.abs(first[column] - second[column]))) for column in columns)
            name = f"ψ = {show(psi)}, p_t its own, pay {pay}"
            found.append((response, Reading(name, f"largest difference {show(apart)}", apart < 1e-9)))
    return _by_response(found)


def draw(table: Table) -> Figure:
    """Draw both utilities over both prices."""
    sweeps = tuple(sweep for sweep in OTHER for _ in range(2))
    figure, axes = panels(
        ("utility of a client, ψ = 5", "utility of the owner, ψ = 5") * 2,
        tuple(f"{sweep[0]}$_{sweep[-1]}$ (money/min)" for sweep in sweeps),
    )
    fields: tuple[Cell, ...] = ("client_utility", f"owner_utility_{next(iter(BENEFITS))}") * 2
    for policy, response in ALL_PLAYS:
        row = ("theorem", "exact").index(response)
        for axis, sweep, field in zip(axes[row], sweeps, fields):
            pay = "as (1)" if response == "theorem" else "capped"
            rows = table.where(
                sweep=sweep,
                policy=policy,
                response=response,
                psi=MINING_CYCLES[0],
                pay=pay,
                other_price="own",
            )
            curve(axis, policy, rows["price"], rows[field])
    return figure
