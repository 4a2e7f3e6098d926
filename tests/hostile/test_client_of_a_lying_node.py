"""A client whose node hides or changes logs, or a state: it works under the true list or not at all."""

from dataclasses import replace

import pytest

from bcfl_offchain.agents import AgentError, Client
from bcfl_offchain.chain import (
    ChainError,
    Factory,
    ImpossibleLogs,
    Signer,
    TaskContract,
    TaskReader,
    UnknownContract,
    connect,
)
from tests.hostile.logs import changed, word_of, words


@pytest.fixture
def deceived(lived, node):
    """Alice, as she sees the task of `lived` through the node; her list is checked, nothing is sent."""

    def make():
        w3, alice = connect(node.url), lived.alice
        place = replace(
            lived.place,
            factory=Factory(w3, lived.devnet.factory.address),
            task=TaskContract(w3, lived.task.address),
            reader=TaskReader(w3, lived.task.address, first_block=0),
        )
        signer = Signer(w3, alice.signer.account)
        return Client(signer, place, alice.clock, alice.data, alice.energy_coefficient, alice.max_frequency)

    return make


def judged(client):
    """Its own line of the list, or the typed error with which it refuses."""
    try:
        return client.check_list()
    except (ChainError, AgentError) as error:
        return error


def test_the_truth_is_believed(deceived, lived):
    assert judged(deceived()) == lived.alice.check_list()


def test_a_hidden_log_means_the_true_list_or_a_refusal(deceived, lived, node, true_logs):
    own, refusals = lived.alice.check_list(), 0
    for number in range(len(true_logs)):
        node.result("eth_getLogs", lambda logs: true_logs[:number] + true_logs[number + 1 :])
        outcome = judged(deceived())
        refusals += isinstance(outcome, Exception)
        assert isinstance(outcome, Exception) or outcome == own
    assert refusals > len(true_logs) // 2


def test_a_changed_log_means_the_true_list_or_a_refusal(deceived, lived, node, true_logs):
    own = lived.alice.check_list()
    for number, log in enumerate(true_logs):
        for _, part, digit in words(log):
            other = changed(log, part, digit, word_of(log, part, digit) ^ 1)
            node.result("eth_getLogs", lambda logs: [*true_logs[:number], other, *true_logs[number + 1 :]])
            outcome = judged(deceived())
            assert isinstance(outcome, Exception) or outcome == own


@pytest.mark.parametrize("view", ["round_state", "list_state"])
def test_a_round_that_the_contract_does_not_have_is_refused(deceived, lived, node, view):
    client = deceived()
    selector = {"round_state": "roundState", "list_state": "listState"}[view]
    wanted = client.place.task.contract.get_function_by_name(selector)().selector

    def lie(method, params, answer):
        if method == "eth_call" and params[0]["data"].startswith(wanted):
            data = answer["result"]
            answer["result"] = data[:2] + f"{int(data[2:66], 16) + 1:064x}" + data[66:]
        return answer

    node.lie = lie
    with pytest.raises(ImpossibleLogs, match="the contract's own state is another"):
        client.check_list()
    assert node.methods.count("eth_sendRawTransaction") == 0


def test_a_task_that_the_factory_does_not_know_is_not_joined(deceived, node):
    client = deceived()
    node.result("eth_call", lambda result: "0x" + "00" * 32)
    with pytest.raises(UnknownContract, match="did not make it; do not join"):
        client.join()
