"""Lists too large for exact caps: one step more or less is accepted, two are refused, the audit says so."""

import json
from dataclasses import astuple, replace
from fractions import Fraction
from random import Random

import pytest
from eth_utils import to_checksum_address

from bcfl_offchain.agents import ListRefused, Owner, audit, pricing
from bcfl_offchain.agents.pricing import check_posted, compute_list
from bcfl_offchain.chain import Phase
from bcfl_offchain.chain.history import PostedEntry, PriceList
from bcfl_offchain.chain.types import Entry, Report
from bcfl_offchain.cli import main
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.units import energy_coefficient_to_chain, frequency_to_chain
from tests.agents.world import NAMES, make_world
from tests.chain.devnet import account

N = 200
CYCLE_UNIT = 6 * 10**9  # a tenth of a GHz·min, so that reports differ widely around the target of 100 units
TERMS = {
    "budget": 600 * 10**15,
    "mining_budget": 100 * 10**15,
    "max_clients": N,
    "cycle_unit": CYCLE_UNIT,
    "join_window": 3600,
}
COEFFICIENT, FREQUENCY = energy_coefficient_to_chain("0.01", 10**15), frequency_to_chain(20)


def reports(n_clients):
    random = Random(5)
    units = [random.randint(1, 200) for _ in range(n_clients)]
    return {
        to_checksum_address(f"0x{index:040x}"): Report(each, COEFFICIENT, FREQUENCY)
        for index, each in enumerate(units, 10**30)  # above all precompiled contracts
    }


class SteppingOwner(Owner):
    """Moves the caps of some clients by some steps, with all else as the cap asks for."""

    steps: dict[str, int] = {}

    def _entries(self, lines):
        present = self.reader.history().reports
        return [
            entry
            if entry.client not in self.steps
            else self._moved(entry, lines[entry.client], present[entry.client], len(lines))
            for entry in super()._entries(lines)
        ]

    def _moved(self, entry, line, report, n_clients):
        terms, steps = self.task.terms, self.steps[entry.client]
        for _ in range(abs(steps)):
            towards = line.training_cap + (line.step if steps > 0 else -line.step)
            near = fixed_point.lines_within_step(
                report.pricing(terms.cycle_unit), line, terms.pricing(), n_clients
            )
            line = next(each for each in near if each.training_cap == towards)
            # As if this were the share that the owner had found.
            middle = Fraction(2 * towards + line.step, 2)
            line = replace(line, share=middle / (terms.budget - terms.mining_budget))
        return replace(entry, training_cap=line.training_cap, training_frequency=line.training_frequency)


def join_without_keys(world, members):
    """Members who only fill the list; Anvil signs for them."""
    world.devnet.rpc("anvil_autoImpersonateAccount", True)
    for client, report in members.items():
        world.devnet.rpc("anvil_setBalance", client, hex(10**18))
        join = world.task.contract.functions.joinTask(astuple(report))
        join.transact({"from": client, "value": world.task.terms.bond, "gas": 500_000, "gasPrice": 10**10})
    world.devnet.rpc("anvil_autoImpersonateAccount", False)


@pytest.fixture(scope="module")
def world(running_devnet, tmp_path_factory):
    """Two hundred members, of whom four work; three lists: honest, two steps off, one step off."""
    snapshot = running_devnet.rpc("evm_snapshot")
    world = make_world(running_devnet, tmp_path_factory.mktemp("large"), owner_type=SteppingOwner, **TERMS)
    world.join_all()
    join_without_keys(world, reports(N - len(NAMES)))
    world.owner.post_list()
    yield world
    assert running_devnet.rpc("evm_revert", snapshot)


def own_line(world, client):
    return compute_list(world.task.terms, world.place.reader.history().reports)[client.address]


def end_by_time(world):
    """Far more than a third of the list do not vote."""
    while world.task.phase() is not Phase.EXPIRED:
        world.clock.wait_until(world.clock.now() + 60)
    world.task.end_round_by_time(world.stranger())


def test_the_honest_list_is_audited_and_the_verdict_names_the_step(world, capsys):
    step = own_line(world, world.alice).step
    assert step == -(-500 * 10**15 // 2**20)
    arguments = ["audit", "--rpc", world.devnet.url, world.task.address]
    assert main(arguments) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"All agree. Tolerance: caps of list 1 within one step of {step} wei, all else exact." in out
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["agrees"] and told["cap_steps"] == {"1": str(step)}
    assert f"one step of {step} wei" in told["tolerance"]


def test_two_steps_are_refused_one_is_worked_under(world):
    right = own_line(world, world.alice)
    world.owner.steps = {world.alice.address: -2, world.bob.address: 2}
    world.open_round()
    with pytest.raises(ListRefused, match="training_cap") as refused:
        world.dave.check_list()
    first, step = refused.value, right.step
    peer = next(client for client in (world.alice, world.bob) if client.address == first.client)
    cap = own_line(world, peer).training_cap
    assert first.found == cap + step * world.owner.steps[peer.address]
    accepted = f"{cap} or {cap - step} or {cap + step}, in steps of {step}"
    assert f"is {first.found}, expected {accepted};" in str(first)
    end_by_time(world)

    world.owner.steps = {world.alice.address: -1, world.bob.address: 1}
    world.open_round()
    line = world.alice.check_list()
    assert line.training_cap == right.training_cap - right.step
    assert line == replace(line, step=right.step, share=right.share)
    world.dave.check_list()
    world.submit_all()
    work = world.round.works[world.alice.address]
    assert work.training_pay == line.training_pay <= line.training_cap
    end_by_time(world)

    report = audit(world.devnet.w3, world.task.address, world.devnet.factory.address)
    assert report.cap_steps == dict.fromkeys((1, 2, 3), right.step)
    caps = {each.where: each for each in report.differences if each.what == "training_cap"}
    assert set(caps) == {f"list 2, client {each.address}" for each in (world.alice, world.bob)}
    assert caps[f"list 2, client {world.alice.address}"].found == right.training_cap - 2 * right.step
    assert str(right.step) in caps[f"list 2, client {world.alice.address}"].expected
    assert {each.where.split(",")[0] for each in report.differences} == {"list 2"}


def test_a_list_that_cannot_be_recomputed_is_refused(world, monkeypatch):
    world.owner.steps = {}
    world.open_round()
    # No float proves a share as closely as such fine steps would ask for.
    monkeypatch.setattr("bcfl_offchain.mechanism.list_shares.STEPS", 2**60)
    pricing._price_list.cache_clear()
    with pytest.raises(ListRefused, match="Shapley value .* coarser cycle unit"):
        world.alice.check_list()
    monkeypatch.undo()
    world.alice.check_list()


# ------------------------------------------------------------------- a thousand clients, without a chain


def large_terms(policy):
    terms = demo_terms(DemoConfig(clients=1000, policy=policy), account(0).address)
    return replace(terms, cycle_unit=CYCLE_UNIT)


def listed(lines, everybody):
    """The lines as a chain would log them."""
    price_list = PriceList(1, len(lines))
    for client, line in lines.items():
        entry = Entry(client, line.training_cap, line.training_frequency)
        price_list.entries[client] = PostedEntry(entry, everybody[client])
    return price_list


def moved(terms, lines, everybody, client, which):
    """The lines with a client's neighbour in place of its own."""
    report = everybody[client].pricing(terms.cycle_unit)
    near = fixed_point.lines_within_step(report, lines[client], terms.pricing(), len(lines))
    return {**lines, client: near[which]}


@pytest.fixture(scope="module", params=["complete", "least-cost"])
def thousand(request):
    terms, everybody = large_terms(request.param), reports(1000)
    return terms, everybody, compute_list(terms, everybody)


def test_each_clients_cap_may_be_one_step_off(thousand):
    terms, everybody, lines = thousand
    hired = [client for client, line in lines.items() if line.hired]
    idle = [client for client, line in lines.items() if not line.share]
    assert len(hired) > 500 and len(idle) > 100
    changed = dict(lines)
    for number, client in enumerate(hired):
        changed = moved(terms, changed, everybody, client, 1 + number % 2)
    checked = check_posted(terms, listed(changed, everybody))
    assert checked.differences == () and checked.lines == changed
    assert checked.step == -(-(terms.budget - terms.mining_budget) // 2**20)


def test_what_is_not_a_whole_step_is_refused(thousand):
    terms, everybody, lines = thousand
    client = next(client for client, line in lines.items() if line.hired)
    odd = {**lines, client: replace(lines[client], training_cap=lines[client].training_cap + 1)}
    (difference,) = check_posted(terms, listed(odd, everybody)).differences
    assert (difference.client, difference.field) == (client, "training_cap")
    assert difference.found == difference.expected + 1
    assert str(difference.allowed).endswith(f", in steps of {lines[client].step}")


def test_frequencies_follow_from_the_posted_cap(thousand):
    terms, everybody, lines = thousand
    client = next(client for client, line in lines.items() if line.hired)
    near = moved(terms, lines, everybody, client, 2)[client]
    stale = {**lines, client: replace(near, training_frequency=near.training_frequency + 1)}
    (difference,) = check_posted(terms, listed(stale, everybody)).differences
    assert (difference.field, difference.found) == ("training_frequency", near.training_frequency + 1)
    assert difference.allowed == near.training_frequency


def test_nobody_with_a_larger_cap_may_be_left_out(thousand):
    terms, everybody, lines = thousand
    client = next(client for client, line in lines.items() if line.hired)
    left_out = {**lines, client: fixed_point.Entry(0, 0, False, None)}
    found = check_posted(terms, listed(left_out, everybody)).differences
    assert {difference.field for difference in found} >= {"training_cap", "training_frequency"}


def test_nobody_of_negative_value_may_be_hired_for_a_step(thousand):
    terms, everybody, lines = thousand
    client = next(client for client, line in lines.items() if not line.share)
    one_step = replace(lines[client], training_cap=lines[client].step)
    (difference,) = check_posted(terms, listed({**lines, client: one_step}, everybody)).differences
    assert (difference.field, difference.allowed) == ("training_cap", 0)
    assert difference.found == one_step.training_cap
