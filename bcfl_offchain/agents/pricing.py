"""A price list recomputed from chain data: what the owner posts and all others check.

Where a list is too large for exact caps, one step more or less is right too; all else follows from the cap
that is posted (docs/protocol.md, Caps in steps).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bcfl_offchain.chain.history import PriceList
from bcfl_offchain.chain.types import Entry, Report, Terms, address_order
from bcfl_offchain.mechanism import fixed_point

# A pure function of chain data, and the costliest: agents that live in one process need not repeat it.
_price_list = lru_cache(maxsize=16)(fixed_point.price_list)

_CHECKED = ("training_cap", "training_frequency")  # prices follow from them


@dataclass(frozen=True)
class ListDifference:
    """One number in which a price list differs from the mechanism.

    Attributes
    ----------
    client, field : str
    expected, found : int
        As recomputed, and as posted.
    others : tuple of int
        What would be right as well: caps that are a step less or more, on a list too large for exact ones.
    """

    client: str
    field: str
    expected: int
    found: int
    others: tuple[int, ...] = ()

    @property
    def allowed(self) -> int | str:
        """What the number has to be; where that is not one number, in words."""
        if not self.others:
            return self.expected
        listed = " or ".join(map(str, (self.expected, *self.others)))
        return f"{listed}, in steps of {abs(self.expected - self.others[0])}"


@dataclass(frozen=True)
class CheckedList:
    """A posted list beside the mechanism.

    Attributes
    ----------
    lines : dict of str to mechanism.fixed_point.Entry
        By client: the line of the posted cap if that is right, else the recomputed one.
    step : int
        Step of the caps in wei; 0 if they are exact.
    differences : tuple of ListDifference
        Empty if the list is right.
    """

    lines: dict[str, fixed_point.Entry]
    step: int
    differences: tuple[ListDifference, ...]


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
        If there is no report, or the list is too large to be priced with certainty.
    """
    clients = sorted(reports, key=address_order)
    entries = _price_list(
        tuple(reports[client].pricing(terms.cycle_unit) for client in clients), terms.pricing()
    )
    return dict(zip(clients, entries))


def check_posted(terms: Terms, price_list: PriceList) -> CheckedList:
    """Hold a posted list against the mechanism.

    Parameters
    ----------
    terms : Terms
    price_list : PriceList
        A complete list.

    Returns
    -------
    CheckedList

    Raises
    ------
    bcfl_offchain.mechanism.errors.SharesUncertain
        If the list is too large to be priced with certainty.
    """
    lines = compute_list(terms, listed_reports(price_list))
    step = max(line.step for line in lines.values())
    differences: list[ListDifference] = []
    for client, posted in price_list.entries.items():
        own, found = lines[client], posted.entry
        report = posted.report.pricing(terms.cycle_unit)
        may_stand = fixed_point.lines_within_step(report, own, terms.pricing(), price_list.size)
        by_cap = {line.training_cap: line for line in (*may_stand, own)}
        right = lines[client] = by_cap.pop(found.training_cap, own)
        others = tuple(cap for cap in by_cap if cap != right.training_cap)
        differences += _differences(client, right, found, others)
    return CheckedList(lines, step, tuple(differences))


def _differences(
    client: str, right: fixed_point.Entry, found: Entry, others: tuple[int, ...]
) -> Iterator[ListDifference]:
    for field in _CHECKED:
        wanted, stated = getattr(right, field), getattr(found, field)
        if wanted != stated:
            yield ListDifference(client, field, wanted, stated, others if field == "training_cap" else ())


def listed_reports(price_list: PriceList) -> dict[str, Report]:
    """The reports that a list was posted for, by client."""
    return {client: line.report for client, line in price_list.entries.items()}
