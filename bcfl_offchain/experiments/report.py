"""The demo's report: one HTML page that shows what summary.json says, and nothing that it does not.

The page stands alone (plots are SVG inside it, no script, no link), so that it can be mailed, archived and
printed. Amounts are in the paper's units where people compare them and in wei where they have to balance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bcfl_offchain.mechanism.wording import counted

from . import _report_plots as plots
from ._report_contribution import contribution_section
from ._report_html import Column, Content, Html, element, figure, number, page, section, short, table

LEDGER_LINES = {
    "paid": "claims paid out to clients",
    "claimable": "earned, not yet claimed",
    "committed": "promised in an open round, not yet earned",
    "free": "the owner's balance for later rounds",
    "returned": "taken back by the owner, and bonds returned",
    "bonds": "bonds of present members",
    "burnt": "forfeited bonds",
}
"""What `deposited` is the sum of, in the order of ``ITask.Ledger``."""


def _sub(symbol: str, index: str) -> Html:
    return Html(f"{symbol}<sub>{index}</sub>")


_CLIENT_COLUMNS = (
    Column("client", is_number=False),
    Column("μ", "GHz·min"),
    Column("Shapley", "GHz·min"),
    Column("share"),
    Column("hired", is_number=False),
    Column(_sub("cap", "t"), "money"),
    Column(_sub("cap", "m"), "money"),
    Column(_sub("p", "t"), "money/min"),
    Column(_sub("p", "m"), "money/min"),
    Column(_sub("q", "t"), "GHz"),
    Column(_sub("q", "m"), "GHz"),
    Column(_sub("T", "t"), "min"),
    Column(_sub("T", "m"), "min"),
    Column(_sub("pay", "t"), "money"),
    Column(_sub("pay", "m"), "money"),
    Column("pay", "wei"),
)


def write_report(summary: Mapping[str, Any], path: Path | str) -> None:
    """Write the page for a demo's summary.

    Parameters
    ----------
    summary : mapping
        What `demo.run_demo` returns, or summary.json read back.
    path : Path or str
        File to write; its folder is made if it is missing.

    Raises
    ------
    KeyError
        If the summary lacks something that the page shows.
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_report(summary), encoding="utf-8")


def render_report(summary: Mapping[str, Any]) -> str:
    """Return the page for a demo's summary as text; see `write_report`."""
    return page(
        f"Paid learning rounds, {summary['config']['policy']}",
        _head(summary),
        _plots(summary),
        section(
            "Rounds, client by client", *(part for round_ in summary["rounds"] for part in _round(round_))
        ),
        contribution_section(summary),
        _ledger(summary),
        _gas(summary["transactions"]),
        _terms(summary),
        _parties(summary),
    )


def _verdict(ledger: Mapping[str, Any]) -> Html:
    """Say whether the ledger balances, by adding it up here and not by its own word for it."""
    gap = int(ledger["deposited"]) - sum(int(ledger[line]) for line in LEDGER_LINES)
    if gap == 0:
        return element("span", "balanced to the wei", class_="good")
    wrong = f"{gap} wei are missing" if gap > 0 else f"{-gap} wei too many"
    return element("span", f"NOT balanced: {wrong}", class_="bad")


def paid_in(money: Mapping[str, Any]) -> str:
    """Which money a task pays in, in a sentence; nothing for the chain's own coin.

    Examples
    --------
    >>> paid_in({"token": "0x12", "symbol": "PLN", "decimals": 18})
    'Paid in PLN, token 0x12; wei are its smallest units, 10^-18 PLN each.'
    """
    if money["token"] is None:
        return ""
    symbol, decimals = money["symbol"], money["decimals"]
    return f"Paid in {symbol}, token {money['token']}; wei are its smallest units, 10^-{decimals} {symbol} each."


def _head(summary: Mapping[str, Any]) -> Html:
    config, rounds, ledger = summary["config"], summary["rounds"], summary["ledger"]
    unit = int(summary["constants"]["money_unit"])
    gas = sum(transaction["gas"] for transaction in summary["transactions"])
    places = sum(len(round_["clients"]) for round_ in rounds)
    hired = sum(client["hired"] for round_ in rounds for client in round_["clients"])
    tiles: tuple[tuple[Content, str], ...] = (
        (f"{rounds[-1]['accuracy']:.1%}", "accuracy on held-out data"),
        (number(int(ledger["paid"]) / unit), "money paid to clients"),
        (
            f"{int(ledger['paid']) / unit / (summary['constants']['budget'] * len(rounds)):.1%}",
            "of the budgets paid out",
        ),
        (f"{hired} of {places}", "hired, clients × rounds"),
        (f"{gas:,}", f"gas in {counted(len(summary['transactions']), 'transaction')}"),
        (_verdict(ledger), "the ledger"),
    )
    return element(
        "header",
        element("h1", "Paid federated-learning rounds"),
        element(
            "p",
            f"{counted(config['n_clients'], 'client')}, {counted(len(rounds), 'round')}, policy “{config['policy']}”, "
            f"seed {config['seed']}. "
            f"Task ",
            element("code", summary["contract"]),
            f" on {summary['client_version']}, chain {summary['chain_id']}. {paid_in(summary['money'])}",
            class_="soft",
        ),
        element(
            "div",
            *(
                element("div", element("b", value), element("span", label), class_="tile")
                for value, label in tiles
            ),
            class_="tiles",
        ),
    )


def _plots(summary: Mapping[str, Any]) -> Html:
    rounds, constants = summary["rounds"], summary["constants"]
    unit = int(constants["money_unit"])
    numbers = [round_["number"] for round_ in rounds]
    accuracy = plots.accuracy_plot(
        [0, *numbers], [summary["initial_accuracy"], *(r["accuracy"] for r in rounds)]
    )
    budget = plots.budget_plot(numbers, budget_parts(rounds, constants["budget"], unit), constants["budget"])
    figures = [
        figure("Accuracy of the global model by round", accuracy),
        figure("Where each round's budget went", budget),
        *(
            figure(f"Pay against workload, round {round_['number']}", _pay_plot(round_, constants["target"]))
            for round_ in rounds
        ),
    ]
    return section("At a glance", element("div", *figures, class_="plots"))


def budget_parts(
    rounds: Sequence[Mapping[str, Any]], budget: float, money_unit: int
) -> list[tuple[str, list[float]]]:
    """Split each round's budget into what was paid for, what was cancelled or not earned, and what was
    never committed.

    Parameters
    ----------
    rounds : sequence of mapping
        The summary's rounds.
    budget : float
        eta in money.
    money_unit : int
        Wei of one unit of money.

    Returns
    -------
    list of (label, money of each round)
        They add up to `budget` in each round.
    """
    parts: dict[str, list[float]] = {
        "training pay": [],
        "mining pay": [],
        "back: not earned": [],
        "back: not committed": [],
    }
    for round_ in rounds:
        paid = [client for client in round_["clients"] if int(client["pay_wei"]) > 0]
        training, mining = (sum(client[name] for client in paid) for name in ("training_pay", "mining_pay"))
        committed = int(round_["committed"]) / money_unit
        for part, amount in zip(
            parts.values(), (training, mining, int(round_["refunded"]) / money_unit, budget - committed)
        ):
            part.append(amount)
    return list(parts.items())


def _pay_plot(round_: Mapping[str, Any], target: float) -> str:
    points = [
        plots.Pay(
            client["training_cycles"],
            client["training_pay"] or 0.0,
            client["mining_pay"] or 0.0,
            client["hired"],
        )
        for client in round_["clients"]
    ]
    return plots.pay_plot(f"pay-{round_['number']}", points, target)


def _round(round_: Mapping[str, Any]) -> tuple[Html, ...]:
    ended = (
        f"by a quorum of {counted(round_['votes'], 'vote')}"
        if round_["ended_by"] == "quorum"
        else "by time, without a quorum"
    )
    return (
        element("h3", f"Round {round_['number']}: accuracy {round_['accuracy']:.2%}"),
        element(
            "p",
            f"The list hired {round_['hired']} of {counted(round_['size'], 'client')}. "
            f"The round ended {ended}. Block generator ",
            short(round_["generator"] or "none"),
            ", model ",
            short(round_["model_hash"] or "none"),
            f". Committed {round_['committed']} wei, "
            f"of which {round_['refunded']} wei went back to the owner.",
            class_="soft",
        ),
        table(_CLIENT_COLUMNS, [_client_row(client) for client in round_["clients"]]),
    )


def _client_row(client: Mapping[str, Any]) -> list[Content]:
    verdict = client["verdict"] if client["hired"] else f"no: {client['reason']}"
    return [
        element("span", client["client"], title=client["address"]),
        number(client["training_cycles"]),
        number(client["shapley_value"]),
        f"{client['share']:.3%}",
        element("span", verdict, class_="wrap") if len(verdict) > 12 else verdict,
        *(
            number(client[name])
            for name in (
                "training_cap",
                "mining_cap",
                "training_price",
                "mining_price",
                "training_frequency",
                "mining_frequency",
                "training_time",
                "mining_time",
                "training_pay",
                "mining_pay",
            )
        ),
        client["pay_wei"],
    ]


def _ledger(summary: Mapping[str, Any]) -> Html:
    ledger, unit = summary["ledger"], int(summary["constants"]["money_unit"])
    deposited = int(ledger["deposited"])
    rows = [
        [line, about, ledger[line], number(int(ledger[line]) / unit, 9), _bar(int(ledger[line]), deposited)]
        for line, about in {"deposited": "budgets and bonds paid in", **LEDGER_LINES}.items()
    ]
    columns = (
        Column("line", is_number=False),
        Column("what", is_number=False),
        Column("amount", "wei"),
        Column("amount", "money"),
        Column("part of deposited", is_number=False),
    )
    identity = f"deposited = {' + '.join(LEDGER_LINES)}"
    added = " + ".join(ledger[line] for line in LEDGER_LINES)
    snapshots = table(
        (
            Column("when", is_number=False),
            *(Column(line, "wei") for line in ("deposited", *LEDGER_LINES)),
            Column("sum", is_number=False),
        ),
        [
            [snapshot["when"], *(snapshot[line] for line in ("deposited", *LEDGER_LINES)), _verdict(snapshot)]
            for snapshot in summary["ledgers"]
        ],
        "The same ledger through the task's life",
    )
    return section(
        "Ledger",
        element("p", element("code", identity)),
        element("p", element("code", f"{deposited} = {added}"), " ", _verdict(ledger)),
        table(
            columns,
            rows,
            "After all claims, before the clients took their bonds back and the owner closed the task",
        ),
        snapshots,
    )


def _bar(amount: int, whole: int) -> Html:
    part = 100 * amount / whole if whole else 0.0
    return element("span", element("i", style=f"width:{part:.2f}%"), class_="bar", title=f"{part:.2f} %")


def gas_by_step(transactions: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Gather the gas of each step's transactions, steps in the order of their first.

    Examples
    --------
    >>> gas_by_step([{"label": "join", "gas": 5}, {"label": "claim", "gas": 3}, {"label": "join", "gas": 4}])
    {'join': [5, 4], 'claim': [3]}
    """
    steps: dict[str, list[int]] = defaultdict(list)
    for transaction in transactions:
        steps[transaction["label"]].append(transaction["gas"])
    return dict(steps)


def _gas(transactions: Sequence[Mapping[str, Any]]) -> Html:
    rows = [
        [label, len(gas), f"{min(gas):,}", f"{median(gas):,.0f}", f"{max(gas):,}", f"{sum(gas):,}"]
        for label, gas in gas_by_step(transactions).items()
    ]
    steps = table(
        (
            Column("step", is_number=False),
            *map(Column, ("calls", "least gas", "median gas", "most gas", "all gas")),
        ),
        rows,
    )
    every = table(
        (
            Column("step", is_number=False),
            Column("sender", is_number=False),
            Column("gas"),
            Column("hash", is_number=False),
        ),
        [
            [
                transaction["label"],
                short(transaction["sender"]),
                f"{transaction['gas']:,}",
                element("span", transaction["hash"], class_="hash"),
            ]
            for transaction in transactions
        ],
    )
    return section(
        "Gas",
        steps,
        element("details", element("summary", f"{counted(len(transactions), 'transaction')}, in order"), every),
    )


def _terms(summary: Mapping[str, Any]) -> Html:
    columns = (Column("name", is_number=False), Column("value", is_number=False))
    return section(
        "Terms and constants",
        table(
            columns,
            [[name, _plain(value)] for name, value in summary["terms"].items()],
            "Terms of the task, as on chain",
        ),
        table(
            columns,
            [[name, _plain(value)] for name, value in summary["constants"].items()],
            "Constants of the demo, in the paper's units",
        ),
    )


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    return number(value, 9) if isinstance(value, float) else str(value)


def _parties(summary: Mapping[str, Any]) -> Html:
    clients = {client["address"]: client for round_ in summary["rounds"] for client in round_["clients"]}
    contracts = table(
        (Column("who", is_number=False), Column("address", is_number=False)),
        [
            [who, element("span", summary[key], class_="hash")]
            for who, key in (("task", "contract"), ("factory", "factory"), ("owner", "owner"))
        ],
    )
    reports = table(
        (
            Column("client", is_number=False),
            Column("address", is_number=False),
            Column("data", "samples"),
            Column("μ", "GHz·min"),
            Column("ρ", "money/(GHz³·min)"),
            Column(_sub("q", "max"), "GHz"),
        ),
        [
            [
                client["client"],
                element("span", address, class_="hash"),
                client["samples"],
                *(
                    number(client[name])
                    for name in ("training_cycles", "energy_coefficient", "max_frequency")
                ),
            ]
            for address, client in clients.items()
        ],
        "Clients and what they reported last",
    )
    return section("Addresses", contracts, reports)
