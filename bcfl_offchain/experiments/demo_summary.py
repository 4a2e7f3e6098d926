"""The demo's summary: what happened, in the units of the paper, from chain data and the published models.

Money on chain (ledgers, `committed`, `paid`, `refunded`, `pay_wei`) is in wei as decimal strings, where wei
is the smallest unit of `money`, the coin or a token; fees are in the coin's. Everything else is a JSON number in GHz, GHz·min, minutes and money. What does not exist for a client that is
not hired is null.

A round's `contribution` and its clients' `accuracy_value` and `accuracy_interval` are those of the accuracy
game (`demo_contribution`); they are null where the demo was not asked for it, or an update did not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bcfl_offchain.agents import Workplace
from bcfl_offchain.agents.pricing import compute_list, listed_reports
from bcfl_offchain.chain import Factory, Ledger, Round, TransactionRecord
from bcfl_offchain.chain.token import money_of
from bcfl_offchain.chain.history import PostedEntry, TaskHistory
from bcfl_offchain.learning import Dataset, accuracy
from bcfl_offchain.mechanism.fixed_point import Entry
from bcfl_offchain.mechanism.units import (
    cycles_to_paper,
    energy_coefficient_to_paper,
    frequency_to_paper,
    money_to_paper,
    price_to_paper,
)

from .demo_contribution import accuracy_game, accuracy_values, rank_correlation

if TYPE_CHECKING:
    from .demo import DemoConfig


class Recorder:
    """Writes down rounds and ledgers as they happen.

    Parameters
    ----------
    place : Workplace
    factory : Factory
    config : DemoConfig
    data : mapping of str to Dataset
        Each client's part, by address, in the order in which clients are shown.
    held_out : Dataset
        What accuracy is measured with.
    money_unit : int
        Wei that one unit of the paper's money is worth.
    progress : callable
        Told in a few words what takes its time.
    """

    def __init__(
        self,
        place: Workplace,
        factory: Factory,
        config: DemoConfig,
        data: Mapping[str, Dataset],
        held_out: Dataset,
        money_unit: int,
        progress: Callable[[str], None],
    ) -> None:
        self.place = place
        self.factory = factory
        self.config = config
        self.data = data
        self.held_out = held_out
        self.money_unit = money_unit
        self.progress = progress
        self.rounds: list[dict[str, Any]] = []
        self.ledgers: list[dict[str, Any]] = []
        self._blocks: list[int] = []

    def ledger(self, when: str) -> None:
        """Write the contract's ledger down."""
        self.ledgers.append({"when": when, **_ledger_row(self.place.task.ledger())})

    def round(self, number: int) -> None:
        """Write a round down that has just ended."""
        history = self.place.reader.history()
        round_ = history.rounds[number - 1]
        ended = round_.ended
        if ended is None:
            raise ValueError(f"round {number} has not ended; only then is it written down")
        model = self.place.model_before(history, number + 1)
        contribution, values = self._contribution(history, round_)
        clients = self._clients(round_, values)
        if contribution is not None:
            contribution["rank_correlation"] = rank_correlation(clients)
        self.rounds.append(
            {
                "number": number,
                "accuracy": accuracy(model, self.held_out),
                "ended_by": "quorum" if any(ended.model_hash) else "time",
                "generator": next(iter(round_.ranking(self.place.task.terms, self.place.task.address)), None),
                "model_hash": f"0x{ended.model_hash.hex()}",
                "votes": ended.votes,
                "size": round_.opened.size,
                "hired": round_.opened.hired,
                "seed": f"0x{round_.opened.seed.hex()}",
                "list_version": round_.opened.version,
                "committed": str(round_.opened.committed),
                "paid": str(round_.credited - round_.cancelled),
                "refunded": str(ended.refunded),
                "contribution": contribution,
                "clients": clients,
            }
        )
        self._blocks.append(ended.place.block)
        self.ledger(f"after round {number}")

    def summary(self, constants: Mapping[str, Any], records: Sequence[TransactionRecord]) -> dict[str, Any]:
        """The whole summary.

        Parameters
        ----------
        constants : mapping
            The demo's own, in the units of the paper.
        records : sequence of TransactionRecord
            Every transaction in the order in which it was sent.

        Returns
        -------
        dict
            Ready for JSON. `ledger` is the last one before the members left and the owner closed the task.
        """
        task = self.place.task
        claimed = next(row for row in self.ledgers if row["when"] == "after claims")
        return {
            "contract": task.address,
            "factory": self.factory.address,
            "owner": task.terms.owner,
            "chain_id": task.chain_id,
            "client_version": task.w3.client_version,
            "config": {
                "n_clients": self.config.clients,
                "rounds": self.config.rounds,
                "policy": self.config.policy,
                "seed": self.config.seed,
                "contribution": self.config.contribution,
                "token": self.config.token,
            },
            "money": asdict(money_of(task.w3, task.terms.token)),
            "constants": dict(constants),
            "terms": _terms_row(asdict(task.terms)),
            "initial_accuracy": accuracy(self.place.agreement.start, self.held_out),
            "rounds": self.rounds,
            "ledger": {name: value for name, value in claimed.items() if name != "when"},
            "ledgers": self.ledgers,
            "transactions": [self._transaction_row(record) for record in records],
        }

    def _contribution(
        self, history: TaskHistory, round_: Round
    ) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]]]:
        """The accuracy game's lines, of the round and by address in lower case."""
        if self.config.contribution != "accuracy":
            return None, {}
        game = accuracy_game(self.place, history, round_, self.held_out)
        if game is None:
            return None, {}
        start = f"round {round_.number} of {self.config.rounds}: "
        return accuracy_values(game, lambda text: self.progress(start + text))

    def _clients(self, round_: Round, values: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
        lines = compute_list(self.place.task.terms, listed_reports(round_.price_list))
        return [
            {
                **self._client_row(f"client-{number}", client, lines[client], round_),
                **values.get(client.lower(), _NO_VALUE),
            }
            for number, client in enumerate(self.data, 1)
            if client in lines
        ]

    def _client_row(self, name: str, client: str, line: Entry, round_: Round) -> dict[str, Any]:
        posted = round_.price_list.entries[client]
        hired = line.hired
        return {
            "client": name,
            "address": client,
            "samples": len(self.data[client]),
            "training_cycles": float(cycles_to_paper(self._cycles(posted))),
            "energy_coefficient": float(
                energy_coefficient_to_paper(posted.report.energy_coefficient, self.money_unit)
            ),
            "max_frequency": float(frequency_to_paper(posted.report.max_frequency)),
            "shapley_value": float(cycles_to_paper(1) * line.shapley_value),
            "share": float(line.share),
            "hired": hired,
            "reason": None if hired else str(line.reason),
            **(self._offer(line, posted) if hired else dict.fromkeys(_OFFER)),
            **self._pay(client, round_, hired),
        }

    def _cycles(self, posted: PostedEntry) -> int:
        return posted.report.training_units * self.place.task.terms.cycle_unit

    def _offer(self, line: Entry, posted: PostedEntry) -> dict[str, float]:
        """Caps, prices, frequencies and times of a hired client."""
        q_t, q_m = frequency_to_paper(line.training_frequency), frequency_to_paper(line.mining_frequency)
        values = (
            money_to_paper(line.training_cap, self.money_unit),
            money_to_paper(line.mining_cap, self.money_unit),
            price_to_paper(line.training_price, self.money_unit),
            price_to_paper(line.mining_price, self.money_unit),
            q_t,
            q_m,
            cycles_to_paper(self._cycles(posted)) / q_t,
            cycles_to_paper(self.place.task.terms.mining_cycles) / q_m,
        )
        return dict(zip(_OFFER, map(float, values)))

    def _pay(self, client: str, round_: Round, hired: bool) -> dict[str, Any]:
        work = round_.works.get(client)
        kept = work is not None and round_.pay(client) == work.pay
        verdict = "paid" if kept else "no work" if hired else "not hired"
        if client in round_.forfeits:
            verdict = "forfeited"
        elif client in round_.rejections:
            verdict = "rejected"
        return {
            "training_pay": float(money_to_paper(work.training_pay, self.money_unit))
            if work and kept
            else None,
            "mining_pay": float(money_to_paper(work.mining_pay, self.money_unit)) if work and kept else None,
            "pay_wei": str(round_.pay(client)),
            "verdict": verdict,
        }

    def _transaction_row(self, record: TransactionRecord) -> dict[str, Any]:
        return {
            "label": record.label,
            "sender": record.sender,
            "hash": record.hash,
            "gas": record.gas,
            "fee": str(record.fee),
            "value": str(record.value),
            "block": record.block,
            "round": self._round_of(record),
        }

    def _round_of(self, record: TransactionRecord) -> int | None:
        """The round that a transaction was part of; null for those before the first and after the last."""
        if record.label not in _ROUND_STEPS:
            return None
        return next((number for number, block in enumerate(self._blocks, 1) if record.block <= block), None)


_NO_VALUE = {"accuracy_value": None, "accuracy_interval": None}
_OFFER = (
    "training_cap",
    "mining_cap",
    "training_price",
    "mining_price",
    "training_frequency",
    "mining_frequency",
    "training_time",
    "mining_time",
)
_ROUND_STEPS = {
    "post entries",
    "open round",
    "submit work",
    "propose model",
    "end round by quorum",
    "end round by time",
}


def _ledger_row(ledger: Ledger) -> dict[str, Any]:
    return {**{name: str(value) for name, value in asdict(ledger).items()}, "balanced": ledger.balanced}


def _terms_row(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Terms as on chain; what may exceed a double is a string, the policy its name."""
    row = {
        name: str(value) if type(value) is int and value >= 2**53 else value for name, value in terms.items()
    }
    return {**row, "policy": terms["policy"].label}
