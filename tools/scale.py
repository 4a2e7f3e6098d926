"""Measure a task of many relayed clients: time, gas and memory of each step, at several numbers of clients.

    python tools/with_chain.py -- python -m tools.scale                     # 10, 100 and 1,000 clients
    python tools/with_chain.py -- python -m tools.scale --clients 200
    python tools/with_chain.py -- python -m tools.scale --json - --document docs/benchmarks/scale.md

Each number has an Anvil of its own, which refuses transactions beyond the public limit of 16,777,216 gas
(EIP-7825), and a process of its own, so that its memory is its own. Ends with code 1 if a message was
refused, a transaction too large, a wei is missing at the end, or an audit from chain data disagrees; with 2
if an option is wrong. Progress is told on standard error.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from bcfl_offchain.chain import Signer, connect
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.experiments.scale import JUDGES, SAMPLES, ScaleConfig, ScaleFailed, ScaleRun
from .devnet import account, anvil_process, build_contracts, deploy_factory

SIZES = (10, 100, 1000)
MOST_CLIENTS = 1000  # on one list: contracts/libraries/TermsCheck.sol
BLOCK_GAS = 60_000_000


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    options = _parser().parse_args(arguments)
    if options.one:
        print(json.dumps(measure(ScaleConfig(options.clients, options.rounds, options.seed))))
        return 0
    build_contracts()
    sizes = [size for size in SIZES if size < options.clients] + [options.clients]
    runs = []
    for size in sizes:
        command = [sys.executable, "-m", "tools.scale", "--one", "--clients", str(size)]
        command += ["--rounds", str(options.rounds), "--seed", str(options.seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            return done.returncode
        runs.append(json.loads(done.stdout))
    record = {"machine": _machine(), "runs": runs}
    if options.json == "-":
        print(json.dumps(record, indent=1))
    else:
        print("\n".join(tables(runs)))
    if options.json not in (None, "-"):
        _write(options.json, json.dumps(record, indent=1) + "\n")
    if options.document:
        _write(options.document, document(record))
    return 0


def measure(config: ScaleConfig) -> dict[str, Any]:
    """Run one size in this process; its figures and the memory that it took."""
    before, start = _peak_memory("self"), perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        with anvil_process("--enable-tx-gas-limit", "--gas-limit", str(BLOCK_GAS)) as (url, chain):
            w3 = connect(url)
            factory = deploy_factory(w3, Signer(w3, account(0)))
            payers = account(0), account(1)
            run = ScaleRun(w3, factory, payers, config, DevClock(w3), Path(folder), _Progress(config.clients))
            figures = run.run()
            chain_memory = _peak_memory(str(chain))
    return {
        **figures,
        "seconds": perf_counter() - start,
        "memory": _peak_memory("self") - before,
        "base_memory": before,
        "chain_memory": chain_memory,
    }


def _peak_memory(process: str) -> int:
    """The most bytes that a process has held, by Linux; getrusage would count what it was forked from, too."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


class _Progress:
    """Tells each kind of step once, and how far it is every tenth part."""

    def __init__(self, clients: int) -> None:
        self.clients, self.said = clients, ""

    def __call__(self, text: str) -> None:
        match = re.fullmatch(r"(.*): (\d+) of (\d+)", text)
        told = f"{match[1]}: {10 * int(match[2]) // int(match[3])}/10" if match else text
        if told != self.said:
            self.said = told
            print(f"{self.clients} clients: {text}", file=sys.stderr, flush=True)


def tables(runs: list[dict[str, Any]]) -> list[str]:
    """Time, gas and memory as Markdown tables, a column for each number of clients."""
    head = [f"{run['clients']:,} clients" for run in runs]
    names = list(dict.fromkeys(step["name"] for run in runs for step in run["steps"]))
    gas, seconds = [], []
    for name in names:
        found = [[step for step in run["steps"] if step["name"] == name] for run in runs]
        if any(step["gas"] for steps in found for step in steps):
            gas.append([name, *(_gas(steps) for steps in found)])
        seconds.append([name, *(_milliseconds(steps) for steps in found)])
    rest = [
        ["hired, of the first list", *(f"{run['hired'][0]:,}" for run in runs)],
        ["transactions in all", *(f"{run['transactions']:,}" for run in runs)],
        ["largest transaction, gas", *(f"{run['most_gas']:,}" for run in runs)],
        ["whole run, s", *(f"{run['seconds']:.0f}" for run in runs)],
        ["all agents, MB beyond the program's own", *(f"{run['memory'] / 1e6:.0f}" for run in runs)],
        ["the same, kB a client", *(f"{run['memory'] / 1e3 / run['clients']:.0f}" for run in runs)],
        ["Anvil, MB", *(f"{run['chain_memory'] / 1e6:.0f}" for run in runs)],
    ]
    return [
        *_table(["gas for each; transactions", *head], gas),
        "",
        *_table(["milliseconds for each", *head], seconds),
        "",
        *_table(["in all", *head], rest),
    ]


def _gas(steps: list[dict[str, Any]]) -> str:
    """Gas for each that a step was for, and in how many transactions; of its last round."""
    if not steps:
        return "–"
    step = steps[-1]
    return f"{step['gas'] / step['count']:,.0f} in {step['transactions']}"


def _milliseconds(steps: list[dict[str, Any]]) -> str:
    if not steps:
        return "–"
    return f"{1000 * sum(step['seconds'] for step in steps) / sum(step['count'] for step in steps):,.1f}"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]


def document(record: dict[str, Any]) -> str:
    """docs/benchmarks/scale.md."""
    runs = record["runs"]
    return _TEXT.format(
        machine=record["machine"],
        rounds=runs[-1]["rounds"],
        hashes=runs[-1]["hashes"],
        least=SAMPLES[0],
        most=SAMPLES[1],
        judges=JUDGES,
        tables="\n".join(tables(runs)),
    )


_TEXT = """# A round of a thousand relayed clients

Written by `make scale` on Linux ({machine}). Each column is a task of its own on an
Anvil of its own, {rounds} rounds, policy `complete`. Anvil enforces the limit of public chains, 16,777,216 gas a
transaction.

The clients hold no coin, but for the one that ends the round, which the owner gives what that may cost.
They sign their report, their work, their vote and their claim; a relayer sends them in batches: works to
the task's `submitWorks`, reports and claims through the contract `Relay`. Each batch is filled up to that
limit (works to 77 % of it, so that a margin fits) or to 131,072 bytes, the most that public nodes pass on,
whichever comes first. The owner posts the list in chunks; the generator ends each round by one transaction
with everybody's votes.

{tables}

"For each" is for each client, entry, message or vote; behind the gas stands the number of transactions. Where
a step comes in each round, its gas is the last round's and its time the mean. Times are of the off-chain
program and Anvil together, on a machine that others use at the same time; gas does not depend on it.

Real are keys and signatures, puzzles ({hashes} expected hashes), the list with its Shapley values, prices
checked on chain, training on digits, update files, verdicts, the quorum, and pay. Checked at the end of each
run: the task is empty; what each client, the owner and the relayer hold is what logs and receipts say, to the
wei; an audit from chain data alone agrees.

Not as in life: clients have {least} to {most} digits each, of which others may have the same, as there are
not enough for a thousand; {judges} of them make the verdict by reading every update and the others sign the
same, as on one machine it would be the same thing N times; the list is priced once in the shared process and
compared by each; bonds are zero, for taking one back is a transaction of one's own.
"""


def _machine() -> str:
    return f"{platform.machine()}, Python {platform.python_version()}, a shared machine"


def _write(path: str, text: str) -> None:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(f"written: {target}", file=sys.stderr)


def _clients(text: str) -> int:
    return _whole(text, MOST_CLIENTS)


def _rounds(text: str) -> int:
    return _whole(text, 1000)


def _whole(text: str, most: int) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {most}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clients", type=_clients, default=SIZES[-1], help="the largest number (1000)")
    parser.add_argument("--rounds", type=_rounds, default=2, help="rounds of each task (2)")
    parser.add_argument("--seed", type=int, default=7, help="of keys and data (7)")
    parser.add_argument("--json", metavar="FILE", help="write the figures; - for standard output")
    parser.add_argument("--document", metavar="FILE", help="write the page of the documentation")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ScaleFailed as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
