"""Wait for the chain's time. A devnet's clock is moved; everywhere else one sleeps.

What counts is the last block's timestamp: the contract judges by its block's, which is at least that.
"""

from __future__ import annotations

import time
from typing import Protocol

from web3 import Web3
from web3.types import RPCEndpoint

from .errors import ChainError


# How far a block's time may be ahead of this machine's clock, in seconds; consensus allows less.
MOST_AHEAD = 900


class ChainStalled(ChainError):
    """No block has come for so long that waiting on is pointless."""


class ChainAhead(ChainError):
    """The last block is of a time that has not come: the node lies, or this machine's clock is wrong."""


class Clock(Protocol):
    """How an agent lets time pass."""

    def now(self) -> int:
        """Timestamp of the last block, in seconds."""

    def wait_until(self, timestamp: int) -> None:
        """Return when the last block's timestamp is at least this."""


class DevClock:
    """Moves the clock of an Anvil or a Ganache, so that a deadline of minutes takes no time.

    Parameters
    ----------
    w3 : Web3
        A chain that lets its clock be moved.
    """

    def __init__(self, w3: Web3) -> None:
        self.w3 = w3

    def now(self) -> int:
        return self.w3.eth.get_block("latest")["timestamp"]

    def wait_until(self, timestamp: int) -> None:
        # Both chains count from their own clock, which may lag behind the last block: two steps.
        while (missing := timestamp - self.now()) > 0:
            self.w3.manager.request_blocking(RPCEndpoint("evm_increaseTime"), [missing])
            self.w3.manager.request_blocking(RPCEndpoint("evm_mine"), [])


class RealClock:
    """Sleeps until the chain's time has come.

    Parameters
    ----------
    w3 : Web3
        A chain that makes blocks by itself.
    poll_seconds : float
        Time between two looks at the chain.
    patience : float
        Seconds without a new block after which the chain counts as stalled.

    Raises
    ------
    ChainAhead
        By every look at the time, if that is more than `MOST_AHEAD` seconds after this machine's. Deadlines of what
        is signed count from it: a node could make a signature good for ever.
    """

    def __init__(self, w3: Web3, poll_seconds: float = 0.5, patience: float = 300.0) -> None:
        self.w3 = w3
        self.poll_seconds = poll_seconds
        self.patience = patience

    def now(self) -> int:
        told, here = self.w3.eth.get_block("latest")["timestamp"], time.time()
        if told > here + MOST_AHEAD:
            raise ChainAhead(f"the last block is of {told}, and here it is {here:.0f}; set this clock or use another node")
        return told

    def wait_until(self, timestamp: int) -> None:
        last, since = self.now(), time.monotonic()
        while last < timestamp:
            time.sleep(self.poll_seconds)
            current = self.now()
            if current > last:  # a node that goes to and fro does not come nearer
                last, since = current, time.monotonic()
            elif time.monotonic() - since > self.patience:
                raise ChainStalled(
                    f"no block for {self.patience:g} s, the last is of {last}; waiting for {timestamp}"
                )
