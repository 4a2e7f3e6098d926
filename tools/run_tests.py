"""Run the test suites one after the other and say in one closing line how many tests passed and failed.

    python tools/with_chain.py -- python tools/run_tests.py [SUITE...]

A suite fails if its runner does, if one of its tests does, or if it ran none: `forge test` and a pytest marker that
match nothing would otherwise pass unseen.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:pytest-brownie")
RAY = ".cache/ray"
BROWNIE = ("brownie", "test", "tests/contracts", "--network")


@dataclass(frozen=True)
class Suite:
    """A test runner's command line, what it covers, and what has to be run before it."""

    about: str
    command: tuple[str, ...]
    prepare: tuple[str, ...] = ()


SUITES = {
    "forge": Suite("Solidity: unit, fuzz and invariant tests, prices against Python's", 
                   ("forge", "test", "--no-match-path", "tests/forge/Gas.t.sol"),
                   prepare=(sys.executable, "tests/forge/vectors/generate.py")),
    "gas": Suite("Gas of every step against snapshots/Gas.json: a rise of over 2 % fails",
                 (sys.executable, "tools/gas_check.py")),
    "python": Suite(
        "Python: everything that needs no brownie, and doctests",
        (*PYTEST, "--doctest-modules", "bcfl_offchain", "tools", "tests", "-m", "not ray"),
    ),
    "ray": Suite("Python on a real Ray cluster, from a lock of its own: tests marked `ray`",
                 (f"{RAY}/bin/python", *PYTEST[1:], "tests/learning/test_contribution_ray.py", "-m", "ray"),
                 prepare=("make", "--silent", f"{RAY}/.installed")),
    "anvil": Suite("Contracts on Anvil", (*BROWNIE, "anvil")),
    "ganache": Suite("Contracts on Ganache: tests marked `ganache`", (*BROWNIE, "ganache-cli", "-m", "ganache")),
}


@dataclass(frozen=True)
class Result:
    """What one suite did."""

    passed: int
    failed: int
    skipped: int
    exit_code: int

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and self.failed == 0 and self.passed > 0


def count(output: str, word: str) -> int:
    """The number before `word` in the runner's own closing line; 0 if the line does not name it.

    >>> pytest_line = "== 1 failed, 12 passed, 2 errors in 0.31s =="
    >>> count(pytest_line, "passed"), count(pytest_line, "failed|errors?"), count(pytest_line, "skipped")
    (12, 3, 0)
    >>> count("Ran 2 test suites in 1.2s (2.1s CPU time): 7 tests passed, 0 failed, 1 skipped (8 total tests)", "passed")
    7
    """
    closing = [line for line in output.splitlines() if re.search(r"\d+ .*\bin \d[\d.]*m?s\b", line)]
    return sum(int(number) for number in re.findall(rf"(\d+) (?:tests? )?(?:{word})\b", "".join(closing[-1:])))


def run_suite(name: str, suite: Suite) -> Result:
    """Run one suite, showing its output as it comes."""
    print(f"\n##### {name}: {suite.about}\n##### {' '.join(suite.command)}\n", flush=True)
    if suite.prepare:
        subprocess.run(suite.prepare, check=True)
    output = []
    with subprocess.Popen(suite.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            output.append(line)
    text = "".join(output)
    passed, failed, skipped = (count(text, word) for word in ("passed", "failed|errors?", "skipped"))
    return Result(passed, failed, skipped, process.returncode)


def main(names: list[str]) -> int:
    """Run the named suites, or all of them; 0 if all are well."""
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f"unknown suite {unknown[0]!r}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    results, times = {}, {}
    for name in names or SUITES:
        start = time.monotonic()
        results[name] = run_suite(name, SUITES[name])
        times[name] = time.monotonic() - start
    print()
    for name, result in results.items():
        verdict = "ok" if result.ok else "ran no test" if result.passed + result.failed == 0 else "FAILED"
        print(f"{name:8} {verdict:12} {result.passed} passed, {result.failed} failed, {result.skipped} skipped, "
              f"exit code {result.exit_code}, {times[name]:.0f} s")
    # A suite that broke without a failing test (or ran none) counts as one failure, so the line cannot look clean.
    broken = sum(1 for result in results.values() if not result.ok and result.failed == 0)
    passed = sum(result.passed for result in results.values())
    failed = sum(result.failed for result in results.values()) + broken
    print(f"\n{passed} passed, {failed} failed, {sum(result.skipped for result in results.values())} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
