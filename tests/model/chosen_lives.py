"""Lives that are lived in every run, beside the random ones, and what they reach.

Chance would need hundreds of lives for some of it: a wallet whose vote decides, a batch with each way to be
refused.
"""

from __future__ import annotations

from typing import Any

from bcfl_offchain.chain.types import Policy, Report
from tests.contracts.support.terms import PAPER_ENERGY_COEFFICIENT
from tests.model.life import MOODS
from tests.model.money import TOKENS
from tests.model.signing import Manner
from tests.model.world import CLIENTS, PURSES, STRANGER

Step = tuple[str, dict[str, Any]]

_REPORT = Report(10, PAPER_ENERGY_COEFFICIENT, 40 * 10**18)
_OTHER = Report(10, PAPER_ENERGY_COEFFICIENT + 12345, 40 * 10**18)
_QUORUM = {
    "absent": (),
    "way": "itself",
    "window": 0,
    "silent": 0,
    "trick": "none",
    "rejected": (),
    "forfeited": (),
}
_RELAY = {"sender": STRANGER, "brings": "nothing", "short": 0, "is_task": True, "in_time": True}


def _beginning(**different: Any) -> dict[str, Any]:
    """Of reports that are all the same, so that everybody who joins is hired."""
    return {
        "policy": Policy.COMPLETE,
        "money": "coin",
        "is_open": True,
        "bond": 10**16 + 1,
        "rounds": 4,
        "min_hired": 1,
        "some": (1, 2, 3),
        "given": [_REPORT] * CLIENTS,
        **different,
    }


def _join(number: int, **different: Any) -> Step:
    given = {"number": number, "report": _REPORT, "way": "itself", "off": 0, "in_time": True}
    return "join", {**given, **different}


def _change(number: int, report: Report, way: str = "itself") -> Step:
    return "change_report", {"number": number, "report": report, "way": way, "in_time": True}


def _permit(number: int, fault: str = "none") -> Step:
    return "join_with_permit", {"number": number, "report": _REPORT, "fault": fault, "in_time": True}


def _claim(number: int, to: str = PURSES[0], way: str = "itself") -> Step:
    return "claim", {"number": number, "to": to, "way": way}


def _leave(number: int, to: str = PURSES[2]) -> Step:
    return "leave", {"number": number, "to": to, "in_time": True}


def _quorum(**different: Any) -> Step:
    return "round_ends_by_quorum", {**_QUORUM, **different}


def _end(**different: Any) -> Step:
    return "end_by_quorum", {"proposer": 2, "voters": {1, 2, 3}, "is_zero": False, **different}


def _relay(*entries: tuple[int, str, str], **different: Any) -> Step:
    return "relay_messages", {**_RELAY, "entries": entries, **different}


def _post(fault: str) -> Step:
    """Of a list of three."""
    given = {"sender": 0, "ahead": 1, "size": 0, "first": 0, "count": 3, "fault": fault}
    return "post_something", given


_OPENING: list[Step] = [("wait", {"where": "frozen", "off": 0}), ("open_round", {"sender": 0, "off": 0})]
_BY_TIME: Step = ("round_ends_by_time", {"absent": (), "way": "itself"})

# Two of three are no quorum.
_TWO_OF_THREE = _beginning(bond=1, rounds=2, min_hired=3), [_quorum(way="itself", silent="a third")]

# Every way in which an entry of either batch is refused, between others that are not.
_BATCHES = _beginning(some=(1, 2, 3, 6)), [
    _relay(
        (4, "JoinTask", "signed"),
        (5, "JoinTask", "too late"),
        (5, "JoinTask", "another's"),
        (7, "JoinTask", "signed"),
        (1, "JoinTask", "signed"),
        (1, "Claim", "signed"),
        (1, "JoinTask", "noise"),
        (1, "JoinTask", "unsigned"),
        brings="the bond",
    ),
    _relay((5, "JoinTask", "signed"), brings="the bond", short=1),
    _relay((5, "JoinTask", "signed"), brings="the bond", is_task=False),
    _relay(
        (1, "ChangeReport", "signed"),
        (1, "ChangeReport", "number used"),
        (2, "ChangeReport", "another task's"),
        (3, "ChangeReport", "signed"),
        (5, "ChangeReport", "signed"),
        (2, "Claim", "signed"),
        (2, "Claim", "unsigned"),
        (5, "JoinTask", "signed"),
    ),
    (
        "most_work",
        {
            "absent": (3, 4),
            "way": "in a batch",
            "bad": [(1, "signed", "right"), (2, "another's", "right"), (2, "too late", "right")],
        },
    ),
    (
        "submit_works",
        {
            "in_time": False,
            "entries": [
                (1, "signed", "right"),
                (STRANGER, "signed", "right"),
                (6, "signed", "right"),
                (3, "number used", "right"),
                (3, "another task's", "right"),
                (3, "signed", "unsolved"),
                (3, "signed", "no training"),
                (3, "signed", "fast training"),
                (3, "signed", "slow training"),
                (3, "signed", "right"),
                (4, "signed", "no mining"),
            ],
        },
    ),
    ("wait", {"where": 3, "off": 0}),
    ("end_by_time", {"number": STRANGER}),
    _relay((1, "Claim", "signed"), (1, "Claim", "signed"), (2, "Claim", "signed"), (6, "Claim", "signed")),
    (
        "most_work",
        {
            "absent": (),
            "way": "by the relay",
            "bad": [(1, "number used", "right"), (2, "too late", "right")],
        },
    ),
    ("submit_works", {"in_time": False, "entries": [(2, "signed", "right")]}),
    ("submit_work", {"in_time": False, "number": 1, "way": "signed", "update": 0, "fault": "right"}),
]

# The first wallet's vote is needed, and its key is a client's.
_WALLETS = _beginning(some=(1, 3, 6), rounds=4), [
    ("change_manner", {"wallet": 6, "manner": Manner.REFUSES}),
    _quorum(),
    *(
        step
        for manner in (Manner.REVERTS, Manner.GARBLES, Manner.BURNS_GAS, Manner.HONEST)
        for step in (
            ("end_as_ranked", {"voters": (1, 3, 7), "trick": "none"}),  # who is honest, but not hired
            ("change_manner", {"wallet": 6, "manner": manner}),
            ("end_as_ranked", {"voters": (1, 3, 6), "trick": "none"}),
        )
    ),
    _claim(6, way="signed"),
    _claim(6, to="nobody"),
    _join(7, way="signed"),
    _quorum(trick="a wallet twice"),
    _quorum(trick="all as wallets"),
    _quorum(trick="votes twice"),
    _leave(6),
    _leave(3),
]

# Ballots out of order, votes more than once, and an account that is a wallet as well.
_BALLOTS = _beginning(some=(1, 2, 3)), [
    ("delegate", {}),
    _join(4, way="another's"),
    ("revoke", {"number": 2}),
    _quorum(trick="as both"),
    _claim(4, way="another's"),
    _quorum(trick="ballots turned"),
    _quorum(trick="a ballot twice", rejected=(1,), forfeited=(2,)),
    _quorum(trick="votes turned"),
]

# A contract that is paid and brings another client's signed message while it is.
_CALLED_BACK = _beginning(), [
    _BY_TIME,
    ("arm", {"number": 2, "kind": "Claim", "way": "signed"}),
    _claim(1, to="reentrant"),
    _claim(2),
    _BY_TIME,
    ("arm", {"number": 1, "kind": "Claim", "way": "number used"}),
    _claim(1, to="reentrant"),
    _claim(2, to="factory"),
    _claim(2, to="task"),
    ("close", {"sender": 0, "to": "factory"}),
    _leave(1, to="reentrant"),
]


# Work before its time, by lines in two chunks, one of them wrong at first.
_EARLY = _beginning(policy=Policy.LEAST_COST), [
    _post(fault="frequency"),
    _post(fault="twice"),
    _post(fault="more"),
    ("post_list", {"cut": 1}),
    *_OPENING,
    ("submit_work", {"in_time": False, "number": 1, "way": "itself", "update": 0, "fault": "right"}),
    ("submit_works", {"in_time": False, "entries": [(1, "signed", "right"), (2, "signed", "fast mining")]}),
    ("wait", {"where": "deadline", "off": 0}),
    ("submit_works", {"in_time": False, "entries": [(2, "signed", "right"), (3, "signed", "right")]}),
    ("propose", {"number": 2, "is_zero": False}),
    ("wait", {"where": "work end", "off": 0}),
    ("propose", {"number": 1, "is_zero": False}),
    ("wait", {"where": 2, "off": 0}),
    ("propose", {"number": 2, "is_zero": True}),
    _end(stale={3}, rejected=[], forfeited=[]),
    _end(stale=(), rejected=[1], forfeited=[]),
    _end(stale=(), rejected=[], forfeited=[4]),
    ("close", {"sender": STRANGER, "to": PURSES[0]}),
]

# Who is not admitted; too few to open a round, and a report that changes after its list.
_CHANGES = _beginning(is_open=False, rounds=2, min_hired=3), [
    _join(STRANGER),
    _join(STRANGER, way="signed"),
    ("admit", {"sender": 0, "number": STRANGER}),
    _join(STRANGER),
    _leave(STRANGER),
    _post(fault="unpaid"),
    _post(fault="idle"),
    *_OPENING,
    ("post_list", {"cut": 1}),
    _change(1, _OTHER),
    *_OPENING,
    _change(1, _REPORT, way="signed"),
    _change(4, _REPORT),
    ("most_work", {"absent": (), "way": "signed", "bad": []}),
    _quorum(),
    _claim(1),
]


def _of_token(kind: str) -> tuple[dict[str, Any], list[Step]]:
    """Bonds and pay in a token: permits, allowances, money to the task itself."""
    return _beginning(money=kind, bond=1000, rounds=3), [
        _permit(5, "too late"),
        _permit(5),
        ("approve", {"number": 4, "bonds": "less"}),
        _join(4),
        _permit(4, "another's"),
        _relay((4, "JoinTask", "signed"), (7, "JoinTask", "signed"), (STRANGER, "JoinTask", "signed")),
        ("approve", {"number": 4, "bonds": 1}),
        _join(4, way="signed"),
        _join(6, off=1),
        ("misbehave", {"mood": "calm", "fee": 1}),
        _join(6),
        _BY_TIME,
        _claim(1),
        _claim(2, to="task"),
        _claim(3, to="factory", way="signed"),
        _leave(5),
        ("misbehave", {"mood": "calm", "fee": 0}),
        ("force_money_in", {"wei": 5}),
        _quorum(forfeited=(1,)),
    ]


def _of_moods() -> tuple[dict[str, Any], list[Step]]:
    """Every trick of the hostile token, at joins, a claim and a leave; then its calls from inside."""
    steps: list[Step] = [_BY_TIME]
    for mood in MOODS:
        steps += [("misbehave", {"mood": mood, "fee": 0}), _join(4), _claim(1), _leave(1), _join(1)]
        steps += [_relay((4, "JoinTask", "signed"), (2, "Claim", "signed"))]
        steps += [("misbehave", {"mood": "calm", "fee": 0}), _leave(4), _join(1)]
    steps += [
        ("arm", {"number": 7, "kind": "JoinTask", "way": "signed"}),
        _join(6),
        ("arm", {"number": 2, "kind": "Claim", "way": "signed"}),
        _join(6),
        _BY_TIME,
        ("arm", {"number": 2, "kind": "Claim", "way": "signed"}),
        _claim(3),
        ("arm", {"number": 3, "kind": "Claim", "way": "number used"}),
        _leave(3),
    ]
    return _beginning(money="HostileToken", bond=1000, rounds=3), steps


LIVES = [
    _TWO_OF_THREE,
    _BATCHES,
    _WALLETS,
    _BALLOTS,
    _CALLED_BACK,
    _EARLY,
    _CHANGES,
    *map(_of_token, TOKENS),
    _of_moods(),
]


def _all(outcomes: dict[str, str]) -> set[tuple[str, str]]:
    return {(call, outcome) for call, named in outcomes.items() for outcome in named.split()}


_REFUSED_WORKS = (
    "Task_AlreadySubmitted Task_DeadlineExceeded Task_EnergyNotCovered Task_FrequencyOutOfRange "
    "Task_NotHired Task_TimeNotPassed Puzzle_NotSolved"
)
# What calls came to, entries of batches that were skipped, and calls that were made while money moved.
REACHED = _all(
    {
        "admit": "accepted",
        "changeReport": "accepted Task_NotMember",
        "changeReportFor": "accepted",
        "claim": "accepted Money_NotSent Task_NothingToClaim",
        "claimFor": "accepted",
        "closeTask": "accepted Money_NotSent Task_NotOwner",
        "endRoundByQuorum": "accepted Task_BallotsNotAscending Task_NotAscending Task_QuorumMissed "
        "Task_NothingToReject Task_NotListed",
        "endRoundByTime": "accepted",
        "from inside": "accepted Task_NothingToClaim Task_WrongSignature",
        "joinTask": "accepted Money_NotPulled Money_WrongAmountReceived Money_WrongValue Task_NotAdmitted",
        "joinTaskFor": "accepted Task_NotAdmitted",
        "joinTaskWithPermit": "accepted Money_NotPulled",
        "leaveTask": "accepted Money_NotSent Task_NotMember",
        "openRound": "accepted Task_ListStale Task_TooFewHired",
        "postEntries": "accepted Price_ Task_CapsExceedBudget Task_ListOverflow Task_NotHiredHasFrequency",
        "proposeModel": "accepted Task_NotProposer Task_WrongPhase Task_ZeroModelHash",
        "relay": "accepted Money_WrongValue Relay_NoTask",
        "relay skips": "Money_NotPulled Money_NotSent Money_WrongAmountReceived Money_WrongValue "
        "Task_AlreadyMember Task_NothingToClaim Task_NotMember Task_SignatureExpired Task_WrongSignature",
        "revokeSignatures": "accepted",
        "submitWork": "accepted Task_TimeNotPassed",
        "submitWorkFor": "accepted Task_AlreadySubmitted",
        "submitWorks": "accepted",
        "submitWorks skips": f"{_REFUSED_WORKS} Task_SignatureExpired Task_WrongSignature",
    }
) | {("relay skips", "")}
