"""A notice board in a directory: where clients leave votes and say which file is their evidence. No server.

Anybody may write anything there, so nothing on it counts by its place: a vote is checked by its signature,
and a notice of evidence is signed as well, so that nobody can make an honest client look a liar by putting up
a notice in its name.
"""

from __future__ import annotations

from pathlib import Path

from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from bcfl_offchain.chain.types import Vote
from bcfl_offchain.chain.votes import RoundId
from bcfl_offchain.learning.disk import StoreError, read_file, write_file

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

    def put_vote(self, round_id: RoundId, vote: Vote) -> None:
        """Leave a vote; a later one of the same client replaces it."""
        self._write("vote", round_id, vote.signer, vote.signature)

    def vote(self, round_id: RoundId, client: str) -> Vote | None:
        """The vote that a client has left, not yet checked; None if there is none."""
        signature = self._read("vote", round_id, client, _SIGNATURE_BYTES)
        return None if signature is None else Vote(client, signature)

    def put_evidence(self, round_id: RoundId, account: LocalAccount, evidence_hash: bytes) -> None:
        """Say under which hash the store has one's evidence."""
        signed = account.sign_message(_notice(round_id, evidence_hash))
        self._write("evidence", round_id, account.address, evidence_hash + bytes(signed.signature))

    def evidence(self, round_id: RoundId, client: str) -> bytes | None:
        """Hash of the evidence that a client has announced under its own signature; None if it has not."""
        notice = self._read("evidence", round_id, client, _HASH_BYTES + _SIGNATURE_BYTES)
        if notice is None:
            return None
        evidence_hash, signature = notice[:_HASH_BYTES], notice[_HASH_BYTES:]
        try:
            signer = Account.recover_message(_notice(round_id, evidence_hash), signature=signature)
        except (BadSignature, ValidationError, ValueError, IndexError):  # what eth_account raises for junk
            return None
        return evidence_hash if signer == client else None

    def _path(self, kind: str, round_id: RoundId, client: str) -> Path:
        return self.directory / round_id.task.lower() / str(round_id.round) / kind / client.lower()

    def _write(self, kind: str, round_id: RoundId, client: str, data: bytes) -> None:
        write_file(self._path(kind, round_id, client), data)

    def _read(self, kind: str, round_id: RoundId, client: str, size: int) -> bytes | None:
        """A notice of exactly this size; anything else is none."""
        try:
            data = read_file(self._path(kind, round_id, client), size)
        except StoreError:
            return None
        return data if len(data) == size else None


def _notice(round_id: RoundId, evidence_hash: bytes) -> SignableMessage:
    return encode_defunct(
        text=f"BCFL evidence of chain {round_id.chain_id}, task {round_id.task}, round {round_id.round}, "
        f"seed 0x{round_id.seed.hex()}: 0x{evidence_hash.hex()}"
    )
