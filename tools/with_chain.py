"""Run a command that starts a local chain, and leave no chain behind.

    python tools/with_chain.py brownie test tests/contracts --network anvil

The command (brownie, or anything that starts it) gets a free loopback port in ``BCFL_PORT``, the compiler of
node_modules in ``SOLCX_BINARY_PATH``, the chains of node_modules and the programs of this Python's environment
first in ``PATH``, and a home folder inside the project, so that nothing depends on the user's own brownie settings.

It runs in a session of its own. Whatever ends it (its own end, a failure, Ctrl-C, SIGTERM, SIGHUP), every process
of that session's group is killed afterwards: brownie alone orphans its chain on SIGTERM. What a chain wrote goes with
it. The exit code is the command's, or 128 + the signal's number.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05
LASTING = (".brownie", ".cache")
"""Of a home folder: brownie's networks, and what Python's libraries keep."""


def free_port() -> int:
    """A loopback port that nobody listens on: brownie would attach to whatever chain answers on a busy one.

    It is none of those that a system gives to outgoing connections (from 32,768 on): a chain may start minutes
    after its port was chosen, and one of the many connections of the tests might have taken it by then.

    Raises
    ------
    OSError
        If a hundred ports in a row are taken.
    """
    for port in random.sample(range(10_000, 32_768), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                busy = error
                continue
            return port
    raise busy


def chain_environment() -> dict[str, str]:
    """The environment of this process, with the project's own compiler, chains, port and home folder."""
    home = PROJECT / ".cache" / "home"
    home.mkdir(parents=True, exist_ok=True)
    programs = [str(PROJECT / "node_modules" / ".bin"), str(Path(sys.executable).parent)]
    return {
        **os.environ,
        "BCFL_PORT": str(free_port()),
        "HOME": str(home),
        "PYTHONWARNINGS": "ignore:rpc.:FutureWarning",  # brownie's compiled modules warn of themselves
        "PATH": os.pathsep.join([*programs, os.environ.get("PATH", os.defpath)]),
        "SOLCX_BINARY_PATH": str(PROJECT / "tools" / "solcx"),
    }


@contextmanager
def passing_home(home: Path) -> Iterator[Path]:
    """A home folder for one run. What lasts is `home`'s, all else goes with it: Anvil keeps the older states of a chain
    below its home, a gigabyte in a day of tests, and leaves them there when a signal stops it.
    """
    # On the disk beside it: a system's own folder for such things may lie in memory.
    with tempfile.TemporaryDirectory(prefix="home-", dir=home.parent, ignore_cleanup_errors=True) as folder:
        for name in LASTING:
            (home / name).mkdir(exist_ok=True)
            (Path(folder) / name).symlink_to(home / name, target_is_directory=True)
        yield Path(folder)


def forget_removed_sources(build: Path = PROJECT / "build" / "contracts") -> list[str]:
    """Delete what brownie built from a source that is gone since, and name it: brownie would stop at each of them."""
    removed = []
    for artifact in sorted(build.glob("*.json")):
        sources = json.loads(artifact.read_text(encoding="utf-8")).get("allSourcePaths", {}).values()
        if any(not (build.parent.parent / source).exists() for source in sources if source.startswith("contracts/")):
            artifact.unlink()
            removed.append(artifact.name)
    return removed


def _signal_group(group: int, number: int) -> bool:
    """Signal a process group; False if nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def run(command: list[str]) -> int:
    """Run `command` as the module describes.

    Parameters
    ----------
    command : list of str
        Program and arguments; the program is looked up in the environment's own PATH.

    Returns
    -------
    int
        The command's exit code; 128 + n if it, or this process, was stopped by signal n; 127 if it does not exist.
    """
    forget_removed_sources()
    environment = chain_environment()
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        print(f"with_chain: {command[0]}: no such program; run `make setup`", file=sys.stderr)
        return 127
    stops: list[int] = []
    # Only noted, so that no moment exists at which a signal could part us from a child just started.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: stops.append(received))
    with passing_home(Path(environment["HOME"])) as home:
        child = subprocess.Popen(
            command, executable=program, cwd=PROJECT, env={**environment, "HOME": str(home)}, start_new_session=True
        )
        try:
            while not stops:
                try:
                    code = child.wait(timeout=POLL_SECONDS)
                    return code if code >= 0 else 128 - code
                except subprocess.TimeoutExpired:
                    continue
            _stop_politely(child, stops[0])
            return 128 + stops[0]
        finally:
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()


def _stop_politely(child: subprocess.Popen[bytes], number: int) -> None:
    """Pass the signal on to the whole group, as a terminal would, and wait a little for the group to empty."""
    deadline = time.monotonic() + GRACE_SECONDS
    alive = _signal_group(child.pid, number)
    while alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        child.poll()  # an ended child that nobody waited for would still count as a member
        alive = _signal_group(child.pid, 0)


def main(arguments: list[str]) -> int:
    """Command line: everything after an optional ``--`` is the command."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: with_chain.py [--] COMMAND [ARGUMENT...]", file=sys.stderr)
        return 2
    return run(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
