"""Relayed clients sign instead of sending, and need no coin; a relayer sends what many have signed.

A relayer has no rights: it can leave a message out, which the client answers by sending its own transaction,
and it can change nothing. It pays the gas, and in the chain's coin the bonds of those who join.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bcfl_offchain.chain.errors import TransactionRefused, UnknownContract
from bcfl_offchain.chain.messages import (
    ChangeReport,
    Claim,
    Domain,
    JoinTask,
    Message,
    SignedMessage,
    SubmitWork,
    is_signed_by_client,
    sign,
)
from bcfl_offchain.chain.relay import Delivery, Relay
from bcfl_offchain.chain.task import Factory, TaskContract
from bcfl_offchain.chain.transactions import Signer, TransactionRecord
from bcfl_offchain.chain.works import send_works

from .client import Client, PreparedWork
from .errors import AgentError, NoOpenRound


class MixedMessages(AgentError):
    """Messages that do not belong into one batch: of two kinds, or two of one client, whose second is void
    while the first is not yet in."""


@dataclass(frozen=True)
class Refused:
    """A message that changed nothing, and why.

    Attributes
    ----------
    signed : SignedMessage
    error : TransactionRefused
        The contract's typed error.
    """

    signed: SignedMessage
    error: TransactionRefused


@dataclass(frozen=True)
class Relayed:
    """What became of some messages.

    Attributes
    ----------
    records : tuple of TransactionRecord
    sizes : tuple of int
        How many messages each transaction held.
    refused : tuple of Refused
        All others took effect (see `chain.relay.Delivery` on how certain that is).
    """

    records: tuple[TransactionRecord, ...]
    sizes: tuple[int, ...]
    refused: tuple[Refused, ...]


class RelayedClient(Client):
    """A client that signs what others send. It can send everything itself at any time, as `Client` does."""

    def sign_join(self, valid_seconds: int) -> SignedMessage:
        """Sign the report that it joins with.

        Parameters
        ----------
        valid_seconds : int
            For how long the signature may be used, from the last block's time.

        Raises
        ------
        UnknownContract
            If the factory did not make the task.
        """
        task = self.place.task.address
        if not self.place.factory.is_task(task):
            raise UnknownContract(task, "task", f"the factory {self.place.factory.address} did not make it; do not join")
        return self._signed(JoinTask(self.address, self.report(), *self._terms(valid_seconds)))

    def sign_report(self, valid_seconds: int) -> SignedMessage:
        """Sign its present report, to replace the one that stands."""
        return self._signed(ChangeReport(self.address, self.report(), *self._terms(valid_seconds)))

    def sign_work(self, prepared: PreparedWork, valid_seconds: int) -> SignedMessage:
        """Sign a round's work; whoever sends it has to wait until it is due.

        Raises
        ------
        NoOpenRound
            If the work's round is not open.
        """
        round_ = self.place.reader.history().open_round
        if round_ is None or round_.number != prepared.round:
            raise NoOpenRound()
        seed = round_.opened.seed
        return self._signed(SubmitWork(self.address, seed, prepared.work, *self._terms(valid_seconds)))

    def sign_claim(self, recipient: str, valid_seconds: int) -> SignedMessage:
        """Sign a claim of all that it has earned when the claim is used."""
        return self._signed(Claim(self.address, recipient, *self._terms(valid_seconds)))

    def _terms(self, valid_seconds: int) -> tuple[int, int]:
        """Its number as the contract has it, and the time after which a message is void."""
        return self.place.task.client_state(self.address).nonce, self.clock.now() + valid_seconds

    def _signed(self, message: Message) -> SignedMessage:
        return sign(self.signer.account, self._domain(), message)

    def _domain(self) -> Domain:
        return Domain(self.place.task.chain_id, self.place.task.address)


class Relayer:
    """Sends what clients have signed.

    Parameters
    ----------
    signer : Signer
        Its key; it pays.
    task : TaskContract
    factory : Factory
        Its relay is used.
    """

    def __init__(self, signer: Signer, task: TaskContract, factory: Factory) -> None:
        self.signer = signer
        self.task = task
        self.relay = Relay(signer.w3, factory.relay())

    def send(
        self, messages: Sequence[SignedMessage], progress: Callable[[int], None] = lambda done: None
    ) -> Relayed:
        """Send messages of one kind, in as many transactions as they need.

        The works of accounts go to the task itself, which is cheaper, all else through the relay.

        Parameters
        ----------
        messages : sequence of SignedMessage
            At most one of each client. Joining in the chain's coin costs the sender the bond of each.
        progress : callable
            Told how many are dealt with, after each transaction.

        Returns
        -------
        Relayed

        Raises
        ------
        MixedMessages
        ChainError
            As `chain.relay.Relay.send` and `chain.works.send_works`.
        """
        if not messages:
            return Relayed((), (), ())
        kinds = {type(signed.message) for signed in messages}
        if len(kinds) > 1 or len({signed.message.client for signed in messages}) < len(messages):
            raise MixedMessages(
                f"{len(messages)} messages of {len(kinds)} kinds in one batch; send one kind at a time, "
                "and of each client one message"
            )
        (kind,) = kinds
        send = self._send_works if kind is SubmitWork else self._relay
        delivery = send(messages, progress)
        refused = tuple(Refused(messages[one.index], one.error) for one in delivery.refusals)
        return Relayed(delivery.records, delivery.sizes, refused)

    def _relay(self, messages: Sequence[SignedMessage], progress: Callable[[int], None]) -> Delivery:
        kind = type(messages[0].message)
        calls = [signed.call_data() for signed in messages]
        value = self.task.bond_value if kind is JoinTask else 0
        return self.relay.send(self.signer, self.task.address, calls, kind.label, value, progress)

    def _send_works(self, works: Sequence[SignedMessage], progress: Callable[[int], None]) -> Delivery:
        """Accounts' works first, then all others': those of ERC-1271 contracts, or that nobody signed."""
        domain = Domain(self.task.chain_id, self.task.address)
        accounts, others = [], []
        for index, signed in enumerate(works):
            (accounts if is_signed_by_client(signed, domain) else others).append(index)
        direct = send_works(self.signer, self.task, [works[index] for index in accounts], progress)
        if not others:
            return direct
        relayed = self._relay([works[index] for index in others], lambda done: progress(len(accounts) + done))
        refusals = [replace(one, index=accounts[one.index]) for one in direct.refusals]
        refusals += [replace(one, index=others[one.index]) for one in relayed.refusals]
        return Delivery(
            direct.records + relayed.records,
            direct.sizes + relayed.sizes,
            tuple(sorted(refusals, key=lambda one: one.index)),
        )
