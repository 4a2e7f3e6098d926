"""How titles and refusals count things. It stands in the lowest layer, so that every layer may say it so."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """Put a number before the name of a thing whose plural takes an s.

    Examples
    --------
    >>> counted(1, "client"), counted(0, "hired client")
    ('1 client', '0 hired clients')
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
