"""``figures.md``: what the paper says about its figures, and what the data say. Every number is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from types import ModuleType

from . import figure2, figure3, figure4, figure5, figure6, setting
from ._plots import save
from .claims import Claim, Reading, decided_by, show, verdict


@dataclass(frozen=True)
class Entry:
    """A figure: its module, what it shows, what is plotted, what its curves differ by besides the policy."""

    module: ModuleType
    title: str
    caption: str
    extra: tuple[tuple[str, bool], ...] = ()

    @property
    def name(self) -> str:
        """Return ``figure2`` to ``figure6``."""
        return self.module.__name__.rpartition(".")[2]


FIGURES = (
    Entry(figure2, "Utilities by pair of strategies", figure2.CAPTION),
    Entry(figure3, "Utilities over the cycles of training and of mining", figure3.CAPTION),
    Entry(figure4, "Utilities over the prices of training and of mining", figure4.CAPTION),
    Entry(figure5, "Frequencies and prices over μ", figure5.CAPTION, figure5.EXTRA),
    Entry(figure6, "Frequencies over the price of training", figure6.CAPTION),
)


def write_figures(folder: Path) -> list[Path]:
    """Compute everything and write it.

    Parameters
    ----------
    folder : Path
        Gets ``figures.md`` and ``figures/`` with a CSV and a PNG for each figure.

    Returns
    -------
    list of Path
        The files written.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    written, told = [], []
    for entry in FIGURES:
        table = entry.module.make_table()
        data, image = (folder / "figures" / f"{entry.name}.{kind}" for kind in ("csv", "png"))
        table.write_csv(data)
        save(entry.module.draw(table), image, entry.extra)
        written += [data, image]
        told.append((entry, entry.module.make_claims(table)))
    page = folder / "figures.md"
    page.write_text(compose(told), encoding="utf-8")
    return [*written, page]


def compose(told: Sequence[tuple[Entry, Sequence[Claim]]]) -> str:
    """Write the page from the claims of each figure."""
    claims = [claim for _, some in told for claim in some]
    parts = [_introduction(claims), _summary(claims)]
    parts += [_chapter(entry, some) for entry, some in told]
    return "\n\n".join(parts) + "\n"


def _introduction(claims: Sequence[Claim]) -> str:
    counts = [verdict(claim.paper).partition(" (")[0] for claim in claims]
    holding, failing = counts.count("holds"), counts.count("does not hold")
    given = setting
    paragraphs = [
        "Written by `make figures`; every number below is computed by "
        "[`bcfl_offchain/experiments/figures`](../bcfl_offchain/experiments/figures), the random ones from "
        "a fixed seed.",
        "The paper (Wang, Hu, Li, Xu, Xiong) shows five figures and says what one sees in them. Its setting: "
        f"{given.N_CLIENTS} clients, η = {given.BUDGET}, R̄_m = {given.MINING_CAP} (so η_m = "
        f"{given.MINING_CAP * given.N_CLIENTS}), ρ = {given.ENERGY_COEFFICIENT}, ξ = {given.COST_WEIGHT}, "
        f"g = {given.TARGET}, T = {given.DEADLINE}; μ = {show(given.TRAINING_CYCLES)} in Figs. 2, 4 and 6.",
        f"Of its statements, split here into {len(claims)}, {holding} hold as implemented here, {failing} do "
        f"not, and {len(claims) - holding - failing} depend on how one reads what it leaves open. Those "
        "readings are:",
        "\n".join(_filled(f"- {item}") for item in _readings()),
        "A client takes part where (5), (6), (7) and (20) hold; one that does not counts 0 in every sum. "
        "Points where nobody takes part are left out of trends.",
        "In each image the upper row is the paper: its two policies and the response of Theorem 3.1. The "
        "lower row is the same figure for the four policies with the exact best response, pay capped. Why "
        "the two differ is derived in [errata](errata.md). A statement that fails says nothing yet about the "
        "mechanism's use: it says that (1), (2) and the theorems, computed as written, do not show it.",
    ]
    wrapped = [text if text.startswith("- ") else _filled(text) for text in paragraphs]
    return "\n\n".join(["# The paper's figures", *wrapped])


def _readings() -> tuple[str, ...]:
    """Name everything that the paper leaves open and the figures try."""
    of_clients = "; ".join(f"`{name}`, {said}" for name, said in figure2.CLIENT_DRAWS.items())
    of_owner = "; ".join(f"`{name}`, {said}" for name, said in figure2.OWNER_DRAWS.items())
    return (
        f"ψ, not stated: {' or '.join(map(show, setting.MINING_CYCLES))} GHz·min; the first is plotted.",
        f'f in (2), "monotonically increasing": f(x) = {", ".join(setting.BENEFITS)}; the first is plotted.',
        "Who the clients are, in Figs. 3 and 5: `identical`, all have the same μ; or `spread`, μ of one "
        "varies and the others have 0.1, 0.2, …, 4.9.",
        f"A random strategy, in Fig. 2. Of a client: {of_clients}. Of the owner: {of_owner}. "
        f"{figure2.N_ROUNDS} rounds of {setting.N_CLIENTS} draws, the same luck for every reading.",
        "Pay: `as (1)`, p_t·T_t + p_m·T_m without caps; or `capped` at R̄_t and R̄_m, as the contract pays (at "
        "their sum under `fair-share` and `least-cost`).",
    )


def _filled(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return fill(text, 118, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


def _summary(claims: Sequence[Claim]) -> str:
    lines = [
        "## All statements",
        "",
        "| | the paper says | in the paper's own terms | four policies, exact response |",
    ]
    lines += ["|---|---|---|---|"]
    lines += [
        f"| {claim.key} | {claim.says} | **{verdict(claim.paper)}** | {verdict(claim.exact)} |"
        for claim in claims
    ]
    return "\n".join(lines)


def _chapter(entry: Entry, claims: Sequence[Claim]) -> str:
    number = entry.name[-1]
    parts = [
        f"## Fig. {number}: {entry.title.lower()}",
        f"![Fig. {number}](figures/{entry.name}.png)",
        _filled(f"{entry.caption} Data: [{entry.name}.csv](figures/{entry.name}.csv)."),
    ]
    return "\n\n".join(parts + [_section(claim) for claim in claims])


def _section(claim: Claim) -> str:
    parts = [
        f"### {claim.key} {claim.says}",
        _filled(
            f"In the paper's own terms: **{verdict(claim.paper)}**. With the exact response: "
            f"**{verdict(claim.exact)}**. Tested: {claim.test}."
        ),
        *_turning_points(claim),
        *([_filled(claim.note)] if claim.note else []),
        _details("The paper's policies, Theorem 3.1", claim.paper),
        _details("Four policies, exact best response", claim.exact),
    ]
    return "\n\n".join(parts)


def _turning_points(claim: Claim) -> list[str]:
    """Say what decides where it depends."""
    kinds = (("In the paper's own terms it", claim.paper), ("With the exact response it", claim.exact))
    told = [f"{who} {decided_by(some)}." for who, some in kinds if len({one.holds for one in some}) == 2]
    return [_filled(" ".join(told))] if told else []


def _details(title: str, readings: Sequence[Reading]) -> str:
    held = sum(reading.holds for reading in readings)
    lines = [f"<details><summary>{title}: {held} of {len(readings)} readings</summary>", ""]
    lines += ["| reading | found | holds |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.number} | {'yes' if one.holds else 'no'} |" for one in readings]
    return "\n".join([*lines, "", "</details>"])
