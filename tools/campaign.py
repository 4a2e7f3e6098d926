"""Run the forge invariants and fuzz tests for long, in parts, two at a time.

    python tools/with_chain.py -- python -m tools.campaign [--seed 7] [--limit 10]

Profile `campaign` of foundry.toml. A part is one invariant contract for a tenth of its sequences, or the fuzz tests of
one file for all of their runs; each has a seed of its own, drawn from `--seed` and printed. What was found stands in
out/campaign.jsonl, and a later run begins where the last one ended, as long as no contract and no test changes; a
part that failed is run again. The exit code is 1 if any failed, and it is told how to run that one alone. A sequence
that fails becomes a named test under tests/forge/attacks.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RECORD = Path("out/campaign.jsonl")
INVARIANTS = "tests/forge/invariants"
SHARDS = 10
WORKERS = 2
PROFILE = {"FOUNDRY_PROFILE": "campaign"}


@dataclass(frozen=True)
class Part:
    """A tenth of one contract's sequences (`shard` from 0), or all fuzz tests of a file."""

    name: str
    shard: int = 0

    @property
    def filters(self) -> tuple[str, ...]:
        """Which tests forge is to run."""
        if self.name.endswith(".sol"):
            return "--match-path", self.name, "--match-test", "^testFuzz"
        return "--match-path", f"{INVARIANTS}/*", "--match-contract", f"^{self.name}$"

    def seed(self, seed: int) -> str:
        """The part's own, of 64 bits."""
        return "0x" + hashlib.sha256(f"{seed} {self.name} {self.shard}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Result:
    """What a part came to: `sequences` and `calls` of invariants, `runs` of fuzz tests."""

    passed: int
    failed: int
    sequences: int
    calls: int
    runs: int
    seconds: float


def parts(project: Path) -> list[Part]:
    """All of them: a tenth of every invariant contract before a second tenth of any, then the fuzz tests, by forge's
    own list: one that an abstract contract has belongs to the files that inherit it.

    Raises
    ------
    subprocess.CalledProcessError
        If something does not compile.
    """
    invariants = (project / INVARIANTS / "Invariants.t.sol").read_text(encoding="utf-8")
    contracts = re.findall(r"^contract (\w+) is Invariants", invariants, re.MULTILINE)
    listing = subprocess.run(
        ("forge", "test", "--list", "--json", "--match-test", "^testFuzz"), cwd=project,
        env={**os.environ, **PROFILE}, text=True, stdout=subprocess.PIPE, check=True,
    )
    fuzzed = sorted(json.loads(listing.stdout.splitlines()[-1]))
    return [Part(name, shard) for shard in range(SHARDS) for name in contracts] + [
        Part(path) for path in fuzzed
    ]


def solidity(folder: Path) -> list[Path]:
    """The sources below `folder`, in a fixed order."""
    return sorted(folder.rglob("*.sol"))


def digest(project: Path) -> str:
    """Of everything that a result rests on."""
    settings = [project / "foundry.toml", project / "package-lock.json"]
    files = [*settings, *solidity(project / "contracts"), *solidity(project / "tests/forge")]
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:16]


def read_result(output: str, seconds: float) -> Result:
    """The counts in forge's report.

    Raises
    ------
    ValueError
        If it has none: forge came to no test at all.
    """
    counts = re.findall(r"^Ran \d+ test suites? .*: (\d+) tests passed, (\d+) failed", output, re.MULTILINE)
    if counts in ([], [("0", "0")]):
        raise ValueError(f"forge ran no test:\n{output[-2000:]}")
    sequences = re.findall(r"\(runs: (\d+), calls: (\d+),", output)
    fuzzed = re.findall(r"\(runs: (\d+), μ", output)
    return Result(
        int(counts[0][0]), int(counts[0][1]), sum(int(runs) for runs, _ in sequences),
        sum(int(calls) for _, calls in sequences), sum(map(int, fuzzed)), round(seconds, 1),
    )


def forge(project: Path, part: Part, seed: str) -> tuple[Result, str]:
    """The result of one part, and what forge printed."""
    environment = {**os.environ, **PROFILE, "FOUNDRY_FUZZ_SEED": seed}
    start = time.monotonic()
    process = subprocess.run(
        ("forge", "test", "--threads", "1", *part.filters), cwd=project, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    return read_result(process.stdout, time.monotonic() - start), process.stdout


def read_record(path: Path, of: str) -> dict[Part, Result]:
    """What is known of these contracts and tests; of a part that ran twice, what came last."""
    if not path.exists():
        return {}
    entries = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {
        Part(entry["name"], entry["shard"]): Result(**entry["result"]) for entry in entries if entry["digest"] == of
    }


def summary(results: Iterable[Result], number: int) -> str:
    """What was run in all, of `number` parts."""
    results = list(results)

    def total(name: str) -> float:
        return sum(getattr(result, name) for result in results)

    return (
        f"{len(results)} of {number} parts: {total('sequences'):,} sequences of {total('calls'):,} actions, "
        f"{total('runs'):,} runs of fuzz tests, {total('failed')} failed, {total('seconds') / 3600:.1f} hours of forge"
    )


def run(project: Path, seed: int, limit: int | None = None) -> int:
    """Run what is left, or `limit` parts of it; 1 if anything failed.

    Raises
    ------
    ValueError
        If forge did not come to the tests of a part.
    """
    print(f"seed: {seed:#x}", flush=True)
    every, of, path = parts(project), digest(project), project / RECORD
    known = read_record(path, of)
    left = [part for part in every if part not in known or known[part].failed][:limit]
    print(f"{len(every)} parts, {len(known)} of them known from {RECORD}, {len(left)} to run", flush=True)
    with ThreadPoolExecutor(WORKERS) as pool, path.open("a", encoding="utf-8") as record:
        running = {pool.submit(forge, project, part, part.seed(seed)): part for part in left}
        try:
            for number, done in enumerate(as_completed(running), 1):
                part, (result, output) = running[done], done.result()
                known[part] = result
                entry = {"digest": of, **asdict(part), "seed": part.seed(seed), "result": asdict(result)}
                record.write(json.dumps(entry) + "\n")
                record.flush()
                print(f"[{number}/{len(left)}] {told(part, part.seed(seed), result, output)}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    print(summary(known.values(), len(every)))
    return 1 if any(result.failed for result in known.values()) else 0


def told(part: Part, seed: str, result: Result, output: str) -> str:
    """A line for a part that passed; for one that failed what forge printed besides, and how to run it alone."""
    count = f"{result.sequences:,} sequences" if result.sequences else f"{result.runs:,} runs"
    line = f"{'FAILED' if result.failed else 'passed'} {result.seconds:7.1f} s  {part.name} {part.shard}: {count}"
    if not result.failed:
        return line
    again = f".venv/bin/python tools/with_chain.py -- forge test {shlex.join(part.filters)}"
    return f"{line}\n{output}\nagain: FOUNDRY_PROFILE=campaign FOUNDRY_FUZZ_SEED={seed} {again}"


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=lambda text: int(text, 0), default=secrets.randbits(64), help="drawn by default")
    parser.add_argument("--limit", type=int, help="run so many of the parts that are left; all by default")
    options = parser.parse_args(arguments)
    try:
        return run(PROJECT, options.seed, options.limit)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
