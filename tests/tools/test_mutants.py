"""Faults are found where they are, and the runner tells those that tests notice from those that they do not."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tools.mutants import INVALID, KILLED, SAME, SURVIVED, BrokenSuite, Record, Worker, all_mutants, report, run
from tools.mutation_operators import ParseError, describe, explained, parse

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

contract Purse {
    uint256 public held;

    function put(uint256 amount) external returns (uint256) {
        if (amount > 10) revert();
        held += amount;
        return held; // µ: a character of two bytes, so that offsets are known to count bytes
    }

    function half() external view returns (uint256) {
        return held / 2;
    }

    function same(uint256 x) external pure returns (uint256) {
        unchecked { return x + 0; }
    }
}
"""
# Nobody looks at `half`, nor at the border of `put`.
TEST = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Purse} from "../../contracts/Purse.sol";

contract PurseTest {
    function test_PutAddsAndRefusesTooMuch() external {
        Purse purse = new Purse();
        require(purse.put(3) == 3, "first");
        require(purse.put(4) == 7 && purse.held() == 7, "second");
        require(purse.same(5) == 5 && purse.same(0) == 0, "same");
        try purse.put(12) {
            require(false, "12");
        } catch {}
    }
}
"""


@pytest.fixture
def project(forge_project):
    return forge_project({"contracts/Purse.sol": SOURCE, "tests/forge/Purse.t.sol": TEST})


def faults_of(project, function):
    source = (project / "contracts/Purse.sol").read_bytes()
    chosen = [mutant for mutant in all_mutants(project) if mutant.function == function]
    return {mutant.diff(source)[1] if mutant.operator != "refusal" else "revert": mutant for mutant in chosen}


def test_each_operator_changes_one_place(project):
    assert set(faults_of(project, "put")) == {
        "if (amount >= 10) revert();", "if (amount <= 10) revert();",
        "if (amount > 11) revert();", "if (amount > 9) revert();", "if (amount > 10) {}",
        "held -= amount;", "held = amount;", "{}",
        "{} // µ: a character of two bytes, so that offsets are known to count bytes", "revert",
    }
    assert set(faults_of(project, "half")) == {
        "return held * 2;", "return held / 3;", "return held / 1;", "{}", "revert",
    }


def test_a_fault_leaves_the_rest_of_the_source_alone(project):
    source = (project / "contracts/Purse.sol").read_bytes()
    for mutant in all_mutants(project):
        faulty = mutant.apply(source)
        assert faulty != source
        assert faulty.startswith(source[: mutant.start]) and faulty.endswith(source[mutant.end :])
        assert parse_ok(project, faulty), describe(mutant, source)


def parse_ok(project, source):
    path = project / "contracts" / "Faulty.sol"
    path.write_bytes(source)
    try:
        return bool(parse(project, ["contracts/Faulty.sol"]))
    finally:
        path.unlink()


def test_a_source_that_is_not_solidity_is_refused(project):
    (project / "contracts/Purse.sol").write_text("contract {", encoding="utf-8")
    with pytest.raises(ParseError, match="Expected identifier"):
        all_mutants(project)


def test_an_unknown_contract_is_refused(project):
    with pytest.raises(ValueError, match="no contract 'Pouch'; there are Purse"):
        all_mutants(project, "Pouch")


def test_faults_are_killed_or_survive_and_the_record_resumes(project, tmp_path, capsys):
    put, half, same = (faults_of(project, name) for name in ("put", "half", "same"))
    chosen = [
        put["held -= amount;"],
        put["if (amount >= 10) revert();"],
        half["return held * 2;"],
        same["unchecked { return x - 0; }"],
    ]
    record = Record(tmp_path / "record.jsonl", project)
    run(project, chosen, record, tmp_path / "workers", seed=7)
    verdicts = [record.verdicts[Record.key(mutant)] for mutant in chosen]
    assert verdicts == [KILLED, SURVIVED, SURVIVED, SAME]
    assert (project / "contracts/Purse.sol").read_text(encoding="utf-8") == SOURCE

    capsys.readouterr()
    assert report(project, chosen, record) == 1
    assert "NOT EXPLAINED" in capsys.readouterr().out

    # Killed faults stay killed; survivors are tried again.
    again = Record(tmp_path / "record.jsonl", project)
    assert again.known(chosen[0]) == KILLED and again.known(chosen[1]) is None
    (project / "contracts/Purse.sol").write_text(SOURCE + "\n", encoding="utf-8")
    assert Record(tmp_path / "record.jsonl", project).known(chosen[0]) is None


def test_a_fault_that_does_not_compile_is_none(project, tmp_path):
    worker = Worker(project, tmp_path / "worker")
    worker.prepare()
    mutant = faults_of(project, "put")["held -= amount;"]
    broken = replace(mutant, replacement="nonsense")
    assert worker.try_out(broken) == (INVALID, "")


def test_a_suite_that_fails_without_a_fault_is_refused(project, tmp_path):
    (project / "tests/forge/Purse.t.sol").write_text(TEST.replace("== 7 &&", "== 8 &&"), encoding="utf-8")
    with pytest.raises(BrokenSuite, match="FAIL"):
        Worker(project, tmp_path / "worker").prepare()


def test_explanations_are_read_as_they_are_printed(project):
    source = (project / "contracts/Purse.sol").read_bytes()
    mutant = faults_of(project, "half")["return held * 2;"]
    entry = describe(mutant, source) + "\n\nNobody asks for it.\n"
    assert explained("# Survivors\n\n" + entry + "\n" + entry.replace("half", "put")) == {
        (mutant.path, name, *mutant.diff(source)): "Nobody asks for it." for name in ("half", "put")
    }
    assert explained(describe(mutant, source) + "\n\n" + entry) == {
        (mutant.path, "half", *mutant.diff(source)): "Nobody asks for it."
    }


def test_the_mutation_profile_exists():
    assert "[profile.mutants]" in (PROJECT / "foundry.toml").read_text(encoding="utf-8")
    assert os.access(PROJECT / "tools" / "solc.js", os.X_OK)


def test_a_kill_by_a_test_that_is_gone_does_not_stand(project, tmp_path):
    fault = faults_of(project, "put")["held -= amount;"]
    record = Record(tmp_path / "record.jsonl", project)
    record.add(fault, KILLED, "test_PutAddsAndRefusesTooMuch")
    assert Record(record.path, project).known(fault) == KILLED
    test = project / "tests/forge/Purse.t.sol"
    test.write_text(TEST.replace("test_PutAdds", "test_Adds"), encoding="utf-8")
    assert Record(record.path, project).known(fault) is None
