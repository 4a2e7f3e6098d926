"""The auditor: agrees with honest tasks, and sees each wrong number in altered logs."""

import copy
import json
from dataclasses import replace

import pytest
from eth_abi import encode

from bcfl_offchain.agents import auditor
from bcfl_offchain.agents.audit_checks import (
    BlockFacts,
    check_list,
    check_replay,
    check_round,
)
from bcfl_offchain.chain import ImpossibleLogs, Signer, TaskContract, UnknownContract, rebuild
from bcfl_offchain.chain import events as ev
from tests.agents.world import make_world
from tests.chain.devnet import account, deploy_factory

PLACE = ev.Place(1, 0, "0x00")


class Told:
    """A task's events, which a test may alter before they are checked."""

    def __init__(self, world):
        w3, task = world.devnet.w3, world.task
        first = ev.creation_block(w3, task.address, w3.eth.block_number)
        self.events = ev.fetch_events(w3, task.address, first, w3.eth.block_number)
        self.terms, self.task = task.terms, task.address
        self.facts = dict(auditor._block_facts(w3, self.events, lambda text: None))

    def alter(self, kind, which=0, **changes):
        """Change fields of the `which`-th event of a kind."""
        index = [number for number, event in enumerate(self.events) if isinstance(event, kind)][which]
        self.events[index] = replace(self.events[index], **changes)
        return self.events[index]

    def alter_entry(self, **changes):
        """Change fields of the first entry that was posted."""
        first, *others = self.first(ev.EntriesPosted).entries
        self.alter(ev.EntriesPosted, entries=(replace(first, **changes), *others))

    def first(self, kind):
        return next(event for event in self.events if isinstance(event, kind))

    def move(self, kind, seconds):
        """Shift the block of the first event of a kind in time."""
        block = self.first(kind).place.block
        self.facts[block] = BlockFacts(self.facts[block].timestamp + seconds, self.facts[block].parent_hash)

    def found(self):
        """What all the checks say is wrong."""
        history = rebuild(self.events)
        differences = list(check_replay(self.terms, self.events))
        for price_list in history.lists.values():
            differences += check_list(self.terms, price_list).differences
        previous = self.facts[self.first(ev.Funded).place.block].timestamp
        for round_ in history.rounds:
            differences += check_round(self.terms, self.task, round_, previous, self.facts)
        return {difference.what for difference in differences}


@pytest.fixture(scope="module")
def told_once(running_devnet, tmp_path_factory):
    snapshot = running_devnet.rpc("evm_snapshot")
    world = make_world(running_devnet, tmp_path_factory.mktemp("told"))
    world.join_all()
    world.run_round()
    for client in world.clients:
        client.claim()
    world.dave.leave()
    world.owner.close()
    told = Told(world)
    running_devnet.rpc("evm_revert", snapshot)
    assert told.found() == set()
    return told


@pytest.fixture
def told(told_once):
    return copy.deepcopy(told_once)


@pytest.mark.parametrize(
    "kind, changes, what",
    [
        (ev.Funded, {"amount": 1}, "amount"),
        (ev.Joined, {"bond": 1}, "bond"),
        (ev.Left, {"bond": 1}, "bond"),
        (ev.RoundOpened, {"size": 5}, "size"),
        (ev.RoundOpened, {"hired": 3}, "hired"),
        (ev.RoundOpened, {"mining_cap": 1}, "mining_cap"),
        (ev.RoundOpened, {"committed": 1}, "committed"),
        (ev.RoundOpened, {"seed": bytes(32)}, "seed"),
        (ev.WorkSubmitted, {"training_pay": 1}, "training_pay"),
        (ev.WorkSubmitted, {"mining_pay": 1}, "mining_pay"),
        (ev.WorkSubmitted, {"nonces": (0, 0)}, "puzzle hash"),
        (ev.WorkSubmitted, {"mining_frequency": 1}, "claimed frequencies"),
        (ev.WorkSubmitted, {"update_hash": bytes(32)}, "puzzle hash"),
        (ev.ModelProposed, {"proposer": "0x" + "77" * 20}, "proposer"),
        (ev.RoundEnded, {"votes": 2}, "votes"),
        (ev.RoundEnded, {"votes": 5}, "votes"),
        (ev.RoundEnded, {"model_hash": bytes(32)}, "votes"),
        (ev.RoundEnded, {"refunded": 1}, "refunded"),
        (ev.Claimed, {"amount": 1}, "amount"),
        (ev.TaskClosed, {"amount": 1}, "amount"),
    ],
)
def test_one_wrong_number_is_found(told, kind, changes, what):
    told.alter(kind, **changes)
    assert what in told.found()


@pytest.mark.parametrize(
    "changes, what",
    [
        ({"training_cap": 10**15}, "training_cap"),
        ({"training_frequency": 10**18}, "training_frequency"),
        ({"training_cap": 10**22}, "sum of training caps"),
        ({"training_cap": 10**15}, "claimed frequencies"),
    ],
)
def test_one_wrong_number_in_an_entry_is_found(told, changes, what):
    told.alter_entry(**changes)
    assert what in told.found()


def test_pay_has_to_follow_from_the_posted_cap(told):
    told.alter_entry(training_cap=told.first(ev.EntriesPosted).entries[0].training_cap + 10**6)
    assert {"training_cap", "training_pay"} <= told.found()


def _replayed(told, events):
    return {difference.what for difference in check_replay(told.terms, events)}


def test_a_round_out_of_turn_is_found(told):
    skipped = replace(told.first(ev.RoundOpened), round=7)
    with pytest.raises(ImpossibleLogs, match="round 7 cannot open after 1 rounds"):
        rebuild([*told.events, skipped])


@pytest.mark.parametrize(
    "kind, seconds, what",
    [
        (ev.RoundOpened, -3600, "phase_at_opening"),
        (ev.WorkSubmitted, -900, "seconds after opening"),
        (ev.WorkSubmitted, 5000, "seconds after opening"),
        (ev.ModelProposed, -3600, "phase"),
        (ev.ModelProposed, 10**6, "phase"),
        (ev.RoundEnded, 10**6, "phase"),
        (ev.RoundEnded, -3600, "phase"),
    ],
)
def test_a_step_at_the_wrong_time_is_found(told, kind, seconds, what):
    told.move(kind, seconds)
    assert what in told.found()


def test_entries_out_of_order_are_found(told):
    first, second, *others = told.first(ev.EntriesPosted).entries
    told.alter(ev.EntriesPosted, entries=(second, first, *others))
    assert {"order of clients", "seed"} <= told.found()


def test_work_of_somebody_not_hired_is_found(told):
    told.alter_entry(training_cap=0, training_frequency=0)
    assert "hired" in told.found()


def test_a_list_that_hires_too_few_is_found(told):
    told.terms = replace(told.terms, min_hired=5)
    assert "hired" in told.found()


def test_a_stale_list_is_found(told):
    opened = told.first(ev.RoundOpened)
    report = replace(told.first(ev.Reported), place=PLACE)
    told.events.insert(told.events.index(opened), report)
    assert "list_is_stale" in told.found()


def test_a_rejection_must_take_back_exactly_the_pay(told):
    ended, work = told.first(ev.RoundEnded), told.first(ev.WorkSubmitted)
    at = told.events.index(ended)
    right = ev.WorkRejected(ended.place, 1, work.client, work.pay)
    assert "amount" not in _replayed(told, [*told.events[:at], right])
    assert "amount" in _replayed(told, [*told.events[:at], replace(right, amount=work.pay - 1)])
    forfeit = ev.BondForfeited(ended.place, 1, work.client, told.terms.bond, work.pay)
    assert _replayed(told, [*told.events[:at], forfeit]) == set()
    assert _replayed(told, [*told.events[:at], replace(forfeit, bond=0)]) == {"bond"}


def test_rejections_need_a_quorum(told):
    ended, work = told.first(ev.RoundEnded), told.first(ev.WorkSubmitted)
    told.alter(ev.RoundEnded, model_hash=bytes(32), votes=0)
    told.events.insert(
        told.events.index(told.first(ev.RoundEnded)), ev.WorkRejected(ended.place, 1, work.client, 0)
    )
    assert "rejected" in told.found()


def test_a_list_that_cannot_be_valued_is_a_difference(told, monkeypatch):
    # Two hundred different workloads are out of an exact engine's reach, and no float proves shares as closely
    # as such fine steps would ask for.
    monkeypatch.setattr("bcfl_offchain.mechanism.list_shares.STEPS", 2**60)
    price_list = rebuild(told.events).lists[1]
    line = next(iter(price_list.entries.values()))
    clients = {f"0x{index:040x}": index for index in range(1, 201)}
    price_list.entries = {
        client: replace(line, report=replace(line.report, training_units=units))
        for client, units in clients.items()
    }
    price_list.size = 200
    checked = check_list(replace(told.terms, target=100 * told.terms.cycle_unit), price_list)
    assert [difference.what for difference in checked.differences] == ["shapley_value"] and not checked.step


def test_an_incomplete_list_is_not_priced(world):
    world.clock.wait_until(world.task.next_list_window(world.clock.now()))
    entries = world.owner._entries(world.owner.compute_list())
    world.task.post_entries(world.owner.signer, 1, 4, entries[:2])
    report = auditor.audit(world.devnet.w3, world.task.address)
    assert report.agrees and report.lists == 1


def test_the_audit_of_an_open_round_agrees(world):
    world.open_round()
    assert auditor.audit(world.devnet.w3, world.task.address).agrees
    world.submit_all()
    report = auditor.audit(world.devnet.w3, world.task.address, world.devnet.factory.address)
    assert report.agrees and report.works == 4


def test_forced_ether_is_told_apart(world):
    world.run_round()
    world.devnet.rpc(
        "anvil_setBalance",
        world.task.address,
        hex(world.devnet.w3.eth.get_balance(world.task.address) + 12345),
    )
    report = auditor.audit(world.devnet.w3, world.task.address)
    assert report.agrees and report.forced == 12345


def test_missing_money_is_a_difference(world):
    world.devnet.rpc("anvil_setBalance", world.task.address, hex(world.task.ledger().held - 1))
    report = auditor.audit(world.devnet.w3, world.task.address)
    assert [difference.what for difference in report.differences] == ["balance"] and report.forced == 0


def test_a_contract_that_says_other_than_its_logs_is_a_difference(world):
    world.run_round()
    w3, task, altered = world.devnet.w3, world.task.address, 0
    for slot in range(16):
        word = int.from_bytes(w3.eth.get_storage_at(task, slot), "big")
        if word:
            world.devnet.rpc("anvil_setStorageAt", task, f"0x{slot:064x}", f"0x{word ^ 1:064x}")
            altered += not auditor.audit(w3, task).agrees
            world.devnet.rpc("anvil_setStorageAt", task, f"0x{slot:064x}", f"0x{word:064x}")
    assert altered >= 4  # round number, list version, flow and reserve at least
    assert auditor.audit(w3, task).agrees


def test_a_ledger_that_does_not_balance_is_a_difference(world):
    world.run_round()
    told = Told(world)
    told.alter(ev.RoundEnded, refunded=10**15)
    block = world.devnet.w3.eth.block_number
    _, differences = auditor._check_state(world.devnet.w3, world.task, rebuild(told.events), block)
    assert [difference.what for difference in differences] == ["free", "balanced"]


def test_differences_are_plain_in_json(world):
    report = auditor.audit(world.devnet.w3, world.task.address)
    found = auditor.Difference("round 1", "seed", b"\x01" * 2, 2**200)
    plain = replace(report, differences=(found,)).to_json()
    assert plain["differences"] == [
        {"where": "round 1", "what": "seed", "expected": "0x0101", "found": str(2**200)}
    ]
    assert json.loads(json.dumps(plain)) == plain


def test_a_round_that_nobody_worked_in_ends_by_time(world):
    world.open_round()
    world.clock.wait_until(world.task.proposal_start())
    world.owner.end_round_by_time()
    report = auditor.audit(world.devnet.w3, world.task.address)
    assert report.agrees and (report.rounds, report.works) == (1, 0)


def test_another_factory_is_a_difference(world):
    other = deploy_factory(world.devnet.w3, Signer(world.devnet.w3, account(0)))
    report = auditor.audit(world.devnet.w3, world.task.address, other.address)
    assert {difference.what for difference in report.differences} == {"made by the factory", "implementation"}


def test_a_clone_says_what_it_runs_and_its_terms(world):
    code = bytes(world.devnet.w3.eth.get_code(world.task.address))
    assert auditor.read_clone(code) == (world.devnet.factory.implementation(), world.task.terms)
    assert auditor.read_clone(code[:45]) == (None, None)
    assert auditor.read_clone(b"\x00" + code[1:]) == (None, None)


def test_code_that_works_like_a_clone_and_is_none_is_a_difference(world):
    code = bytes(world.devnet.w3.eth.get_code(world.task.address))
    alike = code[:1] + b"\x5f" + code[2:]  # another way to push zero
    world.devnet.rpc("anvil_setCode", world.task.address, f"0x{alike.hex()}")
    report = auditor.audit(world.devnet.w3, world.task.address)
    assert [difference.where for difference in report.differences] == [
        "code"
    ] and report.implementation is None


def test_a_clone_of_code_that_lies_about_the_terms_is_a_difference(world):
    code = bytes(world.devnet.w3.eth.get_code(world.task.address))
    lie = encode([auditor._TERMS_TYPE], [replace(world.task.terms, budget=1, mining_budget=0).to_chain()])
    # Returns what stands behind it, whatever it is asked.
    liar = bytes.fromhex(f"61{len(lie):04x}80600a5f395ff3") + lie
    world.devnet.rpc("anvil_setCode", "0x" + "99" * 20, f"0x{liar.hex()}")
    clone = code[:10] + b"\x99" * 20 + code[30:]
    world.devnet.rpc("anvil_setCode", world.task.address, f"0x{clone.hex()}")
    task = TaskContract(world.devnet.w3, world.task.address)
    _, differences = auditor._check_code(world.devnet.w3, task, None)
    assert [(difference.what, difference.found.budget) for difference in differences] == [("terms", 1)]


def test_an_unknown_task(devnet):
    for address in ("0x" + "12" * 20, devnet.factory.address):
        with pytest.raises(UnknownContract):
            auditor.audit(devnet.w3, address)
