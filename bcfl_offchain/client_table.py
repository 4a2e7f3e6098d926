"""Reads the clients of a round from a CSV file, exactly, and says where a file is wrong.

Columns: ``client,training_cycles[,energy_coefficient][,max_frequency]`` in the units of the paper, in any
order, with a header. A number is taken for the decimal it spells; an empty ``max_frequency`` means no limit.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from .mechanism.errors import InvalidInput
from .mechanism.units import exact
from .mechanism.wording import counted

NUMBERS = ("training_cycles", "energy_coefficient", "max_frequency")
COLUMNS = ("client", *NUMBERS)


class TableError(ValueError):
    """A file of clients that cannot be used.

    Attributes
    ----------
    place : str
        ``file``, ``file:line`` or ``file:line:column``.
    problem : str
        What is wrong there, with the value, and what would be right.
    """

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True)
class ClientTable:
    """The clients of a file, in its order.

    Attributes
    ----------
    client : tuple of str, length N
    training_cycles : tuple of Fraction, length N
    energy_coefficient : tuple of Fraction, length N, or None
        None if the file has no such column.
    max_frequency : tuple of Fraction or None, length N
        None for a client without a limit.
    """

    client: tuple[str, ...]
    training_cycles: tuple[Fraction, ...]
    energy_coefficient: tuple[Fraction, ...] | None
    max_frequency: tuple[Fraction | None, ...]


def read_clients(path: Path, required: tuple[str, ...] = ("client", "training_cycles")) -> ClientTable:
    """Read a file of clients.

    Parameters
    ----------
    path : Path
    required : tuple of str
        Columns that must be there.

    Returns
    -------
    ClientTable
        With at least one client, names unique and not empty, numbers positive.

    Raises
    ------
    TableError
    """
    rows = _rows(path)
    if not rows:
        raise TableError(
            f"{path}:1", f"the file is empty; it must begin with the header {','.join(required)}"
        )
    header = _header(path, *rows[0], required)
    clients = [_client(path, line, header, fields) for line, fields in rows[1:]]
    if not clients:
        raise TableError(f"{path}:{rows[0][0] + 1}", "no client follows the header; give at least one")
    _refuse_duplicates(path, [(line, client["client"]) for (line, _), client in zip(rows[1:], clients)])

    def column(name: str) -> tuple:
        return tuple(client.get(name) for client in clients)

    coefficients = column("energy_coefficient") if "energy_coefficient" in header else None
    return ClientTable(column("client"), column("training_cycles"), coefficients, column("max_frequency"))


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines that are not blank, with their numbers."""
    rows: list[tuple[int, list[str]]] = []
    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for fields in reader:
                line = reader.line_num
                if any(field.strip() for field in fields):
                    rows.append((line, [field.strip() for field in fields]))
    except OSError as error:
        raise TableError(str(path), f"cannot be read: {error.strerror}; name a CSV file") from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise TableError(str(path), f"is no CSV in UTF-8: byte 0x{byte:02x} is no text") from None
    except csv.Error as error:
        raise TableError(f"{path}:{line + 1}", f"is no CSV: {error}") from None
    return rows


def _header(path: Path, line: int, header: list[str], required: tuple[str, ...]) -> list[str]:
    for name in required:
        if name not in header:
            raise TableError(
                f"{path}:{line}:{name}", f"the column is missing; the header is {','.join(header)!r}"
            )
    for position, name in enumerate(header):
        if name not in COLUMNS:
            raise TableError(
                f"{path}:{line}", f"column {name!r} is unknown; the columns are {', '.join(COLUMNS)}"
            )
        if name in header[:position]:
            raise TableError(f"{path}:{line}:{name}", "the column is there twice; keep one")
    return header


def _client(path: Path, line: int, header: list[str], fields: list[str]) -> dict[str, str | Fraction | None]:
    if len(fields) != len(header):
        has = counted(len(fields), "field")
        raise TableError(f"{path}:{line}", f"has {has} where the header has {len(header)}")
    return {name: _cell(path, line, name, text) for name, text in zip(header, fields)}


def _cell(path: Path, line: int, name: str, text: str) -> str | Fraction | None:
    place = f"{path}:{line}:{name}"
    if name == "client":
        if not text:
            raise TableError(place, "'' is no name; name the client")
        return text
    if name == "max_frequency" and not text:
        return None
    try:
        number = exact(text)
    except InvalidInput as error:
        raise TableError(place, f"{text!r} must be {error.requirement}") from None
    if number <= 0:
        raise TableError(place, f"{text!r} must be positive")
    return number


def _refuse_duplicates(path: Path, names: list[tuple[int, str]]) -> None:
    first: dict[str, int] = {}
    for line, name in names:
        if name in first:
            raise TableError(
                f"{path}:{line}:client", f"{name!r} is already on line {first[name]}; names must differ"
            )
        first[name] = line
