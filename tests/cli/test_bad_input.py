"""Bad input: exit code 2 and one line on standard error with the place and the value, nothing else."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bcfl_offchain.cli import main

EXAMPLE = str(Path(__file__).resolve().parents[2] / "docs" / "examples" / "clients.csv")
GOOD = {
    "budget": "1500",
    "mining-budget": "250",
    "deadline": "15",
    "mining-cycles": "5",
    "target": "10",
    "policy": "complete",
}
HEADER = "client,training_cycles,energy_coefficient\n"


def complaint(capsys, arguments):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1 and captured.err.startswith("bcfl: error: ")
    assert "Traceback" not in captured.err
    return captured.err


def price(path, **changes):
    options = {**GOOD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return ["price", str(path), *(f"--{name}={value}" for name, value in options.items())]


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text(HEADER + "ann,10,0.01\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "content, place, value",
    [
        ("", ":1: ", "empty"),
        ("\n \n", ":1: ", "empty"),
        (HEADER, ":2: ", "no client"),
        ("client,training_cycles\nann,10\n", ":1:energy_coefficient: ", "missing"),
        ("client,energy_coefficient\nann,10\n", ":1:training_cycles: ", "missing"),
        ("name,training_cycles,energy_coefficient\nann,1,1\n", ":1:client: ", "name,training_cycles"),
        ("client,training_cycles,energy_coefficient,max_freq\nann,1,1,1\n", ":1: ", "'max_freq'"),
        ("client,training_cycles,energy_coefficient,client\nann,1,1,ann\n", ":1:client: ", "twice"),
        (HEADER + "ann,-10,0.01\n", ":2:training_cycles: ", "'-10'"),
        (HEADER + "ann,0,0.01\n", ":2:training_cycles: ", "'0'"),
        (HEADER + "ann,10,0.01\n\nbob,10,nan\n", ":4:energy_coefficient: ", "'nan'"),
        (HEADER + "ann,inf,0.01\n", ":2:training_cycles: ", "'inf'"),
        (HEADER + "ann,1e999999999,0.01\n", ":2:training_cycles: ", "'1e999999999'"),
        (HEADER + "ann,ten,0.01\n", ":2:training_cycles: ", "'ten'"),
        (HEADER + "ann,,0.01\n", ":2:training_cycles: ", "''"),
        (HEADER + ",10,0.01\n", ":2:client: ", "''"),
        (HEADER + "ann,10\n", ":2: ", "has 2 fields where the header has 3"),
        (HEADER + "ann\n", ":2: ", "has 1 field where"),
        (HEADER + "ann,10,0.01,3\n", ":2: ", "4 fields"),
        (HEADER + "ann,10,0.01\nbob,9,0.01\nann,8,0.01\n", ":4:client: ", "'ann' is already on line 2"),
        (HEADER + 'ann,"10,0.01\n', ":2: ", "is no CSV"),
        (
            "client,training_cycles,energy_coefficient,max_frequency\nann,1,1,-2\n",
            ":2:max_frequency: ",
            "'-2'",
        ),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", ": ", "0x89"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, capsys, content, place, value):
    path = tmp_path / "clients.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    line = complaint(capsys, price(path))
    assert f"clients.csv{place}" in line and value in line


def test_a_file_that_is_not_there_and_a_folder(tmp_path, capsys):
    assert "nowhere.csv: cannot be read: No such file" in complaint(capsys, price(tmp_path / "nowhere.csv"))
    assert "cannot be read: Is a directory" in complaint(capsys, price(tmp_path))


@pytest.mark.parametrize(
    "option, value, requirement",
    [
        ("budget", "-1", "non-negative"),
        ("budget", "lots", "a decimal number"),
        ("mining_budget", "1500.5", "at most budget = 1500"),
        ("deadline", "0", "positive"),
        ("deadline", "-15", "positive"),
        ("deadline", "inf", "a finite number"),
        ("mining_cycles", "0", "positive"),
        ("target", "nan", "a finite number"),
        ("policy", "generous", "--policy: policy is 'generous'; it must be one of complete, incomplete, fair-share"),
        ("reservation_utility", "1", "0 under policy complete"),
        ("reservation_utility", "-1", "non-negative"),
    ],
)
def test_options_without_meaning(good, capsys, option, value, requirement):
    line = complaint(capsys, price(good, **{option: value}))
    assert f"{option.replace('_', '-')}" in line and value in line and requirement in line


@pytest.mark.parametrize("target", ["-1", "x", "nan"])
def test_a_target_without_meaning(good, capsys, target):
    assert f"--target: target is {target};" in complaint(capsys, ["shapley", str(good), f"--target={target}"])


@pytest.mark.parametrize(
    "arguments, problem",
    [
        (["shapely"], "No such command 'shapely'"),
        (["shapley"], "CLIENTS.csv"),
        (["shapley", "clients.csv"], "--target"),
        (["shapley", "clients.csv", "--target", "1", "--jsno"], "--jsno"),
    ],
)
def test_a_command_line_that_does_not_parse(capsys, arguments, problem):
    assert problem in complaint(capsys, arguments)


def test_the_name_alone_shows_the_help(capsys):
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.err == "" and all(name in captured.out for name in ("shapley", "price", "explain", "audit"))


def test_a_game_that_is_too_large_says_what_it_would_cost_and_the_way_out(tmp_path, capsys):
    path = tmp_path / "fine.csv"
    rows = "".join(f"c{client},{client + 1}.{client**9 + 1:018d},0.01\n" for client in range(30))
    path.write_text(HEADER + rows, encoding="utf-8")
    assert "coarser cycle unit" in complaint(capsys, ["shapley", str(path), "--target", "10", "--exact"])
    explain = ["explain", *price(path)[1:]]
    assert "coarser cycle unit" in complaint(capsys, explain)


def test_no_traceback_from_a_process_either():
    command = [sys.executable, "-m", "bcfl_offchain.cli", "shapley", "nowhere.csv", "--target", "10"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "bcfl: error: nowhere.csv: cannot be read: No such file or directory; name a CSV file\n"
    )


@pytest.mark.parametrize(
    "arguments", [["shapley", EXAMPLE, "--target=10"], ["shapley", EXAMPLE, "--target=10", "--json"], ["--help"]]
)
class TestOutputThatCannotBeWritten:
    def end(self, arguments, out):
        command = [sys.executable, "-m", "bcfl_offchain.cli", *arguments]
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stderr

    def test_a_full_disk_is_one_line(self, arguments):
        with open("/dev/full", "w") as full:
            ended = self.end(arguments, full)
        assert ended == (2, "bcfl: error: the output cannot be written: No space left on device\n")

    def test_a_closed_pipe_is_quiet_and_not_the_code_of_a_difference(self, arguments):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            assert self.end(arguments, pipe) == (2, "")

    def test_an_output_that_the_caller_closed_is_not_missed(self, arguments):
        command = [sys.executable, "-m", "bcfl_offchain.cli", *arguments]
        shell = f"{shlex.join(command)} >&-"
        done = subprocess.run(["sh", "-c", shell], stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_byte_order_mark_blank_lines_and_spaces_are_no_fault(tmp_path, capsys):
    path = tmp_path / "clients.csv"
    path.write_text(
        "\ufeffclient , training_cycles,energy_coefficient\n\n ann , 10 , 0.01 \n", encoding="utf-8"
    )
    assert main(price(path)) == 0
    assert "ann" in capsys.readouterr().out
