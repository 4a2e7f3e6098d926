"""The check of the frequencies that a client claims, and what it is paid for them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.mechanism import Report, Terms, WorkRefused, price_list, work_pay
from bcfl_offchain.mechanism.fixed_point import covers_energy, within_deadline

GIGA, WAD, ETHER = 10**9, 10**18, 10**18
MINUTE = 60 * GIGA
TERMS = Terms(30 * ETHER, 5 * ETHER, 900, 5 * MINUTE, 10 * MINUTE, "complete")
REPORT = Report(10 * MINUTE, ETHER * WAD // 6000, 20 * WAD)
ENTRY = price_list([REPORT], TERMS)[0]
Q_T, Q_M = ENTRY.training_frequency, ENTRY.mining_frequency


def refusal(q_t, q_m, report=REPORT, entry=ENTRY):
    with pytest.raises(WorkRefused) as raised:
        work_pay(report, entry, TERMS, q_t, q_m)
    return raised.value


def test_the_theorem_response_is_paid_as_listed():
    assert work_pay(REPORT, ENTRY, TERMS, Q_T, Q_M) == (ENTRY.training_pay, ENTRY.mining_pay)
    assert 0 <= 25 * ETHER - ENTRY.training_pay < 100 and 0 <= 5 * ETHER - ENTRY.mining_pay < 100


def test_slower_training_is_paid_for_longer_but_never_above_its_cap():
    training_pay, mining_pay = work_pay(REPORT, ENTRY, TERMS, Q_T // 4, Q_M * 6 // 5)
    assert training_pay == 25 * ETHER == ENTRY.training_cap
    assert 4 * ETHER < mining_pay < ENTRY.mining_pay


@pytest.mark.parametrize(
    "q_t, q_m, constraint",
    [
        (0, Q_M, "training_frequency"),
        (20 * WAD + 1, Q_M, "training_frequency"),
        (Q_T, 0, "mining_frequency"),
        (Q_T, 20 * WAD + 1, "mining_frequency"),
        (Q_T + 1, Q_M, "(5)"),
        (Q_T, 20 * WAD, "(6)"),
        (Q_T, Q_M - 1, "(7)"),
        (Q_T // 2, Q_M, "(7)"),
    ],
)
def test_each_broken_constraint_is_named_with_its_values(q_t, q_m, constraint):
    refused = refusal(q_t, q_m)
    assert refused.constraint == constraint
    assert {q_t, q_m} & set(refused.values.values())
    assert all(f"{name} = {value}" in str(refused) for name, value in refused.values.items())


def test_a_client_that_is_not_hired_is_not_paid():
    idle = price_list([replace(REPORT, max_frequency=WAD)], TERMS)[0]
    assert refusal(Q_T, Q_M, entry=idle).constraint == "not hired"


@settings(max_examples=300)
@given(st.integers(-1, 21 * WAD), st.integers(-1, 21 * WAD))
def test_any_claim_is_paid_within_its_caps_or_breaks_a_constraint(q_t, q_m):
    fits = (
        1 <= q_t <= REPORT.max_frequency
        and 1 <= q_m <= REPORT.max_frequency
        and covers_energy(ENTRY.training_price, REPORT.energy_coefficient, q_t)
        and covers_energy(ENTRY.mining_price, REPORT.energy_coefficient, q_m)
        and within_deadline(REPORT.training_cycles, TERMS, q_t, q_m)
    )
    if fits:
        training_pay, mining_pay = work_pay(REPORT, ENTRY, TERMS, q_t, q_m)
        assert 0 <= training_pay <= ENTRY.training_cap and 0 <= mining_pay <= ENTRY.mining_cap
    else:
        refusal(q_t, q_m)


@settings(max_examples=200)
@given(st.integers(1, Q_T), st.integers(Q_M, 4 * Q_M))
def test_claims_around_the_response_are_often_valid(q_t, q_m):
    if within_deadline(REPORT.training_cycles, TERMS, q_t, q_m):
        training_pay, mining_pay = work_pay(REPORT, ENTRY, TERMS, q_t, q_m)
        assert training_pay >= ENTRY.training_pay and mining_pay <= ENTRY.mining_pay
    else:
        assert refusal(q_t, q_m).constraint == "(7)"
