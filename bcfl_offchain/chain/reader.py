"""A task's history, kept up to date with a chain whose last blocks may be replaced."""

from __future__ import annotations

import logging
from collections.abc import Callable

from web3 import Web3

from . import events as ev
from .errors import ChainReorganised, ImpossibleLogs, NodeRefused
from .history import TaskHistory
from .pin import PinnedBlock

_log = logging.getLogger(__name__)


class TaskReader:
    """A history that is kept up to date with the chain. Several agents on one machine may read the same.

    Parameters
    ----------
    w3 : Web3
    task : str
        The task's address.
    first_block : int, optional
        Where the task's logs begin; found by bisection if not given, which needs a node with old states.
    on_chunk : callable, optional
        Told the last block that was read, after each chunk.

    Attributes
    ----------
    reorganisations : int
        How often blocks that had been read were replaced by others.
    """

    def __init__(
        self,
        w3: Web3,
        task: str,
        first_block: int | None = None,
        on_chunk: Callable[[int], None] | None = None,
    ) -> None:
        self.w3 = w3
        self.task = task
        self._on_chunk = on_chunk
        self.reorganisations = 0
        last_block = w3.eth.block_number
        self.first_block = ev.creation_block(w3, task, last_block) if first_block is None else first_block
        self._begin()

    def _begin(self) -> None:
        self._history = TaskHistory()
        self._read_to = self.first_block - 1
        self._pin: PinnedBlock | None = None

    def history(self) -> TaskHistory:
        """The history to the chain's last block.

        Read from the beginning again if blocks that were already read have been replaced by others, which
        `reorganisations` counts and a warning in the log names.

        Raises
        ------
        ChainReorganised
            If blocks were replaced during the reading, too; the next call reads again.
        ImpossibleLogs, UnknownEvent, MalformedAnswer
            If the node's logs are not one task's.
        """
        try:
            if self._pin is not None:
                self._pin.verify()
        except (ChainReorganised, NodeRefused) as error:
            self.reorganisations += 1
            _log.warning("task %s is read again from block %d: %s", self.task, self.first_block, error)
            self._begin()
        self._read_on()
        return self._history

    def _read_on(self) -> None:
        """Follow what has come since the last reading."""
        pin = PinnedBlock(self.w3)
        if self._pin is not None:
            self._pin.verify()  # once more: the new pin has to stand on the old one
        if pin.number > self._read_to:
            new = ev.fetch_events(self.w3, self.task, self._read_to + 1, pin.number, self._on_chunk)
            pin.verify()
            try:
                for event in new:
                    self._history.apply(event)
                self._history.require_whole()
            except ImpossibleLogs:  # some of the new ones are in the history
                self._begin()
                raise
            self._read_to, self._pin = pin.number, pin

    @property
    def read_to(self) -> int:
        """The last block that `history` has read."""
        return self._read_to
