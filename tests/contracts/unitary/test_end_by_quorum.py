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


def ends(game, result, given, proposer=None, wallets=()):
    """Ends the round with votes made by hand."""
    ballots = [votes.ballot(given)]
    return game.task.endRoundByQuorum(result, ballots, wallets, {"from": proposer or game.generator})


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
    message = encode_typed_data(full_message=votes.message(proposing.round_id(), result, 7))
    digest = keccak(b"\x19" + message.version + message.header + message.body)

    assert bytes(proposing.task.voteDigest(result, 7)) == digest


def misvotes(game, person):
    """Signatures of a hired client that are not a vote under this result."""
    result, round_id, key = game.result(), game.round_id(), game.people.key(person)
    good = votes.sign(key, round_id, result)
    return {
        "another result": votes.sign(key, round_id, result._replace(model_hash=model_hash(2))),
        "another rejected set": votes.sign(key, round_id, game.result(rejected=[person])),
        "another forfeited set": votes.sign(key, round_id, game.result(forfeited=[person])),
        "another number": votes.sign(key, round_id, result, nonce=1),
        "another round": votes.sign(key, round_id._replace(round=2), result),
        "another seed": votes.sign(key, round_id._replace(seed=keccak(round_id.seed)), result),
        "another task": votes.sign(key, round_id._replace(task=game.owner.address), result),
        "another chain": votes.sign(key, round_id._replace(chain_id=round_id.chain_id + 1), result),
        "another key": votes.sign(bytes(Account.from_key(keccak(b"nobody")).key), round_id, result),
        "zeros": bytes(64) + b"\x1b",
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
        "zeros",
        "the other root",
    ],
)
def test_a_signature_that_does_not_hold_counts_for_nothing(proposing, people, kind):
    game = proposing
    result = game.result()
    first, *others = ascending(people.clients)
    given = [(first.address, misvotes(game, first)[kind]), *game.votes(others, result)]
    with refused("Task_QuorumMissed", 3, 5):
        ends(game, result, given[:4])

    tx = ends(game, result, given)
    game.book.end()
    assert tx.events["RoundEnded"]["votes"] == 4
    game.check()


@ON_BOTH_CHAINS
def test_the_same_signer_counts_once(proposing, people):
    result = proposing.result()
    first, second, third, *_ = proposing.votes(people.clients, result)
    with refused("Task_QuorumMissed", 3, 5):
        ends(proposing, result, [first, second, third, third])
    with refused("Task_QuorumMissed", 3, 5):
        ends(proposing, result, [first, second, third, first, second, third])


def test_signers_out_of_order_count_for_nothing(proposing, people):
    result = proposing.result()
    with refused("Task_QuorumMissed", 1, 5):
        ends(proposing, result, proposing.votes(people.clients, result)[::-1])


def test_refuses_ballots_that_do_not_ascend(proposing, people):
    result, task = proposing.result(), proposing.task
    given = proposing.votes(people.clients, result)
    for first, second in ((0, 0), (3, 2)):
        ballots = [votes.ballot(given[:3], first), votes.ballot(given[3:], second)]
        with refused("Task_BallotsNotAscending", first, second):
            task.endRoundByQuorum(result, ballots, [], {"from": proposing.generator})


@ON_BOTH_CHAINS
def test_whoever_was_not_hired_counts_for_nothing(proposing, stranger, people):
    result = proposing.result()
    with refused("Task_QuorumMissed", 3, 5):
        ends(proposing, result, proposing.votes([*people.clients[:3], stranger], result))
    tx = proposing.end_by_quorum(proposing.generator, [*people.clients, stranger])
    assert tx.events["RoundEnded"]["votes"] == 5
    proposing.check()


def test_whoever_is_listed_without_a_cap_counts_for_nothing(new_game, alice, people):
    game = new_game()
    game.join_all(UNBALANCED)
    game.open_new()
    game.work_all()
    game.move_to_window(0)
    tx = game.end_by_quorum(game.generator, people.clients)
    assert tx.events["RoundEnded"]["votes"] == len(game.hired) == 4
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
    own = wallet.address, votes.sign(people.key(stranger), game.round_id(), result)
    given = game.votes([alice, bob, carol, people.dave], result)
    with refused("Task_QuorumMissed", 4, 6):  # exactly 2/3
        ends(game, result, given)
    for manner in (1, 2, 3, 4):  # refuses, reverts, garbles, burns gas: counts for nothing and stops nobody
        wallet.setManner(manner, {"from": stranger})
        with refused("Task_QuorumMissed", 4, 6):
            ends(game, result, given, wallets=[own])
    wallet.setManner(0, {"from": stranger})
    with refused("Task_NotAscending", wallet, wallet):
        ends(game, result, given, wallets=[own, own])
    tx = ends(game, result, given, wallets=[own])
    game.book.end()
    assert tx.events["RoundEnded"]["votes"] == 5
    game.check()


def test_an_account_does_not_vote_as_a_wallet(proposing, people):
    result = proposing.result()
    given = proposing.votes(people.clients, result)
    with refused("Task_QuorumMissed", 3, 5):
        ends(proposing, result, given[:3], wallets=given[3:])


# ------------------------------------------------------------------------------ who and when


def test_the_runner_up_in_its_window(worked, people):
    worked.move_to_window(1)
    result = worked.result()
    given = worked.votes(people.clients, result)
    with refused("Task_NotProposer", worked.generator, Phase.RUNNER_UP_PROPOSING):
        ends(worked, result, given)
    worked.end_by_quorum(worked.runner_up, people.clients)
    worked.check()


def test_any_worker_in_the_last_window(opened, people, alice, bob, carol, erin):
    opened.work_all([alice, bob, carol])
    opened.move_to_window(2)
    result = opened.result()
    given = opened.votes(people.clients, result)
    with refused("Task_NotProposer", erin, Phase.WORKERS_PROPOSING):
        ends(opened, result, given, proposer=erin)
    opened.end_by_quorum(opened.ranking[2][1], people.clients)
    opened.check()


def test_refuses_whoevers_window_it_is_not(proposing, people, owner):
    result = proposing.result()
    given = proposing.votes(people.clients, result)
    for person in (proposing.runner_up, owner):
        with refused("Task_NotProposer", person, Phase.GENERATOR_PROPOSING):
            ends(proposing, result, given, proposer=person)


def test_refuses_before_and_after_the_windows(worked, people):
    result = worked.result()
    given = worked.votes(people.clients, result)
    with refused("Task_WrongPhase", Phase.WORKING):
        ends(worked, result, given)
    worked.move_to_window(3)
    with refused("Task_WrongPhase", Phase.EXPIRED):
        ends(worked, result, given)


def test_refuses_the_same_result_twice(proposing, people):
    game = proposing
    result = game.result()
    given = game.votes(people.clients, result)
    game.end_by_quorum(game.generator, people.clients)
    with refused("Task_WrongPhase", Phase.JOINING):
        ends(game, result, given)


@ON_BOTH_CHAINS
def test_refuses_no_model(proposing, people):
    result = proposing.result()._replace(model_hash=bytes(32))
    with refused("Task_ZeroModelHash"):
        ends(proposing, result, proposing.votes(people.clients, result))


def test_votes_of_an_earlier_round_serve_no_other(proposing, people, stranger):
    game = proposing
    result = game.result()
    given = game.votes(people.clients, result)
    game.move_to_window(3)
    game.end_by_time(stranger)
    game.move_to_frozen()
    game.open()
    game.work_all()
    game.move_to_window(0)
    with refused("Task_QuorumMissed", 0, 5):
        ends(game, result, given)
