"""Price lists: what the owner posts, and what a client refuses to work under."""

from dataclasses import replace

import pytest

from bcfl_offchain.agents import (
    Client,
    ListRefused,
    Owner,
    TooFewHired,
    TooManyMembers,
    UnknownMember,
    audit,
)
from bcfl_offchain.agents.pricing import compute_list
from bcfl_offchain.chain import Policy, TransactionRefused, UnknownContract
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.policies import POLICIES
from tests.agents.world import make_world
from tests.chain.devnet import deploy_factory


class TamperingOwner(Owner):
    """Moves half of the first client's training cap to the last, with prices that the contract accepts."""

    def _entries(self, lines):
        first, *_, last = lines
        moved = lines[first].training_cap // 2
        caps = {first: lines[first].training_cap - moved, last: lines[last].training_cap + moved}
        return [self._with_cap(entry, caps.get(entry.client)) for entry in super()._entries(lines)]

    def _with_cap(self, entry, cap):
        if cap is None:
            return entry
        terms, report = self.task.terms, self.reader.history().reports[entry.client]
        if POLICIES[terms.policy.label].cap_on_sum:
            return replace(entry, training_cap=cap)  # the frequency follows from the workloads alone
        whole = replace(terms.pricing(), budget=cap, mining_budget=0)  # one client alone gets all of it
        alone = fixed_point.price_list([report.pricing(terms.cycle_unit)], replace(whole, policy="complete"))
        assert alone[0].reason == fixed_point.Reason.MINING_ENERGY
        price = fixed_point.isqrt(cap**3 * 10**81 // (report.energy_coefficient * self._cycles(report) ** 3))
        return replace(
            entry,
            training_cap=cap,
            training_frequency=fixed_point.floor_cbrt(price * 10**54 // report.energy_coefficient),
        )

    def _cycles(self, report):
        return report.training_units * self.task.terms.cycle_unit


class SmallChunks(Owner):
    """Posts two entries a transaction."""

    def _chunk_length(self):
        return 2


def posts(world):
    return [record for record in world.records if record.label == "post entries"]


@pytest.fixture(params=["complete", "fair-share", "least-cost"])
def tampered(make, request):
    world = make(owner_type=TamperingOwner, policy=Policy.of(request.param))
    world.open_round()
    return world


def test_a_tampered_list_is_refused_with_the_reason(tampered):
    right = compute_list(tampered.task.terms, tampered.place.reader.history().reports)
    first = next(iter(right))
    for client in tampered.clients:
        with pytest.raises(ListRefused, match="training_cap") as refused:
            client.work()
        assert refused.value.client == first
        assert refused.value.expected == right[first].training_cap
        assert refused.value.found == right[first].training_cap - right[first].training_cap // 2


def test_an_audit_shows_the_tampered_caps(tampered):
    report = audit(tampered.devnet.w3, tampered.task.address)
    assert not report.agrees
    right = compute_list(tampered.task.terms, tampered.place.reader.history().reports)
    first, *_, last = right
    wrong = {(difference.where, difference.what): difference for difference in report.differences}
    assert {where for where, what in wrong if what == "training_cap"} == {
        f"list 1, client {first}",
        f"list 1, client {last}",
    }
    assert wrong[f"list 1, client {first}", "training_cap"].expected == right[first].training_cap


def test_nothing_is_lost_by_refusing_and_the_round_ends_by_time(tampered):
    before = tampered.task.ledger()
    tampered.clock.wait_until(tampered.task.proposal_start())
    tampered.task.end_round_by_time(tampered.stranger())
    after = tampered.task.ledger()
    assert after.claimable == 0 and after.free == before.free + before.committed


def test_an_unchanged_list_is_not_posted_again(world):
    world.run_round()
    world.run_round()
    assert len(posts(world)) == 1
    assert [round_.opened.version for round_ in world.place.reader.history().rounds] == [1, 1]


def test_a_changed_report_needs_a_new_list(world):
    world.run_round()
    world.clock.wait_until(world.task.next_join_window(world.clock.now()))
    world.task.change_report(world.alice.signer, replace(world.alice.report(), max_frequency=19 * 10**18))
    world.open_round()
    assert len(posts(world)) == 2
    assert world.round.opened.version == 2


def test_a_long_list_is_posted_in_chunks(make):
    world = make(owner_type=SmallChunks)
    world.run_round()
    assert len(posts(world)) == 2


def test_a_chunk_never_exceeds_what_a_transaction_may_hold(world):
    world.open_round()
    (post,) = posts(world)
    assert post.gas < 120_000 + 40_000 * len(world.clients)
    assert 120_000 + 40_000 * world.owner._chunk_length() < 2**24


def test_too_few_to_hire(devnet, make):
    world = make(min_hired=4, client_types={"dave": Lazy})
    with pytest.raises(TooFewHired) as refused:
        world.owner.compute_list()
    assert (refused.value.hired, refused.value.min_hired) == (3, 4)
    assert list(refused.value.reasons) == [world.dave.address]


class Lazy(Client):
    """Has but one sample."""

    def report(self):
        return replace(super().report(), training_units=1)


def test_nobody_joined(devnet, tmp_path):
    with pytest.raises(TooFewHired, match="nobody has joined"):
        make_world(devnet, tmp_path).owner.compute_list()


def test_more_members_than_a_list_may_have(make):
    world = make(max_clients=3)
    with pytest.raises(TooManyMembers, match="4 clients for a list of at most 3"):
        world.owner.post_list()
    assert len(world.owner.compute_list([client.address for client in world.clients[:3]])) == 3


def test_a_stranger_cannot_be_listed(world):
    stranger = world.stranger().address
    with pytest.raises(UnknownMember, match=stranger):
        world.owner.post_list([stranger])


def test_a_client_works_only_beside_enough_known_peers(world):
    world.open_round()
    world.alice.known_peers = frozenset([world.bob.address, world.stranger().address])
    world.alice.min_known_peers = 1
    world.alice.check_list()
    world.alice.min_known_peers = 2
    with pytest.raises(ListRefused, match="known peers hired is 1, expected at least 2"):
        world.alice.check_list()


def test_the_owner_opens_only_when_reports_are_frozen(world):
    with pytest.raises(TransactionRefused) as refused:
        world.owner.open_round()
    assert refused.value.error_name == "Task_WrongPhase"
    assert refused.value.error_args["phase"].name == "JOINING"


def test_a_closed_admission_is_the_owners(devnet, tmp_path):
    world = make_world(devnet, tmp_path, is_open_admission=False)
    with pytest.raises(TransactionRefused, match="Task_NotAdmitted"):
        world.alice.join()
    world.owner.admit([world.alice.address])
    world.alice.join()
    assert world.place.reader.history().admitted == {world.alice.address}


def test_a_client_joins_no_task_that_its_factory_did_not_make(devnet, tmp_path):
    world = make_world(devnet, tmp_path)
    stranger = deploy_factory(devnet.w3, world.owner.signer)
    world.alice.place = replace(world.place, factory=stranger)
    with pytest.raises(UnknownContract, match="did not make it; do not join"):
        world.alice.join()
    assert not world.task.client_state(world.alice.address).is_member
