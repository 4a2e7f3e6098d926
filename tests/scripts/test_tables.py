"""The tables that the demo prints have the summary's numbers, and names are never markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bcfl_offchain.presentation import PIPE_WIDTH
from scripts import tables
from tests.experiments.example_summary import MONEY_UNIT, example_summary


def printed(*renderables) -> str:
    out = Console(file=io.StringIO(), width=PIPE_WIDTH)
    for renderable in renderables:
        out.print(renderable)
    return out.file.getvalue()


@pytest.fixture
def round_():
    return example_summary()["rounds"][0]


def test_a_round_shows_every_client_and_what_the_hired_earned(round_):
    offers, answers = (printed(table) for table in tables.round_tables(round_))
    for client in round_["clients"]:
        line = next(line for line in offers.splitlines() if client["client"] in line)
        assert f"{client['shapley_value']:.6g}" in line
        assert ("yes" if client["hired"] else client["reason"]) in line
        assert (client["client"] in answers) == client["hired"]
        assert client["pay_wei"] in answers or not client["hired"]
    assert f"accuracy {round_['accuracy']:.2%}, {round_['hired']} of 8 clients hired" in offers
    assert "pay [wei]" in answers and "q_t [GHz]" in answers


def test_titles_and_caps_are_shown_as_by_bcfl_price(round_):
    refused = next(client for client in round_["clients"] if not client["hired"])
    refused.update(training_cap=12.3456789, mining_cap=5.0)
    offers, answers = (printed(table) for table in tables.round_tables(round_))
    assert "training cap" in offers and "mining cap" in offers
    assert "training pay" in answers and "mining pay" in answers
    row = next(line.split("│") for line in offers.splitlines() if refused["client"] in line)
    assert [cell.strip() for cell in row[5:9]] == ["12.3457", "5", "–", "–"]


def test_one_client_is_no_plural():
    offers, _ = tables.round_tables(example_summary(1, 1)["rounds"][0])
    assert "1 of 1 client hired" in printed(offers)


def test_what_updates_were_worth_is_shown_beside_the_workload_game_if_it_was_asked_for(round_):
    assert len(tables.round_tables(round_)) == 2
    solved = example_summary(contribution="accuracy")["rounds"][0]
    _, _, values = (printed(table) for table in tables.round_tables(solved))
    title = "Round 1: pay is by the workload game; accuracy game sampled, rank correlation 0.625"
    assert title in " ".join(values.split())
    for client in solved["clients"]:
        row = next(line.split("│") for line in values.splitlines() if client["client"] in line)
        shown = [client["accuracy_value"], *(client["accuracy_interval"] or (None, None))]
        assert [cell.strip() for cell in row[5:8]] == ["–" if v is None else f"{v:.6g}" for v in shown]
        assert row[4].strip() == f"{client['shapley_value']:.6g}"


def test_the_ledger_shows_every_line_in_wei_and_money():
    ledger = example_summary()["ledgers"][-1]
    text = printed(tables.ledger_table(ledger, MONEY_UNIT))
    assert "Ledger after claims" in text
    for line in ("deposited", *tables.LEDGER_LINES):
        row = next(row.split("│") for row in text.splitlines() if f"│ {line} " in row)
        assert row[2].strip() == ledger[line]
        assert float(row[3]) == pytest.approx(int(ledger[line]) / MONEY_UNIT, rel=1e-5)


def test_gas_is_added_up_by_step():
    transactions = [
        {"label": "join", "gas": 5000},
        {"label": "claim", "gas": 3},
        {"label": "join", "gas": 7000},
    ]
    row = next(row for row in printed(tables.gas_table(transactions)).splitlines() if "join" in row)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["join", "2", "6,000", "12,000"]


def test_names_are_text_and_never_markup(round_):
    round_["clients"][0]["client"] = "[red]mallory[/red]"
    assert "[red]mallory[/red]" in printed(*tables.round_tables(round_))
