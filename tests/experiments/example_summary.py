"""A demo's summary without a chain: real prices of the integer mechanism, made-up addresses, hashes and
gas."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from bcfl_offchain.mechanism import fixed_point, units

MONEY_UNIT = 10**15
BOND = 5 * MONEY_UNIT
WORKLOADS = (4, 6, 8, 9, 11, 13, 16, 20)


def address(number: int) -> str:
    return f"0x{number:040x}"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def example_summary(n_clients: int = 8, n_rounds: int = 3, contribution: str = "workload") -> dict[str, Any]:
    """Summary of `n_rounds` rounds in which everybody hired worked and was paid."""
    terms = fixed_point.Terms(
        30 * n_clients * MONEY_UNIT,
        5 * n_clients * MONEY_UNIT,
        900,
        units.cycles_to_chain(5),
        units.cycles_to_chain(10),
        "complete",
    )
    workloads = [
        WORKLOADS[index % len(WORKLOADS)] + 3 * (index // len(WORKLOADS) % 2) for index in range(n_clients)
    ]
    rounds = [_round(number, workloads, terms) for number in range(1, n_rounds + 1)]
    if contribution == "accuracy":
        for round_ in rounds:
            _add_accuracy_game(round_)
    transactions = [_transaction("create", 0, 480_000, None)]
    transactions += [
        _transaction("join", client, 110_000 + client, None) for client in range(1, n_clients + 1)
    ]
    for round_ in rounds:
        transactions.append(_transaction("open", 0, 90_000, round_["number"]))
        transactions += [
            _transaction("submitWork", client, 85_000 - 300 * client, round_["number"])
            for client in range(1, n_clients + 1)
        ]
        transactions.append(_transaction("end by quorum", 3, 60_000 + 12_000 * n_clients, round_["number"]))
    paid = sum(int(client["pay_wei"]) for round_ in rounds for client in round_["clients"])
    funds = terms.budget * n_rounds
    bonds = n_clients * BOND
    ledgers = [
        _ledger("after joining", deposited=funds + bonds, free=funds, bonds=bonds),
        _ledger(
            "after the last round", deposited=funds + bonds, claimable=paid, free=funds - paid, bonds=bonds
        ),
        _ledger("after claims", deposited=funds + bonds, paid=paid, free=funds - paid, bonds=bonds),
    ]
    return {
        "contract": address(0xC0FFEE),
        "factory": address(0xFAC),
        "owner": address(0xA11CE),
        "chain_id": 31337,
        "client_version": "anvil/v1.7.1",
        "config": {
            "n_clients": n_clients,
            "rounds": n_rounds,
            "policy": "complete",
            "seed": 7,
            "contribution": contribution,
            "token": "coin",
        },
        "money": {"token": None, "symbol": "wei", "decimals": 0},
        "constants": {
            "money_unit": str(MONEY_UNIT),
            "target": 10.0,
            "mining_cycles": 5.0,
            "deadline": 15.0,
            "grace": 14.25,
            "miss_probability": 9.9e-4,
            "budget": 30.0 * n_clients,
            "mining_budget": 5.0 * n_clients,
            "energy_coefficient": [0.01] * n_clients,
        },
        "terms": {
            "budget": str(terms.budget),
            "miningBudget": str(terms.mining_budget),
            "deadline": 900,
            "policy": "complete",
        },
        "initial_accuracy": 0.0963,
        "rounds": rounds,
        "ledger": ledgers[-1],
        "ledgers": ledgers,
        "transactions": transactions,
    }


def _ledger(when: str, **lines: int) -> dict[str, Any]:
    names = ("deposited", "paid", "claimable", "committed", "free", "returned", "bonds", "burnt")
    return {"when": when, **{name: str(lines.get(name, 0)) for name in names}, "balanced": True}


def _transaction(label: str, sender: int, gas: int, round_: int | None) -> dict[str, Any]:
    return {
        "label": label,
        "sender": address(sender),
        "gas": gas,
        "round": round_,
        "fee": str(gas * 10**9),
        "hash": f"0x{sha256(repr((label, sender, round_)).encode()).hexdigest()}",
    }


def _round(number: int, workloads: list[int], terms: fixed_point.Terms) -> dict[str, Any]:
    reports = [
        fixed_point.Report(
            units.cycles_to_chain(workload),
            units.energy_coefficient_to_chain("0.01", MONEY_UNIT),
            units.frequency_to_chain(25),
        )
        for workload in workloads
    ]
    entries = fixed_point.price_list(reports, terms)
    clients = [_client(index, *line) for index, line in enumerate(zip(workloads, reports, entries))]
    hired = sum(entry.hired for entry in entries)
    committed = sum(entry.training_cap + entry.mining_cap for entry in entries)
    paid = sum(int(client["pay_wei"]) for client in clients)
    return {
        "number": number,
        "accuracy": 0.96 - 0.4 / 2**number,
        "ended_by": "quorum",
        "generator": clients[-1]["address"],
        "model_hash": digest(77 + number),
        "votes": hired,
        "size": len(clients),
        "hired": hired,
        "seed": digest(number),
        "committed": str(committed),
        "paid": str(paid),
        "refunded": str(committed - paid),
        "contribution": None,
        "clients": clients,
    }


def _add_accuracy_game(round_: dict[str, Any]) -> None:
    """Made-up values: the first round's from a sample with intervals, the later ones' exact."""
    players = [client for client in round_["clients"] if client["hired"]]
    is_sampled = round_["number"] == 1
    values = [0.8 * (index + 1) / (len(players) * (len(players) + 1) / 2) for index in range(len(players))]
    values[0], values[1] = values[0] - 0.1, values[1] + 0.1
    for client, value in zip(players, values):
        half = 0.01 if is_sampled else 0.0
        client.update(accuracy_value=value, accuracy_interval=[value - half, value + half])
    round_["contribution"] = {
        "method": "sampled" if is_sampled else "exact",
        "evaluations": 65536 if is_sampled else 2 ** len(players),
        "seconds": 2.25,
        "value_of_all": 0.9 + sum(values) - 0.8,
        "value_of_none": 0.1,
        "standard_error": 0.00125 if is_sampled else 0.0,
        "intervals_withheld": None,
        "rank_correlation": 0.625,
    }


def _client(
    index: int, workload: int, report: fixed_point.Report, entry: fixed_point.Entry
) -> dict[str, Any]:
    def money(wei: int) -> float | None:
        return wei / MONEY_UNIT if entry.hired else None

    def price(value: int) -> float | None:
        return value * 60 / 10**18 / MONEY_UNIT if entry.hired else None

    def minutes(cycles: int, frequency: int) -> float | None:
        return cycles * 10**9 / frequency / 60 if entry.hired else None

    return {
        "client": f"client-{index}",
        "address": address(index + 1),
        "samples": 20 * workload,
        "training_cycles": float(workload),
        "energy_coefficient": 0.01,
        "max_frequency": report.max_frequency / 1e18,
        "shapley_value": float(entry.shapley_value / units.CYCLES_PER_GHZ_MINUTE),
        "share": float(entry.share),
        "hired": entry.hired,
        "reason": None if entry.hired else str(entry.reason),
        "training_cap": money(entry.training_cap),
        "mining_cap": money(entry.mining_cap),
        "training_price": price(entry.training_price),
        "mining_price": price(entry.mining_price),
        "training_frequency": entry.training_frequency / 1e18 if entry.hired else None,
        "mining_frequency": entry.mining_frequency / 1e18 if entry.hired else None,
        "training_time": minutes(report.training_cycles, entry.training_frequency),
        "mining_time": minutes(units.cycles_to_chain(5), entry.mining_frequency),
        "training_pay": money(entry.training_pay),
        "mining_pay": money(entry.mining_pay),
        "pay_wei": str(entry.training_pay + entry.mining_pay),
        "verdict": "paid" if entry.hired else "not hired",
        "accuracy_value": None,
        "accuracy_interval": None,
    }
