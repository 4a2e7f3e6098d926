"""A folder that strangers write to: whatever lies in a file's place, its reader ends soon."""

import os
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from bcfl_offchain.agents import Board
from bcfl_offchain.chain import RoundId, Vote
from bcfl_offchain.learning import (
    Corrupt,
    FileName,
    FileRejected,
    NotFound,
    Reason,
    Store,
    TooLarge,
    Unusable,
    fetch,
    file_hash,
    initial,
    pack,
    read,
)

HASH = file_hash(b"content")
NAME = FileName("0x" + "ab" * 20, 1, "0x" + "cd" * 20)
ROUND = RoundId(31337, "0x" + "ab" * 20, 1, bytes(32))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def missing(store, max_bytes=100):
    """The store has no such file; both it and the reader of updates say so."""
    with pytest.raises(NotFound):
        store.get(HASH, max_bytes)
    with pytest.raises(FileRejected) as caught:
        fetch(store, like=initial(), name=NAME, expected_hash=HASH)
    assert caught.value.reason is Reason.MISSING


def test_a_link_is_not_followed_even_to_the_right_content(store, tmp_path):
    # Who follows links can be made to read, and to tell the hash of, any file of its own.
    (tmp_path / "secret").write_bytes(b"content")
    store.path(HASH).symlink_to(tmp_path / "secret")
    missing(store)


@pytest.mark.parametrize("target", ["/dev/zero", "../../../../../../etc/passwd", ".", "gone"])
def test_a_link_to_anywhere_is_missing(store, target):
    store.path(HASH).symlink_to(target)
    missing(store)


def test_a_link_to_itself_is_missing(store):
    store.path(HASH).symlink_to(store.path(HASH))
    missing(store)


def test_a_pipe_that_nobody_writes_is_not_waited_for(store):
    os.mkfifo(store.path(HASH))
    missing(store)


def test_a_socket_in_place_of_the_file_is_missing(store, monkeypatch):
    monkeypatch.chdir(store.directory)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(store.path(HASH).name)
        missing(store)


def test_a_directory_in_place_of_the_file_is_missing(store):
    store.path(HASH).mkdir()
    missing(store)


def test_a_store_whose_directory_became_a_file_is_unusable(store):
    store.directory.rmdir()
    store.directory.write_bytes(b"")
    with pytest.raises(Unusable, match="cannot be read: Not a directory"):
        store.get(HASH, 100)
    with pytest.raises(Unusable, match="cannot be written"):
        store.put(b"content")
    with pytest.raises(FileRejected, match="missing"):
        fetch(store, like=initial(), name=NAME, expected_hash=HASH)


def test_a_link_laid_where_a_file_is_put_is_replaced_and_its_target_left_alone(store, tmp_path):
    target = tmp_path / "mine"
    target.write_bytes(b"mine")
    store.path(HASH).symlink_to(target)
    assert store.put(b"content") == HASH
    assert target.read_bytes() == b"mine" and store.get(HASH, 100) == b"content"


MEASURE = """
import resource, sys
from bcfl_offchain.learning import FileRejected, FileName, Store, fetch, file_hash, initial
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    fetch(Store(sys.argv[1]), like=initial(), name=FileName("0xtask", 1, "0xclient"), expected_hash=bytes(32))
except FileRejected as error:
    print(error.reason.name, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_file_of_a_terabyte_takes_no_memory(store):
    with store.path(bytes(32)).open("wb") as file:
        file.truncate(2**40)  # sparse: it takes no room on the disk either
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(store.directory)], capture_output=True, text=True, check=True
    )
    reason, kibibytes = run.stdout.split()
    assert reason == "TOO_LARGE" and int(kibibytes) < 4096


def test_a_file_that_grows_while_it_is_read_ends_the_reading(store):
    path, stop = store.path(HASH), threading.Event()
    path.write_bytes(b"")

    def grow():
        with path.open("ab", buffering=0) as file:
            while not stop.is_set() and file.tell() < 2**26:
                file.write(bytes(4096))

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        outcomes = {_outcome(store) for _ in range(200)}
    finally:
        stop.set()
        writer.join()
    assert outcomes <= {Corrupt, TooLarge} and TooLarge in outcomes


def _outcome(store):
    with pytest.raises((Corrupt, TooLarge)) as caught:
        store.get(HASH, max_bytes=2**16)
    return caught.type


def test_an_update_is_refused_when_cut_at_any_byte():
    data = pack(initial(), NAME)
    for length in range(len(data)):
        cut = data[:length]
        # Under the hash of the whole, the hash tells; a client may also have promised the hash of what is cut.
        for expected, reason in ((file_hash(data), Reason.WRONG_HASH), (file_hash(cut), Reason.UNREADABLE)):
            with pytest.raises(FileRejected) as caught:
                read(cut, like=initial(), name=NAME, expected_hash=expected)
            assert caught.value.reason is reason


@pytest.mark.parametrize("plant", ["link", "pipe", "directory", "large", "short"])
def test_what_lies_in_the_place_of_a_vote_is_no_vote(tmp_path, plant):
    board, client = Board(tmp_path), "0x" + "cd" * 20
    board.put_vote(ROUND, Vote(client, bytes(65)))
    path = board._path("vote", ROUND, client)
    path.unlink()
    {
        "link": lambda: path.symlink_to("/dev/zero"),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "large": lambda: path.write_bytes(bytes(66)),
        "short": lambda: path.write_bytes(bytes(64)),
    }[plant]()
    assert board.vote(ROUND, client) is None
    assert board.evidence(ROUND, client) is None


def test_an_update_of_a_model_with_huge_finite_values_is_read_as_it_is():
    # Nothing is clipped (docs/security.md says so), and nobody takes it for something else.
    model = {key: np.full_like(array, np.finfo(np.float32).max) for key, array in initial().items()}
    data = pack(model, NAME)
    found = read(data, like=initial(), name=NAME, expected_hash=file_hash(data))
    assert all(np.array_equal(found[key], model[key]) for key in model)
