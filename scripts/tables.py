"""What the demo prints: the tables of each round, the ledger and the gas, from the same summary as
summary.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bcfl_offchain.experiments.report import LEDGER_LINES, gas_by_step
from bcfl_offchain.mechanism.wording import counted

PIPE_WIDTH = 160  # columns of a table that no terminal limits

_OFFER = {
    "training_cycles": "μ [GHz·min]",
    "shapley_value": "Shapley value",
    "share": "share",
    "training_cap": "cap_t",
    "mining_cap": "cap_m",
    "training_price": "p_t [1/min]",
    "mining_price": "p_m [1/min]",
}
_ANSWER = {
    "training_frequency": "q_t [GHz]",
    "mining_frequency": "q_m [GHz]",
    "training_time": "T_t [min]",
    "mining_time": "T_m [min]",
    "training_pay": "pay_t",
    "mining_pay": "pay_m",
    "pay_wei": "pay [wei]",
}
_VALUES = {
    "samples": "samples",
    "training_cycles": "μ [GHz·min]",
    "shapley_value": "workload game [GHz·min]",
    "accuracy_value": "accuracy game",
}


def console() -> Console:
    """The terminal, or a page wide enough for every table where the output is piped."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=PIPE_WIDTH)


def round_tables(round_: Mapping[str, Any]) -> tuple[Table, ...]:
    """What each client of a round was offered, what the hired ones did and earned, and, if it was asked for,
    what their updates were worth to the model."""
    clients = round_["clients"]
    offers = _table(
        f"Round {round_['number']}: accuracy {round_['accuracy']:.2%}, "
        f"{round_['hired']} of {counted(round_['size'], 'client')} hired",
        ("client", *_OFFER.values(), "hired"),
        (
            [client["client"], *(_shown(client[key]) for key in _OFFER), client["reason"] or "yes"]
            for client in clients
        ),
    )
    answers = _table(
        f"Round {round_['number']}: work and pay",
        ("client", *_ANSWER.values(), "verdict"),
        (
            [client["client"], *(_shown(client[key]) for key in _ANSWER), client["verdict"]]
            for client in clients
            if client["hired"]
        ),
    )
    return (offers, answers, _values_table(round_)) if round_["contribution"] else (offers, answers)


def _values_table(round_: Mapping[str, Any]) -> Table:
    """Shapley values of both games; the contract pays by the first."""
    solved = round_["contribution"]
    correlation = solved["rank_correlation"]
    return _table(
        f"Round {round_['number']}: pay is by the workload game; accuracy game {solved['method']}, "
        f"rank correlation {'–' if correlation is None else f'{correlation:.3f}'}",
        ("client", *_VALUES.values(), "lower end", "upper end"),
        (
            [
                client["client"],
                *(_shown(client[key]) for key in _VALUES),
                *map(_shown, client["accuracy_interval"] or (None, None)),
            ]
            for client in round_["clients"]
        ),
    )


def ledger_table(ledger: Mapping[str, Any], money_unit: int) -> Table:
    """Every line of the ledger at a moment, in wei and in money."""
    rows = (
        [line, ledger[line], _shown(int(ledger[line]) / money_unit)] for line in ("deposited", *LEDGER_LINES)
    )
    return _table(f"Ledger {ledger['when']}", ("line", "wei", "money"), rows)


def gas_table(transactions: Sequence[Mapping[str, Any]]) -> Table:
    """How much gas each step took."""
    steps = gas_by_step(transactions)
    rows = ([label, str(len(gas)), f"{median(gas):,.0f}", f"{sum(gas):,}"] for label, gas in steps.items())
    return _table("Gas", ("step", "calls", "median", "all"), rows)


def _table(title: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for position, column in enumerate(columns):
        is_text = position == 0 or column in ("hired", "verdict")
        table.add_column(Text(column), justify="left" if is_text else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text, not str: "[red]" is a name like any other
    return table


def _shown(value: str | float | None) -> str:
    if isinstance(value, str):
        return value
    return "–" if value is None else f"{value:.6g}"
