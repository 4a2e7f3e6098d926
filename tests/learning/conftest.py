"""What the learning tests share: the digits, a trained update, and its name."""

import pytest

from bcfl_offchain.learning import FileName, TrainingConfig, digits, initial, partition, split, train


@pytest.fixture(scope="session")
def parts():
    """Eight clients' parts of the training digits, and the held-out digits."""
    training, held_out = split(digits(), seed=7)
    return partition(training, n_clients=8, seed=7), held_out


@pytest.fixture(scope="session")
def config():
    return TrainingConfig(iterations=3, seed=11)


@pytest.fixture(scope="session")
def update(parts, config):
    return train(initial(), parts[0][0], config)


@pytest.fixture(scope="session")
def name():
    return FileName(task="0x" + "Ab" * 20, round=2, client="0x" + "Cd" * 20)
