"""endRoundByQuorum: more than 2/3 of the hired end the round; which votes count, and who may bring them."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.contracts.support import votes
from tests.contracts.support.game import ascending, model_hash
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import UNBALANCED, Phase, Report

ON_BOTH_CHAINS = pytest.mark.ganache


def ends(game, result, ballots, proposer=None):
    """Ends the round with votes made by hand."""
    return game.task.endRoundByQuorum(result, ballots, {"from": proposer or game.generator})


# ------------------------------------------------------------------------------ the quorum


@ON_BOTH_CHAINS
def test_ends_the_round_with_the_agreed_model(proposing, people):
    game = proposing
    tx = game.end_by_quorum(game.generator, people.clients[1:])

    assert bytes(game.task.globalModel()) == model_hash(1)
    dust = game.committed - sum(sum(game.pay(person)) for person in people.clients)
    assert dict(tx.events["RoundEnded"]) == {
        "round": 1,
        "modelHash": "0x" + model_hash(1).hex(),
        "votes": 4,
        "refunded": dust,
    }
    state = game.task.roundState()
    assert (state["isOpen"], state["endedAt"]) == (False, tx.timestamp)
    assert game.task.phase() == Phase.JOINING
    game.check()


@ON_BOTH_CHAINS
def test_refuses_less_than_two_thirds_of_five(proposing, alice, bob, carol):
    result = proposing.result()
    with refused("Task_QuorumMissed", 3, 5):
        ends(proposing, result, proposing.votes([alice, bob, carol], result))


@pytest.mark.parametrize("left_out", ["dave", "erin"])
def test_two_thirds_of_three_are_no_quorum(new_game, people, left_out):
    game = new_game()
    game.join_all({name: report for name, report in UNBALANCED.items() if name != left_out})
    game.open_new()
    hired = game.hired
    assert len(hired) == 3 and len(game.prices) == 4
    game.work_all()
    game.move_to_window(0)

    result = game.result()
    with refused("Task_QuorumMissed", 2, 3):
        ends(game, result, game.votes(hired[:2], result))
    game.end_by_quorum(game.generator, hired)
    game.check()


def test_the_hired_who_did_not_work_count_in_the_base(opened, alice, bob, carol):
    opened.work_all([alice, bob, carol])
    opened.move_to_window(0)
    result = opened.result()
    with refused("Task_QuorumMissed", 3, 5):
        ends(opened, result, opened.votes([alice, bob, carol], result))


def test_the_hired_who_did_not_work_may_vote(opened, alice, bob, dave, erin):
    opened.work_all([alice])
    opened.move_to_window(0)
    opened.end_by_quorum(alice, [alice, bob, dave, erin])
    opened.check()


def test_no_votes_are_no_quorum(proposing):
    with refused("Task_QuorumMissed", 0, 5):
        ends(proposing, proposing.result(), [])


# ------------------------------------------------------------------------------ the votes


@ON_BOTH_CHAINS
def test_a_vote_is_the_typed_data_of_eip712(proposing, alice, bob, carol):
    result = proposing.result(rejected=[alice], forfeited=[bob, carol])
    message = encode_typed_data(full_message=votes.message(proposing.ballot(), result, 7))
    digest = keccak(b"\x19" + message.version + message.header + message.body)

    assert bytes(proposing.task.voteDigest(result, 7)) == digest


def misvotes(game, person):
    """Signatures of a hired client that are not a vote under this result."""
    result, ballot, key = game.result(), game.ballot(), game.people.key(person)
    good = votes.sign(key, ballot, result)
    return {
        "another result": votes.sign(key, ballot, result._replace(model_hash=model_hash(2))),
        "another rejected set": votes.sign(key, ballot, game.result(rejected=[person])),
        "another forfeited set": votes.sign(key, ballot, game.result(forfeited=[person])),
        "another number": votes.sign(key, ballot, result, nonce=1),
        "another round": votes.sign(key, ballot._replace(round=2), result),
        "another seed": votes.sign(key, ballot._replace(seed=keccak(ballot.seed)), result),
        "another task": votes.sign(key, ballot._replace(task=game.owner.address), result),
        "another chain": votes.sign(key, ballot._replace(chain_id=ballot.chain_id + 1), result),
        "another key": votes.sign(bytes(Account.from_key(keccak(b"nobody")).key), ballot, result),
        "cut short": good[:64],
        "nothing": b"",
        "the other root": good[:32] + _negated(good[32:64]) + bytes([55 - good[64]]),
    }


def _negated(half: bytes) -> bytes:
    """The other s of the same signature, which recovers to the same address where it is not refused."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    return (order - int.from_bytes(half, "big")).to_bytes(32, "big")


@pytest.mark.parametrize(
    "kind",
    [
        "another result",
        "another rejected set",
        "another forfeited set",
        "another number",
        "another round",
        "another seed",
        "another task",
        "another chain",
        "another key",
        "cut short",
        "nothing",
        "the other root",
    ],
)
def test_a_signature_that_does_not_hold_counts_for_nothing(proposing, people, kind):
    game = proposing
    result = game.result()
    first, *others = ascending(people.clients)
    ballots = [(first.address, misvotes(game, first)[kind]), *game.votes(others, result)]
    with refused("Task_QuorumMissed", 3, 5):
        ends(game, result, ballots[:4])

    tx = ends(game, result, ballots)
    game.book.end()
    assert tx.events["RoundEnded"]["votes"] == 4
    game.check()


@ON_BOTH_CHAINS
def test_refuses_the_same_signer_twice(proposing, people):
    result = proposing.result()
    first, second, third, *_ = proposing.votes(people.clients, result)
    with refused("Task_NotAscending", third[0], third[0]):
        ends(proposing, result, [first, second, third, third])


def test_refuses_signers_out_of_order(proposing, people):
    result = proposing.result()
    first, second, *_ = proposing.votes(people.clients, result)
    with refused("Task_NotAscending", second[0], first[0]):
        ends(proposing, result, [second, first])


@ON_BOTH_CHAINS
def test_refuses_a_signer_who_was_not_hired(proposing, stranger, people):
    result = proposing.result()
    with refused("Task_NotHired", stranger, 1):
        ends(proposing, result, proposing.votes([*people.clients, stranger], result))


def test_refuses_a_signer_who_is_listed_without_a_cap(new_game, alice, people):
    game = new_game()
    game.join_all(UNBALANCED)
    game.open_new()
    game.work_all()
    game.move_to_window(0)
    result = game.result()
    with refused("Task_NotHired", alice, 1):
        ends(game, result, game.votes(people.clients, result))
    game.end_by_quorum(game.generator, game.hired)
    game.check()


def test_an_erc1271_wallet_votes_by_its_own_rule(game, SignatureWallet, stranger, people, alice, bob, carol):
    wallet = SignatureWallet.deploy(stranger, {"from": stranger})
    report = Report(10)
    join = game.task.joinTask.encode_input(report)
    wallet.execute(game.task, game.terms.bond, join, {"from": stranger, "value": game.terms.bond})
    game.book.join()
    game.reports[wallet.address] = report
    game.open_new()
    assert all(entry.hired for entry in game.prices.values())
    game.move_to_deadline()
    game.work(alice)
    game.move_to_window(0)

    result = game.result()
    signature = votes.sign(people.key(stranger), game.ballot(), result)
    ballots = game.votes([alice, bob, carol, people.dave], result)
    with refused("Task_QuorumMissed", 4, 6):  # exactly 2/3
        ends(game, result, ballots)
    with_wallet = ascending_votes([*ballots, (wallet.address, signature)])
    for manner in (1, 2, 3, 4):  # refuses, reverts, garbles, burns gas: counts for nothing and stops nobody
        wallet.setManner(manner, {"from": stranger})
        with refused("Task_QuorumMissed", 4, 6):
            ends(game, result, with_wallet)
    wallet.setManner(0, {"from": stranger})
    tx = ends(game, result, with_wallet)
    game.book.end()
    assert tx.events["RoundEnded"]["votes"] == 5
    game.check()


def ascending_votes(ballots):
    return sorted(ballots, key=lambda vote: int(vote[0], 16))


# ------------------------------------------------------------------------------ who and when


def test_the_runner_up_in_its_window(worked, people):
    worked.move_to_window(1)
    result = worked.result()
    ballots = worked.votes(people.clients, result)
    with refused("Task_NotProposer", worked.generator, Phase.RUNNER_UP_PROPOSING):
        ends(worked, result, ballots)
    worked.end_by_quorum(worked.runner_up, people.clients)
    worked.check()


def test_any_worker_in_the_last_window(opened, people, alice, bob, carol, erin):
    opened.work_all([alice, bob, carol])
    opened.move_to_window(2)
    result = opened.result()
    ballots = opened.votes(people.clients, result)
    with refused("Task_NotProposer", erin, Phase.WORKERS_PROPOSING):
        ends(opened, result, ballots, proposer=erin)
    opened.end_by_quorum(opened.ranking[2][1], people.clients)
    opened.check()


def test_refuses_whoevers_window_it_is_not(proposing, people, owner):
    result = proposing.result()
    ballots = proposing.votes(people.clients, result)
    for person in (proposing.runner_up, owner):
        with refused("Task_NotProposer", person, Phase.GENERATOR_PROPOSING):
            ends(proposing, result, ballots, proposer=person)


def test_refuses_before_and_after_the_windows(worked, people):
    result = worked.result()
    ballots = worked.votes(people.clients, result)
    with refused("Task_WrongPhase", Phase.WORKING):
        ends(worked, result, ballots)
    worked.move_to_window(3)
    with refused("Task_WrongPhase", Phase.EXPIRED):
        ends(worked, result, ballots)


def test_refuses_the_same_result_twice(proposing, people):
    game = proposing
    result = game.result()
    ballots = game.votes(people.clients, result)
    game.end_by_quorum(game.generator, people.clients)
    with refused("Task_WrongPhase", Phase.JOINING):
        ends(game, result, ballots)


@ON_BOTH_CHAINS
def test_refuses_no_model(proposing, people):
    result = proposing.result()._replace(model_hash=bytes(32))
    with refused("Task_ZeroModelHash"):
        ends(proposing, result, proposing.votes(people.clients, result))


def test_votes_of_an_earlier_round_serve_no_other(proposing, people, stranger):
    game = proposing
    result = game.result()
    ballots = game.votes(people.clients, result)
    game.move_to_window(3)
    game.end_by_time(stranger)
    game.move_to_frozen()
    game.open()
    game.work_all()
    game.move_to_window(0)
    with refused("Task_QuorumMissed", 0, 5):
        ends(game, result, ballots)
