"""Options of the scripts: read from the environment, refused in one line with the name and the value."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryFile

from bcfl_offchain.experiments.demo import CONTRIBUTIONS, TOKENS, DemoConfig
from bcfl_offchain.experiments.payout import MAX_BUDGET, Payout
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.policies import POLICIES

WEI_PER_ETHER = 10**18
MAX_DEMO_CLIENTS = 59
"""The chains are started with sixty accounts, of which one is the owner's."""
MAX_ROUNDS = 1000


class OptionError(ValueError):
    """An environment variable whose value cannot be used.

    Attributes
    ----------
    name, value, requirement : str
        The variable, what it holds, and what it must be.
    """

    def __init__(self, name: str, value: str, requirement: str) -> None:
        self.name, self.value, self.requirement = name, value, requirement
        super().__init__(f"{name} is {value!r}; it must be {requirement}")


def demo_config(environment: Mapping[str, str]) -> DemoConfig:
    """Read the options of run_rounds; a wrong one is named as `make demo` calls it, too.

    Examples
    --------
    >>> demo_config({"BCFL_CLIENTS": "50", "BCFL_POLICY": "fair-share"})
    DemoConfig(clients=50, rounds=3, policy='fair-share', seed=7, contribution='workload', token='coin')
    """
    try:
        return DemoConfig(
            clients=whole(environment, "BCFL_CLIENTS", 8, 1, MAX_DEMO_CLIENTS),
            rounds=whole(environment, "BCFL_ROUNDS", 3, 1, MAX_ROUNDS),
            policy=choice(environment, "BCFL_POLICY", "complete", POLICIES),
            seed=_seed(environment),
            contribution=choice(environment, "BCFL_CONTRIBUTION", "workload", CONTRIBUTIONS),
            token=choice(environment, "BCFL_TOKEN", "coin", TOKENS),
        )
    except OptionError as error:  # the Makefile has a variable for each of them
        name = f"{error.name.removeprefix('BCFL_')} ({error.name})"
        raise OptionError(name, error.value, error.requirement) from None


def payout_options(environment: Mapping[str, str]) -> Payout:
    """Read the amounts, the policy and the seed of payout_demo."""
    return Payout(
        budget=ether(environment, "BCFL_BUDGET", "0.001", MAX_BUDGET),
        bond=ether(environment, "BCFL_BOND", "0.0001", fixed_point.MAX_BUDGET),
        limit=ether(environment, "BCFL_MAX_SPEND", "0.05"),
        policy=choice(environment, "BCFL_POLICY", "complete", POLICIES),
        seed=_seed(environment),
    )


def _seed(environment: Mapping[str, str]) -> int:
    return whole(environment, "BCFL_SEED", 7, 0, 2**32 - 1)


def whole(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """Read a whole number between `low` and `high`.

    Examples
    --------
    >>> whole({"BCFL_ROUNDS": "5"}, "BCFL_ROUNDS", 3, 1, 100), whole({}, "BCFL_ROUNDS", 3, 1, 100)
    (5, 3)
    """
    text = environment.get(name, str(default))
    requirement = f"a whole number from {low} to {high}"
    try:
        value = int(text)
    except ValueError:
        raise OptionError(name, text, requirement) from None
    if not low <= value <= high:
        raise OptionError(name, text, requirement)
    return value


def choice(environment: Mapping[str, str], name: str, default: str, known: Collection[str]) -> str:
    """Read one of the words `known`."""
    value = environment.get(name, default)
    if value not in known:
        raise OptionError(name, value, f"one of {', '.join(known)}")
    return value


def ether(environment: Mapping[str, str], name: str, default: str, most: int | None = None) -> int:
    """Read an amount of ether, of at most so many wei, and return wei.

    Examples
    --------
    >>> ether({}, "BCFL_BUDGET", "0.001")
    1000000000000000
    """
    text = environment.get(name, default)
    try:
        wei = Decimal(text) * WEI_PER_ETHER
    except InvalidOperation:
        raise OptionError(name, text, "an amount of ether, such as 0.001") from None
    if not (wei.is_finite() and wei > 0 and wei == wei.to_integral_value()):
        raise OptionError(name, text, "a positive amount of ether with at most 18 decimals")
    if most is not None and wei > most:
        raise OptionError(name, text, f"at most {Decimal(most) / WEI_PER_ETHER:f} ether")
    return int(wei)


def writable_folder(environment: Mapping[str, str], name: str, default: str) -> Path:
    """Make a folder, and a file in it that is gone at once: what was paid for must not be lost at the end."""
    text = environment.get(name, default)
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as probe:
            probe.write(b"\n")
    except OSError as error:
        requirement = f"a folder that can be written to ({error.strerror or error})"
        raise OptionError(name, text, requirement) from None
    return folder


@contextmanager
def one_line_errors(*failures: type[BaseException]) -> Iterator[None]:
    """End the script with one line on standard error: code 2 for a wrong option, code 1 for any of
    `failures`."""
    try:
        yield
    except OptionError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except failures as error:
        print(f"error: {str(error) or type(error).__name__}", file=sys.stderr)
        sys.exit(1)
