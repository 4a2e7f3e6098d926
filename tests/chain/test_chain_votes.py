"""Votes: the digest is the contract's, and what the contract would not count does not count here."""

from eth_account import Account
from eth_account.messages import _hash_eip191_message
from eth_keys.constants import SECPK1_N
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_offchain.chain import RoundId, RoundResult, Signer, Vote, is_signed_by, pack_ballots, sign_vote
from bcfl_offchain.chain import votes as vt
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account

ALICE = account(1)
ROUND = RoundId(31337, account(5).address, 3, b"\x05" * 32)
RESULT = RoundResult(b"\x01" * 32, (account(2).address,), ())


def test_the_digest_is_the_contracts(devnet):
    owner = Signer(devnet.w3, account(0))
    task = devnet.factory.create_task(owner, demo_terms(DemoConfig(), owner.address))
    round_id = RoundId(task.chain_id, task.address, 0, bytes(32))  # no round yet
    clients = tuple(account(index).address for index in (3, 4))
    for result in (
        RESULT,
        RoundResult(b"\x02" * 32, (), ()),
        RoundResult(b"\x03" * 32, clients, clients[:1]),
    ):
        for nonce in (0, 7):
            digest = _hash_eip191_message(vt._signable(round_id, result, nonce))
            assert digest == task.vote_digest(result, nonce)


def test_a_vote_holds_for_its_round_result_and_number_alone():
    vote = sign_vote(ALICE, ROUND, RESULT, 2)
    assert vote.signer == ALICE.address and is_signed_by(vote, ROUND, RESULT, 2)
    assert not is_signed_by(vote, ROUND, RESULT, 3)
    assert not is_signed_by(vote, ROUND, RoundResult(b"\x01" * 32, (), ()), 2)
    for changed in (
        (1, ROUND.task, 3, ROUND.seed),
        (31337, ALICE.address, 3, ROUND.seed),
        (31337, ROUND.task, 4, ROUND.seed),
        (31337, ROUND.task, 3, bytes(32)),
    ):
        assert not is_signed_by(vote, RoundId(*changed), RESULT, 2)
    assert not is_signed_by(Vote(account(2).address, vote.signature), ROUND, RESULT, 2)


def test_the_other_form_of_a_signature_does_not_count():
    vote = sign_vote(ALICE, ROUND, RESULT, 0)
    r, s, v = vote.signature[:32], int.from_bytes(vote.signature[32:64], "big"), vote.signature[64]
    mirrored = r + (SECPK1_N - s).to_bytes(32, "big") + bytes([55 - v])
    assert Account.recover_message(vt._signable(ROUND, RESULT, 0), signature=mirrored) == ALICE.address
    assert not is_signed_by(Vote(ALICE.address, mirrored), ROUND, RESULT, 0)
    assert not is_signed_by(Vote(ALICE.address, vote.signature[:64] + bytes([v - 27])), ROUND, RESULT, 0)


@settings(max_examples=50)
@given(st.binary(max_size=70) | st.binary(min_size=64, max_size=64).map(lambda data: data + b"\x1b"))
def test_junk_is_no_vote_and_no_error(signature):
    assert not is_signed_by(Vote(ALICE.address, signature), ROUND, RESULT, 0)


def recovered(round_id, result, nonce, r, vs):
    """Who the contract finds to have signed, of EIP-2098's two words."""
    s, parity = int.from_bytes(vs, "big") % 2**255, vs[0] >> 7
    signature = r + s.to_bytes(32, "big") + bytes([27 + parity])
    return Account.recover_message(vt._signable(round_id, result, nonce), signature=signature)


def test_ballots_are_by_nonce_and_their_signers_ascend():
    nonces = {account(index).address: index % 3 for index in range(12)}
    votes = [sign_vote(account(index), ROUND, RESULT, index % 3) for index in range(12)]
    ballots = pack_ballots(votes, nonces)
    assert [ballot.nonce for ballot in ballots] == [0, 1, 2]
    for ballot in ballots:
        signers = [recovered(ROUND, RESULT, ballot.nonce, *signature) for signature in ballot.signatures]
        assert signers == sorted(
            (client for client, nonce in nonces.items() if nonce == ballot.nonce), key=str.lower
        )


def test_no_votes_are_no_ballots():
    assert pack_ballots([], {}) == []
