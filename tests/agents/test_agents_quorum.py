"""Those who cheat, fail or stay silent, and what it costs whom."""

from dataclasses import replace

import pytest
from eth_utils import keccak
from hexbytes import HexBytes

from bcfl_offchain.agents import Client, ProposalRefused, QuorumMissing, WorkWindowOpen, audit
from bcfl_offchain.agents.judgement import audit_seed, drawn_clients, is_drawn
from bcfl_offchain.chain import TransactionRefused, Vote, solve
from bcfl_offchain.chain.task import LEAST_ACCESS_LISTED, listing_slot
from bcfl_offchain.learning import Dataset, file_hash

CERTAIN = 10**18


class Liar(Client):
    """Reports two units more than its data give."""

    def report(self):
        true = super().report()
        return replace(true, training_units=true.training_units + 2)


class Padder(Client):
    """Shows an audit the rows that its report needs, copied from its own."""

    def report(self):
        true = super().report()
        return replace(true, training_units=true.training_units + 2)

    def publish(self):
        rows = list(range(len(self.data))) + [0]
        self.data = self.data.take(rows)
        super().publish()


class Secretive(Client):
    """Publishes its update and no evidence."""

    def publish(self):
        self.place.store.put(self._works[self.place.task.round_state().number].update)


class JunkGenerator(Client):
    """Proposes a hash of nothing."""

    def propose(self):
        return self.place.task.propose_model(self.signer, b"\x99" * 32)


class Vanishing(Client):
    """Works and never publishes."""

    def publish(self):
        pass


def claimable(world, client):
    return world.task.client_state(client.address).claimable


def submit_copy(world, copier, author):
    """The copier submits the author's hash as its own, with a puzzle that it has solved itself."""
    copied = world.round.works[author.address].update_hash
    work = copier.work().work
    solution = solve(
        world.task.address, world.round.opened.seed, copier.address, copied, world.task.expected_hashes
    )
    world.task.submit_work(copier.signer, replace(work, update_hash=copied, nonces=solution.nonces))


def test_a_copied_update_earns_nothing(world):
    world.open_round()
    works = [(client, client.work()) for client in (world.alice, world.bob, world.carol)]
    for client, work in works:
        client.submit(work)
    submit_copy(world, world.dave, world.alice)
    world.clock.wait_until(world.task.proposal_start())
    for client, _ in works:
        client.publish()
    world.end_by_quorum()
    assert list(world.round.rejections) == [world.dave.address]
    assert claimable(world, world.dave) == 0
    assert claimable(world, world.alice) == world.round.works[world.alice.address].pay > 0
    assert "wrong name" in world.alice._verdicts[1][1].reasons[world.dave.address]
    assert audit(world.devnet.w3, world.task.address).agrees


@pytest.mark.parametrize(
    "kind, reason",
    [(Liar, "wrong workload"), (Padder, "duplicate rows"), (Secretive, "it has announced none")],
)
def test_a_liar_about_its_workload_is_forfeited_after_an_audit(make, kind, reason):
    world = make(client_types={"carol": kind}, audit_probability=CERTAIN)
    world.run_round()
    bond = world.task.terms.bond
    assert list(world.round.forfeits) == [world.carol.address] and not world.round.rejections
    assert reason in world.alice._verdicts[1][1].reasons[world.carol.address]
    assert claimable(world, world.carol) == 0 < claimable(world, world.alice)
    assert world.task.ledger().burnt == bond
    with pytest.raises(TransactionRefused, match="Task_NotMember"):
        world.carol.leave()
    report = audit(world.devnet.w3, world.task.address)
    assert report.agrees and report.ledger.burnt == bond


def test_an_audited_client_whom_the_agreement_does_not_know_is_forfeited(make):
    world = make(audit_probability=CERTAIN)
    world.open_round()
    world.submit_all()
    known = world.place.agreement
    costs = {client: cost for client, cost in known.cycles_per_sample.items() if client != world.dave.address}
    for client in world.clients:
        client.place = replace(world.place, agreement=replace(known, cycles_per_sample=costs))
    world.end_by_quorum()
    assert list(world.round.forfeits) == [world.dave.address]


def test_an_audited_client_that_shows_no_update_is_forfeited(make):
    world = make(client_types={"carol": Vanishing}, audit_probability=CERTAIN)
    world.run_round()
    assert list(world.round.forfeits) == [world.carol.address] and not world.round.rejections


def test_evidence_that_the_store_has_lost_does_not_count(make):
    world = make(audit_probability=CERTAIN)
    world.open_round()
    world.submit_all()
    round_ = world.round
    evidence = world.place.board.evidence(world.place.round_id(round_), world.bob.address)
    world.place.store.path(evidence).unlink()
    assert world.alice.verdict().result.forfeited == (world.bob.address,)


def test_a_notice_in_another_name_does_not_count(make):
    world = make(audit_probability=CERTAIN)
    world.open_round()
    world.submit_all()
    round_id, board = world.place.round_id(world.round), world.place.board
    path = board._path("evidence", round_id, world.bob.address)
    board._path("evidence", round_id, world.alice.address).replace(path)
    assert board.evidence(round_id, world.bob.address) is None
    path.write_bytes(b"\xff" * 97)
    assert board.evidence(round_id, world.bob.address) is None
    path.write_bytes(b"short")
    assert board.evidence(round_id, world.bob.address) is None


def test_an_update_that_was_not_published_is_rejected(make):
    world = make(client_types={"bob": Vanishing})
    world.run_round()
    assert list(world.round.rejections) == [world.bob.address]
    assert claimable(world, world.bob) == 0


def test_if_no_update_counts_the_model_of_the_round_before_stands(make):
    world = make(client_types=dict.fromkeys(("alice", "bob", "carol", "dave"), Vanishing))
    world.run_round()
    assert len(world.round.rejections) == 4
    start = world.place.agreement.start
    model = world.place.model_before(world.place.reader.history(), 2)
    assert all((model[key] == start[key]).all() for key in start)


def test_a_generator_that_posts_junk_is_replaced_by_the_runner_up(make):
    world = make(client_types=dict.fromkeys(("alice", "bob", "carol", "dave"), JunkGenerator))
    world.open_round()
    world.submit_all()
    junk = world.generator()
    junk.propose()
    for client in world.clients:
        with pytest.raises(ProposalRefused, match="another model") as refused:
            client.vote()
        assert refused.value.found == b"\x99" * 32
    with pytest.raises(QuorumMissing, match="0 votes of 4"):
        junk.end_round()
    world.clock.wait_until(world.task.proposal_start(1))
    runner_up = world.generator()
    assert runner_up is not junk
    Client.propose(runner_up)
    for client in world.clients:
        client.vote()
    runner_up.end_round()
    assert any(world.task.global_model())
    assert all(claimable(world, client) > 0 for client in world.clients)
    assert audit(world.devnet.w3, world.task.address).agrees


def test_after_both_windows_any_worker_may_end_the_round(world):
    world.open_round()
    world.submit_all(world.dave)
    world.clock.wait_until(world.task.proposal_start(2))
    assert not world.dave.may_propose()
    ranking = world.round.ranking(world.task.terms, world.task.address)
    third = next(client for client in world.clients if client.address == ranking[2])
    assert third.may_propose()
    third.propose()
    for client in world.clients[:3]:
        client.vote()
    third.end_round()
    assert world.round.ended.votes == 3
    assert audit(world.devnet.w3, world.task.address).agrees


def test_without_a_quorum_the_round_ends_by_time_and_every_valid_work_is_paid(world):
    world.open_round()
    world.submit_all()
    world.generator().propose()
    with pytest.raises(QuorumMissing, match="1 vote of 4"):
        world.generator().end_round()
    world.clock.wait_until(world.task.proposal_start(3))
    assert not any(client.may_propose() for client in world.clients)
    world.owner.end_round_by_time()
    assert all(claimable(world, client) > 0 for client in world.clients)
    assert not any(world.task.global_model())
    assert audit(world.devnet.w3, world.task.address).agrees


def test_votes_that_would_not_count_are_left_out(world):
    world.open_round()
    world.submit_all()
    generator = world.generator()
    generator.propose()
    round_id = world.place.round_id(world.round)
    others = [client for client in world.clients if client is not generator]
    for client in others:
        client.vote()
    world.place.board.put_vote(round_id, Vote(others[0].address, b"\x01" * 65))
    world.task.revoke_signatures(others[1].signer)
    with pytest.raises(QuorumMissing, match="2 votes of 4"):
        generator.end_round()
    others[1].vote()
    generator.end_round()
    assert world.round.ended.votes == 3


def test_nobody_signs_what_nobody_proposed(world):
    world.open_round()
    world.submit_all()
    with pytest.raises(ProposalRefused, match="no model is proposed"):
        world.alice.vote()


def test_a_silent_owner_keeps_nobodys_bond_and_no_earned_pay(world):
    world.run_round()
    # The owner lets its window pass: reports are open again.
    world.clock.wait_until(world.task.next_list_window(world.clock.now()) + world.task.terms.list_window)
    for client in world.clients:
        assert client.claim() is not None
        client.leave()
    ledger = world.task.ledger()
    assert (ledger.bonds, ledger.claimable, ledger.committed) == (0, 0, 0)


def test_the_draw_is_known_only_after_the_work_window(make):
    world = make(audit_probability=CERTAIN)
    world.open_round()
    for client in world.clients:
        client.submit(client.work())
    work_end = world.task.proposal_start() - 1
    world.clock.wait_until(work_end)
    with pytest.raises(WorkWindowOpen, match=f"until {work_end}"):
        drawn_clients(world.place, world.round)
    world.clock.wait_until(work_end + 1)
    assert drawn_clients(world.place, world.round) == list(world.round.works)
    seed = audit_seed(world.task.w3, world.round, work_end)
    block = world.task.w3.eth.get_block("latest")
    assert seed == keccak(world.round.opened.seed + bytes(block["hash"]))
    world.clock.wait_until(work_end + 100)
    assert audit_seed(world.task.w3, world.round, work_end) == seed


def test_about_as_many_are_drawn_as_the_probability_says():
    clients = [f"0x{index:040x}" for index in range(4000)]
    drawn = sum(is_drawn(b"\x07" * 32, client, CERTAIN // 5) for client in clients)
    assert 680 < drawn < 920  # four and more standard deviations; the hash has no luck of its own


def test_the_update_on_chain_is_the_published_file(world):
    world.open_round()
    world.submit_all()
    work = world.bob._works[1]
    assert world.round.works[world.bob.address].update_hash == file_hash(work.update)
    assert world.place.store.get(file_hash(work.update), 10**6) == work.update


def test_data_stay_at_home_unless_audited(world):
    world.run_round()
    assert isinstance(world.alice.data, Dataset)
    round_id = world.place.round_id(world.round)
    assert all(world.place.board.evidence(round_id, client.address) is None for client in world.clients)


def test_many_voters_lines_are_named_in_an_access_list(world, monkeypatch):
    # Four stand for the 25 from which the list is worth its price.
    monkeypatch.setattr("bcfl_offchain.chain.task.LEAST_ACCESS_LISTED", 4)
    world.run_round()
    w3, last = world.devnet.w3, world.records[-1]
    mined = w3.eth.get_transaction(last.hash)
    (listed,) = mined["accessList"]
    assert listed["address"] == world.task.address
    keys = [HexBytes(key) for key in listed["storageKeys"]]
    assert sorted(keys) == sorted(HexBytes(listing_slot(client.address)) for client in world.clients)

    # The node finds these slots read by the call, on the state before it.
    call = {"from": mined["from"], "to": mined["to"], "data": mined["input"]}
    block = hex(last.block - 1)
    found = world.devnet.rpc("eth_createAccessList", call, block)["accessList"]
    (slots,) = (entry["storageKeys"] for entry in found if entry["address"] == world.task.address.lower())
    assert set(map(HexBytes, slots)) > set(keys)


def test_few_voters_lines_are_not(world):
    world.run_round()
    assert not world.devnet.w3.eth.get_transaction(world.records[-1].hash)["accessList"]
    assert 100 * LEAST_ACCESS_LISTED > 2400 >= 100 * (LEAST_ACCESS_LISTED - 1)
