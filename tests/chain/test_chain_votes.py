"""Votes: the digest is the contract's, and what the contract would not count does not count here."""

from eth_account import Account
from eth_account.messages import _hash_eip191_message
from eth_keys.constants import SECPK1_N
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bcfl_offchain.chain import Ballot, RoundResult, Signer, Vote, is_signed_by, sign_vote
from bcfl_offchain.chain import votes as vt
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account

ALICE = account(1)
BALLOT = Ballot(31337, account(5).address, 3, b"\x05" * 32)
RESULT = RoundResult(b"\x01" * 32, (account(2).address,), ())


def test_the_digest_is_the_contracts(devnet):
    owner = Signer(devnet.w3, account(0))
    task = devnet.factory.create_task(owner, demo_terms(DemoConfig(), owner.address))
    ballot = Ballot(task.chain_id, task.address, 0, bytes(32))  # no round yet
    clients = tuple(account(index).address for index in (3, 4))
    for result in (
        RESULT,
        RoundResult(b"\x02" * 32, (), ()),
        RoundResult(b"\x03" * 32, clients, clients[:1]),
    ):
        for nonce in (0, 7):
            digest = _hash_eip191_message(vt._signable(ballot, result, nonce))
            assert digest == task.vote_digest(result, nonce)


def test_a_vote_holds_for_its_round_result_and_number_alone():
    vote = sign_vote(ALICE, BALLOT, RESULT, 2)
    assert vote.signer == ALICE.address and is_signed_by(vote, BALLOT, RESULT, 2)
    assert not is_signed_by(vote, BALLOT, RESULT, 3)
    assert not is_signed_by(vote, BALLOT, RoundResult(b"\x01" * 32, (), ()), 2)
    for changed in (
        (1, BALLOT.task, 3, BALLOT.seed),
        (31337, ALICE.address, 3, BALLOT.seed),
        (31337, BALLOT.task, 4, BALLOT.seed),
        (31337, BALLOT.task, 3, bytes(32)),
    ):
        assert not is_signed_by(vote, Ballot(*changed), RESULT, 2)
    assert not is_signed_by(Vote(account(2).address, vote.signature), BALLOT, RESULT, 2)


def test_the_other_form_of_a_signature_does_not_count():
    vote = sign_vote(ALICE, BALLOT, RESULT, 0)
    r, s, v = vote.signature[:32], int.from_bytes(vote.signature[32:64], "big"), vote.signature[64]
    mirrored = r + (SECPK1_N - s).to_bytes(32, "big") + bytes([55 - v])
    assert Account.recover_message(vt._signable(BALLOT, RESULT, 0), signature=mirrored) == ALICE.address
    assert not is_signed_by(Vote(ALICE.address, mirrored), BALLOT, RESULT, 0)
    assert not is_signed_by(Vote(ALICE.address, vote.signature[:64] + bytes([v - 27])), BALLOT, RESULT, 0)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=70) | st.binary(min_size=64, max_size=64).map(lambda data: data + b"\x1b"))
def test_junk_is_no_vote_and_no_error(signature):
    assert not is_signed_by(Vote(ALICE.address, signature), BALLOT, RESULT, 0)
