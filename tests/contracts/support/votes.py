"""Votes: EIP-712 signatures under a round's result, made by eth_account, not from the contract's digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from eth_account import Account
from eth_account.messages import encode_typed_data

TYPES = {
    "RoundResult": [
        {"name": "round", "type": "uint32"},
        {"name": "seed", "type": "bytes32"},
        {"name": "modelHash", "type": "bytes32"},
        {"name": "rejected", "type": "address[]"},
        {"name": "forfeited", "type": "address[]"},
        {"name": "nonce", "type": "uint32"},
    ]
}


class Result(NamedTuple):
    """What the quorum says about a round, in the order of the contract's struct."""

    model_hash: bytes
    rejected: Sequence[str] = ()
    forfeited: Sequence[str] = ()


class Ballot(NamedTuple):
    """Where and when a vote counts: one task on one chain, one round with its seed."""

    chain_id: int
    task: str
    round: int
    seed: bytes


def message(ballot: Ballot, result: Result, nonce: int) -> dict[str, Any]:
    """The typed data that a client with this number signs."""
    return {
        "domain": {
            "name": "BCFL Task",
            "version": "1",
            "chainId": ballot.chain_id,
            "verifyingContract": ballot.task,
        },
        "types": TYPES,
        "primaryType": "RoundResult",
        "message": {
            "round": ballot.round,
            "seed": ballot.seed,
            "modelHash": result.model_hash,
            "rejected": list(result.rejected),
            "forfeited": list(result.forfeited),
            "nonce": nonce,
        },
    }


def sign(key: bytes, ballot: Ballot, result: Result, nonce: int = 0) -> bytes:
    """A client's 65-byte signature under a result."""
    signable = encode_typed_data(full_message=message(ballot, result, nonce))
    return bytes(Account.sign_message(signable, key).signature)
