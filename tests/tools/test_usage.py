"""Every tool says what it is for, and what it cannot use in one line, whoever starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
MODULES = {"gas_page", "scale", "mutants", "campaign"}  # run by -m, as they import others
TOOLS = sorted(
    path.stem for path in (PROJECT / "tools").glob("*.py") if "__main__" in path.read_text(encoding="utf-8")
)


def run(tool, *arguments):
    start = ["-m", f"tools.{tool}"] if tool in MODULES else [f"tools/{tool}.py"]
    command = [sys.executable, *start, *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_the_docstring(tool, flag):
    done = run(tool, flag)
    assert (done.returncode, done.stderr) == (0, "")
    first = (PROJECT / "tools" / f"{tool}.py").read_text(encoding="utf-8").split('"""')[1].split()[:6]
    assert " ".join(first) in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "tool, arguments, words",
    [
        ("audit_slither", [], "usage: audit_slither.py SLITHER"),
        ("check_lcov", [], "usage: check_lcov.py LCOV"),
        ("check_lcov", ["no.info"], "check_lcov: no.info: No such file or directory"),
        ("gas_page", ["x"], "usage: gas_page, not x"),
        ("gas_table", [], "usage: gas_table.py SUMMARY.json..."),
        ("gas_table", ["no.json"], "gas_table: no.json: No such file or directory"),
        ("gas_table", ["Makefile"], "gas_table: Makefile: Expecting value: line 1 column 1 (char 0)"),
        ("gas_table", ["package.json"], "gas_table: package.json: it is no summary of the demo"),
        ("rehearse_payout", ["abc"], "usage: rehearse_payout.py [CLIENTS], where CLIENTS is a whole number from 1 to "),
        ("rehearse_payout", ["13"], "usage: rehearse_payout.py [CLIENTS], where CLIENTS is a whole number from 1 to "),
        ("write_abi", ["--chekc"], "usage: write_abi.py [--check], not --chekc"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_code_2(tool, arguments, words):
    done = run(tool, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(words) and done.stderr.count("\n") == 1
