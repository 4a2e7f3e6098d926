"""An explained round: as one record for JSON, or as tables for people."""

from __future__ import annotations

from typing import Any

import numpy as np

from .client_table import ClientTable
from .mechanism.explanation import Explanation
from .mechanism.wording import counted
from .presentation import OFFER_KEYS, WideTable, lay_out, number, shapley_record

RESPONSE_KEYS = OFFER_KEYS[2:]
"""What a response consists of, after the two prices."""

REGRET_KEYS = {
    "response": "by_response",
    "claim": "by_claim",
    "report": "by_report",
    "report_training_cycles": "by_workload",
    "report_energy_coefficient": "by_energy_coefficient",
}


def explanation_record(
    table: ClientTable, told: Explanation, audit_probability: float | None
) -> dict[str, Any]:
    """Gather what ``bcfl explain`` prints."""
    base = shapley_record(table, told.priced.shapley, told.priced.shares)
    clients = [row | _client(told, position) for position, row in enumerate(base.pop("clients"))]
    return {
        "policy": told.priced.policy,
        **base,
        "owner_utility": float(np.sum(told.owner_utility)),
        "deadline_if_free": number(told.round_deadline),
        "audit_probability": audit_probability,
        "bond": None if told.bond is None else float(np.max(told.bond)),
        "every_report_tried": told.exhaustive,
        "clients": clients,
    }


def _client(told: Explanation, position: int) -> dict[str, Any]:
    priced, regret = told.priced, told.regret

    def numbers(source: Any, keys: tuple[str, ...]) -> dict[str, float | None]:
        return {key: number(getattr(source, key)[position]) for key in keys}

    reason = priced.reason[position]
    certificate = told.best.certificate
    best = numbers(told.best, RESPONSE_KEYS)
    best["binding"] = [name for name, mask in certificate.binding.items() if mask[position]]
    best |= numbers(certificate, ("kkt_residual", "gap"))
    row: dict[str, Any] = {"hired": reason is None, "reason": None if reason is None else str(reason)}
    row |= numbers(priced, ("training_cap", "mining_cap", "training_price", "mining_price"))
    row["response"] = numbers(priced, RESPONSE_KEYS)
    row["theorem_response"] = numbers(told.theorem, RESPONSE_KEYS)
    row["best_response"] = best
    row["best_claim"] = numbers(
        told.claim, ("training_frequency", "mining_frequency", "training_pay", "mining_pay")
    )
    row["constraints"] = {
        check.name: _checked(bool(check.holds[position]), float(check.margin[position]))
        for check in told.checks
    }
    row["owner_utility"] = number(told.owner_utility[position])
    row["regret"] = {key: float(getattr(regret, name)[position]) for key, name in REGRET_KEYS.items()}
    row["best_report"] = {
        "training_cycles": float(regret.best_workload[position]),
        "energy_coefficient": float(regret.best_energy_coefficient[position]),
        "pay": float(regret.best_pay[position]),
    }
    row["bond"] = None if told.bond is None else float(told.bond[position])
    row["deadline_if_free"] = number(told.deadline[position])
    return row


def explanation_tables(record: dict[str, Any]) -> tuple[WideTable, ...]:
    """Lay out `explanation_record` for people."""
    rows = record["clients"]
    hired = [row for row in rows if row["hired"]]
    caps = [
        "training_cycles",
        "energy_coefficient",
        "shapley_value",
        "share",
        "training_cap",
        "mining_cap",
        "reason",
    ]
    names = list(rows[0]["constraints"])
    theorem = _responses("Response of Theorem 3.1 to the same prices", hired, "theorem_response")
    theirs = any(row["response"] != row["theorem_response"] for row in hired)
    return (
        lay_out(
            f"Policy {record['policy']}: {counted(len(rows), 'client')}, {len(hired)} hired, "
            f"by {record['method']}",
            ["client", *caps],
            [row | {"reason": row["reason"] or "yes"} for row in rows],
        ),
        _responses("Response that the policy expects", hired, "response"),
        *((theorem,) if theirs else ()),
        _responses("Exact best response", hired, "best_response", ("gap", "binding")),
        lay_out(
            "Margins of the constraints at the expected response; ✗ where one is broken",
            ["client", *names],
            [
                {"client": row["client"], **{name: _margin(row["constraints"][name]) for name in names}}
                for row in rows
            ],
        ),
        _incentives(record),
    )


def _responses(title: str, rows: list[dict[str, Any]], kind: str, more: tuple[str, ...] = ()) -> WideTable:
    flat = []
    for row in rows:
        answer = row[kind] | {key: row[key] for key in ("client", "training_price", "mining_price")}
        flat.append(answer | {"binding": " ".join(answer.get("binding", []))})
    return lay_out(title, ["client", *OFFER_KEYS, *more], flat)


def _checked(holds: bool, margin: float) -> dict[str, Any]:
    """Without a price there is nothing to check."""
    return {"holds": None if np.isnan(margin) else holds, "margin": number(margin)}


def _margin(check: dict[str, Any]) -> str:
    if check["margin"] is None:
        return "no limit" if check["holds"] else "–"
    if check["holds"]:
        return "0" if abs(check["margin"]) < 1e-12 else f"{check['margin']:.4g}"
    return f"✗ {check['margin']:.4g}"


def _incentives(record: dict[str, Any]) -> WideTable:
    rows = []
    for row in record["clients"]:
        shown = {f"regret by {key}": row["regret"][key] for key in ("response", "claim", "report")}
        shown |= {
            "best μ": row["best_report"]["training_cycles"],
            "best ρ": row["best_report"]["energy_coefficient"],
        }
        shown |= {"bond": row["bond"], "owner's T [min]": row["deadline_if_free"]}
        rows.append({"client": row["client"], **shown})
    tried = "every report tried" if record["every_report_tried"] else "not every report tried: lower bounds"
    free = "–" if record["deadline_if_free"] is None else f"{record['deadline_if_free']:.6g} min"
    return lay_out(f"Incentives ({tried}); the owner's T for all: {free}", list(rows[0]), rows)
