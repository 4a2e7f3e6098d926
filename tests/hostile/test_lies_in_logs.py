"""A node that hides, doubles, moves or changes one log of a task: the audit notices, or it changes no money.

What the chain keeps no trace of but the log itself cannot be noticed with one node; `UNSEEN` is that list,
and docs/security-offchain.md names it.
"""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bcfl_offchain.agents import AuditReport, auditor
from bcfl_offchain.chain import ChainError, ImpossibleLogs, TaskReader, connect
from bcfl_offchain.chain import events as ev
from tests.hostile.logs import changed, kind_of, word_of, words
from tests.learning.test_hostile_files import many

UNSEEN = {
    ("ModelProposed", "model_hash"),
    ("RoundEnded", "votes"),
    ("Claimed", "recipient"),
    # The client's own word, as far as it gives the same pay.
    ("WorkSubmitted", "training_frequency"),
    ("WorkSubmitted", "mining_frequency"),
    # Another solution of the puzzle is a solution.
    ("WorkSubmitted", "nonces"),
    # Anybody can have anything skipped; nothing follows from it.
    ("WorkSkipped", "client"),
    ("WorkSkipped", "index"),
    ("WorkSkipped", "reason"),
}
# Hidden or said again they change nothing.
HARMLESS = ("ModelProposed", "WorkSkipped")


@pytest.fixture
def look(lived, node):
    """Audit the task on other logs: the report, or the typed error."""
    w3 = connect(node.url)

    def run(logs):
        node.result("eth_getLogs", lambda result: logs)
        try:
            return auditor.audit(w3, lived.task.address, first_block=0)
        except ChainError as error:
            return error

    return run


def noticed(outcome):
    return not isinstance(outcome, AuditReport) or not outcome.agrees


def with_log(logs, number, other):
    """The logs with another one in the place of one."""
    return [*logs[:number], other, *logs[number + 1 :]]


def test_the_true_logs_agree(look, true_logs):
    assert look(true_logs).agrees
    assert {kind_of(log) for log in true_logs} >= {
        "Funded",
        "Joined",
        "Reported",
        "ListBegun",
        "EntriesPosted",
        "RoundOpened",
        "WorkSubmitted",
        "WorkSkipped",
        "ModelProposed",
        "RoundEnded",
        "Claimed",
        "SignaturesRevoked",
    }


def test_each_hidden_log_is_noticed(look, true_logs):
    for number, log in enumerate(true_logs):
        assert noticed(look(true_logs[:number] + true_logs[number + 1 :])) or kind_of(log) in HARMLESS


def test_each_doubled_log_is_noticed(look, true_logs):
    for number, log in enumerate(true_logs):
        twin = {**log, "logIndex": hex(1000 + number)}
        # A report said again says nothing new.
        harmless = kind_of(log) in ("Reported", *HARMLESS)
        assert noticed(look([*true_logs, twin])) or harmless


def test_the_same_log_twice_is_refused(look, true_logs):
    assert "was given twice" in str(look([*true_logs, true_logs[0]]))


def test_the_order_in_which_logs_are_given_does_not_matter(look, true_logs):
    assert look(true_logs[::-1]).agrees


def test_no_logs_at_all_are_noticed(look):
    assert isinstance(look([]), ImpossibleLogs)


def test_logs_that_begin_too_late_are_noticed(look, true_logs):
    assert "begin at the block of its creation" in str(look(true_logs[5:]))


def test_logs_of_two_chains_are_noticed(look, true_logs):
    logs = copy.deepcopy(true_logs)
    pair = [log for log in logs if log["blockNumber"] == logs[2]["blockNumber"]]
    pair[0]["blockHash"] = "0x" + "77" * 32
    assert len(pair) > 1 and "the chain was reorganised" in str(look(logs))


def test_each_changed_word_of_each_kind_of_log_is_noticed(look, true_logs):
    seen, unseen = set(), set()
    for number, log in enumerate(true_logs):
        if kind_of(log) in seen:
            continue
        seen.add(kind_of(log))
        for name, part, digit in words(log):
            old = word_of(log, part, digit)
            for new in {old ^ 1, max(old - 1, 0), 2 * old, 0} - {old}:
                other = changed(log, part, digit, new % 2**256)
                if not noticed(look(with_log(true_logs, number, other))):
                    unseen.add((kind_of(log), name))
    assert unseen <= UNSEEN


def test_frequencies_that_would_pay_otherwise_are_noticed(look, true_logs):
    (number, log) = next((n, log) for n, log in enumerate(true_logs) if kind_of(log) == "WorkSubmitted")
    for name, part, digit in words(log):
        if name.endswith("frequency"):
            word = word_of(log, part, digit) // 2
            assert noticed(look(with_log(true_logs, number, changed(log, part, digit, word))))


def test_a_log_may_not_carry_more_than_its_event(look, true_logs):
    for number, log in enumerate(true_logs):
        for other in (
            {**log, "data": log["data"] + "00"},
            {**log, "data": log["data"] + "00" * 32},
            {**log, "data": log["data"][:-2]},
            {**log, "topics": log["topics"] + ["0x" + "00" * 32]},
            {**log, "topics": log["topics"][:-1]},
            {**log, "topics": []},
        ):
            if other["data"] != "0x":
                outcome = look(with_log(true_logs, number, other))
                assert isinstance(outcome, (ev.UnknownEvent, ImpossibleLogs))


numbers = st.integers(0, 400)
extremes = st.sampled_from([0, 1, 2**32 - 1, 2**48, 2**80 - 1, 2**112 - 1, 2**128 - 1, 2**255, 2**256 - 1])
edits = st.lists(
    st.tuples(st.sampled_from(["drop", "double", "swap", "move", "word"]), numbers, numbers, extremes),
    min_size=1,
    max_size=4,
)


@settings(many, max_examples=max(30, many.max_examples // 5), suppress_health_check=HealthCheck.all())
@given(edits)
def test_any_alteration_ends_in_a_report_or_a_typed_error(look, true_logs, edits):
    logs = copy.deepcopy(true_logs)
    for kind, first, second, extreme in edits:
        if not logs:
            break
        a, b = first % len(logs), second % len(logs)
        if kind == "drop":
            del logs[a]
        elif kind == "double":
            logs.append({**logs[a], "logIndex": hex(1000 + second)})
        elif kind == "swap":
            for field in ("blockNumber", "logIndex", "blockHash"):
                logs[a][field], logs[b][field] = logs[b][field], logs[a][field]
        elif kind == "move":
            logs[a]["blockNumber"], logs[a]["blockHash"] = logs[b]["blockNumber"], logs[b]["blockHash"]
        else:
            fields = list(words(logs[a]))
            if fields:
                logs[a] = changed(logs[a], *fields[second % len(fields)][1:], extreme)
    outcome = look(logs)
    assert isinstance(outcome, (AuditReport, ChainError))


def test_a_reader_that_met_impossible_logs_begins_anew(lived, node, true_logs):
    reader = TaskReader(connect(node.url), lived.task.address, first_block=0)
    node.result("eth_getLogs", lambda result: result[:6] + result[7:])
    for _ in range(2):
        with pytest.raises(ImpossibleLogs):
            reader.history()
    node.result("eth_getLogs", lambda result: result)
    assert reader.history().ledger() == lived.task.ledger()
