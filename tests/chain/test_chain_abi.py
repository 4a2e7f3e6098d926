"""The ABIs in the package are those of the contracts, and both builds use the same compiler settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import with_chain, write_abi

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def forge_config() -> dict:
    done = subprocess.run(
        ["forge", "config", "--json"], cwd=PROJECT, env=with_chain.chain_environment(), capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_the_committed_abis_are_those_of_the_build():
    with_chain_tool = [sys.executable, "tools/with_chain.py", "forge", "build"]
    subprocess.run(with_chain_tool, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    abis = write_abi.built_abis()
    assert abis, "no contract in contracts/*.sol"
    assert write_abi.differences(abis) == [], "run `make abi`"


def test_brownie_and_forge_compile_with_the_same_settings(forge_config):
    compiler = yaml.safe_load((PROJECT / "brownie-config.yaml").read_text(encoding="utf-8"))["compiler"]
    solc = compiler["solc"]
    assert (PROJECT / "tools" / "solcx" / f"solc-v{solc['version']}").samefile(PROJECT / forge_config["solc"])
    assert compiler["evm_version"] == forge_config["evm_version"]
    assert solc["optimizer"] == {"enabled": forge_config["optimizer"], "runs": forge_config["optimizer_runs"]}
    # brownie takes one setting for all; forge spares the tests, which deploy what was compiled this way.
    (deployed,) = forge_config["compilation_restrictions"]
    assert solc["viaIR"] is deployed["via_ir"] is True
    assert set(solc["remappings"]) <= set(forge_config["remappings"])


def test_the_compiler_is_the_pinned_one():
    version = subprocess.run([PROJECT / "tools/solc.js", "--version"], capture_output=True, text=True, check=True)
    pinned = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["solc"]
    assert re.search(rf"^Version: {re.escape(pinned)}\+commit\.", version.stdout, re.MULTILINE)
