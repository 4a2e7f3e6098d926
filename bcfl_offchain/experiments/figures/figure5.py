"""Fig. 5: prices and frequencies as mu goes from 0 to 5.

What the paper leaves open is psi and who the other clients are, which decides how the cap R_t moves with mu:
it stays at 25 where all clients change together, and grows where one changes among others.
"""

from __future__ import annotations

from itertools import product

from matplotlib.figure import Figure

from ._plots import curve, panels
from .claims import Claim, Reading, matters, moves
from .setting import MINING_CYCLES
from .sweeps import ALL_PLAYS, CLIENTS, over_mu
from .table import Table

QUANTITIES = {
    "training_price": ("p_t", "p$_t$ (money/min)"),
    "training_frequency": ("q_t", "q$_t$ (GHz)"),
    "mining_price": ("p_m", "p$_m$ (money/min)"),
    "mining_frequency": ("q_m", "q$_m$ (GHz)"),
}
EXTRA = (("all 50 clients have the same μ", True), ("one client's μ varies, 49 spread over (0, 5)", False))

CAPTION = (
    f"Plotted: ψ = {MINING_CYCLES[0]:g}; curves of a varying client begin where it is hired. `fair-share` "
    "and `least-cost` have one price for both."
)


def make_table() -> Table:
    """Price and play a round at each mu."""
    return Table.of(record for psi in MINING_CYCLES for record in over_mu(psi))


def make_claims(table: Table) -> list[Claim]:
    """Judge what the paper says about Fig. 5."""
    claims = []
    for number, (column, (symbol, _)) in enumerate(QUANTITIES.items(), 1):
        rises = column.startswith("training")
        says = f"{symbol} increases with μ." if rises else f"μ does not affect {symbol} a lot."
        test = (
            f"{symbol} rises with μ"
            if rises
            else f"{symbol} changes by at most 10 % of its largest value over the whole range of μ"
        )
        claims.append(Claim(f"5.{number}", says, test, *_readings(table, column, rises)))
    return claims


def _readings(table: Table, column: str, rises: bool) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    found: dict[str, list[Reading]] = {"theorem": [], "exact": []}
    for (policy, response), clients, psi in product(ALL_PLAYS, CLIENTS, MINING_CYCLES):
        values = table.where(policy=policy, response=response, clients=clients, psi=psi)[column]
        name = f"`{policy}`, {clients} clients, ψ = {psi:g}"
        found[response].append(moves(name, values, "rises") if rises else matters(name, values, False))
    return tuple(found["theorem"]), tuple(found["exact"])


def draw(table: Table) -> Figure:
    """Draw the four quantities, all but q_m on logarithmic axes; filled markers are identical clients."""
    figure, axes = panels([label for _, label in QUANTITIES.values()], ["μ (GHz·min)"] * len(QUANTITIES))
    for (policy, response), clients in product(ALL_PLAYS, CLIENTS):
        row = ("theorem", "exact").index(response)
        rows = table.where(policy=policy, response=response, clients=clients, psi=MINING_CYCLES[0])
        for axis, column in zip(axes[row], QUANTITIES):
            curve(axis, policy, rows["mu"], rows[column], solid=clients == "identical")
    for axis in axes[:, :3].flat:
        axis.set_yscale("log")
    for axis in axes[:, 3]:
        axis.set_ylim(0, 0.8)
    return figure
