"""The global model of a round: the weighted mean of the updates, the same to the last bit for everyone.

Each client that signs a round computes the mean itself and compares hashes, so a difference in one bit would
break the quorum. The updates are therefore added in the order of their clients' addresses, whatever the order
in which they arrived, with nothing but elementwise IEEE 754 operations in float64 (no matrix product, no
pairwise sum), and rounded to float32 once.

References
----------
B. McMahan et al.: *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS 2017.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .files import schema_of
from .model import Model

# Sample counts and training units are below this; float32 times the largest weight is far from float64's end.
MAX_WEIGHT = 2**48


class AggregationError(ValueError):
    """Updates or weights that have no weighted mean."""


def aggregate(updates: Mapping[str, Model], weights: Mapping[str, int]) -> Model:
    """The weighted mean of the updates of a round.

    Parameters
    ----------
    updates : mapping of str to Model
        By client address in lower case: the update of each client that was not rejected, float32. If there is
        none, a round has no aggregate and the model of the round before stands.
    weights : mapping of str to int
        By the same addresses: sample count or training units of each client, 1 to 2**48 - 1.

    Returns
    -------
    dict of str to np.ndarray
        The global model: names and shapes of the updates, float32.

    Raises
    ------
    AggregationError
        If there is no update, the clients of both mappings differ, an address is not in lower case, a weight
        is out of its range, or the updates differ in a name, a shape or a type.

    Examples
    --------
    >>> one, four = {"bias": np.ones(2, np.float32)}, {"bias": np.full(2, 4, np.float32)}
    >>> aggregate({"alice": one, "bob": four}, {"alice": 1, "bob": 2})["bias"].tolist()
    [3.0, 3.0]
    """
    clients = sorted(updates)
    _check(updates, weights, clients)
    total = float(sum(weights[client] for client in clients))
    result: Model = {}
    for key, first in updates[clients[0]].items():
        mean = np.zeros(first.shape, np.float64)
        for client in clients:
            mean += updates[client][key].astype(np.float64) * float(weights[client])
        result[key] = (mean / total).astype(np.float32)
    return result


def _check(updates: Mapping[str, Model], weights: Mapping[str, int], clients: list[str]) -> None:
    """Refuse what has no weighted mean, naming the client."""
    if not clients:
        raise AggregationError("there is no update to aggregate; keep the model of the round before")
    if clients != sorted(weights):
        raise AggregationError(f"updates of {clients} but weights of {sorted(weights)}; give both alike")
    expected = schema_of(updates[clients[0]])
    for client in clients:
        if client != client.lower():  # the order of checksummed addresses is another one
            raise AggregationError(f"client {client!r} is not in lower case; write all addresses so")
        weight = weights[client]
        if not isinstance(weight, int) or not 1 <= weight < MAX_WEIGHT:
            raise AggregationError(f"weight {weight!r} of {client}; need an int from 1 to {MAX_WEIGHT - 1}")
        found = schema_of(updates[client])
        if found != expected or any(dtype != np.float32 for dtype, _ in found.values()):
            raise AggregationError(f"update of {client} has {found}, expected {expected} in float32")
