"""What the model of a task knows, its views, and what all of its calls have in common."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import Any

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.types import (
    ClientState,
    Ledger,
    ListState,
    Phase,
    RoundState,
    Terms,
    address_order,
)
from tests.model.money import Coin, Token
from tests.model.records import NOBODY, NOWHERE, Call, Client, List, Order, Refused, Round, Skipped
from tests.model.signing import Signatures

_PAYABLE = ("joinTask", "joinTaskFor")
# What no refusal takes back, because no call changes it.
_FIXED = ("address", "terms", "signatures", "events", "from_inside")


class TaskState:
    """One task without its calls.

    Parameters
    ----------
    address : str
        Of the task, which seeds contain.
    terms : Terms
    created_at : int
    signatures : Signatures
        All that anybody has signed.
    coin : Coin
    token : Token or None
        None for a task in the chain's coin.

    Attributes
    ----------
    events : list
        Of all calls that were accepted, with the relay's.
    from_inside : list of str
        What became of calls that were made while money moved, those of refused calls too.
    """

    def __init__(
        self,
        address: str,
        terms: Terms,
        created_at: int,
        signatures: Signatures,
        coin: Coin,
        token: Token | None,
    ) -> None:
        self.address, self.terms, self.signatures = address, terms, signatures
        self.coin, self.token = coin, token
        self.clients: dict[str, Client] = defaultdict(Client)
        self.list = List()
        self.round: Round | None = None  # the open one
        self.last_round: Round | None = None
        self.number = 0
        self.ended_at = created_at
        self.is_closed = False
        self.global_model = bytes(32)
        self.free = terms.budget * terms.rounds
        self.deposited, self.paid, self.returned, self.bonds, self.burnt = self.free, 0, 0, 0, 0
        self.from_inside: list[str] = []
        self.events: list[ev.Event | Skipped] = [ev.Funded(NOWHERE, self.free)]

    def perform(self, call: Call, order: Order) -> int | None:
        """Make a call; what it returns.

        Raises
        ------
        Refused
            With all as it was before.
        """
        before = deepcopy({name: value for name, value in vars(self).items() if name not in _FIXED})
        emitted = len(self.events)
        try:
            if not order.function or (call.value and order.function not in _PAYABLE):
                raise Refused("")
            self.coin.move(call.sender, self.address, call.value)
            method = re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", order.function)
            return getattr(self, method)(call, *order.args)
        except Refused:
            vars(self).update(before)
            del self.events[emitted:]
            raise

    # ------------------------------------------------------------------------------------------- views

    def phase(self, now: int) -> Phase:
        terms, round_ = self.terms, self.round
        if round_ is None:
            if self.is_closed or self.number == terms.rounds:
                return Phase.OVER
            since = (now - self.ended_at) % (terms.join_window + terms.list_window)
            return Phase.JOINING if since < terms.join_window else Phase.FROZEN
        work_end = round_.opened_at + terms.deadline + terms.grace
        if now <= work_end:
            return Phase.WORKING
        late = (now - work_end - 1) // terms.proposal_window
        windows = (Phase.GENERATOR_PROPOSING, Phase.RUNNER_UP_PROPOSING, Phase.WORKERS_PROPOSING)
        return windows[late] if round_.scores and late < 3 else Phase.EXPIRED

    def ledger(self) -> Ledger:
        pending = sum(client.pending for client in self.clients.values())
        return Ledger(
            deposited=self.deposited,
            paid=self.paid,
            claimable=pending + sum(client.earned for client in self.clients.values()),
            committed=self.round.committed - pending if self.round else 0,
            free=self.free,
            returned=self.returned,
            bonds=self.bonds,
            burnt=self.burnt,
        )

    def round_state(self) -> RoundState:
        last = self.last_round
        leaders = [1 + list(last.entries).index(client) for client in last.ranking[:2]] if last else []
        return RoundState(
            number=self.number,
            is_open=self.round is not None,
            opened_at=self.round.opened_at if self.round else 0,
            ended_at=0 if self.round else self.ended_at,
            list_version=last.version if last else 0,
            mining_cap=last.mining_cap if last else 0,
            seed=last.seed if last else bytes(32),
            generator=leaders[0] if leaders else 0,
            runner_up=leaders[1] if len(leaders) > 1 else 0,
        )

    def list_state(self) -> ListState:
        list_ = self.list
        posted, hired = len(list_.entries), len(list_.hired)
        stale, caps = list_.is_stale, list_.training_caps
        return ListState(list_.version, list_.size, posted, hired, stale, caps, list_.hash)

    def client_state(self, address: str) -> ClientState:
        client = self.clients[address]
        return ClientState(
            report=client.report,
            is_member=client.is_member,
            is_admitted=client.is_admitted,
            list_version=client.list_version,
            place=client.place,
            training_cap=client.entry[0],
            training_frequency=client.entry[1],
            last_round=client.last_round,
            nonce=client.nonce,
            vote_nonce=client.vote_nonce,
            claimable=client.earned,
            pending=client.pending,
        )

    # ------------------------------------------------------------------------------------------- money

    def _take(self, call: Call, payer: str, amount: int) -> None:
        """Exactly this: by the call's value, which is here already, or by the payer's allowance."""
        expected = amount if self.token is None else 0
        if call.value != expected:
            raise Refused("Money_WrongValue", call.value, expected)
        if self.token is None or amount == 0:
            return
        before = self.token.balances[self.address]
        self._let_the_token_call(call)
        token = self.token  # not before: a refused call puts a copy in its place
        if token.is_refusing or not token.spend(payer, amount) or not token.move(payer, self.address, amount):
            raise Refused("Money_NotPulled", token.address, payer, amount)
        received = max(0, token.balances[self.address] - before)  # a call from inside may take more than came
        if received != amount:
            raise Refused("Money_WrongAmountReceived", token.address, received, amount)

    def _give(self, call: Call, recipient: str, amount: int) -> None:
        if recipient == NOBODY:
            raise Refused("Money_ZeroRecipient")
        if amount == 0:
            return
        if self.token is None:
            if recipient in self.coin.refusing:
                raise Refused("Money_NotSent", NOBODY, recipient, amount)
            self.coin.move(self.address, recipient, amount)
            if recipient in self.coin.calling:
                self._attempt(Call(recipient, call.now), self.coin.calling[recipient])
            return
        self._let_the_token_call(call)
        if self.token.is_refusing or not self.token.move(self.address, recipient, amount):
            raise Refused("Money_NotSent", self.token.address, recipient, amount)

    def _let_the_token_call(self, call: Call) -> None:
        """The call that a hostile token makes in the midst of a transfer."""
        token = self.token
        if token.calling is not None and not token.is_refusing:
            order, token.calling = token.calling, None
            self._attempt(Call(token.address, call.now), order)

    def _attempt(self, call: Call, order: Order) -> None:
        """A call from inside another, which goes on whatever becomes of this one."""
        try:
            self.perform(call, order)
            self.from_inside.append("accepted")
        except Refused as refusal:
            self.from_inside.append(refusal.error)

    # ------------------------------------------------------------------------------------------- checks

    def _emit(self, kind: type[ev.Event], *fields: Any) -> None:
        self.events.append(kind(NOWHERE, *fields))

    def _owner(self, call: Call) -> None:
        if call.sender != self.terms.owner:
            raise Refused("Task_NotOwner", call.sender, self.terms.owner)

    def _phase(self, call: Call, expected: Phase) -> None:
        if self.phase(call.now) != expected:
            raise Refused("Task_WrongPhase", self.phase(call.now))

    def _between_rounds(self, call: Call) -> None:
        if self.round is not None or self.is_closed:
            raise Refused("Task_WrongPhase", self.phase(call.now))

    def _member(self, client: str) -> None:
        if not self.clients[client].is_member:
            raise Refused("Task_NotMember", client)

    def _mark_stale(self, client: str) -> None:
        if client in {entry.client for entry in self.list.entries}:
            self.list.is_stale = True

    def _ascending_and_among(self, clients: Sequence[str], those: Collection[str], error: str) -> None:
        previous = NOBODY
        for client in clients:
            if address_order(client) <= address_order(previous):
                raise Refused("Task_NotAscending", previous, client)
            if client not in those:
                raise Refused(error, client, self.number)
            previous = client

    # ------------------------------------------------------------------------------------------- signatures

    def _use(
        self,
        call: Call,
        kind: str,
        client: str,
        values: Sequence[Any],
        deadline: int,
        signature: bytes,
    ) -> None:
        """Check what a client has signed, as an account or a contract, and use up its number."""
        digest = self._signed_digest(call, kind, client, values, deadline)
        is_account = client != NOBODY and self.signatures.signer(digest, signature) == client
        if not is_account and not self.signatures.wallet_agrees(client, digest, signature):
            raise Refused("Task_WrongSignature", client, digest)
        self.clients[client].nonce += 1

    def _signed_digest(
        self, call: Call, kind: str, client: str, values: Sequence[Any], deadline: int
    ) -> bytes:
        """What the client has to have signed, in time."""
        if call.now > deadline:
            raise Refused("Task_SignatureExpired", deadline, call.now)
        nonce = self.clients[client].nonce
        return self.signatures.digest(self.address, kind, client, *values, nonce, deadline)
