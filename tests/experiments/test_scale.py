"""`make scale` on a few clients: everything is paid and counted, and what is wrong is said and not shown."""

import json
import subprocess
import sys

import pytest

from tools import scale as bench
from bcfl_offchain.chain import Signer
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.chain.token import COIN
from bcfl_offchain.experiments import scale
from bcfl_offchain.experiments.scale import ScaleConfig, ScaleFailed, ScaleRun, draw_parts, scale_terms
from tests.chain.conftest import devnet, running_devnet
from tests.chain.devnet import PROJECT, account

__all__ = ["devnet", "running_devnet"]


@pytest.fixture
def make_run(devnet, tmp_path):
    def make(config):
        payers = account(0), account(1)
        return ScaleRun(
            devnet.w3, devnet.factory, payers, config, DevClock(devnet.w3), tmp_path, lambda text: None
        )

    return make


def test_a_run_pays_everybody_by_relayed_messages_alone(make_run):
    run = make_run(ScaleConfig(clients=6, rounds=2))
    figures = run.run()
    steps = {step["name"]: step for step in figures["steps"]}
    hired = figures["hired"][0]
    assert figures["hired"] == figures["votes"] == [hired, hired] and hired >= 2
    assert steps["joining, relayed"]["count"] == 6 and steps["work, relayed, later"]["count"] == hired
    for name in ("joining, relayed", "work, relayed, first round", "work, relayed, later", "claims, relayed"):
        assert steps[name]["transactions"] == 1 and steps[name]["gas"] == steps[name]["most_gas"]
    assert steps["pricing the unchanged list"]["transactions"] == 0
    ledger = {name: int(amount) for name, amount in figures["ledger"].items()}
    assert ledger["deposited"] == ledger["paid"] + ledger["returned"] > 0
    senders = {record.sender for record in run.records}
    task = run.place.task
    proposers = {round_.ranking(task.terms, task.address)[0] for round_ in run.place.reader.history().rounds}
    assert senders == {account(0).address, account(1).address} | proposers
    text = bench.document({"machine": "here", "runs": [{**figures, **MEMORY}]})
    assert f"| hired, of the first list | {hired} |" in text
    assert f"{steps['claims, relayed']['gas'] / hired:,.0f} in 1" in text
    json.dumps(figures)


MEMORY = {"seconds": 1.0, "memory": 1, "base_memory": 1, "chain_memory": 1}


def test_a_missing_wei_is_noticed(make_run, devnet):
    run = make_run(ScaleConfig(clients=3, rounds=1))
    check = run._check_money

    def lose_one():
        address = run.clients[0].address
        devnet.rpc("anvil_setBalance", address, hex(devnet.w3.eth.get_balance(address) - 1))
        return check()

    run._check_money = lose_one
    with pytest.raises(ScaleFailed) as failed:
        run.run()
    assert failed.value.expected - failed.value.found == 1


def test_a_refused_message_is_no_figure(make_run, devnet):
    run = make_run(ScaleConfig(clients=3, rounds=1))
    run.task.join(Signer(devnet.w3, account(2)), run.clients[0].report())  # not one of the run's clients
    run.task.revoke_signatures(_funded(devnet, run.clients[1]))
    messages = [client.sign_join(60) for client in run.clients]
    run.task.revoke_signatures(run.clients[1].signer)
    with pytest.raises(ScaleFailed, match="Task_WrongSignature"):
        run._relay("join", "joining, relayed", messages)


def _funded(devnet, client):
    devnet.rpc("anvil_setBalance", client.address, hex(10**18))
    return client.signer


def test_a_transaction_over_the_public_limit_is_no_success(make_run, monkeypatch):
    monkeypatch.setattr(scale, "MAX_TRANSACTION_GAS", 200_000)
    with pytest.raises(ScaleFailed, match="largest transaction"):
        make_run(ScaleConfig(clients=3, rounds=1)).run()


def test_terms_and_data_follow_from_the_configuration():
    config = ScaleConfig(clients=50, seed=3)
    terms = scale_terms(config, COIN)
    assert terms.bond == 0 and terms.max_clients == 50
    assert -(-terms.mining_cycles // terms.cycles_per_hash) == scale.HASHES
    parts, again = draw_parts(config), draw_parts(config)
    assert [len(part) for part in parts] == [len(part) for part in again]
    assert min(map(len, parts)) >= scale.SAMPLES[0] and max(map(len, parts)) <= scale.SAMPLES[1]
    assert all((one.features == other.features).all() for one, other in zip(parts, again))


@pytest.mark.parametrize("arguments", ["--clients 0", "--clients 1001", "--rounds x", "--no"])
def test_wrong_options_end_with_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments.split())
    assert ended.value.code == 2 and "error:" in capsys.readouterr().err


def test_the_command_measures_and_writes(tmp_path):
    page = tmp_path / "new" / "scale.md"
    command = [sys.executable, "-m", "tools.scale", "--clients", "3", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--json", "-", "--document", str(page)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert run["clients"] == 3 and run["memory"] >= 0
    assert run["chain_memory"] > 2**20 and run["base_memory"] > 2**24
    text = page.read_text(encoding="utf-8")
    assert "3 clients" in text and f"{run['most_gas']:,}" in text
    assert "3 clients: signing to join: 1 of 3" in done.stderr


def test_progress_is_told_once_for_each_tenth(capsys):
    say = bench._Progress(40)
    for done in range(1, 41):
        say(f"round 1: publishing: {done} of 40")
    say("opening")
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 12 and told[-1] == "40 clients: opening"
