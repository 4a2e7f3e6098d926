"""Votes of the quorum: EIP-712 signatures, packed as the contract counts them.

References
----------
EIP-712, Typed structured data hashing and signing. EIP-2098, Compact signature representation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature

from .types import Ballot, RoundResult, Vote, address_order

_HIGHEST_S = SECPK1_N // 2
_ROUND_RESULT = [
    {"name": "round", "type": "uint32"},
    {"name": "seed", "type": "bytes32"},
    {"name": "modelHash", "type": "bytes32"},
    {"name": "rejected", "type": "address[]"},
    {"name": "forfeited", "type": "address[]"},
    {"name": "nonce", "type": "uint32"},
]


@dataclass(frozen=True)
class RoundId:
    """What a vote is on, but for the result itself: one round of one task on one chain.

    Attributes
    ----------
    chain_id : int
    task : str
        The task's address.
    round : int
    seed : bytes
        The round's seed, 32 bytes.
    """

    chain_id: int
    task: str
    round: int
    seed: bytes


def typed_data(round_id: RoundId, result: RoundResult, nonce: int) -> dict[str, Any]:
    """The EIP-712 message that a client signs, in the form that wallets take.

    Parameters
    ----------
    round_id : RoundId
    result : RoundResult
    nonce : int
        The client's number (`ClientState.vote_nonce`); raising it on chain voids the vote.
    """
    message = {
        "round": round_id.round,
        "seed": round_id.seed,
        "modelHash": result.model_hash,
        "rejected": list(result.rejected),
        "forfeited": list(result.forfeited),
        "nonce": nonce,
    }
    domain = {
        "name": "BCFL Task",
        "version": "1",
        "chainId": round_id.chain_id,
        "verifyingContract": round_id.task,
    }
    domain_types = [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ]
    types = {"EIP712Domain": domain_types, "RoundResult": _ROUND_RESULT}
    return {"types": types, "primaryType": "RoundResult", "domain": domain, "message": message}


def sign_vote(account: LocalAccount, round_id: RoundId, result: RoundResult, nonce: int) -> Vote:
    """Sign a round's result.

    Returns
    -------
    Vote
        Signed by the account's own key.
    """
    signed = account.sign_message(_signable(round_id, result, nonce))
    return Vote(account.address, bytes(signed.signature))


def is_signed_by(vote: Vote, round_id: RoundId, result: RoundResult, nonce: int) -> bool:
    """Whether the contract would count an account's vote for this result and number.

    Only 65 bytes with v of 27 or 28 and the lower of both possible s are taken: the one form in which wallets
    sign, and of which `compact` makes what the contract takes.
    """
    signature = vote.signature
    if (
        len(signature) != 65
        or signature[64] not in (27, 28)
        or int.from_bytes(signature[32:64], "big") > _HIGHEST_S
    ):
        return False
    try:
        return Account.recover_message(_signable(round_id, result, nonce), signature=signature) == vote.signer
    except BadSignature:
        return False


def compact(signature: bytes) -> tuple[bytes, bytes]:
    """(r, vs) of EIP-2098 for a signature of 65 bytes that `is_signed_by` takes.

    Examples
    --------
    >>> r, vs = compact(bytes(31) + b"\x01" + bytes(31) + b"\x02" + bytes([28]))
    >>> int.from_bytes(r, "big"), int.from_bytes(vs, "big") == 2**255 + 2
    (1, True)
    """
    s, parity = int.from_bytes(signature[32:64], "big"), signature[64] - 27
    return signature[:32], (parity << 255 | s).to_bytes(32, "big")


def pack_ballots(votes: Iterable[Vote], nonces: Mapping[str, int]) -> list[Ballot]:
    """Votes as the contract counts them: a ballot for each vote nonce, its signers ascending.

    Parameters
    ----------
    votes : iterable of Vote
        Of accounts, each in the form that `is_signed_by` takes.
    nonces : mapping of str to int
        Each signer's vote nonce.

    Returns
    -------
    list of Ballot
        Ascending by nonce.
    """
    groups: dict[int, list[Vote]] = {}
    for vote in sorted(votes, key=lambda vote: address_order(vote.signer)):
        groups.setdefault(nonces[vote.signer], []).append(vote)
    return [
        Ballot(nonce, tuple(compact(vote.signature) for vote in groups[nonce])) for nonce in sorted(groups)
    ]


def _signable(round_id: RoundId, result: RoundResult, nonce: int) -> SignableMessage:
    return encode_typed_data(full_message=typed_data(round_id, result, nonce))
