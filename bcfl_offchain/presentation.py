"""Shapley values and priced rounds: as JSON with 17 significant digits, or as tables for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from .client_table import ClientTable
from .mechanism import FloatShapleyResult, ShapleyResult
from .mechanism.pricing import PricedRound
from .mechanism.wording import counted

PIPE_WIDTH = 240
"""Columns of a page that no terminal limits: every table fits side by side."""

OFFER_KEYS = (
    "training_price",
    "mining_price",
    "training_frequency",
    "mining_frequency",
    "training_time",
    "mining_time",
    "training_pay",
    "mining_pay",
    "energy",
    "utility",
)
"""What does not exist for a client that is not hired."""

FLOAT_KEYS = ("error_bound", "efficiency_residual")
"""What belongs to values in floats: the proved error of each, and their sum less v(N)."""

_TITLES = {
    "client": "client",
    "training_cycles": "μ [GHz·min]",
    "energy_coefficient": "ρ",
    "shapley_value": "Shapley value",
    "share": "share",
    "training_cap": "training cap",
    "mining_cap": "mining cap",
    "reason": "hired",
    "training_price": "p_t [1/min]",
    "mining_price": "p_m [1/min]",
    "training_frequency": "q_t [GHz]",
    "mining_frequency": "q_m [GHz]",
    "training_time": "T_t [min]",
    "mining_time": "T_m [min]",
    "training_pay": "training pay",
    "mining_pay": "mining pay",
    "energy": "energy",
    "utility": "utility",
    "pay_wei": "pay [wei]",
}
_TEXTS = ("reason", "binding", "verdict")
_SPACE = 3  # what a column takes beside its widest cell: padding on both sides and a border


def shapley_record(
    table: ClientTable, result: ShapleyResult | FloatShapleyResult, portions: Sequence[Fraction]
) -> dict[str, Any]:
    """Gather what ``bcfl shapley`` prints.

    `energy_coefficient` only if the file has it; `error_bound` and `efficiency_residual` only of values in
    floats.
    """
    clients = []
    for position, name in enumerate(table.client):
        row: dict[str, Any] = {"client": name, "training_cycles": table.training_cycles[position]}
        if table.energy_coefficient is not None:
            row["energy_coefficient"] = table.energy_coefficient[position]
        row |= {"shapley_value": result.values[position], "share": portions[position]}
        clients.append(row)
    record = {"n_clients": len(clients), "shapley_total": result.total, "method": result.method}
    if isinstance(result, FloatShapleyResult):
        record |= {key: getattr(result, key) for key in FLOAT_KEYS}
    return record | {"clients": clients}


def price_record(table: ClientTable, priced: PricedRound) -> dict[str, Any]:
    """Gather what ``bcfl price`` prints."""
    record = {"policy": priced.policy} | shapley_record(table, priced.shapley, priced.shares)
    for position, row in enumerate(record["clients"]):
        reason = priced.reason[position]
        row |= {"hired": reason is None, "reason": None if reason is None else str(reason)}
        for key in ("training_cap", "mining_cap", *OFFER_KEYS):
            row[key] = number(getattr(priced, key)[position])
    return record


def number(value: float) -> float | None:
    """Turn NaN and infinity, which JSON has no word for, into None."""
    return float(value) if math.isfinite(value) else None


def to_json(value: Any, indent: str = "") -> str:
    """Write JSON with 17 significant digits, which a double needs to be read back unchanged.

    Parameters
    ----------
    value : dict, list, str, bool, None, int, float or Fraction
        Floats must be finite.
    indent : str
        White space before the closing bracket.

    Examples
    --------
    >>> print(to_json({"share": Fraction(1, 10), "reason": None}))
    {
      "share": 0.10000000000000001,
      "reason": null
    }
    """
    if isinstance(value, (float, Fraction)):
        return format(float(value), ".17g")
    inner = indent + "  "
    if isinstance(value, Mapping):
        items = [f"{inner}{json.dumps(key)}: {to_json(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + to_json(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value)


def shapley_table(record: Mapping[str, Any]) -> WideTable:
    """Lay out `shapley_record` for people."""
    keys = [key for key in record["clients"][0] if key in _TITLES]
    return lay_out(values_title(record), keys, record["clients"])


def values_title(record: Mapping[str, Any]) -> str:
    """Say whose values these are, by which engine, and how close they are if they are in floats."""
    title = (
        f"{counted(record['n_clients'], 'client')}, v(N) = {float(record['shapley_total']):.6g}, "
        f"by {record['method']}"
    )
    if "error_bound" not in record:
        return title
    return (
        f"{title}, each value within {record['error_bound']:.1e} "
        f"(their sum is off by {record['efficiency_residual']:.1e})"
    )


def price_tables(record: Mapping[str, Any]) -> tuple[WideTable, WideTable]:
    """Lay out `price_record` for people: what each client is offered at most, and what it answers."""
    clients = record["clients"]
    hired = [row for row in clients if row["hired"]]
    paid = sum(row["training_pay"] + row["mining_pay"] for row in hired)
    caps = lay_out(
        f"Policy {record['policy']}: {values_title(record)}",
        ["client", "training_cycles", "shapley_value", "share", "training_cap", "mining_cap", "reason"],
        [{**row, "reason": row["reason"] or "yes"} for row in clients],
    )
    offers = lay_out(f"{len(hired)} hired, paid {paid:.6g} in all", ["client", *OFFER_KEYS], hired)
    return caps, offers


class WideTable:
    """A table that goes on below itself where the console is too narrow for all its columns.

    Each piece repeats the first column, which says whose row it is. Only where that column and one more do
    not fit is text folded and are numbers cut.

    Parameters
    ----------
    title : str
    keys : sequence of str
        What the columns hold; the first and those in `_TEXTS` are text, all others numbers.
    rows : sequence of sequence of str
        A text for each key.
    """

    def __init__(self, title: str, keys: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.title, self.keys, self.rows = title, keys, rows
        self.headings = [_TITLES.get(key, key) for key in keys]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        title = self.title
        for positions in self._pieces(options.max_width):
            yield Text(title, "table.title")  # not the table's own, which would be folded to its width
            yield self._table(positions)
            title = f"{self.title} (continued)"

    def _pieces(self, width: int) -> list[list[int]]:
        """Return the columns of each piece, as many as fit."""
        first, *others = (_SPACE + max(map(cell_len, cells)) for cells in zip(self.headings, *self.rows))
        pieces, left = [[0]], width - 1 - first
        for position, needed in enumerate(others, 1):
            if needed > left and len(pieces[-1]) > 1:
                pieces.append([0])
                left = width - 1 - first
            pieces[-1].append(position)
            left -= needed
        return pieces

    def _table(self, positions: Sequence[int]) -> Table:
        table = Table()
        for position in positions:
            heading = Text(self.headings[position])
            if position == 0 or self.keys[position] in _TEXTS:
                table.add_column(heading, overflow="fold")
            else:  # cut where it does not fit, which shows; 2.8e-14 on two lines reads as 2.8
                table.add_column(heading, justify="right", no_wrap=True)
        for row in self.rows:
            # Text, not str: a client may be called "[red]".
            table.add_row(*(Text(row[position]) for position in positions))
        return table


def lay_out(title: str, keys: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> WideTable:
    """Lay out rows under the titles of their keys; a key without a title is its own."""
    keys = list(keys)
    return WideTable(title, keys, [[_shown(row[key]) for key in keys] for row in rows])


def _shown(value: str | float | Fraction | None) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{float(value):.6g}"
