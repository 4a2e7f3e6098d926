"""Plots of the demo's report as SVG text to put into a page: deterministic, text kept as text, no link to
anywhere.

Each function takes what it draws, not the summary, and returns one ``<svg>`` element. Lines, markers and
hatches differ besides the colours, so that a print in grey and a colour-blind reader lose nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

WIDTH, HEIGHT = 4.6, 3.1
"""Inches of a plot; small, because it is scaled to a column of the page and its letters must stay legible
on a telephone."""

BLUE, ORANGE, GREEN, RED, GREY, PALE = "#0a5c9e", "#d97706", "#2f7d4f", "#b3261e", "#7a828c", "#d5dae0"

_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#59626d",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e9ed",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True)
class Pay:
    """One client's point in `pay_plot`: mu in GHz·min and money; not hired means that it could earn
    nothing."""

    training_cycles: float
    training_pay: float
    mining_pay: float
    hired: bool


def accuracy_plot(rounds: Sequence[int], accuracy: Sequence[float]) -> str:
    """Draw the global model's accuracy on held-out data by round.

    Parameters
    ----------
    rounds : sequence of int
        Round numbers; 0 is the model before the first round.
    accuracy : sequence of float, same length
        Fractions of 1.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with _axes("accuracy") as (axes, svg):
        axes.plot(rounds, accuracy, color=BLUE, marker="o", linewidth=2, clip_on=False)
        for number, value in zip(rounds, accuracy):
            axes.annotate(
                f"{value:.1%}", (number, value), (0, 7), textcoords="offset points", ha="center", fontsize=8
            )
        axes.set_ylim(0, 1.05)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(x=0.08)
        axes.set_xlabel("round (0: before training)" if 0 in rounds else "round")
        axes.set_ylabel("held-out accuracy")
    return svg[0]


def pay_plot(name: str, clients: Sequence[Pay], target: float) -> str:
    """Draw what each client of a round was paid against its workload.

    Parameters
    ----------
    name : str
        Tells this plot's identifiers from those of other plots in the page.
    clients : sequence of Pay
    target : float
        g in GHz·min, drawn as a line.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with _axes(name) as (axes, svg):
        hired = [client for client in clients if client.hired]
        idle = [client for client in clients if not client.hired]
        cycles = [client.training_cycles for client in hired]
        axes.axvline(target, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="target g")
        series = (
            ("both", [client.training_pay + client.mining_pay for client in hired], BLUE, "o"),
            ("training", [client.training_pay for client in hired], GREEN, "^"),
            ("mining", [client.mining_pay for client in hired], ORANGE, "s"),
        )
        for label, pays, colour, marker in series:
            axes.scatter(
                cycles, pays, s=24, color=colour, marker=marker, alpha=0.85, linewidth=0, label=label
            )
        if idle:
            axes.scatter(
                [client.training_cycles for client in idle],
                [0.0] * len(idle),
                s=28,
                color=RED,
                marker="x",
                label="not hired",
                clip_on=False,
            )
        axes.set_ylim(bottom=0)
        axes.margins(x=0.06)
        axes.set_xlabel("workload μ (GHz·min)")
        axes.set_ylabel("pay (money)")
        _legend_above(axes)
    return svg[0]


@dataclass(frozen=True)
class Values:
    """One client's point in `values_plot`: Shapley values of the workload game in GHz·min and of the accuracy
    game, and the latter's interval if there is one."""

    workload: float
    accuracy: float
    interval: tuple[float, float] | None


def values_plot(name: str, clients: Sequence[Values]) -> str:
    """Draw the Shapley values of the accuracy game against those of the workload game.

    Parameters
    ----------
    name : str
        Tells this plot's identifiers from those of other plots in the page.
    clients : sequence of Values

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with _axes(name) as (axes, svg):
        axes.axhline(0, color=GREY, linewidth=1)
        axes.axvline(0, color=GREY, linewidth=1)
        for client in clients:
            if client.interval is not None:
                axes.plot([client.workload] * 2, client.interval, color=GREY, linewidth=1, zorder=1)
        axes.scatter(
            [client.workload for client in clients],
            [client.accuracy for client in clients],
            s=28,
            color=BLUE,
            linewidth=0,
            zorder=2,
        )
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.margins(0.08)
        axes.set_xlabel("workload game (GHz·min)")
        axes.set_ylabel("accuracy game")
    return svg[0]


def budget_plot(rounds: Sequence[int], parts: Sequence[tuple[str, Sequence[float]]], budget: float) -> str:
    """Draw where each round's budget went, one bar a round, stacked.

    Parameters
    ----------
    rounds : sequence of int
        Round numbers.
    parts : sequence of (label, money of each round)
        From the bottom up; at most five.
    budget : float
        eta in money, drawn as a line.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    looks = ((GREEN, ""), (ORANGE, "///"), (GREY, "..."), (PALE, ""), (RED, "xxx"))
    with _axes("budget") as (axes, svg):
        below = [0.0] * len(rounds)
        for (label, amounts), (colour, hatch) in zip(parts, looks):
            axes.bar(
                rounds,
                amounts,
                0.62,
                below,
                label=label,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.5,
            )
            below = [base + amount for base, amount in zip(below, amounts)]
        axes.axhline(budget, color="#1b1f24", linewidth=1, linestyle=(0, (4, 3)), label="budget η")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(axis="x", visible=False)
        axes.set_ylim(0, 1.08 * budget)
        axes.set_xlim(min(rounds) - 0.6, max(rounds) + 0.6)
        axes.set_xlabel("round")
        axes.set_ylabel("money")
        _legend_above(axes)
    return svg[0]


def _legend_above(axes: Axes) -> None:
    """Outside the axes, where it can hide no point."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, columnspacing=1.2, handletextpad=0.4)


@contextmanager
def _axes(name: str) -> Iterator[tuple[Axes, list[str]]]:
    """Give the axes of a new figure and a list that holds its SVG once the block has ended."""
    svg: list[str] = []
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        yield figure.add_subplot(), svg
        buffer = io.StringIO()
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")),
        )
    svg.append(_inline(buffer.getvalue(), name))


def _inline(document: str, name: str) -> str:
    """Make an SVG document an element of a page: no prologue, name space, size or style sheet, and
    identifiers of its own."""
    _, _, inside = document[document.index("<svg") :].strip().partition(">")
    inside = re.sub(r"<style\b.*?</style>", "", inside, flags=re.DOTALL)
    for reference in (' id="', 'href="#', "url(#"):
        inside = inside.replace(reference, f"{reference}{name}-")
    return f'<svg viewBox="0 0 {72 * WIDTH:g} {72 * HEIGHT:g}" role="img">{inside}'
