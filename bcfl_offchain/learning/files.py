"""Files that strangers publish: named safetensors, written to the byte and read as hostile input.

A file is the safetensors format with three entries of metadata: the task, the round and the client that it
belongs to. So a copied file still names its author and earns a copier nothing. It is known by the keccak-256
of its bytes.

Writing is done here, with sorted metadata: the library keeps metadata in a hash map, so that the same content
gives other bytes, and another hash, in every process. Reading checks in the order of `Reason` and stops at
the first failure, so that honest readers give the same reason: size before any work, the hash before any
parsing, the header (of bounded length) against what is expected before any array is made. There is no pickle
in the format.

The reading is done here, too, and more strictly than the format asks: an entry has its three keys and no
other, numbers are plain natural ones, and the arrays fill the body without gap or overlap. What a parser
leaves open, such as how deep it follows brackets or what it does with keys it does not know, differs between
releases and machines; a file that one honest reader takes and another refuses would split a quorum.

References
----------
https://huggingface.co/docs/safetensors (the format).
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from eth_utils import keccak

# A header of this project has a few hundred bytes; foreign writers may pad or sort otherwise.
MAX_HEADER_BYTES = 16_384
_LENGTH_BYTES = 8
_DTYPES = {"F32": np.dtype(np.float32), "I64": np.dtype(np.int64)}
_DTYPE_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_ENTRY_KEYS = {"dtype", "shape", "data_offsets"}
_NATURAL = re.compile(r"0|[1-9][0-9]{0,18}")

_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring, _BRIEF.maxdict = 4, 60, 4

Shape = tuple[int, ...]
Schema = Mapping[str, tuple[np.dtype, Shape]]


class Reason(Enum):
    """Why a published file is refused, in the order in which it is looked for."""

    MISSING = "missing"
    TOO_LARGE = "too large"
    WRONG_HASH = "wrong hash"
    UNREADABLE = "unreadable"
    WRONG_NAME = "wrong name"
    WRONG_SHAPE = "wrong shape"
    NOT_FINITE = "not finite"


class FileRejected(Exception):
    """A published file that does not count.

    Attributes
    ----------
    reason : Reason
        Which check failed; what a quorum's set of rejected updates states.
    detail : str
        The offending value and what was expected.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class FileName:
    """Whom a file belongs to. Addresses are kept in lower case, so that their checksum form does not matter.

    Attributes
    ----------
    task : str
        Address of the task's contract.
    round : int
        Number of the round, at least 0.
    client : str
        Address of the client, or ``"global"`` for the aggregated model.
    """

    task: str
    round: int
    client: str

    def __post_init__(self) -> None:
        if self.round < 0:
            raise ValueError(f"round = {self.round}; rounds count from 0")
        object.__setattr__(self, "task", self.task.lower())
        object.__setattr__(self, "client", self.client.lower())

    def metadata(self) -> dict[str, str]:
        """The entries that the file carries, sorted by key."""
        return {"client": self.client, "round": str(self.round), "task": self.task}


@dataclass(frozen=True)
class Header:
    """What a file says about itself before any array is looked at, and the byte at which it ends."""

    metadata: dict[str, Any]
    tensors: dict[str, Any]
    end: int


def schema_of(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[np.dtype, Shape]]:
    """Type and shape of each array, to compare a file with."""
    return {name: (array.dtype, array.shape) for name, array in arrays.items()}


def file_hash(data: bytes) -> bytes:
    """The keccak-256 of a file's bytes: its name in the store, and what the chain holds of it.

    Examples
    --------
    >>> file_hash(b"").hex()
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
    """
    return keccak(data)


def encode(arrays: Mapping[str, np.ndarray], name: FileName) -> bytes:
    """Arrays and their name as safetensors bytes; the same content gives the same bytes on every machine.

    Parameters
    ----------
    arrays : mapping of str to np.ndarray
        float32 or int64 arrays. Their order does not matter.
    name : FileName
        Whom the file belongs to.

    Returns
    -------
    bytes
        A valid safetensors file: little-endian, metadata and arrays sorted by key.

    Raises
    ------
    ValueError
        If an array has another type.
    """
    header: dict[str, Any] = {"__metadata__": name.metadata()}
    body = b""
    for key in sorted(arrays):
        array = arrays[key]
        if array.dtype not in _DTYPE_CODES:
            raise ValueError(f"array {key!r} is {array.dtype}; convert it to float32 or int64")
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        header[key] = {
            "dtype": _DTYPE_CODES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)  # the format aligns the arrays to 8 bytes
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text + body


def max_file_bytes(schema: Schema) -> int:
    """The most bytes that a file with these arrays may have, whoever wrote its header."""
    body = sum(dtype.itemsize * int(np.prod(shape, dtype=np.int64)) for dtype, shape in schema.values())
    return _LENGTH_BYTES + MAX_HEADER_BYTES + body


def decode_header(data: bytes, *, name: FileName, expected_hash: bytes, max_bytes: int) -> Header:
    """Check a file's size, hash, header and name; look at no array yet.

    Parameters
    ----------
    data : bytes
        The file, from anybody.
    name : FileName
        Whom it has to belong to.
    expected_hash : bytes
        Its keccak-256 as the chain has it, 32 bytes.
    max_bytes : int
        The most it may have.

    Returns
    -------
    Header
        Its metadata, and the type and shape that each array claims (not yet compared with anything).

    Raises
    ------
    FileRejected
        With `TOO_LARGE`, `WRONG_HASH`, `UNREADABLE` or `WRONG_NAME`; nothing else, whatever the bytes.
    """
    if len(data) > max_bytes:
        raise FileRejected(Reason.TOO_LARGE, f"{len(data)} bytes, at most {max_bytes} are allowed")
    found = file_hash(data)
    if found != expected_hash:
        raise FileRejected(Reason.WRONG_HASH, f"hash is 0x{found.hex()}, expected 0x{expected_hash.hex()}")
    header = _parse_header(data)
    if header.metadata != name.metadata():
        raise FileRejected(Reason.WRONG_NAME, f"named {_short(header.metadata)}, expected {name.metadata()}")
    return header


def decode_arrays(data: bytes, header: Header, schema: Schema) -> dict[str, np.ndarray]:
    """The arrays of a file whose header was checked, if they are what is expected.

    Parameters
    ----------
    data : bytes
        The file.
    header : Header
        From `decode_header` of the same file.
    schema : mapping of str to (np.dtype, tuple of int)
        The type and shape of every array that the file has to hold; it may hold no other.

    Returns
    -------
    dict of str to np.ndarray
        Arrays in the order of `schema`, finite throughout.

    Raises
    ------
    FileRejected
        With `WRONG_SHAPE`, `UNREADABLE` or `NOT_FINITE`; nothing else, whatever the bytes.
    """
    expected = {key: (_DTYPE_CODES[dtype], list(shape)) for key, (dtype, shape) in schema.items()}
    claimed = {key: (entry["dtype"], entry["shape"]) for key, entry in header.tensors.items()}
    if claimed != expected:
        raise FileRejected(Reason.WRONG_SHAPE, f"arrays are {_short(claimed)}, expected {expected}")
    _check_offsets(header, schema, len(data) - header.end)
    arrays = {key: _array(data, header, key, *schema[key]) for key in schema}
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            raise FileRejected(Reason.NOT_FINITE, f"array {key!r} has an infinite value or a NaN")
    return arrays


def _check_offsets(header: Header, schema: Schema, body_bytes: int) -> None:
    """The arrays fill the body from its first byte to its last, one behind the other."""
    place = 0
    for begin, end, key in sorted((*header.tensors[key]["data_offsets"], key) for key in schema):
        dtype, shape = schema[key]
        if (begin, end) != (place, place + dtype.itemsize * math.prod(shape)):
            raise FileRejected(Reason.UNREADABLE, f"array {key!r} lies at [{begin}, {end}], not at {place}")
        place = end
    if place != body_bytes:
        raise FileRejected(Reason.UNREADABLE, f"arrays of {place} bytes in a body of {body_bytes}")


def _array(data: bytes, header: Header, key: str, dtype: np.dtype, shape: Shape) -> np.ndarray:
    """A copy of one array, whose place was checked, in the machine's own byte order."""
    begin = header.end + header.tensors[key]["data_offsets"][0]
    raw = np.frombuffer(data, dtype.newbyteorder("<"), math.prod(shape), begin)
    return raw.reshape(shape).astype(dtype)


def _parse_header(data: bytes) -> Header:
    """Read the header without the library, which accepts a hundred megabytes and drops the metadata."""
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if len(data) < _LENGTH_BYTES + length or length > MAX_HEADER_BYTES:
        raise FileRejected(
            Reason.UNREADABLE,
            f"header of {length} bytes in a file of {len(data)}, at most {MAX_HEADER_BYTES} are allowed",
        )
    end = _LENGTH_BYTES + length
    try:
        header = json.loads(
            data[_LENGTH_BYTES:end].decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_int=_natural,
            parse_float=_natural,
            parse_constant=_natural,
        )
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, a key twice; a tower of brackets
        raise FileRejected(Reason.UNREADABLE, f"header is not readable: {_short(error)}") from error
    if not isinstance(header, dict):
        raise FileRejected(Reason.UNREADABLE, f"header is {_short(header)}, expected a JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise FileRejected(Reason.UNREADABLE, f"metadata are {_short(metadata)}, expected a JSON object")
    for key, entry in header.items():
        if not _is_entry(entry):
            raise FileRejected(Reason.UNREADABLE, f"entry {_short(key)} is {_short(entry)}, not an array's")
    return Header(metadata, header, end)


def _is_entry(entry: Any) -> bool:
    """Whether a header's entry has an array's three keys, with values of their types."""
    if not isinstance(entry, dict) or entry.keys() != _ENTRY_KEYS:
        return False
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not (isinstance(entry["dtype"], str) and isinstance(shape, list) and isinstance(offsets, list)):
        return False
    # By type and not isinstance: to Python, true is a 1.
    return len(offsets) == 2 and all(type(number) is int for number in (*shape, *offsets))


def _natural(text: str) -> int:
    """A number of the header: no sign, no fraction, no exponent, at most 19 digits."""
    if not _NATURAL.fullmatch(text):
        raise ValueError(f"{text[:24]} is no natural number of at most 19 digits")
    return int(text)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object that names no key twice: readers may differ in which one of two counts."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a key stands twice in the header")
    return result


def _short(value: Any) -> str:
    """A stranger's value for a message: ASCII, a few lines at most, and safe however deep it is nested."""
    text = str(value)[:200] if isinstance(value, Exception) else _BRIEF.repr(value)
    return text.encode("ascii", "backslashreplace").decode()
