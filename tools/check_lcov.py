"""Fail if a line or a branch of the contracts was not executed, and name it.

    python tools/check_lcov.py out/lcov.info
"""

from __future__ import annotations

import sys
from pathlib import Path

CONTRACTS = Path("contracts")


def missed(lcov: str) -> tuple[set[str], int, int]:
    """Read lcov text.

    Parameters
    ----------
    lcov : str
        Records ``SF:`` (file), ``DA:`` (line, hits) and ``BRDA:`` (line, block, branch, hits or ``-``).

    Returns
    -------
    places : set of str
        ``file:line`` of every line and branch without a hit.
    lines, branches : int
        How many there are in all.

    Examples
    --------
    >>> places, lines, branches = missed("SF:A.sol\\nDA:3,1\\nDA:4,0\\nBRDA:5,0,0,1\\nBRDA:5,0,1,-")
    >>> sorted(places), lines, branches
    (['A.sol:4', 'A.sol:5'], 2, 2)
    """
    places: set[str] = set()
    lines = branches = 0
    name = ""
    for record in lcov.splitlines():
        kind, _, rest = record.partition(":")
        fields = rest.split(",")
        if kind == "SF":
            name = rest
        elif kind == "DA":
            lines += 1
        elif kind == "BRDA":
            branches += 1
        if kind in ("DA", "BRDA") and fields[-1 if kind == "BRDA" else 1] in ("0", "-"):
            places.add(f"{name}:{fields[0]}")
    return places, lines, branches


def uncompiled(lcov: str) -> list[str]:
    """Contracts and libraries of `contracts/` with code that the report says nothing of."""
    told = {record.removeprefix("SF:") for record in lcov.splitlines() if record.startswith("SF:")}
    places = [*CONTRACTS.glob("*.sol"), *CONTRACTS.glob("libraries/*.sol")]
    with_code = [place for place in places if "function " in place.read_text(encoding="utf-8")]
    return sorted(str(place) for place in with_code if str(place) not in told)


def main(arguments: list[str]) -> int:
    """Command line; 0 if every place is covered, 2 if there is no report."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if len(arguments) != 1:
        print("usage: check_lcov.py LCOV", file=sys.stderr)
        return 2
    (path,) = arguments
    try:
        lcov = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"check_lcov: {path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 2
    places, lines, branches = missed(lcov)
    if absent := uncompiled(lcov):
        sys.exit(f"{path}: nothing about {', '.join(absent)}; forge leaves out what it compiles by the IR pipeline")
    for place in sorted(places):
        print(f"not covered: {place}")
    print(f"contracts: {lines} lines, {branches} branches, {len(places)} places not covered")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
