"""The digits, the held-out part, and the non-IID parts of the clients."""

import numpy as np
import pytest

from bcfl_offchain.learning import Dataset, DatasetError, digits, partition, split


def rows_of(*datasets):
    """Every row of some data sets with its label, in an order that does not depend on theirs."""
    table = np.concatenate([np.column_stack([d.features, d.labels]) for d in datasets])
    return table[np.lexsort(table.T)]


def test_digits_are_1797_real_images_with_pixels_in_0_to_1():
    data = digits()
    assert len(data) == 1797
    assert data.features.min() == 0 and data.features.max() == 1
    assert sorted(set(data.labels.tolist())) == list(range(10))


def test_grey_levels_are_exact_in_float32():
    levels = digits().features.astype(np.float64) * 16
    assert np.array_equal(levels, np.round(levels))


def test_split_keeps_every_row_once_and_shares_none():
    data = digits()
    training, held_out = split(data, seed=3)
    assert len(held_out) == 359
    assert np.array_equal(rows_of(training, held_out), rows_of(data))


def test_split_follows_its_seed():
    assert np.array_equal(split(digits(), seed=3)[1].features, split(digits(), seed=3)[1].features)
    assert not np.array_equal(split(digits(), seed=3)[1].features, split(digits(), seed=4)[1].features)


@pytest.mark.parametrize("held_out", [0.0, 1.0, -0.5, 1.5])
def test_split_refuses_an_empty_part(held_out):
    with pytest.raises(DatasetError, match=f"held_out = {held_out} of 1797 rows"):
        split(digits(), seed=1, held_out=held_out)


@pytest.mark.parametrize("n_clients", [1, 2, 8, 50, 200])
def test_partition_deals_every_row_to_one_client_and_leaves_nobody_short(n_clients):
    training, _ = split(digits(), seed=5)
    parts = partition(training, n_clients, seed=5)
    assert len(parts) == n_clients
    assert min(map(len, parts)) >= 4
    assert np.array_equal(rows_of(*parts), rows_of(training))


def test_partition_reaches_the_largest_possible_minimum():
    data = digits().take(np.arange(60))
    assert [len(part) for part in partition(data, 20, seed=1, alpha=0.01, minimum=3)] == [3] * 20


def test_partition_follows_its_seed():
    one, same, other = (partition(digits(), 8, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.features, b.features) for a, b in zip(one, same))
    assert [len(part) for part in one] != [len(part) for part in other]


def test_small_alpha_gives_clients_fewer_labels():
    def labels_a_client(alpha):
        return np.mean([len(np.unique(part.labels)) for part in partition(digits(), 8, seed=2, alpha=alpha)])

    assert labels_a_client(0.05) < labels_a_client(0.5) < labels_a_client(100) == 10


@pytest.mark.parametrize(
    "wish, message",
    [
        ({"n_clients": 0}, "n_clients = 0"),
        ({"n_clients": 8, "minimum": 0}, "minimum = 0"),
        ({"n_clients": 8, "alpha": 0.0}, "alpha = 0.0"),
        ({"n_clients": 8, "alpha": float("nan")}, "alpha = nan"),
        ({"n_clients": 8, "alpha": float("inf")}, "alpha = inf"),
        ({"n_clients": 500}, "need 2000 rows and there are 1797"),
    ],
)
def test_partition_refuses_what_cannot_be_dealt(wish, message):
    with pytest.raises(DatasetError, match=message):
        partition(digits(), seed=1, **wish)


@pytest.mark.parametrize(
    "features, labels, message",
    [
        (np.zeros((2, 64)), np.zeros(2, np.int64), "features are float64"),
        (np.zeros((2, 63), np.float32), np.zeros(2, np.int64), r"shape \(2, 63\)"),
        (np.zeros(64, np.float32), np.zeros(1, np.int64), r"shape \(64,\)"),
        (np.zeros((2, 64), np.float32), np.zeros(3, np.int64), r"labels are int64 of shape \(3,\)"),
        (np.zeros((2, 64), np.float32), np.zeros(2, np.int32), "labels are int32"),
        (np.zeros((0, 64), np.float32), np.zeros(0, np.int64), "no rows"),
        (np.full((2, 64), np.nan, np.float32), np.zeros(2, np.int64), "nan"),
        (np.full((2, 64), 1.5, np.float32), np.zeros(2, np.int64), r"span \[1.5, 1.5\]"),
        (np.full((2, 64), -0.5, np.float32), np.zeros(2, np.int64), r"span \[-0.5, -0.5\]"),
        (np.zeros((2, 64), np.float32), np.array([0, 10]), r"labels span \[0, 10\]"),
        (np.zeros((2, 64), np.float32), np.array([-1, 9]), r"labels span \[-1, 9\]"),
    ],
)
def test_a_data_set_refuses_what_is_not_one(features, labels, message):
    with pytest.raises(DatasetError, match=message):
        Dataset(features, labels)
