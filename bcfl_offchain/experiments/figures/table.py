"""The data of a figure: rows with named columns, kept as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Cell = str | float
DIGITS = 8
"""Significant digits in a CSV: what the last bits of a float do on another machine stays out of it."""


@dataclass(frozen=True)
class Table:
    """Rows of one figure.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of str or float
        NaN where a row has no such number.

    Examples
    --------
    >>> table = Table(("policy", "x"), (("complete", 1.0), ("incomplete", 2.0), ("complete", 3.0)))
    >>> table.where(policy="complete")["x"].tolist()
    [1.0, 3.0]
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, records: Iterable[dict[str, Cell]]) -> Table:
        """Make a table of records that have the same keys in the same order."""
        listed = list(records)
        columns = tuple(listed[0])
        return cls(columns, tuple(tuple(record[name] for name in columns) for record in listed))

    def where(self, **wanted: Cell) -> Table:
        """Keep the rows whose cells equal what is asked for.

        Raises
        ------
        LookupError
            If there is none.
        """
        places = [(self.columns.index(name), value) for name, value in wanted.items()]
        kept = tuple(row for row in self.rows if all(row[place] == value for place, value in places))
        if not kept:
            raise LookupError(f"no row with {wanted}; columns are {', '.join(self.columns)}")
        return Table(self.columns, kept)

    def __getitem__(self, name: str) -> NDArray:
        """Return a column as an array."""
        place = self.columns.index(name)
        return np.array([row[place] for row in self.rows])

    def cell(self, name: str) -> Cell:
        """Return a column of a table of one row.

        Raises
        ------
        LookupError
            If there are several rows.
        """
        if len(self.rows) != 1:
            raise LookupError(f"{len(self.rows)} rows where one was expected")
        return self.rows[0][self.columns.index(name)]

    def distinct(self, name: str) -> list[Cell]:
        """Return the values of a column in the order in which they first appear."""
        place = self.columns.index(name)
        return list(dict.fromkeys(row[place] for row in self.rows))

    def write_csv(self, path: Path) -> None:
        """Write the table with `DIGITS` significant digits."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([as_text(cell) for cell in row] for row in self.rows)


def as_text(cell: Cell) -> str:
    """Write a cell as a CSV has it: empty for NaN, and 0 for what is only rounding.

    Examples
    --------
    >>> as_text(1 / 3), as_text(float("nan")), as_text(-1e-15), as_text("complete")
    ('0.33333333', '', '0', 'complete')
    """
    if isinstance(cell, str):
        return cell
    if np.isnan(cell):
        return ""
    return "0" if abs(cell) < 1e-11 else f"{cell:.{DIGITS}g}"
