"""revokeVotes: raises the caller's number, which voids what it has signed."""

from __future__ import annotations

import pytest

from tests.contracts.support.refusals import refused

ON_BOTH_CHAINS = pytest.mark.ganache


@ON_BOTH_CHAINS
def test_raises_the_number(game, alice):
    for number in (1, 2):
        tx = game.task.revokeVotes({"from": alice})
        assert dict(tx.events["VotesRevoked"]) == {"client": alice, "nonce": number}
        assert game.task.clientState(alice)["nonce"] == number


def test_voids_a_vote_and_takes_the_next(worked, people, alice):
    worked.move_to_window(0)
    result = worked.result()
    voters = [person for person in people.clients if person != people.erin]
    ballots = worked.votes(voters, result)
    worked.task.revokeVotes({"from": alice})
    with refused("Task_QuorumMissed", 3, 5):
        worked.task.endRoundByQuorum(result, ballots, {"from": worked.generator})

    again = [
        worked.vote(alice, result, nonce=1) if signer == alice.address else (signer, signature)
        for signer, signature in ballots
    ]
    worked.task.endRoundByQuorum(result, again, {"from": worked.generator})
    worked.book.end()
    worked.check()


def test_keeps_the_cap_and_the_place_on_the_list(opened, alice):
    before = opened.task.clientState(alice)
    opened.task.revokeVotes({"from": alice})

    after = opened.task.clientState(alice).dict()
    assert after == {**before.dict(), "nonce": 1}
    opened.work_all([alice])
    opened.check()


def test_is_open_to_anybody_and_makes_nobody_hired(opened, stranger):
    opened.task.revokeVotes({"from": stranger})
    assert opened.task.clientState(stranger)["nonce"] == 1
    with refused("Task_NotHired", stranger, 1):
        opened.task.submitWork(bytes(32), 1, 1, (0, 0), {"from": stranger})
