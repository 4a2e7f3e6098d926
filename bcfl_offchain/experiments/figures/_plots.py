"""How the figures look: two rows of panels, the paper's mechanism above and the exact response below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from .._report_plots import BLUE, GREEN, ORANGE, RED

COLOURS = {"complete": BLUE, "incomplete": ORANGE, "fair-share": GREEN, "least-cost": RED}
MARKERS = {"complete": "o", "incomplete": "s", "fair-share": "^", "least-cost": "D"}
HATCHES = {"complete": "", "incomplete": "///", "fair-share": "...", "least-cost": "xxx"}
DASHES = {
    "complete": "-",
    "incomplete": (0, (5, 2)),
    "fair-share": (0, (7, 2, 1.5, 2)),
    "least-cost": (0, (1.5, 1.5)),
}
DOTS_PER_INCH = 100
ROWS = (
    "the paper: its two policies, response of Theorem 3.1",
    "the exact game: four policies, exact best response, pay capped",
)

STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#59626d",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e9ed",
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
}


def panels(quantities: Sequence[str], sweeps: Sequence[str]) -> tuple[Figure, NDArray]:
    """Make two rows of axes, a column for each quantity.

    Parameters
    ----------
    quantities, sweeps : sequence of str
        Labels of the y and x axes of each column.

    Returns
    -------
    figure : Figure
    axes : array of Axes, shape (2, len(quantities))
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(max(3.0 * len(quantities), 9.0), 6.2), layout="constrained")
        axes = np.empty((2, len(quantities)), dtype=object)
        for row, (part, title) in enumerate(zip(figure.subfigures(2, 1, hspace=0.04), ROWS)):
            part.suptitle(title, fontsize=10, fontweight="bold", x=0.01, ha="left")
            axes[row] = part.subplots(1, len(quantities), squeeze=False)[0]
            for axis, quantity, sweep in zip(axes[row], quantities, sweeps):
                axis.set_title(quantity, fontsize=9, loc="left")
                axis.set_xlabel(sweep)
    return figure, axes


def curve(axis: Axes, policy: str, x: NDArray, y: NDArray, solid: bool = True) -> None:
    """Draw a policy's curve with its colour, dashes and marker; not solid means thin and pale."""
    axis.plot(
        x,
        y,
        color=COLOURS[policy],
        linestyle=DASHES[policy],
        linewidth=1.8 if solid else 1.0,
        marker=MARKERS[policy],
        markersize=5 if solid else 4,
        fillstyle="full" if solid else "none",
        markevery=(list(COLOURS).index(policy) * max(len(x) // 28, 1), max(len(x) // 6, 1)),
        label=policy,
    )


def save(figure: Figure, path: Path, extra: Sequence[tuple[str, bool]] = ()) -> None:
    """Add one legend below all panels and write a PNG.

    Parameters
    ----------
    figure : Figure
    path : Path
    extra : sequence of (label, whether filled)
        Readings that one policy's curves differ by.
    """
    with matplotlib.rc_context(STYLE):
        handles, labels = figure.subfigs[1].axes[0].get_legend_handles_labels()
        kept = dict(zip(labels[::-1], handles[::-1]))  # of several curves the first
        kept = {policy: kept[policy] for policy in COLOURS}
        for label, filled in extra:
            kept[label] = Line2D(
                [],
                [],
                color="#3a424c",
                marker="o",
                markersize=5,
                linewidth=1.8 if filled else 1.0,
                fillstyle="full" if filled else "none",
            )
        figure.legend(
            kept.values(), kept.keys(), loc="outside lower center", ncols=len(kept), handlelength=3.2
        )
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
