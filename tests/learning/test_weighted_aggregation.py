"""The weighted mean of the updates: right, and the same to the last bit for everyone."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.learning import AggregationError, FileName, aggregate, file_hash, pack

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
# Slow data generation says something about a busy machine, nothing about the mean.
many = settings(max_examples=200)


@st.composite
def rounds(draw):
    """Updates of two arrays from up to six clients, with weights."""
    clients = [f"0x{i:040x}" for i in range(draw(st.integers(1, 6)))]
    updates = {
        client: {
            "weights": np.array(draw(st.lists(finite, min_size=4, max_size=4)), np.float32).reshape(2, 2),
            "bias": np.array(draw(st.lists(finite, min_size=2, max_size=2)), np.float32),
        }
        for client in clients
    }
    return updates, {client: draw(st.integers(1, 2**48 - 1)) for client in clients}


@many
@given(rounds(), st.randoms())
def test_the_order_of_the_updates_does_not_change_a_bit(round_, random):
    updates, weights = round_
    clients = list(updates)
    random.shuffle(clients)
    shuffled = aggregate({c: updates[c] for c in clients}, {c: weights[c] for c in reversed(clients)})
    plain = aggregate(updates, weights)
    assert all(shuffled[key].tobytes() == plain[key].tobytes() for key in plain)


@many
@given(rounds())
def test_the_mean_is_the_exact_one_to_a_rounding_of_float32(round_):
    updates, weights = round_
    found = aggregate(updates, weights)
    for key, array in found.items():
        for place in np.ndindex(array.shape):
            terms = [Fraction(float(updates[c][key][place])) * weights[c] for c in updates]
            exact, scale = sum(terms) / sum(weights.values()), max(map(abs, terms)) / sum(weights.values())
            # Half a unit in float32's last place, the roundings in float64, and float32's least number.
            allowed = abs(exact) / 2**24 + 20 * scale / 2**53 + Fraction(2) ** -149
            assert abs(Fraction(float(array[place])) - exact) <= allowed


def test_equal_updates_have_themselves_as_mean(update):
    mean = aggregate({c: update for c in "abc"}, {"a": 3, "b": 5, "c": 7})
    assert all(np.array_equal(mean[key], update[key]) for key in update)


def test_the_largest_numbers_and_weights_do_not_overflow():
    largest = {"bias": np.full(3, np.finfo(np.float32).max)}
    clients = [f"{i:03d}" for i in range(200)]
    mean = aggregate({c: largest for c in clients}, {c: 2**48 - 1 for c in clients})
    assert np.array_equal(mean["bias"], largest["bias"])


def test_the_bits_of_a_known_round_never_change():
    # A golden value: a machine or a release that gives another one could not sign with the others.
    numbers = (np.arange(640, dtype=np.float32).reshape(64, 10) * 7919) % 2003 - 1001
    updates = {f"0x{i:040x}": {"weights": numbers / np.float32(i + 3)} for i in range(50)}
    weights = {client: 7 + 13 * i for i, client in enumerate(updates)}
    data = pack(aggregate(updates, weights), FileName("0xtask", 1, "global"))
    assert file_hash(data).hex() == "74967d52f282d57cb28bc82dc6d0f08991996b1bf3842686c5f1fb8238925549"


def test_an_update_weighs_as_much_as_its_samples():
    ones, twos = {"bias": np.ones(1, np.float32)}, {"bias": np.full(1, 2, np.float32)}
    assert aggregate({"a": ones, "b": twos}, {"a": 1, "b": 3})["bias"] == np.float32(1.75)


def test_a_round_without_updates_has_no_aggregate():
    with pytest.raises(AggregationError, match="no update"):
        aggregate({}, {})


def test_weights_of_other_clients_are_refused(update):
    with pytest.raises(AggregationError, match=r"updates of \['a'\] but weights of \['b'\]"):
        aggregate({"a": update}, {"b": 1})


def test_addresses_in_two_spellings_are_refused(update):
    with pytest.raises(AggregationError, match="client '0xA' is not in lower case"):
        aggregate({"0xA": update}, {"0xA": 1})


@pytest.mark.parametrize("weight", [0, -1, 2**48, 1.0, None])
def test_a_weight_out_of_range_is_refused(update, weight):
    with pytest.raises(AggregationError, match=f"weight {weight} of a"):
        aggregate({"a": update}, {"a": weight})


@pytest.mark.parametrize(
    "other",
    [
        {"bias": np.zeros(2, np.float32)},
        {"bias": np.zeros(3)},
        {"bias": np.zeros(3, np.float32), "more": np.zeros(1, np.float32)},
        {},
    ],
    ids=["shape", "type", "more", "fewer"],
)
def test_updates_that_differ_in_form_are_refused(other):
    with pytest.raises(AggregationError, match="update of b"):
        aggregate({"a": {"bias": np.zeros(3, np.float32)}, "b": other}, {"a": 1, "b": 1})


def test_updates_that_are_not_float32_are_refused():
    with pytest.raises(AggregationError, match="float64"):
        aggregate({"a": {"bias": np.zeros(3)}}, {"a": 1})
