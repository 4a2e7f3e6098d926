"""A task whose clients only sign: they hold no coin, and a relayer can change nothing."""

from dataclasses import replace

import pytest

from bcfl_offchain.agents import NoOpenRound, audit
from bcfl_offchain.agents.relayer import MixedMessages, RelayedClient, Relayer
from bcfl_offchain.chain import Phase, Signer, UnknownContract, connect
from bcfl_offchain.chain.messages import SignedMessage, sign
from tests.agents.world import NAMES, make_world
from tests.chain.devnet import Devnet, account, anvil, build_contracts, deploy_factory

DAY = 24 * 3600


@pytest.fixture
def world(devnet, tmp_path):
    return make_world(devnet, tmp_path, client_types=dict.fromkeys(NAMES, RelayedClient))


@pytest.fixture
def relayer(world, devnet):
    return Relayer(Signer(devnet.w3, account(8)), world.task, devnet.factory)


def join_all(world, relayer):
    return relayer.send([client.sign_join(DAY) for client in world.clients])


def signed_works(world):
    prepared = [client.work() for client in world.clients]
    signed = [client.sign_work(work, DAY) for client, work in zip(world.clients, prepared)]
    world.clock.wait_until(max(work.due for work in prepared))
    return signed


def test_a_whole_relayed_task_is_paid_to_the_wei_and_the_audit_agrees(world, relayer, devnet):
    before = {client.address: devnet.w3.eth.get_balance(client.address) for client in world.clients}
    joined = join_all(world, relayer)
    assert joined.refused == () and joined.sizes == (4,)
    world.open_round()
    worked = relayer.send(signed_works(world))
    assert worked.refused == () and len(world.round.works) == 4
    world.clock.wait_until(world.task.proposal_start())
    for client in world.clients:
        client.publish()
    world.end_by_quorum()
    claimed = relayer.send([client.sign_claim(client.address, DAY) for client in world.clients])
    assert claimed.refused == ()
    generator = world.round.ranking(world.task.terms, world.task.address)[0]
    for client in world.clients:
        gained = devnet.w3.eth.get_balance(client.address) - before[client.address]
        spent = sum(record.fee for record in world.records if record.sender == client.address)
        assert gained == world.round.pay(client.address) - spent
        assert (spent > 0) == (client.address == generator)  # nobody else has sent anything
    report = audit(devnet.w3, world.task.address, devnet.factory.address)
    assert report.agrees, report.differences
    assert (report.works, report.claims) == (4, 4)


def test_one_bad_work_is_told_and_the_others_are_paid(world, relayer):
    join_all(world, relayer)
    world.open_round()
    good = signed_works(world)
    changed = replace(good[1].message, work=replace(good[1].message.work, update_hash=b"\x01" * 32))
    worked = relayer.send([good[0], SignedMessage(changed, good[1].signature), *good[2:]])
    (refused,) = worked.refused
    assert refused.error.error_name == "Task_WrongSignature" and refused.signed.message == changed
    assert set(world.round.works) == {client.address for client in world.clients} - {world.bob.address}


def test_the_direct_path_stays_open_and_a_message_works_once(world, relayer):
    join_all(world, relayer)
    world.open_round()
    prepared = world.alice.work()
    signed = world.alice.sign_work(prepared, DAY)
    world.alice.submit(prepared)
    (refused,) = relayer.send([signed]).refused
    assert refused.error.error_name == "Task_AlreadySubmitted"
    assert world.round.works[world.alice.address].update_hash == prepared.work.update_hash


def test_a_changed_report_replaces_the_old_one(world, relayer):
    join_all(world, relayer)
    world.alice.max_frequency += 1
    assert relayer.send([world.alice.sign_report(DAY)]).refused == ()
    state = world.task.client_state(world.alice.address)
    assert state.report == world.alice.report() and state.nonce == 2


def test_a_revocation_voids_what_was_signed(world, relayer):
    signed = world.alice.sign_join(DAY)
    world.task.revoke_signatures(world.alice.signer)
    (refused,) = relayer.send([signed]).refused
    assert refused.error.error_name == "Task_WrongSignature"
    assert relayer.send([world.alice.sign_join(DAY)]).refused == ()


def test_the_bond_is_the_relayers_to_bring_and_the_clients_to_own(world, relayer, devnet):
    assert world.task.bond_value == world.task.terms.bond > 0
    before = devnet.w3.eth.get_balance(relayer.signer.address)
    (record,) = join_all(world, relayer).records
    spent = before - devnet.w3.eth.get_balance(relayer.signer.address)
    assert spent == record.fee + 4 * world.task.terms.bond
    assert world.alice.leave().label == "leave" and world.task.ledger().returned == world.task.terms.bond


def test_messages_of_two_kinds_or_twice_of_one_client_are_no_batch(world, relayer):
    join, claim = world.alice.sign_join(DAY), world.bob.sign_claim(world.bob.address, DAY)
    for messages in ([join, claim], [join, join]):
        with pytest.raises(MixedMessages):
            relayer.send(messages)
    assert relayer.send([]).records == ()


def test_no_work_is_signed_for_a_round_that_is_not_open(world, relayer):
    join_all(world, relayer)
    world.open_round()
    work = world.alice.work()
    with pytest.raises(NoOpenRound):
        world.alice.sign_work(replace(work, round=2), DAY)
    world.clock.wait_until(world.task.proposal_start(3))
    assert world.task.phase() == Phase.EXPIRED
    world.owner.end_round_by_time()
    with pytest.raises(NoOpenRound):
        world.alice.sign_work(work, DAY)


def test_a_task_of_another_factory_is_not_joined(world, devnet):
    stranger = deploy_factory(devnet.w3, world.owner.signer)
    world.alice.place = replace(world.place, factory=stranger)
    with pytest.raises(UnknownContract, match="do not join"):
        world.alice.sign_join(DAY)


def test_nobody_signs_in_anothers_name(world):
    message = world.bob.sign_join(DAY).message
    with pytest.raises(ValueError, match="sign one's own"):
        sign(world.alice.signer.account, world.alice._domain(), message)


# ------------------------------------------------------------------------------------- receivers that burn gas

# Takes the money for 16.4 million gas: alone it fits into a transaction, in a batch it does not.
GLUTTON = "0x60188060093d393df3" + "5a63" + f"{16_400_000:08x}" + "818111601657900" + "35b805a11600e57005bfe"


def relayed_by(world, devnet):
    return Relayer(Signer(devnet.w3, account(8)), world.task, devnet.factory)


def claims_to(world, recipients):
    return [
        client.sign_claim(recipients.get(client.address, client.address), DAY) for client in world.clients
    ]


def test_a_claim_that_fits_into_no_batch_stops_no_other(tmp_path):
    build_contracts()
    with anvil("--enable-tx-gas-limit") as url:
        w3 = connect(url)
        public = Devnet(w3, url, deploy_factory(w3, Signer(w3, account(0))))
        world = make_world(public, tmp_path, client_types=dict.fromkeys(NAMES, RelayedClient))
        world.join_all()
        world.run_round()
        made = w3.eth.send_transaction({"from": account(0).address, "data": GLUTTON, "gas": 10**6})
        glutton = w3.eth.wait_for_transaction_receipt(made)["contractAddress"]
        claims = claims_to(world, {world.alice.address: glutton})
        relayed = relayed_by(world, public).send(claims)
        (refused,) = relayed.refused
        assert refused.signed is claims[0] and "more than one transaction holds" in str(refused.error)
        owed = [world.task.client_state(client.address).claimable for client in world.clients]
        assert owed[0] > 0 and owed[1:] == [0, 0, 0]


@pytest.mark.parametrize("burners", [(3,), (0,), (0, 1, 2), (1, 2, 3), (0, 1, 2, 3)])
def test_receivers_that_burn_gas_in_a_batch_alone_stop_no_other(make, devnet, burners):
    world = make(client_types=dict.fromkeys(NAMES, RelayedClient))
    world.run_round()
    # Reads the relay's balance, which is dear unless its address is in use already: cheap means a batch, and all burns.
    code = "5a73" + devnet.factory.relay()[2:] + "31505a90036107d011602357005bfe"
    burner = "0x" + "be" * 20
    devnet.rpc("anvil_setCode", burner, "0x" + code)
    devnet.rpc("anvil_setBalance", burner, hex(1))
    clients = [world.clients[place] for place in burners]
    claims = claims_to(world, {client.address: burner for client in clients})
    relayed = relayed_by(world, devnet).send(claims)
    assert relayed.sizes == (4,)  # none was found before
    assert [one.signed for one in relayed.refused] == [claims[place] for place in burners]
    for client in world.clients:
        assert (world.task.client_state(client.address).claimable > 0) == (client in clients)
