"""One block for everything that has to be read of one state, and whether it is still there in the end."""

from __future__ import annotations

from web3 import Web3

from .errors import ChainReorganised


class PinnedBlock:
    """A block whose number goes into every question, and whose hash is asked again.

    Parameters
    ----------
    w3 : Web3
        The chain.
    number : int, optional
        The chain's last block by default.

    Attributes
    ----------
    number : int
    hash : bytes
        As the chain had it when the block was pinned.
    """

    def __init__(self, w3: Web3, number: int | None = None) -> None:
        self.w3 = w3
        self.number = w3.eth.block_number if number is None else number
        self.hash = self._hash_now()

    def _hash_now(self) -> bytes:
        return bytes(self.w3.eth.get_block(self.number)["hash"])

    def verify(self) -> None:
        """Say if what was read meanwhile may have been of two chains.

        Raises
        ------
        ChainReorganised
            If another block has this number now. A block's hash contains all blocks before it.
        NodeRefused
            If none has: the chain is shorter now.
        """
        now = self._hash_now()
        if now != self.hash:
            raise ChainReorganised(self.number, self.hash, now)
