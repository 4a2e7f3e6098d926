"""The contracts as Python objects: reads give the dataclasses of `types`, writes go through a `Signer`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from typing import Any, TypeVar

from eth_abi import encode
from eth_abi.exceptions import DecodingError
from web3 import Web3
from web3.contract.contract import ContractFunction
from web3.exceptions import BadFunctionCallOutput, ContractLogicError, Web3Exception
from web3.types import BlockIdentifier

from bcfl_offchain.mechanism.puzzle import expected_hashes

from .errors import MalformedAnswer, UnknownContract, printable
from .interface import FACTORY_ABI, TASK_ABI, checksum, contract_at
from .token import COIN, Permit
from .transactions import Signer, TransactionRecord
from .types import (
    Ballot,
    ClientState,
    Entry,
    Ledger,
    ListState,
    Phase,
    Report,
    RoundResult,
    RoundState,
    Terms,
    Work,
)

_RECEIPT = "eth_getTransactionReceipt"
_T = TypeVar("_T")
# From so many on an access list is worth its price. EIP-2930: 2,400 gas for the address; 1,900 for a slot, which is then
# read for 100 and otherwise for 2,100.
LEAST_ACCESS_LISTED = 25
# Of the mapping `_listings` in the contract's storage.
_LISTINGS_SLOT = 9


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
    NotAnAddress, UnknownContract
        If there is no task at the address.
    """

    def __init__(self, w3: Web3, address: str) -> None:
        self.w3 = w3
        self.contract = contract_at(w3, address, TASK_ABI, "task")
        self.address = self.contract.address
        try:
            self.terms = _read(self.contract.functions.terms(), "latest", Terms.from_chain)
        except MalformedAnswer as error:
            raise UnknownContract(address, "task", "its code does not state a task's terms") from error
        terms = self.terms
        if not (terms.join_window and terms.list_window and terms.proposal_window):
            raise UnknownContract(address, "task", "a window of its terms is zero, which no factory of ours allows")
        self.chain_id = w3.eth.chain_id

    @property
    def expected_hashes(self) -> int:
        """H, the hashes that one work's mining takes on average."""
        return expected_hashes(self.terms.mining_cycles, self.terms.cycles_per_hash)

    @property
    def bond_value(self) -> int:
        """Wei that joining brings along: the bond in the chain's coin, nothing where it is paid in a token."""
        return self.terms.bond if self.terms.token == COIN else 0

    # ------------------------------------------------------------------------------------------------ windows

    def next_join_window(self, now: int) -> int:
        """Between rounds: the earliest time from `now` on at which clients may join or leave."""
        since = self._since_last_round(now)
        return now if since < self.terms.join_window else now + self._cycle - since

    def next_list_window(self, now: int) -> int:
        """Between rounds: the earliest time from `now` on at which reports are frozen."""
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
        return _read(self.contract.functions.phase(), block, Phase)

    def ledger(self, block: BlockIdentifier = "latest") -> Ledger:
        """Where every wei is at a block."""
        return _read(self.contract.functions.ledger(), block, lambda values: Ledger(*values))

    def round_state(self, block: BlockIdentifier = "latest") -> RoundState:
        """The current or last round."""
        return _read(self.contract.functions.roundState(), block, lambda values: RoundState(*values))

    def list_state(self, block: BlockIdentifier = "latest") -> ListState:
        """The price list that was posted last."""
        return _read(self.contract.functions.listState(), block, lambda values: ListState(*values))

    def client_state(self, client: str, block: BlockIdentifier = "latest") -> ClientState:
        """Everything a client has with the task."""
        return _read(self.contract.functions.clientState(checksum(client)), block, ClientState.from_chain)

    def global_model(self, block: BlockIdentifier = "latest") -> bytes:
        """Hash of the last model that a quorum agreed on; 32 zero bytes before the first."""
        return _read(self.contract.functions.globalModel(), block, bytes)

    def vote_digest(self, result: RoundResult, nonce: int) -> bytes:
        """What a client with this vote nonce signs for a result of the open round, by the contract."""
        return _read(self.contract.functions.voteDigest(astuple(result), nonce), "latest", bytes)

    # -------------------------------------------------------------------------------------- the owner's calls

    def admit(self, signer: Signer, clients: Sequence[str]) -> TransactionRecord:
        """Let clients join a task whose admission is the owner's."""
        return signer.send(self.contract.functions.admit([checksum(client) for client in clients]), "admit")

    def post_entries(
        self, signer: Signer, version: int, size: int, entries: Sequence[Entry]
    ) -> TransactionRecord:
        """Post entries of a price list, ascending by client."""
        lines = [astuple(entry) for entry in entries]
        return signer.send(self.contract.functions.postEntries(version, size, lines), "post entries")

    def open_round(self, signer: Signer, version: int) -> TransactionRecord:
        """Open a round under a complete and current list."""
        return signer.send(self.contract.functions.openRound(version), "open round")

    def close(self, signer: Signer, recipient: str) -> TransactionRecord:
        """Close the task for ever and take what is free."""
        return signer.send(self.contract.functions.closeTask(checksum(recipient)), "close task")

    # --------------------------------------------------------------------------------------- a client's calls

    def join(self, signer: Signer, report: Report, permit: Permit | None = None) -> TransactionRecord:
        """Join with a report and the task's bond; in a token, by a permit or else by the signer's allowance."""
        functions = self.contract.functions
        if permit is not None:
            return signer.send(functions.joinTaskWithPermit(astuple(report), astuple(permit)), "join")
        return signer.send(functions.joinTask(astuple(report)), "join", self.bond_value)

    def change_report(self, signer: Signer, report: Report) -> TransactionRecord:
        """Replace the signer's report."""
        return signer.send(self.contract.functions.changeReport(astuple(report)), "change report")

    def leave(self, signer: Signer, recipient: str) -> TransactionRecord:
        """Leave and take the bond."""
        return signer.send(self.contract.functions.leaveTask(checksum(recipient)), "leave")

    def submit_work(self, signer: Signer, work: Work) -> TransactionRecord:
        """Submit a round's work."""
        return signer.send(self.contract.functions.submitWork(astuple(work)), "submit work")

    def propose_model(self, signer: Signer, model_hash: bytes) -> TransactionRecord:
        """Announce the global model that the others are asked to sign."""
        return signer.send(self.contract.functions.proposeModel(model_hash), "propose model")

    def end_round_by_quorum(
        self, signer: Signer, result: RoundResult, ballots: Sequence[Ballot], voters: Sequence[str] = ()
    ) -> TransactionRecord:
        """End the round by the votes of accounts, as `votes.pack_ballots` gives them.

        If their addresses are given, too, and are many, the transaction names their lines in an access list,
        which makes reading them cheaper.
        """
        packed = [(ballot.nonce, ballot.signatures) for ballot in ballots]
        call = self.contract.functions.endRoundByQuorum(astuple(result), packed, [])
        listed = voters if len(voters) >= LEAST_ACCESS_LISTED else ()
        access_list = [{"address": self.address, "storageKeys": list(map(listing_slot, listed))}] if listed else []
        return signer.send(call, "end round by quorum", access_list=access_list)

    def end_round_by_time(self, signer: Signer) -> TransactionRecord:
        """End an expired round; anyone may."""
        return signer.send(self.contract.functions.endRoundByTime(), "end round by time")

    def claim(self, signer: Signer, recipient: str) -> TransactionRecord:
        """Take what the signer has earned in all ended rounds."""
        return signer.send(self.contract.functions.claim(checksum(recipient)), "claim")

    def revoke_signatures(self, signer: Signer) -> TransactionRecord:
        """Void everything that the signer has signed and that is not yet used."""
        return signer.send(self.contract.functions.revokeSignatures(), "revoke signatures")


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
    NotAnAddress, UnknownContract
        If there is no code at the address.
    """

    def __init__(self, w3: Web3, address: str) -> None:
        self.w3 = w3
        self.contract = contract_at(w3, address, FACTORY_ABI, "factory")
        self.address = self.contract.address

    def create_task(self, signer: Signer, terms: Terms, permit: Permit | None = None) -> TaskContract:
        """Create a task and fund all its rounds; in a token, by a permit or else by the signer's allowance."""
        functions, value = self.contract.functions, terms.budget * terms.rounds
        if permit is not None:
            call = functions.createTaskWithPermit(terms.to_chain(), astuple(permit))
        else:
            call = functions.createTask(terms.to_chain())
        record = signer.send(call, "create task", value if terms.token == COIN else 0)
        receipt = self.w3.eth.get_transaction_receipt(record.hash)
        # The clone's own Funded stands in the same receipt, so only the factory's logs are read.
        logs = [log for log in receipt["logs"] if log["address"] == self.address]
        if len(logs) != 1:
            raise MalformedAnswer(_RECEIPT, f"{len(logs)} logs of the factory, expected one")
        try:
            created = self.contract.events.TaskCreated().process_log(logs[0])
        except (Web3Exception, DecodingError) as error:
            raise MalformedAnswer(_RECEIPT, "the factory's log tells of no task") from error
        return TaskContract(self.w3, created["args"]["task"])

    def is_task(self, task: str) -> bool:
        """Whether a task was made here.

        Raises
        ------
        UnknownContract
            If this is no factory.
        """
        try:
            return _read(self.contract.functions.isTask(checksum(task)), "latest", bool)
        except MalformedAnswer as error:
            raise UnknownContract(self.address, "factory", "its code does not say which tasks it made") from error

    def relay(self) -> str:
        """Address of the contract that sends batches of signed messages."""
        return _read(self.contract.functions.relay(), "latest", str)

    def implementation(self) -> str:
        """Address of the code that all clones run."""
        return _read(self.contract.functions.implementation(), "latest", str)


def listing_slot(client: str) -> str:
    """Where a task's contract keeps a client's line of the price list, in hexadecimal."""
    return Web3.to_hex(Web3.keccak(encode(["address", "uint256"], [client, _LISTINGS_SLOT])))


def _read(call: ContractFunction, block: BlockIdentifier, make: Callable[[Any], _T]) -> _T:
    """What a view says at a block, as `make` takes it; whatever it cannot be is a `MalformedAnswer`."""
    try:
        return make(call.call(block_identifier=block))
    except (BadFunctionCallOutput, ContractLogicError, DecodingError, ValueError) as error:
        raise MalformedAnswer("eth_call", f"{call.fn_name}() has another form: {printable(error)}") from error
