"""The suites' outcome is one line that cannot look clean when something went wrong, and lanes run at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import run_tests
from tools.run_tests import STAGES, SUITES, Suite, main

PASSES = "def test_one():\n    pass\n"
FAILS = "def test_one():\n    assert 1 == 2\n"
# Passes only while the other one of the pair runs: each makes a file and waits for the other's.
MEETS = """import pathlib, time

def test_meets():
    here = pathlib.Path({folder!r})
    (here / {mine!r}).touch()
    end = time.monotonic() + 120
    while not (here / {other!r}).exists():
        assert time.monotonic() < end
        time.sleep(0.01)
"""


@pytest.fixture
def use(tmp_path, monkeypatch):
    """Puts suites of pytest, by name the text of a test file, in the place of the project's own."""

    def place(texts, stages, prepare=()):
        suites = {}
        for name, text in texts.items():
            file = tmp_path / f"test_{name}.py"
            file.write_text(text, encoding="utf-8")
            command = (sys.executable, "-m", "pytest", "-p", "no:pytest-brownie", "-p", "no:cacheprovider", str(file))
            suites[name] = Suite(f"about {name}", command, prepare)
        monkeypatch.setattr(run_tests, "SUITES", suites)
        monkeypatch.setattr(run_tests, "STAGES", stages)

    return place


def test_every_suite_stands_in_one_lane():
    assert sorted(name for stage in STAGES for lane in stage for name in lane) == sorted(SUITES)


def test_the_lanes_of_a_stage_run_at_once(use, tmp_path, capsys):
    use(
        {
            "left": MEETS.format(folder=str(tmp_path), mine="a", other="b"),
            "right": MEETS.format(folder=str(tmp_path), mine="b", other="a"),
        },
        ((("left",), ("right",)),),
    )
    assert main([]) == 0
    assert capsys.readouterr().out.endswith("\n2 passed, 0 failed, 0 skipped\n")


def test_every_line_of_a_runner_names_its_suite(use, capsys):
    use({"one": PASSES}, ((("one",),),))
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "##### one: about one" in out
    assert [line for line in out.splitlines() if "passed in" in line][0].startswith("one     | ==")


def test_a_failed_test_fails_the_run_and_the_others_go_on(use, capsys):
    use({"first": FAILS, "second": PASSES}, ((("first",),), (("second",),)))
    assert main([]) == 1
    out = capsys.readouterr().out
    assert "first    FAILED       0 passed, 1 failed, 0 skipped, exit code 1" in out
    assert out.endswith("\n1 passed, 1 failed, 0 skipped\n")


def test_a_failed_test_is_named_again_with_its_reason_at_the_end(use, capsys):
    use({"first": FAILS, "second": PASSES}, ((("first",), ("second",)),))
    assert main([]) == 1
    *_, verdict, reason, name, _, _, _ = capsys.readouterr().out.splitlines()
    assert verdict.startswith("first    FAILED")
    assert reason == "first   | E       assert 1 == 2"
    assert name.startswith("first   | FAILED ") and "test_first.py::test_one" in name


def test_a_suite_that_ran_nothing_is_a_failure(use, capsys):
    use({"empty": "", "second": PASSES}, ((("empty", "second"),),))
    assert main([]) == 1
    out = capsys.readouterr().out
    assert "empty    ran no test  0 passed, 0 failed, 0 skipped, exit code 5" in out
    assert out.endswith("\n1 passed, 1 failed, 0 skipped\n")


def test_only_the_suites_that_are_named_run(use, capsys):
    use({"first": FAILS, "second": PASSES}, ((("first",), ("second",)),))
    assert main(["second"]) == 0
    assert "first" not in capsys.readouterr().out


def test_what_several_suites_need_is_made_once_before_any_of_them(use, tmp_path):
    log = tmp_path / "log"
    script = f"open({str(log)!r}, 'a').write('made ')"
    lane = f"import pathlib\n\ndef test_made():\n    assert pathlib.Path({str(log)!r}).read_text() == 'made '\n"
    use({"left": lane, "right": lane}, ((("left",), ("right",)),), (sys.executable, "-c", script))
    assert main([]) == 0


def test_what_cannot_be_made_stops_the_run(use):
    use({"one": PASSES}, ((("one",),),), (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        main([])


def test_an_unknown_suite_is_refused_by_name():
    tool = Path(run_tests.__file__)
    done = subprocess.run([sys.executable, tool, "pyhton"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "unknown suite 'pyhton'; there are forge, gas, python, scripts, ray, anvil, ganache\n"
