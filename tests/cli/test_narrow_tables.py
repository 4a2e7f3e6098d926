"""Tables on narrow terminals: in parts below one another, each with every client, and nothing is lost."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from bcfl_offchain.client_table import read_clients
from bcfl_offchain.explanation_view import explanation_record, explanation_tables
from bcfl_offchain.mechanism import RoundTerms, explain_round, price_round
from bcfl_offchain.presentation import PIPE_WIDTH, lay_out, price_record, price_tables
from scripts.tables import round_tables
from tests.experiments.example_summary import example_summary

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "clients.csv"
TERMS = RoundTerms(1500, 250, 15, 5, 10, "complete")


def printed(table, width):
    out = Console(file=io.StringIO(), width=width)
    out.print(table)
    return out.file.getvalue().splitlines()


def parts(lines):
    """Columns of each part by heading; a cell that goes on in the next line is put together."""
    found = []
    for line in lines:
        if line.startswith("┃"):
            headings = [cell.strip() for cell in line.split("┃")[1:-1]]
            found.append({heading: [] for heading in headings})
        elif line.startswith("│"):
            cells = [cell.strip() for cell in line.split("│")[1:-1]]
            for column, cell in zip(found[-1].values(), cells, strict=True):
                if cells[0]:
                    column.append(cell)
                elif cell:
                    column[-1] += f" {cell}"
    return found


def price():
    clients = read_clients(EXAMPLE)
    columns = clients.training_cycles, clients.energy_coefficient
    return price_tables(price_record(clients, price_round(*columns, TERMS, clients.max_frequency)))


def explain():
    clients = read_clients(EXAMPLE)
    columns = clients.training_cycles, clients.energy_coefficient
    told = explain_round(*columns, TERMS, clients.max_frequency, audit_probability="0.1")
    return explanation_tables(explanation_record(clients, told, 0.1))


def demo():
    return round_tables(example_summary(12, 1, contribution="accuracy")["rounds"][0])


@pytest.fixture(scope="module", params=[price, explain, demo])
def tables(request):
    return request.param()


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_narrow_console_shows_every_cell_beside_its_client(tables, width):
    for table in tables:
        lines = printed(table, width)
        assert max(map(cell_len, lines)) <= width and not any("…" in line for line in lines)
        (whole,) = parts(printed(table, PIPE_WIDTH))
        several = parts(lines)
        assert all(part["client"] == whole["client"] and len(part) > 1 for part in several)
        together = {heading: cells for part in several for heading, cells in part.items()}
        assert list(together.items()) == list(whole.items())
        text = " ".join(" ".join(lines).split())
        assert text.count(table.title) == len(several)
        assert text.count(f"{table.title} (continued)") == len(several) - 1


@pytest.mark.parametrize("name, width", [("ann", 22), ("安安安安", 24)])
def test_a_part_takes_all_columns_that_fit(name, width):
    table = lay_out("sums", ["client", "one", "two"], [{"client": name, "one": 1, "two": 2}])
    assert [len(parts(printed(table, given))) for given in (width, width - 1)] == [1, 2]


def test_text_is_folded_only_where_not_even_two_columns_fit():
    row = {"client": "ann", "reason": "it would have to run", "share": 1.23456e-10}
    table = lay_out("one", ["client", "reason", "share"], [row])
    assert any("it would have to run" in line for line in printed(table, 33))
    reason, share = parts(printed(table, 24))  # put together from several lines
    assert reason == {"client": ["ann"], "hired": ["it would have to run"]}
    assert share == {"client": ["ann"], "share": ["1.23456e-10"]}


def test_a_long_name_is_folded_and_no_number_beside_it():
    table = lay_out("one", ["client", "share"], [{"client": "n" * 50, "share": 1.23456e-10}])
    (part,) = parts(printed(table, 40))
    assert part["share"][0] == "1.23456e-10"
    assert "".join(part["client"]).replace(" ", "") == "n" * 50
