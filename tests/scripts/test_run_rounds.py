"""The demo at a small size on both chains, and its refusals, through the command line that the Makefile
uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bcfl_offchain.experiments.report import render_report

PROJECT = Path(__file__).resolve().parents[2]


def run(network: str, folder: Path, **options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "tools/with_chain.py",
        "--",
        "python",
        "tools/run_script.py",
        "run_rounds",
        network,
    ]
    environment = {**os.environ, "BCFL_OUT": str(folder), **options}
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.mark.parametrize(
    "network, policy, contribution, token",
    [
        ("anvil", "complete", "accuracy", "coin"),
        ("ganache-cli", "incomplete", "workload", "coin"),
        ("anvil", "fair-share", "workload", "erc20"),
        ("anvil", "least-cost", "workload", "coin"),
    ],
)
def test_a_small_demo_balances_and_its_audit_agrees(network, policy, contribution, token, tmp_path):
    options = {"BCFL_POLICY": policy, "BCFL_CONTRIBUTION": contribution, "BCFL_SEED": "5"}
    done = run(network, tmp_path, BCFL_CLIENTS="3", BCFL_ROUNDS="2", BCFL_TOKEN=token, **options)
    assert done.returncode == 0, done.stderr
    assert "All agree." in done.stdout
    assert done.stdout.count("balanced to the wei") == 2
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert [len(round_["clients"]) for round_ in summary["rounds"]] == [3, 3]
    assert all(round_["hired"] >= 2 for round_ in summary["rounds"])
    assert summary["config"] == {
        "n_clients": 3,
        "rounds": 2,
        "policy": policy,
        "seed": 5,
        "contribution": contribution,
        "token": token,
    }
    paid_in_token = summary["terms"]["token"] == summary["money"]["token"] and "Paid in PLN" in done.stdout
    assert paid_in_token == (token == "erc20")
    assert ("18 decimals" in done.stdout) == (token == "erc20")  # the audit's
    is_shown = contribution == "accuracy"
    assert all((round_["contribution"] is not None) == is_shown for round_ in summary["rounds"])
    assert ("pay is by the workload game; accuracy game exact" in done.stdout) == is_shown
    for ledger in (summary["ledger"], *summary["ledgers"]):
        assert ledger["balanced"]
        rest = ("paid", "claimable", "committed", "free", "returned", "bonds", "burnt")
        assert int(ledger["deposited"]) == sum(int(ledger[line]) for line in rest)
    last = {line: int(summary["ledgers"][-1][line]) for line in ("claimable", "committed", "free", "bonds")}
    assert set(last.values()) == {0}
    assert (
        int(summary["ledger"]["paid"])
        == sum(int(client["pay_wei"]) for round_ in summary["rounds"] for client in round_["clients"])
        > 0
    )
    assert len({row["hash"] for row in summary["transactions"]}) == len(summary["transactions"])
    assert all(row["gas"] > 21_000 for row in summary["transactions"])
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render_report(summary)
    for round_ in summary["rounds"]:
        assert f"Round {round_['number']}: accuracy {round_['accuracy']:.2%}" in done.stdout


def assert_refused_before_any_chain(done, words):
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {words}\n"


def test_a_wrong_option_is_one_line_and_code_2(tmp_path):
    done = run("anvil", tmp_path / "new", BCFL_CLIENTS="0")
    words = "CLIENTS (BCFL_CLIENTS) is '0'; it must be a whole number from 1 to 59"
    assert_refused_before_any_chain(done, words)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_one_line_and_code_2(tmp_path):
    (tmp_path / "file").touch()
    done = run("anvil", tmp_path / "file" / "new")
    words = f"BCFL_OUT is '{tmp_path}/file/new'; it must be a folder that can be written to (Not a directory)"
    assert_refused_before_any_chain(done, words)


def test_a_live_network_is_one_line_and_code_2(tmp_path):
    words = "network is 'sepolia'; it must be a local chain, whose clock can be moved; scripts/payout_demo.py runs"
    assert_refused_before_any_chain(run("sepolia", tmp_path / "new"), f"{words} on any other")
    assert not (tmp_path / "new").exists()


def test_an_unknown_network_is_one_line_and_code_2(tmp_path):
    done = run("nowhere", tmp_path)
    assert done.returncode == 2
    assert (
        done.stderr.startswith("brownie knows no network 'nowhere'; local ones are anvil,")
        and done.stderr.count("\n") == 1
    )
