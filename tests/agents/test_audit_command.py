"""`bcfl audit`: exit code 0 when all agrees, 1 with the differences, 2 with one line otherwise."""

import json

import pytest

from bcfl_offchain.cli import main
from tests.agents.test_agents_lists import TamperingOwner


def run(capsys, *arguments):
    code = main(["audit", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_an_honest_task_exits_0(world, capsys):
    world.run_round()
    code, out, err = run(capsys, "--rpc", world.devnet.url, world.task.address)
    assert code == 0 and err == ""
    assert "All agree." in out and str(world.task.ledger().deposited) in out


def test_json_has_everything_in_one_object(world, capsys):
    world.run_round()
    code, out, _ = run(
        capsys,
        "--rpc",
        world.devnet.url,
        world.task.address.lower(),
        "--factory",
        world.devnet.factory.address,
        "--json",
    )
    report = json.loads(out)
    assert code == 0 and report["agrees"] and report["differences"] == []
    assert (report["task"], report["rounds"], report["works"]) == (world.task.address, 1, 4)
    ledger = {name: int(value) for name, value in report["ledger"].items()}
    assert ledger["deposited"] == sum(ledger.values()) - ledger["deposited"]


@pytest.fixture
def tampered(make):
    world = make(owner_type=TamperingOwner)
    world.open_round()
    return world


def test_tampered_caps_exit_1_and_are_shown(tampered, capsys):
    code, out, err = run(capsys, "--rpc", tampered.devnet.url, tampered.task.address)
    assert code == 1 and err == ""
    assert "Differences: " in out and "training_cap" in out


def test_no_difference_is_cut_where_the_console_is_narrow(tampered, capsys, monkeypatch):
    monkeypatch.setattr("bcfl_offchain.cli.PIPE_WIDTH", 60)
    _, out, _ = run(capsys, "--rpc", tampered.devnet.url, tampered.task.address)
    assert "…" not in out and max(map(len, out.splitlines())) <= 60


def test_tampered_caps_in_json(tampered, capsys):
    code, out, _ = run(capsys, "--rpc", tampered.devnet.url, tampered.task.address, "--json")
    report = json.loads(out)
    assert code == 1 and not report["agrees"]
    caps = [item for item in report["differences"] if item["what"] == "training_cap"]
    assert len(caps) == 2
    moved = [int(item["found"]) - int(item["expected"]) for item in caps]
    assert sum(moved) == 0 and moved[0] < 0


def test_forced_ether_is_shown_as_nobodys(world, capsys):
    balance = world.devnet.w3.eth.get_balance(world.task.address)
    world.devnet.rpc("anvil_setBalance", world.task.address, hex(balance + 777))
    code, out, _ = run(capsys, "--rpc", world.devnet.url, world.task.address)
    assert code == 0 and "nobody" in out and "777" in out


def complaint(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == ""
    assert err.startswith("bcfl: error: ") and err.count("\n") == 1 and "Traceback" not in err
    return err


def test_an_unknown_task_exits_2(devnet, capsys):
    address = "0x" + "12" * 20
    assert address in complaint(capsys, "--rpc", devnet.url, address)
    assert "no code" in complaint(capsys, "--rpc", devnet.url, address)


def test_another_contract_exits_2(devnet, capsys):
    assert "terms" in complaint(capsys, "--rpc", devnet.url, devnet.factory.address)


def test_nonsense_for_an_address_exits_2(devnet, capsys):
    assert "nonsense" in complaint(capsys, "--rpc", devnet.url, "nonsense")


@pytest.mark.parametrize("place", ["0x" + "12" * 20, "task", "nonsense"])
def test_a_factory_that_is_none_exits_2_and_is_named(world, capsys, place):
    factory = world.task.address if place == "task" else place
    error = complaint(capsys, "--rpc", world.devnet.url, world.task.address, "--factory", factory)
    assert factory in error and ("is no factory" in error or "is no address" in error)


def test_a_first_block_after_the_funding_exits_2_and_is_named(world, capsys):
    block = world.devnet.w3.eth.block_number
    error = complaint(
        capsys, "--rpc", world.devnet.url, world.task.address, "--first-block", str(block)
    )
    assert f"task {world.task.address} was not funded in block {block} or later; begin at an earlier" in error


def test_a_dead_rpc_exits_2(capsys):
    error = complaint(capsys, "--rpc", "http://127.0.0.1:9", "0x" + "12" * 20)
    assert "no chain answers at http://127.0.0.1:9 (Connection refused)" in error


def test_what_is_no_url_exits_2(capsys):
    assert "ftp://x" in complaint(capsys, "--rpc", "ftp://x", "0x" + "12" * 20)


def test_a_missing_option_exits_2(capsys):
    assert "rpc" in complaint(capsys, "0x" + "12" * 20)


def test_a_node_of_another_chain_is_refused(world, capsys):
    found = world.devnet.w3.eth.chain_id
    assert run(capsys, "--rpc", world.devnet.url, world.task.address, "--chain-id", str(found))[0] == 0
    code, out, err = run(capsys, "--rpc", world.devnet.url, world.task.address, "--chain-id", "11155111")
    assert code == 2 and out == ""
    assert err.count("\n") == 1 and str(found) in err and "11155111" in err
