"""The same call on a real Ray cluster gives the same answer. Needs the extra `ray`: `make test SUITES=ray`."""

import numpy as np
import pytest

from bcfl_offchain.learning import TrainingConfig, digits, initial, partition, split, train
from bcfl_offchain.learning.contribution import AccuracyGame
from bcfl_offchain.learning.ray_executor import RayExecutor
from bcfl_offchain.mechanism.contribution import MaxEvaluations, contributions

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def ray():
    return pytest.importorskip("ray", reason="not installed here; `make test SUITES=ray` has the locked one")


@pytest.fixture(scope="module")
def cluster(ray):
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def game():
    training, held_out = split(digits(), seed=7)
    parts = partition(training, n_clients=10, seed=7)
    named, config = {f"{i:02d}": part for i, part in enumerate(parts)}, TrainingConfig(iterations=1)
    updates = {name: train(initial(), part, config) for name, part in named.items()}
    return AccuracyGame(updates, {name: len(part) for name, part in named.items()}, initial(), held_out)


def test_contributions_are_those_of_this_process(cluster, game):
    stop = MaxEvaluations(600)
    here = contributions(game, 10, stop, bounds=game.bounds, batch_size=100)
    with RayExecutor() as executor:
        there = contributions(game, 10, stop, bounds=game.bounds, batch_size=100, executor=executor)
    assert np.array_equal(here.values, there.values) and np.array_equal(here.intervals, there.intervals)


def test_an_error_on_the_cluster_reaches_the_caller(cluster):
    def broken(coalitions):
        raise ValueError(f"cannot value {len(coalitions)} coalitions")

    with RayExecutor(num_cpus=1) as executor, pytest.raises(ValueError, match="cannot value 32 coalitions"):
        contributions(broken, 5, executor=executor)


def test_a_closed_executor_takes_no_calls(cluster):
    executor = RayExecutor()
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(len, [])


def test_an_executor_without_a_cluster_is_refused(ray):
    ray.shutdown()
    with pytest.raises(RuntimeError, match="ray.init"):
        RayExecutor()
