"""The auditor: trusts nobody and recomputes a task from chain data alone.

Terms come from the clone's code, everything that happened from the logs. Caps, prices and pays are recomputed
by `mechanism`, puzzles and ranks by `chain.mining`, and the ledger and every client's state from the logs;
the last two are held against what the contract itself says and holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import to_checksum_address
from eth_utils.abi import collapse_if_tuple
from web3 import Web3

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.errors import LogsBeginLater
from bcfl_offchain.chain.history import TaskHistory, rebuild
from bcfl_offchain.chain.interface import TASK_ABI
from bcfl_offchain.chain.pin import PinnedBlock
from bcfl_offchain.chain.task import Factory, TaskContract
from bcfl_offchain.chain.token import Money, money_held, money_of
from bcfl_offchain.chain.types import Ledger, Terms

from .audit_checks import (
    BlockFacts,
    Difference,
    Facts,
    check_list,
    check_replay,
    check_round,
)

# EIP-1167 with OpenZeppelin's immutable arguments behind it.
_CLONE_HEAD = bytes.fromhex("363d3d373d3d3d363d73")
_CLONE_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
_TERMS_TYPE = next(collapse_if_tuple(item["outputs"][0]) for item in TASK_ABI if item.get("name") == "terms")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class AuditReport:
    """What an audit found.

    Attributes
    ----------
    task : str
        The task's address.
    block : int
        Up to which block it was audited.
    implementation : str or None
        The code that the task runs; None if it is no clone. An audit of that code is another matter.
    lists, rounds, works, claims : int
        How many of each were recomputed.
    cap_steps : dict of int to int
        How far the training caps of a list may be from the recomputed ones, in wei, by version: only of lists
        that are too large for exact caps. All else agrees to the unit or is among the differences.
    ledger : Ledger
        From the logs.
    money : Money
        What the task pays in.
    forced : int
        What somebody forced into the contract, of the task's money; it belongs to no line of the ledger.
    differences : tuple of Difference
        Empty if all agrees.
    """

    task: str
    block: int
    implementation: str | None
    lists: int
    rounds: int
    works: int
    claims: int
    cap_steps: dict[int, int]
    ledger: Ledger
    money: Money
    forced: int
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    @property
    def tolerance(self) -> str:
        """How far the training caps may be from the recomputed ones, in words."""
        if not self.cap_steps:
            return "none, caps are exact"
        versions = ", ".join(map(str, self.cap_steps))
        step = max(self.cap_steps.values())  # it follows from the task's terms, so all lists have the same
        return f"caps of list {versions} within one step of {self.money.show(step)}, all else exact"

    def to_json(self) -> dict[str, Any]:
        """The report for programs: money in its smallest unit as decimal strings."""
        fields = {
            name: value for name, value in asdict(self).items() if name not in ("ledger", "differences")
        }
        return {
            **fields,
            "agrees": self.agrees,
            "tolerance": self.tolerance,
            "cap_steps": {str(version): str(step) for version, step in self.cap_steps.items()},
            "forced": str(self.forced),
            "ledger": {name: str(value) for name, value in asdict(self.ledger).items()},
            "differences": [
                {name: _plain(value) for name, value in vars(difference).items()}
                for difference in self.differences
            ],
        }


def audit(
    w3: Web3,
    task_address: str,
    factory: str | None = None,
    first_block: int | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit a task.

    Parameters
    ----------
    w3 : Web3
        A node that has the task's logs.
    task_address : str
    factory : str, optional
        A factory that one trusts: the task then has to be made by it.
    first_block : int, optional
        Where the task's logs begin; found by bisection if not given, which needs a node with old states.
    progress : callable, optional
        Told in a few words what is being done.

    Returns
    -------
    AuditReport

    Raises
    ------
    NotAnAddress, UnknownContract
        If there is no task at the address, or no factory at the other.
    ChainUnavailable
        If the node does not answer.
    ChainReorganised
        If the audited block was replaced meanwhile.
    LogsBeginLater
        If it was funded before `first_block`.
    ImpossibleLogs, MalformedAnswer
        If the node's logs or answers are not those of a task.
    """
    say = progress or (lambda text: None)
    pin = PinnedBlock(w3)
    block = pin.number
    task = TaskContract(w3, task_address)
    say("reading logs")
    first = ev.creation_block(w3, task.address, block) if first_block is None else first_block
    events = ev.fetch_events(
        w3, task.address, first, block, lambda last: say(f"reading logs to block {last}")
    )
    if first_block and not any(isinstance(event, ev.Funded) for event in events):
        raise LogsBeginLater(task.address, first_block)
    history = rebuild(events)
    facts = _block_facts(w3, events, say)
    implementation, differences = _check_code(w3, task, factory)
    differences += check_replay(task.terms, events)
    cap_steps: dict[int, int] = {}
    for price_list in history.lists.values():
        say(f"pricing list {price_list.version} of {len(history.lists)}")
        checked = check_list(task.terms, price_list)
        differences += checked.differences
        if checked.step:
            cap_steps[price_list.version] = checked.step
    differences += _check_rounds(task, history, events, facts, say)
    say("comparing states")
    forced, state_differences = _check_state(w3, task, history, block)
    pin.verify()
    return AuditReport(
        task=task.address,
        block=block,
        implementation=implementation,
        lists=len(history.lists),
        rounds=len(history.rounds),
        works=sum(len(round_.works) for round_ in history.rounds),
        claims=len(history.claims),
        cap_steps=cap_steps,
        ledger=history.ledger(),
        money=money_of(w3, task.terms.token),
        forced=forced,
        differences=(*differences, *state_differences),
    )


def _block_facts(w3: Web3, events: Iterable[ev.Event], say: Progress) -> Facts:
    """Time and parent of each block in which something timed happened."""
    timed = (ev.Funded, ev.RoundOpened, ev.WorkSubmitted, ev.ModelProposed, ev.RoundEnded)
    numbers = sorted({event.place.block for event in events if isinstance(event, timed)})
    facts = {}
    for done, number in enumerate(numbers):
        if done % 50 == 0:
            say(f"reading block {done} of {len(numbers)}")
        block = w3.eth.get_block(number)
        facts[number] = BlockFacts(block["timestamp"], bytes(block["parentHash"]))
    return facts


def _check_rounds(
    task: TaskContract, history: TaskHistory, events: Iterable[ev.Event], facts: Facts, say: Progress
) -> Iterator[Difference]:
    previous_end = next(
        facts[event.place.block].timestamp for event in events if isinstance(event, ev.Funded)
    )
    for round_ in history.rounds:
        say(f"recomputing round {round_.number} of {len(history.rounds)}")
        yield from check_round(task.terms, task.address, round_, previous_end, facts)
        if round_.ended is not None:
            previous_end = facts[round_.ended.place.block].timestamp


def _check_code(w3: Web3, task: TaskContract, factory: str | None) -> tuple[str | None, list[Difference]]:
    """Whether the task is a clone, its terms are those in its code, and the trusted factory knows it."""
    differences = []
    implementation, terms = read_clone(bytes(w3.eth.get_code(to_checksum_address(task.address))))
    if implementation is None:
        differences.append(Difference("code", "kind", "a clone with terms behind it", "another"))
    elif terms != task.terms:
        differences.append(Difference("code", "terms", terms, task.terms))
    if factory is not None:
        trusted = Factory(w3, factory)
        if not trusted.is_task(task.address):
            differences.append(Difference("code", "made by the factory", True, False))
        if implementation != trusted.implementation():
            differences.append(Difference("code", "implementation", trusted.implementation(), implementation))
    return implementation, differences


def read_clone(code: bytes) -> tuple[str | None, Terms | None]:
    """The implementation and the terms in a task's code; twice None if it is no clone with terms.

    Examples
    --------
    >>> read_clone(b"")
    (None, None)
    """
    start, end = len(_CLONE_HEAD), len(_CLONE_HEAD) + 20
    if not code.startswith(_CLONE_HEAD) or code[end : end + len(_CLONE_TAIL)] != _CLONE_TAIL:
        return None, None
    try:
        (values,) = decode([_TERMS_TYPE], code[end + len(_CLONE_TAIL) :])
        owner, token, *rest = values
        terms = Terms.from_chain((to_checksum_address(owner), to_checksum_address(token), *rest))
    except (DecodingError, ValueError):  # too short, or a policy that there is none of
        return None, None
    return to_checksum_address(code[start:end]), terms


def _check_state(
    w3: Web3, task: TaskContract, history: TaskHistory, block: int
) -> tuple[int, list[Difference]]:
    """Ledger, balance and states as the contract has them, against the logs; also what was forced in."""
    differences = []
    ledger = history.ledger()
    stated = task.ledger(block)
    for name, expected in asdict(ledger).items():
        if getattr(stated, name) != expected:
            differences.append(Difference("ledger", name, expected, getattr(stated, name)))
    if not ledger.balanced:
        differences.append(Difference("ledger", "balanced", True, False))
    balance = money_held(w3, task.terms.token, task.address, block)
    if balance < ledger.held:
        differences.append(Difference("ledger", "balance", f"at least {ledger.held}", balance))
    last = history.last_model(len(history.rounds) + 1)
    round_state, leaders = task.round_state(block), _leaders(task, history)
    pairs: dict[str, tuple[Any, Any]] = {
        "round": (len(history.rounds), round_state.number),
        "block generator and runner-up": (leaders, (round_state.generator, round_state.runner_up)),
        "list version": (max(history.lists, default=0), task.list_state(block).version),
        "global model": (last[1] if last else bytes(32), task.global_model(block)),
    }
    for client in sorted(history.reports.keys() | history.admitted):
        state, nonces = task.client_state(client, block), history.nonces(client)
        if state.nonce not in nonces:
            pairs[f"nonce of {client}"] = (f"{nonces[0]} to {nonces[-1]}", state.nonce)
        pairs[f"client {client}"] = (replace(history.client_state(client), nonce=state.nonce), state)
    differences += [
        Difference("state", what, expected, found)
        for what, (expected, found) in pairs.items()
        if expected != found
    ]
    return max(balance - ledger.held, 0), differences


def _leaders(task: TaskContract, history: TaskHistory) -> tuple[int, ...]:
    """Places of the last round's block generator and runner-up on its list, zero for nobody."""
    round_ = history.rounds[-1] if history.rounds else None
    leaders = round_.ranking(task.terms, task.address)[:2] if round_ else []
    places = [round_.price_list.place(client) for client in leaders] if round_ else []
    return (*places, 0, 0)[:2]


def _plain(value: Any) -> Any:
    """A value that JSON has; integers become strings, for they may have 256 bits."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return value if isinstance(value, (str, bool)) else str(value)
