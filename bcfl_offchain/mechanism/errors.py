"""Everything the mechanism refuses, each with the offending value and the way out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


class MechanismError(ValueError):
    """Base of every refusal of this package."""


class InvalidInput(MechanismError):
    """An input that the mathematics has no meaning for.

    Attributes
    ----------
    field : str
        Name of the input.
    value : object
        What was given.
    requirement : str
        What it has to be.
    client : int or None
        Position of the client it belongs to, counted from 0.
    """

    def __init__(self, field: str, value: Any, requirement: str, client: int | None = None) -> None:
        self.field, self.value, self.requirement, self.client = field, value, requirement, client
        place = "" if client is None else f" of client {client}"
        super().__init__(f"{field}{place} is {value}; it must be {requirement}")


class OutOfRange(MechanismError):
    """An integer outside the range for which the chain's arithmetic is proved not to overflow.

    Attributes
    ----------
    field : str
        Name of the integer.
    value : object
        What was given.
    low, high : int
        The range is low <= value <= high.
    """

    def __init__(self, field: str, value: Any, low: int, high: int) -> None:
        self.field, self.value, self.low, self.high = field, value, low, high
        super().__init__(f"{field} is {value!r}; it must be a whole number from {low} to {high}")


class UnknownPolicy(MechanismError):
    """A policy name that nothing is registered under.

    Attributes
    ----------
    name : str
        What was asked for.
    known : tuple of str
        What there is.
    """

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        super().__init__(f"policy is {name!r}; it must be one of {', '.join(known)}")


class ShapleyTooLarge(MechanismError):
    """A game that no exact engine can value within its work limit.

    Attributes
    ----------
    n_clients : int
        Clients of the game.
    lattice_points : int
        Distinct sums that a coalition can have on the workloads' common lattice.
    work, limit : int
        Estimated work of the cheapest engine, in machine-word operations, and what is allowed.
    """

    def __init__(self, n_clients: int, lattice_points: int, work: int, limit: int) -> None:
        self.n_clients, self.lattice_points, self.work, self.limit = n_clients, lattice_points, work, limit
        super().__init__(
            f"exact Shapley values of {n_clients} clients whose workloads span {Decimal(lattice_points):.3g} "
            f"lattice points need about {Decimal(work):.2g} operations, more than the limit of "
            f"{Decimal(limit):.2g}; round training_cycles to a coarser cycle unit, or take floats within a "
            "proved error"
        )


class ToleranceTooFine(MechanismError):
    """A tolerance that no engine proves within its work limit.

    Attributes
    ----------
    tolerance : float
        What was asked for, in units of W.
    n_clients : int
        Clients of the game.
    work : int
        Work at which the cheapest engine gave up.
    """

    def __init__(self, tolerance: float, n_clients: int, work: int) -> None:
        self.tolerance, self.n_clients, self.work = tolerance, n_clients, work
        super().__init__(
            f"Shapley values of {n_clients} clients within {tolerance:.2g} of the largest gap need more than "
            f"{Decimal(work):.2g} operations; allow a larger tolerance, or round training_cycles to a "
            "coarser cycle unit"
        )


class SharesUncertain(MechanismError):
    """A list too large to be valued exactly, whose shares are not proved closely enough to be paid by.

    Attributes
    ----------
    n_clients : int
        Clients of the list.
    limit : float
        Largest error that a share of the training budget may have.
    reason : str
        How close the engines came.
    """

    def __init__(self, n_clients: int, limit: float, reason: str) -> None:
        self.n_clients, self.limit, self.reason = n_clients, limit, reason
        super().__init__(
            f"the list of {n_clients} clients is too large for exact shares, and others have to be proved "
            f"within {limit:.2g} of the training budget: {reason}; list fewer clients, or round "
            "training_cycles to a coarser cycle unit"
        )


class WorkRefused(MechanismError):
    """A claimed pair of frequencies that breaks a constraint of the round.

    Attributes
    ----------
    constraint : str
        What is broken: ``not hired``, ``training_frequency``, ``mining_frequency``, ``(5)``, ``(6)`` or
        ``(7)``.
    values : dict
        The offending values by name.
    """

    def __init__(self, constraint: str, **values: int) -> None:
        self.constraint, self.values = constraint, values
        listed = ", ".join(f"{name} = {value}" for name, value in values.items())
        super().__init__(f"work refused by {constraint}: {listed}")
