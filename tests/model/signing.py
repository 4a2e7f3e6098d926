"""Who has signed what: what stands for the mathematics of signatures in the model.

Digests are eth_account's, of the messages as written here; nothing of `bcfl_offchain.chain` that signs is
used. A signature is its signer's under the digest that it was made of, and a stranger's under any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from tests.contracts.support.votes import compact
from tests.model.records import NOBODY

_REPORT = "uint32 trainingUnits,uint112 energyCoefficient,uint72 maxFrequency"
_WORK = "bytes32 updateHash,uint72 trainingFrequency,uint72 miningFrequency,uint256[2] nonces"
_RESULT = "bytes32 modelHash,address[] rejected,address[] forfeited"
_END = "uint32 nonce,uint256 deadline"
MESSAGES = {
    "JoinTask": f"address client,{_REPORT},{_END}",
    "ChangeReport": f"address client,{_REPORT},{_END}",
    "SubmitWork": f"address client,bytes32 seed,{_WORK},{_END}",
    "Claim": f"address client,address recipient,{_END}",
    "RoundResult": f"uint32 round,bytes32 seed,{_RESULT},uint32 nonce",
    "Permit": "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline",
}


class Manner(IntEnum):
    """How a `SignatureWallet` answers when it is asked whether it signed, in the order of its enum."""

    HONEST = 0
    REFUSES = 1
    REVERTS = 2
    GARBLES = 3
    BURNS_GAS = 4


@dataclass
class Wallet:
    """An ERC-1271 contract of one key; or an account with the code of one, and a key of its own, too."""

    key: str
    manner: Manner = Manner.HONEST
    has_own_key: bool = False


class Signatures:
    """All signatures that were made, of one task and its token.

    Parameters
    ----------
    chain_id : int
    wallets : dict of str to Wallet
        By address.
    """

    def __init__(self, chain_id: int, wallets: dict[str, Wallet]) -> None:
        self.chain_id, self.wallets = chain_id, wallets
        self._made: dict[tuple[bytes, bytes], str] = {}

    def digest(self, contract: str, kind: str, *values: Any) -> bytes:
        """What is signed of a message of `MESSAGES` to a contract: a task, or a token for `Permit`."""
        fields = [field.split() for field in MESSAGES[kind].split(",")]
        signable = encode_typed_data(
            domain_data={
                "name": "Plain" if kind == "Permit" else "BCFL Task",
                "version": "1",
                "chainId": self.chain_id,
                "verifyingContract": contract,
            },
            message_types={kind: [{"name": name, "type": type_} for type_, name in fields]},
            message_data=dict(zip([name for _, name in fields], values)),
        )
        return keccak(b"\x19" + signable.version + signable.header + signable.body)

    def sign(self, signer: LocalAccount, digest: bytes) -> bytes:
        """A signature of 65 bytes."""
        signature = bytes(signer.unsafe_sign_hash(digest).signature)
        self._made[digest, b"".join(compact(signature))] = signer.address
        return signature

    def signer(self, digest: bytes, signature: bytes) -> str:
        """The account that made a signature of 64 or 65 bytes under this digest; nobody if none did."""
        short = b"".join(compact(signature)) if len(signature) == 65 else signature
        return self._made.get((digest, short), NOBODY)

    def wallet_agrees(self, address: str, digest: bytes, signature: bytes) -> bool:
        """Whether this is a wallet which says that it signed; it knows long signatures only."""
        wallet = self.wallets.get(address)
        return (
            wallet is not None
            and wallet.manner is Manner.HONEST
            and len(signature) == 65
            and self.signer(digest, signature) == wallet.key
        )
