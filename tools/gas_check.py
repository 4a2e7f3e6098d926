"""Measure the gas of every step anew and compare it with the committed snapshot; fail on a rise of over 2 %.

    python tools/with_chain.py -- python tools/gas_check.py            compare
    python tools/with_chain.py -- python tools/gas_check.py --write    keep the new figures

`tests/forge/Gas.t.sol` measures. A figure that is gone, or that nobody has committed, fails too: both are changes that
somebody should have seen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = "tests/forge/Gas.t.sol"
COMMITTED = Path("snapshots/Gas.json")
FRESH = Path("out/snapshots/Gas.json")
TOLERANCE = 0.02

Figures = dict[str, int]


class NotMeasured(Exception):
    """The figures are not there, or not figures; says what to do."""


def read(path: Path) -> Figures:
    """Read a snapshot.

    Parameters
    ----------
    path : Path
        A JSON object of step names and gas, the latter as forge writes it, in a string.

    Returns
    -------
    dict of str to int
        Gas by step.

    Raises
    ------
    NotMeasured
        If there is no such file, or something else in it.
    """
    try:
        figures = {step: int(gas) for step, gas in json.loads(path.read_text(encoding="utf-8")).items()}
    except FileNotFoundError:
        raise NotMeasured(f"{path}: no such snapshot; write it by `make gas`") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise NotMeasured(f"{path}: not a snapshot of forge ({error}); write it by `make gas`") from error
    if not figures:
        raise NotMeasured(f"{path}: a snapshot without figures; write it by `make gas`")
    return figures


def compare(committed: Figures, fresh: Figures) -> tuple[list[str], list[str]]:
    """What has changed.

    Parameters
    ----------
    committed, fresh : dict of str to int
        Gas by step, before and now.

    Returns
    -------
    failures, changes : list of str
        Lines about what must not be: a rise of over `TOLERANCE`, a step that is gone or new; and about all other changes.

    Examples
    --------
    >>> compare({"claim": 50_000, "open": 100_000}, {"claim": 51_000, "open": 102_001})
    (['open: 100,000 -> 102,001 gas (+2.0 %)'], ['claim: 50,000 -> 51,000 gas (+2.0 %)'])
    >>> compare({"claim": 50_000}, {"open": 100_000})
    (['claim: no longer measured (was 50,000 gas)', 'open: not in the committed snapshot (100,000 gas)'], [])
    """
    failures, changes = [], []
    for step in sorted(committed.keys() | fresh.keys()):
        before, now = committed.get(step), fresh.get(step)
        if now is None:
            failures.append(f"{step}: no longer measured (was {before:,} gas)")
        elif before is None:
            failures.append(f"{step}: not in the committed snapshot ({now:,} gas)")
        elif now != before:
            line = f"{step}: {before:,} -> {now:,} gas ({100 * (now - before) / before:+.1f} %)"
            (failures if now > before * (1 + TOLERANCE) else changes).append(line)
    return failures, changes


def measure(folder: Path) -> int:
    """Run the tests that measure, which write their snapshot to `folder`; forge's exit code."""
    settings = {"FOUNDRY_SNAPSHOTS": str(folder), "FOUNDRY_GAS_SNAPSHOT_EMIT": "true"}
    return subprocess.run(["forge", "test", "--match-path", TESTS], env={**os.environ, **settings}).returncode


def main(arguments: list[str]) -> int:
    """Command line; 0 if nothing costs more than it did."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments not in ([], ["--write"]):
        print(f"usage: gas_check.py [--write], not {' '.join(arguments)}", file=sys.stderr)
        return 2
    target = COMMITTED if arguments else FRESH
    target.unlink(missing_ok=True)  # so that an old one is not taken for what this run measures
    failed = measure(target.parent)
    if failed:
        return failed
    try:
        if arguments:
            print(f"{COMMITTED}: {len(read(COMMITTED))} figures")
            return 0
        failures, changes = compare(read(COMMITTED), read(FRESH))
    except NotMeasured as error:
        print(f"gas_check: {error}", file=sys.stderr)
        return 2
    for title, lines in (("changed", changes), ("FAILED", failures)):
        for line in lines:
            print(f"{title}: {line}")
    if failures:
        print(f"gas: {len(failures)} figures fail; where that is meant, keep them by `make gas` and say why")
    else:
        print(f"gas: no figure of {len(read(FRESH))} rose by more than {100 * TOLERANCE:g} %")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
