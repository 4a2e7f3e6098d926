"""Verdicts on the paper's figures come from the data: other data, another verdict, for each single claim."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from bcfl_offchain.experiments.figures import FIGURES, Claim, Reading, Table
from bcfl_offchain.experiments.figures.claims import (
    decided_by,
    gains_nothing,
    matters,
    moves,
    trend,
    verdict,
)

ENTRIES = {entry.name[-1]: entry for entry in FIGURES}
Row = dict[str, str | float]
Rule = Callable[[Row], float]


@cache
def table_of(number: str) -> Table:
    return ENTRIES[number].module.make_table()


def with_column(table: Table, columns: str, rule: Rule) -> Table:
    """The table with every column whose name begins so computed anew from its row."""
    records = [dict(zip(table.columns, row)) for row in table.rows]
    changed = [name for name in table.columns if name.startswith(columns)]
    assert changed
    return Table.of([record | {name: rule(record) for name in changed} for record in records])


def claim_of(key: str, table: Table) -> Claim:
    (claim,) = (claim for claim in ENTRIES[key[0]].module.make_claims(table) if claim.key == key)
    return claim


def both_optimal(row: Row) -> float:
    return float((row["clients"], row["owner"]) == ("optimal", "optimal"))


def swept(row: Row) -> float:
    return row["psi"] if row["sweep"] == "ψ" else row["mu"]


# Per claim: the columns it looks at, data that make it hold, data that make it fail.
DATA: dict[str, tuple[str, Rule, Rule]] = {
    "2.1": ("client_utility", both_optimal, lambda row: -both_optimal(row)),
    "2.2": ("owner_utility", both_optimal, lambda row: -both_optimal(row)),
    "3.1": ("owner_utility", swept, lambda row: 7.0),
    "3.2": ("owner_utility", swept, lambda row: 7.0),
    "3.3": ("time", lambda row: -swept(row), swept),
    "3.4": ("time", lambda row: -swept(row), lambda row: 15.0),
    "3.5": ("client_utility", lambda row: -swept(row), swept),
    "3.6": ("client_utility", lambda row: -swept(row), swept),
    "4.1": ("training_frequency", lambda row: row["price"], lambda row: 1.0),
    "4.2": ("time", lambda row: -row["price"], lambda row: row["price"]),
    "4.3": ("owner_utility", lambda row: 1e6 * row["price"], lambda row: -1e6 * row["price"]),
    "4.4": ("client_utility", lambda row: 4.0, lambda row: row["training_pay"]),
    "4.5": ("client_utility", lambda row: row["price"], lambda row: float(row["policy"] == "complete")),
    "4.6": ("client_utility", lambda row: row["price"], lambda row: -row["price"]),
    "4.7": ("owner_utility", lambda row: row["price"], lambda row: 2.0),
    "4.8": ("mining_frequency", lambda row: row["price"], lambda row: -row["price"]),
    "4.9": ("time", lambda row: -row["price"], lambda row: 15.0),
    "5.1": ("training_price", lambda row: row["mu"], lambda row: -row["mu"]),
    "5.2": ("training_frequency", lambda row: row["mu"], lambda row: 3.0),
    "5.3": ("mining_price", lambda row: 3.0, lambda row: row["mu"]),
    "5.4": ("mining_frequency", lambda row: 3.0, lambda row: row["mu"]),
    "6.1": ("training_frequency", lambda row: row["price"], lambda row: -row["price"]),
    "6.2": ("mining_frequency", lambda row: -row["price"], lambda row: row["price"]),
    "6.3": ("training_time", lambda row: -row["price"], lambda row: row["price"]),
    "6.4": ("mining_time", lambda row: row["price"], lambda row: -row["price"]),
}
# What the implementation shows; None where it depends on the reading.
SHOWN = {
    "2.1": None, "2.2": None, "3.1": None, "3.2": False, "3.3": False, "3.4": False, "3.5": None, "3.6": True,
    "4.1": True, "4.2": False, "4.3": None, "4.4": None, "4.5": True, "4.6": True, "4.7": False, "4.8": False,
    "4.9": False, "5.1": None, "5.2": None, "5.3": True, "5.4": True, "6.1": True, "6.2": True, "6.3": True,
    "6.4": True,
}  # fmt: skip


def test_every_claim_is_listed_once():
    keys = [claim.key for number in ENTRIES for claim in ENTRIES[number].module.make_claims(table_of(number))]
    assert keys == list(DATA) == list(SHOWN)


@pytest.mark.parametrize("key", DATA)
def test_the_verdict_follows_the_data(key):
    columns, good, bad = DATA[key]
    table = table_of(key[0])
    kept = claim_of(key, with_column(table, columns, good))
    lost = claim_of(key, with_column(table, columns, bad))
    for readings in (kept.paper, kept.exact):
        assert verdict(readings) == "holds", [one for one in readings if not one.holds]
    for readings in (lost.paper, lost.exact):
        assert verdict(readings) == "does not hold", [one for one in readings if one.holds]


@pytest.mark.parametrize("key", SHOWN)
def test_what_the_implementation_shows(key):
    held = {reading.holds for reading in claim_of(key, table_of(key[0])).paper}
    assert held == ({True, False} if SHOWN[key] is None else {SHOWN[key]})


def test_who_the_clients_are_decides_whether_the_training_price_rises_with_the_workload():
    claim = claim_of("5.1", table_of("5"))
    assert decided_by(claim.paper) == "holds with spread clients; fails with identical clients"


def test_a_trend_ignores_rounding_and_absent_clients():
    assert trend([np.nan, 1.0, 1.0 + 1e-12, 1.0]).kind == "stays"
    assert str(trend([2.0, np.nan, 1.0])) == "falls from 2 to 1"
    assert str(trend([1.0, 1.00001])) == "rises from 1 to 1 (by 1e-05)"
    assert str(trend([1.0, 3.0, 2.0])) == "turns: 1 at first, 2 at last, between 1 and 3"
    with pytest.raises(ValueError, match="at least two values, not 1"):
        trend([1.0, np.nan])


def test_readings_of_a_sweep():
    assert moves("", [1.0, 2.0], "rises").holds and not moves("", [1.0, 1.0], "rises", "falls").holds
    assert matters("", [1.0, 1.2], True).holds and matters("", [1.0, 1.05], False).holds
    assert gains_nothing("", [5.0, 5.4, 3.0]).holds and not gains_nothing("", [5.0, 1.0, 2.0]).holds


def test_what_decides_a_verdict_may_be_a_pair_or_nothing():
    pair = [Reading(f"{a}, {b}", "", a == "x" and b == "y") for a in "xz" for b in "yw"]
    assert decided_by(pair) == "holds with x and y; fails with w, with z"
    mixed = [Reading("x", "", True), Reading("x", "", False)]
    assert decided_by(mixed) == "the rest is mixed"


def test_a_table_says_what_it_does_not_have():
    table = Table.of([{"policy": "complete", "x": 1.0}, {"policy": "complete", "x": 2.0}])
    with pytest.raises(LookupError, match="no row with .*'incomplete'.*columns are policy, x"):
        table.where(policy="incomplete")
    with pytest.raises(LookupError, match="2 rows where one was expected"):
        table.cell("x")
    assert table.where(x=2.0).cell("policy") == "complete"
