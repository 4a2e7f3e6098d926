"""The contract's side of a comparison: one call or view after the other, at chosen times.

Nothing of `bcfl_offchain.chain` that sends or signs is used here. Accounts are the node's own, so that no
transaction has to be signed, and what has to be read after each step comes in one request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import requests
from eth_abi import decode
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from eth_utils.abi import collapse_if_tuple
from web3 import Web3
from web3.contract import Contract

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.interface import FACTORY_ABI, decode_error
from bcfl_offchain.chain.types import ClientState, Ledger, ListState, Phase, RoundState, Terms, Work
from tests.chain.devnet import PROJECT, account
from tests.model.records import NOBODY, NOWHERE

GAS = hex(5_000_000)
_REPORT = [("trainingUnits", "uint32"), ("energyCoefficient", "uint112"), ("maxFrequency", "uint72")]
_END = [("nonce", "uint32"), ("deadline", "uint256")]
MESSAGES = {
    "JoinTask": [("client", "address"), *_REPORT, *_END],
    "ChangeReport": [("client", "address"), *_REPORT, *_END],
    "SubmitWork": [
        ("client", "address"),
        ("seed", "bytes32"),
        ("updateHash", "bytes32"),
        ("trainingFrequency", "uint72"),
        ("miningFrequency", "uint72"),
        ("nonces", "uint256[2]"),
        *_END,
    ],
    "Claim": [("client", "address"), ("recipient", "address"), *_END],
}


class Node:
    """JSON-RPC, several requests at a time."""

    def __init__(self, url: str) -> None:
        self.w3 = Web3()  # only to encode
        self._url, self._session = url, requests.Session()

    def batch(self, wanted: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """An answer for each (method, parameters), in their order."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(wanted)
        ]
        answers = self._session.post(self._url, json=body, timeout=30).json()
        return sorted(answers, key=lambda answer: answer["id"])

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one request."""
        (answer,) = self.batch([(method, list(params))])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def contract(self, address: str, abi: Any) -> Contract:
        return self.w3.eth.contract(to_checksum_address(address), abi=abi)

    def send(self, now: int, sender: str, call: Any, value: int = 0) -> dict[str, Any]:
        """A transaction that has to be mined in a block of this time; its receipt."""
        transaction = {**_message(sender, call, value), "gas": GAS}
        sent = self.batch(
            [("evm_setNextBlockTimestamp", [now]), ("eth_sendTransaction", [transaction])]
        )
        if "error" in sent[0] or "error" in sent[1]:
            raise RuntimeError(str(sent))
        return self.receipt(sent[1]["result"])

    def receipt(self, transaction: str) -> dict[str, Any]:
        """The receipt of a transaction, when it is mined; Anvil answers a moment before."""
        receipt = None
        while receipt is None:
            receipt = self.ask("eth_getTransactionReceipt", transaction)
        return receipt


def _message(sender: str, call: Any, value: int) -> dict[str, Any]:
    return {"from": sender, "to": call.address, "data": call._encode_transaction_data(), "value": hex(value)}


class Chain:
    """What all lives share; each has a task of its own."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.factory = self._deploy("TaskFactory", FACTORY_ABI)
        token_abi = json.loads((PROJECT / "out/forge/PlainToken.sol/PlainToken.json").read_text())["abi"]
        self.token = self._deploy("PlainToken", token_abi)

    def now(self) -> int:
        return int(self.node.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def _deploy(self, name: str, abi: Any) -> Any:
        code = json.loads((PROJECT / f"out/forge/{name}.sol/{name}.json").read_text())["bytecode"]["object"]
        transaction = {"from": account(0).address, "data": code, "gas": hex(15_000_000)}
        receipt = self.node.receipt(self.node.ask("eth_sendTransaction", transaction))
        return self.node.contract(receipt["contractAddress"], abi)

    def create(self, now: int, terms: Terms) -> str:
        """Fund and create a task at a moment; its address."""
        funds = terms.budget * terms.rounds
        if terms.token == NOBODY:
            value = funds
        else:
            value = 0
            self.node.send(now - 2, terms.owner, self.token.functions.mint(terms.owner, funds))
            self.node.send(now - 1, terms.owner, self.token.functions.approve(self.factory.address, funds))
        receipt = self.node.send(now, terms.owner, self.factory.functions.createTask(terms.to_chain()), value)
        (log,) = [log for log in receipt["logs"] if log["address"] == self.factory.address.lower()]
        return to_checksum_address(log["topics"][1][-40:])

    def equip(self, now: int, task: str, clients: Sequence[str], bond: int) -> int:
        """Give clients tokens and an allowance for many bonds; the time after that."""
        for sender in clients:
            self.node.send(now, sender, self.token.functions.mint(sender, 100 * bond))
            self.node.send(now + 1, sender, self.token.functions.approve(task, 2**256 - 1))
            now += 2
        return now


@dataclass(frozen=True)
class Answer:
    """A refusal by its error and the values in it; or, with no error, the events of the transaction."""

    error: str | None
    values: tuple[Any, ...]
    events: tuple[ev.Event, ...] = ()


@dataclass(frozen=True)
class Views:
    """Everything that the contract says of itself, and what addresses hold."""

    phase: Phase
    ledger: Ledger
    round: RoundState
    list: ListState
    global_model: bytes
    clients: tuple[ClientState, ...]
    balances: tuple[int, ...]


class ChainTask:
    """One task on a chain.

    Parameters
    ----------
    node : Node
    contract, token : Contract
        The second is None for a task in the chain's coin.
    """

    def __init__(self, node: Node, contract: Contract, token: Contract | None) -> None:
        self.node, self.contract, self.token = node, contract, token
        self.chain_id = int(node.ask("eth_chainId"), 16)

    def call(self, now: int, sender: str, function: str, args: Sequence[Any], value: int = 0) -> Answer:
        """Ask what a call would do at this time, and send it if it is not refused."""
        call = self.contract.functions[function](*args)
        asked = _message(sender, call, value) | {"gas": GAS}
        (answer,) = self.node.batch([("eth_call", [asked, "latest", {}, {"time": hex(now)}])])
        if "error" in answer:
            error, values = decode_error(bytes.fromhex(answer["error"].get("data", "0x")[2:]))
            return Answer(error, tuple(values.values()))
        receipt = self.node.send(now, sender, call, value)
        assert receipt["status"] == "0x1", f"{function}{args} was accepted by eth_call only"
        logs = [log for log in receipt["logs"] if log["address"] == self.contract.address.lower()]
        return Answer(None, (), tuple(replace(ev.decode_log(_typed(log)), place=NOWHERE) for log in logs))

    def last_block_hash(self) -> bytes:
        return bytes.fromhex(self.node.ask("eth_getBlockByNumber", "latest", False)["hash"][2:])

    def views(self, now: int, clients: Sequence[str], holders: Sequence[str]) -> Views:
        """All views at this time, of these clients and of what these addresses hold."""
        calls = [(name, ()) for name in ("phase", "ledger", "roundState", "listState", "globalModel")]
        calls += [("clientState", (client,)) for client in clients]
        functions = [self.contract.functions[name](*args) for name, args in calls]
        wanted = [self._view(function, now) for function in functions]
        if self.token is None:
            wanted += [("eth_getBalance", [holder, "latest"]) for holder in holders]
        else:
            wanted += [self._view(self.token.functions.balanceOf(holder), now) for holder in holders]
        results = [answer["result"] for answer in self.node.batch(wanted)]
        values = [_decoded(function, result) for function, result in zip(functions, results)]
        *round_, generator, runner_up = values[2]
        leaders = to_checksum_address(generator), to_checksum_address(runner_up)
        return Views(
            phase=Phase(values[0]),
            ledger=Ledger(*values[1]),
            round=RoundState(*round_, *leaders),
            list=ListState(*values[3]),
            global_model=values[4],
            clients=tuple(map(ClientState.from_chain, values[5:])),
            balances=tuple(int(result, 16) for result in results[len(functions) :]),
        )

    @staticmethod
    def _view(function: Any, now: int) -> tuple[str, list[Any]]:
        message = {"to": function.address, "data": function._encode_transaction_data()}
        return "eth_call", [message, "latest", {}, {"time": hex(now)}]

    def sign(self, signer: LocalAccount, kind: str, *values: Any) -> bytes:
        """A signed message of `MESSAGES`."""
        fields = MESSAGES[kind]
        signable = encode_typed_data(
            domain_data={
                "name": "BCFL Task",
                "version": "1",
                "chainId": self.chain_id,
                "verifyingContract": self.contract.address,
            },
            message_types={kind: [{"name": name, "type": type_} for name, type_ in fields]},
            message_data=dict(zip([name for name, _ in fields], values)),
        )
        return bytes(signer.sign_message(signable).signature)


def work_values(work: Work) -> tuple[Any, ...]:
    """A work's fields as in its signed message."""
    return work.update_hash, work.training_frequency, work.mining_frequency, list(work.nonces)


def _decoded(function: Any, data: str) -> Any:
    types = [collapse_if_tuple(dict(output)) for output in function.abi["outputs"]]
    (value,) = decode(types, bytes.fromhex(data[2:]))
    return value


def _typed(log: dict[str, Any]) -> dict[str, Any]:
    """A log as web3 would give it."""
    return {
        "topics": [bytes.fromhex(topic[2:]) for topic in log["topics"]],
        "data": bytes.fromhex(log["data"][2:]),
        "blockNumber": int(log["blockNumber"], 16),
        "logIndex": int(log["logIndex"], 16),
        "transactionHash": bytes.fromhex(log["transactionHash"][2:]),
    }
