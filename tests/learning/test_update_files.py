"""Update files: one content, one hash; and every way in which a stranger's file is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from bcfl_offchain.learning import (
    GLOBAL,
    FileName,
    FileRejected,
    Reason,
    Store,
    fetch,
    file_hash,
    initial,
    pack,
    read,
)
from bcfl_offchain.learning.files import MAX_HEADER_BYTES, encode


def read_own(data, name, like=None):
    """Read a file under its own hash."""
    return read(data, like=like or initial(), name=name, expected_hash=file_hash(data))


def refusal(data, name, expected_hash=None):
    """The reason for which a file is refused."""
    with pytest.raises(FileRejected) as caught:
        read(data, like=initial(), name=name, expected_hash=expected_hash or file_hash(data))
    assert str(caught.value) == f"{caught.value.reason.value}: {caught.value.detail}"
    assert str(caught.value).isascii() and len(str(caught.value)) < 1500
    return caught.value.reason


def with_header(data, change):
    """A file whose JSON header went through `change`."""
    end = 8 + int.from_bytes(data[:8], "little")
    text = json.dumps(change(json.loads(data[8:end]))).encode()
    return len(text).to_bytes(8, "little") + text + data[end:]


def with_raw_header(text):
    return len(text).to_bytes(8, "little") + text


def test_what_was_packed_is_read_back(update, name):
    result = read_own(pack(update, name), name)
    assert list(result) == list(update)
    assert all(np.array_equal(result[key], update[key]) for key in update)


def test_the_same_model_gives_the_same_bytes_whatever_the_order_of_its_arrays(update, name):
    turned = {key: np.asfortranarray(update[key]) for key in reversed(list(update))}
    assert pack(turned, name) == pack(update, name)


def test_the_same_model_gives_the_same_bytes_in_another_process():
    # The library's own writer fails this: it orders metadata by a hash that changes from process to process.
    code = (
        "from bcfl_offchain.learning import *;"
        "print(file_hash(pack(initial(), FileName('0xtask', 1, '0xclient'))).hex())"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2)]
    expected = file_hash(pack(initial(), FileName("0xtask", 1, "0xclient"))).hex()
    assert [run.stdout.decode().strip() for run in runs] == [expected, expected]


def test_the_bytes_of_a_known_model_never_change():
    # A new release that writes other bytes would split a quorum: its members would disagree about every hash.
    data = pack({"bias": np.array([1, -2], np.float32)}, FileName("0xTask", 1, "0xClient"))
    assert data == (
        (128).to_bytes(8, "little")
        + b'{"__metadata__":{"client":"0xclient","round":"1","task":"0xtask"},'
        + b'"bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
        + b" " * 6
        + bytes.fromhex("0000803f000000c0")
    )


def test_the_library_reads_what_is_written_here(update, name, tmp_path):
    path = tmp_path / "update.safetensors"
    path.write_bytes(pack(update, name))
    with safetensors.safe_open(path, framework="numpy") as file:
        assert file.metadata() == {"task": "0x" + "ab" * 20, "round": "2", "client": "0x" + "cd" * 20}
        assert all(np.array_equal(file.get_tensor(key), update[key]) for key in update)


def test_a_file_that_the_library_wrote_is_read(update, name):
    result = read_own(safetensors.numpy.save(update, name.metadata()), name)
    assert all(np.array_equal(result[key], update[key]) for key in update)


def test_the_global_model_is_named_so(update, name):
    data = pack(update, FileName(name.task, name.round, GLOBAL))
    assert refusal(data, name) is Reason.WRONG_NAME
    read_own(data, FileName(name.task, name.round, "global"))


def test_the_spelling_of_an_address_does_not_matter(update, name):
    assert pack(update, FileName(name.task.upper(), name.round, name.client.upper())) == pack(update, name)


def test_a_round_below_0_is_refused():
    with pytest.raises(ValueError, match="round = -1"):
        FileName("0xtask", -1, "0xclient")


@pytest.mark.parametrize(
    "array",
    [np.array([np.nan], np.float32), np.array([np.inf], np.float32), np.zeros(1), np.zeros(1, np.int64)],
)
def test_an_update_that_every_reader_would_reject_is_not_packed(array, name):
    with pytest.raises(ValueError, match="array 'bias'"):
        pack({"bias": array}, name)


def test_arrays_of_other_types_are_not_encoded(name):
    with pytest.raises(ValueError, match="array 'a' is float64"):
        encode({"a": np.zeros(1)}, name)


def test_a_file_with_another_hash_is_refused(update, name):
    data = pack(update, name)
    assert refusal(data, name, expected_hash=file_hash(data + b" ")) is Reason.WRONG_HASH


def test_a_copied_file_earns_its_copier_nothing(update, name):
    data = pack(update, name)
    assert refusal(data, FileName(name.task, name.round, "0x" + "ee" * 20)) is Reason.WRONG_NAME


@pytest.mark.parametrize("change", [{"task": "0x" + "ee" * 20}, {"round": 3}, {"client": "0x" + "ee" * 20}])
def test_a_file_of_another_task_round_or_client_is_refused(update, name, change):
    other = FileName(**{"task": name.task, "round": name.round, "client": name.client, **change})
    assert refusal(pack(update, other), name) is Reason.WRONG_NAME


@pytest.mark.parametrize(
    "metadata", [None, {}, {"task": 1}, {"client": ["x" * 5000]}, {"round": "é\n"}], ids=repr
)
def test_a_file_without_a_proper_name_is_refused(update, name, metadata):
    def change(header):
        del header["__metadata__"]
        return header if metadata is None else {"__metadata__": metadata, **header}

    assert refusal(with_header(pack(update, name), change), name) is Reason.WRONG_NAME


def test_an_extra_entry_of_metadata_is_refused(update, name):
    data = safetensors.numpy.save(update, {**name.metadata(), "remark": "x"})
    assert refusal(data, name) is Reason.WRONG_NAME


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"weights": np.zeros((64, 10), np.float32)},
        {**initial(), "more": np.zeros(1, np.float32)},
        {**initial(), "bias": np.zeros(9, np.float32)},
        {**initial(), "bias": np.zeros((1, 10), np.float32)},
        {**initial(), "weights": np.zeros((10, 64), np.float32)},
        {**initial(), "bias": np.zeros(10, np.int64)},
        {**initial(), "bias": np.zeros(10, np.float64)},
        {**initial(), "bias": np.zeros(10, np.float16)},
    ],
    ids=lambda arrays: str({key: (str(a.dtype), a.shape) for key, a in arrays.items()}),
)
def test_other_arrays_than_the_model_has_are_refused(arrays, name):
    assert refusal(safetensors.numpy.save(arrays, name.metadata()), name) is Reason.WRONG_SHAPE


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_file_with_one_value_that_is_not_finite_is_refused(update, name, value):
    poisoned = {key: array.copy() for key, array in update.items()}
    poisoned["weights"][63, 9] = value
    assert refusal(encode(poisoned, name), name) is Reason.NOT_FINITE


def test_a_file_that_is_too_large_is_refused_before_it_is_hashed(name):
    data = bytes(8 + MAX_HEADER_BYTES + 2600 + 1)
    assert refusal(data, name, expected_hash=bytes(32)) is Reason.TOO_LARGE
    assert refusal(data[:-1], name, expected_hash=bytes(32)) is Reason.WRONG_HASH


def test_a_header_may_be_as_long_as_is_said_and_no_longer(update, name):
    data = pack(update, name)
    length = int.from_bytes(data[:8], "little")

    def padded(to):
        return to.to_bytes(8, "little") + data[8 : 8 + length].ljust(to) + data[8 + length :]

    read_own(padded(MAX_HEADER_BYTES), name)
    wider = {**initial(), "weights": np.zeros((640, 10), np.float32)}  # so that the file's size is no reason
    too_long = padded(MAX_HEADER_BYTES + 1)
    with pytest.raises(FileRejected, match="unreadable: header of 16385 bytes"):
        read_own(too_long, name, like=wider)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        b"\x00" * 8,
        b"\xff" * 8,  # a header of 16 exabytes
        (10**6).to_bytes(8, "little") + b"{}",
        with_raw_header(b"{"),
        with_raw_header(b"[]"),
        with_raw_header(b"null"),
        with_raw_header(b"\xff\xfe{}"),
        with_raw_header("{}".encode("utf-16")),
        with_raw_header(b"[" * 10_000),
        with_raw_header(b"[" * 500 + b"]" * 500),
        with_raw_header(b'{"a":' * 2_000 + b"1" + b"}" * 2_000),
        with_raw_header(b"1" * 10_000),
        with_raw_header(b'{"__metadata__": []}'),
        with_raw_header(b'{"__metadata__": {}, "__metadata__": {}}'),
        with_raw_header(b'{"__metadata__": {"round": "1", "round": "2"}}'),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_safetensors_file_is_unreadable(data, name):
    assert refusal(data, name) is Reason.UNREADABLE


@pytest.mark.parametrize(
    "entry",
    [
        {"data_offsets": [0, 41]},
        {"data_offsets": [0, 2**64]},
        {"data_offsets": [-40, 0]},
        {"data_offsets": [40, 0]},
        {"data_offsets": [40, 80]},  # over the other array
        {"data_offsets": "0, 40"},
        {"data_offsets": None},
        {"data_offsets": [False, 40]},
        {"data_offsets": [0, 40, 80]},
        {"shape": [10.0]},
        {"shape": [1e1]},
        {"shape": [-10]},
        {"shape": [10**19]},
        {"shape": [10, True]},
        {"shape": [float("nan")]},
        {"dtype": ["F32"]},
        {"more": "x"},
    ],
    ids=str,
)
def test_entries_that_are_not_an_arrays_are_unreadable(update, name, entry):
    def change(header):
        header["bias"].update(entry)
        return header

    assert refusal(with_header(pack(update, name), change), name) is Reason.UNREADABLE


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0"], ids=["short", "long"])
def test_a_byte_missing_or_too_many_is_unreadable(update, name, change):
    assert refusal(change(pack(update, name)), name) is Reason.UNREADABLE


def test_reasons_are_looked_for_in_their_order(update, name):
    # A file with everything wrong is refused for its name first: honest readers have to agree on one reason.
    other = FileName(name.task, name.round, "0xother")
    poisoned = encode({"bias": np.array([np.nan], np.float32)}, other)
    assert refusal(poisoned, name, expected_hash=bytes(32)) is Reason.WRONG_HASH
    assert refusal(poisoned, name) is Reason.WRONG_NAME
    assert refusal(poisoned, other) is Reason.WRONG_SHAPE


def test_an_update_is_fetched_from_the_store(update, name, tmp_path):
    store = Store(tmp_path)
    update_hash = store.put(pack(update, name))
    result = fetch(store, like=initial(), name=name, expected_hash=update_hash)
    assert np.array_equal(result["weights"], update["weights"])


def test_fetching_gives_a_reason_for_what_is_missing_planted_or_too_large(update, name, tmp_path):
    store = Store(tmp_path)
    update_hash = file_hash(pack(update, name))
    for content, reason in [
        (None, Reason.MISSING),
        (b"planted", Reason.WRONG_HASH),
        (bytes(10**5), Reason.TOO_LARGE),
    ]:
        if content is not None:
            store.path(update_hash).write_bytes(content)
        with pytest.raises(FileRejected) as caught:
            fetch(store, like=initial(), name=name, expected_hash=update_hash)
        assert caught.value.reason is reason
