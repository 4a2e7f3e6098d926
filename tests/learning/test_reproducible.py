"""Training has the same bits on every machine: no kernel of a BLAS, no processor's exponential has a part in it."""

import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bcfl_offchain.learning.reproducible import exponential, logarithm, ordered_sum, product

# Bright pixels and steps of 0.5: gradient descent then enlarges a last digit to 0.4 within twenty passes.
TRAIN = """
import hashlib
import numpy as np
from bcfl_offchain.learning import Dataset, TrainingConfig, initial, train
raw = np.random.PCG64(1).random_raw(180 * 65)
bright = (1 - (raw[180:].reshape(180, 64) >> 40) / 2**24 * 0.05).astype(np.float32)
trained = train(initial(), Dataset(bright, (raw[:180] >> 40).astype(np.int64) % 10), TrainingConfig(iterations=20))
print(hashlib.sha256(b"".join(array.astype("<f4").tobytes() for array in trained.values())).hexdigest())
"""
# What the first machine came to. Another release of numpy, Python or a compiler has to come to it as well.
TRAINED = "0a104717a8f6f45ef20a72b9bdf2b8a9173a7ed751d4988841e16ac055d17099"
MACHINES = (
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"OPENBLAS_CORETYPE": "SkylakeX"},
    {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX"},
)
FLOATS = st.floats(-1e6, 1e6)


def trained_on(machine: dict[str, str]) -> str:
    command = [sys.executable, "-W", "ignore", "-c", TRAIN]  # numpy warns of a feature that is not there
    return subprocess.run(
        command, env={**os.environ, **machine}, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_processors_of_other_kinds_train_to_the_same_bits():
    assert {trained_on(machine) for machine in MACHINES} == {TRAINED}


@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=FLOATS))
def test_a_sum_is_the_exact_one_to_a_few_roundings(terms):
    exact = [sum(map(Fraction, column)) for column in terms.T.tolist()]
    size = np.abs(terms).sum(axis=0)
    assert np.all(np.abs(ordered_sum(terms) - np.array(exact, float)) <= 4 * np.spacing(size))


@pytest.mark.parametrize(
    "terms, total",
    [
        ([2.0**53, 1.0, -(2.0**53), 1.0], 2.0),  # (a + c) + (b + d)
        ([2.0**53, -(2.0**53), 1.0], 1.0),  # (a + b) + c
        ([1.0, 2.0**53, -(2.0**53)], 0.0),
    ],
)
def test_the_order_of_a_sum_is_the_one_that_is_written_down(terms, total):
    assert ordered_sum(np.array(terms)) == total


@given(
    st.integers(1, 4).flatmap(
        lambda k: st.tuples(
            arrays(np.float64, (2, k), elements=FLOATS), arrays(np.float64, (k, 3), elements=FLOATS)
        )
    )
)
def test_a_product_is_the_matrix_product(factors):
    left, right = factors
    np.testing.assert_allclose(
        product(left, right), left @ right, rtol=0, atol=1e-15 * (np.abs(left) @ np.abs(right)).max()
    )


@given(st.floats(-700, 0))
def test_an_exponential_is_the_exact_one_to_two_units_of_the_last_digit(value):
    (found,) = exponential(np.array([value]))
    exact = Decimal(value).exp()
    assert abs(Decimal(found) - exact) <= 2 * Decimal(np.spacing(float(exact)))


def test_an_exponential_below_the_lowest_is_positive_and_of_no_number_none():
    assert exponential(np.array([-np.inf, -1e9]))[0] == pytest.approx(np.exp(-700), rel=1e-14)
    with np.errstate(invalid="ignore"):
        assert np.isnan(exponential(np.array([np.nan]))).all()


@given(st.floats(1e-6, 1))
def test_a_logarithm_is_the_usual_one(value):
    assert logarithm(value) == pytest.approx(np.log(value), rel=1e-15, abs=1e-300)
