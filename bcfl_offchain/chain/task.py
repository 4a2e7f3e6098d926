"""The contracts as Python objects: reads give the dataclasses of `types`, writes go through a `Signer`."""

from __future__ import annotations

from collections.abc import Sequence

from eth_typing import ChecksumAddress
from web3 import Web3
from web3.exceptions import BadFunctionCallOutput, ContractLogicError
from web3.types import BlockIdentifier

from bcfl_offchain.mechanism.puzzle import expected_hashes

from .errors import UnknownTask
from .interface import FACTORY_ABI, TASK_ABI
from .transactions import Signer, TransactionRecord
from .types import (
    ClientState,
    Entry,
    Ledger,
    ListState,
    Phase,
    Report,
    RoundResult,
    RoundState,
    Terms,
    Vote,
)


class TaskContract:
    """A task on a chain.

    Parameters
    ----------
    w3 : Web3
        The chain.
    address : str
        The task's address in any case.

    Raises
    ------
    UnknownTask
        If there is no task at the address.
    """

    def __init__(self, w3: Web3, address: str) -> None:
        self.w3 = w3
        self.address = _checksum(address)
        if not w3.eth.get_code(self.address):
            raise UnknownTask(address, "there is no code at this address")
        self.contract = w3.eth.contract(self.address, abi=TASK_ABI)
        try:
            self.terms = Terms.from_chain(self.contract.functions.terms().call())
        except (BadFunctionCallOutput, ContractLogicError, ValueError) as error:
            raise UnknownTask(address, "its code does not state a task's terms") from error
        self.chain_id = w3.eth.chain_id

    @property
    def expected_hashes(self) -> int:
        """H, the hashes that one work's mining takes on average."""
        return expected_hashes(self.terms.mining_cycles, self.terms.cycles_per_hash)

    # ------------------------------------------------------------------------------------------------ windows

    def next_join_window(self, now: int) -> int:
        """The earliest time from `now` on at which clients may join or leave, unless a round opens."""
        since = self._since_last_round(now)
        return now if since < self.terms.join_window else now + self._cycle - since

    def next_list_window(self, now: int) -> int:
        """The earliest time from `now` on at which reports are frozen, unless a round opens."""
        return now + max(0, self.terms.join_window - self._since_last_round(now))

    def proposal_start(self, window: int = 0) -> int:
        """When a window of the open round begins.

        Parameters
        ----------
        window : int
            0 for the generator's, 1 for the runner-up's, 2 for the workers', 3 for the time from which anyone
            may end the round.
        """
        work_end = self.round_state().opened_at + self.terms.deadline + self.terms.grace
        return work_end + 1 + window * self.terms.proposal_window

    @property
    def _cycle(self) -> int:
        return self.terms.join_window + self.terms.list_window

    def _since_last_round(self, now: int) -> int:
        return (now - self.round_state().ended_at) % self._cycle

    # ------------------------------------------------------------------------------------------------ reads

    def phase(self, block: BlockIdentifier = "latest") -> Phase:
        """Where the task stands at a block."""
        return Phase(self.contract.functions.phase().call(block_identifier=block))

    def ledger(self, block: BlockIdentifier = "latest") -> Ledger:
        """Where every wei is at a block."""
        return Ledger(*self.contract.functions.ledger().call(block_identifier=block))

    def round_state(self, block: BlockIdentifier = "latest") -> RoundState:
        """The current or last round."""
        return RoundState(*self.contract.functions.roundState().call(block_identifier=block))

    def list_state(self, block: BlockIdentifier = "latest") -> ListState:
        """The price list that was posted last."""
        return ListState(*self.contract.functions.listState().call(block_identifier=block))

    def client_state(self, client: str, block: BlockIdentifier = "latest") -> ClientState:
        """Everything a client has with the task."""
        call = self.contract.functions.clientState(_checksum(client))
        return ClientState.from_chain(call.call(block_identifier=block))

    def global_model(self, block: BlockIdentifier = "latest") -> bytes:
        """Hash of the last model that a quorum agreed on; 32 zero bytes before the first."""
        return self.contract.functions.globalModel().call(block_identifier=block)

    def vote_digest(self, result: RoundResult, nonce: int) -> bytes:
        """What a client with this number signs for a result of the open round, by the contract."""
        return self.contract.functions.voteDigest(_result(result), nonce).call()

    # -------------------------------------------------------------------------------------- the owner's calls

    def admit(self, signer: Signer, clients: Sequence[str]) -> TransactionRecord:
        """Let clients join a task whose admission is the owner's."""
        return signer.send(self.contract.functions.admit([_checksum(client) for client in clients]), "admit")

    def post_entries(
        self, signer: Signer, version: int, size: int, entries: Sequence[Entry]
    ) -> TransactionRecord:
        """Post entries of a price list, ascending by client."""
        lines = [(entry.client, entry.training_cap, entry.training_frequency) for entry in entries]
        return signer.send(self.contract.functions.postEntries(version, size, lines), "post entries")

    def open_round(self, signer: Signer, version: int) -> TransactionRecord:
        """Open a round under a complete and current list."""
        return signer.send(self.contract.functions.openRound(version), "open round")

    def close(self, signer: Signer, recipient: str) -> TransactionRecord:
        """Close the task for ever and take what is free."""
        return signer.send(self.contract.functions.closeTask(_checksum(recipient)), "close task")

    # --------------------------------------------------------------------------------------- a client's calls

    def join(self, signer: Signer, report: Report) -> TransactionRecord:
        """Join with a report and the task's bond."""
        return signer.send(self.contract.functions.joinTask(_report(report)), "join", self.terms.bond)

    def change_report(self, signer: Signer, report: Report) -> TransactionRecord:
        """Replace the signer's report."""
        return signer.send(self.contract.functions.changeReport(_report(report)), "change report")

    def leave(self, signer: Signer, recipient: str) -> TransactionRecord:
        """Leave and take the bond."""
        return signer.send(self.contract.functions.leaveTask(_checksum(recipient)), "leave")

    def submit_work(
        self,
        signer: Signer,
        update_hash: bytes,
        training_frequency: int,
        mining_frequency: int,
        nonces: tuple[int, int],
    ) -> TransactionRecord:
        """Submit a round's work."""
        call = self.contract.functions.submitWork(
            update_hash, training_frequency, mining_frequency, list(nonces)
        )
        return signer.send(call, "submit work")

    def propose_model(self, signer: Signer, model_hash: bytes) -> TransactionRecord:
        """Announce the global model that the others are asked to sign."""
        return signer.send(self.contract.functions.proposeModel(model_hash), "propose model")

    def end_round_by_quorum(
        self, signer: Signer, result: RoundResult, votes: Sequence[Vote]
    ) -> TransactionRecord:
        """End the round by signatures, ascending by signer."""
        ballots = [(vote.signer, vote.signature) for vote in votes]
        return signer.send(
            self.contract.functions.endRoundByQuorum(_result(result), ballots), "end round by quorum"
        )

    def end_round_by_time(self, signer: Signer) -> TransactionRecord:
        """End an expired round; anyone may."""
        return signer.send(self.contract.functions.endRoundByTime(), "end round by time")

    def claim(self, signer: Signer, recipient: str) -> TransactionRecord:
        """Take what the signer has earned in all ended rounds."""
        return signer.send(self.contract.functions.claim(_checksum(recipient)), "claim")

    def revoke_votes(self, signer: Signer) -> TransactionRecord:
        """Void every vote that the signer has signed."""
        return signer.send(self.contract.functions.revokeVotes(), "revoke votes")


class Factory:
    """The factory that makes tasks.

    Parameters
    ----------
    w3 : Web3
        The chain.
    address : str
        The factory's address.

    Raises
    ------
    UnknownTask
        If there is no code at the address.
    """

    def __init__(self, w3: Web3, address: str) -> None:
        self.w3 = w3
        self.address = _checksum(address)
        if not w3.eth.get_code(self.address):
            raise UnknownTask(address, "there is no factory's code at this address")
        self.contract = w3.eth.contract(self.address, abi=FACTORY_ABI)

    def create_task(self, signer: Signer, terms: Terms) -> TaskContract:
        """Create a task and fund all its rounds from the signer."""
        call = self.contract.functions.createTask(terms.to_chain())
        record = signer.send(call, "create task", terms.budget * terms.rounds)
        receipt = self.w3.eth.get_transaction_receipt(record.hash)
        # The clone's own Funded stands in the same receipt, so only the factory's logs are read.
        logs = [log for log in receipt["logs"] if log["address"] == self.address]
        created = self.contract.events.TaskCreated().process_log(logs[0])
        return TaskContract(self.w3, created["args"]["task"])

    def is_task(self, task: str) -> bool:
        """Whether a task was made here."""
        return self.contract.functions.isTask(_checksum(task)).call()

    def implementation(self) -> str:
        """Address of the code that all clones run."""
        return self.contract.functions.implementation().call()


def _checksum(address: str) -> ChecksumAddress:
    if not Web3.is_address(address):
        raise UnknownTask(
            address, "an address has 40 hexadecimal digits, with a valid checksum if in mixed case"
        )
    return Web3.to_checksum_address(address)


def _report(report: Report) -> tuple[int, int, int]:
    return report.training_units, report.energy_coefficient, report.max_frequency


def _result(result: RoundResult) -> tuple[bytes, list[str], list[str]]:
    return result.model_hash, list(result.rejected), list(result.forfeited)
