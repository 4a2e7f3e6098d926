"""The mining puzzle by brute force: sixteen small ones, each with its own nonce of 32 bits."""

from __future__ import annotations

from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak

COUNT = 16


@dataclass(frozen=True)
class Solution:
    """Nonces as `submitWork` takes them, and how low the lowest of the sixteen hashes is."""

    nonces: tuple[int, int]
    score: int


def challenge(task: str, seed: bytes, client: str, update_hash: bytes) -> bytes:
    """What one client mines on in one round."""
    return keccak(encode(["address", "bytes32", "address", "bytes32"], [task, seed, client, update_hash]))


def threshold(expected_hashes: int) -> int:
    """Each small puzzle's hash has to lie below it."""
    return (2**256 - 1) // expected_hashes * COUNT


def puzzle_hash(challenge_: bytes, index: int, nonce: int) -> int:
    """The hash of one nonce for small puzzle number `index`."""
    return int.from_bytes(keccak(challenge_ + (index << 32 | nonce).to_bytes(32, "big")), "big")


def solve(challenge_: bytes, expected_hashes: int) -> Solution:
    """The first nonce that solves each small puzzle."""
    limit = threshold(expected_hashes)
    packed, lowest = 0, 2**256
    for index in range(COUNT):
        nonce = 0
        while (found := puzzle_hash(challenge_, index, nonce)) >= limit:
            nonce += 1
        packed |= nonce << 32 * index
        lowest = min(lowest, found)
    # In 32 bits, as a share of the threshold.
    return Solution((packed & (2**256 - 1), packed >> 256), lowest // (limit // (2**32 - 1) + 1))


def first_failing_nonce(challenge_: bytes, index: int, expected_hashes: int) -> int:
    """A nonce that does not solve small puzzle number `index`."""
    nonce = 0
    while puzzle_hash(challenge_, index, nonce) < threshold(expected_hashes):
        nonce += 1
    return nonce
