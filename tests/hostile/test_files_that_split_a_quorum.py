"""Files that one honest reader would take and another refuse: each is refused by everybody.

What a general parser leaves open differs between releases, recursion limits and depths of the call: brackets
nested just below the limit, keys that are not known, numbers in other spellings, gaps between the arrays.
"""

import json
import sys

import pytest

from bcfl_offchain.learning import FileName, FileRejected, Reason, file_hash, initial, pack, read

NAME = FileName("0x" + "ab" * 20, 1, "0x" + "cd" * 20)
GOOD = pack(initial(), NAME)
END = 8 + int.from_bytes(GOOD[:8], "little")
HEADER, BODY = GOOD[8:END].decode().rstrip(), GOOD[END:]


def reason_of(text, body=BODY):
    """Why a file with this header is refused; None if it is taken."""
    raw = text.encode()
    data = len(raw).to_bytes(8, "little") + raw + body
    try:
        read(data, like=initial(), name=NAME, expected_hash=file_hash(data))
    except FileRejected as error:
        return error.reason
    return None


def with_entry(**changes):
    header = json.loads(HEADER)
    header["bias"].update(changes)
    return json.dumps(header)


def deeper(frames, call):
    """The result of a call made at a certain depth of the stack."""
    return call() if frames == 0 else deeper(frames - 1, call)


def test_the_untouched_header_is_taken():
    assert reason_of(HEADER) is None


@pytest.mark.parametrize("frames", [0, 300, 600])
@pytest.mark.parametrize("depth", [1, 50, 300, 600, 900, 970, 2000])
def test_brackets_in_a_key_that_is_not_known_are_refused_at_any_depth(depth, frames):
    limit = sys.getrecursionlimit()
    assert limit >= 1000 > frames
    text = HEADER.replace('"F32"', '"F32","more":' + "[" * depth + "]" * depth, 1)
    assert deeper(frames, lambda: reason_of(text)) is Reason.UNREADABLE


@pytest.mark.parametrize(
    "number", ["40.0", "4e1", "-0", "+40", "040", "40 0", "NaN", "Infinity", '"40"', "4" * 5000]
)
def test_numbers_in_another_spelling_are_refused(number):
    text = HEADER.replace("[0,40]", f"[0,{number}]", 1)
    assert text != HEADER
    assert reason_of(text) is Reason.UNREADABLE


def test_a_negative_zero_is_refused():
    assert reason_of(HEADER.replace("[0,40]", "[-0,40]", 1)) is Reason.UNREADABLE


def test_arrays_that_overlap_are_refused():
    text = HEADER.replace("[40,2600]", "[0,2560]", 1)
    assert text != HEADER
    assert reason_of(text) is Reason.UNREADABLE
    assert reason_of(text, BODY[:2560]) is Reason.UNREADABLE


def test_a_gap_between_the_arrays_is_refused():
    # Eight bytes that belong to no array would let one model have many hashes.
    text = HEADER.replace("[40,2600]", "[48,2608]", 1)
    assert reason_of(text, BODY[:40] + bytes(8) + BODY[40:]) is Reason.UNREADABLE


@pytest.mark.parametrize("before, after", [(8, 0), (0, 8), (0, 1)])
def test_bytes_around_the_arrays_are_refused(before, after):
    assert reason_of(HEADER, bytes(before) + BODY + bytes(after)) is Reason.UNREADABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [2**40, 2**40], "data_offsets": [0, 2**62]},
        {"shape": [0]},
        {"shape": []},
        {"shape": [1] * 4000},
        {"shape": [10, 1]},
        {"dtype": "F64"},
        {"dtype": "f32"},
        {"dtype": "F8_E4M3"},
        {"dtype": "object"},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_shapes_and_types_of_another_array_are_refused_without_making_it(changes):
    assert reason_of(with_entry(**changes)) is Reason.WRONG_SHAPE


@pytest.mark.parametrize("key", ["", "bias\u0000", "Bias", "__proto__", "../bias", "bias\ud800", "b" * 9000])
def test_arrays_of_other_names_are_refused(key):
    header = json.loads(HEADER)
    header[key] = header.pop("bias")
    assert reason_of(json.dumps(header)) is Reason.WRONG_SHAPE


def test_white_space_and_order_do_not_matter():
    # What a foreign writer may do differently and every parser reads alike.
    header = json.loads(HEADER)
    assert reason_of(json.dumps(dict(reversed(header.items())), indent=3)) is None
