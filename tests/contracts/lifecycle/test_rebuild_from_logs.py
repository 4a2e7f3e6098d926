"""Events are enough: ledger, accounts and rounds follow from a task's logs and its terms alone."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.support.book import Book
from tests.contracts.support.people import purse
from tests.contracts.support.terms import Terms

pytestmark = pytest.mark.ganache


class Replay:
    """A task rebuilt from its logs; one method an event that moves money or changes a round."""

    def __init__(self, terms: Terms) -> None:
        self.book = Book(terms)
        self.members: dict[str, tuple[int, int, int]] = {}
        self.list: list[tuple[str, int, int]] = []
        self.list_hash = bytes(32)
        self.round: dict[str, object] = {}
        self.models: dict[int, bytes] = {}
        self.pay: dict[tuple[int, str], int] = {}
        self.cancelled = 0

    def Joined(self, client, bond):
        self.book.join()

    def Reported(self, client, trainingUnits, energyCoefficient, maxFrequency):
        self.members[client] = (trainingUnits, energyCoefficient, maxFrequency)

    def Left(self, client, recipient, bond):
        self.book.leave()
        del self.members[client]

    def ListBegun(self, version, size):
        self.list, self.list_hash = [], bytes(32)

    def EntriesPosted(self, version, entries):
        for entry in (tuple(entry.values()) for entry in entries):
            self.list.append(entry)
            self.list_hash = keccak(encode(["bytes32", "(address,uint80,uint72)"], [self.list_hash, entry]))

    def RoundOpened(self, round, version, seed, size, hired, miningCap, committed):
        caps = [cap for _, cap, _ in self.list if cap]
        assert (size, hired) == (len(self.list), len(caps))
        assert committed == sum(caps) + miningCap * hired
        self.book.open(committed)
        self.round = {"number": round, "seed": bytes(seed), "miningCap": miningCap, "listVersion": version}

    def WorkSubmitted(self, round, client, trainingPay, miningPay, **_):
        self.book.work(client, trainingPay + miningPay)
        self.pay[round, client] = trainingPay + miningPay

    def WorkRejected(self, round, client, amount):
        assert amount == self.pay.pop((round, client))
        self._cancel(client, amount)

    def BondForfeited(self, round, client, bond, amount):
        assert amount == self.pay.pop((round, client), 0)
        self._cancel(client, amount)
        self.book.bonds -= bond
        self.book.burnt += bond
        del self.members[client]

    def RoundEnded(self, round, modelHash, votes, refunded):
        assert refunded == self.book.end() + self.cancelled
        self.models[round] = bytes(modelHash)
        self.cancelled = 0

    def _cancel(self, client, amount):
        self.book.pending.pop(client, None)
        self.book.free += amount
        self.cancelled += amount

    def Claimed(self, client, recipient, amount):
        assert amount == self.book.claim(client)

    def TaskClosed(self, recipient, amount):
        assert amount == self.book.close()


def replay(game, web3, Task) -> Replay:
    """Read every log of the task from the chain and replay it."""
    logs = web3.eth.get_logs({"address": game.task.address, "fromBlock": 0, "toBlock": "latest"})
    rebuilt = Replay(game.terms)
    contract = web3.eth.contract(address=game.task.address, abi=Task.abi)
    by_topic = {event.build_filter().topics[0]: event for event in contract.events}
    for log in logs:
        event = by_topic["0x" + bytes(log.topics[0]).hex()].process_log(log)
        step = getattr(rebuilt, event["event"], None)
        if step is not None:
            step(**event["args"])
    return rebuilt


def test_rebuilds_money_members_and_rounds(game, people, web3, Task, stranger):
    alice, bob, carol, dave, erin = people.clients
    game.open_new()
    game.work_all()
    game.move_to_window(0)
    game.end_by_quorum(game.generator, people.clients, rejected=[bob], forfeited=[carol])
    game.claim(alice, purse("alice"))
    game.leave(dave, purse("dave"))
    game.open_new()
    game.work_all([alice, erin])
    game.move_to_window(3)
    game.end_by_time(stranger)
    game.move_to_frozen()
    game.open()
    game.work_all([bob])

    rebuilt = replay(game, web3, Task)
    assert rebuilt.book.ledger() == game.task.ledger().dict()
    state = game.task.roundState()
    assert rebuilt.round == {
        "number": 3,
        "seed": bytes(state["seed"]),
        "miningCap": state["miningCap"],
        "listVersion": state["listVersion"],
    }
    assert rebuilt.list_hash == bytes(game.task.listState()["hash"])
    assert rebuilt.models == {1: bytes(game.task.globalModel()), 2: bytes(32)}
    for person in people.clients:
        client = game.task.clientState(person)
        assert client["isMember"] == (person.address in rebuilt.members)
        assert client["claimable"] == rebuilt.book.settled.get(person.address, 0)
        assert client["pending"] == rebuilt.book.pending.get(person.address, 0)
        if client["isMember"]:
            assert tuple(client["report"]) == rebuilt.members[person.address]

    game.move_to_window(3)
    game.end_by_time(stranger)
    game.close(purse("owner"))
    assert replay(game, web3, Task).book.ledger() == game.task.ledger().dict()
