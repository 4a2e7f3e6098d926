"""Fuzzed files: readers give a sound result or their typed error, never anything else.

A longer run: ``BCFL_FUZZ=100000``, the number of files that each test makes.
"""

import json
import os

import numpy as np
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.learning import (
    Dataset,
    FileName,
    FileRejected,
    digits,
    file_hash,
    initial,
    pack,
    pack_evidence,
    read,
    read_evidence,
)

NAME = FileName("0x" + "ab" * 20, 1, "0x" + "cd" * 20)
UPDATE = pack(initial(), NAME)
EVIDENCE = pack_evidence(digits().take(np.arange(5)), NAME)

many = settings(max_examples=int(os.environ.get("BCFL_FUZZ", 250)))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
dtypes = st.sampled_from(["F32", "F64", "I64", "BF16", "F8_E4M3", "BOOL", "O", "f32"]) | json_values
numbers = st.sampled_from([0, 1, 5, 10, 40, 64, 2560, 2600, -1, 2**31, 2**63, 2**64, 1.0, True]) | json_values
entries = json_values | st.fixed_dictionaries(
    {
        "dtype": dtypes,
        "shape": st.lists(numbers, max_size=3) | json_values,
        "data_offsets": st.lists(numbers, min_size=1, max_size=3) | json_values,
    }
)
keys = st.sampled_from(["weights", "bias", "features", "labels"])
headers = json_values | st.dictionaries(keys, entries)


def read_either(data):
    """Both readers on one file under its own hash; what they return is sound."""
    try:
        model = read(data, like=initial(), name=NAME, expected_hash=file_hash(data))
        assert {key: (a.dtype, a.shape) for key, a in model.items()} == {
            key: (a.dtype, a.shape) for key, a in initial().items()
        }
        assert all(np.isfinite(array).all() for array in model.values())
        library = safetensors.numpy.load(data)  # what is taken here is a file to everybody
        assert all(np.array_equal(array, library[key]) for key, array in model.items())
    except FileRejected as error:
        assert error.detail.isascii()
    try:
        assert isinstance(read_evidence(data, name=NAME, expected_hash=file_hash(data)), Dataset)
    except FileRejected as error:
        assert error.detail.isascii()


def altered(data, edits):
    """A file with some bytes replaced."""
    result = bytearray(data)
    for place, byte in edits:
        result[place % len(result)] = byte
    return bytes(result)


@many
@given(st.binary(max_size=300))
def test_readers_survive_any_bytes(data):
    read_either(data)


@many
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_readers_survive_any_header(header, body):
    read_either(len(header).to_bytes(8, "little") + header + body)


@many
@given(
    st.sampled_from([UPDATE, EVIDENCE]),
    st.lists(st.tuples(st.integers(0, 400) | st.integers(0, 5000), st.integers(0, 255)), max_size=6),
    st.integers(-50, 50),
)
def test_readers_survive_a_good_file_with_bytes_changed_cut_or_added(data, edits, extra):
    data = altered(data, edits)
    read_either(data[:extra] if extra < 0 else data + bytes(extra))


@many
@given(headers, st.booleans(), st.binary(max_size=80))
def test_readers_survive_any_json_header(header, named, body):
    if named and isinstance(header, dict):
        header = {"__metadata__": NAME.metadata(), **header}
    text = json.dumps(header).encode()
    read_either(len(text).to_bytes(8, "little") + text + body)


@many
@given(st.sampled_from([UPDATE, EVIDENCE]), keys, entries)
def test_readers_survive_a_good_file_with_one_hostile_entry(data, key, entry):
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    if isinstance(entry, dict) and key in header:
        entry = {**header[key], **entry}
    header[key] = entry
    text = json.dumps(header).encode()
    read_either(len(text).to_bytes(8, "little") + text + data[end:])


def test_readers_survive_brackets_nested_to_the_limit_of_recursion():
    # Below the limit the header parses and goes into the message; above it the parser itself gives up.
    for depth in range(1, 1100, 7):
        for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"0" + b"}" * depth):
            read_either(len(text).to_bytes(8, "little") + text)
