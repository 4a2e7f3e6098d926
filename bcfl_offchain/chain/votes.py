"""Votes of the quorum: EIP-712 signatures that contracts/libraries/Votes.sol checks.

References
----------
EIP-712, Typed structured data hashing and signing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature

from .types import RoundResult, Vote

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
class Ballot:
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


def typed_data(ballot: Ballot, result: RoundResult, nonce: int) -> dict[str, Any]:
    """The EIP-712 message that a client signs, in the form that wallets take.

    Parameters
    ----------
    ballot : Ballot
    result : RoundResult
    nonce : int
        The client's number (`ClientState.nonce`); raising it on chain voids the vote.
    """
    message = {
        "round": ballot.round,
        "seed": ballot.seed,
        "modelHash": result.model_hash,
        "rejected": list(result.rejected),
        "forfeited": list(result.forfeited),
        "nonce": nonce,
    }
    domain = {
        "name": "BCFL Task",
        "version": "1",
        "chainId": ballot.chain_id,
        "verifyingContract": ballot.task,
    }
    domain_types = [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ]
    types = {"EIP712Domain": domain_types, "RoundResult": _ROUND_RESULT}
    return {"types": types, "primaryType": "RoundResult", "domain": domain, "message": message}


def sign_vote(account: LocalAccount, ballot: Ballot, result: RoundResult, nonce: int) -> Vote:
    """Sign a round's result.

    Returns
    -------
    Vote
        Signed by the account's own key.
    """
    signed = account.sign_message(_signable(ballot, result, nonce))
    return Vote(account.address, bytes(signed.signature))


def is_signed_by(vote: Vote, ballot: Ballot, result: RoundResult, nonce: int) -> bool:
    """Whether the contract would count an account's vote for this result and number.

    The contract takes 65 bytes with v of 27 or 28 and the lower of both possible s, so nothing else counts
    here either.
    """
    signature = vote.signature
    if (
        len(signature) != 65
        or signature[64] not in (27, 28)
        or int.from_bytes(signature[32:64], "big") > _HIGHEST_S
    ):
        return False
    try:
        return Account.recover_message(_signable(ballot, result, nonce), signature=signature) == vote.signer
    except BadSignature:
        return False


def _signable(ballot: Ballot, result: RoundResult, nonce: int) -> SignableMessage:
    return encode_typed_data(full_message=typed_data(ballot, result, nonce))
