"""The contract's side of a comparison: one call or view after the other, at chosen times.

Nothing of `bcfl_offchain.chain` that sends or signs is used here. Accounts are the node's own, so that no
transaction has to be signed, and what has to be read after each step comes in one request. Gas costs nothing,
so that what somebody holds says what was paid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, is_dataclass, replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import collapse_if_tuple
from web3 import Web3
from web3.contract import Contract

from bcfl_offchain.chain import events as ev
from bcfl_offchain.chain.interface import FACTORY_ABI, RELAY_ABI, TASK_ABI
from bcfl_offchain.chain.types import ClientState, Ledger, ListState, Phase, RoundState, Terms
from tests.chain.devnet import PROJECT, account
from tests.model.records import NOBODY, NOWHERE, Order, Skipped

GAS = hex(16_000_000)
FREE_GAS = ("--base-fee", "0", "--gas-price", "0")
_SKIPPED = keccak(text="Skipped(address,uint256,bytes)")


class Node:
    """JSON-RPC, several requests at a time.

    Attributes
    ----------
    time : int
        Of the last block.
    """

    def __init__(self, url: str) -> None:
        self.w3 = Web3()  # only to encode
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
        self.time = int(self.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def batch(self, wanted: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """An answer for each (method, parameters), in their order."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(wanted)
        ]
        self._connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        answers = json.loads(self._connection.getresponse().read())
        return sorted(answers, key=lambda answer: answer["id"])

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one request."""
        (answer,) = self.batch([(method, list(params))])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def contract(self, address: str, abi: Any) -> Contract:
        return self.w3.eth.contract(to_checksum_address(address), abi=abi)

    def send(self, now: int, transaction: dict[str, str]) -> dict[str, Any]:
        """A transaction that has to be mined in a block of this time; its receipt."""
        sent = self.batch(
            [
                ("evm_setNextBlockTimestamp", [now]),
                ("eth_sendTransaction", [transaction | {"gas": GAS, "gasPrice": "0x0"}]),
            ]
        )
        if "error" in sent[0] or "error" in sent[1]:
            raise RuntimeError(str(sent))
        self.time = now
        receipt = None
        while receipt is None:  # Anvil answers a moment before it is mined
            receipt = self.ask("eth_getTransactionReceipt", sent[1]["result"])
        return receipt


def data_of(contract: Contract, order: Order) -> str:
    """A call's bytes."""
    if not order.function:
        return "0xdeadbeef"
    return contract.functions[order.function](*map(_plain, order.args))._encode_transaction_data()


def _plain(value: Any) -> Any:
    """Structs as the tuples that calls take."""
    if is_dataclass(value):
        return _plain(astuple(value))
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def message(sender: str, to: str, data: str, value: int = 0) -> dict[str, str]:
    """A transaction without its gas."""
    return {"from": sender, "to": to, "data": data, "value": hex(value)}


def transaction_of(
    sender: str, contract: Contract, function: str, *args: Any, value: int = 0
) -> dict[str, str]:
    """A call of a contract as a transaction without its gas."""
    return message(sender, contract.address, data_of(contract, Order(function, args)), value)


class Chain:
    """What all lives share: a factory, its relay, wallets of given keys, one that calls when it is paid."""

    def __init__(self, node: Node, wallet_keys: Sequence[str]) -> None:
        self.node = node
        self.chain_id = int(node.ask("eth_chainId"), 16)
        self.factory = self.deploy("TaskFactory", abi=FACTORY_ABI)
        (relay,) = self.ask(self.factory, "relay")
        self.relay = node.contract(relay, RELAY_ABI)
        self.wallets = [self.deploy("SignatureWallet", encode(["address"], [key])) for key in wallet_keys]
        self.reentrant = self.deploy("ReentrantReceiver")

    def last_block_hash(self) -> bytes:
        return bytes.fromhex(self.node.ask("eth_getBlockByNumber", "latest", False)["hash"][2:])

    def deploy(self, name: str, arguments: bytes = b"", abi: Any = None) -> Contract:
        """A contract of forge's build, by its own ABI if none is given."""
        built = json.loads((PROJECT / f"out/forge/{name}.sol/{name}.json").read_text(encoding="utf-8"))
        data = built["bytecode"]["object"] + arguments.hex()
        transaction = {"from": account(0).address, "data": data, "value": "0x0"}
        receipt = self.node.send(self.node.time + 1, transaction)
        return self.node.contract(receipt["contractAddress"], abi or built["abi"])

    def ask(self, contract: Contract, function: str, *args: Any) -> tuple[Any, ...]:
        """What a view returns."""
        data = data_of(contract, Order(function, args))
        result = self.node.ask("eth_call", {"to": contract.address, "data": data}, "latest")
        return decode(_types(contract, function), bytes.fromhex(result[2:]))

    def do(self, *transactions: dict[str, str]) -> list[dict[str, Any]]:
        """Transactions that have to succeed, one after the other; their receipts."""
        receipts = [self.node.send(self.node.time + 1, transaction) for transaction in transactions]
        for transaction, receipt in zip(transactions, receipts):
            assert receipt["status"] == "0x1", f"{transaction} failed"
        return receipts

    def create(self, terms: Terms) -> tuple[str, int]:
        """Create a task, whose token is there and allowed; its address and when that was."""
        value = terms.budget * terms.rounds if terms.token == NOBODY else 0
        (receipt,) = self.do(transaction_of(terms.owner, self.factory, "createTask", terms, value=value))
        (log,) = [log for log in receipt["logs"] if log["address"] == self.factory.address.lower()]
        return to_checksum_address(log["topics"][1][-40:]), self.node.time


@dataclass(frozen=True)
class Answer:
    """A refusal's data; or, accepted, what the call returned and the events of its transaction."""

    refusal: bytes | None
    returned: int | None = None
    events: tuple[ev.Event | Skipped, ...] = ()


@dataclass(frozen=True)
class Views:
    """Everything that the contract says of itself, and what addresses hold and have allowed it."""

    phase: Phase
    ledger: Ledger
    round: RoundState
    list: ListState
    global_model: bytes
    clients: tuple[ClientState, ...]
    coin: tuple[int, ...]
    token: tuple[int, ...]
    allowances: tuple[int, ...]
    supply: int


class ChainTask:
    """One task on a chain.

    Parameters
    ----------
    chain : Chain
    address : str
    token : Contract or None
        None for a task in the chain's coin.
    clients, holders : sequence of str
        Whose states and allowances, and whose balances, the views tell.
    """

    def __init__(
        self,
        chain: Chain,
        address: str,
        token: Contract | None,
        clients: Sequence[str],
        holders: Sequence[str],
    ) -> None:
        self.chain, self.token = chain, token
        self.contract = chain.node.contract(address, TASK_ABI)
        self._holders, self._clients = holders, clients
        names = ("phase", "ledger", "roundState", "listState", "globalModel")
        views = [(self.contract, name, ()) for name in names]
        views += [(self.contract, "clientState", (client,)) for client in clients]
        if token is not None:
            views += [(token, "balanceOf", (holder,)) for holder in holders]
            views += [(token, "allowance", (client, address)) for client in clients]
            views += [(token, "totalSupply", ())]
        # Once for all, because web3 takes long to look a function up.
        self._types = [_types(contract, name) for contract, name, _ in views]
        self._messages = [
            {"to": contract.address, "data": data_of(contract, Order(name, args))}
            for contract, name, args in views
        ]

    def call(self, now: int, transaction: dict[str, str], returns: str, is_wrapped: bool) -> Answer:
        """Ask what a transaction would do at this time, and send it if it is not refused.

        Parameters
        ----------
        now : int
        transaction : dict
            As of `message`.
        returns : str
            "uint256" or nothing.
        is_wrapped : bool
            Whether a wallet makes the call, which hands on what it returns as bytes.
        """
        asked = transaction | {"gas": GAS}
        (answer,) = self.chain.node.batch([("eth_call", [asked, "latest", {}, {"time": hex(now)}])])
        if "error" in answer:
            return Answer(bytes.fromhex(answer["error"].get("data", "0x")[2:]))
        receipt = self.chain.node.send(now, transaction)
        assert receipt["status"] == "0x1", f"{transaction} was accepted by eth_call only"
        returned = bytes.fromhex(answer["result"][2:])
        if is_wrapped:
            (returned,) = decode(["bytes"], returned)
        value = decode(["uint256"], returned)[0] if returns else None
        assert returns or not returned
        return Answer(None, value, tuple(event for log in receipt["logs"] for event in self._events(log)))

    def _events(self, log: dict[str, Any]) -> list[ev.Event | Skipped]:
        """The event in a log of the task or the relay."""
        topics, data = [bytes.fromhex(topic[2:]) for topic in log["topics"]], bytes.fromhex(log["data"][2:])
        if log["address"] == self.chain.relay.address.lower():
            assert topics[0] == _SKIPPED
            return [Skipped(to_checksum_address(topics[1][-20:]), *decode(["uint256", "bytes"], data))]
        if log["address"] != self.contract.address.lower():
            return []
        place = {"blockNumber": 0, "logIndex": 0, "transactionHash": b""}
        return [replace(ev.decode_log({"topics": topics, "data": data, **place}), place=NOWHERE)]

    def views(self, now: int) -> Views:
        """All views at this time."""
        wanted = [("eth_call", [view, "latest", {}, {"time": hex(now)}]) for view in self._messages]
        wanted += [("eth_getBalance", [holder, "latest"]) for holder in self._holders]
        results = [answer["result"] for answer in self.chain.node.batch(wanted)]
        values = [
            decode(types, bytes.fromhex(result[2:]))[0] for types, result in zip(self._types, results)
        ]
        phase, ledger, round_, list_, global_model, *rest = values
        clients, rest = rest[: len(self._clients)], rest[len(self._clients) :]
        token, allowances = rest[: len(self._holders)], rest[len(self._holders) : -1]
        return Views(
            phase=Phase(phase),
            ledger=Ledger(*ledger),
            round=RoundState(*round_),
            list=ListState(*list_),
            global_model=global_model,
            clients=tuple(map(ClientState.from_chain, clients)),
            coin=tuple(int(result, 16) for result in results[len(self._types) :]),
            token=tuple(token),
            allowances=tuple(allowances),
            supply=rest[-1] if rest else 0,
        )


def _types(contract: Contract, function: str) -> list[str]:
    abi = contract.functions[function].abi
    return [collapse_if_tuple(dict(output)) for output in abi["outputs"]]
