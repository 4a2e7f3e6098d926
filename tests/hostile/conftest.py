"""One Anvil with a task of two rounds' life on it, and a node in front of it that may lie."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import contextmanager

import pytest

from bcfl_offchain.cli import main
from tests.agents.world import make_world
from tests.chain.conftest import devnet, running_devnet
from tests.hostile.proxy import lying_node

__all__ = ["devnet", "running_devnet"]


@pytest.fixture(scope="session")
def lived(running_devnet, tmp_path_factory):
    """A task that everybody joined, with a round ended by quorum, claims, and a second round open, in which a
    stranger has brought work that nobody signed."""
    world = make_world(running_devnet, tmp_path_factory.mktemp("lived"))
    world.join_all()
    world.run_round()
    for client in world.clients[:2]:
        client.claim()
    world.task.revoke_signatures(world.alice.signer)
    world.open_round()
    unsigned = world.alice.address, (bytes(32), 1, 1, (0, 0)), 2**40, (bytes(32), bytes(32))
    world.stranger().send(world.task.contract.functions.submitWorks([unsigned]), "work that nobody signed")
    return world


@pytest.fixture(scope="session")
def true_logs(lived):
    """The task's logs as the node gives them in JSON."""
    wanted = {"address": [lived.task.address], "fromBlock": "0x0", "toBlock": "0xffff"}
    return lived.devnet.w3.provider.make_request("eth_getLogs", [wanted])["result"]


@pytest.fixture
def node(lived):
    """A node in front of the chain of `lived`."""
    with lying_node(lived.devnet.url) as running:
        yield running


@pytest.fixture
def audit(lived, node, capsys):
    """Run `bcfl audit` through the node: exit code, standard output, standard error."""

    def run(*options):
        code = main(["audit", "--rpc", node.url, lived.task.address, *options])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        if code == 2:
            assert captured.out == "" and captured.err.startswith("bcfl: error: ")
            assert captured.err.count("\n") == 1 and captured.err.strip().isprintable()
            assert len(captured.err) < 1000
        return code, captured.out, captured.err

    return run


@pytest.fixture
def refused(audit):
    """Run `bcfl audit` through the node, which has to end in one line of error; that line."""

    def run(*options):
        code, _, err = audit(*options)
        assert code == 2
        return err

    return run


@pytest.fixture
def differences(audit):
    """Run `bcfl audit` through the node, which has to find differences; what differs."""

    def run():
        code, out, _ = audit("--json")
        assert code == 1
        return {item["what"] for item in json.loads(out)["differences"]}

    return run


@pytest.fixture
def peak_memory():
    """Measure how much memory this process takes at most, beyond what it had: Python's own allocations."""

    @contextmanager
    def measure():
        tracemalloc.start()
        try:
            yield lambda: peak
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure
