"""``bcfl price``: the numbers it prints, as JSON and as a table, and the ways to start it."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bcfl_offchain.cli import app, main

KEYS = (
    "client training_cycles energy_coefficient shapley_value share hired reason training_cap mining_cap "
    "training_price mining_price training_frequency mining_frequency training_time mining_time "
    "training_pay mining_pay energy utility"
).split()
OPTIONS = [
    "--budget",
    "1500",
    "--mining-budget",
    "250",
    "--deadline",
    "15",
    "--mining-cycles",
    "5",
    "--target",
    "10",
]


@pytest.fixture
def paper(tmp_path):
    """The paper's setting: 50 clients of one kind."""
    path = tmp_path / "paper.csv"
    rows = "".join(f"c{client},10,0.01\n" for client in range(50))
    path.write_text(f"client,training_cycles,energy_coefficient\n{rows}", encoding="utf-8")
    return path


@pytest.fixture
def mixed(tmp_path):
    """The last client's share is 0; the middle one would have to run above its limit."""
    path = tmp_path / "mixed.csv"
    path.write_text(
        "client,training_cycles,energy_coefficient,max_frequency\nsix,6,0.01,\nfour,4,0.01,2.5\ntwo,2,0.01,9\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    "policy, mining_price", [("complete", 0.34800657907465885722), ("incomplete", 0.000421465823019614727)]
)
def test_json_of_the_paper_setting(paper, capsys, policy, mining_price):
    assert main(["price", str(paper), *OPTIONS, "--policy", policy, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert list(record) == ["policy", "n_clients", "shapley_total", "method", "clients"]
    assert (record["policy"], record["n_clients"], record["shapley_total"]) == (policy, 50, 0)
    assert record["method"] == "closed-form"
    for row in record["clients"]:
        assert list(row) == KEYS
        assert (row["hired"], row["reason"]) == (True, None)
        assert row["training_price"] == pytest.approx(39.52847075210474165, rel=1e-15)
        assert row["mining_price"] == pytest.approx(mining_price, rel=5e-15)
        assert row["training_frequency"] == pytest.approx(15.811388300841896660, rel=1e-15)
        assert row["training_time"] == pytest.approx(0.632455532033675866, rel=1e-15)


@pytest.mark.parametrize(
    "policy, more, unit_price, pay",
    [
        ("fair-share", [], 2.0, 30.0),
        ("least-cost", [], 0.01, 0.15),
        ("least-cost", ["--reservation-utility", "3"], 0.21, 3.15),
    ],
)
def test_policies_with_one_price(paper, capsys, policy, more, unit_price, pay):
    assert main(["price", str(paper), *OPTIONS, "--policy", policy, *more, "--json"]) == 0
    for row in json.loads(capsys.readouterr().out)["clients"]:
        assert list(row) == KEYS
        assert row["training_price"] == row["mining_price"] == pytest.approx(unit_price, rel=1e-14)
        assert row["training_frequency"] == row["mining_frequency"] == pytest.approx(1.0, rel=1e-14)
        assert row["training_pay"] + row["mining_pay"] == pytest.approx(pay, rel=1e-13)


def test_numbers_have_17_significant_digits(paper, capsys):
    assert main(["price", str(paper), *OPTIONS, "--policy", "complete", "--json"]) == 0
    written = capsys.readouterr().out
    assert '"energy_coefficient": 0.01,' in written  # 0.01 to 17 digits is 0.01
    digits = re.search(r'"training_time": 0\.(\d+)', written).group(1)
    assert len(digits) == 17
    assert '"training_price": 39.5284707521047' in written


def test_json_is_null_where_nothing_exists_for_a_client_that_is_not_hired(mixed, capsys):
    assert main(["price", str(mixed), *OPTIONS, "--policy", "complete", "--json"]) == 0
    six, four, two = json.loads(capsys.readouterr().out)["clients"]
    assert six["hired"] and None not in [six[key] for key in KEYS if key != "reason"]
    assert (four["hired"], four["reason"]) == (False, "it would have to train above its max_frequency")
    assert (two["hired"], two["reason"]) == (False, "its training cap is zero")
    assert four["training_cap"] == pytest.approx(1250 * 4 / 17) and two["training_cap"] == 0
    assert two["shapley_value"] == pytest.approx(-5 / 6)
    for row in (four, two):
        assert row["mining_cap"] == pytest.approx(250 / 3)
        assert {row[key] for key in KEYS[9:]} == {None}


def test_tables_show_caps_of_all_and_offers_of_those_hired(mixed, capsys):
    assert main(["price", str(mixed), *OPTIONS, "--policy", "complete"]) == 0
    caps, offers = capsys.readouterr().out.split("hired, paid")
    assert all(name in caps for name in ("six", "four", "two"))
    assert "its training cap is zero" in caps and "above its max_frequency" in caps
    assert "six" in offers and "four" not in offers
    assert max(map(len, offers.splitlines())) <= 160


@pytest.mark.parametrize("command", ["price", "explain"])
def test_one_client_is_no_plural(tmp_path, capsys, command):
    path = tmp_path / "one.csv"
    path.write_text("client,training_cycles,energy_coefficient\nann,10,0.01\n", encoding="utf-8")
    assert main([command, str(path), *OPTIONS, "--policy", "complete"]) == 0
    assert "Policy complete: 1 client, " in capsys.readouterr().out


def test_it_runs_as_a_module(mixed):
    command = [
        sys.executable,
        "-m",
        "bcfl_offchain.cli",
        "price",
        str(mixed),
        *OPTIONS,
        "--policy",
        "incomplete",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["policy"] == "incomplete"
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["shapley", "--help"], ["price", "--help"], ["explain", "--help"]]
)
def test_help_has_an_example(arguments, capsys):
    assert main(arguments) == 0
    assert "Example:  bcfl" in capsys.readouterr().out


@pytest.mark.parametrize("command", [None, "shapley", "price", "explain"])
def test_the_example_of_the_help_runs_from_the_root_of_the_repository(command, capsys, monkeypatch):
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    commands = {known.callback.__name__: known for known in app.registered_commands}
    epilog = (commands[command] if command else app.registered_callback).epilog
    example = epilog.removeprefix("Example:  bcfl ").partition("        ")[0]
    assert main(shlex.split(example)) == 0
    assert capsys.readouterr().err == ""
