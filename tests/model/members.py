"""The model's calls of clients that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.types import Phase, Report
from tests.model.money import WITH_PERMITS
from tests.model.records import Call, Refused
from tests.model.state import TaskState


class MemberCalls(TaskState):
    """Joining, reports, leaving."""

    def admit(self, call: Call, clients: Sequence[str]) -> None:
        self._owner(call)
        for client in clients:
            self.clients[client].is_admitted = True
            self._emit(ev.Admitted, client)

    def join_task(self, call: Call, report: Report) -> None:
        self._join(call, call.sender, report)

    def join_task_for(self, call: Call, client: str, report: Report, deadline: int, signature: bytes) -> None:
        self._use(call, "JoinTask", client, astuple(report), deadline, signature)
        self._join(call, client, report)

    def join_task_with_permit(
        self, call: Call, report: Report, permit: tuple[int, int, bytes, bytes]
    ) -> None:
        """`permit` is (deadline, v, r, s). One that does not hold changes nothing, and nobody is told."""
        token, bond = self.token, self.terms.bond
        if token is not None and token.kind in WITH_PERMITS:
            deadline, v, r, s = permit
            values = call.sender, self.address, bond, token.permit_nonces[call.sender], deadline
            digest = self.signatures.digest(token.address, "Permit", *values)
            signer = self.signatures.signer(digest, r + s + bytes([v]))
            if call.now <= deadline and signer == call.sender:
                token.permit_nonces[call.sender] += 1
                token.allowances[call.sender] = bond
        self._join(call, call.sender, report)

    def _join(self, call: Call, client: str, report: Report) -> None:
        self._phase(call, Phase.JOINING)
        if self.clients[client].is_member:
            raise Refused("Task_AlreadyMember", client)
        if not (self.terms.is_open_admission or self.clients[client].is_admitted):
            raise Refused("Task_NotAdmitted", client)
        self.clients[client].is_member = True
        self.deposited += self.terms.bond
        self.bonds += self.terms.bond
        self._emit(ev.Joined, client, self.terms.bond)
        self._report(client, report)
        self._take(call, client, self.terms.bond)

    def change_report(self, call: Call, report: Report) -> None:
        self._change_report(call, call.sender, report)

    def change_report_for(
        self, call: Call, client: str, report: Report, deadline: int, signature: bytes
    ) -> None:
        self._use(call, "ChangeReport", client, astuple(report), deadline, signature)
        self._change_report(call, client, report)

    def _change_report(self, call: Call, client: str, report: Report) -> None:
        self._phase(call, Phase.JOINING)
        self._member(client)
        self._mark_stale(client)
        self._report(client, report)

    def _report(self, client: str, report: Report) -> None:
        most = self.terms.max_training_units
        if not (1 <= report.training_units <= most and report.energy_coefficient and report.max_frequency):
            raise Refused("Task_ReportOutOfRange", *astuple(report))
        self.clients[client].report = report
        self._emit(ev.Reported, client, *astuple(report))

    def leave_task(self, call: Call, recipient: str) -> None:
        phase, client = self.phase(call.now), call.sender
        if phase not in (Phase.JOINING, Phase.OVER):
            raise Refused("Task_WrongPhase", phase)
        self._member(client)
        self.clients[client].is_member = False
        self._mark_stale(client)
        self.bonds -= self.terms.bond
        self.returned += self.terms.bond
        self._emit(ev.Left, client, recipient, self.terms.bond)
        self._give(call, recipient, self.terms.bond)

    def revoke_signatures(self, call: Call) -> None:
        client = self.clients[call.sender]
        client.nonce += 2**16  # nobody comes near the last one here
        client.vote_nonce += 1
        self._emit(ev.SignaturesRevoked, call.sender, client.nonce, client.vote_nonce)
