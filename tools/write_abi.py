"""Copy the ABIs of the contracts in contracts/*.sol from forge's build into the package, or compare them.

    python tools/write_abi.py            # write (make abi)
    python tools/write_abi.py --check    # exit 1 if a committed file differs from the build
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "out" / "forge"
PACKAGE = PROJECT / "bcfl_offchain" / "chain" / "abi"


def built_abis() -> dict[str, str]:
    """File name to contents, for the contract of each file directly under contracts/."""
    abis = {}
    for source in sorted((PROJECT / "contracts").glob("*.sol")):
        artifact = BUILD / source.name / f"{source.stem}.json"
        abi = json.loads(artifact.read_text(encoding="utf-8"))["abi"]
        abis[f"{source.stem}.json"] = json.dumps(abi, indent=1) + "\n"
    return abis


def differences(abis: dict[str, str]) -> list[str]:
    """Names of the files in which the package and the build differ, stale ones included."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.json")}
    return sorted(name for name in committed.keys() | abis.keys() if committed.get(name) != abis.get(name))


def main(arguments: list[str]) -> int:
    """Write or compare; 0 if the package agrees with the build afterwards."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments not in ([], ["--check"]):
        print(f"usage: write_abi.py [--check], not {' '.join(arguments)}", file=sys.stderr)
        return 2
    abis = built_abis()
    changed = differences(abis)
    if arguments:
        for name in changed:
            print(f"{PACKAGE.relative_to(PROJECT) / name} differs from the build: run `make abi`")
        return 1 if changed else 0
    PACKAGE.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in abis:
            (PACKAGE / name).write_text(abis[name], encoding="utf-8")
        else:
            (PACKAGE / name).unlink()
        print(f"{'wrote' if name in abis else 'removed'} {PACKAGE.relative_to(PROJECT) / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
