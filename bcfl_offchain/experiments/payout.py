"""A small task of one round in real time: created, joined, worked, paid and wound up, within a limit.

Nothing here needs brownie or moves a clock. The deadline is seconds instead of the paper's minutes, the
workloads lie evenly around the target, and the energy coefficient follows from the budget: any budget hires
everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3

from bcfl_offchain.agents import Agreement, Board, Client, Owner, Workplace
from bcfl_offchain.chain import (
    Factory,
    Phase,
    Policy,
    SpendLimitReached,
    TaskContract,
    Terms,
    TransactionRecord,
)
from bcfl_offchain.chain.clock import Clock
from bcfl_offchain.chain.interface import FACTORY_ABI
from bcfl_offchain.learning import Dataset, Store, TrainingConfig, accuracy, digits, initial, partition, split

from .purse import GAS, Purse, PurseSigner, in_ether, most_fee_per_gas

DEADLINE = 10
"""T in seconds; both subtasks together take all of it."""
TARGET = DEADLINE * 5 * 10**8
"""g in cycles; clients report from 0.8 to 1.2 of it."""
MINING_CYCLES = TARGET // 2
TRAINING_FREQUENCY = 2
"""q_t in GHz of a client whose workload is g and whose share is 1/N: it fixes the energy coefficient."""
MAX_FREQUENCY = 10 * 10**18
CYCLE_UNIT = 10**7
HASHES = 2**12
MAX_BUDGET = 10**17
"""Wei; beyond it the energy coefficient leaves its range on chain."""
MAX_CLIENTS = 12
"""Up to here every client is hired under every policy."""
UTILITY_PART = 8
"""`least-cost` leaves a client this fraction of an equal share of the budget above its energy."""
LEAST_GRACE, LEAST_JOIN_WINDOW = 12, 30  # s, of TermsCheck.sol
TRAINING = TrainingConfig(iterations=5)
_PACE_BLOCKS = 10
_SLOWEST = 60  # seconds a block, of any chain in use
Log = Callable[[str], None]


@dataclass(frozen=True)
class Payout:
    """What a payout costs at most.

    Attributes
    ----------
    budget : int
        eta of its one round in wei, up to `MAX_BUDGET`.
    bond : int
        Wei that each client deposits and takes back.
    limit : int
        Wei that all accounts together may spend, amounts that come back included.
    policy : str
        A name in `mechanism.policies.POLICIES`.
    seed : int
        Of the data's parts.
    """

    budget: int
    bond: int
    limit: int
    policy: str
    seed: int


class FundsMissing(Exception):
    """Accounts that cannot pay for what they would have to do; nothing was spent.

    Attributes
    ----------
    missing : dict of str to int
        Wei that each address lacks.
    """

    def __init__(self, missing: Mapping[str, int]) -> None:
        self.missing = dict(missing)
        listed = ", ".join(
            f"{address} lacks {in_ether(wei)}" for address, wei in missing.items()
        )
        super().__init__(f"nothing was spent: {listed}")


def pace(w3: Web3) -> int:
    """Whole seconds that a block takes, from 1 to 60, by the chain's last blocks: the task's windows follow from it."""
    last = w3.eth.get_block("latest")
    first = w3.eth.get_block(max(0, last["number"] - _PACE_BLOCKS))
    blocks = last["number"] - first["number"]
    # The first block after genesis may be of any age.
    seconds = ceil((last["timestamp"] - first["timestamp"]) / blocks) if blocks == _PACE_BLOCKS else 1
    return min(max(1, seconds), _SLOWEST)


def payout_terms(payout: Payout, owner: str, n_clients: int, seconds_per_block: int) -> Terms:
    """Terms of the task; its windows leave three blocks for each transaction that has to fit into them."""
    window = 3 * seconds_per_block
    utility = payout.budget // (UTILITY_PART * n_clients) if payout.policy == "least-cost" else 0
    return Terms(
        owner=owner,
        token="0x" + 40 * "0",
        policy=Policy.of(payout.policy),
        is_open_admission=False,
        rounds=1,
        budget=payout.budget,
        mining_budget=payout.budget // 6,
        reservation_utility=utility,
        bond=payout.bond,
        audit_probability=0,
        deadline=DEADLINE,
        grace=max(LEAST_GRACE, window * (n_clients + 1)),
        join_window=max(LEAST_JOIN_WINDOW, window * (n_clients + 2)),
        list_window=window * 4,
        proposal_window=window * 3,
        min_hired=1,
        max_clients=n_clients,
        max_training_units=2 * TARGET // CYCLE_UNIT,
        cycle_unit=CYCLE_UNIT,
        target=TARGET,
        mining_cycles=MINING_CYCLES,
        cycles_per_hash=MINING_CYCLES // HASHES,
    )


def energy_coefficient(payout: Payout, n_clients: int) -> int:
    """rho at which q_t is `TRAINING_FREQUENCY` for mu = g and an equal share: by (18) and (8), q_t^2 =
    R_t/(mu rho)."""
    cap = (payout.budget - payout.budget // 6) // n_clients
    return cap * 10**27 // (TARGET * TRAINING_FREQUENCY**2)


def agreement(clients: Sequence[str], parts: Sequence[Dataset]) -> Agreement:
    """Samples cost each client what brings its workload to an even place between 0.8 g and 1.2 g."""
    n_clients = len(clients)
    costs = {}
    for index, (client, part) in enumerate(zip(clients, parts)):
        cycles = TARGET * (8 * n_clients + 4 * index + 2) // (10 * n_clients)
        costs[client] = cycles // (TRAINING.iterations * len(part))
    return Agreement(TRAINING, initial(), costs)


def require_funds(w3: Web3, payout: Payout, owner: str, clients: Sequence[str], with_factory: bool) -> None:
    """Check before anything is spent that every account can pay for all that may fall to it.

    Raises
    ------
    FundsMissing
        With what each lacks.
    """
    price = most_fee_per_gas(w3)
    ending = GAS["propose model"] + GAS["end round"] + GAS["vote in end round"] * len(clients)
    lines = (GAS["admit"] + GAS["post entry"]) * (len(clients) + 1)
    for_owner = GAS["create task"] + lines + GAS["open round"] + GAS["end round"] + GAS["close task"]
    for_owner += GAS["deploy factory"] if with_factory else 0
    for_client = GAS["join"] + GAS["submit work"] + ending + GAS["claim"] + GAS["leave"]
    needs = {owner: payout.budget + price * for_owner}
    needs |= {client: payout.bond + price * for_client for client in clients}
    missing = {address: need - w3.eth.get_balance(address) for address, need in needs.items()}
    if short := {address: wei for address, wei in missing.items() if wei > 0}:
        raise FundsMissing(short)


def deploy_factory(signer: PurseSigner, bytecode: str) -> str:
    """Deploy the factory; its address."""
    call = signer.w3.eth.contract(abi=FACTORY_ABI, bytecode=bytecode).constructor()
    return str(signer.send(call, "deploy factory").contract)


@dataclass(frozen=True)
class Parties:
    """Who pays and is paid, all from one purse."""

    purse: Purse
    owner: PurseSigner
    clients: tuple[PurseSigner, ...]

    @classmethod
    def of(cls, purse: Purse, owner: LocalAccount, clients: Sequence[LocalAccount]) -> Parties:
        """Signers for the keys."""
        return cls(purse, PurseSigner(owner, purse), tuple(PurseSigner(client, purse) for client in clients))


def run_payout(
    parties: Parties, payout: Payout, factory: str, clock: Clock, folder: Path, log: Log
) -> tuple[dict[str, Any], BaseException | None]:
    """Create a task, run its round, and wind it up, whatever happens in between.

    Parameters
    ----------
    parties : Parties
    payout : Payout
    factory : str
        Address of the factory.
    clock : Clock
        How to wait.
    folder : Path
        Where the updates and votes lie.
    log : callable
        Told what happens, line by line.

    Returns
    -------
    (summary, stopped) : tuple of dict and exception or None
        What happened, for a JSON file; and what stopped the round before its end, after everything was
        given back.

    Raises
    ------
    ChainError
        If the task could not be created; there is nothing to give back then.
    """
    purse, w3 = parties.purse, parties.purse.w3
    terms = payout_terms(payout, parties.owner.address, len(parties.clients), pace(w3))
    purse.keep_back("end round", "close task")
    trusted = Factory(w3, factory)
    owner = Owner.create(parties.owner, trusted, terms)
    log(
        f"task {owner.task.address}; should this run be killed, "
        f"BCFL_TASK={owner.task.address} takes back what is in it"
    )
    stopped: BaseException | None = None
    reached = None
    try:
        reached = _round(parties, trusted, owner, payout, clock, folder, log)
    except (Exception, KeyboardInterrupt) as error:  # the money first; the caller gets the error afterwards
        stopped = error
        log(f"stopped: {_said(error)}; giving back what is left")
    given_up = wind_up(owner.task, parties, clock, log)
    summary = payout_summary(owner.task, parties, given_up)
    return {
        **summary,
        "factory": factory,
        "policy": payout.policy,
        "accuracy": reached,
        "stopped": None if stopped is None else _said(stopped),
    }, stopped


def _said(error: BaseException) -> str:
    """An error in words; Ctrl-C has none of its own."""
    return str(error) or type(error).__name__


def _round(
    parties: Parties, factory: Factory, owner: Owner, payout: Payout, clock: Clock, folder: Path, log: Log
) -> float:
    """The task's one round; accuracy of its global model on held-out data."""
    training, held_out = split(digits(), payout.seed)
    parts = partition(training, len(parties.clients), payout.seed, alpha=5.0)
    addresses = [signer.address for signer in parties.clients]
    place = Workplace(
        factory,
        owner.task,
        owner.reader,
        Store(folder / "files"),
        Board(folder / "board"),
        agreement(addresses, parts),
    )
    rho = energy_coefficient(payout, len(addresses))
    clients = [
        Client(signer, place, clock, part, rho, MAX_FREQUENCY) for signer, part in zip(parties.clients, parts)
    ]
    _open(parties.purse, owner, clients, clock, log)
    _work(clients, owner.task, clock, log)
    _agree(clients, log)
    return accuracy(place.model_before(owner.reader.history(), 2), held_out)


def _open(purse: Purse, owner: Owner, clients: Sequence[Client], clock: Clock, log: Log) -> None:
    owner.admit([client.address for client in clients])
    for client in clients:
        purse.keep_back("claim", "leave")
        client.join()
    log("waiting until reports are frozen")
    clock.wait_until(owner.task.next_list_window(clock.now()))
    owner.open_round()


def _work(clients: Sequence[Client], task: TaskContract, clock: Clock, log: Log) -> None:
    works = [(client, client.work()) for client in clients]
    log("training and mining done; waiting until the claimed time has passed")
    for client, work in works:
        client.submit(work)
    log("waiting until the work window has closed")
    clock.wait_until(task.proposal_start())


def _agree(clients: Sequence[Client], log: Log) -> None:
    for client in clients:
        client.publish()
    generator = next(client for client in clients if client.may_propose())
    log(f"{generator.address} is the block generator")
    generator.propose()
    for client in clients:
        if client is not generator:
            client.vote()
    generator.end_round()


def wind_up(task: TaskContract, parties: Parties, clock: Clock, log: Log) -> list[str]:
    """Pay and give back everything that a task still holds, from whatever state it is in.

    Returns
    -------
    list of str
        Steps that the limit did not allow, one line each; empty as a rule, because their cost is kept back.
    """
    parties.purse.release()
    given_up: list[str] = []

    def attempt(step: Callable[[], TransactionRecord]) -> None:
        try:
            step()
        except SpendLimitReached as error:
            given_up.append(str(error))
            log(f"left where it is: {error}")

    if task.round_state().is_open:
        log("waiting until the open round can be ended by time")
        nobody_worked = task.round_state().generator == 0
        clock.wait_until(task.proposal_start(0 if nobody_worked else 3))
        attempt(lambda: task.end_round_by_time(parties.owner))
    if task.ledger().free and not task.round_state().is_open:
        attempt(lambda: task.close(parties.owner, parties.owner.address))
    for signer in parties.clients:
        state = task.client_state(signer.address)
        if state.claimable:
            attempt(lambda signer=signer: task.claim(signer, signer.address))
        if state.is_member and task.phase() == Phase.OVER:
            attempt(lambda signer=signer: task.leave(signer, signer.address))
    return given_up


def payout_summary(task: TaskContract, parties: Parties, given_up: Sequence[str]) -> dict[str, Any]:
    """What was spent and where the task's money is, for a JSON file; wei as decimal strings."""
    ledger = task.ledger()
    return {
        "contract": task.address,
        "chain_id": task.chain_id,
        "ledger": {**{line: str(wei) for line, wei in asdict(ledger).items()}, "balanced": ledger.balanced},
        "held": str(ledger.held),
        "limit": str(parties.purse.limit),
        "spent": str(parties.purse.spent),
        "fees": str(parties.purse.fees),
        "given_up": list(given_up),
        "transactions": [
            {**asdict(record), "fee": str(record.fee), "value": str(record.value)}
            for record in parties.purse.records
        ],
    }
