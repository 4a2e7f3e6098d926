"""No chain process survives tools/with_chain.py, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bcfl_offchain.chain import connect
from tools import with_chain

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "tools" / "with_chain.py"
CHAINS = {
    "anvil": "anvil --quiet --port $BCFL_PORT",
    "ganache": "ganache-cli --logging.quiet --server.port $BCFL_PORT",
}


def running(pids: list[int]) -> list[int]:
    """Those of `pids` that still run (a zombie does not)."""
    alive = []
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                alive.append(pid)
        except psutil.NoSuchProcess:
            continue
    return alive


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.05)


def start(command: str, **options) -> tuple[subprocess.Popen, int, int]:
    """Run `command` in the background of a shell under the tool; returns the tool, the chain's pid and its port."""
    shell = f"{command} & echo $! $BCFL_PORT; wait"
    tool = subprocess.Popen(
        [sys.executable, SCRIPT, "--", "sh", "-c", shell], stdout=subprocess.PIPE, text=True, **options
    )
    assert tool.stdout is not None
    chain, port = (int(word) for word in tool.stdout.readline().split())
    wait_until(lambda: listens(port), f"the chain answers on port {port}")
    return tool, chain, port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_a_signal_leaves_no_chain(chain, number):
    tool, pid, port = start(CHAINS[chain])
    tool.send_signal(number)
    assert tool.wait(timeout=60) == 128 + number
    wait_until(lambda: not running([pid]) and not listens(port), "the chain is gone")


def test_the_states_that_a_chain_wrote_go_with_it():
    tool, _, port = start('echo "$HOME" >&2; anvil --quiet --port $BCFL_PORT', stderr=subprocess.PIPE)
    assert tool.stderr is not None
    home = Path(tool.stderr.readline().strip())
    connect(f"http://127.0.0.1:{port}").provider.make_request("anvil_mine", [hex(1_000)])
    wait_until(lambda: any(home.glob(".foundry/anvil/**/*.json")), "Anvil has written states")
    networks = home / ".brownie"
    assert networks.resolve() == Path(with_chain.chain_environment()["HOME"]) / ".brownie"
    tool.send_signal(signal.SIGTERM)
    assert tool.wait(timeout=60) == 128 + signal.SIGTERM
    assert not home.exists() and Path(with_chain.chain_environment()["HOME"], ".brownie").is_dir()


@pytest.mark.parametrize("code", [0, 3])
def test_an_end_of_the_command_leaves_no_chain_and_keeps_its_code(code):
    shell = f"{CHAINS['anvil']} & echo $!; exit {code}"
    done = subprocess.run(
        [sys.executable, SCRIPT, "sh", "-c", shell], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    wait_until(lambda: not running([int(done.stdout)]), "the chain is gone")


def test_a_command_deaf_to_signals_is_killed():
    shell = "trap '' TERM INT; echo $$; while :; do sleep 0.1; done"
    tool = subprocess.Popen([sys.executable, SCRIPT, "sh", "-c", shell], stdout=subprocess.PIPE, text=True)
    assert tool.stdout is not None
    pid = int(tool.stdout.readline())
    tool.send_signal(signal.SIGTERM)
    assert tool.wait(timeout=with_chain.GRACE_SECONDS + 60) == 128 + signal.SIGTERM
    assert not running([pid])


def test_a_signal_sent_to_the_command_is_its_exit_code():
    done = subprocess.run([sys.executable, SCRIPT, "sh", "-c", "kill -TERM $$"], timeout=60, check=False)
    assert done.returncode == 128 + signal.SIGTERM


def test_an_unknown_program_is_named():
    done = subprocess.run([sys.executable, SCRIPT, "no-such-program"], capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "no-such-program: no such program" in done.stderr


def test_no_command_is_a_usage_error():
    done = subprocess.run([sys.executable, SCRIPT, "--"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_the_environment_points_into_the_project():
    environment = with_chain.chain_environment()
    assert Path(environment["HOME"]).is_relative_to(PROJECT)
    assert environment["PATH"].split(os.pathsep)[0] == str(PROJECT / "node_modules" / ".bin")
    assert (Path(environment["SOLCX_BINARY_PATH"]) / "solc-v0.8.37").resolve() == PROJECT / "tools" / "solc.js"
    with socket.socket() as server:
        server.bind(("127.0.0.1", int(environment["BCFL_PORT"])))


def test_a_port_is_free_and_none_that_the_system_gives_to_connections(monkeypatch):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        busy = server.getsockname()[1]
        port = with_chain.free_port()
        monkeypatch.setattr(with_chain.random, "sample", lambda ports, count: [busy, port])
        assert port in range(10_000, 32_768) and with_chain.free_port() == port
        monkeypatch.setattr(with_chain.random, "sample", lambda ports, count: [busy])
        with pytest.raises(OSError, match="in use"):
            with_chain.free_port()


def test_what_was_built_from_a_source_that_is_gone_is_forgotten(tmp_path):
    build = tmp_path / "build" / "contracts"
    build.mkdir(parents=True)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Kept.sol").touch()
    library = "node_modules/library/Elsewhere.sol"  # brownie does not open those, and a set-up may be under way
    (build / "Kept.json").write_text(json.dumps({"allSourcePaths": {"0": "contracts/Kept.sol", "1": library}}))
    (build / "Gone.json").write_text(json.dumps({"allSourcePaths": {"0": "contracts/Gone.sol"}}))
    (build / "Uses.json").write_text(
        json.dumps({"allSourcePaths": {"0": "contracts/Kept.sol", "1": "contracts/Gone.sol"}})
    )
    assert with_chain.forget_removed_sources(build) == ["Gone.json", "Uses.json"]
    assert [artifact.name for artifact in build.iterdir()] == ["Kept.json"]
