"""``bcfl shapley``: the numbers it prints, as JSON and as a table."""

import json

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
    assert list(record) == ["n_clients", "shapley_total", "clients"]
    assert (record["n_clients"], record["shapley_total"]) == (4, 9.75)
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
