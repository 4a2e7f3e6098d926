"""Put one small fault after the other into the contracts, and see whether the forge tests notice.

    python tools/with_chain.py -- python -m tools.mutants [--contract Task] [--limit 50] [--seed 7]

Each fault of `tools.mutation_operators` goes into a copy of the project, one for each worker; the tests of the profile
`mutants` in foundry.toml run there, the fast ones first. Tests that deploy a task get a faultless copy of the contracts
for types and helpers, and deploy the faulty one by its name: so only the contracts are compiled again. A fault that does
not compile, or that compiles to the very bytecode of the original, is none.

What was found stands in out/mutants.jsonl, and a later run begins where the last one ended: a killed fault stays killed
while its file stays as it is and the test that noticed is still there by name; survivors are tried again. tests/forge/mutants.md explains those survivors that change
nothing a user could see. The exit code is 1 if fewer than 95 % are killed, or a survivor is not explained there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

import psutil

from tools.mutation_operators import Mutant, describe, enums, explained, mutants, parse

PROJECT = Path(__file__).resolve().parent.parent
RECORD = Path("out/mutants.jsonl")
EXPLAINED = Path("tests/forge/mutants.md")
LEAST_KILLED = 0.95
SECONDS_EACH = 300
WORKERS = 2
# No fault is put into mocks, which are tests; and gas is not what is asked here.
MOCKS = "mocks"
SLOW = ("tests/forge/invariants/**", "tests/forge/Prices*")
LEFT_OUT = ("tests/forge/Gas.t.sol", "tests/forge/Gas.tree")
COPIED = ("contracts", "tests/forge", "foundry.toml", "tools/solc.js")

# What stands for the test's name where forge tells none.
WITHOUT_TEST = ("setup", "time limit")
KILLED, SURVIVED, INVALID, SAME = "killed", "survived", "does not compile", "same bytecode"


class BrokenSuite(Exception):
    """The tests fail, or do not compile, without any fault; or the compiler has ended."""


def sources(project: Path) -> list[str]:
    """Paths of the contracts that faults go into."""
    paths = (path.relative_to(project) for path in (project / "contracts").rglob("*.sol"))
    return sorted(str(path) for path in paths if MOCKS not in path.parts)


def all_mutants(project: Path, contract: str | None = None) -> list[Mutant]:
    """Every fault in the contracts, or in one of them.

    Raises
    ------
    ValueError
        If there is no contract of that name.
    """
    paths = sources(project)
    trees = parse(project, paths)
    members = enums(trees)
    chosen = [path for path in paths if contract in (None, Path(path).stem)]
    if not chosen:
        raise ValueError(f"no contract {contract!r}; there are {', '.join(Path(path).stem for path in paths)}")
    return [
        mutant for path in chosen for mutant in mutants(path, trees[path], (project / path).read_bytes(), members)
    ]


def built_on(base: Path, tests: Iterable[Path]) -> list[Path]:
    """Those of `tests` that reach `base` by imports of each other, or are reached from one that does."""
    imports = {
        test.resolve(): {
            (test.parent / path).resolve()
            for path in re.findall(r'"(\.[^"]*\.sol)"', test.read_text(encoding="utf-8"))
        }
        for test in tests
    }
    found = {base.resolve()}
    while more := {
        test for test, named in imports.items()
        if test not in found and (named & found or any(test in imports.get(other, ()) for other in found))
    }:
        found |= more
    return sorted(found & imports.keys())


class Compiler:
    """A compiler that stays loaded for the processes that find its socket (see tools/solc.js)."""

    def __init__(self, folder: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()  # a socket's path is short
        self.socket = str(Path(self._folder.name) / "solc")
        self._process = subprocess.Popen(
            ("node", "tools/solc.js", "--serve", self.socket), cwd=folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # until it listens

    def require_running(self) -> None:
        """Raise `BrokenSuite` if it has ended: whatever failed since was not a fault's doing."""
        if self._process.poll() is not None:
            raise BrokenSuite(f"the compiler ended with exit code {self._process.returncode}")

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()


class Worker:
    """A copy of the project in which one fault at a time is tried."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source, target = project / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
        for name in LEFT_OUT:
            (folder / name).unlink(missing_ok=True)
        (folder / "node_modules").symlink_to((project / "node_modules").resolve())
        self._keep_tests_from_faults()
        self.compiler = Compiler(folder)

    def _keep_tests_from_faults(self) -> None:
        """Give the tests that deploy a task a faultless copy of the contracts, for types and for helpers.

        What they deploy is looked up by its name when they run. So they meet a fault only there, their own arithmetic
        stays right, and they need not be compiled again. Tests of a library alone keep the faulty one.
        """
        forge = self.folder / "tests" / "forge"
        shutil.copytree(self.folder / "contracts", self.folder / "tests" / "faultless")
        for test in built_on(forge / "Base.t.sol", forge.rglob("*.sol")):
            text = test.read_text(encoding="utf-8")
            text = re.sub(r'"([./]*)contracts/', rf'"\1tests/faultless/', text)
            for path in sources(self.folder):
                name = Path(path).stem
                text = re.sub(rf"\bnew {name}\(\)", f'{name}(vm.deployCode("{path}:{name}"))', text)
                text = re.sub(rf"\bnew {name}\(([^()]+)\)",
                              rf'{name}(vm.deployCode("{path}:{name}", abi.encode(\1)))', text)
            test.write_text(text, encoding="utf-8")

    def copy(self, folder: Path) -> Worker:
        """A second worker beside this one, with what is compiled already."""
        shutil.copytree(self.folder, folder, symlinks=True)
        worker = object.__new__(Worker)
        worker.folder = folder
        worker.baseline = self.baseline
        worker.compiler = Compiler(folder)
        return worker

    def prepare(self) -> None:
        """Compile and run everything without a fault.

        Raises
        ------
        BrokenSuite
            If a test fails: every fault would count as killed.
        """
        code, output = self._forge("test")
        if code != 0:
            told = [line for line in output.splitlines() if re.match(r"Error|Compiler run failed|\[FAIL", line)]
            raise BrokenSuite("the tests fail without a fault:\n" + "\n".join(told or output.splitlines()[-20:]))
        self.baseline = self._bytecode()

    def try_out(self, mutant: Mutant) -> tuple[str, str]:
        """Whether the tests notice `mutant`, and the first that did."""
        path = self.folder / mutant.path
        original = path.read_bytes()
        path.write_bytes(mutant.apply(original))
        try:
            for choice in self._stages():
                code, output = self._forge("test", "--fail-fast", *choice)
                if "Compiler run failed" in output:
                    return INVALID, ""
                if code != 0:
                    failed = re.search(r"^\[FAIL.*\] (\w+)", output, re.MULTILINE)
                    return KILLED, failed[1] if failed else WITHOUT_TEST[code < 0]
            return (SAME if self._bytecode() == self.baseline else SURVIVED), ""
        finally:
            path.write_bytes(original)

    @staticmethod
    def _stages() -> tuple[tuple[str, str], tuple[str, str]]:
        slow = "{" + ",".join(SLOW) + "}"
        return ("--no-match-path", slow), ("--match-path", slow)

    def _forge(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of forge; −9 where it took too long."""
        environment = {**os.environ, "FOUNDRY_PROFILE": "mutants", "BCFL_SOLC_SOCKET": self.compiler.socket}
        process = subprocess.Popen(
            ("forge", *arguments), cwd=self.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        try:
            output, _ = process.communicate(timeout=SECONDS_EACH)
        except subprocess.TimeoutExpired:
            # The compiler is its child, and would hold the pipe open.
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            output, _ = process.communicate()
        self.compiler.require_running()
        return process.returncode, output

    def _bytecode(self) -> dict[str, str]:
        """What the compiler made of each contract, for telling faults from none."""
        code = {}
        for path in sorted((self.folder / "out" / "forge").rglob("*.json")):
            if path.parent.name.endswith(".sol"):
                artifact = json.loads(path.read_text(encoding="utf-8"))
                code[str(path.relative_to(self.folder))] = artifact.get("bytecode", {}).get("object", "")
        return code


class Record:
    """What earlier runs over the same files found, one JSON line a fault."""

    def __init__(self, path: Path, project: Path) -> None:
        self.path = path
        self.digests = {
            name: hashlib.sha256((project / name).read_bytes()).hexdigest()[:16] for name in sources(project)
        }
        self.verdicts: dict[tuple, str] = {}
        tests = "".join(path.read_text(encoding="utf-8") for path in (project / "tests/forge").rglob("*.sol"))
        noticing = {"", *WITHOUT_TEST, *re.findall(r"function (\w+)", tests)}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if entry["file"] == self.digests.get(entry["fault"][0]) and entry["test"] in noticing:
                    self.verdicts[tuple(entry["fault"])] = entry["verdict"]

    @staticmethod
    def key(mutant: Mutant) -> tuple:
        return mutant.path, mutant.start, mutant.end, mutant.replacement

    def known(self, mutant: Mutant) -> str | None:
        """The verdict that stands; none for a survivor, since a test may have been added."""
        verdict = self.verdicts.get(self.key(mutant))
        return None if verdict == SURVIVED else verdict

    def add(self, mutant: Mutant, verdict: str, test: str) -> None:
        self.verdicts[self.key(mutant)] = verdict
        self.path.parent.mkdir(parents=True, exist_ok=True)
        entry = {"file": self.digests[mutant.path], "fault": self.key(mutant), "operator": mutant.operator,
                 "verdict": verdict, "test": test}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def run(
    project: Path, chosen: list[Mutant], record: Record, folder: Path, seed: int, workers: int = WORKERS
) -> None:
    """Try each fault that the record does not know, and add what comes out to it.

    In an order drawn by `seed`, so that what a run has done when it is stopped is a fair sample.
    """
    untried = [mutant for mutant in chosen if record.known(mutant) is None]
    random.Random(seed).shuffle(untried)
    print(f"{len(chosen)} faults, {len(chosen) - len(untried)} of them known from {RECORD}", flush=True)
    if not untried:
        return
    with ExitStack() as stack:
        first = Worker(project, folder / "0")
        stack.callback(first.compiler.stop)
        first.prepare()
        team = [first]
        for number in range(1, min(workers, len(untried))):
            team.append(first.copy(folder / str(number)))
            stack.callback(team[-1].compiler.stop)
        for number, (mutant, verdict, test, seconds) in enumerate(_attempts(untried, team), 1):
            record.add(mutant, verdict, test)
            source = (project / mutant.path).read_bytes()
            print(f"[{number}/{len(untried)}] {verdict:16} {seconds:5.1f} s  {mutant.path}:{mutant.line(source)} "
                  f"{mutant.function}: {mutant.operator} {test}", flush=True)


def _attempts(untried: list[Mutant], team: list[Worker]) -> Iterator[tuple[Mutant, str, str, float]]:
    """Each fault with its verdict, the test that noticed and the seconds it took, as they come."""
    idle: queue.Queue[Worker] = queue.Queue()
    for worker in team:
        idle.put(worker)

    def attempt(mutant: Mutant) -> tuple[Mutant, str, str, float]:
        worker = idle.get()
        start = time.monotonic()
        try:
            verdict, test = worker.try_out(mutant)
        finally:
            idle.put(worker)
        return mutant, verdict, test, time.monotonic() - start

    with ThreadPoolExecutor(len(team)) as pool:
        for done in as_completed([pool.submit(attempt, mutant) for mutant in untried]):
            yield done.result()


def report(project: Path, chosen: list[Mutant], record: Record) -> int:
    """Print the score and every survivor; 1 if the tests are not good enough."""
    verdicts = {mutant: record.verdicts[Record.key(mutant)] for mutant in chosen}
    reasons = explained((project / EXPLAINED).read_text(encoding="utf-8")) if (project / EXPLAINED).exists() else {}
    survivors = [mutant for mutant, verdict in verdicts.items() if verdict == SURVIVED]
    killed = list(verdicts.values()).count(KILLED)
    unexplained = 0
    for mutant in survivors:
        source = (project / mutant.path).read_bytes()
        reason = reasons.get((mutant.path, mutant.function, *mutant.diff(source)))
        unexplained += reason is None
        print(f"\nsurvived: {mutant.path}:{mutant.line(source)} ({mutant.operator})\n{describe(mutant, source)}\n\n"
              f"{reason or 'NOT EXPLAINED'}")
    counted = killed + len(survivors)
    share = killed / counted if counted else 1.0
    others = ", ".join(f"{list(verdicts.values()).count(kind)} {kind}" for kind in (INVALID, SAME))
    print(f"\n{killed} of {counted} faults killed ({share:.1%}), {len(survivors)} survived, {unexplained} of them "
          f"not explained in {EXPLAINED}; not counted: {others}")
    return 0 if share >= LEAST_KILLED and not unexplained else 1


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contract", help="file name without .sol, such as Task; all by default")
    parser.add_argument("--limit", type=int, help="try so many, drawn by --seed; all by default")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    try:
        chosen = all_mutants(PROJECT, options.contract)
    except ValueError as error:
        parser.error(str(error))
    if options.limit is not None and options.limit < len(chosen):
        drawn = set(random.Random(options.seed).sample(range(len(chosen)), options.limit))
        chosen = [mutant for number, mutant in enumerate(chosen) if number in drawn]
        print(f"seed: {options.seed}")
    record = Record(PROJECT / RECORD, PROJECT)
    folder = PROJECT / "out" / "mutants"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        run(PROJECT, chosen, record, folder, options.seed)
    except BrokenSuite as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report(PROJECT, chosen, record)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
