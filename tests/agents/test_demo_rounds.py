"""The demo at a small size: the ledger balances to the wei, the audit agrees, the summary is true."""

import json
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from bcfl_offchain.agents import Client, audit
from bcfl_offchain.chain import TaskContract
from bcfl_offchain.chain.clock import DevClock
from bcfl_offchain.experiments.demo import DemoConfig, cycles_per_sample, demo_terms, run_demo
from bcfl_offchain.experiments.demo_summary import Recorder
from bcfl_offchain.learning import accuracy, aggregate, initial, train
from bcfl_offchain.mechanism.puzzle import miss_probability
from tests.agents.world import TRAINING, part
from tests.chain.devnet import account

LINES = ("paid", "claimable", "committed", "free", "returned", "bonds", "burnt")


class Idle(Client):
    """Has but one sample."""

    def __init__(self, signer, place, clock, data, *rest):
        super().__init__(signer, place, clock, data.take([0]), *rest)


class Vanishing(Client):
    """Works and never publishes."""

    def publish(self):
        pass


@pytest.fixture(
    scope="module",
    params=[
        ("complete", 3, 7, "accuracy"),
        ("incomplete", 4, 7, "workload"),
        ("fair-share", 3, 7, "workload"),
        ("least-cost", 4, 7, "accuracy"),
    ],
)
def demo(request, running_devnet, tmp_path_factory):
    devnet, folder = running_devnet, tmp_path_factory.mktemp("demo")
    policy, clients, seed, contribution = request.param
    config = DemoConfig(clients, 2, policy, seed, contribution)
    keys = [account(index).key.hex() for index in range(1 + clients)]
    said = []
    summary = run_demo(
        devnet.w3,
        devnet.factory.address,
        keys[0],
        keys[1:],
        config,
        DevClock(devnet.w3),
        folder,
        said.append,
    )
    return devnet, summary, said


def test_the_demo_pays_balances_and_is_audited(demo):
    devnet, summary, said = demo
    assert json.loads(json.dumps(summary)) == summary
    assert "creating and funding the task" in said and len(said) > 20
    for ledger in [summary["ledger"], *summary["ledgers"]]:
        assert ledger["balanced"]
        assert int(ledger["deposited"]) == sum(int(ledger[line]) for line in LINES)
    assert audit(devnet.w3, summary["contract"], summary["factory"]).agrees
    assert TaskContract(devnet.w3, summary["contract"]).ledger().held == 0
    rounds = summary["rounds"]
    assert [round_["number"] for round_ in rounds] == [1, 2]
    assert all(round_["ended_by"] == "quorum" and round_["accuracy"] > 0.8 for round_ in rounds)
    assert int(summary["ledger"]["paid"]) == sum(int(round_["paid"]) for round_ in rounds)
    for round_ in rounds:
        assert int(round_["committed"]) == int(round_["paid"]) + int(round_["refunded"])
        assert int(round_["paid"]) == sum(int(client["pay_wei"]) for client in round_["clients"])
    assert {transaction["round"] for transaction in summary["transactions"]} == {None, 1, 2}
    assert all(
        transaction["gas"] > 0 and len(transaction["hash"]) == 66 for transaction in summary["transactions"]
    )


def test_each_client_is_shown_in_the_papers_units(demo):
    _, summary, _ = demo
    constants = summary["constants"]
    assert 0 < constants["miss_probability"] <= 1e-3
    clients = summary["rounds"][0]["clients"]
    # With four clients and this seed, the first is so far from the target that it is not hired.
    assert [client["hired"] for client in clients] == [len(clients) == 3, *[True] * (len(clients) - 1)]
    for number, client in enumerate(clients):
        cycles = constants["pi"] * constants["cycles_per_sample"][number] * constants["samples"][number]
        assert 0 <= client["training_cycles"] - cycles / 60e9 < 0.25
        if not client["hired"]:
            assert client["verdict"] == "not hired" and client["training_time"] is None and client["reason"]
            continue
        assert client["verdict"] == "paid" and client["reason"] is None
        assert client["training_time"] + client["mining_time"] == pytest.approx(15)
        assert client["training_frequency"] <= client["max_frequency"]
        pay = client["training_pay"] + client["mining_pay"]
        assert_the_policy_is_kept(summary["config"]["policy"], client, pay)
        assert pay == pytest.approx(int(client["pay_wei"]) / int(constants["money_unit"]))
    assert sum(client["share"] for client in clients) == pytest.approx(1)


def test_the_accuracy_game_shares_out_what_each_round_gained(demo):
    _, summary, said = demo
    rounds, before = summary["rounds"], summary["initial_accuracy"]
    if summary["config"]["contribution"] == "workload":
        assert not any("coalitions" in text for text in said)
        assert all(round_["contribution"] is None for round_ in rounds)
        assert all(client["accuracy_value"] is None for round_ in rounds for client in round_["clients"])
        return
    for round_ in rounds:
        players = [client for client in round_["clients"] if client["verdict"] == "paid"]
        solved, values = round_["contribution"], [client["accuracy_value"] for client in players]
        assert (solved["method"], solved["evaluations"]) == ("exact", 2 ** len(players))
        assert solved["value_of_none"] == pytest.approx(before)
        assert solved["value_of_all"] == pytest.approx(round_["accuracy"], abs=1 / 359)  # float32's ties
        assert sum(values) == pytest.approx(solved["value_of_all"] - solved["value_of_none"], abs=1e-12)
        for client in round_["clients"]:
            value = client["accuracy_value"]
            assert client["accuracy_interval"] == (None if value is None else [value, value])
            assert (value is None) == (client["verdict"] != "paid")
        total = 2 ** len(players)
        assert f"round {round_['number']} of 2: accuracy of coalitions: {total} of {total}" in said
        before = round_["accuracy"]


def assert_the_policy_is_kept(policy, client, pay):
    caps = client["training_cap"] + client["mining_cap"]
    assert pay <= caps * (1 + 1e-12)
    if policy in ("complete", "incomplete"):
        assert client["training_pay"] <= client["training_cap"] * (1 + 1e-12)
        return
    assert client["training_frequency"] == client["mining_frequency"]
    assert client["training_price"] == client["mining_price"]
    cycles = client["training_cycles"] + 5
    energy = client["energy_coefficient"] * cycles * client["training_frequency"] ** 2
    assert pay == pytest.approx(caps if policy == "fair-share" else energy + 0.5)


@pytest.mark.parametrize("audit_probability, verdict", [(0, "rejected"), (10**18, "forfeited")])
def test_what_does_not_exist_for_a_client_is_null(make, audit_probability, verdict):
    world = make(client_types={"dave": Idle, "bob": Vanishing}, audit_probability=audit_probability)
    data = {client.address: client.data for client in world.clients}
    config = DemoConfig(contribution="accuracy")
    said = []
    recorder = Recorder(
        world.place, world.devnet.factory, config, data, world.alice.data, 10**15, said.append
    )
    world.open_round()
    for client, work in [(client, client.work()) for client in (world.alice, world.bob, world.carol)]:
        client.submit(work)
    world.clock.wait_until(world.task.proposal_start())
    with pytest.raises(ValueError, match="round 1 has not ended"):
        recorder.round(1)
    for client in (world.alice, world.carol):
        client.publish()
    generator = world.generator()
    generator.propose()
    for client in (world.alice, world.bob, world.carol):
        client.vote()
    generator.end_round()
    recorder.round(1)
    alice, bob, carol, dave = recorder.rounds[0]["clients"]
    assert [client["verdict"] for client in (alice, bob, carol, dave)] == [
        "paid",
        verdict,
        "paid",
        "not hired",
    ]
    assert dave["reason"] == "its training cap is zero" and dave["shapley_value"] < 0 == dave["share"]
    for key in ("training_cap", "mining_price", "training_frequency", "mining_time", "training_pay"):
        assert dave[key] is None
    assert bob["training_pay"] is None and bob["pay_wei"] == "0" and bob["training_price"] > 0
    for client in (bob, dave):  # only updates that count are players
        assert client["accuracy_value"] is client["accuracy_interval"] is None
    solved = recorder.rounds[0]["contribution"]
    assert solved["evaluations"] == 4 and abs(solved["rank_correlation"]) == 1
    gain = solved["value_of_all"] - solved["value_of_none"]
    assert alice["accuracy_value"] + carol["accuracy_value"] == pytest.approx(gain) and said


def test_a_clients_accuracy_value_is_its_mean_gain_over_all_orders(world):
    data = {client.address: client.data for client in world.clients}
    held_out = part(1000, 400)
    config = DemoConfig(contribution="accuracy")
    recorder = Recorder(world.place, world.devnet.factory, config, data, held_out, 10**15, print)
    world.run_round()
    recorder.round(1)
    updates = {client.address.lower(): train(initial(), client.data, TRAINING) for client in world.clients}
    weights = {client.address.lower(): client.report().training_units for client in world.clients}

    def worth(members):
        if not members:
            return accuracy(initial(), held_out)
        model = aggregate({m: updates[m] for m in members}, {m: weights[m] for m in members})
        return accuracy(model, held_out)

    for row in recorder.rounds[0]["clients"]:
        client = row["address"].lower()
        before = [order[: order.index(client)] for order in permutations(updates)]
        expected = np.mean([worth([*others, client]) - worth(others) for others in before])
        assert row["accuracy_value"] == pytest.approx(expected, abs=1 / len(held_out))
    assert -1 <= recorder.rounds[0]["contribution"]["rank_correlation"] <= 1


def test_a_round_whose_updates_all_fail_has_no_accuracy_game(make):
    world = make(client_types=dict.fromkeys(("alice", "bob", "carol", "dave"), Vanishing))
    data = {client.address: client.data for client in world.clients}
    config = DemoConfig(contribution="accuracy")
    said = []
    recorder = Recorder(world.place, world.devnet.factory, config, data, world.alice.data, 1, said.append)
    world.run_round()
    recorder.round(1)
    assert recorder.rounds[0]["contribution"] is None and said == []
    assert {client["verdict"] for client in recorder.rounds[0]["clients"]} == {"rejected"}
    assert {client["accuracy_value"] for client in recorder.rounds[0]["clients"]} == {None}


@pytest.mark.parametrize("clients", [8, 50])
def test_the_constants_keep_the_papers_scale(clients):
    costs = cycles_per_sample(clients, 1438)
    average = Fraction(sum(costs) * 20 * 1438, clients * clients * 60 * 10**9)
    assert abs(average - 10) < Fraction(1, 4)
    terms = demo_terms(DemoConfig(clients=clients), account(0).address)
    assert (terms.deadline, terms.target, terms.mining_cycles) == (900, 600 * 10**9, 300 * 10**9)
    assert miss_probability(terms.mining_cycles, terms.cycles_per_hash, terms.deadline, terms.grace) <= 1e-3
