"""A payout keeps its limit, gives everything back wherever it stops, and says before it starts what is
missing."""

from __future__ import annotations

import pytest

from bcfl_offchain.agents import Agreement, Owner
from bcfl_offchain.chain import Factory, Phase, Report, TaskContract
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.experiments import payout as demo
from bcfl_offchain.experiments.purse import GAS, LimitReached, Purse, in_ether, most_fee_per_gas
from bcfl_offchain.learning import digits, partition
from bcfl_offchain.mechanism import fixed_point

ETHER = 10**18
BUDGET, BOND = 10**15, 10**14
OWNER = "0x" + 40 * "1"


def payout(limit: int = ETHER, policy: str = "complete") -> demo.Payout:
    return demo.Payout(BUDGET, BOND, limit, policy, seed=7)


class Run:
    """A payout of two clients on a chain whose clock is moved."""

    def __init__(self, w3, account, limit=ETHER, policy="complete"):
        self.w3 = w3
        self.payout = payout(limit, policy)
        self.shown = []
        self.keys = [account() for _ in range(3)]
        self.purse = Purse(w3, limit, self.shown.append)
        self.parties = demo.Parties.of(self.purse, self.keys[0], self.keys[1:])
        self.lines = []

    def go(self, factory, folder, clock=None):
        clock = clock or DevClock(self.w3)
        return demo.run_payout(self.parties, self.payout, factory, clock, folder, self.lines.append)

    def gains(self):
        return [self.w3.eth.get_balance(key.address) - ETHER for key in self.keys]


@pytest.fixture
def run(w3, account):
    return lambda **options: Run(w3, account, **options)


def assert_all_given_back(summary, run):
    ledger = {line: int(wei) for line, wei in summary["ledger"].items() if line != "balanced"}
    assert summary["ledger"]["balanced"]
    assert ledger["deposited"] == ledger["paid"] + ledger["returned"]
    assert summary["held"] == "0" and summary["given_up"] == []
    assert run.w3.eth.get_balance(summary["contract"]) == 0
    assert sum(run.gains()) == -int(summary["fees"])


# Parts of the budget: the caps in full, training caps alone, and energy with an eighth above it.
PAID = {"complete": 0.99, "incomplete": 0.84, "fair-share": 0.99, "least-cost": 0.30}


@pytest.mark.parametrize("policy", PAID)
def test_a_whole_payout_pays_everybody_and_holds_nothing_back(run, factory, tmp_path, policy):
    paid = run(policy=policy)
    summary, stopped = paid.go(factory, tmp_path)
    assert stopped is None and summary["stopped"] is None
    assert_all_given_back(summary, paid)
    assert PAID[policy] <= int(summary["ledger"]["paid"]) / BUDGET <= PAID[policy] + 0.01
    assert summary["accuracy"] > 0.8
    fees = {
        key.address: sum(record.fee for record in paid.shown if record.sender == key.address)
        for key in paid.keys
    }
    pays = [gain + fees[key.address] for gain, key in zip(paid.gains(), paid.keys)]
    assert sum(pays[1:]) == int(summary["ledger"]["paid"]) and min(pays[1:]) > PAID[policy] / 3 * BUDGET
    assert [row["hash"] for row in summary["transactions"]] == [record.hash for record in paid.shown]
    assert {row["label"] for row in summary["transactions"]} >= {
        "create task",
        "admit",
        "join",
        "submit work",
        "claim",
        "leave",
    }


def test_every_step_takes_less_gas_than_is_reckoned_with(run, factory, bytecode, tmp_path):
    paid = run()
    demo.deploy_factory(paid.parties.owner, bytecode)
    paid.go(factory, tmp_path)
    n_clients = 2
    most = {
        **GAS,
        "admit": 2 * GAS["admit"],
        "post entries": (n_clients + 1) * GAS["post entry"],
        "end round by quorum": GAS["end round"] + n_clients * GAS["vote in end round"],
    }
    for record in paid.shown:
        assert record.gas < most[record.label], record


def test_a_limit_stops_it_in_time_and_everything_is_given_back(run, factory, tmp_path):
    whole = run()
    whole.go(factory, tmp_path / "whole")
    stops = set()
    for percent in (80, 90, 100, 105, 110, 115, 120, 130):
        limited = run(limit=whole.purse.spent * percent // 100)
        summary, stopped = limited.go(factory, tmp_path / str(percent))
        assert int(summary["spent"]) <= limited.payout.limit, f"{percent} %"
        assert_all_given_back(summary, limited)
        if stopped is not None:
            assert isinstance(stopped, LimitReached)
            assert summary["stopped"] == str(stopped)
            amounts = f"limit of {in_ether(limited.payout.limit)}, {in_ether(stopped.spent)} is spent"
            assert amounts in str(stopped) and "BCFL_" not in str(stopped)
            assert stopped.spent + stopped.cost + stopped.kept_back > limited.payout.limit
            stops.add(stopped.label)
    assert "join" in stops, stops
    assert len(stops) >= 3, stops


def test_a_limit_below_the_budget_creates_nothing(run, factory, tmp_path, w3):
    limited = run(limit=BUDGET)
    with pytest.raises(LimitReached) as refused:
        limited.go(factory, tmp_path)
    assert refused.value.label == "create task" and refused.value.spent == 0
    assert limited.gains() == [0, 0, 0] and limited.shown == []


class Interrupted(DevClock):
    """Ctrl-C while it waits for the second time."""

    waits = 0

    def wait_until(self, timestamp):
        self.waits += 1
        if self.waits == self.at:
            raise KeyboardInterrupt
        super().wait_until(timestamp)


@pytest.mark.parametrize("at, paid", [(1, 0), (2, 0), (4, 2)])
def test_an_interrupt_gives_everything_back_first(run, factory, tmp_path, w3, at, paid):
    broken = run()
    clock = Interrupted(w3)
    clock.at = at
    summary, stopped = broken.go(factory, tmp_path, clock)
    assert isinstance(stopped, KeyboardInterrupt) and summary["stopped"] == "KeyboardInterrupt"
    assert "stopped: KeyboardInterrupt; giving back what is left" in broken.lines
    assert_all_given_back(summary, broken)
    claims = [record for record in broken.shown if record.label == "claim"]
    assert len(claims) == paid, "accepted work is paid, whatever happens to the round"


def test_a_task_left_by_a_killed_run_is_wound_up_from_the_chain_alone(run, factory, w3):
    killed = run()
    terms = demo.payout_terms(killed.payout, killed.keys[0].address, 2, 1)
    owner = Owner.create(killed.parties.owner, Factory(w3, factory), terms)
    owner.admit([key.address for key in killed.keys[1:]])
    for signer in killed.parties.clients:
        owner.task.join(signer, Report(500, demo.energy_coefficient(killed.payout, 2), demo.MAX_FREQUENCY))
    purse = Purse(w3, ETHER, killed.shown.append)
    again = demo.Parties.of(purse, killed.keys[0], killed.keys[1:])
    task = TaskContract(w3, owner.task.address)
    assert demo.wind_up(task, again, DevClock(w3), killed.lines.append) == []
    assert task.ledger().held == 0 and task.phase() == Phase.OVER
    assert [record.label for record in killed.shown[-3:]] == ["close task", "leave", "leave"]
    assert demo.wind_up(task, again, DevClock(w3), killed.lines.append) == [] and len(killed.shown) == 7


def test_what_the_limit_does_not_allow_is_named_and_can_be_done_later(run, factory, w3):
    poor = run()
    terms = demo.payout_terms(poor.payout, poor.keys[0].address, 2, 1)
    owner = Owner.create(poor.parties.owner, Factory(w3, factory), terms)
    poor.purse.limit = poor.purse.spent
    left = demo.wind_up(owner.task, poor.parties, DevClock(w3), poor.lines.append)
    assert len(left) == 1 and left[0].startswith("close task may cost")
    assert owner.task.ledger().held == BUDGET
    poor.purse.limit = ETHER
    assert demo.wind_up(owner.task, poor.parties, DevClock(w3), poor.lines.append) == []
    assert owner.task.ledger().held == 0


def test_missing_funds_are_told_for_each_account_before_anything_is_spent(w3, account):
    owner, rich, poor = account(BUDGET), account(), account(BOND)
    clients = [rich.address, poor.address]
    with pytest.raises(demo.FundsMissing) as missing:
        demo.require_funds(w3, payout(), owner.address, clients, with_factory=True)
    assert set(missing.value.missing) == {owner.address, poor.address}
    price = most_fee_per_gas(w3)
    assert missing.value.missing[owner.address] > price * GAS["deploy factory"]
    assert missing.value.missing[poor.address] > price * (
        GAS["join"] + GAS["submit work"] + GAS["claim"] + GAS["leave"]
    )
    assert f"{owner.address} lacks 0." in str(missing.value)
    for short, wei in missing.value.missing.items():
        w3.provider.make_request("anvil_setBalance", [short, hex(w3.eth.get_balance(short) + wei)])
    demo.require_funds(w3, payout(), owner.address, clients, with_factory=True)


@pytest.mark.parametrize("seconds", [1, 2, 12, 10**6])  # the last is a lie, or a chain that stood still
def test_the_pace_of_a_chain_is_that_of_its_last_blocks(w3, seconds):
    start = w3.eth.get_block("latest")["timestamp"]
    for block in range(1, 12):
        w3.provider.make_request("evm_setNextBlockTimestamp", [start + block * seconds])
        w3.provider.make_request("evm_mine", [])
    assert demo.pace(w3) == min(seconds, 60)


@pytest.mark.parametrize("policy", ["complete", "incomplete"])
@pytest.mark.parametrize("n_clients", range(1, demo.MAX_CLIENTS + 1))
@pytest.mark.parametrize("budget", [10**9, demo.MAX_BUDGET])
def test_every_client_is_hired_at_every_size_and_budget(policy, n_clients, budget):
    small = demo.Payout(budget, BOND, ETHER, policy, seed=7)
    names = [f"client {number}" for number in range(n_clients)]
    parts = partition(digits(), n_clients, 7, alpha=5.0)
    agreed: Agreement = demo.agreement(names, parts)
    rho = demo.energy_coefficient(small, n_clients)
    units = [agreed.training_units(name, len(part), demo.CYCLE_UNIT) for name, part in zip(names, parts)]
    reports = [Report(unit, rho, demo.MAX_FREQUENCY).pricing(demo.CYCLE_UNIT) for unit in units]
    terms = demo.payout_terms(small, OWNER, n_clients, 12)
    assert all(entry.hired for entry in fixed_point.price_list(reports, terms.pricing()))
    assert max(units) <= terms.max_training_units
    if n_clients > 1:
        assert min(units) * demo.CYCLE_UNIT < demo.TARGET < max(units) * demo.CYCLE_UNIT
