"""Pay a small task in real time on any network that brownie knows, from keystores, under a spending limit.

    python tools/run_script.py payout_demo sepolia

No clock is moved and no node's account is used. Before anything is spent it says what any account lacks;
each transaction is shown with its cost, none is sent that could pass the limit, and at the end, or when it
has to stop, everything goes back.

Options are read from the environment: ``BCFL_KEYSTORES`` (a folder with owner.json and a file for each
client), ``BCFL_PASSWORD`` (asked for if it is not set), ``BCFL_MAX_SPEND``, ``BCFL_BUDGET``, ``BCFL_BOND``
in ether, ``BCFL_POLICY``, ``BCFL_SEED``, ``BCFL_OUT``, ``BCFL_FACTORY`` (a factory that is there already),
and ``BCFL_TASK`` (a task that an interrupted run has left: only take back what is in it).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from brownie import web3
from brownie._config import CONFIG
from brownie.project import get_loaded_projects
from rich.console import Console
from rich.table import Table

from bcfl_offchain.agents import AgentError
from bcfl_offchain.chain import ChainError, TaskContract, TransactionRecord, connect
from bcfl_offchain.chain.clock import RealClock
from bcfl_offchain.experiments import payout as demo
from bcfl_offchain.experiments.purse import LimitReached, Purse
from scripts.keystores import KeystoreError, load_keys
from scripts.options import WEI_PER_ETHER, one_line_errors, payout_options, writable_folder
from scripts.tables import console


def main() -> None:
    """Entry point of the script."""
    with one_line_errors(ChainError, AgentError, KeystoreError, demo.FundsMissing, KeyboardInterrupt):
        try:
            pay(os.environ, console())
        except LimitReached as error:
            factory = " or name a factory in BCFL_FACTORY" if error.label == "deploy factory" else ""
            error.args = (f"{error}; raise BCFL_MAX_SPEND{factory}",)
            raise


def check(_network: Mapping[str, Any]) -> None:
    """Refuse wrong options before a network is asked for anything."""
    with one_line_errors():
        _options(os.environ)


def _options(environment: Mapping[str, str]) -> tuple[demo.Payout, Path]:
    return payout_options(environment), writable_folder(environment, "BCFL_OUT", "out/payout")


def pay(environment: Mapping[str, str], out: Console) -> None:
    """Read the options, check the funds, run the task, show what it cost; the error that stopped it is
    raised at the end."""
    payout, folder = _options(environment)
    keys = load_keys(
        Path(environment.get("BCFL_KEYSTORES", "")), lambda: _password(environment), demo.MAX_CLIENTS
    )
    # The chain that the user named, not the one that the node names: it goes into what the keys sign.
    w3 = connect(web3.provider.endpoint_uri, chain_id=int(CONFIG.active_network["chainid"]))
    parties = demo.Parties.of(
        Purse(w3, payout.limit, lambda record: _show(out, record)), keys.owner, keys.clients
    )
    clock = RealClock(w3)

    def say(line: str) -> None:
        out.print(f"{datetime.now():%H:%M:%S} {line}", highlight=False, markup=False, soft_wrap=True)

    if "BCFL_TASK" in environment:
        task, stopped = TaskContract(w3, environment["BCFL_TASK"]), None
        summary = demo.payout_summary(task, parties, demo.wind_up(task, parties, clock, say))
    else:
        factory = environment.get("BCFL_FACTORY")
        addresses = [signer.address for signer in parties.clients]
        demo.require_funds(w3, payout, parties.owner.address, addresses, with_factory=factory is None)
        factory = factory or demo.deploy_factory(parties.owner, get_loaded_projects()[0].TaskFactory.bytecode)
        summary, stopped = demo.run_payout(parties, payout, factory, clock, folder, say)
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    _report(out, summary)
    out.print(f"written: {folder / 'summary.json'}")
    if stopped is not None:
        raise stopped


def _password(environment: Mapping[str, str]) -> str:
    return (
        environment["BCFL_PASSWORD"]
        if "BCFL_PASSWORD" in environment
        else getpass("password of the keystores: ")
    )


def _show(out: Console, record: TransactionRecord) -> None:
    cost = f"{record.gas:>9,} gas, fee {record.fee / WEI_PER_ETHER:.9f} ether"
    value = f", value {record.value / WEI_PER_ETHER:.9f}" if record.value else ""
    out.print(f"{record.label:<20} {cost}{value}  {record.hash}", highlight=False, soft_wrap=True)


def _report(out: Console, summary: Mapping[str, Any]) -> None:
    """Where the money is now."""
    table = Table(title="Ledger of the task", title_justify="left")
    table.add_column("line")
    table.add_column("wei", justify="right")
    ledger = dict(summary["ledger"])
    balanced = ledger.pop("balanced")
    for line, wei in ledger.items():
        table.add_row(line, wei)
    out.print(table)
    out.print("balanced to the wei" if balanced else "NOT balanced")
    out.print(
        f"the task still holds {summary['held']} wei; fees {summary['fees']} wei; "
        f"spent {summary['spent']} of at most {summary['limit']} wei, amounts that came back included"
    )
