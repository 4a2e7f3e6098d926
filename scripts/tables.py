"""What the demo prints: the tables of each round, the ledger and the gas, from the same summary as
summary.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from rich.console import Console

from bcfl_offchain.experiments.report import LEDGER_LINES, gas_by_step
from bcfl_offchain.mechanism.wording import counted
from bcfl_offchain.presentation import PIPE_WIDTH, WideTable, lay_out

_OFFER = (
    "training_cycles",
    "shapley_value",
    "share",
    "training_cap",
    "mining_cap",
    "training_price",
    "mining_price",
    "reason",
)
_ANSWER = (
    "training_frequency",
    "mining_frequency",
    "training_time",
    "mining_time",
    "training_pay",
    "mining_pay",
    "pay_wei",
    "verdict",
)


def console() -> Console:
    """The terminal, or a page wide enough for every table where the output is piped."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=PIPE_WIDTH)


def round_tables(round_: Mapping[str, Any]) -> tuple[WideTable, ...]:
    """What each client of a round was offered, what the hired ones did and earned, and, if it was asked for,
    what their updates were worth to the model."""
    clients = round_["clients"]
    offers = lay_out(
        f"Round {round_['number']}: accuracy {round_['accuracy']:.2%}, "
        f"{round_['hired']} of {counted(round_['size'], 'client')} hired",
        ("client", *_OFFER),
        [{**client, "reason": client["reason"] or "yes"} for client in clients],
    )
    answers = lay_out(
        f"Round {round_['number']}: work and pay",
        ("client", *_ANSWER),
        [client for client in clients if client["hired"]],
    )
    return (offers, answers, _values_table(round_)) if round_["contribution"] else (offers, answers)


def _values_table(round_: Mapping[str, Any]) -> WideTable:
    """Shapley values of both games; the contract pays by the first."""
    solved = round_["contribution"]
    correlation = solved["rank_correlation"]
    rows = []
    for client in round_["clients"]:
        low, high = client["accuracy_interval"] or (None, None)
        row = {key: client[key] for key in ("client", "samples", "training_cycles")}
        row |= {"workload game [GHz·min]": client["shapley_value"], "accuracy game": client["accuracy_value"]}
        rows.append(row | {"lower end": low, "upper end": high})
    return lay_out(
        f"Round {round_['number']}: pay is by the workload game; accuracy game {solved['method']}, "
        f"rank correlation {'–' if correlation is None else f'{correlation:.3f}'}",
        rows[0],
        rows,
    )


def ledger_table(ledger: Mapping[str, Any], money_unit: int) -> WideTable:
    """Every line of the ledger at a moment, in wei and in money."""
    rows = (
        {"line": line, "wei": ledger[line], "money": int(ledger[line]) / money_unit}
        for line in ("deposited", *LEDGER_LINES)
    )
    return lay_out(f"Ledger {ledger['when']}", ("line", "wei", "money"), rows)


def gas_table(transactions: Sequence[Mapping[str, Any]]) -> WideTable:
    """How much gas each step took."""
    rows = (
        {"step": label, "calls": len(gas), "median": f"{median(gas):,.0f}", "all": f"{sum(gas):,}"}
        for label, gas in gas_by_step(transactions).items()
    )
    return lay_out("Gas", ("step", "calls", "median", "all"), rows)
