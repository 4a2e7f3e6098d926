"""The report's section on both games: the paper's workload game, which pays, beside the accuracy game of the
round's real updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _report_plots as plots
from ._report_html import Column, Content, Html, element, figure, number, section, table

_COLUMNS = (
    Column("client", is_number=False),
    Column("data", "samples"),
    Column("μ", "GHz·min"),
    Column("workload game", "GHz·min"),
    Column("accuracy game", "of held-out data"),
    Column("interval", "95 %, all at once"),
    Column("pay", "wei"),
)


def contribution_section(summary: Mapping[str, Any]) -> Html:
    """Build the section for a demo's summary; nothing if it was not asked for the accuracy game."""
    if summary["config"]["contribution"] != "accuracy":
        return Html()
    rounds = summary["rounds"]
    solved = [round_ for round_ in rounds if round_["contribution"]]
    return section(
        "Two games, value by value",
        element(
            "p",
            "The contract pays by the workload game: its Shapley values cap the pay. Those of the accuracy "
            "game are shown beside them and pay nothing. In it a coalition is worth the held-out accuracy of "
            "the aggregate of its updates, so that a round's values add up to what the round gained; its "
            "players are the clients whose updates the quorum accepted.",
        ),
        element("div", *(_plot(round_) for round_ in solved), class_="plots"),
        *(part for round_ in rounds for part in _round(round_)),
    )


def _plot(round_: Mapping[str, Any]) -> Html:
    sampled = round_["contribution"]["method"] == "sampled"
    points = [
        plots.Values(
            client["shapley_value"],
            client["accuracy_value"],
            client["accuracy_interval"] if sampled else None,
        )
        for client in round_["clients"]
        if client["accuracy_value"] is not None
    ]
    caption = f"Accuracy game against workload game, round {round_['number']}: rank correlation "
    return figure(
        caption + number(round_["contribution"]["rank_correlation"], 3),
        plots.values_plot(f"values-{round_['number']}", points),
    )


def _round(round_: Mapping[str, Any]) -> tuple[Html, ...]:
    heading = element("h3", f"Round {round_['number']}")
    solved = round_["contribution"]
    if solved is None:
        words = "No quorum accepted an update, so there is no accuracy game."
        return heading, element("p", words, class_="soft")
    return (
        heading,
        element("p", _method(solved), class_="soft"),
        table(_COLUMNS, [_row(client, solved["method"]) for client in round_["clients"]]),
    )


def _method(solved: Mapping[str, Any]) -> str:
    """How the values came about and what they add up to."""
    everybody, none = solved["value_of_all"], solved["value_of_none"]
    said = (
        f"All updates together: {everybody:.2%}; none of them: {none:.2%}; the values add up to "
        f"{everybody - none:.2%}. {solved['evaluations']:,} coalitions in {solved['seconds']:.1f} s; "
    )
    if solved["method"] == "exact":
        return f"{said}these are all there are, and the values exact."
    error = solved["standard_error"]
    spread = "" if error is None else f", standard errors of at most {error:.3%}"
    withheld = solved["intervals_withheld"]
    return f"{said}values estimated from this sample{spread}" + (
        f". No intervals: {withheld}." if withheld else ". The intervals hold for all clients at once."
    )


def _row(client: Mapping[str, Any], method: str) -> list[Content]:
    value, interval = client["accuracy_value"], client["accuracy_interval"]
    if value is None or interval is None:
        shown = "–"
    else:
        shown = "exact" if method == "exact" else f"{interval[0]:.2%} to {interval[1]:.2%}"
    return [
        client["client"],
        client["samples"],
        number(client["training_cycles"]),
        number(client["shapley_value"]),
        "–" if value is None else f"{value:.3%}",
        shown,
        client["pay_wei"],
    ]
