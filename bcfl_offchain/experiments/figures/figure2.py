"""Fig. 2: utilities when each side plays its optimal or a random strategy.

What the paper leaves open is what a random strategy is and whether pay is capped. Fifty clients with mu = 10
each draw for themselves, in `N_ROUNDS` seeded rounds; means over the rounds are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from matplotlib.figure import Figure

from ...mechanism import PriceInputs, find_policy
from ...mechanism.offers import answer_prices
from ...mechanism.responses import training_time_at_price
from ._plots import COLOURS, HATCHES, panels
from .claims import Claim, Reading, show
from .setting import (
    BENEFITS,
    DEADLINE,
    MINING_CYCLES,
    N_CLIENTS,
    PAPER_POLICIES,
    TRAINING_CYCLES,
    FloatArray,
    Play,
    inputs,
    play,
    policy_prices,
    round_utility,
    uncapped,
)
from .sweeps import ALL_PLAYS
from .table import Cell, Table

SEED, N_ROUNDS = 2, 50
PAIRS = (("optimal", "optimal"), ("random", "optimal"), ("optimal", "random"), ("random", "random"))
"""(clients, owner)."""
CLIENT_DRAWS = {
    "within (5)–(7)": "times drawn evenly among those that meet (5), (6) and (7)",
    "any frequency": "each frequency drawn from a tenth of to twice the optimal one, whatever (5)–(7) say",
}
"""Readings of a client's random strategy."""
OWNER_DRAWS = {
    "up to its own": "p_t and p_m drawn between 0 and the policy's own prices",
    "up to twice its own": "between 0 and twice the policy's own prices",
    "0 to 10": "between 0 and 10, the range of Fig. 4",
}
"""Readings of the owner's random strategy."""
PLOTTED = {"psi": MINING_CYCLES[0], "client_draw": "within (5)–(7)", "owner_draw": "up to twice its own"}

CAPTION = (
    f"Plotted: ψ = {show(MINING_CYCLES[0])}, pay capped, clients drawing `{PLOTTED['client_draw']}`, the "
    f'owner `{PLOTTED["owner_draw"]}`. "Random vs. optimal": clients random, owner optimal.'
)


def make_table() -> Table:
    """Play all four pairs of strategies under every reading."""
    return Table.of(_records(np.random.default_rng(SEED).random((4, N_ROUNDS, N_CLIENTS))))


def _records(luck: FloatArray) -> Iterator[dict[str, Cell]]:
    """Every reading sees the same luck, so that they differ by nothing else."""
    for psi, (policy, response) in product(MINING_CYCLES, ALL_PLAYS):
        given = inputs(np.full((N_ROUNDS, N_CLIENTS), TRAINING_CYCLES), psi)
        ways = (
            [("capped", given)] if response == "exact" else [("as (1)", uncapped(given)), ("capped", given)]
        )
        for (pay, caps), client, owner in product(ways, CLIENT_DRAWS, OWNER_DRAWS):
            for clients_play, owner_plays in PAIRS:
                own = policy_prices(policy, psi)
                prices = own if owner_plays == "optimal" else _random_prices(owner, own, luck[:2])
                played = play(caps, policy, prices, response)
                if clients_play == "random":
                    played = _random_response(client, caps, policy, played, luck[2:])
                where = {"policy": policy, "response": response, "psi": psi, "pay": pay}
                where |= {"client_draw": client, "owner_draw": owner}
                yield where | {"clients": clients_play, "owner": owner_plays} | _means(played)


def _random_prices(draw: str, own: tuple[float, float], luck: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Draw prices in (0, highest]."""
    highest = {"up to its own": own, "up to twice its own": (2 * own[0], 2 * own[1]), "0 to 10": (10.0, 10.0)}
    return highest[draw][0] * (1 - luck[0]), highest[draw][1] * (1 - luck[1])


def _random_response(draw: str, given: PriceInputs, policy: str, optimal: Play, luck: FloatArray) -> Play:
    """Draw frequencies. A client takes part wherever the prices leave any response that meets (5) to (7)."""
    offer, rho = optimal.offer, given.energy_coefficient
    least = (
        training_time_at_price(offer.training_price, given.training_cycles, rho),
        training_time_at_price(offer.mining_price, given.mining_cycles, rho),
    )
    spare = DEADLINE - least[0] - least[1]
    feasible = spare >= -1e-9
    if draw == "any frequency":
        factors = 0.1 + 1.9 * luck
        frequencies = offer.training_frequency * factors[0], offer.mining_frequency * factors[1]
    else:
        far = np.maximum(spare, 0) * np.sqrt(luck[0])  # evenly over the triangle of spare times
        times = least[0] + np.maximum(spare, 0) - far, least[1] + far * luck[1]
        frequencies = given.training_cycles / times[0], given.mining_cycles / times[1]
    played = answer_prices(
        given, (offer.training_price, offer.mining_price), frequencies, find_policy(policy).cap_on_sum
    )
    return Play(played, feasible)


def _means(played: Play) -> dict[str, Cell]:
    """Average a client's utility, 0 where it does not take part, and the owner's over the rounds."""
    means: dict[str, Cell] = {
        "taking_part": float(np.mean(played.taking_part)),
        "client_utility": float(np.mean(played.field("utility", 0.0))),
    }
    cycles = np.full(N_CLIENTS, TRAINING_CYCLES)
    rounds = [
        Play(type(played.offer)(*(np.asarray(part)[at] for part in vars(played.offer).values())), mask)
        for at, mask in enumerate(played.taking_part)
    ]
    for name, benefit in BENEFITS.items():
        utilities = [round_utility(cycles, one, benefit) for one in rounds]
        means[f"owner_utility_{name}"] = float(np.mean(utilities))
    return means


def make_claims(table: Table) -> list[Claim]:
    """Judge what the paper says about Fig. 2."""
    test = "the mean utility when both sides play optimally is at least that of each of the other three pairs"
    plotted_owner = f"owner_utility_{next(iter(BENEFITS))}"
    notes = {
        name: _other_verdicts(table, name, column)
        for name, column in (("clients", "client_utility"), ("owner", plotted_owner))
    }
    return [
        Claim(
            "2.1",
            "Clients obtain a higher utility when both sides play their optimal strategies than with any "
            "other pair of strategies.",
            test,
            *_readings(table, "client_utility"),
            notes["clients"],
        ),
        Claim(
            "2.2",
            "The model owner, too, obtains a higher utility then than with any other pair.",
            test,
            *_readings(table, plotted_owner),
            notes["owner"],
        ),
    ]


def _readings(
    table: Table, column: str, mining_cycles: float = MINING_CYCLES[0]
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """Compare the pairs under every reading; first the theorem's response, then the exact one."""
    found: dict[str, list[Reading]] = {"theorem": [], "exact": []}
    chosen = table.where(psi=mining_cycles)
    for policy, response in ALL_PLAYS:
        own = chosen.where(policy=policy, response=response)
        for pay, client, owner in product(own.distinct("pay"), CLIENT_DRAWS, OWNER_DRAWS):
            pairs = own.where(pay=pay, client_draw=client, owner_draw=owner)
            name = f"`{policy}`, pay {pay}, clients {client}, prices {owner}"
            found[response].append(_best_pair(name, pairs, column))
    return tuple(found["theorem"]), tuple(found["exact"])


def _best_pair(name: str, pairs: Table, column: str) -> Reading:
    """Compare the optimal pair with the best of the other three."""
    utility = {pair: float(pairs.where(clients=pair[0], owner=pair[1]).cell(column)) for pair in PAIRS}
    both = utility.pop(PAIRS[0])
    rival = max(utility, key=lambda pair: utility[pair])
    number = f"{show(both)}; best other {show(utility[rival])} ({rival[0]} vs. {rival[1]})"
    return Reading(name, number, both >= utility[rival] - 1e-9 * max(abs(both), 1.0))


def _other_verdicts(table: Table, name: str, column: str) -> str:
    """Say how many verdicts another psi and, for the owner, another f would change."""
    first = [reading.holds for reading in _readings(table, column)[0]]
    columns = [column] if name == "clients" else [f"owner_utility_{f}" for f in BENEFITS]
    parts = []
    for psi, other in product(MINING_CYCLES, columns):
        if (psi, other) != (MINING_CYCLES[0], column):
            held = [reading.holds for reading in _readings(table, other, psi)[0]]
            changed = sum(a != b for a, b in zip(first, held))
            f = f", f = {other.removeprefix('owner_utility_')}" if name == "owner" else ""
            parts.append(f"ψ = {show(psi)}{f}: {changed}")
    return (
        f"Of {len(first)} verdicts of the paper's policies, other readings change: " + "; ".join(parts) + "."
    )


def draw(table: Table) -> Figure:
    """Draw both utilities as bars, a group for each pair of strategies."""
    figure, axes = panels(
        ("utility of a client", "utility of the owner"), ("clients' strategy vs. owner's",) * 2
    )
    labels = [f"{clients}\nvs. {owner}" for clients, owner in PAIRS]
    columns = "client_utility", f"owner_utility_{next(iter(BENEFITS))}"
    for row, response in enumerate(("theorem", "exact")):
        policies = PAPER_POLICIES if response == "theorem" else tuple(COLOURS)
        for column, field in enumerate(columns):
            for place, policy in enumerate(policies):
                chosen = table.where(policy=policy, response=response, pay="capped", **PLOTTED)
                width = 0.8 / len(policies)
                at = np.arange(len(PAIRS)) + (place - (len(policies) - 1) / 2) * width
                bars = axes[row, column].bar(
                    at,
                    chosen[field],
                    0.92 * width,
                    color=COLOURS[policy],
                    hatch=HATCHES[policy],
                    edgecolor="white",
                    linewidth=0.5,
                    label=policy,
                )
                axes[row, column].bar_label(
                    bars,
                    [f"{value:.0f}" if value >= 100 else f"{value:.1f}" for value in chosen[field]],
                    fontsize=7,
                    padding=1,
                )
            axes[row, column].set_xticks(range(len(PAIRS)), labels)
            axes[row, column].grid(axis="x", visible=False)
    return figure
