"""Findings pass only with a reason, and reasons only with a finding."""

from __future__ import annotations

import pytest

from tools.audit_slither import SlitherFailed, exclusions, findings, judge


def finding(check, contract, function):
    parent = {"type": "contract", "name": contract}
    return {"check": check, "elements": [
        {"type": "function", "name": function, "type_specific_fields": {"parent": parent}}]}


def test_a_reason_covers_its_function_or_its_whole_contract():
    found = [finding("timestamp", "Task", "claim"), finding("timestamp", "Task", "phase"),
             finding("weak-prng", "Task", "phase")]
    assert judge(found, {("timestamp", "Task.*"): "r", ("weak-prng", "Task.phase"): "r"}) == ([], [])
    unexplained, idle = judge(found, {("timestamp", "Task.claim"): "r", ("weak-prng", "Relay.*"): "r"})
    assert unexplained == found[1:] and idle == [("weak-prng", "Relay.*")]


def test_a_reason_must_be_given():
    with pytest.raises(ValueError, match="why"):
        exclusions("timestamp Task.claim")


def test_a_run_without_a_report_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SlitherFailed, match="ended with 1"):
        findings("false")
