"""Update files: a model under the name of its task, round and client, and the checks before it counts.

What a client publishes after its work, and what the aggregator publishes (client ``"global"``). Everyone who
signs a round reads the updates with the same checks, so that honest clients reject the same ones for the same
reasons.
"""

from __future__ import annotations

import numpy as np

from .files import (
    FileName,
    FileRejected,
    Reason,
    decode_arrays,
    decode_header,
    encode,
    max_file_bytes,
    schema_of,
)
from .model import Model
from .disk import NotFound, TooLarge, Unusable
from .store import Corrupt, Store

GLOBAL = "global"


def pack(model: Model, name: FileName) -> bytes:
    """A model as the bytes of an update file.

    Parameters
    ----------
    model : dict of str to np.ndarray
        Finite float32 arrays.
    name : FileName
        The task, round and client that it belongs to; the client is ``GLOBAL`` for the aggregated model.

    Returns
    -------
    bytes
        The same for the same model and name, on every machine. Its hash is `files.file_hash` of it.

    Raises
    ------
    ValueError
        If a value is not finite or an array not float32: every reader would reject the file.

    Examples
    --------
    >>> from bcfl_offchain.learning.model import initial
    >>> len(pack(initial(), FileName("0xTask", 1, "0xClient")))
    2800
    """
    for key, array in model.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise ValueError(f"array {key!r} is {array.dtype} or not finite; an update is finite float32")
    return encode(model, name)


def read(data: bytes, *, like: Model, name: FileName, expected_hash: bytes) -> Model:
    """The model in an update file, if it passes every check.

    Parameters
    ----------
    data : bytes
        The file, from anybody.
    like : dict of str to np.ndarray
        A model with the names, shapes and types that the file has to have, for instance `model.initial()`.
    name : FileName
        The task, round and client that it has to belong to.
    expected_hash : bytes
        Its keccak-256 as the chain has it, 32 bytes.

    Returns
    -------
    dict of str to np.ndarray
        Arrays as in `like`, finite throughout.

    Raises
    ------
    FileRejected
        With the first reason found, in the order of `Reason`; nothing else, whatever the bytes.
    """
    schema = schema_of(like)
    header = decode_header(data, name=name, expected_hash=expected_hash, max_bytes=max_file_bytes(schema))
    return decode_arrays(data, header, schema)


def fetch(store: Store, *, like: Model, name: FileName, expected_hash: bytes) -> Model:
    """The model that the store has under a hash, if it is there and passes every check of `read`.

    Parameters
    ----------
    store : Store
        Where updates are published.
    like, name, expected_hash
        As for `read`.

    Returns
    -------
    dict of str to np.ndarray
        As from `read`.

    Raises
    ------
    FileRejected
        With the first reason found; `MISSING` if the store has no such file or cannot read it.
    """
    try:
        data = store.get(expected_hash, max_file_bytes(schema_of(like)))
    except (NotFound, Unusable) as error:
        raise FileRejected(Reason.MISSING, str(error)) from error
    except TooLarge as error:
        raise FileRejected(Reason.TOO_LARGE, str(error)) from error
    except Corrupt as error:
        raise FileRejected(Reason.WRONG_HASH, str(error)) from error
    return read(data, like=like, name=name, expected_hash=expected_hash)
