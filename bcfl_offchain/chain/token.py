"""A task's money as people read it, and ERC-20 tokens: balances, allowances, permits.

A token is a stranger's contract: its name and symbol are text to be shown with care, and a permit is signed
only where the token itself says for which domain (EIP-2612).

References
----------
EIP-20, Token Standard. EIP-2612, Permit Extension for EIP-20. EIP-5267, Retrieval of EIP-712 domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from web3 import Web3
from web3.exceptions import BadFunctionCallOutput, ContractLogicError
from web3.types import BlockIdentifier

from .errors import ChainError, MalformedAnswer, printable
from .interface import contract_at
from .transactions import Signer, TransactionRecord

COIN = "0x" + "00" * 20
"""What stands for the chain's own coin where a token's address is expected."""

PERMIT_SECONDS = 3600
_MOST_DECIMALS = 77


def _function(name: str, inputs: str, outputs: str, mutability: str = "view") -> dict[str, Any]:
    def fields(kinds: str) -> list[dict[str, str]]:
        return [{"name": "", "type": kind} for kind in kinds.split()]

    return {
        "type": "function",
        "name": name,
        "inputs": fields(inputs),
        "outputs": fields(outputs),
        "stateMutability": mutability,
    }


TOKEN_ABI = [
    _function("name", "", "string"),
    _function("symbol", "", "string"),
    _function("decimals", "", "uint8"),
    _function("balanceOf", "address", "uint256"),
    _function("allowance", "address address", "uint256"),
    # Without outputs: some old tokens return nothing, and what is returned is not needed.
    _function("approve", "address uint256", "", "nonpayable"),
    _function("nonces", "address", "uint256"),
    _function("DOMAIN_SEPARATOR", "", "bytes32"),
    _function("eip712Domain", "", "bytes1 string string uint256 address bytes32 uint256[]"),
]


class PermitUnsupported(ChainError):
    """A token that takes no permit, or does not say how to sign one; approve the amount instead.

    Attributes
    ----------
    token : str
    """

    def __init__(self, token: str, why: str) -> None:
        self.token = token
        super().__init__(f"token {token} takes no permit that can be signed ({why}); approve instead")


@dataclass(frozen=True)
class Permit:
    """An ERC-2612 permit, as the contracts take it."""

    deadline: int
    v: int
    r: bytes
    s: bytes


@dataclass(frozen=True)
class Money:
    """What a task pays in, for people.

    Attributes
    ----------
    token : str or None
        The token's address; None for the chain's own coin.
    symbol : str
        Printable whatever the token says; ``wei`` for the coin, whose amounts are shown whole.
    decimals : int
        Of the token's unit in its smallest one.
    """

    token: str | None
    symbol: str
    decimals: int

    def show(self, amount: int) -> str:
        """An amount in full, with its symbol.

        Examples
        --------
        >>> Money(None, "wei", 0).show(15), Money("0x…", "PLN", 6).show(-1_500_000)
        ('15 wei', '-1.5 PLN')
        """
        return f"{self.number(amount)} {self.symbol}"

    def number(self, amount: int) -> str:
        """An amount in full, without its symbol.

        Examples
        --------
        >>> Money("0x…", "PLN", 6).number(2_000_000), Money("0x…", "PLN", 6).number(1)
        ('2', '0.000001')
        """
        if not self.decimals:
            return str(amount)
        sign, digits = "-" if amount < 0 else "", str(abs(amount)).rjust(self.decimals + 1, "0")
        fraction = digits[-self.decimals :].rstrip("0")
        return sign + digits[: -self.decimals] + ("." + fraction if fraction else "")


def money_of(w3: Web3, token: str) -> Money:
    """What a task's money is called and how it is divided, from its `Terms.token`.

    A token that does not say (both are optional in ERC-20) is shown by its address, in smallest units.
    """
    if token == COIN:
        return Money(None, "wei", 0)
    contract = Token(w3, token)
    symbol, decimals = contract.symbol(), contract.decimals()
    if symbol is None or decimals is None:
        return Money(contract.address, f"units of {contract.address}", 0)
    return Money(contract.address, symbol, decimals)


def money_held(w3: Web3, token: str, holder: str, block: BlockIdentifier = "latest") -> int:
    """What an address holds at a block, of the coin or of a token."""
    if token == COIN:
        return w3.eth.get_balance(to_checksum_address(holder), block)
    return Token(w3, token).balance_of(holder, block)


class Token:
    """An ERC-20 token on a chain.

    Parameters
    ----------
    w3 : Web3
        The chain.
    address : str

    Raises
    ------
    NotAnAddress, UnknownContract
        If there is no code at the address.
    """

    def __init__(self, w3: Web3, address: str) -> None:
        self.w3 = w3
        contract = contract_at(w3, address, TOKEN_ABI, "token")
        self.address, self._functions = contract.address, contract.functions

    def symbol(self) -> str | None:
        """A short printable name; None if the token has none."""
        try:
            return printable(self._read("symbol"))[:16] or None
        except MalformedAnswer:
            return None

    def decimals(self) -> int | None:
        """How many decimals people give it; None if the token does not say, or nonsense."""
        try:
            decimals = self._read("decimals")
        except MalformedAnswer:
            return None
        return decimals if decimals <= _MOST_DECIMALS else None

    def balance_of(self, holder: str, block: BlockIdentifier = "latest") -> int:
        """What an address holds at a block, in smallest units."""
        return self._read("balanceOf", to_checksum_address(holder), block=block)

    def allowance(self, holder: str, spender: str) -> int:
        """What a spender may take of a holder's."""
        return self._read("allowance", to_checksum_address(holder), to_checksum_address(spender))

    def approve(self, signer: Signer, spender: str, amount: int) -> TransactionRecord:
        """Let a spender take exactly so much of the signer's."""
        return signer.send(self._functions.approve(to_checksum_address(spender), amount), "approve token")

    def permit(self, account: LocalAccount, spender: str, amount: int) -> Permit:
        """Sign a permit for exactly so much, valid for an hour of the chain's time.

        Raises
        ------
        PermitUnsupported
            If the token has no permits, or its domain is not what it says of itself.
        """
        deadline = self.w3.eth.get_block("latest")["timestamp"] + PERMIT_SECONDS
        try:
            nonce = self._read("nonces", account.address)
            domain = self._domain()
        except MalformedAnswer as error:
            raise PermitUnsupported(self.address, str(error)) from error
        message = {
            "owner": account.address,
            "spender": to_checksum_address(spender),
            "value": amount,
            "nonce": nonce,
            "deadline": deadline,
        }
        data = {
            "types": {"EIP712Domain": _DOMAIN, "Permit": _PERMIT},
            "primaryType": "Permit",
            "domain": domain,
            "message": message,
        }
        signable = encode_typed_data(full_message=data)
        # The header of the signable is the domain's hash: sign only for the domain that the token checks.
        if signable.header != self._read("DOMAIN_SEPARATOR"):
            raise PermitUnsupported(self.address, "its DOMAIN_SEPARATOR is not that of its name and version")
        signed = account.sign_message(signable)
        return Permit(deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))

    def _domain(self) -> dict[str, Any]:
        """The token's EIP-712 domain: as it says itself (EIP-5267), else of its name and version 1."""
        try:
            _, name, version, *_ = self._read("eip712Domain")
        except MalformedAnswer:
            name, version = self._read("name"), "1"
        return {
            "name": name,
            "version": version,
            "chainId": self.w3.eth.chain_id,
            "verifyingContract": self.address,
        }

    def _read(self, name: str, *arguments: Any, block: BlockIdentifier = "latest") -> Any:
        try:
            return self._functions[name](*arguments).call(block_identifier=block)
        except (BadFunctionCallOutput, ContractLogicError, DecodingError, ValueError, OverflowError) as error:
            raise MalformedAnswer("eth_call", f"{name}() of a token: {printable(error)}") from error


def allow(token: str, signer: Signer, spender: str, amount: int) -> Permit | None:
    """Let a spender take exactly an amount: by a permit where the token has them, else by a transaction.

    Parameters
    ----------
    token : str
        As in `Terms.token`; nothing is to be allowed in the chain's own coin.
    signer : Signer
    spender : str
    amount : int
        In the token's smallest unit.

    Returns
    -------
    Permit or None
        None if an allowance stands on chain now, or none is needed.
    """
    if token == COIN or amount == 0:
        return None
    contract = Token(signer.w3, token)
    try:
        return contract.permit(signer.account, spender, amount)
    except PermitUnsupported:
        contract.approve(signer, spender, amount)
        return None


_DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_PERMIT = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]
