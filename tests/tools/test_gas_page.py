"""The page about gas has the figures of the committed snapshot."""

from __future__ import annotations

import pytest

from tools.gas_check import COMMITTED, read
from tools.gas_page import BEGIN, END, PAGE, PROJECT, ROWS, SIZES, largest, table, written

FIGURES = read(PROJECT / COMMITTED)


def test_the_committed_page_has_the_committed_figures():
    page = (PROJECT / PAGE).read_text(encoding="utf-8")
    assert written(page, FIGURES) == page


def test_every_row_has_a_figure_and_every_measured_step_a_row():
    assert all(any(largest(FIGURES, row, size) for size in SIZES) for row in ROWS)
    steps = {name.rpartition(" (N = ")[0] for name in FIGURES if " (N = " in name}
    assert steps - {row.step for row in ROWS} == {
        "relayed work, first time with an access list: whole batch / entries",
        "relayed work, first time through the Relay: whole batch / entries",
    }


def test_the_dearest_round_counts_and_what_is_over_its_goal_is_bold():
    figures = {"claim after 1 round (N = 10, round 1)": 45_000, "claim after 1 round (N = 10, round 2)": 45_001}
    (line,) = [line for line in table(figures).splitlines() if "claim, of one round" in line]
    assert line.split(" | ")[2] == "**45,001**"


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_a_place_for_it_is_refused(page):
    with pytest.raises(ValueError, match="no place for the table"):
        written(page, FIGURES)
