"""What may be a step of a life, and of what it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from bcfl_offchain.chain.types import Report
from tests.contracts.support.terms import PAPER_ENERGY_COEFFICIENT
from tests.model.world import CLIENTS, PURSES, STRANGER

people = st.integers(1, STRANGER)
clients = st.integers(1, CLIENTS)
mostly = st.sampled_from([True, True, True, False])
# Mostly somebody's purse; now and then nobody, or a contract that takes no coin or calls back.
recipients = st.sampled_from([*PURSES, *PURSES, "nobody", "factory", "task", "reentrant"])
reports = st.builds(
    Report,
    st.sampled_from([10, 8, 13, 5, 14, 2, 20]),
    st.sampled_from([PAPER_ENERGY_COEFFICIENT, PAPER_ENERGY_COEFFICIENT + 12345]),
    st.sampled_from([40 * 10**18, 20 * 10**18]),
)
bad_reports = st.sampled_from([Report(0, 1, 1), Report(21, 1, 1), Report(1, 0, 1), Report(1, 1, 0)])
# What can be wrong with a signed message.
FAULTS = ("number used", "too late", "another's", "another task's")
# How a client's message gets to the contract: by itself, or signed and sent by the stranger.
ways = st.sampled_from(["itself", "itself", "signed", "short", *FAULTS])
kinds = st.sampled_from(["JoinTask", "ChangeReport", "SubmitWork", "Claim"])

RULES: list[st.SearchStrategy] = []


def rule(weight: int = 1, **arguments: st.SearchStrategy) -> Callable[[Any], Any]:
    """A step that may come at any time, as often as others times its weight."""

    def register(method: Any) -> Any:
        named = st.tuples(st.just(method.__name__), st.fixed_dictionaries(arguments))
        RULES.extend([named] * weight)
        return method

    return register
