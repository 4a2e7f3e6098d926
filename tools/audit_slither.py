"""Run slither over the contracts; fail on every finding above informational that is not explained.

    python tools/with_chain.py -- python tools/audit_slither.py .cache/audit/bin/slither

Explanations stand in slither.exclusions, one a line: ``detector Contract.function why``; the function may be ``*``.
An explanation that fits no finding is an error too. It builds in a folder of its own, since slither forces a rebuild.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

EXCLUSIONS = Path("slither.exclusions")
REPORT = Path("out/slither.json")
BUILD = {"FOUNDRY_OUT": "out/slither", "FOUNDRY_CACHE_PATH": "out/slither-cache"}


class SlitherFailed(Exception):
    """Slither ended without a report."""


def place(element: dict) -> str:
    """Where a finding is: ``Contract.function``, or the contract alone.

    Examples
    --------
    >>> contract = {"type": "contract", "name": "Task"}
    >>> function = {"type": "function", "name": "claim", "type_specific_fields": {"parent": contract}}
    >>> place({"type": "variable", "name": "x", "type_specific_fields": {"parent": function}}), place(contract)
    ('Task.claim', 'Task')
    """
    if element["type"] == "contract":
        return element["name"]
    parent = element["type_specific_fields"]["parent"]
    if parent["type"] == "function":
        return place(parent)
    return f"{place(parent)}.{element['name']}"


def exclusions(text: str) -> dict[tuple[str, str], str]:
    """Reasons by detector and place.

    Raises
    ------
    ValueError
        If a line has no reason.

    Examples
    --------
    >>> exclusions("# comment\\ntimestamp Task.* Windows are seconds.")
    {('timestamp', 'Task.*'): 'Windows are seconds.'}
    """
    reasons = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(maxsplit=2)
        if len(fields) < 3:
            raise ValueError(f"{EXCLUSIONS}: {line!r}: write `detector Contract.function why`")
        reasons[fields[0], fields[1]] = fields[2]
    return reasons


def judge(findings: list[dict], reasons: dict[tuple[str, str], str]) -> tuple[list[dict], list[tuple[str, str]]]:
    """Findings that nothing explains, and explanations of nothing."""
    unexplained, used = [], set()
    for finding in findings:
        where = place(finding["elements"][0])
        keys = {(finding["check"], where), (finding["check"], where.split(".")[0] + ".*")} & reasons.keys()
        used |= keys
        if not keys:
            unexplained.append(finding)
    return unexplained, sorted(reasons.keys() - used)


def findings(slither: str) -> list[dict]:
    """What slither reports with the settings of slither.config.json.

    Raises
    ------
    SlitherFailed
        If it wrote no report, or one that says so.
    """
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    done = subprocess.run([slither, ".", "--json", str(REPORT)], env={**os.environ, **BUILD},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    report = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {"success": False}
    if not report["success"]:
        raise SlitherFailed(f"{slither} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return report["results"].get("detectors", [])


def main(arguments: list[str]) -> int:
    """Command line; 0 if every finding is explained and every explanation needed."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if len(arguments) != 1:
        print("usage: audit_slither.py SLITHER", file=sys.stderr)
        return 2
    reasons = exclusions(EXCLUSIONS.read_text(encoding="utf-8"))
    found = findings(arguments[0])
    unexplained, idle = judge(found, reasons)
    for finding in unexplained:
        print(f"{finding['impact']} {finding['check']} {place(finding['elements'][0])}\n{finding['description']}")
    for detector, where in idle:
        print(f"{EXCLUSIONS}: {detector} {where}: nothing is found there")
    print(f"slither: {len(found)} findings above informational, {len(unexplained)} of them not explained, "
          f"{len(idle)} idle explanations")
    return 1 if unexplained or idle else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
