"""The payout script on a chain like a testnet: 1-second blocks, real base fees, keystores, no unlocked
account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def rehearse(folder: Path, **options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/with_chain.py", "--", "python", "tools/rehearse_payout.py", "2"]
    environment = {**os.environ, "BCFL_OUT": str(folder), **options}
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )


def test_a_payout_in_real_time_pays_shows_its_costs_and_leaves_nothing(tmp_path):
    done = rehearse(tmp_path, BCFL_POLICY="incomplete", BCFL_BUDGET="0.002", BCFL_MAX_SPEND="0.04")
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped"] is None and summary["held"] == "0" and summary["ledger"]["balanced"]
    assert int(summary["ledger"]["deposited"]) == int(summary["ledger"]["paid"]) + int(
        summary["ledger"]["returned"]
    )
    assert int(summary["ledger"]["paid"]) > 16 * 10**14
    assert int(summary["fees"]) < int(summary["spent"]) <= 4 * 10**16
    assert sum(int(row["fee"]) for row in summary["transactions"]) == int(summary["fees"]) > 0
    for row in summary["transactions"]:
        assert row["hash"] in done.stdout and f"{row['gas']:,} gas" in done.stdout
    assert "balanced to the wei" in done.stdout


def test_a_limit_too_low_stops_it_and_the_rest_is_given_back(tmp_path):
    # Enough for the factory, the budget and one bond; fees are small beside them, whatever the base fee does.
    done = rehearse(tmp_path, BCFL_BUDGET="0.02", BCFL_BOND="0.02", BCFL_MAX_SPEND="0.055")
    assert done.returncode == 1, done.stdout + done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped"].startswith("join may cost 0.02")
    assert "of the limit of 0.055 ether" in summary["stopped"]
    assert [row["label"] for row in summary["transactions"]].count("join") == 1
    assert done.stderr.strip().splitlines()[-1] == f"error: {summary['stopped']}; raise BCFL_MAX_SPEND"
    assert summary["held"] == "0" and summary["given_up"] == [] and summary["ledger"]["balanced"]
    assert summary["ledger"]["paid"] == "0"
    assert summary["ledger"]["returned"] == summary["ledger"]["deposited"] != "0"
    assert int(summary["spent"]) <= 55 * 10**15


@pytest.mark.parametrize(
    "options, words",
    [
        ({"BCFL_OUT": "/proc/x"}, "BCFL_OUT is '/proc/x'; it must be a folder that can be written to"),
        ({"BCFL_SEED": "x"}, "BCFL_SEED is 'x'; it must be a whole number"),
    ],
)
def test_a_wrong_option_is_refused_before_a_network_is_asked_for_anything(tmp_path, options, words):
    command = [sys.executable, "tools/run_script.py", "payout_demo", "sepolia"]
    environment = {**os.environ, "BCFL_OUT": str(tmp_path), **options}
    environment.pop("WEB3_INFURA_PROJECT_ID", None)  # without it brownie refuses to connect
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {words}") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "options, words",
    [
        ({"BCFL_BUDGET": "0.1"}, "nothing was spent: 0x"),
        ({"BCFL_MAX_SPEND": "0.001"}, "of the limit of 0.001 ether, 0 ether is spent and 0 ether is kept back"),
        ({"BCFL_MAX_SPEND": "0.001"}, "; raise BCFL_MAX_SPEND or name a factory in BCFL_FACTORY\n"),
        ({"BCFL_TASK": "0x" + 40 * "1"}, "is no task on this chain"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, options, words):
    done = rehearse(tmp_path, **options)
    assert done.returncode == 1
    assert words in done.stderr and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "summary.json").exists()
