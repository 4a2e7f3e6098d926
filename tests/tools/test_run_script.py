"""Brownie scripts run wherever the project lies, and end with the code of what happened."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = {
    "contracts/Empty.sol": """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

contract Empty {}
""",
    "scripts/helper.py": "CODE = 3\n",
    "scripts/deploys.py": """from brownie import accounts
from brownie.project import get_loaded_projects


def main():
    print("at", get_loaded_projects()[0].Empty.deploy({"from": accounts[0]}).address)
""",
    "scripts/checks.py": """import sys


def check(network):
    print(network["cmd"])
    sys.exit(4)


def main():
    raise AssertionError("it was run")
""",
    "scripts/exits.py": """import sys

from scripts.helper import CODE


def main():
    sys.exit(CODE)
""",
    "scripts/raises.py": """def main():
    raise ValueError("as it should")
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A small project in a folder whose name is no Python name."""
    folder = tmp_path_factory.mktemp("projects") / "bcfl-1.0"
    shutil.copytree(
        PROJECT / "tools", folder / "tools", symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(PROJECT / "brownie-config.yaml", folder)
    (folder / "node_modules").symlink_to(PROJECT / "node_modules")
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(
    project: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        project / "tools" / "with_chain.py",
        "--",
        "python",
        "tools/run_script.py",
        *arguments,
    ]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)


def test_a_script_runs_in_a_folder_with_a_dot(project):
    done = run(project, "deploys", "anvil")
    assert done.returncode == 0, done.stderr
    assert "at 0x" in done.stdout


def test_an_exit_code_is_kept(project):
    assert run(project, "exits", "anvil").returncode == 3


def test_an_exception_is_code_1_with_its_traceback(project):
    done = run(project, "raises", "anvil")
    assert done.returncode == 1
    assert "ValueError: as it should" in done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("deploys",), ("helper", "anvil"), ("nothing", "anvil"), ("deploys", "anvil", "x")]
)
def test_unknown_arguments_are_a_usage_error_that_names_the_scripts(project, arguments):
    done = run(project, *arguments)
    assert done.returncode == 2
    assert (
        done.stderr.strip()
        == "usage: run_script.py SCRIPT NETWORK, where SCRIPT is one of checks, deploys, exits, raises"
    )


def test_an_unknown_network_is_named(project):
    done = run(project, "deploys", "nowhere")
    assert done.returncode == 2
    assert done.stderr == (
        "brownie knows no network 'nowhere'; local ones are anvil, development, ganache-cli, geth-dev, hardhat; "
        "`.venv/bin/python tools/with_chain.py -- brownie networks list` shows the others\n"
    )


def test_a_check_of_the_script_comes_before_its_chain(project):
    done = run(project, "checks", "anvil")
    assert (done.returncode, done.stdout) == (4, "anvil\n")


def test_a_network_that_cannot_be_reached_is_one_line(project):
    environment = {name: value for name, value in os.environ.items() if name != "WEB3_INFURA_PROJECT_ID"}
    done = run(project, "deploys", "sepolia", env=environment)
    assert done.returncode == 2
    assert (
        done.stderr.startswith("network 'sepolia' cannot be reached: Unable to expand")
        and done.stderr.count("\n") == 1
    )
    assert done.stderr.endswith("brownie networks modify sepolia host=<RPC URL>` names a node\n")


def test_no_with_chain_is_needed_around_it(project):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("SOLCX_BINARY_PATH", "BCFL_PORT", "PYTHONWARNINGS")
    }
    done = subprocess.run(
        [sys.executable, project / "tools" / "run_script.py", "deploys", "anvil"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "at 0x" in done.stdout
    assert "FutureWarning" not in done.stderr
