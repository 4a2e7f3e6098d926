"""A rise of over 2 % is found, and so is a figure that is missing or that nobody committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import gas_check
from tools.gas_check import NotMeasured, compare, main, read

PROJECT = Path(__file__).resolve().parents[2]
STEPS = {"claim": 44_000, "openRound": 56_000}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a committed snapshot, and a forge that measures what the test says."""
    monkeypatch.chdir(tmp_path)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    forge = bin_folder / "forge"
    forge.write_text(
        "#!/bin/sh\n"
        'test "$*" = "test --match-path tests/forge/Gas.t.sol" || exit 64\n'
        'test "$FOUNDRY_GAS_SNAPSHOT_EMIT" = true || exit 65\n'
        'mkdir -p "$FOUNDRY_SNAPSHOTS" && test -f measured.json && cp measured.json "$FOUNDRY_SNAPSHOTS/Gas.json"\n'
        "exit $(cat exit-code)\n"
    )
    forge.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder), prepend=":")
    write(tmp_path / "snapshots/Gas.json", STEPS)
    (tmp_path / "exit-code").write_text("0")
    return tmp_path


def write(path: Path, figures: dict[str, int]) -> None:
    """As forge does: figures in strings."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({step: str(gas) for step, gas in figures.items()}), encoding="utf-8")


@pytest.mark.parametrize(
    ("fresh", "code", "told"),
    [
        (STEPS, 0, "no figure of 2 rose by more than 2 %"),
        ({**STEPS, "claim": 44_880}, 0, "changed: claim: 44,000 -> 44,880 gas (+2.0 %)"),
        ({**STEPS, "claim": 44_881}, 1, "FAILED: claim: 44,000 -> 44,881 gas (+2.0 %)"),
        ({**STEPS, "claim": 20_000}, 0, "changed: claim: 44,000 -> 20,000 gas (-54.5 %)"),
        ({"claim": 44_000}, 1, "FAILED: openRound: no longer measured (was 56,000 gas)"),
        ({**STEPS, "leave": 1}, 1, "FAILED: leave: not in the committed snapshot (1 gas)"),
    ],
)
def test_a_fresh_run_is_compared(project, capfd, fresh, code, told):
    write(project / "measured.json", fresh)
    assert main([]) == code
    assert told in capfd.readouterr().out
    assert read(project / "snapshots/Gas.json") == STEPS, "comparing keeps nothing"


def test_a_fresh_run_is_kept_on_request(project):
    write(project / "measured.json", {"claim": 50_000})
    assert main(["--write"]) == 0
    assert read(project / "snapshots/Gas.json") == {"claim": 50_000}


def test_figures_of_an_earlier_run_do_not_count(project, capfd):
    write(project / "measured.json", STEPS)
    assert main([]) == 0
    (project / "measured.json").unlink()  # and forge says that all is well
    (project / "bin/forge").write_text("#!/bin/sh\nexit 0\n")
    assert main([]) == 2
    assert "no such snapshot" in capfd.readouterr().err


def test_a_test_that_fails_fails_the_check(project):
    write(project / "measured.json", STEPS)
    (project / "exit-code").write_text("3")
    assert main([]) == 3


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"claim": "many"}', '{"claim": null}'])
def test_a_file_without_figures_is_refused(tmp_path, text):
    path = tmp_path / "Gas.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotMeasured, match=r"Gas.json: .*make gas"):
        read(path)


def test_unknown_arguments_are_refused(capfd):
    assert main(["--all"]) == 2
    assert "--all" in capfd.readouterr().err


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**7)), st.data())
def test_exactly_rises_of_over_two_percent_fail(committed, data):
    fresh = {step: data.draw(st.integers(1, 2 * gas), label=step) for step, gas in committed.items()}
    failures, changes = compare(committed, fresh)
    risen = [step for step in committed if 100 * fresh[step] > 102 * committed[step]]
    assert [line.split(":")[0] for line in failures] == sorted(risen)
    assert len(failures) + len(changes) == sum(fresh[step] != committed[step] for step in committed)


def test_the_committed_snapshot_has_every_step_at_every_size_and_round():
    figures = read(PROJECT / gas_check.COMMITTED)
    assert {"createTask", "joinTask"} < figures.keys()
    for n in (10, 50, 400):
        for number in (1, 2, 20):
            which = "first time" if number == 1 else "later"
            price = "first time" if number == 1 else "changed"
            at = f"(N = {n}, round {number})"
            assert figures[f"submitWork, {which} {at}"] > 21_000
            assert figures[f"openRound, list unchanged {at}"] > 21_000
            assert figures[f"ending by quorum: one more signer {at}"] > 3_000
            assert figures[f"posting a price, {price}: one more {at}"] > 5_000
        assert figures[f"claim after 20 rounds (N = {n}, round 20)"] > 21_000
    assert figures["relayed work, later: whole batch / entries (N = 100, round 20)"] > 10_000
