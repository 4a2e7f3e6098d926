"""The puzzle: solutions hold, serve one client and one update, and take the hashes they should."""

import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.chain import mining

TASK, CLIENT = "0x" + "aa" * 20, "0x" + "bb" * 20


@settings(max_examples=20)
@given(seed=st.binary(min_size=32, max_size=32), update=st.binary(min_size=32, max_size=32))
def test_a_solution_solves_all_sixteen(seed, update):
    solution = mining.solve(TASK, seed, CLIENT, update, 64)
    hashes = mining.puzzle_hashes(mining.challenge(TASK, seed, CLIENT, update), solution.nonces)
    assert len(hashes) == 16 and max(hashes) < mining.threshold(64)
    assert solution.score == mining.score(hashes, 64) < 2**32 - 1


def test_a_solution_serves_nobody_else():
    solution = mining.solve(TASK, bytes(32), CLIENT, bytes(32), 1024)
    for stranger in (
        (CLIENT, bytes(32), CLIENT, bytes(32)),
        (TASK, b"\x01" * 32, CLIENT, bytes(32)),
        (TASK, bytes(32), TASK, bytes(32)),
        (TASK, bytes(32), CLIENT, b"\x01" * 32),
    ):
        assert max(mining.puzzle_hashes(mining.challenge(*stranger), solution.nonces)) >= mining.threshold(
            1024
        )


def test_each_hash_is_of_challenge_index_and_nonce():
    challenge = mining.challenge(TASK, bytes(32), CLIENT, bytes(32))
    nonces = (sum((index + 1) << (32 * index) for index in range(8)), 2**255 + 5)
    hashes = mining.puzzle_hashes(challenge, nonces)
    expected = [index + 1 for index in range(8)] + [5, 0, 0, 0, 0, 0, 0, 2**31]
    for index, nonce in enumerate(expected):
        data = challenge + (index * 2**32 + nonce).to_bytes(32, "big")
        assert hashes[index] == int.from_bytes(keccak(data), "big")


def test_the_least_hashes_are_one_for_each_puzzle():
    # At 16 every hash but the highest counts.
    assert mining.threshold(16) == (2**256 - 1) // 16 * 16
    assert mining.solve(TASK, bytes(32), CLIENT, bytes(32), 16).hashes_tried == 16


def test_mining_takes_about_the_expected_hashes():
    tries = [mining.solve(TASK, bytes([i]) * 32, CLIENT, bytes(32), 256).hashes_tried for i in range(40)]
    assert sum(tries) / 40 == pytest.approx(256, rel=0.15)  # fixed seeds; one standard deviation is 4 %


def test_a_score_is_a_share_of_the_threshold():
    for expected_hashes in (16, 1000, 2**30):
        threshold = mining.threshold(expected_hashes)
        for share in (0.0, 0.25, 0.5, 1 - 2**-32):
            lowest = int(share * 2**40) * (threshold - 1) // 2**40
            score = mining.score((threshold - 1, lowest), expected_hashes)
            assert score / 2**32 == pytest.approx(share, abs=2**-31) and score < 2**32 - 1


def test_a_puzzle_without_a_solution_is_told(monkeypatch):
    monkeypatch.setattr(mining, "_NONCE_BITS", 3)
    with pytest.raises(mining.PuzzleNotSolvable, match="puzzle 0"):
        mining.solve(TASK, bytes(32), CLIENT, bytes(32), 2**30)
