"""What each update of a demo's round was worth to the model: Shapley values (3) of the round's accuracy game.

The players are the clients whose updates the quorum accepted; a coalition is worth the held-out accuracy of
the aggregate of its updates, weighted as in the round, and nobody's updates leave the model of the round
before (`learning.contribution`). These values are shown beside those of the paper's workload game (4) and pay
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bcfl_offchain.agents import Workplace
from bcfl_offchain.chain import Round
from bcfl_offchain.chain.history import TaskHistory
from bcfl_offchain.learning import Dataset, fetch
from bcfl_offchain.learning.contribution import AccuracyGame
from bcfl_offchain.mechanism.contribution import Contributions, MaxEvaluations, contributions
from bcfl_offchain.mechanism.contribution.stopping import spearman

EVALUATIONS = 2**16
"""Coalitions that a round's game may evaluate: all there are for up to 16 clients, a sample for more. A
number and not a time, so that the same seed gives the same values on every machine."""
# Equal values differ in their last digits; without this they would have ranks of their own.
_RANK_DECIMALS = 12


def accuracy_game(
    place: Workplace, history: TaskHistory, round_: Round, held_out: Dataset
) -> AccuracyGame | None:
    """The accuracy game of a round that a quorum has ended.

    Parameters
    ----------
    place : Workplace
        Its store has the updates.
    history : TaskHistory
    round_ : Round
    held_out : Dataset
        Where accuracy is measured.

    Returns
    -------
    AccuracyGame or None
        None if no quorum has said which updates count, or it accepted none.

    Raises
    ------
    FileRejected
        If the store does not have an accepted update, or the model that the round began with.
    """
    accepted = [c for c in round_.works if c not in round_.rejections and c not in round_.forfeits]
    if round_.ended is None or not any(round_.ended.model_hash) or not accepted:
        return None
    before = place.model_before(history, round_.number)
    updates = {
        client.lower(): fetch(
            place.store,
            like=before,
            name=place.file_name(round_.number, client),
            expected_hash=round_.works[client].update_hash,
        )
        for client in accepted
    }
    entries = round_.price_list.entries
    weights = {client.lower(): entries[client].report.training_units for client in accepted}
    return AccuracyGame(updates, weights, before, held_out)


def accuracy_values(
    game: AccuracyGame, progress: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Solve a round's game.

    Parameters
    ----------
    game : AccuracyGame
    progress : callable
        Told in a few words what is being done.

    Returns
    -------
    tuple of dict
        The round's line of the summary, and by address in lower case each client's. `standard_error` is the
        largest of all clients', `intervals_withheld` says why there are no intervals.
    """
    count = len(game.clients)
    total = min(EVALUATIONS, 2**count)
    result = contributions(
        game,
        count,
        MaxEvaluations(EVALUATIONS),
        bounds=game.bounds,
        on_progress=lambda known: progress(f"accuracy of coalitions: {known.evaluations} of {total}"),
    )
    none, everybody = game(np.array([[False] * count, [True] * count])).tolist()
    error = float(np.max(result.standard_errors))
    line = {
        "method": result.method,
        "evaluations": result.evaluations,
        "seconds": result.seconds,
        "value_of_all": everybody,
        "value_of_none": none,
        "standard_error": error if np.isfinite(error) else None,
        "intervals_withheld": result.withheld,
    }
    return line, dict(zip(game.clients, _client_lines(result)))


def _client_lines(result: Contributions) -> list[dict[str, Any]]:
    values = result.values.tolist()
    intervals = [None] * len(values) if result.intervals is None else result.intervals.tolist()
    return [
        {"accuracy_value": value, "accuracy_interval": interval}
        for value, interval in zip(values, intervals)
    ]


def rank_correlation(clients: Sequence[Mapping[str, Any]]) -> float | None:
    """Spearman's rank correlation of both games' values among the clients that have both.

    Parameters
    ----------
    clients : sequence of mapping
        The round's clients in the summary.

    Returns
    -------
    float or None
        None if all values of a game are equal, as those of a single client are.

    Examples
    --------
    >>> rank_correlation([{"shapley_value": 1.0, "accuracy_value": 0.1},
    ...                   {"shapley_value": 2.0, "accuracy_value": 0.3},
    ...                   {"shapley_value": 3.0, "accuracy_value": 0.2}])
    0.5
    """
    both = [
        (client["shapley_value"], client["accuracy_value"])
        for client in clients
        if client["accuracy_value"] is not None
    ]
    workload, accuracy = np.round(np.array(both).reshape(-1, 2), _RANK_DECIMALS).T
    if len(np.unique(workload)) < 2 or len(np.unique(accuracy)) < 2:
        return None
    return spearman(workload, accuracy)
