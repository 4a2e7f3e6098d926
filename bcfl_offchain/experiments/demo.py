"""The demo: whole learning rounds on real data, paid on a chain, and a summary of everything that happened.

All constants stand here. They keep the paper's scale (T = 15 min, psi = 5 GHz·min, an average client's mu =
10 GHz·min = g), and they are chosen so that the mu_i straddle the target and most clients are hired under
every policy, for 3 as for 50 clients:

- the digits go to the clients in non-IID parts, so D_i and with it mu_i = pi d_i D_i differ by a factor of
  three to ten;
- d_i makes a client with the average number of samples work 10 GHz·min, on one of three kinds of device;
- 3 of money a client and round, a tenth of the paper's 30, asks for 2 to 9 GHz where the paper's own budget
  asks for 16 and more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from eth_account import Account
from web3 import Web3

from bcfl_offchain.agents import Agreement, Board, Client, NotHired, Owner, Workplace
from bcfl_offchain.chain import Factory, Policy, Signer, Terms, TransactionRecord
from bcfl_offchain.chain.clock import Clock
from bcfl_offchain.chain.token import COIN
from bcfl_offchain.learning import Dataset, Store, TrainingConfig, digits, initial, partition, split
from bcfl_offchain.mechanism.puzzle import least_grace, miss_probability
from bcfl_offchain.mechanism.units import (
    CYCLES_PER_GHZ_MINUTE,
    WAD,
    cycles_to_chain,
    energy_coefficient_to_chain,
    frequency_to_chain,
    money_to_chain,
    time_to_chain,
)

from .demo_summary import Recorder

MONEY_UNIT = 10**15  # wei that one unit of the paper's money is worth

DEADLINE = 15  # T, min
MINING_CYCLES = 5  # psi, GHz·min
TARGET = 10  # g, GHz·min
AVERAGE_CYCLES = 10  # mu of a client with the average number of samples on the middle device, GHz·min
BUDGET_PER_CLIENT = Fraction(3)  # eta/N, money
MINING_BUDGET_PER_CLIENT = Fraction(1, 2)  # eta_m/N, money
RESERVATION_UTILITY = Fraction(1, 2)  # u, money: what `least-cost` leaves a client above its energy
BOND = Fraction(30)  # B, money: ten rounds' average pay
AUDIT_PROBABILITY = Fraction(1, 5)  # alpha

TRAINING = TrainingConfig()  # pi = 20 passes
DEVICES = (Fraction(9, 10), Fraction(1), Fraction(11, 10))  # d_i relative to the middle device, in turn
ENERGY_COEFFICIENTS = tuple(
    Fraction(n, 1000) for n in (8, 9, 10, 11, 12)
)  # rho_i, money/(GHz^3·min), in turn
MAX_FREQUENCIES = (16, 20, 24)  # q_i, GHz, in turn
DIRICHLET_ALPHA = 0.5
LEAST_SAMPLES = 6

CYCLE_UNIT = Fraction(1, 4)  # GHz·min; reports are whole numbers of it
MAX_TRAINING_UNITS = 400  # 100 GHz·min
HASHES = 2**12  # expected of each client in a round
# Seconds to join, for the owner's list, for each proposer: wide, as each transaction takes a second of it.
WINDOW = 3600

TOKENS = ("coin", "erc20")
"""What a task may be paid in: the chain's own coin, or a token that is deployed for the demo."""

CONTRIBUTIONS = ("workload", "accuracy")
"""The game whose Shapley values the summary shows: the paper's, by which the contract pays, or the accuracy
game beside it."""


@dataclass(frozen=True)
class DemoConfig:
    """What a run of the demo may vary.

    Attributes
    ----------
    clients, rounds : int
        N and the number of rounds, at least 1 each.
    policy : str
        A name in `mechanism.policies.POLICIES`.
    seed : int
        Of the split and the parts of the data.
    contribution : str
        One of `CONTRIBUTIONS`.
    token : str
        One of `TOKENS`.
    """

    clients: int = 8
    rounds: int = 3
    policy: str = "complete"
    seed: int = 7
    contribution: str = "workload"
    token: str = "coin"


def run_demo(
    w3: Web3,
    factory_address: str,
    owner_key: str,
    client_keys: Sequence[str],
    config: DemoConfig,
    clock: Clock,
    directory: str | Path,
    progress: Callable[[str], None],
    token: str = COIN,
) -> dict[str, Any]:
    """Create a task, run all its rounds, pay everybody, and close it.

    Parameters
    ----------
    w3 : Web3
        From `chain.connect`.
    factory_address : str
        A deployed TaskFactory.
    owner_key, client_keys : str
        Private keys in hexadecimal; of the latter at least `config.clients`. Each account pays its own gas.
    config : DemoConfig
    clock : Clock
        ``DevClock(w3)`` on a devnet.
    directory : str or Path
        Where the store of files and the board are.
    progress : callable
        Told in a few words what is being done.
    token : str
        Address of the ERC-20 that the task pays in, of which the owner holds all budgets and each client its
        bond; the chain's own coin by default.

    Returns
    -------
    dict
        The summary, ready for JSON: see `demo_summary`.
    """
    training_data, held_out = split(digits(), config.seed)
    parts = partition(training_data, config.clients, config.seed, DIRICHLET_ALPHA, LEAST_SAMPLES)
    records: list[TransactionRecord] = []
    signers = [Signer(w3, Account.from_key(key), records) for key in client_keys[: config.clients]]
    progress("creating and funding the task")
    factory = Factory(w3, factory_address)
    owner_signer = Signer(w3, Account.from_key(owner_key), records)
    owner = Owner.create(owner_signer, factory, demo_terms(config, owner_signer.address, token))
    place = Workplace(
        factory,
        owner.task,
        owner.reader,
        Store(Path(directory) / "store"),
        Board(Path(directory) / "board"),
        _agreement([signer.address for signer in signers], len(training_data)),
    )
    clients = _clients(place, signers, clock, parts)
    data = {client.address: client.data for client in clients}
    recorder = Recorder(place, factory, config, data, held_out, MONEY_UNIT, progress)
    for number, client in enumerate(clients, 1):
        progress(f"joining: {number} of {len(clients)}")
        client.join()
    recorder.ledger("after joining")
    for number in range(1, config.rounds + 1):
        _run_round(number, config, owner, clients, clock, progress)
        recorder.round(number)
    _settle(owner, clients, recorder, progress)
    return recorder.summary(constants(config, parts), records)


def demo_terms(config: DemoConfig, owner: str, token: str = COIN) -> Terms:
    """The task's terms in the chain's integers."""
    mining_cycles, deadline = cycles_to_chain(MINING_CYCLES), time_to_chain(DEADLINE)
    cycles_per_hash = -(-mining_cycles // HASHES)
    return Terms(
        owner=owner,
        token=token,
        policy=Policy.of(config.policy),
        is_open_admission=True,
        rounds=config.rounds,
        budget=money_to_chain(BUDGET_PER_CLIENT * config.clients, MONEY_UNIT),
        mining_budget=money_to_chain(MINING_BUDGET_PER_CLIENT * config.clients, MONEY_UNIT),
        reservation_utility=money_to_chain(_reservation_utility(config), MONEY_UNIT),
        bond=money_to_chain(BOND, MONEY_UNIT),
        audit_probability=int(AUDIT_PROBABILITY * WAD),
        deadline=deadline,
        grace=least_grace(mining_cycles, cycles_per_hash, deadline),
        join_window=WINDOW,
        list_window=WINDOW,
        proposal_window=WINDOW,
        min_hired=1,
        max_clients=config.clients,
        max_training_units=MAX_TRAINING_UNITS,
        cycle_unit=cycles_to_chain(CYCLE_UNIT),
        target=cycles_to_chain(TARGET),
        mining_cycles=mining_cycles,
        cycles_per_hash=cycles_per_hash,
    )


def _reservation_utility(config: DemoConfig) -> Fraction:
    """u in money; the other policies know none."""
    return RESERVATION_UTILITY if config.policy == "least-cost" else Fraction(0)


def cycles_per_sample(n_clients: int, n_samples: int) -> tuple[int, ...]:
    """d_i of each client in whole CPU cycles: `AVERAGE_CYCLES` for an average client on the middle device."""
    middle = Fraction(AVERAGE_CYCLES * CYCLES_PER_GHZ_MINUTE * n_clients, TRAINING.iterations * n_samples)
    return tuple(int(middle * DEVICES[index % len(DEVICES)]) for index in range(n_clients))


def constants(config: DemoConfig, parts: Sequence[Dataset]) -> dict[str, Any]:
    """The demo's constants in the units of the paper, for the summary.

    `miss_probability` is that of a client which mines at its q_m the whole of T, the worst case.
    """
    terms = demo_terms(config, COIN)  # of no owner
    samples = [len(part) for part in parts]
    count = range(config.clients)
    return {
        "pi": TRAINING.iterations,
        "money_unit": str(MONEY_UNIT),
        "deadline": DEADLINE,
        "mining_cycles": MINING_CYCLES,
        "target": TARGET,
        "budget": float(BUDGET_PER_CLIENT * config.clients),
        "mining_budget": float(MINING_BUDGET_PER_CLIENT * config.clients),
        "reservation_utility": float(_reservation_utility(config)),
        "bond": float(BOND),
        "audit_probability": float(AUDIT_PROBABILITY),
        "expected_hashes": HASHES,
        "grace": terms.grace / 60,
        "miss_probability": miss_probability(
            terms.mining_cycles, terms.cycles_per_hash, terms.deadline, terms.grace
        ),
        "dirichlet_alpha": DIRICHLET_ALPHA,
        "learning_rate": TRAINING.learning_rate,
        "batch_size": TRAINING.batch_size,
        "samples": samples,
        "cycles_per_sample": list(cycles_per_sample(config.clients, sum(samples))),
        "energy_coefficient": [float(ENERGY_COEFFICIENTS[i % len(ENERGY_COEFFICIENTS)]) for i in count],
        "max_frequency": [MAX_FREQUENCIES[i % len(MAX_FREQUENCIES)] for i in count],
    }


def _agreement(addresses: Sequence[str], n_samples: int) -> Agreement:
    costs = cycles_per_sample(len(addresses), n_samples)
    return Agreement(TRAINING, initial(), dict(zip(addresses, costs)))


def _clients(
    place: Workplace, signers: Sequence[Signer], clock: Clock, parts: Sequence[Dataset]
) -> list[Client]:
    return [
        Client(
            signer,
            place,
            clock,
            data,
            energy_coefficient_to_chain(ENERGY_COEFFICIENTS[index % len(ENERGY_COEFFICIENTS)], MONEY_UNIT),
            frequency_to_chain(MAX_FREQUENCIES[index % len(MAX_FREQUENCIES)]),
        )
        for index, (signer, data) in enumerate(zip(signers, parts))
    ]


def _run_round(
    number: int,
    config: DemoConfig,
    owner: Owner,
    clients: Sequence[Client],
    clock: Clock,
    progress: Callable[[str], None],
) -> None:
    """One round, from the owner's list to the quorum."""

    def say(text: str) -> None:
        progress(f"round {number} of {config.rounds}: {text}")

    say("pricing and opening")
    clock.wait_until(owner.task.next_list_window(clock.now()))
    owner.open_round()
    works = []
    for done, client in enumerate(clients, 1):
        say(f"checking prices, training, mining: {done} of {len(clients)}")
        try:
            works.append((client, client.work()))
        except NotHired:
            continue
    for done, (client, work) in enumerate(sorted(works, key=lambda pair: pair[1].due), 1):
        say(f"submitting work: {done} of {len(works)}")
        client.submit(work)
    clock.wait_until(owner.task.proposal_start())
    for client, _ in works:
        client.publish()
    say("aggregating and proposing")
    generator = next(client for client, _ in works if client.may_propose())
    generator.propose()
    for done, (client, _) in enumerate(works, 1):
        say(f"recomputing the model and voting: {done} of {len(works)}")
        client.vote()
    generator.end_round()


def _settle(
    owner: Owner, clients: Sequence[Client], recorder: Recorder, progress: Callable[[str], None]
) -> None:
    """Everybody takes what is its own."""
    for done, client in enumerate(clients, 1):
        progress(f"claiming: {done} of {len(clients)}")
        client.claim()
    recorder.ledger("after claims")
    for done, client in enumerate(clients, 1):
        progress(f"leaving: {done} of {len(clients)}")
        client.leave()
    owner.close()
    recorder.ledger("after closing")
