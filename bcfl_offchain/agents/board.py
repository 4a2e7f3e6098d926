"""A notice board in a directory: where clients leave votes and say which file is their evidence. No server.

Anybody may write anything there, so nothing on it counts by its place: a vote is checked by its signature,
and a notice of evidence is signed as well, so that nobody can make an honest client look a liar by putting up
a notice in its name.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from bcfl_offchain.chain.types import Vote
from bcfl_offchain.chain.votes import Ballot

_SIGNATURE_BYTES = 65
_HASH_BYTES = 32


class Board:
    """Votes and notices of evidence, by task, round and client.

    Parameters
    ----------
    directory : str or Path
        Where they are; it is made when something is put up.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)

    def put_vote(self, ballot: Ballot, vote: Vote) -> None:
        """Leave a vote; a later one of the same client replaces it."""
        self._write("vote", ballot, vote.signer, vote.signature)

    def vote(self, ballot: Ballot, client: str) -> Vote | None:
        """The vote that a client has left, not yet checked; None if there is none."""
        signature = self._read("vote", ballot, client, _SIGNATURE_BYTES)
        return None if signature is None else Vote(client, signature)

    def put_evidence(self, ballot: Ballot, account: LocalAccount, evidence_hash: bytes) -> None:
        """Say under which hash the store has one's evidence."""
        signed = account.sign_message(_notice(ballot, evidence_hash))
        self._write("evidence", ballot, account.address, evidence_hash + bytes(signed.signature))

    def evidence(self, ballot: Ballot, client: str) -> bytes | None:
        """Hash of the evidence that a client has announced under its own signature; None if it has not."""
        notice = self._read("evidence", ballot, client, _HASH_BYTES + _SIGNATURE_BYTES)
        if notice is None:
            return None
        evidence_hash, signature = notice[:_HASH_BYTES], notice[_HASH_BYTES:]
        try:
            signer = Account.recover_message(_notice(ballot, evidence_hash), signature=signature)
        except (BadSignature, ValidationError, ValueError, IndexError):  # what eth_account raises for junk
            return None
        return evidence_hash if signer == client else None

    def _path(self, kind: str, ballot: Ballot, client: str) -> Path:
        return self.directory / ballot.task.lower() / str(ballot.round) / kind / client.lower()

    def _write(self, kind: str, ballot: Ballot, client: str, data: bytes) -> None:
        path = self._path(kind, ballot, client)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{secrets.token_hex(8)}")
        unfinished.write_bytes(data)
        os.replace(unfinished, path)

    def _read(self, kind: str, ballot: Ballot, client: str, size: int) -> bytes | None:
        """A notice of exactly this size; anything else is none."""
        path = self._path(kind, ballot, client)
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(size + 1)
        return data if len(data) == size else None


def _notice(ballot: Ballot, evidence_hash: bytes) -> SignableMessage:
    return encode_defunct(
        text=f"BCFL evidence of chain {ballot.chain_id}, task {ballot.task}, round {ballot.round}, "
        f"seed 0x{ballot.seed.hex()}: 0x{evidence_hash.hex()}"
    )
