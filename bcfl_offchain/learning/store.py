"""A store of files in a directory, each known by the keccak-256 of its bytes.

A file's name is its hash in hexadecimal with ``.safetensors`` behind it. What is read is hashed again, so
nobody who can write into the directory can pass one content off as another. Files come into being whole or
not at all.
"""

from __future__ import annotations

from pathlib import Path

from .disk import StoreError, read_file, write_file
from .files import file_hash

_HASH_BYTES = 32


class Corrupt(StoreError):
    """What lies under the hash's name has another hash: somebody changed or planted it."""


class Store:
    """Content-addressed files in one directory, which is made if it is not there.

    Parameters
    ----------
    directory : str or Path
        Where the files are. Several processes may use it at once.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp())
    >>> store.get(store.put(b"an update"), max_bytes=100)
    b'an update'
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def path(self, content_hash: bytes) -> Path:
        """Where the file with this hash is, or would be.

        Raises
        ------
        ValueError
            If the hash has not 32 bytes.
        """
        if len(content_hash) != _HASH_BYTES:
            raise ValueError(f"hash 0x{content_hash.hex()} has {len(content_hash)} bytes; need {_HASH_BYTES}")
        return self.directory / f"{content_hash.hex()}.safetensors"

    def put(self, data: bytes) -> bytes:
        """Keep a file.

        Parameters
        ----------
        data : bytes
            Its content. Putting the same content again changes nothing, and mends a file that was changed.

        Returns
        -------
        bytes
            Its hash, 32 bytes.

        Raises
        ------
        Unusable
            If it cannot be written, for instance because somebody has laid a directory in its place.
        """
        content_hash = file_hash(data)
        write_file(self.path(content_hash), data)
        return content_hash

    def get(self, content_hash: bytes, max_bytes: int) -> bytes:
        """The file with this hash.

        Parameters
        ----------
        content_hash : bytes
            32 bytes.
        max_bytes : int
            The most that the reader takes; a larger file is not read into memory.

        Returns
        -------
        bytes
            Its content, which has this hash.

        Raises
        ------
        NotFound, TooLarge, Unusable, Corrupt
            As their names say.
        """
        path = self.path(content_hash)
        data = read_file(path, max_bytes)
        found = file_hash(data)
        if found != content_hash:
            raise Corrupt(f"file {path.name} has the hash 0x{found.hex()}; fetch it again from its owner")
        return data
