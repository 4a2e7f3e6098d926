"""``bcfl explain``: what it prints is what Python says, as JSON and as tables; and what it refuses."""

import json

import pytest

from bcfl_offchain.cli import main
from bcfl_offchain.mechanism import RoundTerms, explain_round
from bcfl_offchain.presentation import PIPE_WIDTH

KEYS = (
    "client training_cycles energy_coefficient shapley_value share hired reason training_cap mining_cap "
    "training_price mining_price response theorem_response best_response best_claim constraints "
    "owner_utility regret best_report bond deadline_if_free"
).split()
HEADER = "client,training_cycles,energy_coefficient,max_frequency\n"
OPTIONS = ["--budget=100", "--mining-budget=20", "--deadline=15", "--mining-cycles=5", "--target=10"]


@pytest.fixture
def mixed(tmp_path):
    """dan could not run fast enough; all others are hired."""
    path = tmp_path / "mixed.csv"
    path.write_text(
        HEADER + "ann,1,0.01,\nbob,8,0.02,\n[red]cyd,12,0.005,99\ndan,20,0.01,1.5\n", encoding="utf-8"
    )
    return path


def explained(path, capsys, *more):
    assert main(["explain", str(path), *OPTIONS, *more, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_paper_setting(tmp_path, capsys):
    path = tmp_path / "paper.csv"
    rows = "".join(f"c{client},10,0.01,\n" for client in range(50))
    path.write_text(HEADER + rows, encoding="utf-8")
    options = ["--budget=1500", "--mining-budget=250", "--deadline=15", "--mining-cycles=5", "--target=10"]
    assert (
        main(["explain", str(path), *options, "--policy=complete", "--audit-probability=0.1", "--json"]) == 0
    )
    record = json.loads(capsys.readouterr().out)
    row = record["clients"][0]
    assert list(row) == KEYS
    assert row["response"] == row["theorem_response"]
    assert row["theorem_response"]["utility"] == pytest.approx(4.994, abs=5e-4)
    assert row["best_response"]["utility"] == pytest.approx(28.196, abs=5e-4)
    assert row["best_response"]["binding"] == ["(7)", "(16)"] and row["best_response"]["gap"] < 1e-9
    assert row["regret"]["response"] == pytest.approx(23.202, abs=5e-4)
    assert row["regret"]["claim"] == pytest.approx(24.856, abs=5e-4)
    assert record["method"] == "closed-form"
    assert row["deadline_if_free"] == record["deadline_if_free"] == pytest.approx(4.07, abs=5e-3)
    assert row["owner_utility"] == pytest.approx(10 - 15 - 30)
    assert (record["audit_probability"], record["bond"], record["every_report_tried"]) == (0.1, 0, True)


@pytest.mark.parametrize("policy", ["complete", "incomplete", "fair-share", "least-cost"])
def test_python_says_the_same(mixed, capsys, policy):
    record = explained(mixed, capsys, f"--policy={policy}", "--audit-probability=0.2", "--max-report=30")
    told = explain_round(
        [1, 8, 12, 20],
        ["0.01", "0.02", "0.005", "0.01"],
        RoundTerms(100, 20, 15, 5, 10, policy),
        [None, None, 99, "1.5"],
        audit_probability="0.2",
        max_report=30,
    )
    assert record["bond"] == max(told.bond)
    for client, row in enumerate(record["clients"]):
        assert row["hired"] == bool(told.priced.hired[client])
        assert row["bond"] == told.bond[client]
        assert row["regret"]["report"] == told.regret.by_report[client]
        assert row["regret"]["report_energy_coefficient"] == told.regret.by_energy_coefficient[client]
        if row["hired"]:
            assert row["training_price"] == told.priced.training_price[client]
            assert row["best_response"]["utility"] == told.best.utility[client]
            assert row["best_claim"]["training_pay"] == told.claim.training_pay[client]
            assert all(check["holds"] for check in row["constraints"].values())


def test_a_client_that_is_not_hired_shows_the_constraint_that_it_breaks(mixed, capsys):
    dan = explained(mixed, capsys, "--policy=fair-share")["clients"][3]
    assert (dan["hired"], dan["reason"]) == (False, "it would have to run above its max_frequency")
    assert set(dan["response"].values()) == {None}
    assert dan["best_response"]["binding"] == []
    broken = [name for name, check in dan["constraints"].items() if not check["holds"]]
    assert broken == ["q <= q_i"] and dan["constraints"]["q <= q_i"]["margin"] == pytest.approx(1.5 - 25 / 15)
    assert dan["bond"] is None and dan["owner_utility"] == 0


def test_the_weight_of_time_and_pay(mixed, capsys):
    light, heavy = (explained(mixed, capsys, "--policy=least-cost", f"--cost-weight={w}") for w in (0, 2))
    assert light["owner_utility"] == 1 + 8 + 12
    pays = [row["response"]["training_pay"] + row["response"]["mining_pay"] for row in heavy["clients"][:3]]
    assert heavy["owner_utility"] == pytest.approx(21 - 2 * (45 + sum(pays)))


@pytest.mark.parametrize("policy, theirs", [("complete", 0), ("fair-share", 1)])
def test_tables(mixed, capsys, policy, theirs):
    assert main(["explain", str(mixed), *OPTIONS, f"--policy={policy}", "--audit-probability=0.1"]) == 0
    out = capsys.readouterr().out
    assert out.count("[red]cyd") == 5 + theirs
    assert out.count("Response of Theorem 3.1") == theirs
    assert "Exact best response" in out and "regret by claim" in out and "every report tried" in out
    assert "✗" in out and "no limit" in out
    assert max(map(len, out.splitlines())) <= PIPE_WIDTH


def test_no_row_of_a_table_goes_on_in_the_next_line(mixed, capsys):
    # Utilities near zero have the longest numbers, 2.84217e-14, which on two lines read as 2.84217.
    assert main(["explain", str(mixed), *OPTIONS, "--policy=incomplete"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert any("e-" in row for row in rows) and all(row.split("│")[1].strip() for row in rows)


def test_it_says_what_it_is_doing():
    said = []
    explain_round([8, 12, 8], ["0.01"] * 3, RoundTerms(100, 20, 15, 5, 10, "complete"), progress=said.append)
    assert said == [f"trying reports instead of workload {number} of 2" for number in (1, 2)]


def test_tables_without_audits_and_with_nobody_hired(tmp_path, capsys):
    path = tmp_path / "slow.csv"
    path.write_text(HEADER + "ann,10.25,0.01,0.1\n", encoding="utf-8")
    assert main(["explain", str(path), *OPTIONS, "--policy=least-cost"]) == 0
    out = capsys.readouterr().out
    assert "0 hired" in out and "the owner's T for all: –" in out and "lower bounds" in out


@pytest.mark.parametrize(
    "option, problem",
    [
        ("--audit-probability=0", "--audit-probability: audit_probability is 0"),
        ("--audit-probability=1.5", "at most 1"),
        ("--audit-probability=often", "a decimal number"),
        ("--max-report=0", "--max-report: max_report is 0"),
        ("--cost-weight=-1", "--cost-weight: cost_weight is -1"),
        ("--reservation-utility=2", "0 under policy complete"),
        ("--policy=generous", "complete, incomplete, fair-share, least-cost"),
    ],
)
def test_options_without_meaning(mixed, capsys, option, problem):
    arguments = ["explain", str(mixed), *OPTIONS, "--policy=complete", option]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and problem in captured.err
