"""The chain's clock. Absolute times only: what the tests expect never depends on how long they take."""

from __future__ import annotations

from typing import Any

SLACK = 5
"""Seconds that a step into a window goes past its first one: on Ganache, time runs on by itself."""


class Clock:
    """Moves and reads the time of a local chain."""

    def __init__(self, web3: Any) -> None:
        self._web3 = web3

    def now(self) -> int:
        """Timestamp of the last block."""
        return self._web3.eth.get_block("latest").timestamp

    def to(self, timestamp: int) -> None:
        """Mine a block at `timestamp`; time runs on from there. Works on both chains."""
        self._request("evm_mine", timestamp)
        assert self.now() == timestamp

    def next(self, timestamp: int) -> None:
        """Give the next block, which holds the next transaction, exactly this time. Anvil only."""
        self._request("evm_setNextBlockTimestamp", timestamp)

    def _request(self, method: str, timestamp: int) -> None:
        response = self._web3.provider.make_request(method, [timestamp])
        if "error" in response:
            raise RuntimeError(f"{method}({timestamp}): {response['error']['message']}")
