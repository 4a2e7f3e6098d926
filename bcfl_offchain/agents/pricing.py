"""A price list recomputed from chain data: what the owner posts and all others check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bcfl_offchain.chain.history import PriceList
from bcfl_offchain.chain.types import Report, Terms, address_order
from bcfl_offchain.mechanism import fixed_point

# A pure function of chain data, and the costliest: agents that live in one process need not repeat it.
_price_list = lru_cache(maxsize=16)(fixed_point.price_list)

_CHECKED = ("training_cap", "training_frequency", "training_price", "mining_price")


@dataclass(frozen=True)
class ListDifference:
    """One number in which a price list differs from the mechanism."""

    client: str
    field: str
    expected: int
    found: int


def compute_list(terms: Terms, reports: Mapping[str, Report]) -> dict[str, fixed_point.Entry]:
    """The price list that a task's terms give to reports.

    Parameters
    ----------
    terms : Terms
    reports : mapping of str to Report
        By client address; all of them count in N.

    Returns
    -------
    dict of str to mechanism.fixed_point.Entry
        By client, ascending as the contract wants them.

    Raises
    ------
    bcfl_offchain.mechanism.errors.MechanismError
        If there is no report, or the game is too large to be valued exactly.
    """
    clients = sorted(reports, key=address_order)
    entries = _price_list(
        tuple(reports[client].pricing(terms.cycle_unit) for client in clients), terms.pricing()
    )
    return dict(zip(clients, entries))


def list_differences(
    price_list: PriceList, expected: Mapping[str, fixed_point.Entry]
) -> list[ListDifference]:
    """In what the posted list differs from the mechanism; empty if it is right.

    Parameters
    ----------
    price_list : PriceList
        A complete list.
    expected : mapping of str to mechanism.fixed_point.Entry
        From `compute_list` on the reports that the list was posted for.
    """
    return [
        ListDifference(client, field, _of(expected[client], field), getattr(line.posted, field))
        for client, line in price_list.entries.items()
        for field in _CHECKED
        if _of(expected[client], field) != getattr(line.posted, field)
    ]


def listed_reports(price_list: PriceList) -> dict[str, Report]:
    """The reports that a list was posted for, by client."""
    return {client: line.report for client, line in price_list.entries.items()}


def _of(entry: fixed_point.Entry, field: str) -> Any:
    return getattr(entry, field)
