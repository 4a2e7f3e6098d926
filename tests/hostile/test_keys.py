"""No private key leaves the memory of the process that uses it, but for an encrypted file.

The keys here are fresh ones, so that nothing can hold them by accident. Those of the demo's accounts are no
secrets: they follow from the mnemonic that all devnets share and that stands in scripts/run_rounds.py.
"""

import base64
import json
import logging
import secrets
import traceback

import pytest
import typer
from eth_account import Account

from bcfl_offchain import cli
from bcfl_offchain.agents import Owner
from bcfl_offchain.chain import (
    ChainError,
    Signer,
    SpendLimitReached,
    TransactionRefused,
    connect,
)
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms, run_demo
from bcfl_offchain.experiments.payout import Parties
from bcfl_offchain.experiments.purse import Purse, PurseSigner
from bcfl_offchain.experiments.report import write_report
from scripts.keystores import Keys, KeystoreError, load_keys
from tests.agents.world import make_world
from tests.hostile.proxy import lying_node
from tools.rehearse_payout import make_keystores


def forms(account):
    """A private key in every form that a program may write."""
    key = bytes(account.key)
    return {
        key,
        key.hex().encode(),
        key.hex().upper().encode(),
        str(int.from_bytes(key, "big")).encode(),
        base64.b64encode(key).rstrip(b"="),
        repr(key)[2:-1].encode(),
        str(list(key))[1:-1].encode(),
    }


def assert_without(accounts, *texts):
    """None of the texts holds a key, in any form."""
    for text in texts:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        for account in accounts:
            assert not any(form in data for form in forms(account))


def everything(folder):
    """Names and contents of all files in a folder."""
    paths = list(folder.rglob("*"))
    return [str(path) for path in paths] + [path.read_bytes() for path in paths if path.is_file()]


@pytest.fixture
def people(devnet):
    accounts = [Account.create() for _ in range(4)]
    for account in accounts:
        devnet.rpc("anvil_setBalance", account.address, hex(10**20))
    return accounts


def test_the_search_finds_a_key(people, tmp_path):
    (tmp_path / "leak").write_text(json.dumps({"key": people[2].key.hex()}))
    with pytest.raises(AssertionError):
        assert_without(people, *everything(tmp_path))


def test_a_demo_writes_says_and_logs_no_key(devnet, people, tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    keys, said = [account.key.hex() for account in people], []
    summary = run_demo(
        devnet.w3,
        devnet.factory.address,
        keys[0],
        keys[1:],
        DemoConfig(clients=3, rounds=1),
        DevClock(devnet.w3),
        tmp_path / "files",
        said.append,
    )
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    write_report(summary, tmp_path / "report.html")
    files = everything(tmp_path)
    assert len(files) > 10 and sum(len(part) for part in files) > 10_000
    assert_without(people, *files, *said, caplog.text, *capfd.readouterr())


def test_no_agent_shows_its_key(devnet, people, tmp_path):
    world = make_world(devnet, tmp_path)
    owner_signer = Signer(devnet.w3, people[0])
    owner = Owner.create(owner_signer, devnet.factory, demo_terms(DemoConfig(), people[0].address))
    purse = Purse(devnet.w3, 10**18, print)
    parties = Parties.of(Purse(devnet.w3, 10**18, print), people[0], people[1:])
    world.alice.signer = Signer(devnet.w3, people[1])
    for thing in (
        owner_signer,
        PurseSigner(people[1], purse),
        owner,
        world.alice,
        parties,
        Keys(people[0], tuple(people[1:])),
        [owner_signer],
        vars(owner_signer),
        vars(world.alice),
    ):
        assert_without(people, repr(thing), str(thing))
    assert repr(owner_signer) == f"Signer({people[0].address})"


def _refused(task, signer, node):
    task.close(signer, signer.address)


def _over_limit(task, signer, node):
    signer.spend_limit = 1
    task.revoke_signatures(signer)


def _malformed(task, signer, node):
    node.result("eth_sendRawTransaction", lambda result: "0x00")
    signer.send(Pay(), "pay")


def _no_answer(task, signer, node):
    node.fail("eth_sendRawTransaction", 500)
    signer.send(Pay(), "pay")


class Pay:
    """Plain money to nobody."""

    def build_transaction(self, transaction=None):
        return {**(transaction or {}), "to": "0x" + "12" * 20, "data": "0x"}


@pytest.mark.parametrize("fail", [_refused, _over_limit, _malformed, _no_answer])
def test_no_error_shows_a_key_even_with_all_its_variables(devnet, people, fail, caplog):
    caplog.set_level(logging.DEBUG)
    with lying_node(devnet.url) as node:
        w3 = connect(node.url)
        terms = demo_terms(DemoConfig(), people[0].address)
        owner = Signer(devnet.w3, people[0])
        task = devnet.factory.create_task(owner, terms)
        task = type(task)(w3, task.address)
        signer = Signer(w3, people[1])
        with pytest.raises((ChainError, TransactionRefused, SpendLimitReached)) as failed:
            fail(task, signer, node)
    told = traceback.TracebackException.from_exception(failed.value, capture_locals=True)
    text = "".join(told.format())
    assert "signer" in text and len(text) > 1000
    assert_without(people, text, str(failed.value), repr(vars(failed.value)), caplog.text)


def test_keystores_are_encrypted_and_what_is_wrong_with_them_shows_no_key(devnet, tmp_path):
    password = secrets.token_urlsafe(16)
    make_keystores(tmp_path / "keys", 2, password, devnet.w3)
    keys = load_keys(tmp_path / "keys", lambda: password, 12)
    accounts = [keys.owner, *keys.clients]
    assert_without(accounts, *everything(tmp_path))
    with pytest.raises(KeystoreError) as failed:
        load_keys(tmp_path / "keys", lambda: "wrong", 12)
    text = "".join(traceback.TracebackException.from_exception(failed.value, capture_locals=True).format())
    assert_without(accounts, text)


def test_the_command_line_takes_no_key_and_no_password():
    commands = typer.main.get_command(cli.app).commands
    assert {"shapley", "price", "explain", "audit"} <= commands.keys()
    names = {name for command in commands.values() for parameter in command.params for name in parameter.opts}
    assert not any(word in name for name in names for word in ("key", "secret", "password", "mnemonic"))


@pytest.mark.parametrize(
    "url",
    [
        "me:hunter2@127.0.0.1:9",
        "http:/me:hunter2@127.0.0.1:9",
        "ws://me:hunter2@127.0.0.1:9",
        "http://me:hunter2/x@127.0.0.1:9",
        "http://me:hunter2#x@127.0.0.1:9",
        "http://me:hunter2?x@127.0.0.1:9",
        "http://me:[hunter2]@127.0.0.1:9",
        "http://me:hunter2℀@127.0.0.1:9",
        "http://me:hunter2@",
    ],
)
def test_a_mistyped_url_is_shown_without_its_password(capsys, url):
    code = cli.main(["audit", "--rpc", url, "0x" + "12" * 20])
    captured = capsys.readouterr()
    assert code == 2 and captured.err and "hunter2" not in captured.out + captured.err


def test_a_url_with_a_password_is_shown_without_it(capsys):
    code = cli.main(["audit", "--rpc", "http://me:hunter2@127.0.0.1:9", "0x" + "12" * 20])
    captured = capsys.readouterr()
    assert code == 2 and "http://127.0.0.1:9" in captured.err and "hunter2" not in captured.out + captured.err
