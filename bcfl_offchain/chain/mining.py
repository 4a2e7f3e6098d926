"""The mining puzzle: sixteen small ones, solved here and checked by contracts/libraries/Puzzle.sol.

With the challenge c = keccak(task, round seed, client, update hash), nonce n solves puzzle i if
keccak(c, i 2^32 + n) is below the threshold 16 (2^256 - 1)/H, where H hashes are expected in all. So mining
starts after training has ended, and a solution serves nobody else. A work's score for block generation is the
lowest of its sixteen hashes as a share of the threshold, of which the chain keeps 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_abi import encode
from eth_hash.auto import keccak

from bcfl_offchain.mechanism.puzzle import SMALL_PUZZLES

_NONCE_BITS = 32
_SCORES = 2**32 - 1


@dataclass(frozen=True)
class Solution:
    """A solved puzzle.

    Attributes
    ----------
    nonces : tuple of int, length 2
        As `submitWork` takes them: sixteen numbers of 32 bits, the first in the lowest bits.
    hashes_tried : int
        How many hashes it took.
    score : int
        `score` of its hashes; the lowest of a round makes its sender block generator.
    """

    nonces: tuple[int, int]
    hashes_tried: int
    score: int


class PuzzleNotSolvable(Exception):
    """No nonce of 32 bits solves a small puzzle, which happens once in e^64 rounds at the most."""


def challenge(task: str, seed: bytes, client: str, update_hash: bytes) -> bytes:
    """What one client mines on in one round; the seed names the round."""
    return keccak(encode(["address", "bytes32", "address", "bytes32"], [task, seed, client, update_hash]))


def threshold(hashes: int) -> int:
    """Each small puzzle's hash has to be below this; `hashes` are expected in all, at least 16.

    Examples
    --------
    >>> threshold(32) == (2**256 - 1) // 32 * 16
    True
    """
    return (2**256 - 1) // hashes * SMALL_PUZZLES


def puzzle_hashes(challenge_: bytes, nonces: tuple[int, int]) -> tuple[int, ...]:
    """The sixteen hashes of a submitted solution."""
    mask = 2**_NONCE_BITS - 1
    half = SMALL_PUZZLES // 2
    each = (nonces[index // half] >> (_NONCE_BITS * (index % half)) & mask for index in range(SMALL_PUZZLES))
    return tuple(
        int.from_bytes(keccak(challenge_ + (index << _NONCE_BITS | nonce).to_bytes(32, "big")), "big")
        for index, nonce in enumerate(each)
    )


def score(hashes: tuple[int, ...], expected_hashes: int) -> int:
    """What the chain compares works by: how low the lowest hash is, in 32 bits whatever the threshold.

    Examples
    --------
    >>> score((5 * 2**248, 3 * 2**248), 64), score((0,) * 16, 64), score((threshold(64) - 1,), 64)
    (201326591, 0, 4294967294)
    """
    return min(hashes) // (threshold(expected_hashes) // _SCORES + 1)


def solve(task: str, seed: bytes, client: str, update_hash: bytes, expected_hashes: int) -> Solution:
    """Solve the sixteen puzzles of one work.

    Parameters
    ----------
    task, client : str
        Addresses.
    seed : bytes
        Seed of the open round, 32 bytes.
    update_hash : bytes
        Hash of the client's update file, 32 bytes.
    expected_hashes : int
        H, a term of the task: `mechanism.puzzle.expected_hashes`.

    Returns
    -------
    Solution

    Raises
    ------
    PuzzleNotSolvable

    Examples
    --------
    >>> puzzle = "0x" + "11" * 20, bytes(32), "0x" + "22" * 20, bytes(32)
    >>> solution = solve(*puzzle, expected_hashes=64)
    >>> found = puzzle_hashes(challenge(*puzzle), solution.nonces)
    >>> max(found) < threshold(64), score(found, 64) == solution.score
    (True, True)
    """
    base = challenge(task, seed, client, update_hash)
    # Comparing bytes is comparing big-endian numbers, and spares a conversion for every hash tried.
    limit = min(threshold(expected_hashes), 2**256 - 1).to_bytes(32, "big")
    words, tried, found = [0, 0], 0, []
    for index in range(SMALL_PUZZLES):
        nonce, digest = _solve_one(base, index, limit)
        words[index // 8] |= nonce << (_NONCE_BITS * (index % 8))
        tried += nonce + 1
        found.append(int.from_bytes(digest, "big"))
    return Solution((words[0], words[1]), tried, score(tuple(found), expected_hashes))


def _solve_one(base: bytes, index: int, limit: bytes) -> tuple[int, bytes]:
    """The first nonce that solves one small puzzle, and its hash."""
    prefix = base + index.to_bytes(28, "big")
    for nonce in range(2**_NONCE_BITS):
        digest = keccak(prefix + nonce.to_bytes(4, "big"))
        if digest < limit:
            return nonce, digest
    raise PuzzleNotSolvable(f"puzzle {index} of challenge 0x{base.hex()}")
