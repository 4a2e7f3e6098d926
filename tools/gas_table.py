"""Print what each step costs in gas, from the demo's summaries, as the Markdown table of docs/benchmarks.md.

    make demo && cp out/demo/summary.json out/8.json
    make demo CLIENTS=50 && cp out/demo/summary.json out/50.json
    .venv/bin/python tools/gas_table.py out/8.json out/50.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

Summary = dict[str, Any]


def gas_of(summary: Summary, label: str, first: bool | None = None) -> float | None:
    """Median gas of a step; of round 1 only, of later rounds only, or of all."""
    found = [
        transaction["gas"]
        for transaction in summary["transactions"]
        if transaction["label"] == label and (first is None or (transaction["round"] == 1) == first)
    ]
    return median(found) if found else None


def per_client(summary: Summary) -> float:
    """The whole list's gas over its clients."""
    return sum(t["gas"] for t in summary["transactions"] if t["label"] == "post entries") / summary["config"]["n_clients"]


def per_signer(summary: Summary) -> float | None:
    """Gas of ending a later round by quorum over its votes; of the first if there is no later one."""
    gas = gas_of(summary, "end round by quorum", first=len(summary["rounds"]) == 1)
    return gas and gas / summary["rounds"][-1]["votes"]


ROWS: dict[str, Callable[[Summary], float | None]] = {
    "create task": lambda s: gas_of(s, "create task"),
    "join": lambda s: gas_of(s, "join"),
    "post entries, a client": per_client,
    "open round, first": lambda s: gas_of(s, "open round", True),
    "open round, later (list unchanged)": lambda s: gas_of(s, "open round", False),
    "submit work, first": lambda s: gas_of(s, "submit work", True),
    "submit work, later": lambda s: gas_of(s, "submit work", False),
    "propose model": lambda s: gas_of(s, "propose model"),
    "end round by quorum, a signer": per_signer,
    "claim all rounds": lambda s: gas_of(s, "claim"),
    "leave": lambda s: gas_of(s, "leave"),
    "close task": lambda s: gas_of(s, "close task"),
}


def table(summaries: list[Summary]) -> str:
    """The Markdown table, a column a summary."""
    lines = [
        "| step | " + " | ".join(f"N = {s['config']['n_clients']}" for s in summaries) + " |",
        "|---" + "|---:" * len(summaries) + "|",
    ]
    for name, gas in ROWS.items():
        cells = [gas(summary) for summary in summaries]
        lines.append(f"| {name} | " + " | ".join("–" if cell is None else f"{cell:,.0f}" for cell in cells) + " |")
    return "\n".join(lines)


def read(path: str) -> Summary:
    """A summary that the demo has written.

    Raises
    ------
    ValueError
        If it is something else.
    """
    summary = json.loads(Path(path).read_text(encoding="utf-8"))
    if not (isinstance(summary, dict) and {"config", "rounds", "transactions"} <= summary.keys()):
        raise ValueError("it is no summary of the demo")
    return summary


def main(arguments: list[str]) -> int:
    """Command line; 2 if a file cannot be used."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if not arguments:
        print("usage: gas_table.py SUMMARY.json...", file=sys.stderr)
        return 2
    summaries = []
    for path in arguments:
        try:
            summaries.append(read(path))
        except (OSError, ValueError) as error:
            print(f"gas_table: {path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
            return 2
    print(table(summaries))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
