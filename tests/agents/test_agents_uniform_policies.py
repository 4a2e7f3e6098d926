"""Rounds under one price for both subtasks: pays, other claims, and an audit that sees what is wrong."""

from dataclasses import replace

import pytest

from bcfl_offchain.agents import Client, audit
from bcfl_offchain.agents.pricing import compute_list
from bcfl_offchain.chain import Policy
from bcfl_offchain.chain import events as ev
from tests.agents.test_agents_auditor import Told

UTILITY = 10**14


class Shifting(Client):
    """Claims to train more slowly and to mine faster, within the deadline."""

    def work(self):
        prepared, terms = super().work(), self.place.task.terms
        q_t = prepared.work.training_frequency * 9 // 10
        cycles = self.report().training_units * terms.cycle_unit
        left = terms.deadline * q_t - cycles * 10**9
        q_m = -(-terms.mining_cycles * 10**9 * q_t // left)
        due = self.place.task.round_state().opened_at + terms.deadline
        shifted = replace(prepared.work, training_frequency=q_t, mining_frequency=q_m)
        return replace(prepared, work=shifted, due=due)


@pytest.fixture(params=[Policy.FAIR_SHARE, Policy.LEAST_COST])
def setting(request):
    utility = UTILITY if request.param is Policy.LEAST_COST else 0
    return {"policy": request.param, "reservation_utility": utility}


def test_a_round_pays_what_the_mechanism_says_and_the_audit_agrees(make, setting):
    world = make(**setting)
    world.run_round()
    expected = compute_list(world.task.terms, world.place.reader.history().reports)
    mining_cap = world.task.terms.mining_budget // len(expected)
    for client in world.clients:
        line = expected[client.address]
        work = world.round.works[client.address]
        assert line.hired and work.training_frequency == work.mining_frequency == line.training_frequency
        pay = line.training_pay + line.mining_pay
        assert world.task.client_state(client.address).claimable == pay <= line.training_cap + mining_cap
        if setting["policy"] is Policy.FAIR_SHARE:
            assert pay >= line.training_cap + mining_cap - 3
        else:
            terms = world.task.terms
            cycles = client.report().training_units * terms.cycle_unit + terms.mining_cycles
            energy = client.energy_coefficient * cycles * line.training_frequency**2 // 10**63
            assert abs(pay - energy - UTILITY) <= 3
    assert audit(world.devnet.w3, world.task.address, world.devnet.factory.address).agrees


def test_another_claim_shifts_pay_between_the_subtasks_and_is_audited(make, setting):
    world = make(client_types={"alice": Shifting}, **setting)
    line = compute_list(world.task.terms, world.place.reader.history().reports)[world.alice.address]
    world.run_round()
    work = world.round.works[world.alice.address]
    assert work.training_pay > line.training_pay and work.mining_pay < line.mining_pay
    assert abs(work.pay - line.training_pay - line.mining_pay) <= 2
    assert audit(world.devnet.w3, world.task.address).agrees


def test_the_audit_finds_pay_moved_beyond_both_caps(make, setting):
    world = make(**setting)
    world.run_round()
    told = Told(world)
    assert told.found() == set()
    work = told.first(ev.WorkSubmitted)
    told.alter(ev.WorkSubmitted, mining_pay=work.mining_pay + 1)
    assert "mining_pay" in told.found()
    told.alter_entry(training_frequency=told.first(ev.EntriesPosted).entries[0].training_frequency + 1)
    assert "training_frequency" in told.found()
