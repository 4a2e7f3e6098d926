"""Fig. 3: utilities of a client and of the owner as mu and psi go from 0 to 5.

What the paper leaves open is f, what the other of the two is meanwhile, and who the other clients are.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
from matplotlib.figure import Figure

from ._plots import curve, panels
from .claims import Claim, Reading, gains_nothing, matters, moves
from .setting import BENEFITS, LARGEST_CYCLES, MINING_CYCLES
from .sweeps import ALL_PLAYS, CLIENTS, over_mu, over_psi
from .table import Cell, Table

OTHER_WORKLOADS = (LARGEST_CYCLES, 3.0)
"""Readings of mu while psi varies; the first is plotted. (At mu = 1 among the spread nobody is hired.)"""
SWEEPS = {"μ": ("psi", MINING_CYCLES), "ψ": ("mu", OTHER_WORKLOADS)}
"""What is fixed during each sweep, and at what."""

CAPTION = (
    "Plotted: identical clients, f(x) = x. In the upper row the response keeps pay within its caps anyway."
)


def make_table() -> Table:
    """Price and play a round at each step of each sweep."""
    return Table.of(_records())


def _records() -> Iterator[dict[str, Cell]]:
    for psi in MINING_CYCLES:
        yield from over_mu(psi)
    for mu in OTHER_WORKLOADS:
        yield from over_psi(Fraction(mu))


def make_claims(table: Table) -> list[Claim]:
    """Judge what the paper says about Fig. 3."""
    claims = []
    for number, sweep in enumerate(SWEEPS):
        claims += [
            Claim(
                f"3.{number + 1}",
                f"{sweep} has a significant impact on the utility of the owner.",
                f"U_mo changes by more than 10 % of its largest absolute value as {sweep}, the same for all "
                "50 clients, goes from 0.2 to 5",
                *_owner(table, sweep),
            ),
            Claim(
                f"3.{number + 3}",
                f"The higher CPU power that more {sweep} calls for shortens the time of a round.",
                f"T_i falls as {sweep} grows",
                *_time(table, sweep),
            ),
            Claim(
                f"3.{number + 5}",
                f"More {sweep} does not bring a client more utility.",
                "U_i never rises above an earlier value by more than 10 % of its largest",
                *_client(table, sweep),
            ),
        ]
    return sorted(claims, key=lambda claim: claim.key)


def _split(make: dict[str, list[Reading]]) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    return tuple(make["theorem"]), tuple(make["exact"])


def _owner(table: Table, sweep: str) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    found: dict[str, list[Reading]] = {"theorem": [], "exact": []}
    fixed, values = SWEEPS[sweep]
    for (policy, response), value, f in product(ALL_PLAYS, values, BENEFITS):
        rows = _curve(table, policy, response, "identical", sweep, value)
        name = f"`{policy}`, {_symbol(fixed)} = {value:g}, f = {f}"
        found[response].append(matters(name, rows[f"owner_utility_{f}"], True))
    return _split(found)


def _time(table: Table, sweep: str) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    found: dict[str, list[Reading]] = {"theorem": [], "exact": []}
    fixed, values = SWEEPS[sweep]
    for (policy, response), clients in product(ALL_PLAYS, CLIENTS):
        rows = _curve(table, policy, response, clients, sweep, values[0])
        name = f"`{policy}`, {clients} clients, {_symbol(fixed)} = {values[0]:g}"
        found[response].append(moves(name, rows["time"], "falls"))
    return _split(found)


def _client(table: Table, sweep: str) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """Among the spread, a client below some mu is not hired: once left out, once counted with U_i = 0."""
    found: dict[str, list[Reading]] = {"theorem": [], "exact": []}
    fixed, values = SWEEPS[sweep]
    for (policy, response), clients, value in product(ALL_PLAYS, CLIENTS, values):
        utility = _curve(table, policy, response, clients, sweep, value)["client_utility"]
        name = f"`{policy}`, {clients} clients, {_symbol(fixed)} = {value:g}"
        found[response].append(gains_nothing(name, utility))
        if np.any(np.isnan(utility)):
            found[response].append(gains_nothing(f"{name}, not hired counts as 0", np.nan_to_num(utility)))
    return _split(found)


def _curve(table: Table, policy: str, response: str, clients: str, sweep: str, value: float) -> Table:
    where = {"policy": policy, "response": response, "clients": clients, "sweep": sweep}
    return table.where(**where, **{SWEEPS[sweep][0]: value})


def _symbol(name: str) -> str:
    return {"psi": "ψ", "mu": "μ"}[name]


def draw(table: Table) -> Figure:
    """Draw both utilities over both sweeps, identical clients."""
    sweeps = tuple(sweep for sweep in SWEEPS for _ in range(2))
    figure, axes = panels(
        (
            "utility of a client, ψ = 5",
            "utility of the owner, ψ = 5",
            "utility of a client, μ = 5",
            "utility of the owner, μ = 5",
        ),
        tuple(f"{sweep} (GHz·min)" for sweep in sweeps),
    )
    fields = ("client_utility", f"owner_utility_{next(iter(BENEFITS))}") * 2
    for policy, response in ALL_PLAYS:
        row = ("theorem", "exact").index(response)
        for axis, sweep, field in zip(axes[row], sweeps, fields):
            rows = _curve(table, policy, response, "identical", sweep, SWEEPS[sweep][1][0])
            curve(axis, policy, rows["mu" if sweep == "μ" else "psi"], rows[field])
    for axis in axes[:, ::2].flat:
        low, high = axis.get_ylim()
        axis.set_ylim(min(low, -0.2), high)
    return figure
