"""One Anvil for all tests of the agents, put back after each, and a world on it."""

from __future__ import annotations

import pytest

from tests.agents.world import make_world
from tests.chain.conftest import devnet, running_devnet

__all__ = ["devnet", "running_devnet"]


@pytest.fixture
def make(devnet, tmp_path):
    """Make a world with the given kinds of people and changed terms; everybody has joined."""

    def _make(**options):
        world = make_world(devnet, tmp_path, **options)
        world.join_all()
        return world

    return _make


@pytest.fixture
def world(make):
    return make()
