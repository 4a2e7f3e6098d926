"""Works of accounts in batches: bad ones are found before, or skipped on the way, and none stops another."""

import json
from dataclasses import replace

import pytest
from eth_account.messages import encode_typed_data

from bcfl_offchain.agents.relayer import RelayedClient, Relayer
from bcfl_offchain.chain import Signer, TransactionRefused
from bcfl_offchain.chain import works as wk
from bcfl_offchain.chain.messages import SignedMessage, typed_data
from bcfl_offchain.chain.relay import ENVELOPE_BYTES
from bcfl_offchain.chain.works import send_works
from tests.agents.world import NAMES, make_world
from tests.chain.devnet import PROJECT, account

DAY = 24 * 3600
HONEST, REFUSES = range(2)  # of contracts/mocks/SignatureWallet.sol


class WalletClient(RelayedClient):
    """A client that is an ERC-1271 contract of its signer's key."""

    wallet = None

    @property
    def address(self):
        return self.wallet.address

    def _signed(self, message):
        return SignedMessage(message, full_signature(self, message))


class OvertakenSigner(Signer):
    """Something happens between its estimate of a transaction and its sending."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.meanwhile = None

    def _fields(self, *arguments):
        fields = super()._fields(*arguments)
        if self.meanwhile is not None:
            happen, self.meanwhile = self.meanwhile, None
            happen()
        return fields


def full_signature(client, message):
    """65 bytes, as wallets give them."""
    signable = encode_typed_data(full_message=typed_data(client._domain(), message))
    return bytes(client.signer.account.sign_message(signable).signature)


@pytest.fixture
def make_relayed(devnet, tmp_path):
    """A world that everybody has joined by relay, with a round open; its relayer; everybody's work."""

    def make(**client_types):
        types = {**dict.fromkeys(NAMES, RelayedClient), **client_types}
        world = make_world(devnet, tmp_path, client_types=types)
        for client in world.clients:
            if isinstance(client, WalletClient):
                client.wallet = deploy_wallet(devnet, client.signer.address)
                costs = world.place.agreement.cycles_per_sample
                costs[client.address] = costs[client.signer.address]
        relayer = Relayer(OvertakenSigner(devnet.w3, account(8)), world.task, devnet.factory)
        assert relayer.send([client.sign_join(DAY) for client in world.clients]).refused == ()
        world.open_round()
        return world, relayer, [client.work() for client in world.clients]

    return make


@pytest.fixture
def relayed(make_relayed):
    return make_relayed()


def deploy_wallet(devnet, key_holder):
    artifact = json.loads((PROJECT / "out/forge/SignatureWallet.sol/SignatureWallet.json").read_text("utf-8"))
    made = devnet.w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]["object"])
    deployed = Signer(devnet.w3, account(7)).send(made.constructor(key_holder), "deploy a wallet")
    return devnet.w3.eth.contract(deployed.contract, abi=artifact["abi"])


def sign_all(world, prepared, wait=True):
    signed = [client.sign_work(work, DAY) for client, work in zip(world.clients, prepared)]
    if wait:
        world.clock.wait_until(max(work.due for work in prepared))
    return signed


def workers(world):
    return set(world.round.works)


def addresses(*clients):
    return {client.address for client in clients}


def test_works_of_accounts_are_one_transaction_to_the_task(relayed, devnet):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    signed[1] = replace(signed[1], signature=full_signature(world.bob, signed[1].message))
    told = []
    worked = relayer.send(signed, told.append)
    (record,) = worked.records
    assert worked.sizes == (4,) and worked.refused == () and told == [4]
    assert devnet.w3.eth.get_transaction(record.hash)["to"] == world.task.address
    assert workers(world) == addresses(*world.clients)
    assert all(world.task.client_state(client.address).nonce == 2 for client in world.clients)


def with_work(world, signed, **changes):
    """Bob's message with other work, signed by bob."""
    message = signed.message
    message = replace(message, work=replace(message.work, **changes))
    return SignedMessage(message, full_signature(world.bob, message))


def let_expire(world, signed):
    return world.bob._signed(replace(signed.message, deadline=world.clock.now()))


def revoke(world, signed):
    world.task.revoke_signatures(world.bob.signer)
    return signed


def sign_for_another(world, signed):
    return SignedMessage(signed.message, world.alice.sign_claim(world.alice.address, DAY).signature)


def submit_alone(world, signed):
    world.task.submit_work(world.bob.signer, signed.message.work)
    return signed


def solve_nothing(world, signed):
    return with_work(world, signed, nonces=(0, 0))


def run_too_slowly(world, signed):
    return with_work(world, signed, mining_frequency=signed.message.work.mining_frequency // 2)


@pytest.mark.parametrize(
    "spoil, error_name",
    [
        (let_expire, "Task_SignatureExpired"),
        (revoke, "Task_WrongSignature"),
        (sign_for_another, "Task_WrongSignature"),
        (submit_alone, "Task_AlreadySubmitted"),
        (solve_nothing, "Puzzle_NotSolved"),
        (run_too_slowly, "Task_DeadlineExceeded"),
    ],
)
def test_one_bad_work_is_found_before_and_not_paid_for(relayed, spoil, error_name):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    signed[1] = spoil(world, signed[1])
    world.clock.wait_until(world.clock.now() + 1)
    worked = relayer.send(signed)
    assert worked.sizes == (3,)
    (refused,) = worked.refused
    assert refused.signed is signed[1] and refused.error.error_name == error_name
    assert workers(world) >= addresses(world.alice, world.carol, world.dave)
    assert (world.bob.address in workers(world)) == (spoil is submit_alone)


@pytest.mark.parametrize(
    "spoil, error_name",
    [
        (let_expire, "Task_SignatureExpired"),
        (revoke, "Task_WrongSignature"),
        (submit_alone, "Task_AlreadySubmitted"),
    ],
)
def test_one_that_turns_bad_on_the_way_is_skipped_and_told(relayed, spoil, error_name):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    if spoil is let_expire:
        last = world.clock.now() + 60
        signed[1] = world.bob._signed(replace(signed[1].message, deadline=last))
        relayer.signer.meanwhile = lambda: world.clock.wait_until(last + 1)
    else:
        relayer.signer.meanwhile = lambda: spoil(world, signed[1])
    worked = relayer.send(signed)
    assert len(worked.records) == 1 and worked.sizes == (4,)
    (refused,) = worked.refused
    assert refused.signed is signed[1] and refused.error.error_name == error_name
    assert refused.error.error_args  # of the log's own bytes
    assert workers(world) >= addresses(world.alice, world.carol, world.dave)


def test_a_batch_has_enough_gas_after_others_have_worked(relayed):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    relayer.signer.meanwhile = lambda: submit_alone(world, signed[1])
    assert relayer.send([signed[0], *signed[2:]]).refused == ()
    assert workers(world) == addresses(*world.clients)


def test_works_before_their_time_are_all_refused_and_good_later(relayed):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared, wait=False)
    worked = relayer.send(signed)
    assert worked.records == worked.sizes == ()
    assert [one.signed for one in worked.refused] == signed
    assert {one.error.error_name for one in worked.refused} == {"Task_TimeNotPassed"}
    world.clock.wait_until(max(work.due for work in prepared))
    assert relayer.send(signed).refused == ()


def test_all_are_refused_when_the_window_has_closed(relayed):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    world.clock.wait_until(world.task.proposal_start())
    worked = relayer.send(signed)
    assert worked.records == () and [one.signed for one in worked.refused] == signed
    assert {one.error.error_name for one in worked.refused} == {"Task_WrongPhase"}


def test_all_are_refused_when_the_window_closes_on_the_way(relayed):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    relayer.signer.meanwhile = lambda: world.clock.wait_until(world.task.proposal_start())
    told = []
    worked = relayer.send(signed, told.append)
    assert worked.records == () and [one.signed for one in worked.refused] == signed and told == [4]
    assert {one.error.error_name for one in worked.refused} == {"Task_WrongPhase"}
    assert relayer.signer.records[-1].label == "batch: submit work"  # which was paid for
    assert workers(world) == set()


@pytest.mark.parametrize("manner", [HONEST, REFUSES])
def test_a_wallets_work_goes_through_the_relay(make_relayed, manner):
    world, relayer, prepared = make_relayed(bob=WalletClient)
    signed = sign_all(world, prepared)
    signed[2] = replace(signed[2], message=replace(signed[2].message, deadline=2**40))
    if manner == REFUSES:
        relayer.signer.send(world.bob.wallet.functions.setManner(manner), "change the wallet's manner")
    told = []
    worked = relayer.send(signed, told.append)
    labels = [record.label for record in worked.records]
    bad = [signed[2]]
    if manner == HONEST:
        assert labels == ["batch: submit work", "relay: submit work"] and worked.sizes == (2, 1)
        assert told == [2, 4]
    else:
        assert labels == ["batch: submit work"] and worked.sizes == (2,)
        bad.insert(0, signed[1])
    assert [one.signed for one in worked.refused] == bad
    assert {one.error.error_name for one in worked.refused} == {"Task_WrongSignature"}
    absent = addresses(world.carol) | (addresses(world.bob) if manner == REFUSES else set())
    assert workers(world) == addresses(*world.clients) - absent


@pytest.mark.parametrize(
    "limit, amount", [("MAX_TRANSACTION_BYTES", ENVELOPE_BYTES + 3 * 288 - 1), ("MOST_ESTIMATED_GAS", 130_000)]
)
def test_more_works_than_one_transaction_holds(relayed, monkeypatch, limit, amount):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    monkeypatch.setattr(wk, limit, amount)
    told = []
    worked = relayer.send(signed, told.append)
    assert worked.refused == () and len(worked.records) > 1 and sum(worked.sizes) == 4
    if limit == "MAX_TRANSACTION_BYTES":
        assert worked.sizes == (2, 2)
    else:
        assert all(record.gas <= amount for record in worked.records)
    assert told[-1] == 4 and len(told) == len(worked.records)
    assert workers(world) == addresses(*world.clients)


def test_bad_works_keep_their_places_over_several_transactions(relayed, monkeypatch):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    monkeypatch.setattr(wk, "MAX_TRANSACTION_BYTES", ENVELOPE_BYTES + 2 * 288)
    signed[3] = world.dave._signed(replace(signed[3].message, deadline=0))
    relayer.signer.meanwhile = lambda: revoke(world, signed[1])
    delivery = send_works(relayer.signer, world.task, signed)
    assert delivery.sizes == (2, 1)
    assert [one.index for one in delivery.refusals] == [1, 3]
    assert [one.record for one in delivery.refusals] == [delivery.records[0], None]
    assert all(isinstance(one.error, TransactionRefused) for one in delivery.refusals)
    assert workers(world) == addresses(world.alice, world.carol)


def test_the_size_that_is_counted_is_the_transactions(relayed):
    world, relayer, prepared = relayed
    signed = sign_all(world, prepared)
    data = wk._data(world.task, list(enumerate(signed)))
    assert len(bytes.fromhex(data[2:])) == 4 + 64 + 4 * wk._WORK_BYTES


def test_no_works_no_transaction(relayed):
    world, relayer, _ = relayed
    assert send_works(relayer.signer, world.task, []) == wk.Delivery((), (), ())
