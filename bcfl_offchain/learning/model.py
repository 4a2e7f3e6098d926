"""The model that the clients train: softmax regression on pixels, as named float32 arrays.

Class scores are ``x @ weights + bias`` and the predicted digit is the one with the highest score. The loss is
convex, so averages of locally trained models stay good models, also when the parts are far from alike, and
three federated rounds are enough for 90 % on held-out digits.

Arrays are float32 in files and between rounds: products with integer weights are then exact in the float64
arithmetic of `aggregation`. Training and prediction compute in float64.
"""

from __future__ import annotations

import numpy as np

from .data import N_CLASSES, N_FEATURES, Dataset

Model = dict[str, np.ndarray]


def initial() -> Model:
    """The model before the first round: all zeros, every digit equally likely.

    The loss is convex, so a random start would bring nothing and a seed has no part in it.

    Returns
    -------
    dict of str to np.ndarray
        ``weights`` of shape (64, 10) and ``bias`` of shape (10,), both float32.

    Examples
    --------
    >>> {name: array.shape for name, array in initial().items()}
    {'weights': (64, 10), 'bias': (10,)}
    """
    return {
        "weights": np.zeros((N_FEATURES, N_CLASSES), np.float32),
        "bias": np.zeros(N_CLASSES, np.float32),
    }


def predict(model: Model, features: np.ndarray) -> np.ndarray:
    """The digit that the model sees in each image.

    Parameters
    ----------
    model : dict of str to np.ndarray
        As from `initial`.
    features : np.ndarray
        Pixels in [0, 1], shape (D, 64).

    Returns
    -------
    np.ndarray
        Digits, shape (D,), int64. Of equal scores the smallest digit wins.
    """
    scores = features.astype(np.float64) @ model["weights"].astype(np.float64) + model["bias"]
    return np.argmax(scores, axis=1)


def accuracy(model: Model, dataset: Dataset) -> float:
    """Fraction of a data set's images that the model names correctly.

    Parameters
    ----------
    model : dict of str to np.ndarray
        As from `initial`.
    dataset : Dataset
        Usually the held-out part.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> from bcfl_offchain.learning.data import digits
    >>> round(accuracy(initial(), digits()), 3)  # always answers 0
    0.099
    """
    return float(np.mean(predict(model, dataset.features) == dataset.labels))
