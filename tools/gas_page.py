"""Write the table of docs/benchmarks/gas.md from the committed snapshot, so that the page says what was measured.

    python -m tools.gas_page
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from .gas_check import COMMITTED, Figures, read

PROJECT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/benchmarks/gas.md")
SIZES = (10, 50, 100, 400)
BEGIN, END = "<!-- from snapshots/Gas.json, by `make gas` -->\n", "<!-- end -->\n"


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    label : str
        What the page calls it.
    step : str
        Its name in the snapshot, without N and round.
    goal : int or None
        The most that it may cost.
    bound : str
        The least that the EVM lets it cost; see the page.
    is_later : bool or None
        Whether of rounds after the first only, of the first only, or of all.
    """

    label: str
    step: str
    goal: int | None = None
    bound: str = ""
    is_later: bool | None = None


ROWS = (
    Row("`submitWork`, first time", "submitWork, first time", 80_000, "62,400"),
    Row("`submitWork`, later rounds", "submitWork, later", 56_000, "45,300"),
    Row("relayed work, first time", "relayed work, first time: whole batch / entries"),
    Row("relayed work, later rounds", "relayed work, later: whole batch / entries", 28_000, "20,200"),
    Row("… with an access list", "relayed work, later with an access list: whole batch / entries", 28_000),
    Row("… of ERC-1271 contracts, through `Relay`", "relayed work, later through the Relay: whole batch / entries"),
    Row("posting a price, first time: one more", "posting a price, first time: one more", 40_000, "25,800"),
    Row("… whole list / N", "posting a price, first time: whole list / N", 40_000, "28,800 … 25,900"),
    Row("posting a price, changed: one more", "posting a price, changed: one more", 14_000, "8,700"),
    Row("… whole list / N", "posting a price, changed: whole list / N", 14_000, "11,700 … 8,800"),
    Row("opening with an unchanged list, first time", "openRound, list unchanged", 120_000, "", False),
    Row("… later", "openRound, list unchanged", 120_000, "", True),
    Row("quorum: one more signer", "ending by quorum: one more signer", 6_500, "6,270"),
    Row("… in an access list", "ending by quorum with an access list: one more signer", 6_500, "6,170"),
    Row("quorum: whole call / its 7, 34, 67, 267 signers", "ending by quorum: whole / signers", 6_500,
        "13,100 … 6,450", True),
    Row("… in an access list", "ending by quorum with an access list: whole / signers", 6_500, "13,300 … 6,360", True),
    Row("claim, of one round", "claim after 1 round", 45_000, "42,600"),
    Row("claim, of twenty rounds", "claim after 20 rounds", 45_000, "42,600"),
    Row("… to another account", "claim to another account", 45_000, "45,100"),
    Row("… to a new account", "claim to a new account", 45_000, "70,100"),
)


def largest(figures: Figures, row: Row, size: int) -> int | None:
    """The most that a step took among N clients, over the rounds that the row is of; None if that was not measured."""
    found = []
    for name, gas in figures.items():
        match = re.fullmatch(r"(.*) \(N = (\d+), round (\d+)\)", name)
        if match and match[1] == row.step and int(match[2]) == size:
            if row.is_later in (None, int(match[3]) > 1):
                found.append(gas)
    return max(found, default=None)


def table(figures: Figures) -> str:
    """The table in Markdown, with what is over its goal in bold.

    Examples
    --------
    >>> lines = table({"submitWork, later (N = 10, round 2)": 56_001, "submitWork, later (N = 50, round 2)": 7}).splitlines()
    >>> [line for line in lines if "later rounds" in line][0]
    '| `submitWork`, later rounds | 56,000 | **56,001** | 7 |  |  | 45,300 |'
    """

    def cell(row: Row, size: int) -> str:
        gas = largest(figures, row, size)
        if gas is None:
            return ""
        return f"**{gas:,}**" if row.goal is not None and gas > row.goal else f"{gas:,}"

    head = ["step, a client and round", "goal", *(f"N = {size}" for size in SIZES), "lower bound of the EVM"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for row in ROWS:
        goal = "" if row.goal is None else f"{row.goal:,}"
        lines.append([row.label, goal, *(cell(row, size) for size in SIZES), row.bound])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(page: str, figures: Figures) -> str:
    """The page with the table of these figures."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE}: no place for the table between {BEGIN.strip()} and {END.strip()}")
    return before + begin + table(figures) + end + after


def main(arguments: list[str]) -> int:
    """Write the page."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments:
        print(f"usage: gas_page, not {' '.join(arguments)}", file=sys.stderr)
        return 2
    path = PROJECT / PAGE
    path.write_text(written(path.read_text(encoding="utf-8"), read(PROJECT / COMMITTED)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
