"""What the people of a task agree on off chain: how to train, from which model, and what a sample costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bcfl_offchain.learning import Model, TrainingConfig, training_cycles, training_units


@dataclass(frozen=True, eq=False)
class Agreement:
    """Published with the task, so that an audit needs nobody's word.

    Attributes
    ----------
    training : TrainingConfig
        The same for all; pi of the paper is `training.iterations`.
    start : Model
        The model before the first round.
    cycles_per_sample : mapping of str to int
        d_i in whole CPU cycles, by client address in checksum form.
    """

    training: TrainingConfig
    start: Model
    cycles_per_sample: Mapping[str, int]

    def training_units(self, client: str, n_samples: int, cycle_unit: int) -> int:
        """The true report of a client with so many samples: mu = pi d D in cycle units, rounded up."""
        cycles = training_cycles(self.training, self.cycles_per_sample[client], n_samples)
        return training_units(cycles, cycle_unit)
