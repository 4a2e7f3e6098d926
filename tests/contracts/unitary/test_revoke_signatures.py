"""revokeSignatures: raises the caller's numbers, which voids what it has signed."""

from __future__ import annotations

import pytest

from tests.contracts.support.refusals import refused
from tests.contracts.support.votes import ballot

ON_BOTH_CHAINS = pytest.mark.ganache


@ON_BOTH_CHAINS
def test_raises_both_numbers(game, alice):
    for number in (1, 2):
        tx = game.task.revokeSignatures({"from": alice})
        assert dict(tx.events["SignaturesRevoked"]) == {
            "client": alice,
            "nonce": number * 2**16,
            "voteNonce": number,
        }
        state = game.task.clientState(alice)
        assert (state["nonce"], state["voteNonce"]) == (number * 2**16, number)


def test_voids_a_vote_and_takes_the_next(worked, people, alice):
    worked.move_to_window(0)
    result = worked.result()
    others = worked.votes([person for person in people.clients if person not in (alice, people.erin)], result)
    first, again = worked.vote(alice, result), worked.vote(alice, result, nonce=1)
    worked.task.revokeSignatures({"from": alice})
    voters = sorted([*others, first], key=lambda vote: int(vote[0], 16))
    for ballots in ([ballot(voters)], [ballot(others), ballot([first], 1)]):
        with refused("Task_QuorumMissed", 3, 5):
            worked.task.endRoundByQuorum(result, ballots, [], {"from": worked.generator})

    ballots = [ballot(others), ballot([again], 1)]
    tx = worked.task.endRoundByQuorum(result, ballots, [], {"from": worked.generator})
    assert tx.events["RoundEnded"]["votes"] == 4
    worked.book.end()
    worked.check()


def test_keeps_the_cap_and_the_place_on_the_list(opened, alice):
    before = opened.task.clientState(alice)
    opened.task.revokeSignatures({"from": alice})

    after = opened.task.clientState(alice).dict()
    assert after == {**before.dict(), "nonce": 2**16, "voteNonce": 1}
    opened.work_all([alice])
    opened.check()


def test_a_list_posted_later_keeps_the_number(game, alice):
    game.task.revokeSignatures({"from": alice})
    game.open_new()
    assert game.task.clientState(alice)["voteNonce"] == 1


def test_is_open_to_anybody_and_makes_nobody_hired(opened, stranger):
    opened.task.revokeSignatures({"from": stranger})
    assert opened.task.clientState(stranger)["nonce"] == 2**16
    with refused("Task_NotHired", stranger, 1):
        opened.task.submitWork((bytes(32), 1, 1, (0, 0)), {"from": stranger})
