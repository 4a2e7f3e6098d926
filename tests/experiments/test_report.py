"""The report shows the summary's numbers, stands alone, and takes no string of it for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bcfl_offchain.experiments._report_html import number
from bcfl_offchain.experiments.report import LEDGER_LINES, budget_parts, render_report, write_report
from tests.experiments.example_summary import MONEY_UNIT, example_summary

VOID = {"meta"}


class Page(HTMLParser):
    """A strict little reader: refuses tags that do not nest, collects attributes, plain text and table
    cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.words.append(data)
        if "td" in self.open:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def summary():
    return example_summary()


@pytest.fixture(scope="module")
def html(summary):
    return render_report(summary)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_every_plot_is_there(page, summary):
    captions = re.findall(
        r"Accuracy of the global model|Where each round's budget went|Pay against workload, round \d",
        page.text,
    )
    assert len(captions) == 2 + len(summary["rounds"])
    assert [tag for tag, _ in page.tags].count("svg") == len(captions)
    for label in (
        "held-out accuracy",
        "workload μ (GHz·min)",
        "budget η",
        "training pay",
        "not hired",
        "target g",
    ):
        assert label in page.text


def test_the_page_loads_nothing(html, page):
    assert "://" not in html
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "image"}
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in html


def test_every_reference_inside_the_page_has_one_target(html, page):
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', html))
    assert used and used <= set(names)


def test_the_same_summary_gives_the_same_bytes(summary, html):
    assert render_report(summary) == html


def test_every_client_of_every_round_has_its_row(page, summary):
    rows = iter(page.rows)
    for round_ in summary["rounds"]:
        for client in round_["clients"]:
            row = next(row for row in rows if row[:1] == [client["client"]])
            assert row[1:4] == [
                number(client["training_cycles"]),
                number(client["shapley_value"]),
                f"{client['share']:.3%}",
            ]
            assert row[4] == ("paid" if client["hired"] else f"no: {client['reason']}")
            assert row[5:15] == [
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
            ]
            assert row[15] == client["pay_wei"]


def test_the_example_has_hired_and_not_hired_clients(summary):
    assert {client["hired"] for client in summary["rounds"][0]["clients"]} == {True, False}


def test_the_money_is_named_if_it_is_a_token():
    summary = example_summary(3, 1)
    assert "Paid in" not in render_report(summary)
    summary["money"] = {"token": "0x12", "symbol": "<PLN>", "decimals": 6}
    assert "Paid in &lt;PLN&gt;, token 0x12; wei are its smallest units, 10^-6 &lt;PLN&gt;" in render_report(summary)


def test_the_ledger_is_shown_to_the_wei(page, summary):
    for line in ("deposited", *LEDGER_LINES):
        assert any(
            row[0] == line and row[2] == summary["ledger"][line] for row in page.rows if len(row) == 5
        ), line
    for snapshot in summary["ledgers"]:
        assert [
            snapshot["when"],
            *(snapshot[line] for line in ("deposited", *LEDGER_LINES)),
            "balanced to the wei",
        ] in page.rows


def test_gas_is_summed_by_step(page, summary):
    gas = [entry["gas"] for entry in summary["transactions"] if entry["label"] == "join"]
    assert ["join", str(len(gas)), f"{min(gas):,}", f"{sorted(gas)[3]:,}"] == [
        cell for row in page.rows if row[:1] == ["join"] and len(row) == 6 for cell in row[:3]
    ] + [f"{sorted(gas)[3]:,}"]
    assert f"{sum(entry['gas'] for entry in summary['transactions']):,}" in page.text
    for entry in summary["transactions"]:
        assert entry["hash"] in page.text


@pytest.mark.parametrize("gap, words", [(1, "1 wei are missing"), (-2, "2 wei too many")])
def test_a_ledger_that_does_not_balance_is_called_so_whatever_it_says_itself(gap, words):
    summary = example_summary(3, 1)
    summary["ledger"]["deposited"] = str(int(summary["ledger"]["deposited"]) + gap)
    assert summary["ledger"]["balanced"]
    text = Page(render_report(summary)).text
    assert f"NOT balanced: {words}" in text


def test_strings_are_text_and_never_markup():
    attack = "<script>alert(1)</script>&\"'"
    summary = example_summary(3, 1)
    client = next(client for client in summary["rounds"][0]["clients"] if not client["hired"])
    client.update(client=attack, reason=attack)
    summary.update(client_version=attack, contract=attack)
    summary["config"]["policy"] = attack
    summary["terms"][attack] = attack
    summary["transactions"][0].update(label=attack, sender=attack, hash=attack)
    html = render_report(summary)
    page = Page(html)
    assert "<script" not in html
    assert page.text.count(attack) >= 8


def test_the_parts_of_a_budget_add_up_to_it(summary):
    budget = summary["constants"]["budget"]
    parts = budget_parts(summary["rounds"], budget, MONEY_UNIT)
    for index, round_ in enumerate(summary["rounds"]):
        assert sum(amounts[index] for _, amounts in parts) == pytest.approx(budget, rel=1e-12)
        assert parts[0][1][index] == sum(client["training_pay"] or 0 for client in round_["clients"])


def test_cancelled_pay_counts_as_gone_back():
    summary = example_summary(8, 1)
    round_ = summary["rounds"][0]
    client = next(client for client in round_["clients"] if client["hired"])
    lost, client["pay_wei"], client["verdict"] = int(client["pay_wei"]), "0", "rejected"
    round_["refunded"] = str(int(round_["refunded"]) + lost)
    parts = dict(budget_parts(summary["rounds"], summary["constants"]["budget"], MONEY_UNIT))
    assert parts["back: not earned"][0] == pytest.approx(lost / MONEY_UNIT, rel=1e-12)
    assert sum(amounts[0] for amounts in parts.values()) == pytest.approx(
        summary["constants"]["budget"], rel=1e-12
    )
    assert ["rejected"] == [
        row[4] for row in Page(render_report(summary)).rows if row[:1] == [client["client"]]
    ][:1]


@pytest.fixture(scope="module")
def both_games():
    return example_summary(contribution="accuracy")


def rows_of_both_games(page):
    return [row for row in page.rows if len(row) == 7 and row[0].startswith("client-")]


def test_both_games_stand_beside_each_other(both_games):
    page = Page(render_report(both_games))
    assert "The contract pays by the workload game" in page.text
    rows = iter(rows_of_both_games(page))
    for round_ in both_games["rounds"]:
        assert f"workload game, round {round_['number']}: rank correlation 0.625" in page.text
        for client in round_["clients"]:
            value, interval = client["accuracy_value"], client["accuracy_interval"]
            shown = "–" if value is None else "exact"
            if interval and round_["number"] == 1:
                shown = f"{interval[0]:.2%} to {interval[1]:.2%}"
            assert next(rows) == [
                client["client"],
                str(client["samples"]),
                number(client["training_cycles"]),
                number(client["shapley_value"]),
                "–" if value is None else f"{value:.3%}",
                shown,
                client["pay_wei"],
            ]
    assert "the values add up to 80.00%" in page.text
    assert "65,536 coalitions in 2.2 s" in page.text and "standard errors of at most 0.125%" in page.text
    assert "these are all there are, and the values exact." in page.text
    assert "accuracy game" in page.text and [tag for tag, _ in page.tags].count("svg") == 5 + 3


def test_the_accuracy_game_is_shown_only_to_who_asked(page):
    assert rows_of_both_games(page) == [] and "accuracy game" not in page.text


def test_a_round_without_an_accuracy_game_or_intervals_says_why():
    summary = example_summary(8, 2, "accuracy")
    first, second = summary["rounds"]
    first["contribution"].update(
        intervals_withheld="3 strata have fewer than 5 samples", standard_error=None, rank_correlation=None
    )
    for client in first["clients"]:
        client["accuracy_interval"] = None
    second["contribution"] = None
    for client in second["clients"]:
        client.update(accuracy_value=None, accuracy_interval=None)
    page = Page(render_report(summary))
    assert "No intervals: 3 strata have fewer than 5 samples." in page.text
    assert "round 1: rank correlation –" in page.text and "standard errors" not in page.text
    assert "No quorum accepted an update" in page.text
    assert len(rows_of_both_games(page)) == 8 and {row[5] for row in rows_of_both_games(page)} == {"–"}


def test_a_round_without_a_quorum_is_told(summary):
    summary = example_summary(3, 1)
    summary["rounds"][0].update(ended_by="time", generator=None, model_hash=None)
    assert "ended by time, without a quorum" in Page(render_report(summary)).text


def test_one_of_a_kind_is_no_plural():
    summary = example_summary(1, 1)
    summary["transactions"] = summary["transactions"][:1]
    text = Page(render_report(summary)).text
    assert "1 client, 1 round, policy" in text and "gas in 1 transaction " in text
    assert "The list hired 1 of 1 client. The round ended by a quorum of 1 vote." in text
    assert "1 transaction, in order" in text
    assert not re.search(r"\b1 (clients|rounds|votes|transactions)", text)


def test_the_file_is_utf8_and_its_folder_is_made(tmp_path, summary, html):
    target = tmp_path / "new" / "folder" / "report.html"
    write_report(summary, target)
    assert target.read_text(encoding="utf-8") == html


def test_fifty_clients_and_five_rounds_fit_in_a_page_that_can_be_mailed():
    html = render_report(example_summary(50, 5))
    assert len(Page(html).rows) > 5 * 50
    assert len(html.encode()) < 2_000_000
