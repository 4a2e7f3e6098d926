"""A campaign runs every part once, goes on where it ended, and tells how to run alone what failed."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tools.campaign import RECORD, SHARDS, Part, forge, parts, read_result, run

PURSE = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

contract Purse {
    uint256 public held;

    function put(uint8 amount) external {
        held = amount % 10;
    }
}
"""
INVARIANTS = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Purse} from "../../../contracts/Purse.sol";

abstract contract Invariants {
    Purse internal purse = new Purse();
}

contract InvariantsHeldTest is Invariants {
    /// forge-config: default.invariant.runs = 1
    /// forge-config: campaign.invariant.runs = 3
    function invariant_HeldIsBelowTen() external view {
        require(purse.held() < 10, "held");
    }
}
"""
# The fuzz test stands in a file of its own, which has no contract that could be run.
FUZZ = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Purse} from "../../contracts/Purse.sol";

abstract contract Purses {
    function testFuzz_HoldsWhatWasPut(uint8 amount) external {
        Purse purse = new Purse();
        purse.put(amount);
        require(purse.held() < 10, "held");
    }
}
"""
PURSE_TEST = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Purse} from "../../contracts/Purse.sol";
import {Purses} from "./Purses.sol";

contract PurseTest is Purses {
    function test_IsEmptyAtFirst() external {
        require(new Purse().held() == 0);
    }
}
"""
PROFILE = """
[profile.campaign.fuzz]
runs = 20

[profile.campaign.invariant]
depth = 5
"""


@pytest.fixture
def project(forge_project):
    return forge_project(
        {
            "contracts/Purse.sol": PURSE,
            "tests/forge/invariants/Invariants.t.sol": INVARIANTS,
            "tests/forge/Purses.sol": FUZZ,
            "tests/forge/Purse.t.sol": PURSE_TEST,
            "package-lock.json": "{}",
        },
        PROFILE,
    )


def record_of(project):
    return [json.loads(line) for line in (project / RECORD).read_text(encoding="utf-8").splitlines()]


def test_every_contract_has_all_its_tenths_and_every_file_with_fuzz_tests_is_there(project):
    assert parts(project) == [Part("InvariantsHeldTest", shard) for shard in range(SHARDS)] + [
        Part("tests/forge/Purse.t.sol")
    ]


def test_each_part_has_a_seed_of_its_own_that_follows_from_the_campaigns(project):
    every = parts(project)
    seeds = [part.seed(7) for part in every]
    assert len(set(seeds)) == len(every)
    assert seeds == [part.seed(7) for part in parts(project)]
    assert not set(seeds) & {part.seed(8) for part in every}


def test_a_later_run_does_what_is_left_until_a_source_changes(project, capsys):
    (project / "out").mkdir()
    assert run(project, seed=7, limit=4) == 0
    assert "11 parts, 0 of them known" in capsys.readouterr().out
    assert run(project, seed=8) == 0
    out = capsys.readouterr().out
    assert "11 parts, 4 of them known from out/campaign.jsonl, 7 to run" in out
    assert "11 of 11 parts: 30 sequences of 150 actions, 20 runs of fuzz tests, 0 failed" in out
    entries = record_of(project)
    assert sorted((entry["name"], entry["shard"]) for entry in entries) == sorted(
        (part.name, part.shard) for part in parts(project)
    )
    assert [entry["seed"] for entry in entries[:4]] == [Part(e["name"], e["shard"]).seed(7) for e in entries[:4]]

    purse = project / "contracts" / "Purse.sol"
    purse.write_text(PURSE.replace("% 10", "% 11"), encoding="utf-8")
    assert run(project, seed=7) == 1
    out = capsys.readouterr().out
    assert "11 parts, 0 of them known" in out
    # The fuzz test finds the ten in 20 runs or does not; what fails is told with the way to see it again.
    failed = [entry for entry in record_of(project)[11:] if entry["result"]["failed"]]
    assert failed and out.count("] FAILED ") == len(failed)
    for entry in failed:
        assert f"FOUNDRY_FUZZ_SEED={entry['seed']} .venv/bin/python tools/with_chain.py -- forge test" in out

    purse.write_text(PURSE, encoding="utf-8")
    assert run(project, seed=9) == 0
    assert "11 of them known" in capsys.readouterr().out


def test_the_seed_decides_what_is_drawn(project):
    broken = FUZZ.replace("< 10", "> 10")  # never: the first number drawn is the one that is told
    (project / "tests/forge/Purses.sol").write_text(broken, encoding="utf-8")

    def first_drawn(seed):
        shutil.rmtree(project / "cache", ignore_errors=True)  # forge tries first what failed before
        result, output = forge(project, Part("tests/forge/Purse.t.sol"), seed)
        assert result.failed == 1
        return re.search(r"args=\[(\d+)", output)[1]

    drawn = [first_drawn(seed) for seed in ("0x1", "0x2", "0x3", "0x1", "0x2", "0x3")]
    assert drawn[:3] == drawn[3:] and len(set(drawn)) > 1, drawn


def test_a_report_without_a_test_is_refused():
    with pytest.raises(ValueError, match="forge ran no test:\nError: no such file"):
        read_result("Error: no such file", 1.0)
