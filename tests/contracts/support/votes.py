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


class RoundId(NamedTuple):
    """Where and when a vote counts: one task on one chain, one round with its seed."""

    chain_id: int
    task: str
    round: int
    seed: bytes


Vote = tuple[str, bytes]
"""A signer, and its signature of 65 bytes."""


def message(round_id: RoundId, result: Result, nonce: int) -> dict[str, Any]:
    """The typed data that a client with this number signs."""
    return {
        "domain": {
            "name": "BCFL Task",
            "version": "1",
            "chainId": round_id.chain_id,
            "verifyingContract": round_id.task,
        },
        "types": TYPES,
        "primaryType": "RoundResult",
        "message": {
            "round": round_id.round,
            "seed": round_id.seed,
            "modelHash": result.model_hash,
            "rejected": list(result.rejected),
            "forfeited": list(result.forfeited),
            "nonce": nonce,
        },
    }


def sign(key: bytes, round_id: RoundId, result: Result, nonce: int = 0) -> bytes:
    """A client's 65-byte signature under a result."""
    signable = encode_typed_data(full_message=message(round_id, result, nonce))
    return bytes(Account.sign_message(signable, key).signature)


def ballot(votes: Sequence[Vote], nonce: int = 0) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Votes of accounts with this vote nonce as `endRoundByQuorum` takes them, in the order given."""
    return nonce, [compact(signature) for _, signature in votes]


def compact(signature: bytes) -> tuple[bytes, bytes]:
    """(r, vs) of EIP-2098: the parity of v in the highest bit of s."""
    s, parity = int.from_bytes(signature[32:64], "big"), signature[64] - 27
    return signature[:32], (s ^ parity << 255).to_bytes(32, "big")
