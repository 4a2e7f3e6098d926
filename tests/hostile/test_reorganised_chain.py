"""Blocks that were read are replaced by others: readers notice, say so, and never mix two chains."""

import pytest
from hexbytes import HexBytes

from bcfl_offchain.agents import auditor
from bcfl_offchain.agents.judgement import drawn_clients
from bcfl_offchain.chain import ChainReorganised, NodeRefused, PinnedBlock, Signer, TaskReader, connect
from bcfl_offchain.chain.clock import ChainStalled, RealClock
from bcfl_offchain.cli import main
from tests.agents.world import make_world
from tests.chain.devnet import account
from tests.hostile.proxy import lying_node


@pytest.fixture
def world(devnet, tmp_path):
    world = make_world(devnet, tmp_path)
    world.join_all()
    return world


@pytest.fixture
def node(world):
    with lying_node(world.devnet.url) as running:
        yield running


def reorganise(devnet, depth):
    """Replace the last blocks by as many empty ones, as a node does that changes to a longer chain."""
    devnet.rpc("anvil_reorg", depth, [])


def replace_last_blocks_at(node, world, method, depth, times=1):
    """Replace blocks just before the node answers a method, `times` times."""
    left = [times]

    def raw(handler, asked):
        if asked == method and left[0]:
            left[0] -= 1
            reorganise(world.devnet, depth)
        return False

    node.raw = raw


def test_a_pinned_block_that_is_replaced_is_told(devnet, world):
    pin = PinnedBlock(devnet.w3)
    pin.verify()
    reorganise(devnet, 1)
    before = f"block {pin.number} was 0x{pin.hash.hex()} and is 0x"
    with pytest.raises(ChainReorganised, match=before) as told:
        pin.verify()
    assert told.value.block == pin.number


def test_a_pinned_block_that_is_gone_is_told(devnet, world):
    snapshot = devnet.rpc("evm_snapshot")
    devnet.rpc("evm_mine")
    pin = PinnedBlock(devnet.w3)
    assert devnet.rpc("evm_revert", snapshot)
    with pytest.raises(NodeRefused, match=f"has no block {hex(pin.number)}"):
        pin.verify()


@pytest.mark.parametrize("during", ["eth_getLogs", "eth_call", "eth_getBalance"])
def test_an_audit_during_which_blocks_are_replaced_is_no_audit(node, world, capsys, during):
    world.run_round()
    replace_last_blocks_at(node, world, during, 3)
    code = main(["audit", "--rpc", node.url, world.task.address, "--json"])
    out, err = capsys.readouterr()
    assert code == 2 and out == "" and err.count("\n") == 1
    # Either the block is another one now, or what was read of both does not fit.
    assert "reorganised" in err or "logs are missing or wrong" in err or "cannot be right" in err


def test_an_audit_of_a_chain_that_only_grows_is_one_of_its_block(node, world):
    node.raw = lambda handler, method: method == "eth_call" and world.devnet.rpc("evm_mine") and False
    report = auditor.audit(connect(node.url), world.task.address)
    assert report.agrees and report.block < world.devnet.w3.eth.block_number


def test_a_reader_begins_anew_counts_it_and_names_the_block(devnet, world, caplog):
    reader = TaskReader(devnet.w3, world.task.address)
    assert len(reader.history().members) == 4 and reader.reorganisations == 0
    last = reader.read_to
    reorganise(devnet, 2)
    assert len(reader.history().members) < 4 and reader.reorganisations == 1
    (warning,) = caplog.messages
    assert f"block {last} was 0x" in warning and f"read again from block {reader.first_block}" in warning
    assert reader.history().ledger() == world.task.ledger() and reader.reorganisations == 1


def test_blocks_replaced_while_a_reader_reads_are_told_and_the_next_reading_is_whole(node, world):
    reader = TaskReader(connect(node.url), world.task.address)
    replace_last_blocks_at(node, world, "eth_getLogs", 2)
    with pytest.raises(ChainReorganised):
        reader.history()
    assert reader.history().ledger() == world.task.ledger()


def test_a_chain_that_is_shorter_for_a_moment_is_read_anew(devnet, world):
    reader = TaskReader(devnet.w3, world.task.address)
    snapshot = devnet.rpc("evm_snapshot")
    world.alice.leave()
    assert len(reader.history().members) == 3
    assert devnet.rpc("evm_revert", snapshot)
    assert len(reader.history().members) == 4 and reader.reorganisations == 1
    world.bob.leave()
    assert reader.history().members == {client.address for client in world.clients} - {world.bob.address}


def test_an_opening_that_is_undone_leaves_no_client_working_for_it(devnet, world):
    # Opened again, the round has another seed: work for the first is refused and costs no gas.
    world.open_round()
    seed = world.round.opened.seed
    work = world.alice.work()
    reorganise(devnet, 1)
    assert world.place.reader.history().open_round is None and world.place.reader.reorganisations == 1
    world.open_round()
    assert world.round.opened.seed != seed
    sent = len(world.records)
    with pytest.raises(Exception) as refused:
        world.alice.submit(work)
    assert refused.value.error_name == "Puzzle_NotSolved" and len(world.records) == sent
    world.alice.submit(world.alice.work())


def test_a_clock_that_goes_to_and_fro_is_a_chain_that_stands_still(node):
    w3, times = connect(node.url), iter([10, 5] * 10_000)
    node.result("eth_getBlockByNumber", lambda block: {**block, "timestamp": hex(next(times))})
    with pytest.raises(ChainStalled):
        RealClock(w3, poll_seconds=0.001, patience=0.2).wait_until(100)


def test_a_transaction_of_a_replaced_block_is_not_there(devnet):
    signer = Signer(devnet.w3, account(1))

    class Pay:
        def build_transaction(self, transaction=None):
            return {**(transaction or {}), "to": account(2).address, "data": "0x"}

    record = signer.send(Pay(), "pay", 1)
    assert devnet.w3.eth.get_transaction_receipt(HexBytes(record.hash))["status"] == 1
    pin = PinnedBlock(devnet.w3, record.block)
    reorganise(devnet, 1)
    with pytest.raises(ChainReorganised):
        pin.verify()


def test_blocks_replaced_between_the_old_pin_and_the_new_one_are_told(devnet, world, node):
    reader = TaskReader(connect(node.url), world.task.address, first_block=0)
    reader.history()
    devnet.rpc("evm_mine")
    done = []

    def lie(method, params, answer):  # right after the old pin was found in its place
        if method == "eth_getBlockByNumber" and not done:
            done.append(True)
            reorganise(devnet, 3)
            devnet.rpc("evm_mine")
            devnet.rpc("evm_mine")
        return answer

    node.lie = lie
    with pytest.raises(ChainReorganised):
        reader.history()
    truth = TaskReader(devnet.w3, world.task.address, first_block=0).history()
    assert reader.history().members == truth.members and len(truth.members) < 4
    assert reader.reorganisations == 1


def test_a_verdict_drawn_from_a_block_that_is_replaced_is_not_signed(devnet, tmp_path):
    world = make_world(devnet, tmp_path, audit_probability=5 * 10**17)
    for client in world.clients:  # nobody shows evidence: who is drawn loses its bond
        client.publish = lambda client=client: world.place.store.put(client._works[1].update)
    world.join_all()
    world.open_round()
    world.submit_all()
    first = set(drawn_clients(world.place, world.round))
    for client in world.clients:
        assert set(client.verdict().result.forfeited) == first
    for _ in range(60):  # until others are drawn
        reorganise(devnet, 1)
        world.clock.wait_until(world.task.proposal_start())
        drawn = set(drawn_clients(world.place, world.round))
        if drawn != first:
            break
    assert drawn != first
    world.end_by_quorum()
    assert set(world.round.forfeits) == drawn
