"""Send transactions from one's own key, wait for them, and keep a record of each.

A call that the contract would refuse is not sent: its typed error is raised as `TransactionRefused` instead.
No node has to hold a key or unlock an account.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import ContractLogicError, TransactionNotFound
from web3.types import TxParams, TxReceipt

from .errors import FeeTooHigh, MalformedAnswer, NodeRefused, NotMined, SpendLimitReached, TransactionRefused
from .interface import decode_error

# A node estimates at the state it sees; the block that takes the transaction may find it changed.
_GAS_MARGIN_PERCENT = 130
# EIP-7825: the most gas that one transaction may hold.
MAX_TRANSACTION_GAS = 2**24
# The largest estimate to which the whole margin can still be added.
MOST_ESTIMATED_GAS = MAX_TRANSACTION_GAS * 100 // _GAS_MARGIN_PERCENT
# Room for six blocks of rising base fee between sending and inclusion.
_BASE_FEE_FACTOR = 2
# Prices of gas are the node's word, and the tip is paid in full: a lying node's could be all that one has.
FEE_LIMIT = 10**18
_FIRST_POLL_SECONDS = 0.005
_LAST_POLL_SECONDS = 2.0


class Call(Protocol):
    """What can be sent: a bound contract function, or a constructor with its arguments."""

    def build_transaction(self, transaction: TxParams | None = None) -> TxParams:
        """The transaction's fields."""


@dataclass(frozen=True)
class TransactionRecord:
    """A mined transaction.

    Attributes
    ----------
    label : str
        What it did.
    sender, hash : str
        In hexadecimal.
    block : int
    gas : int
        Gas used.
    fee : int
        Wei paid for the gas.
    value : int
        Wei sent along.
    contract : str or None
        Address of the contract that it made.
    """

    label: str
    sender: str
    hash: str
    block: int
    gas: int
    fee: int
    value: int
    contract: str | None


class Signer:
    """An account that sends its own transactions, one after the other.

    Parameters
    ----------
    w3 : Web3
        The chain.
    account : LocalAccount
        The key.
    records : list of TransactionRecord, optional
        Where each transaction is written down; several signers may share it. A list of its own by default.
    spend_limit : int, optional
        The most wei that it may spend in all on fees and values sent. No limit by default.
    patience : float
        Seconds to wait for a transaction to be mined.
    fee_limit : int
        The most wei that the gas of one transaction may cost; 1 ether by default.
    """

    def __init__(
        self,
        w3: Web3,
        account: LocalAccount,
        records: list[TransactionRecord] | None = None,
        spend_limit: int | None = None,
        patience: float = 300.0,
        fee_limit: int = FEE_LIMIT,
    ) -> None:
        self.w3 = w3
        self.account = account
        self.records: list[TransactionRecord] = [] if records is None else records
        self.spend_limit = spend_limit
        self.patience = patience
        self.fee_limit = fee_limit
        self.spent = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    @property
    def address(self) -> str:
        """The account's address in checksum form."""
        return self.account.address

    def send(
        self,
        call: Call,
        label: str,
        value: int = 0,
        gas: int | None = None,
        access_list: Sequence[Mapping[str, Any]] = (),
    ) -> TransactionRecord:
        """Send a call and wait until it is mined.

        Parameters
        ----------
        call : Call
            For instance ``contract.functions.claim(recipient)``.
        label : str
            What it does, for the record and for errors.
        value : int
            Wei to send along.
        gas : int, optional
            The most gas that it may take. By default an estimate and a margin, which is too little for a call
            that ends well with any gas.
        access_list : sequence of mapping
            By EIP-2930, with ``address`` and ``storageKeys``; left out on a chain without base fees.

        Returns
        -------
        TransactionRecord

        Raises
        ------
        TransactionRefused
            If the contract refuses it; nothing was sent, or the block that took it reverted it.
        SpendLimitReached, FeeTooHigh
            If it might take the signer over its limits; nothing was signed.
        NotMined
            If no block takes it within `patience`. It may still be mined, so it counts as spent.
        WrongChain, MalformedAnswer, NodeRefused, ChainUnavailable
            If the node contradicts itself, refuses, or does not answer.
        """
        fields = self._fields(call, label, value, gas, access_list)
        fee = fields["gas"] * fields.get("maxFeePerGas", fields.get("gasPrice", 0))
        if fee > self.fee_limit:
            raise FeeTooHigh(label, fee, self.fee_limit)
        most = fee + value
        if self.spend_limit is not None and self.spent + most > self.spend_limit:
            raise SpendLimitReached(label, self.spent, most, self.spend_limit)
        signed = self.account.sign_transaction(fields)
        self.spent += most  # until a receipt says that it was less
        self.w3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = self._wait(signed.hash, label)
        if receipt["gasUsed"] > fields["gas"] or receipt["gasUsed"] * receipt["effectiveGasPrice"] > fee:
            raise MalformedAnswer("eth_getTransactionReceipt", f"{label} cost more than it could")
        record = TransactionRecord(
            label=label,
            sender=self.address,
            hash=Web3.to_hex(receipt["transactionHash"]),
            block=receipt["blockNumber"],
            gas=receipt["gasUsed"],
            fee=receipt["gasUsed"] * receipt["effectiveGasPrice"],
            value=value if receipt["status"] else 0,
            contract=receipt.get("contractAddress"),
        )
        self.spent += record.fee + record.value - most
        self.records.append(record)
        if not receipt["status"]:
            raise self._refusal_of_mined(fields, record)
        return record

    def _fields(
        self, call: Call, label: str, value: int, gas: int | None, access_list: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """All fields of the transaction; the estimate of its gas also tells of a refusal."""
        # With a gas figure given, build_transaction asks the node for nothing.
        draft = dict(
            call.build_transaction({"from": self.address, "value": value, "gas": 0, "chainId": 0, **_NO_FEE})
        )
        for name in ("gas", "chainId", *_NO_FEE):
            draft.pop(name, None)
        fees = self._fees()
        if access_list and "type" in fees:
            draft["accessList"] = list(access_list)
        estimate = self.estimate(draft, label)
        if gas is None:
            gas = min(estimate * _GAS_MARGIN_PERCENT // 100, max(MAX_TRANSACTION_GAS, estimate))
        return {
            **draft,
            **fees,
            "gas": gas,
            "nonce": self.w3.eth.get_transaction_count(self.address),
            "chainId": self.w3.eth.chain_id,
        }

    def estimate(self, draft: Mapping[str, Any], label: str) -> int:
        """The least gas with which a call ends well at the state of now.

        Parameters
        ----------
        draft : mapping
            Fields ``from``, ``to``, ``data`` and ``value`` of a transaction.
        label : str
            What it does, for errors.

        Raises
        ------
        TransactionRefused
            If it would be refused with any gas.
        """
        try:
            return self.w3.eth.estimate_gas(TxParams(**draft))
        except (ContractLogicError, NodeRefused) as error:
            raise self._refusal(draft, "latest", error, label) from error

    def _fees(self) -> dict[str, int]:
        """EIP-1559 fields where the chain has a base fee, a gas price elsewhere."""
        base_fee = self.w3.eth.get_block("latest").get("baseFeePerGas")
        if base_fee is None:
            return {"gasPrice": self.w3.eth.gas_price}
        tip = self.w3.eth.max_priority_fee
        return {"maxFeePerGas": _BASE_FEE_FACTOR * base_fee + tip, "maxPriorityFeePerGas": tip, "type": 2}

    def _wait(self, transaction_hash: bytes, label: str) -> TxReceipt:
        """Ask for the receipt, often at first: a devnet mines at once."""
        pause, end = _FIRST_POLL_SECONDS, time.monotonic() + self.patience
        while True:
            try:
                return self.w3.eth.get_transaction_receipt(transaction_hash)
            except TransactionNotFound:
                if time.monotonic() > end:
                    raise NotMined(Web3.to_hex(transaction_hash), label, self.patience) from None
            time.sleep(pause)
            pause = min(2 * pause, _LAST_POLL_SECONDS)

    def _refusal_of_mined(self, fields: Mapping[str, Any], record: TransactionRecord) -> TransactionRefused:
        """Why a block reverted a transaction: the same call on the state before it tells."""
        draft = {name: fields[name] for name in ("from", "to", "data", "value", "gas") if name in fields}
        return self._refusal(draft, record.block - 1, None, record.label)

    def _refusal(
        self, draft: Mapping[str, Any], block: int | str, error: Exception | None, label: str
    ) -> TransactionRefused:
        """The typed error of a refused call."""
        # Asked for by a call: nodes put the data of a failed estimate in many places, of a call in one.
        try:
            self.w3.eth.call(TxParams(**draft), block)
        except ContractLogicError as refused:
            return TransactionRefused(*decode_error(_revert_data(refused)), label)
        except NodeRefused as refused:
            error = refused
        return TransactionRefused("unknown", {"message": str(error or "reverted in its block")}, label)


_HEX_DATA = re.compile("0x(?:[0-9a-fA-F]{2})*")
_NO_FEE: dict[str, int] = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0}


def _revert_data(error: ContractLogicError) -> bytes:
    """What a reverted call returned; nothing where the node does not tell."""
    data = error.data
    if not isinstance(data, str) or not _HEX_DATA.fullmatch(data):
        return b""
    return bytes.fromhex(data[2:])
