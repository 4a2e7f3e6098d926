"""Local training of one client: pi passes of mini-batch gradient descent, and the workload mu = pi d D of it.

The loss is cross-entropy with the logarithm of the client's own label frequencies added to the scores. A
client that holds few labels then does not push the others' scores down only because it never sees them, which
is what makes plain federated averaging slow on non-IID parts.

Everything follows from (model, data, configuration), to the bit (`reproducible`): an auditor can replay it.
Arithmetic is float64 and rounded to float32 once, at the end.

References
----------
Wang et al., Section 2.2.1: mu_i = pi d_i D_i.
B. McMahan et al.: *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS 2017.
J. Zhang et al.: *Federated Learning with Label Distribution Skew via Logits Calibration*, ICML 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .data import N_CLASSES, Dataset
from .model import Model
from .reproducible import exponential, logarithm, ordered_sum, product

# Pseudo-count of a label: it keeps the logarithm finite for a label the client does not hold.
_LABEL_PRIOR = 0.1


class TrainingError(ValueError):
    """A configuration or a workload out of range, or a training that diverged."""


@dataclass(frozen=True)
class TrainingConfig:
    """What a task fixes about local training.

    Attributes
    ----------
    iterations : int
        Passes over the client's data, pi of the paper, at least 1.
    learning_rate : float
        Step size, positive.
    batch_size : int
        Samples of one step, at least 1. A pass ends with what is left over.
    seed : int
        Seed of the order in which the samples are visited, at least 0.

    Raises
    ------
    TrainingError
        If a value is out of its range.
    """

    iterations: int = 20
    learning_rate: float = 0.5
    batch_size: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.batch_size < 1 or self.seed < 0 or not 0 < self.learning_rate < np.inf:
            raise TrainingError(f"{self}: need iterations, batch_size >= 1, learning_rate > 0 and seed >= 0")


def training_cycles(config: TrainingConfig, cycles_per_sample: int, n_samples: int) -> int:
    """CPU cycles of a client's local training, mu_i = pi d_i D_i.

    Parameters
    ----------
    config : TrainingConfig
        Gives pi.
    cycles_per_sample : int
        d_i, whole CPU cycles for one sample in one pass, at least 1.
    n_samples : int
        D_i, at least 1.

    Returns
    -------
    int
        Whole CPU cycles.

    Raises
    ------
    TrainingError
        If a factor is less than 1.

    Examples
    --------
    >>> training_cycles(TrainingConfig(iterations=20), cycles_per_sample=10**8, n_samples=180)
    360000000000
    """
    if cycles_per_sample < 1 or n_samples < 1:
        message = f"cycles_per_sample = {cycles_per_sample}, n_samples = {n_samples}; need both >= 1"
        raise TrainingError(message)
    return config.iterations * cycles_per_sample * n_samples


def training_units(cycles: int, cycle_unit: int) -> int:
    """The workload as it is reported on chain: whole cycle units, rounded up.

    Parameters
    ----------
    cycles : int
        As from `training_cycles`.
    cycle_unit : int
        CPU cycles of one unit, a term of the task, at least 1.

    Returns
    -------
    int
        The least number of units that holds the cycles.

    Raises
    ------
    TrainingError
        If an argument is less than 1.

    Examples
    --------
    >>> training_units(360_000_000_001, cycle_unit=10**9)
    361
    """
    if cycles < 1 or cycle_unit < 1:
        raise TrainingError(f"cycles = {cycles}, cycle_unit = {cycle_unit}; need both >= 1")
    return -(-cycles // cycle_unit)


def train(model: Model, dataset: Dataset, config: TrainingConfig) -> Model:
    """Train a model on one client's data.

    Parameters
    ----------
    model : dict of str to np.ndarray
        Where training starts: the global model of the round before. It is not changed.
    dataset : Dataset
        The client's own data.
    config : TrainingConfig
        Passes, step size, batch size, seed.

    Returns
    -------
    dict of str to np.ndarray
        The client's update: the trained model, same names, shapes and type as `model`.

    Raises
    ------
    TrainingError
        If a value left the range of float32: the learning rate is too large.

    Examples
    --------
    >>> from bcfl_offchain.learning.data import digits
    >>> from bcfl_offchain.learning.model import accuracy, initial
    >>> trained = train(initial(), digits(), TrainingConfig(iterations=3))
    >>> accuracy(trained, digits()) > 0.95
    True
    """
    weights = model["weights"].astype(np.float64)
    bias = model["bias"].astype(np.float64)
    features = dataset.features.astype(np.float64)
    wanted = np.eye(N_CLASSES)[dataset.labels]
    offset = _log_frequencies(dataset.labels)
    bits = np.random.PCG64(config.seed)  # its raw stream is the same in every release; a generator's permutations need not be
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below, by name
        for _ in range(config.iterations):
            order = np.argsort(bits.random_raw(len(dataset)), kind="stable")
            for start in range(0, len(dataset), config.batch_size):
                batch = order[start : start + config.batch_size]
                x = features[batch]
                residual = _softmax(product(x, weights) + bias + offset) - wanted[batch]
                step = config.learning_rate / len(batch)
                weights -= step * product(x.T, residual)
                bias -= step * ordered_sum(residual)
        trained = {"weights": weights.astype(np.float32), "bias": bias.astype(np.float32)}
    if not all(np.isfinite(array).all() for array in trained.values()):
        raise TrainingError(f"training diverged at learning_rate = {config.learning_rate}; take a smaller")
    return trained


def _softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of each row; the row's maximum is taken off first, so that nothing overflows."""
    powers = exponential(scores - scores.max(axis=1, keepdims=True))
    return powers / ordered_sum(powers.T)[:, np.newaxis]


def _log_frequencies(labels: np.ndarray) -> np.ndarray:
    """Logarithm of each label's smoothed frequency in the client's data, shape (10,)."""
    counts = np.bincount(labels, minlength=N_CLASSES) + _LABEL_PRIOR
    return np.array([logarithm(frequency) for frequency in (counts / ordered_sum(counts)).tolist()])
