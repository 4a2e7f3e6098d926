"""``bcfl shapley``: the numbers it prints, as JSON and as a table."""

import json
from random import Random

import pytest

from bcfl_offchain.cli import main


@pytest.fixture
def clients(tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text("client,training_cycles\nann,1\nbob,8\n[red]cyd,12\ndan,20\n", encoding="utf-8")
    return path


def test_json_holds_exactly_the_first_keys(clients, capsys):
    assert main(["shapley", str(clients), "--target", "10", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert list(record) == ["n_clients", "shapley_total", "method", "clients"]
    assert (record["n_clients"], record["shapley_total"], record["method"]) == (4, 9.75, "counting")
    assert record["clients"][0] == {
        "client": "ann",
        "training_cycles": 1,
        "shapley_value": 269 / 144,
        "share": 269 / 1404,
    }
    assert [row["share"] * 1404 for row in record["clients"]] == pytest.approx(
        [269, 493, 461, 181], rel=1e-15
    )


def test_json_keeps_the_energy_coefficient_if_the_file_has_it(tmp_path, capsys):
    path = tmp_path / "clients.csv"
    path.write_text("energy_coefficient,client,training_cycles\n0.01,ann,7\n", encoding="utf-8")
    assert main(["shapley", str(path), "--target", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clients"] == [
        {"client": "ann", "training_cycles": 7, "energy_coefficient": 0.01, "shapley_value": 0, "share": 1}
    ]


def test_table_names_every_client_as_it_is_written_and_the_total(clients, capsys):
    assert main(["shapley", str(clients), "--target", "10"]) == 0
    shown = capsys.readouterr().out
    for text in ("ann", "[red]cyd", "v(N) = 9.75", "counting", "0.128917"):
        assert text in shown


def test_decimals_are_taken_for_what_they_spell(tmp_path, capsys):
    """Three tenths and the sum of one and two tenths are one workload, so all shares are equal."""
    path = tmp_path / "clients.csv"
    path.write_text("client,training_cycles\na,0.3\nb,0.30\nc,3e-1\n", encoding="utf-8")
    assert main(["shapley", str(path), "--target", "0.3", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["shapley_total"] == 0
    assert {row["share"] for row in record["clients"]} == {1 / 3}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Too many clients with too many different workloads for exact values."""
    random = Random(5)
    path = tmp_path_factory.mktemp("many") / "clients.csv"
    rows = (f"c{client},{random.randint(1, 200)},0.01\n" for client in range(200))
    path.write_text("client,training_cycles,energy_coefficient\n" + "".join(rows), encoding="utf-8")
    return str(path)


def shown(capsys, *arguments):
    assert main(["shapley", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""  # no progress where nobody looks
    return captured.out


def refused(capsys, *arguments):
    assert main(["shapley", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def test_a_large_game_is_answered_in_floats_with_their_bound(many, capsys):
    record = json.loads(shown(capsys, many, "--target", "100", "--json"))
    assert list(record) == [
        "n_clients",
        "shapley_total",
        "method",
        "error_bound",
        "efficiency_residual",
        "clients",
    ]
    assert 0 < record["error_bound"] <= 1e-9 * 100
    total = sum(row["shapley_value"] for row in record["clients"])
    assert total - record["shapley_total"] == pytest.approx(record["efficiency_residual"], abs=1e-12)
    assert abs(record["efficiency_residual"]) <= 200 * record["error_bound"]
    assert sum(row["share"] for row in record["clients"]) == pytest.approx(1, abs=1e-12)
    table = shown(capsys, many, "--target", "100")
    assert f"by {record['method']}, each value within {record['error_bound']:.1e}" in " ".join(table.split())


def test_a_large_game_is_refused_if_it_has_to_be_exact(many, capsys):
    error = refused(capsys, many, "--target", "100", "--exact")
    assert "coarser cycle unit" in error and "floats" in error


def test_floats_on_request(clients, many, capsys):
    record = json.loads(shown(capsys, str(clients), "--target", "10", "--float", "--json"))
    assert record["clients"][0]["shapley_value"] == pytest.approx(269 / 144, abs=record["error_bound"])
    assert record["method"] == "counting"  # the engine that made them, though they are rounded
    wide, fine = (
        json.loads(shown(capsys, many, "--target", "100", "--json", "--tolerance", tolerance))
        for tolerance in ("1e-3", "1e-9")
    )
    assert fine["error_bound"] < wide["error_bound"] <= 1e-3 * 100


@pytest.mark.parametrize(
    "options, problem",
    [
        (["--exact", "--tolerance=1e-6"], "tolerance is 1e-6; it must be left out beside --exact"),
        (["--float", "--tolerance=0"], "--tolerance: tolerance is 0"),
        (["--float", "--tolerance=fine"], "--tolerance: tolerance"),
    ],
)
def test_tolerances_without_meaning(clients, capsys, options, problem):
    assert problem in refused(capsys, str(clients), "--target", "10", *options)


def test_a_large_round_is_priced_in_floats(many, capsys):
    options = ["--budget=600", "--mining-budget=100", "--deadline=150", "--mining-cycles=50", "--target=100"]
    assert main(["price", many, *options, "--policy=fair-share", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["error_bound"] > 0
    assert sum(row["training_cap"] for row in record["clients"]) == pytest.approx(500)
    assert main(["price", many, *options, "--policy=fair-share"]) == 0
    assert f"by {record['method']}, each value within" in " ".join(capsys.readouterr().out.split())
