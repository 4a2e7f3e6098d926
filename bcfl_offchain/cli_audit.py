"""``bcfl audit``: audit a task over the network and show what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from web3.exceptions import Web3Exception

from .agents.auditor import AuditReport, audit
from .chain.connection import connect
from .chain.errors import ChainError


def audit_task(
    task: str, rpc: str, factory: str | None, first_block: int | None, chain_id: int | None
) -> tuple[AuditReport, Sequence[Table | Text]]:
    """Audit a task, showing progress on standard error where that is a terminal.

    Parameters
    ----------
    task, rpc : str
        Address and URL.
    factory : str or None
        A trusted factory's address.
    first_block : int or None
        Where the task's logs begin.
    chain_id : int or None
        The chain that is meant; by default the node's word.

    Returns
    -------
    (report, tables) : tuple of AuditReport and sequence of renderables

    Raises
    ------
    typer.TyperException
        If there is no such task, no chain answers, or it is another than the one that is meant.
    """
    try:
        with Console(stderr=True).status("connecting") as status:
            report = audit(connect(rpc, chain_id=chain_id), task, factory, first_block, status.update)
    except (ChainError, Web3Exception) as error:
        raise typer.TyperException(str(error)) from error
    return report, _tables(report)


def _tables(report: AuditReport) -> list[Table | Text]:
    """What was audited, the ledger, and what differs."""
    money = report.money
    ledger = Table("", title="Ledger, from the logs", title_justify="left")
    ledger.add_column(Text(money.symbol))  # Text, not str: a symbol may be "[red]"
    for name, value in asdict(report.ledger).items():
        ledger.add_row(name, money.number(value))
    if report.forced:
        ledger.add_row("forced in, nobody's", money.number(report.forced))
    about = Text(
        f"task {report.task} to block {report.block}, running {report.implementation}\n"
        + (f"paid in token {money.token}, {money.decimals} decimals\n" if money.token else "")
        + f"recomputed lists: {report.lists}, rounds: {report.rounds}, "
        f"works: {report.works}, claims: {report.claims}"
    )
    if report.agrees:
        return [about, ledger, Text(f"All agree. Tolerance: {report.tolerance}.")]
    title = f"Differences: {len(report.differences)}. Tolerance: {report.tolerance}."
    # A hash is folded where it does not fit, not cut: who disputes needs all of it.
    headings = (Column(name, overflow="fold") for name in ("where", "what", "expected", "found"))
    differences = Table(*headings, title=title, title_justify="left")
    for row in report.to_json()["differences"]:
        differences.add_row(*(Text(str(value)) for value in row.values()))
    return [about, ledger, differences]
