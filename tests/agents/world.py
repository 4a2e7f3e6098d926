"""A task with an owner and four clients, as small as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bcfl_offchain.agents import Agreement, Board, Client, Owner, Workplace
from bcfl_offchain.chain import Signer, TransactionRecord
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from bcfl_offchain.learning import Dataset, Store, TrainingConfig, digits, initial
from bcfl_offchain.mechanism.units import energy_coefficient_to_chain, frequency_to_chain
from tests.chain.devnet import Devnet, account

NAMES = ("alice", "bob", "carol", "dave")
# Samples of each; at d = 1 GHz·min a sample and two passes they are 8, 10, 10 and 12 GHz·min around the
# target of 10.
SAMPLES = (16, 20, 20, 24)
TRAINING = TrainingConfig(iterations=2)
CYCLES_PER_SAMPLE = 15 * 10**9
STRANGER = 9


def part(start: int, rows: int) -> Dataset:
    """Some of the digits."""
    everything = digits()
    return Dataset(everything.features[start : start + rows], everything.labels[start : start + rows])


@dataclass
class World:
    """Everybody and everything of one task."""

    devnet: Devnet
    clock: DevClock
    owner: Owner
    place: Workplace
    clients: list[Client]
    records: list[TransactionRecord]

    def __getattr__(self, name: str) -> Client:
        if name not in NAMES:
            raise AttributeError(name)
        return self.clients[NAMES.index(name)]

    @property
    def task(self):
        return self.place.task

    @property
    def round(self):
        """The round that was opened last, from the logs."""
        return self.place.reader.history().rounds[-1]

    def stranger(self) -> Signer:
        """Somebody who has nothing to do with the task."""
        return Signer(self.devnet.w3, account(STRANGER))

    def join_all(self) -> None:
        for client in self.clients:
            client.join()

    def open_round(self) -> int:
        self.clock.wait_until(self.task.next_list_window(self.clock.now()))
        return self.owner.open_round()

    def submit_all(self, *absent: Client) -> None:
        """Everyone but the absent works; then the work window closes and files are published."""
        present = [client for client in self.clients if client not in absent]
        for work, client in [(client.work(), client) for client in present]:
            client.submit(work)
        self.clock.wait_until(self.task.proposal_start())
        for client in present:
            client.publish()

    def generator(self) -> Client:
        return next(client for client in self.clients if client.may_propose())

    def end_by_quorum(self) -> None:
        generator = self.generator()
        generator.propose()
        for client in self.clients:
            client.vote()
        generator.end_round()

    def run_round(self) -> None:
        self.open_round()
        self.submit_all()
        self.end_by_quorum()


def make_world(devnet: Devnet, folder: Path, owner_type=Owner, client_types=None, **changes) -> World:
    """A funded task that nobody has joined; `changes` are of its terms, `client_types` by name."""
    records: list[TransactionRecord] = []
    owner_signer = Signer(devnet.w3, account(0), records)
    terms = demo_terms(DemoConfig(clients=len(NAMES), rounds=3), owner_signer.address)
    small = {"cycles_per_hash": -(-terms.mining_cycles // 64), "min_hired": 2, "audit_probability": 0}
    owner = owner_type.create(owner_signer, devnet.factory, replace(terms, **{**small, **changes}))
    signers = [Signer(devnet.w3, account(index), records) for index in range(1, len(NAMES) + 1)]
    agreement = Agreement(TRAINING, initial(), {signer.address: CYCLES_PER_SAMPLE for signer in signers})
    store, board = Store(folder / "store"), Board(folder / "board")
    place = Workplace(devnet.factory, owner.task, owner.reader, store, board, agreement)
    clock = DevClock(devnet.w3)
    types = {name: (client_types or {}).get(name, Client) for name in NAMES}
    clients = [
        types[name](
            signer,
            place,
            clock,
            part(100 * index, rows),
            energy_coefficient_to_chain("0.01", 10**15),
            frequency_to_chain(20),
        )
        for index, (name, signer, rows) in enumerate(zip(NAMES, signers, SAMPLES))
    ]
    return World(devnet, clock, owner, place, clients, records)
