"""Pay whole federated-learning rounds on a local chain: `make demo`.

    python tools/with_chain.py -- python tools/run_script.py run_rounds anvil

Deploys the factory through brownie, runs the demo on real data (`bcfl_offchain.experiments.demo`), prints
what happened, writes summary.json and report.html, and audits the task from chain data with ``bcfl audit``.
Moves the chain's clock, so the network has to be a local one. Options are read from the environment:
``BCFL_CLIENTS``, ``BCFL_ROUNDS``, ``BCFL_POLICY`` (``complete``, ``incomplete``, ``fair-share`` or
``least-cost``), ``BCFL_SEED``, ``BCFL_OUT``, ``BCFL_CONTRIBUTION`` (``workload``, or ``accuracy`` to show
what each update was worth to the model, too), ``BCFL_TOKEN`` (``coin``, or ``erc20`` to pay in a token that is
deployed and minted for it).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brownie import accounts, web3
from brownie._config import CONFIG
from brownie.project import get_loaded_projects
from rich.console import Console

from bcfl_offchain.agents import AgentError
from bcfl_offchain.chain import ChainError, connect
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.chain.token import COIN
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms, run_demo
from bcfl_offchain.experiments.report import paid_in, write_report
from scripts.options import OptionError, demo_config, one_line_errors, writable_folder
from scripts.tables import console, gas_table, ledger_table, round_tables

MNEMONIC = "test test test test test test test test test test test junk"


class DemoFailed(Exception):
    """The demo ran to its end and something about it is wrong."""


def main() -> None:
    """Entry point of the script."""
    with one_line_errors(ChainError, AgentError, DemoFailed):
        run(*_options(CONFIG.active_network), console())


def check(network: Mapping[str, Any]) -> None:
    """Refuse, before a chain is started, what cannot be run on a network of brownie's."""
    with one_line_errors():
        _options(network)


def _options(network: Mapping[str, Any]) -> tuple[DemoConfig, Path]:
    if "cmd" not in network:
        raise OptionError(
            "network",
            network["id"],
            "a local chain, whose clock can be moved; scripts/payout_demo.py runs on any other",
        )
    return demo_config(os.environ), writable_folder(os.environ, "BCFL_OUT", "out/demo")


def run(config: DemoConfig, folder: Path, out: Console) -> None:
    """Run the demo, show it, write it down, and audit it."""
    keys = accounts.from_mnemonic(MNEMONIC, count=config.clients + 1)
    factory = get_loaded_projects()[0].TaskFactory.deploy({"from": keys[0]})
    token = _mint(keys, config) if config.token == "erc20" else COIN
    url = web3.provider.endpoint_uri
    w3 = connect(url)
    files = folder / "files"
    shutil.rmtree(files, ignore_errors=True)  # of an earlier run; its chain is gone
    with progress(out) as say:
        summary = run_demo(
            w3,
            factory.address,
            keys[0].private_key,
            [key.private_key for key in keys[1:]],
            config,
            DevClock(w3),
            files,
            say,
            token,
        )
    summary["transactions"].insert(0, _deployment(factory.tx))
    show(summary, out)
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    write_report(summary, folder / "report.html")
    out.print(f"written: {folder / 'summary.json'}, {folder / 'report.html'}")
    _audit(url, summary["contract"], out)
    if not all(ledger["balanced"] for ledger in summary["ledgers"]):
        raise DemoFailed("the ledger does not balance")


def _mint(keys: Sequence[Any], config: DemoConfig) -> str:
    """Deploy a token and mint all budgets to the owner and a bond to each client; its address."""
    owner, *clients = keys
    terms = demo_terms(config, owner.address)
    token = get_loaded_projects()[0].PlainToken.deploy({"from": owner})
    token.mint(owner, terms.budget * terms.rounds, {"from": owner})
    for client in clients:
        token.mint(client, terms.bond, {"from": owner})
    return token.address


def show(summary: Mapping[str, Any], out: Console) -> None:
    """Print the rounds, the gas and the ledger."""
    if sentence := paid_in(summary["money"]):
        out.print(sentence, highlight=False)
    for round_ in summary["rounds"]:
        for table in round_tables(round_):
            out.print(table)
    constants = summary["constants"]
    out.print(
        f"T is {constants['deadline']:g} min, the grace after it {constants['grace']:.3g} min: an honest client misses "
        f"both with a probability of at most {constants['miss_probability']:.2g}",
        highlight=False,
    )
    out.print(gas_table(summary["transactions"]))
    unit = int(constants["money_unit"])
    for ledger in summary["ledgers"][-2:]:
        out.print(ledger_table(ledger, unit))
        out.print("balanced to the wei" if ledger["balanced"] else "NOT balanced")


@contextmanager
def progress(out: Console) -> Iterator[Callable[[str], None]]:
    """Tell what is being done: in one line that changes on a terminal, in a line for each kind of step
    elsewhere."""
    if out.is_terminal:
        with out.status("starting") as status:
            yield status.update
        return
    said: set[str] = set()

    def say(text: str) -> None:
        step = re.sub(r": \d+ of \d+$", "", text)
        if step not in said:
            said.add(step)
            out.print(f"{step} …", highlight=False)

    yield say


def _deployment(transaction: Any) -> dict[str, Any]:
    """Brownie's transaction as a line of the summary."""
    return {
        "label": "deploy factory",
        "sender": str(transaction.sender),
        "hash": transaction.txid,
        "gas": transaction.gas_used,
        "fee": str(transaction.gas_used * transaction.gas_price),
        "value": "0",
        "block": transaction.block_number,
        "round": None,
    }


def _audit(url: str, task: str, out: Console) -> None:
    """Run ``bcfl audit`` as anybody would."""
    command = [str(Path(sys.executable).with_name("bcfl")), "audit", "--rpc", url, task]
    out.print("\naudited from chain data alone, while the demo's chain is up, by", highlight=False)
    out.print(f"bcfl {' '.join(command[1:])}", highlight=False)
    sys.stdout.flush()
    if code := subprocess.run(command, check=False).returncode:
        raise DemoFailed(f"the audit of task {task} ended with code {code}")
