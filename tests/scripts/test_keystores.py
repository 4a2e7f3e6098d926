"""Keys of a payout: unlocked from encrypted files, refused with the file's name and never with a key."""

from __future__ import annotations

import json

import pytest
from eth_account import Account

from scripts.keystores import KeystoreError, load_keys

PASSWORD = "correct horse"


def write(folder, name, account, password=PASSWORD):
    keystore = Account.encrypt(account.key, password, kdf="pbkdf2", iterations=10)
    (folder / name).write_text(json.dumps(keystore), encoding="utf-8")


@pytest.fixture
def accounts():
    return [Account.create() for _ in range(3)]


@pytest.fixture
def folder(tmp_path, accounts):
    for name, account in zip(("owner.json", "b.json", "a.json"), accounts):
        write(tmp_path, name, account)
    return tmp_path


def load(folder, password=PASSWORD, most=12):
    return load_keys(folder, lambda: password, most)


def test_the_owner_and_the_clients_in_order_of_their_names(folder, accounts):
    keys = load(folder)
    assert keys.owner.address == accounts[0].address
    assert [client.address for client in keys.clients] == [accounts[2].address, accounts[1].address]


def test_a_wrong_password_names_the_file(folder, accounts):
    with pytest.raises(KeystoreError, match=r"^wrong password for .*/owner.json \(MAC mismatch\)$") as refused:
        load(folder, "wrong")
    assert accounts[0].key.hex() not in str(refused.value)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 3}', "no json"])
def test_a_file_that_is_no_keystore_is_named(folder, content):
    (folder / "a.json").write_text(content, encoding="utf-8")
    with pytest.raises(KeystoreError, match="a.json cannot be unlocked"):
        load(folder)


def test_a_folder_without_an_owner_is_refused_before_the_password_is_asked_for(tmp_path):
    def never():
        raise AssertionError("the password was asked for")

    with pytest.raises(KeystoreError, match="owner.json is missing"):
        load_keys(tmp_path, never, 12)


@pytest.mark.parametrize("most", [1, 0])
def test_too_many_clients_are_refused(folder, most):
    with pytest.raises(KeystoreError, match=f"besides owner.json: 2; there must be 1 to {most}$"):
        load(folder, most=most)


def test_no_client_is_refused(tmp_path, accounts):
    write(tmp_path, "owner.json", accounts[0])
    with pytest.raises(KeystoreError, match="^client keystores in .*: 0; there must be"):
        load(tmp_path)


def test_the_same_key_twice_is_refused(folder, accounts):
    write(folder, "c.json", accounts[0])
    with pytest.raises(KeystoreError, match="the same key twice"):
        load(folder)
