"""A task on the model and on the chain, who plays in it, one step on both, and how the two are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from eth_utils import keccak, to_checksum_address

from bcfl_offchain.chain.events import WorkSkipped
from bcfl_offchain.chain.types import Entry, Policy, Terms
from bcfl_offchain.mechanism import fixed_point
from tests.chain.devnet import account
from tests.contracts.support.terms import Terms as DefaultTerms
from tests.model.chain_side import Answer, Chain, ChainTask, data_of, message, transaction_of
from tests.model.money import FOR_EVER, Coin, Token
from tests.model.records import NOBODY, Call, Order, Refused, Skipped, error_of
from tests.model.signing import Manner, Signatures, Wallet
from tests.model.task_model import RelayModel, TaskModel

# Numbers of people. Clients are 1 to CLIENTS, the last two of them wallets.
OWNER, CLIENTS, STRANGER = 0, 7, 8
WALLETS = (6, 7)
DELEGATING = 4  # may take a wallet's code for its own
NO_ALLOWANCE = 5  # has a token's money, and has allowed nobody to take it
# Their keys; the first wallet's is a client's, too.
KEYS = [account(number) for number in (0, 1, 2, 3, 4, 5, 3, 9, 6)]
PURSES = [to_checksum_address(keccak(text=f"purse {number}")[-20:]) for number in range(3)]
RETURNS = {"claim": "uint256", "claimFor": "uint256", "closeTask": "uint256", "submitWorks": "uint256"}
DAY = 24 * 3600


class World:
    """One task with its people.

    Parameters
    ----------
    chain : Chain
    reached : Counter
        Counts what each call and each entry of a batch came to.
    money : str
        "coin", or one of `money.TOKENS`.
    """

    def __init__(
        self, chain: Chain, reached: Counter, policy, money, is_open, bond, rounds, min_hired
    ) -> None:
        self.chain, self.reached = chain, reached
        self.people = [key.address for key in KEYS]
        for number, wallet in zip(WALLETS, chain.wallets):
            self.people[number] = wallet.address
        self.token = None if money == "coin" else chain.deploy(money)
        default = DefaultTerms(self.people[OWNER])._replace(
            policy=policy,
            token=self.token.address if self.token else NOBODY,
            is_open_admission=is_open,
            bond=bond,
            rounds=rounds,
            min_hired=min_hired,
            reservation_utility=10**14 if policy is Policy.LEAST_COST else 0,
            grace=60,
            join_window=600,
            list_window=300,
            proposal_window=100,
        )
        self.terms = Terms(*default)
        self.model = self._create(money)
        self.relay = RelayModel(chain.relay.address, self.model)
        self.seen = len(self.model.events)
        self.now = chain.node.time + 1
        self.agree()

    def _create(self, money: str) -> TaskModel:
        """The task on both sides, and for each client what it needs to join."""
        chain, terms, owner = self.chain, self.terms, self.people[OWNER]
        funds = terms.budget * terms.rounds
        token = None
        if self.token is not None:
            token = Token(self.token.address, money)
            before = [transaction_of(owner, self.token, "mint", owner, funds)]
            before += [transaction_of(owner, self.token, "approve", chain.factory.address, funds)]
            if money == "FeeToken":  # a task is not funded by less than it is owed
                before += [transaction_of(owner, self.token, "setFee", 0)]
            chain.do(*before)
        address, created_at = chain.create(terms)
        self.clients = [*self.people, chain.relay.address]
        contracts = [chain.relay, chain.factory, chain.reentrant, *([self.token] if self.token else [])]
        self.holders = [address, *self.people, *PURSES, *(contract.address for contract in contracts)]
        self.task = ChainTask(chain, address, self.token, self.clients, self.holders)
        coin = self._coin()
        if token is not None:
            token.balances[address] = funds
            self._equip(token)
        wallets = {self.people[number]: Wallet(KEYS[number].address) for number in WALLETS}
        signatures = Signatures(chain.chain_id, wallets)
        return TaskModel(address, terms, created_at, signatures, coin, token)

    def _coin(self) -> Coin:
        """What everybody has of it, once contracts that all lives share are as if none had been before."""
        chain, owner = self.chain, self.people[OWNER]
        honest = [transaction_of(owner, wallet, "setManner", Manner.HONEST) for wallet in chain.wallets]
        chain.do(transaction_of(owner, chain.reentrant, "arm", b""), *honest)
        chain.node.ask("anvil_setCode", self.people[DELEGATING], "0x")
        for number in WALLETS:
            chain.node.ask("anvil_setBalance", self.people[number], hex(10**18))
        balances = chain.node.batch([("eth_getBalance", [holder, "latest"]) for holder in self.holders])
        coins = {holder: int(answer["result"], 16) for holder, answer in zip(self.holders, balances)}
        task = self.task.contract.address
        # All others' money may be of lives before.
        assert coins[task] == (0 if self.token else self.terms.budget * self.terms.rounds)
        refusing = {task, chain.relay.address, chain.factory.address}
        return Coin(coins, refusing)

    def _equip(self, token: Token) -> None:
        """Money for many bonds, and an allowance for most."""
        amount = 100 * self.terms.bond + 1
        done = []
        for number in range(1, CLIENTS + 1):
            client = self.people[number]
            done.append(transaction_of(self.people[STRANGER], self.token, "mint", client, amount))
            token.mint(client, amount)
            if number != NO_ALLOWANCE:
                done.append(self.approval(number, FOR_EVER))
                token.allowances[client] = FOR_EVER
        self.chain.do(*done)

    def approval(self, number: int, amount: int) -> dict[str, str]:
        """The transaction that lets the task take this much of a client's tokens."""
        data = data_of(self.token, Order("approve", (self.task.contract.address, amount)))
        return self.transaction(number, self.token.address, data)

    # ------------------------------------------------------------------------------------------- one step

    def step(self, sender: int, function: str, *args: Any, value: int = 0) -> bool:
        """A call of the task on both sides; whether it is accepted."""
        order = Order(function, args)
        return self._both(
            function,
            Call(self.people[sender], self.now, value),
            lambda call: self.model.perform(call, order),
            self.transaction(sender, self.model.address, data_of(self.task.contract, order), value),
            RETURNS.get(function, ""),
            sender in WALLETS,
        )

    def relay_step(self, sender: int, task: str, each: int, orders: list[Order], short: int = 0) -> bool:
        """A batch on both sides; whether it is accepted. It brings `short` less than it has to."""
        calls = [bytes.fromhex(data_of(self.task.contract, order)[2:]) for order in orders]
        value = max(0, each * len(orders) - short)
        data = data_of(self.chain.relay, Order("relay", (task, each, calls)))
        return self._both(
            "relay",
            Call(self.people[sender], self.now, value),
            lambda call: self.relay.relay(call, task, each, orders),
            self.transaction(sender, self.chain.relay.address, data, value),
            "uint256",
            sender in WALLETS,
        )

    def transaction(self, sender: int, to: str, data: str, value: int = 0) -> dict[str, str]:
        """A call by an account, or by a wallet, which anybody can tell to make it."""
        if sender not in WALLETS:
            return message(self.people[sender], to, data, value)
        wallet = self.chain.wallets[sender - WALLETS[0]]
        data = data_of(wallet, Order("execute", (to, value, bytes.fromhex(data[2:]))))
        return message(self.people[STRANGER], wallet.address, data)

    def _both(
        self,
        function: str,
        call: Call,
        perform: Callable[[Call], int | None],
        transaction: dict[str, str],
        returns: str,
        is_wrapped: bool,
    ) -> bool:
        expected = Answer(None)
        refusal = None
        try:
            returned = perform(call)
            expected = Answer(None, returned, tuple(self.model.events[self.seen :]))
        except Refused as error:
            refusal = error
        answer = self.task.call(self.now, transaction, returns, is_wrapped)
        self.reached.update(("from inside", outcome) for outcome in self.model.from_inside)
        self.model.from_inside.clear()
        if refusal is not None:
            assert answer.refusal is not None, f"the contract accepts what the model refuses: {refusal}"
            assert refusal.is_told_by(answer.refusal), (function, error_of(answer.refusal), refusal)
            self.reached[function, refusal.error] += 1
            return False
        assert answer.refusal is None, (function, error_of(answer.refusal))
        assert answer == expected
        self.seen = len(self.model.events)
        self.reached[function, "accepted"] += 1
        for event in expected.events:
            if isinstance(event, (Skipped, WorkSkipped)):
                self.reached[f"{function} skips", error_of(event.reason)[0]] += 1
        self.now += 1
        self.agree()
        return True

    def agree(self) -> None:
        """Whatever can be read of the contract is what the model says, and so is what everybody holds."""
        found, model = self.task.views(self.now), self.model
        assert found.phase == model.phase(self.now)
        assert found.ledger == model.ledger() and found.ledger.balanced
        assert found.round == model.round_state()
        assert found.list == model.list_state()
        assert found.global_model == model.global_model
        assert found.clients == tuple(model.client_state(client) for client in self.clients)
        assert found.coin == tuple(model.coin.balances[holder] for holder in self.holders)
        if model.token is not None:
            assert found.token == tuple(model.token.balances[holder] for holder in self.holders)
            assert found.allowances == tuple(model.token.allowances[client] for client in self.clients)
            assert found.supply == sum(model.token.balances.values())

    # ---------------------------------------------------------------------------------------- what steps need

    def moment(self, where: Any) -> int:
        """The next time at which something changes: between rounds a window, in a round the end of one."""
        terms, model = self.terms, self.model
        if model.round is None:
            cycle = terms.join_window + terms.list_window
            start = model.ended_at + (terms.join_window if where == "frozen" else 0)
            return start + max(0, -(-(self.now - start) // cycle)) * cycle
        if where == "deadline":
            return model.round.opened_at + terms.deadline
        work_end = model.round.opened_at + terms.deadline + terms.grace
        return work_end + 1 + terms.proposal_window * (where if isinstance(where, int) else 0)

    def numbers_of(self, addresses: Collection[str]) -> list[int]:
        return [self.people.index(address) for address in addresses if address in self.people]

    def honest_list(self) -> list[Entry]:
        """The mechanism's list of all members."""
        model = self.model
        members = sorted((c for c in model.clients if model.clients[c].is_member), key=lambda c: int(c, 16))
        if not members:
            return []
        given = [model.clients[client].report.pricing(self.terms.cycle_unit) for client in members]
        lines = fixed_point.price_list(given, self.terms.pricing())
        return [
            Entry(client, line.training_cap, line.training_frequency) for client, line in zip(members, lines)
        ]
