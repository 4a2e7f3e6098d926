"""A task of many clients that only sign: what a relayed round costs in time and gas, at any number of them.

Everything on chain is real: signatures, puzzles, checked prices, pay to the wei. So is the learning, on a few
digits a client, which other clients may have, too (there are not enough for a thousand). The clients hold no
coin: an owner and a relayer pay all gas, and whoever generates a block gets what its two transactions may
cost.

What is left out: a client would make its verdict on a machine of its own, by reading every update. On one
machine that is N times the same, so a few clients do it and the others sign the same result. Bonds are zero,
as taking one back is a transaction of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak
from web3 import Web3
from web3.types import TxParams

from bcfl_offchain.agents import Agreement, Board, NotHired, Owner, PreparedWork, Workplace, audit
from bcfl_offchain.agents.relayer import RelayedClient, Relayer
from bcfl_offchain.chain import Factory, Ledger, Signer, Terms, TransactionRecord
from bcfl_offchain.chain.clock import Clock
from bcfl_offchain.chain.messages import SignedMessage
from bcfl_offchain.chain.transactions import MAX_TRANSACTION_GAS
from bcfl_offchain.chain.votes import sign_vote
from bcfl_offchain.learning import Dataset, Store, digits, initial, split
from bcfl_offchain.mechanism.puzzle import least_grace
from bcfl_offchain.mechanism.units import WAD, energy_coefficient_to_chain, frequency_to_chain

from .demo import (
    ENERGY_COEFFICIENTS,
    MAX_FREQUENCIES,
    MONEY_UNIT,
    TRAINING,
    DemoConfig,
    cycles_per_sample,
    demo_terms,
)

HASHES = 32  # expected of each client in a round: a low psi, in hashes
AUDIT_PROBABILITY = Fraction(1, 50)
SAMPLES = (4, 40)  # least and most of a client
JUDGES = 3  # clients that make a verdict of their own
VALID_SECONDS = 30 * 24 * 3600
PROPOSER_GAS_PRICE = 10**9  # what a generator is given, in wei for each gas that it may need


class ScaleFailed(Exception):
    """The run came to its end, and something about it is not as it has to be.

    Attributes
    ----------
    what : str
    expected, found : object
    """

    def __init__(self, what: str, expected: object, found: object) -> None:
        self.what, self.expected, self.found = what, expected, found
        super().__init__(f"{what}: expected {expected}, found {found}")


@dataclass(frozen=True)
class ScaleConfig:
    """A run's size.

    Attributes
    ----------
    clients, rounds : int
        At least 1 each; at most 1,000 clients, the contract's limit of a list.
    seed : int
        Of the keys and the data.
    """

    clients: int
    rounds: int = 2
    seed: int = 7


@dataclass(frozen=True)
class Step:
    """What one step of the run took.

    Attributes
    ----------
    name : str
    count : int
        How many clients, entries, messages or votes it was for.
    seconds : float
    gas, most_gas : int
        Of all its transactions, and of the largest.
    transactions : int
    """

    name: str
    count: int
    seconds: float
    gas: int
    most_gas: int
    transactions: int


class _Payment:
    """A plain transfer of coin."""

    def __init__(self, to: str) -> None:
        self.to = to

    def build_transaction(self, transaction: TxParams | None = None) -> TxParams:
        to = Web3.to_checksum_address(self.to)
        return TxParams({**(transaction or TxParams()), "to": to, "data": "0x"})


class ScaleRun:
    """One task, from its creation to its end.

    Parameters
    ----------
    w3 : Web3
        A devnet whose clock can be moved.
    factory : Factory
    payers : (LocalAccount, LocalAccount)
        Owner and relayer; all coin and all gas is theirs.
    config : ScaleConfig
    clock : Clock
    directory : Path
        For the store and the board.
    progress : callable
        Told in a few words what is being done.
    """

    def __init__(
        self,
        w3: Web3,
        factory: Factory,
        payers: tuple[LocalAccount, LocalAccount],
        config: ScaleConfig,
        clock: Clock,
        directory: Path,
        progress: Callable[[str], None],
    ) -> None:
        self.w3, self.config, self.clock, self.progress = w3, config, clock, progress
        self.steps: list[Step] = []
        self.records: list[TransactionRecord] = []
        self.owner_signer, relayer_signer = (Signer(w3, account, self.records) for account in payers)
        self.start = {
            signer.address: w3.eth.get_balance(signer.address)
            for signer in (self.owner_signer, relayer_signer)
        }
        self.owner = Owner.create(self.owner_signer, factory, scale_terms(config, self.owner_signer.address))
        self.task = self.owner.task
        self.relayer = Relayer(relayer_signer, self.task, factory)
        self.factory = factory
        self.clients = self._clients(directory)
        self.place = self.clients[0].place
        self.funded: dict[str, int] = {}

    def _clients(self, directory: Path) -> list[RelayedClient]:
        config = self.config
        keys = [keccak(text=f"bcfl scale {config.seed} {index}") for index in range(config.clients)]
        signers = [Signer(self.w3, Account.from_key(key), self.records) for key in keys]
        parts = draw_parts(config)
        costs = cycles_per_sample(config.clients, sum(map(len, parts)))
        agreement = Agreement(TRAINING, initial(), dict(zip((one.address for one in signers), costs)))
        place = Workplace(
            self.factory,
            self.task,
            self.owner.reader,
            Store(directory / "store"),
            Board(directory / "board"),
            agreement,
        )
        return [
            RelayedClient(
                signer,
                place,
                self.clock,
                data,
                energy_coefficient_to_chain(
                    ENERGY_COEFFICIENTS[index % len(ENERGY_COEFFICIENTS)], MONEY_UNIT
                ),
                frequency_to_chain(MAX_FREQUENCIES[index % len(MAX_FREQUENCIES)]),
            )
            for index, (signer, data) in enumerate(zip(signers, parts))
        ]

    def run(self) -> dict[str, Any]:
        """Run the whole task.

        Returns
        -------
        dict
            Ready for JSON: the configuration, the steps, the ledger in wei as strings.

        Raises
        ------
        ScaleFailed
            If a message was refused, a transaction too large, a wei is missing, or the audit disagrees.
        """
        joins = [client.sign_join(VALID_SECONDS) for client in self._count(self.clients, "signing to join")]
        self._relay("join", "joining, relayed", joins)
        for number in range(1, self.config.rounds + 1):
            self._run_round(number)
        self._claim()
        self.owner.close()
        ledger = self._check_money()
        with self._step("audit from chain data", self.config.clients):
            report = audit(self.w3, self.task.address, self.factory.address, progress=self.progress)
        if not report.agrees:
            raise ScaleFailed("differences found by the audit", 0, report.differences)
        most = max(record.gas for record in self.records)
        if most > MAX_TRANSACTION_GAS:
            raise ScaleFailed("gas of the largest transaction", f"at most {MAX_TRANSACTION_GAS}", most)
        return {
            **asdict(self.config),
            "hashes": HASHES,
            "hired": [round_.opened.hired for round_ in self.place.reader.history().rounds],
            "votes": [round_.ended.votes for round_ in self.place.reader.history().rounds if round_.ended],
            "steps": [asdict(step) for step in self.steps],
            "most_gas": most,
            "transactions": len(self.records),
            "ledger": {name: str(value) for name, value in asdict(ledger).items()},
        }

    # ---------------------------------------------------------------------------------------------- the steps

    def _run_round(self, number: int) -> None:
        is_first = number == 1
        self.clock.wait_until(self.task.next_list_window(self.clock.now()))
        self.progress(f"round {number}: pricing and posting")
        step = "pricing and posting the list" if is_first else "pricing the unchanged list"
        with self._step(step, self.config.clients):
            version = self.owner.post_list()
        _expect("version of the list, posted once", 1, version)
        with self._step("opening the round, first" if is_first else "opening the round, later", 1):
            self.task.open_round(self.owner_signer, version)
        works = self._work(number)
        messages = [
            client.sign_work(work, VALID_SECONDS)
            for client, work in self._count(works, f"round {number}: signing work")
        ]
        self.clock.wait_until(max(work.due for _, work in works))
        self._relay("work", "work, relayed, first round" if is_first else "work, relayed, later", messages)
        self.clock.wait_until(self.task.proposal_start())
        with self._step("publishing", len(works)):
            for client, _ in self._count(works, f"round {number}: publishing"):
                client.publish()
        self._vote(number, [client for client, _ in works])

    def _work(self, number: int) -> list[tuple[RelayedClient, PreparedWork]]:
        works = []
        with self._step("checking the list, training, mining", self.config.clients):
            for client in self._count(self.clients, f"round {number}: checking, training, mining"):
                try:
                    works.append((client, client.work()))
                except NotHired:
                    continue
        return works

    def _vote(self, number: int, workers: Sequence[RelayedClient]) -> None:
        self.progress(f"round {number}: verdicts")
        generator = next(client for client in workers if client.may_propose())
        self._fund(generator.address)
        judges = [generator, *(client for client in workers if client is not generator)][:JUDGES]
        with self._step("a verdict of one's own", len(judges)):
            verdicts = [client.verdict() for client in judges]
        if len({verdict.result for verdict in verdicts}) != 1:
            raise ScaleFailed("different verdicts", 1, len({verdict.result for verdict in verdicts}))
        result = verdicts[0].result
        if result.rejected or result.forfeited:
            raise ScaleFailed("clients rejected or forfeited", "none", verdicts[0].reasons)
        with self._step("proposing", 1):
            generator.propose()
        history = self.place.reader.history()
        round_id = self.place.round_id(history.rounds[-1])
        with self._step("signing votes", len(workers)):
            for client in self._count(workers, f"round {number}: signing votes"):
                vote = sign_vote(client.signer.account, round_id, result, history.vote_nonce(client.address))
                self.place.board.put_vote(round_id, vote)
        with self._step("ending the round by quorum", len(workers)):
            generator.end_round()

    def _claim(self) -> None:
        history = self.place.reader.history()
        earners = [client for client in self.clients if history.earned(client.address)[0]]
        signing = self._count(earners, "signing claims")
        messages = [client.sign_claim(client.address, VALID_SECONDS) for client in signing]
        self._relay("claims", "claims, relayed", messages)

    def _relay(self, what: str, name: str, messages: Sequence[SignedMessage]) -> None:
        with self._step(name, len(messages)):
            relayed = self.relayer.send(
                messages, lambda done: self.progress(f"relaying {what}: {done} of {len(messages)}")
            )
        if relayed.refused:
            errors = [str(one.error) for one in relayed.refused[:3]]
            raise ScaleFailed(f"messages refused ({what})", "none", errors)

    def _fund(self, proposer: str) -> None:
        """Give a generator what proposing and ending a round may cost."""
        amount = 2 * MAX_TRANSACTION_GAS * PROPOSER_GAS_PRICE
        self.owner_signer.send(_Payment(proposer), "fund a generator", amount)
        self.funded[proposer] = self.funded.get(proposer, 0) + amount

    @contextmanager
    def _step(self, name: str, count: int) -> Iterator[None]:
        first, start = len(self.records), perf_counter()
        yield
        gas = [record.gas for record in self.records[first:]]
        self.steps.append(
            Step(name, count, perf_counter() - start, sum(gas), max(gas, default=0), len(gas))
        )

    def _count(self, items: Sequence[Any], what: str) -> Iterator[Any]:
        for done, item in enumerate(items, 1):
            self.progress(f"{what}: {done} of {len(items)}")
            yield item

    # ---------------------------------------------------------------------------------------------- the money

    def _check_money(self) -> Ledger:
        """Every wei: the contract is empty, and everybody has exactly what the logs and receipts say."""
        ledger, rounds = self.task.ledger(), self.place.reader.history().rounds
        _expect("balance of the task", 0, self._balance(self.task.address))
        _expect("balance of the relay", 0, self._balance(self.relayer.relay.address))
        _expect("what the ledger says the task holds", 0, ledger.held)
        _expect("whether the ledger balances", True, ledger.balanced)
        clients = [client.address for client in self.clients]
        pays = {client: sum(round_.pay(client) for round_ in rounds) for client in clients}
        _expect("pay of all rounds", sum(pays.values()), ledger.paid)
        for client, pay in pays.items():
            _expect(
                f"balance of client {client}",
                pay + self.funded.get(client, 0) - self._fees(client),
                self._balance(client),
            )
        owner, relayer = self.owner_signer.address, self.relayer.signer.address
        _expect(
            "balance of the owner",
            self.start[owner]
            + ledger.returned
            - ledger.deposited
            - sum(self.funded.values())
            - self._fees(owner),
            self._balance(owner),
        )
        _expect("balance of the relayer", self.start[relayer] - self._fees(relayer), self._balance(relayer))
        return ledger

    def _balance(self, address: str) -> int:
        return self.w3.eth.get_balance(Web3.to_checksum_address(address))

    def _fees(self, sender: str) -> int:
        return sum(record.fee for record in self.records if record.sender == sender)


def _expect(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise ScaleFailed(what, expected, found)


def scale_terms(config: ScaleConfig, owner: str) -> Terms:
    """The demo's terms, with a low psi in hashes, no bond, and room for all clients."""
    terms = demo_terms(DemoConfig(clients=config.clients, rounds=config.rounds), owner)
    cycles_per_hash = -(-terms.mining_cycles // HASHES)
    return replace(
        terms,
        bond=0,
        audit_probability=int(AUDIT_PROBABILITY * WAD),
        cycles_per_hash=cycles_per_hash,
        grace=least_grace(terms.mining_cycles, cycles_per_hash, terms.deadline),
    )


def draw_parts(config: ScaleConfig) -> list[Dataset]:
    """Each client's samples: drawn without replacement for itself, of the same digits as everybody's."""
    data, _ = split(digits(), config.seed)
    random = np.random.default_rng(config.seed)
    sizes = random.integers(SAMPLES[0], SAMPLES[1], size=config.clients, endpoint=True)
    rows = [random.choice(len(data), size=size, replace=False) for size in sizes]
    return [Dataset(data.features[row], data.labels[row]) for row in rows]
