"""Random lives of a task, on the model and on a chain side by side: after each step both have to be the same.

Hypothesis chooses who does what and when: owner, clients, strangers, relayers and the clock, all of them also
out of turn, with wrong numbers, and at the edges of each window. What the model refuses the contract has to
refuse by the same error with the same values; what it accepts has to emit the same events and leave the same
ledger, balances, phase, round, list and clients. At the end of each life everybody takes what is its own, and
nothing but burnt bonds is left.

BCFL_LIVES sets the number of lives. A failing life is printed as a list of steps, and a line that repeats it.

The state machine is written out: Hypothesis's own leaves some rules out of every life (swarm testing), and
hardly any would get through a round.
"""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bcfl_offchain.chain.types import Policy, Report
from tests.chain.devnet import PROJECT, anvil, build_contracts
from tests.contracts.support.terms import PAPER_ENERGY_COEFFICIENT
from tests.model.chain_side import Chain, Node
from tests.model.life import BEGINNING, RULES, Life
from tools.with_chain import chain_environment

LIVES = int(os.environ.get("BCFL_LIVES", 40))
STEPS = 20


@pytest.fixture(scope="module")
def chain():
    """A node with a factory on it, and a token."""
    build_contracts()
    command = ["forge", "build", "contracts/mocks/PlainToken.sol"]
    subprocess.run(command, cwd=PROJECT, env=chain_environment(), check=True, stdout=subprocess.DEVNULL)
    with anvil() as url:
        yield Chain(Node(url))


# Two of three are no quorum, which chance hardly finds.
TWO_OF_THREE = {
    "absent": (),
    "way": "signed",
    "window": 0,
    "silent": "a third",
    "rejected": (),
    "forfeited": (),
}
THREE_CLIENTS = {
    "policy": Policy.COMPLETE,
    "is_coin": True,
    "is_open": True,
    "bond": 1,
    "rounds": 2,
    "min_hired": 3,
    "some": (1, 2, 3),
    "given": [Report(10, PAPER_ENERGY_COEFFICIENT, 40 * 10**18)] * 3,
}


@example(beginning=THREE_CLIENTS, steps=[("round_ends_by_quorum", TWO_OF_THREE)])
@settings(max_examples=LIVES, deadline=None, print_blob=True, suppress_health_check=HealthCheck.all())
@given(beginning=BEGINNING, steps=st.lists(st.one_of(RULES), min_size=STEPS, max_size=STEPS))
def test_every_life_is_the_models(chain, beginning, steps):
    life = Life(chain, **beginning)
    for name, arguments in steps:
        getattr(life, name)(**arguments)
        life.agree()
    life.end()
