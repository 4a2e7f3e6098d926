"""What share of the training budget a client reaches by reporting another workload, all other reports fixed.

A report is a whole number of the finest unit in which the round's workloads and target are whole (on chain:
of the task's cycle unit). Few enough reports are tried one by one, and the best share is exact; of many, a
spread is tried and the best refined by halving steps, and the best share is a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from .errors import InvalidInput
from .shapley import shapley_values, shares
from .units import Number, exact

MOST_REPORTS = 64
"""Reports that are tried one by one; of more, about as many are tried."""


@dataclass(frozen=True)
class ReportSearch:
    """Shares by report.

    Attributes
    ----------
    share : dict of Fraction to Fraction
        Share of the training budget by reported workload, ascending.
    exhaustive : bool
        Whether every admissible report is there.
    """

    share: dict[Fraction, Fraction]
    exhaustive: bool


def share_at_report(
    training_cycles: Sequence[Number], client: int, report: Number, target: Number
) -> Fraction:
    """Share of the training budget of a client that reports another workload.

    Parameters
    ----------
    training_cycles : sequence of Number, length N >= 1
        What all clients report otherwise.
    client : int
        Its position.
    report, target : Number

    Examples
    --------
    >>> [round(float(share_at_report([1, 8, 12, 20], 3, report, 10)), 3) for report in (20, 10)]
    [0.129, 0.372]
    """
    reports = [*training_cycles]
    reports[client] = report
    return shares(shapley_values(reports, target).values)[client]


def search_reports(
    training_cycles: Sequence[Number], client: int, target: Number, max_report: Number | None = None
) -> ReportSearch:
    """Find the shares that a client reaches by its report.

    Parameters
    ----------
    training_cycles : sequence of Number, length N >= 1
        True workloads, positive; the others report theirs.
    client : int
        Position of the client.
    target : Number
    max_report : Number, optional
        Largest admissible report; by default twice the largest of workloads and target. The truth is always
        admissible.

    Returns
    -------
    ReportSearch

    Raises
    ------
    InvalidInput
        If max_report is not positive.

    Examples
    --------
    >>> found = search_reports([1, 8, 12, 20], 3, 10)
    >>> best = max(found.share, key=found.share.get)
    >>> str(best), round(float(found.share[best]), 3), found.exhaustive
    ('10', 0.372, True)
    """
    workloads, goal = [exact(workload) for workload in training_cycles], exact(target)
    most = 2 * max(*workloads, goal) if max_report is None else exact(max_report, "max_report")
    if most <= 0:
        raise InvalidInput("max_report", float(most), "positive")
    unit = Fraction(1, lcm(goal.denominator, *(workload.denominator for workload in workloads)))
    truth, last = int(workloads[client] / unit), int(most / unit)
    known: dict[int, Fraction] = {}

    def share(report: int) -> Fraction:
        if report not in known:
            known[report] = share_at_report(workloads, client, report * unit, goal)
        return known[report]

    exhaustive = last <= MOST_REPORTS
    spread = (
        range(1, last + 1)
        if exhaustive
        else _spread(last, [int(value / unit) for value in (*workloads, goal)])
    )
    best = max([truth, *spread], key=share)
    step = 0 if exhaustive else 2 * last // MOST_REPORTS
    while step:
        best = max([best, max(best - step, 1), min(best + step, max(last, best))], key=share)
        step //= 2
    return ReportSearch({report * unit: known[report] for report in sorted(known)}, exhaustive)


def _spread(last: int, marks: Sequence[int]) -> list[int]:
    """Half of `MOST_REPORTS` evenly up to the last report, and at most as many marks."""
    evenly = [last * k // (MOST_REPORTS // 2) for k in range(1, MOST_REPORTS // 2 + 1)]
    inside = sorted({mark for mark in marks if 1 <= mark <= last})
    return evenly + inside[:: max(1, 2 * len(inside) // MOST_REPORTS)]
