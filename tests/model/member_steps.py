"""Steps of the clock and of members, and how what clients say gets to the task: by themselves, or signed."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from hypothesis import strategies as st

from bcfl_offchain.chain.types import Report, Work
from tests.contracts.support.votes import compact
from tests.model.chain_side import transaction_of
from tests.model.money import FOR_EVER
from tests.model.records import NOBODY, Order
from tests.model.rounds import work_values
from tests.model.rules import bad_reports, mostly, people, recipients, reports, rule, ways
from tests.model.signing import Manner, Wallet
from tests.model.world import CLIENTS, DAY, DELEGATING, KEYS, OWNER, PURSES, STRANGER, WALLETS, World

FUNCTIONS = {
    "JoinTask": "joinTask",
    "ChangeReport": "changeReport",
    "SubmitWork": "submitWork",
    "Claim": "claim",
}


class MemberSteps(World):
    """The clock, and who comes and goes."""

    @rule(
        where=st.sampled_from(["joining", "frozen", "deadline", "work end", 1, 2, 3]), off=st.integers(-1, 2)
    )
    def wait(self, where, off):
        self.now = max(self.now, self.moment(where) + off)
        self.agree()

    @rule(seconds=st.integers(1, 2 * DAY))
    def wait_long(self, seconds):
        self.now += seconds
        self.agree()

    def be_in_time(self, is_in_time: bool) -> None:
        """Now or at the next moment at which clients may come and go."""
        if is_in_time and self.model.round is None and not self.model.is_closed:
            self.now = max(self.now, self.moment("joining"))

    @rule(
        2,
        number=people,
        report=reports | bad_reports,
        way=ways,
        off=st.sampled_from([0, 0, 0, 1, -1]),
        in_time=mostly,
    )
    def join(self, number, report, way, off, in_time):
        self.be_in_time(in_time)
        self.message(number, "JoinTask", way, report, max(0, self.due + off))

    @property
    def due(self) -> int:
        """What joining has to bring in the chain's coin."""
        return self.terms.bond if self.token is None else 0

    @rule(number=people, report=reports | bad_reports, way=ways, in_time=mostly)
    def change_report(self, number, report, way, in_time):
        self.be_in_time(in_time)
        self.message(number, "ChangeReport", way, report)

    @rule(number=people, to=recipients, in_time=mostly)
    def leave(self, number, to, in_time):
        self.be_in_time(in_time)
        self.step(number, "leaveTask", self.recipient(to))

    @rule(number=people)
    def revoke(self, number):
        self.step(number, "revokeSignatures")

    @rule(sender=st.sampled_from([OWNER, STRANGER]), number=people)
    def admit(self, sender, number):
        self.step(sender, "admit", [self.people[number]])

    def recipient(self, name: str) -> str:
        return {
            "nobody": NOBODY,
            "factory": self.chain.factory.address,
            "task": self.model.address,
            "reentrant": self.chain.reentrant.address,
        }.get(name, name)

    # ------------------------------------------------------------------------------------------- tokens

    @rule(number=people, bonds=st.sampled_from([0, 1, 2, "less", "for ever"]))
    def approve(self, number, bonds):
        if self.token is not None:
            bond = self.terms.bond
            special = {"less": max(0, bond - 1), "for ever": FOR_EVER}
            amount = special[bonds] if bonds in special else bonds * bond
            self.chain.do(self.approval(number, amount))
            self.model.token.allowances[self.people[number]] = amount
            self.tick()

    @rule(
        2,
        number=st.sampled_from([1, 2, 3, 4, 5, 5, 5, 6, STRANGER]),
        report=reports,
        fault=st.sampled_from(["none", "none", "too late", "another's", "number used", "less"]),
        in_time=mostly,
    )
    def join_with_permit(self, number, report, fault, in_time):
        self.be_in_time(in_time)
        client, token = self.people[number], self.model.token
        nonce = token.permit_nonces[client] + (fault == "number used") if token else 0
        deadline = self.now - (fault == "too late")
        amount = self.terms.bond - (fault == "less" and self.terms.bond > 0)
        signer = KEYS[number if fault != "another's" else 1 + number % 5]
        values = client, self.model.address, amount, nonce, deadline
        digest = self.model.signatures.digest(token.address if token else NOBODY, "Permit", *values)
        signature = self.model.signatures.sign(signer, digest)
        permit = deadline, signature[64], signature[:32], signature[32:64]
        self.step(number, "joinTaskWithPermit", report, permit)

    def tick(self) -> None:
        """After a transaction that is no step."""
        self.now = max(self.now, self.chain.node.time + 1)
        self.agree()

    # ------------------------------------------------------------------------------------------- messages

    def message(self, number: int, kind: str, way: str, content: Any, value: int = 0) -> bool:
        """A report, a work or a claim: by the client itself, or signed by it and sent by the stranger."""
        if way == "itself":
            return self.step(number, FUNCTIONS[kind], content, value=value)
        order = self.signed(number, kind, way, content)
        return self.step(STRANGER, order.function, *order.args, value=value)

    def signed(self, number: int, kind: str, way: str, content: Any, lasts: int = 0) -> Order:
        """The call that brings what a client has signed, or has not as it should have."""
        deadline, signature = self.authorize(number, kind, way, content, lasts)
        if way == "short":
            signature = b"".join(compact(signature))
        return Order(f"{FUNCTIONS[kind]}For", (self.people[number], content, deadline, signature))

    def authorize(
        self, number: int, kind: str, way: str, content: Any, lasts: int = 0
    ) -> tuple[int, bytes]:
        """Deadline, so many seconds from now, and signature, of 65 bytes."""
        client, model = self.people[number], self.model
        nonce = model.clients[client].nonce - (way == "number used")
        nonce += 2**32 * (nonce < 0)
        deadline = self.now - 1 if way == "too late" else self.now + lasts
        if isinstance(content, Work):
            values = model.round_state().seed, *work_values(content)
        else:
            values = astuple(content) if isinstance(content, Report) else (content,)
        task = PURSES[0] if way == "another task's" else model.address
        digest = model.signatures.digest(task, kind, client, *values, nonce, deadline)
        # Two of the clients have one key.
        signer = KEYS[1 + (number + 1) % CLIENTS] if way == "another's" else KEYS[number]
        return deadline, model.signatures.sign(signer, digest)

    @rule(wallet=st.sampled_from(WALLETS), manner=st.integers(0, 4))
    def change_manner(self, wallet, manner):
        """A wallet changes its mind about what its key signs."""
        contract = self.chain.wallets[wallet - WALLETS[0]]
        self.chain.do(transaction_of(self.people[STRANGER], contract, "setManner", manner))
        self.model.signatures.wallets[self.people[wallet]].manner = Manner(manner)
        self.tick()

    @rule()
    def delegate(self):
        """An account takes the first wallet's code as its own (EIP-7702), and so can sign by two keys."""
        client, wallet = self.people[DELEGATING], self.chain.wallets[0].address
        self.chain.node.ask("anvil_setCode", client, f"0xef0100{wallet[2:]}")
        self.model.signatures.wallets[client] = Wallet(KEYS[WALLETS[0]].address, has_own_key=True)
        self.agree()
