"""Fig. 6: frequencies as p_t goes from 0 to 10, at mu = 10.

What the paper leaves open is psi. p_m does not enter (8) and (9); it enters the exact response, where it
stays at the policy's own, or follows (23) under ``incomplete``, as in Fig. 4.
"""

from __future__ import annotations

from itertools import product

from matplotlib.figure import Figure

from ._plots import curve, panels
from .claims import Claim, Reading, moves
from .setting import MINING_CYCLES
from .sweeps import ALL_PLAYS, over_training_price
from .table import Table

COLUMNS = ("training_frequency", "mining_frequency", "training_time", "mining_time")

CAPTION = (
    "p_m is the policy's own, under `incomplete` by (23) at each p_t. Kinks below are where a cap binds."
)


def make_table() -> Table:
    """Play each step of the sweep, p_m being the policy's own; pay is capped, which (8) and (9) ignore."""
    rows = Table.of(over_training_price()).where(other_price="own", pay="capped")
    kept = ("policy", "response", "psi", "price", *COLUMNS)
    return Table.of(dict(zip(kept, values)) for values in zip(*(rows[name].tolist() for name in kept)))


def make_claims(table: Table) -> list[Claim]:
    """Judge what the paper says about Fig. 6."""
    says = {
        "training_frequency": ("q_t increases with p_t.", "rises"),
        "mining_frequency": ("q_m decreases with p_t.", "falls"),
        "training_time": ("The training time is reduced as p_t grows.", "falls"),
        "mining_time": ("The mining time increases with p_t.", "rises"),
    }
    claims = []
    for number, (column, (sentence, wanted)) in enumerate(says.items(), 1):
        test = f"{column.replace('_', ' ')} {wanted} with p_t"
        claims.append(Claim(f"6.{number}", sentence, test, *_readings(table, column, wanted)))
    return claims


def _readings(table: Table, column: str, wanted: str) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    found: dict[str, list[Reading]] = {"theorem": [], "exact": []}
    for (policy, response), psi in product(ALL_PLAYS, MINING_CYCLES):
        values = table.where(policy=policy, response=response, psi=psi)[column]
        found[response].append(moves(f"`{policy}`, ψ = {psi:g}", values, wanted))
    return tuple(found["theorem"]), tuple(found["exact"])


def draw(table: Table) -> Figure:
    """Draw both frequencies."""
    figure, axes = panels(("q$_t$ (GHz), ψ = 5", "q$_m$ (GHz), ψ = 5"), ("p$_t$ (money/min)",) * 2)
    for policy, response in ALL_PLAYS:
        row = ("theorem", "exact").index(response)
        rows = table.where(policy=policy, response=response, psi=MINING_CYCLES[0])
        for axis, column in zip(axes[row], COLUMNS):
            curve(axis, policy, rows["price"], rows[column])
    for axis in axes.flat:
        axis.set_ylim(bottom=0)
    return figure
