"""Random lives of a task, on the model and on a chain side by side: after each step both have to be the same.

Hypothesis chooses who does what and when: owner, clients, wallets, strangers, relayers and the clock, all of
them also out of turn, with wrong numbers, and at the edges of each window, in the coin and in tokens that
play tricks. What the model refuses the contract has to refuse by the same error with the same values; what it
accepts has to emit the same events, return the same, and leave the same ledger, phase, round, list and
clients, and the same balance of everybody. At the end of each life everybody takes what is its own, and
nothing but burnt bonds is left.

BCFL_LIVES sets the number of random lives; the chosen ones are lived in every run. A failing life is printed
as a list of steps, and a line that repeats it.

The state machine is written out: Hypothesis's own leaves some rules out of every life (swarm testing), and
hardly any would get through a round.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.chain.devnet import PROJECT, anvil, build_contracts
from tests.model import chosen_lives
from tests.model.chain_side import FREE_GAS, Chain, Node
from tests.model.life import BEGINNING, Life
from tests.model.rules import RULES
from tests.model.world import KEYS, WALLETS
from tools.with_chain import chain_environment

LIVES = int(os.environ.get("BCFL_LIVES", 50))
STEPS = 20


@pytest.fixture(scope="module")
def chain():
    """A node with a factory on it, and contracts that are wallets, tokens, and worse."""
    build_contracts()
    command = ["forge", "build", "contracts/mocks"]
    subprocess.run(command, cwd=PROJECT, env=chain_environment(), check=True, stdout=subprocess.DEVNULL)
    with anvil(*FREE_GAS) as url:
        yield Chain(Node(url), [KEYS[number].address for number in WALLETS])


def test_every_life_is_the_models(chain):
    reached = Counter()

    @settings(max_examples=LIVES, suppress_health_check=HealthCheck.all())
    @given(beginning=BEGINNING, steps=st.lists(st.one_of(RULES), min_size=STEPS, max_size=STEPS))
    def live(beginning, steps):
        life = Life(chain, reached, **beginning)
        for name, arguments in steps:
            getattr(life, name)(**arguments)
        life.end()

    for beginning, steps in chosen_lives.LIVES:
        live = example(beginning=beginning, steps=steps)(live)
    live()
    assert chosen_lives.REACHED - reached.keys() == set()
