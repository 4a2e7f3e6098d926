"""What a client signs so that anybody may send it: joining, a changed report, work, a claim.

Each message carries the client's number (`ClientState.nonce`), which its use raises, and a time after which
it is void; so it works once, in one task on one chain. contracts/libraries/Signatures.sol checks them.

References
----------
EIP-712, Typed structured data hashing and signing. EIP-2098, Compact signature representation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, ClassVar, Union

from eth_abi import encode, is_encodable
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature
from eth_utils import keccak
from eth_utils.abi import collapse_if_tuple

from .errors import printable
from .interface import TASK_ABI, signature
from .types import Report, Work
from .votes import compact

_HIGHEST_S = SECPK1_N // 2
_DOMAIN_FIELDS = (
    ("string", "name"),
    ("string", "version"),
    ("uint256", "chainId"),
    ("address", "verifyingContract"),
)


@dataclass(frozen=True)
class Domain:
    """Where a signature counts.

    Attributes
    ----------
    chain_id : int
    task : str
        The task's address.
    """

    chain_id: int
    task: str


class _Typed(ABC):
    """A message whose values are of the types that it names.

    Raises
    ------
    ValueError
        If a value is not: it has no encoding that could be signed or sent.
    """

    fields: ClassVar[tuple[tuple[str, str], ...]]

    @abstractmethod
    def values(self) -> tuple[Any, ...]:
        """Values of `fields`."""

    def __post_init__(self) -> None:
        for (kind, name), value in zip(self.fields, self.values()):
            if not is_encodable(kind, value):
                raise ValueError(f"{name} of a {type(self).__name__} is a {kind}, not {printable(value)}")


@dataclass(frozen=True)
class JoinTask(_Typed):
    """Join with a report. The bond is the sender's in the chain's coin, the client's own in a token."""

    client: str
    report: Report
    nonce: int
    deadline: int

    function: ClassVar[str] = "joinTaskFor"
    label: ClassVar[str] = "join"
    fields: ClassVar[tuple[tuple[str, str], ...]] = (
        ("address", "client"),
        ("uint32", "trainingUnits"),
        ("uint112", "energyCoefficient"),
        ("uint72", "maxFrequency"),
        ("uint32", "nonce"),
        ("uint256", "deadline"),
    )

    def values(self) -> tuple[Any, ...]:
        """Values of `fields`."""
        return (self.client, *astuple(self.report), self.nonce, self.deadline)

    def arguments(self) -> tuple[Any, ...]:
        """What the contract's function takes before deadline and signature."""
        return self.client, astuple(self.report)


@dataclass(frozen=True)
class ChangeReport(JoinTask):
    """Replace the client's report."""

    function: ClassVar[str] = "changeReportFor"
    label: ClassVar[str] = "change report"


@dataclass(frozen=True)
class SubmitWork(_Typed):
    """Submit a round's work; the seed names the round."""

    client: str
    seed: bytes
    work: Work
    nonce: int
    deadline: int

    function: ClassVar[str] = "submitWorkFor"
    label: ClassVar[str] = "submit work"
    fields: ClassVar[tuple[tuple[str, str], ...]] = (
        ("address", "client"),
        ("bytes32", "seed"),
        ("bytes32", "updateHash"),
        ("uint72", "trainingFrequency"),
        ("uint72", "miningFrequency"),
        ("uint256[2]", "nonces"),
        ("uint32", "nonce"),
        ("uint256", "deadline"),
    )

    def values(self) -> tuple[Any, ...]:
        """Values of `fields`."""
        *fields, nonces = astuple(self.work)
        # A list, which is what an array is to wallets.
        return (self.client, self.seed, *fields, list(nonces), self.nonce, self.deadline)

    def arguments(self) -> tuple[Any, ...]:
        """What the contract's function takes before deadline and signature."""
        return self.client, astuple(self.work)


@dataclass(frozen=True)
class Claim(_Typed):
    """Take all that the client has earned when this is used, to an address of its choice."""

    client: str
    recipient: str
    nonce: int
    deadline: int

    function: ClassVar[str] = "claimFor"
    label: ClassVar[str] = "claim"
    fields: ClassVar[tuple[tuple[str, str], ...]] = (
        ("address", "client"),
        ("address", "recipient"),
        ("uint32", "nonce"),
        ("uint256", "deadline"),
    )

    def values(self) -> tuple[Any, ...]:
        """Values of `fields`."""
        return self.client, self.recipient, self.nonce, self.deadline

    def arguments(self) -> tuple[Any, ...]:
        """What the contract's function takes before deadline and signature."""
        return self.client, self.recipient


Message = Union[JoinTask, ChangeReport, SubmitWork, Claim]


@dataclass(frozen=True)
class SignedMessage:
    """A message and the client's signature: whoever has it can send it, and change nothing of it.

    Attributes
    ----------
    message : JoinTask, ChangeReport, SubmitWork or Claim
    signature : bytes
        64 bytes (EIP-2098) as `sign` makes them, or 65 as wallets do; whatever an ERC-1271 contract takes.
    """

    message: Message
    signature: bytes

    def call_data(self) -> bytes:
        """The call of the task that uses it."""
        item = _FUNCTIONS[self.message.function]
        kinds = [collapse_if_tuple(dict(field)) for field in item["inputs"]]
        values = (*self.message.arguments(), self.message.deadline, self.signature)
        return keccak(text=signature(item))[:4] + encode(kinds, values)


def typed_data(domain: Domain, message: Message) -> dict[str, Any]:
    """The EIP-712 message that a client signs, in the form that wallets take.

    Parameters
    ----------
    domain : Domain
    message : Message

    Examples
    --------
    >>> someone = "0x" + "11" * 20
    >>> data = typed_data(Domain(1, "0x" + "22" * 20), Claim(someone, someone, 0, 2**40))
    >>> data["primaryType"], data["message"]["deadline"]
    ('Claim', 1099511627776)
    """
    kind = type(message).__name__
    return {
        "types": {"EIP712Domain": _types(_DOMAIN_FIELDS), kind: _types(message.fields)},
        "primaryType": kind,
        "domain": {
            "name": "BCFL Task",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": domain.task,
        },
        "message": {name: value for (_, name), value in zip(message.fields, message.values())},
    }


def sign(account: LocalAccount, domain: Domain, message: Message) -> SignedMessage:
    """Sign a message with a client's own key.

    Raises
    ------
    ValueError
        If the message is another client's: nobody could use the signature.
    """
    if message.client != account.address:
        raise ValueError(f"the message is of {message.client}, the key of {account.address}; sign one's own")
    signed = account.sign_message(_signable(domain, message))
    return SignedMessage(message, b"".join(compact(bytes(signed.signature))))


def is_signed_by_client(signed: SignedMessage, domain: Domain) -> bool:
    """Whether an account's signature holds, in the forms in which they are made: 64 bytes, or 65 with the
    lower s.

    That of an ERC-1271 contract only the contract can judge.
    """
    raw = signed.signature
    if len(raw) == 64:
        parity, rest = divmod(int.from_bytes(raw[32:], "big"), 2**255)
        raw = raw[:32] + rest.to_bytes(32, "big") + bytes([27 + parity])
    if len(raw) != 65 or raw[64] not in (27, 28) or int.from_bytes(raw[32:64], "big") > _HIGHEST_S:
        return False
    try:
        found = Account.recover_message(_signable(domain, signed.message), signature=raw)
    except BadSignature:
        return False
    return found == signed.message.client


def _signable(domain: Domain, message: Message) -> SignableMessage:
    return encode_typed_data(full_message=typed_data(domain, message))


def _types(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for kind, name in fields]


_FUNCTIONS: Mapping[str, Mapping[str, Any]] = {
    item["name"]: item for item in TASK_ABI if item["type"] == "function" and item["name"].endswith("For")
}
