"""Typed errors as brownie shows them."""

from __future__ import annotations

from typing import Any

import brownie


def shown(value: Any) -> str:
    """One argument of a typed error in brownie's words: addresses in lower case, enums as numbers."""
    if isinstance(value, int):
        return str(int(value))
    return str(value).lower() if str(value).startswith("0x") else str(value)


def refused(error: str, *values: Any) -> Any:
    """Expect exactly this typed error with exactly these values."""
    return brownie.reverts(f"{error}: {', '.join(map(shown, values))}")
