"""Options of the scripts: what they take, and the one line with which they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.options import (
    OptionError,
    choice,
    demo_config,
    ether,
    one_line_errors,
    payout_options,
    whole,
    writable_folder,
)

POLICIES = "complete, incomplete, fair-share, least-cost"


def test_defaults_hold_where_nothing_is_set():
    assert whole({}, "BCFL_CLIENTS", 8, 1, 59) == 8
    assert choice({}, "BCFL_POLICY", "complete", ("complete", "incomplete")) == "complete"
    assert ether({}, "BCFL_MAX_SPEND", "0.05") == 5 * 10**16


def test_the_game_that_is_shown_is_an_option():
    assert demo_config({}).contribution == "workload"
    assert demo_config({"BCFL_CONTRIBUTION": "accuracy"}).contribution == "accuracy"


@pytest.mark.parametrize("text", ["1", "59", " 7 "])
def test_whole_numbers_in_range_are_taken(text):
    assert whole({"N": text}, "N", 8, 1, 59) == int(text)


@pytest.mark.parametrize("text", ["0", "60", "-1", "", "2.5", "eight", "nan", "1e1"])
def test_other_numbers_are_refused_with_name_value_and_range(text):
    with pytest.raises(OptionError, match="^N is .*; it must be a whole number from 1 to 59$") as refused:
        whole({"N": text}, "N", 8, 1, 59)
    assert (refused.value.name, refused.value.value) == ("N", text)


def test_an_unknown_word_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match="BCFL_POLICY is 'best'; it must be one of complete, incomplete"):
        choice({"BCFL_POLICY": "best"}, "BCFL_POLICY", "complete", ("complete", "incomplete"))


@pytest.mark.parametrize("text, wei", [("1", 10**18), ("0.000000000000000001", 1), ("1e-3", 10**15)])
def test_ether_is_exact(text, wei):
    assert ether({"E": text}, "E", "1") == wei


@pytest.mark.parametrize("text", ["0", "-1", "0.0000000000000000001", "much", "", "NaN", "Infinity"])
def test_no_amount_of_ether_is_refused(text):
    with pytest.raises(OptionError, match="amount of ether"):
        ether({"E": text}, "E", "1")


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("CLIENTS", "60", "a whole number from 1 to 59"),
        ("ROUNDS", "many", "a whole number from 1 to 1000"),
        ("POLICY", "fair", f"one of {POLICIES}"),
        ("CONTRIBUTION", "fame", "one of workload, accuracy"),
        ("SEED", "-1", "a whole number from 0 to 4294967295"),
        ("TOKEN", "shells", "one of coin, erc20"),
    ],
)
def test_wrong_options_of_the_demo_are_refused_under_both_their_names(option, value, words):
    with pytest.raises(OptionError) as refused:
        demo_config({f"BCFL_{option}": value})
    assert str(refused.value) == f"{option} (BCFL_{option}) is {value!r}; it must be {words}"


def test_the_makefile_has_a_variable_for_every_option_of_the_demo():
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text(encoding="utf-8")
    for option in ("CLIENTS", "ROUNDS", "POLICY", "SEED", "CONTRIBUTION", "TOKEN"):
        assert f"BCFL_{option}='$({option})'" in makefile


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("BCFL_BUDGET", "0.2", "BCFL_BUDGET is '0.2'; it must be at most 0.1 ether"),
        (
            "BCFL_BOND",
            "1000000",
            "BCFL_BOND is '1000000'; it must be at most 604462.909807314587353087 ether",
        ),
        (
            "BCFL_MAX_SPEND",
            "0",
            "BCFL_MAX_SPEND is '0'; it must be a positive amount of ether with at most 18 decimals",
        ),
        ("BCFL_POLICY", "", f"BCFL_POLICY is ''; it must be one of {POLICIES}"),
    ],
)
def test_wrong_options_of_a_payout_are_refused(option, value, words):
    with pytest.raises(OptionError) as refused:
        payout_options({option: value})
    assert str(refused.value) == words


def test_options_of_a_payout_are_in_wei():
    options = payout_options({"BCFL_BUDGET": "0.01", "BCFL_MAX_SPEND": "1"})
    assert (options.budget, options.bond, options.limit) == (10**16, 10**14, 10**18)


def test_a_folder_is_made_and_left_as_it_was(tmp_path):
    folder = tmp_path / "new" / "out"
    for _ in range(2):
        assert writable_folder({"BCFL_OUT": str(folder)}, "BCFL_OUT", "out/demo") == folder
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "place, reason",
    [
        ("/proc/x", "No such file or directory"),
        ("/proc", "No such file or directory|Operation not supported|Permission denied"),
        ("{file}/below", "Not a directory"),
        ("{file}", "File exists"),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_refused_with_the_reason(tmp_path, place, reason):
    (tmp_path / "file").touch()
    place = place.format(file=tmp_path / "file")
    words = rf"^BCFL_OUT is '{place}'; it must be a folder that can be written to \(({reason})\)$"
    with pytest.raises(OptionError, match=words):
        writable_folder({"BCFL_OUT": place}, "BCFL_OUT", "out/demo")


@pytest.mark.parametrize("error, code", [(OptionError("N", "x", "a number"), 2), (KeyError("N"), 1)])
def test_errors_end_in_one_line_and_an_exit_code(error, code, capsys):
    with pytest.raises(SystemExit) as ended, one_line_errors(KeyError):
        raise error
    assert ended.value.code == code
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1


def test_an_error_that_nobody_foresaw_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), one_line_errors(KeyError):
        _ = 1 / 0
