"""Fixtures of the contract tests: the fixture graph is the deployment graph.

`factory` and `joined` are deployed once a module; every test starts from there on its own copy of the book.
The chain is started by brownie on the port that tools/with_chain.py chose.
"""

from __future__ import annotations

import copy

import brownie
import pytest

from tests.contracts.support.book import Book
from tests.contracts.support.clock import Clock
from tests.contracts.support.game import Game
from tests.contracts.support.people import People
from tests.contracts.support.plumbing import quick
from tests.contracts.support.terms import Terms


@pytest.fixture(scope="session", autouse=True)
def plumbing():
    """Makes brownie quick; the suite takes a third of the time."""
    with quick(brownie.web3):
        yield


@pytest.fixture(autouse=True)
def isolation(fn_isolation):
    """Every test starts from the chain as its module's fixtures left it."""


@pytest.fixture(scope="session")
def clock():
    return Clock(brownie.web3)


@pytest.fixture(scope="session")
def people(accounts):
    return People(accounts, brownie.web3.eth.chain_id)


@pytest.fixture(scope="session")
def owner(people):
    return people.owner


@pytest.fixture(scope="session")
def stranger(people):
    return people.stranger


@pytest.fixture(scope="session")
def alice(people):
    return people.alice


@pytest.fixture(scope="session")
def bob(people):
    return people.bob


@pytest.fixture(scope="session")
def carol(people):
    return people.carol


@pytest.fixture(scope="session")
def dave(people):
    return people.dave


@pytest.fixture(scope="session")
def erin(people):
    return people.erin


@pytest.fixture(scope="module")
def factory(TaskFactory, owner, module_isolation):
    return TaskFactory.deploy({"from": owner})


@pytest.fixture(scope="module")
def new_game(Task, factory, people, clock):
    """Creates a task with the default terms but for those named; nobody has joined."""

    def create(**changes) -> Game:
        terms = Terms(owner=people.owner.address)._replace(**changes)
        tx = factory.createTask(terms, {"from": people.owner, "value": terms.funds})
        task = Task.at(tx.events["TaskCreated"]["task"])
        return Game(task, terms, people, clock, Book(terms))

    return create


@pytest.fixture(scope="module")
def joined(new_game):
    """The module's task, with all five clients as its members."""
    game = new_game()
    game.join_all()
    return game


@pytest.fixture
def game(joined):
    """The task of `joined` with a book of this test's own; in the end the contract agrees with it."""
    own = Game(
        joined.task,
        joined.terms,
        joined.people,
        joined.clock,
        copy.deepcopy(joined.book),
        dict(joined.reports),
    )
    yield own
    own.check()


@pytest.fixture
def task(game):
    return game.task


@pytest.fixture
def terms(game):
    return game.terms


@pytest.fixture
def opened(game):
    """A round is open under the oracle's list of all five, all hired."""
    game.open_new()
    return game


@pytest.fixture
def worked(opened):
    """All five have worked, and the work window is still open."""
    opened.work_all()
    return opened


@pytest.fixture
def proposing(worked):
    """All five have worked, and it is the generator's window."""
    worked.move_to_window(0)
    return worked
