"""Run the test suites and say in one closing line how many tests passed and failed.

    python tools/with_chain.py -- python tools/run_tests.py [SUITE...]

Stages run one after the other, the lanes of a stage at once, the suites of a lane one after the other. Every line
bears the name of its suite. A suite fails if its runner does, if one of its tests does, or if it ran none: `forge
test` and a pytest marker that match nothing would otherwise pass unseen.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:pytest-brownie")
# How pytest, Hypothesis and forge say which test failed, and why.
FAILURE = re.compile(r"(?:FAILED|ERROR) |E  |\[FAIL|Falsifying example|.*@reproduce_failure")
FAILURE_LINES = 15
RAY = ".cache/ray"
BROWNIE = ("brownie", "test", "tests/contracts", "--network")
SCRIPTS = ("tests/scripts", "tests/tools")


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
        "Python: the package, and its doctests",
        (*PYTEST, "--doctest-modules", "bcfl_offchain", "tests", *(f"--ignore={folder}" for folder in SCRIPTS),
         "-m", "not ray"),
    ),
    "scripts": Suite("Scripts and tools, run as a user does", (*PYTEST, "--doctest-modules", "tools", *SCRIPTS)),
    "ray": Suite("Python on a real Ray cluster, from a lock of its own: tests marked `ray`",
                 (f"{RAY}/bin/python", *PYTEST[1:], "tests/learning/test_contribution_ray.py", "-m", "ray"),
                 prepare=("make", "--silent", f"{RAY}/.installed")),
    "anvil": Suite("Contracts on Anvil", (*BROWNIE, "anvil")),
    "ganache": Suite("Contracts on Ganache: tests marked `ganache`", (*BROWNIE, "ganache-cli", "-m", "ganache")),
}
# forge takes all processors by itself, the others one each. Only `python` runs forge beside the first stage, and only the lane
# beside it brownie: neither can write its build twice at a time.
STAGES = ((("forge", "gas"),), (("python",), ("scripts", "ray", "anvil", "ganache")))


@dataclass(frozen=True)
class Result:
    """What one suite did."""

    passed: int
    failed: int
    skipped: int
    exit_code: int
    seconds: float
    failures: tuple[str, ...]

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


def failures(output: str) -> tuple[str, ...]:
    """The last of the lines that say which test failed and why.

    >>> failures("E   assert 1 == 2\\ntests/test_one.py:2: AssertionError\\nFAILED tests/test_one.py::test_one - assert 1 == 2")
    ('E   assert 1 == 2', 'FAILED tests/test_one.py::test_one - assert 1 == 2')
    """
    return tuple(dict.fromkeys(line for line in output.splitlines() if FAILURE.match(line)))[-FAILURE_LINES:]


def run_suite(name: str) -> Result:
    """Run one suite, showing its output as it comes."""
    suite = SUITES[name]
    print(f"\n##### {name}: {suite.about}\n##### {' '.join(suite.command)}\n", flush=True)
    start, output = time.monotonic(), []
    with subprocess.Popen(suite.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            sys.stdout.write(f"{name:7} | {line}")
            sys.stdout.flush()
            output.append(line)
    text = "".join(output)
    passed, failed, skipped = (count(text, word) for word in ("passed", "failed|errors?", "skipped"))
    return Result(passed, failed, skipped, process.returncode, time.monotonic() - start, failures(text))


def run_lane(names: list[str]) -> dict[str, Result]:
    """Run suites one after the other."""
    return {name: run_suite(name) for name in names}


def run_stages(names: list[str]) -> Iterator[dict[str, Result]]:
    """Run the suites that are named, stage by stage; what each lane came to.

    Raises
    ------
    subprocess.CalledProcessError
        If what a suite needs beforehand could not be made.
    """
    for stage in STAGES:
        lanes = [chosen for lane in stage if (chosen := [name for name in lane if name in names])]
        for command in dict.fromkeys(SUITES[name].prepare for lane in lanes for name in lane):
            if command:
                subprocess.run(command, check=True)
        with ThreadPool(len(stage)) as pool:
            yield from pool.map(run_lane, lanes)


def main(names: list[str]) -> int:
    """Run the named suites, or all of them; 0 if all are well."""
    if names in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f"unknown suite {unknown[0]!r}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    results = {name: result for lane in run_stages(names or list(SUITES)) for name, result in lane.items()}
    print()
    for name, result in results.items():
        verdict = "ok" if result.ok else "ran no test" if result.passed + result.failed == 0 else "FAILED"
        print(f"{name:8} {verdict:12} {result.passed} passed, {result.failed} failed, {result.skipped} skipped, "
              f"exit code {result.exit_code}, {result.seconds:.0f} s")
        for line in () if result.ok else result.failures:
            print(f"{name:7} | {line}")
    # A suite that broke without a failing test (or ran none) counts as one failure, so the line cannot look clean.
    broken = sum(1 for result in results.values() if not result.ok and result.failed == 0)
    passed = sum(result.passed for result in results.values())
    failed = sum(result.failed for result in results.values()) + broken
    print(f"\n{passed} passed, {failed} failed, {sum(result.skipped for result in results.values())} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
