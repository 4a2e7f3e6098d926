"""Real data for federated rounds: the digits of scikit-learn, split and dealt out to clients.

scikit-learn ships 1,797 scanned digits of 8 x 8 pixels with 17 grey levels, so nothing is downloaded. One
part is held out to measure the global model; the rest goes to the clients in non-IID parts: for every label,
the clients' portions are drawn from a symmetric Dirichlet distribution (a small `alpha` gives a client few
labels).

References
----------
T.-M. H. Hsu, H. Qi, M. Brown: *Measuring the Effects of Non-Identical Data Distribution for Federated Visual
Classification*, 2019 (the Dirichlet split by label).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

N_FEATURES = 64
N_CLASSES = 10
_GREY_LEVELS = 16.0


class DatasetError(ValueError):
    """A data set, or a wish about one, that cannot be met. The message has the value and the way out."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images.

    Attributes
    ----------
    features : np.ndarray
        Pixels scaled to [0, 1], shape (D, 64), float32. The digits' grey levels are exact in it.
    labels : np.ndarray
        Digits 0 to 9, shape (D,), int64.

    Raises
    ------
    DatasetError
        If it is empty, or a shape, a type, a pixel or a label is not as said above.
    """

    features: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        features, labels = self.features, self.labels
        if features.dtype != np.float32 or features.ndim != 2 or features.shape[1] != N_FEATURES:
            raise DatasetError(
                f"features are {features.dtype} of shape {features.shape}; "
                f"need float32 of shape (D, {N_FEATURES})"
            )
        if labels.dtype != np.int64 or labels.shape != features.shape[:1]:
            raise DatasetError(
                f"labels are {labels.dtype} of shape {labels.shape}; need int64 of shape {features.shape[:1]}"
            )
        if len(labels) == 0:
            raise DatasetError("the data set has no rows; need at least one")
        # NaN fails every comparison, so `not (all inside)` refuses it as well.
        if not bool(np.all((features >= 0) & (features <= 1))):
            raise DatasetError(f"features span [{features.min()}, {features.max()}]; scale them to [0, 1]")
        if labels.min() < 0 or labels.max() >= N_CLASSES:
            raise DatasetError(f"labels span [{labels.min()}, {labels.max()}]; need 0 to {N_CLASSES - 1}")

    def __len__(self) -> int:
        """Number of samples, D_i of the paper."""
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Dataset:
        """The data set of the given row numbers, in the given order."""
        return Dataset(self.features[rows], self.labels[rows])


def digits() -> Dataset:
    """The whole digits data set with pixels scaled to [0, 1].

    Returns
    -------
    Dataset
        1,797 images in scikit-learn's order.

    Examples
    --------
    >>> len(digits())
    1797
    """
    images, labels = load_digits(return_X_y=True)
    return Dataset((images / _GREY_LEVELS).astype(np.float32), labels.astype(np.int64))


def split(dataset: Dataset, seed: int, held_out: float = 0.2) -> tuple[Dataset, Dataset]:
    """Divide a data set at random into one part to train on and one to measure with.

    Parameters
    ----------
    dataset : Dataset
        At least two rows.
    seed : int
        The same seed gives the same parts.
    held_out : float
        Fraction of the rows that is held out, in (0, 1).

    Returns
    -------
    tuple of Dataset
        The training part and the held-out part. They share no row, and neither is empty.

    Raises
    ------
    DatasetError
        If the fraction leaves one of the parts empty.

    Examples
    --------
    >>> training, test = split(digits(), seed=1)
    >>> len(training), len(test)
    (1438, 359)
    """
    n_held_out = round(held_out * len(dataset))
    if not 0 < n_held_out < len(dataset):
        raise DatasetError(
            f"held_out = {held_out} of {len(dataset)} rows leaves an empty part; take one nearer to 0.5"
        )
    order = np.random.default_rng(seed).permutation(len(dataset))
    return dataset.take(np.sort(order[n_held_out:])), dataset.take(np.sort(order[:n_held_out]))


def partition(
    dataset: Dataset, n_clients: int, seed: int, alpha: float = 0.5, minimum: int = 4
) -> tuple[Dataset, ...]:
    """Deal a data set out to clients in non-IID parts (Dirichlet by label).

    Parameters
    ----------
    dataset : Dataset
        What is dealt out: every row goes to exactly one client.
    n_clients : int
        Number of parts, at least 1.
    seed : int
        The same seed gives the same parts.
    alpha : float
        Concentration of the Dirichlet distribution, positive: small for clients with few labels, large for
        parts that resemble each other.
    minimum : int
        Least number of rows a client gets, at least 1. What is missing is taken from the largest part.

    Returns
    -------
    tuple of Dataset
        One part a client, each in the row order of `dataset`.

    Raises
    ------
    DatasetError
        If a parameter is out of its range, or there are fewer than `n_clients * minimum` rows.

    Examples
    --------
    >>> parts = partition(digits(), n_clients=8, seed=1)
    >>> len(parts), sum(map(len, parts))
    (8, 1797)
    """
    if n_clients < 1 or minimum < 1 or not 0 < alpha < np.inf:
        raise DatasetError(
            f"n_clients = {n_clients}, minimum = {minimum}, alpha = {alpha}; all three have to be positive"
        )
    if n_clients * minimum > len(dataset):
        raise DatasetError(
            f"{n_clients} clients with at least {minimum} rows each need {n_clients * minimum} rows and "
            f"there are {len(dataset)}; take fewer clients or a smaller minimum"
        )
    parts = _deal(dataset.labels, n_clients, alpha, np.random.default_rng(seed))
    _fill_up(parts, minimum)
    return tuple(dataset.take(np.array(sorted(part))) for part in parts)


def _deal(labels: np.ndarray, n_clients: int, alpha: float, rng: np.random.Generator) -> list[list[int]]:
    """Row numbers of each client, every label cut at the running sums of its Dirichlet portions."""
    parts: list[list[int]] = [[] for _ in range(n_clients)]
    for label in range(N_CLASSES):
        rows = rng.permutation(np.flatnonzero(labels == label))
        portions = rng.dirichlet(np.full(n_clients, alpha))
        cuts = (np.cumsum(portions)[:-1] * len(rows)).astype(int)
        for part, piece in zip(parts, np.split(rows, cuts)):
            part.extend(piece.tolist())
    return parts


def _fill_up(parts: list[list[int]], minimum: int) -> None:
    """Move rows, in place, from whichever part is largest to those that have fewer than `minimum`."""
    for part in parts:
        while len(part) < minimum:
            part.append(max(parts, key=len).pop())
