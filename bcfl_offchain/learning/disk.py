"""Read and write files in folders that strangers can write to, too.

Whatever lies at a path, reading ends at once: links are not followed, a pipe is not waited for, and a file's
size is known before its content takes memory. Files come into being whole or not at all.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

# A pipe without a writer would be waited for at its opening; a link could name any file of the reader's.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class StoreError(Exception):
    """A file that cannot be given or taken."""


class NotFound(StoreError):
    """No file is there; a link, a directory or a pipe in its place is none."""


class TooLarge(StoreError):
    """The file is larger than the reader wants to take."""


class Unusable(StoreError):
    """The operating system refuses to read or write; the message says why."""


def read_file(path: Path, max_bytes: int) -> bytes:
    """The content of a regular file.

    Parameters
    ----------
    path : Path
        In a folder that one trusts to be where it is; what lies in it may be anybody's.
    max_bytes : int
        The most that the reader takes; a larger file is not read.

    Returns
    -------
    bytes
        At most `max_bytes`. A file that grows meanwhile is read to one byte past the size that it had.

    Raises
    ------
    NotFound, TooLarge, Unusable
        As their names say; nothing else.
    """
    try:
        with os.fdopen(os.open(path, _OPEN_FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise NotFound(f"no file {path.name}; something else lies in its place")
            if status.st_size > max_bytes:
                raise TooLarge(f"file {path.name} has {status.st_size} bytes, more than {max_bytes} bytes")
            return file.read(min(status.st_size + 1, max_bytes))
    except FileNotFoundError:
        raise NotFound(f"no file {path.name}; its owner has not published it here") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):  # a link, a directory, a socket
            raise NotFound(f"no file {path.name}; something else lies in its place") from None
        raise Unusable(f"file {path.name} cannot be read: {error.strerror}") from error


def write_file(path: Path, data: bytes) -> None:
    """Put a file at a path, whole or not at all; what was there before is replaced, a link too.

    Raises
    ------
    Unusable
        If the operating system refuses; nothing is left behind.
    """
    # A rename within a directory is atomic: no reader ever sees half a file under its final name.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("xb") as file:  # x: never through a link that somebody has laid
                file.write(data)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise Unusable(f"file {path.name} cannot be written: {error.strerror}") from error
