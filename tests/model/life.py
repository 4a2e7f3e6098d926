"""One life of a task: verdicts and money beside what members and rounds bring, and how it begins and ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from eth_utils import keccak
from hypothesis import strategies as st

from bcfl_offchain.chain import rebuild
from bcfl_offchain.chain.types import Policy, RoundResult, address_order
from tests.contracts.support.votes import compact
from tests.model.chain_side import Chain, data_of, transaction_of
from tests.model.money import TOKENS
from tests.model.records import NOBODY, Order, Skipped
from tests.model.round_steps import RoundSteps
from tests.model.rules import kinds, people, recipients, reports, rule, ways
from tests.model.world import CLIENTS, DAY, DELEGATING, KEYS, OWNER, PURSES, STRANGER, WALLETS

BEGINNING = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(list(Policy)),
        "money": st.sampled_from(["coin", "coin", *TOKENS, "HostileToken"]),
        "is_open": st.booleans(),
        "bond": st.sampled_from([0, 10**16 + 1, 10**16 + 1]),
        "rounds": st.integers(2, 4),
        "min_hired": st.sampled_from([1, 1, 1, 2, 3]),
        "some": st.sampled_from([(1, 2, 3), (1, 3, 6), (1, 2, 3, 6), (1, 3, 6, 7), (1, 2, 3, 4, 6, 7)]),
        "given": st.lists(reports, min_size=CLIENTS, max_size=CLIENTS),
    }
)
# The switches of a hostile token: function, and arguments on and off.
MOODS = {
    "refuses": ("setRefusing", (True,), (False,)),
    "says no": ("setReturningFalse", (True,), (False,)),
    "burns gas": ("setBurningGas", (True,), (False,)),
    "blocks a purse": ("setBlocked", (PURSES[0], True), (PURSES[0], False)),
    "blocks a client": ("setBlocked", (KEYS[1].address, True), (KEYS[1].address, False)),
    "gives more": ("setSurplus", (3,), (0,)),
}


class Life(RoundSteps):
    """One life of a task."""

    def __init__(self, chain: Chain, reached: Counter, some, given, **terms) -> None:
        super().__init__(chain, reached, **terms)
        self.mood = "calm"
        self.step(OWNER, "admit", self.people[1 : CLIENTS + 1])
        for number, report in zip(some, given):
            self.message(number, "JoinTask", "itself", report, self.due)

    # ------------------------------------------------------------------------------------------- verdicts

    @rule(number=people, is_zero=st.sampled_from([False, False, True]))
    def propose(self, number, is_zero):
        self.step(number, "proposeModel", bytes(32) if is_zero else keccak(b"model"))

    @rule(
        proposer=people,
        voters=st.sets(people),
        stale=st.sets(people, max_size=1),
        rejected=st.lists(people, max_size=2),
        forfeited=st.lists(people, max_size=2),
        is_zero=st.sampled_from([False, False, False, False, True]),
    )
    def end_by_quorum(self, proposer, voters, stale, rejected, forfeited, is_zero):
        result = RoundResult(
            bytes(32) if is_zero else keccak(b"model"),
            tuple(self.people[number] for number in rejected),
            tuple(self.people[number] for number in forfeited),
        )
        self.play_quorum(proposer, result, voters, stale)

    def play_quorum(
        self,
        proposer: int,
        result: RoundResult,
        voters: Collection[int],
        stale: Collection[int] = (),
        trick: str = "none",
    ) -> bool:
        """End the round by these voters; the `stale` sign with another number than theirs."""
        model = self.model
        ballots: dict[int, list[tuple[bytes, bytes]]] = {}
        wallet_votes: list[tuple[str, bytes]] = []
        for number in sorted(voters, key=lambda number: address_order(self.people[number])):
            client, nonce = self.people[number], model.clients[self.people[number]].vote_nonce
            digest = model.vote_digest(result, nonce + (number in stale))
            signature = model.signatures.sign(KEYS[number], digest)
            if number in WALLETS or trick == "all as wallets":
                wallet_votes.append((client, signature))
            else:
                ballots.setdefault(nonce, []).append(compact(signature))
        packed = [(nonce, ballots[nonce]) for nonce in sorted(ballots)]
        if trick == "ballots turned":
            packed.reverse()
        elif trick == "a ballot twice":
            packed += packed[:1]
        elif trick == "votes turned":
            packed = [(nonce, votes[::-1]) for nonce, votes in packed]
            wallet_votes.reverse()
        elif trick == "votes twice":
            packed = [(nonce, [vote for vote in votes for _ in "twice"[:2]]) for nonce, votes in packed]
        elif trick == "as both":
            client = self.people[DELEGATING]
            digest = model.vote_digest(result, model.clients[client].vote_nonce)
            wallet_votes.append((client, model.signatures.sign(KEYS[WALLETS[0]], digest)))
            wallet_votes.sort(key=lambda vote: address_order(vote[0]))
        elif trick == "a wallet twice":
            wallet_votes += wallet_votes[-1:]
        return self.step(proposer, "endRoundByQuorum", result, packed, wallet_votes)

    @rule(
        12,
        absent=st.sampled_from([(), (1,), (2,)]),
        way=st.sampled_from(["itself", "in a batch"]),
        window=st.sampled_from([0, 0, 1, 2]),
        silent=st.sampled_from([0, 0, 0, 1, "a third"]),
        trick=st.sampled_from(
            ["none"] * 5
            + ["all as wallets", "ballots turned", "a ballot twice"]
            + ["votes turned", "votes twice", "a wallet twice", "as both"]
        ),
        rejected=st.sampled_from([(), (1,), (2,), (3,), (6,)]),
        forfeited=st.sampled_from([(), (), (1,), (2,), (4,), (6,)]),
    )
    def round_ends_by_quorum(self, absent, way, window, silent, trick, rejected, forfeited):
        if self.model.round is None and not self.play_round(absent, way):
            return
        ranking, listed, hired = self.model.round.ranking, self.model.round.entries, self.model.round.hired
        if window >= len(ranking):
            return
        self.now = max(self.now, self.moment(window))
        (proposer,) = self.numbers_of(ranking[window : window + 1])
        result = RoundResult(
            keccak(b"model"),
            tuple(self.people[number] for number in rejected if self.people[number] in ranking),
            tuple(self.people[number] for number in forfeited if self.people[number] in listed),
        )
        self.step(proposer, "proposeModel", result.model_hash)
        voters = self.numbers_of(hired)
        voters = voters[-(-len(voters) // 3) if silent == "a third" else silent :]
        if not self.play_quorum(proposer, result, voters, trick=trick):
            self.play_quorum(proposer, result, voters)

    @rule(voters=st.sets(people), trick=st.sampled_from(["none", "votes twice", "all as wallets"]))
    def end_as_ranked(self, voters, trick):
        """The generator of the open round tries to end it."""
        if self.model.round is not None and self.model.round.scores:
            self.now = max(self.now, self.moment("work end"))
            (proposer,) = self.numbers_of(self.model.round.ranking[:1])
            self.play_quorum(proposer, RoundResult(keccak(b"model"), (), ()), voters, trick=trick)

    @rule(number=people)
    def end_by_time(self, number):
        self.step(number, "endRoundByTime")

    # ------------------------------------------------------------------------------------------- money

    @rule(4, number=people, to=recipients, way=ways)
    def claim(self, number, to, way):
        self.message(number, "Claim", way, self.recipient(to))

    @rule(sender=st.sampled_from([STRANGER] * 5 + [OWNER]), to=recipients)
    def close(self, sender, to):
        self.step(sender, "closeTask", self.recipient(to))

    @rule(wei=st.integers(1, 10**18))
    def force_money_in(self, wei):
        """Money that nobody owes the task, in the coin and in the token."""
        model = self.model
        model.coin.balances[model.address] += wei
        self.chain.node.ask("anvil_setBalance", model.address, hex(model.coin.balances[model.address]))
        if self.token is not None and self.model.token.surplus == 0:
            self.chain.do(transaction_of(self.people[STRANGER], self.token, "mint", model.address, wei))
            model.token.mint(model.address, wei)
        self.tick()

    # ------------------------------------------------------------------------------------------ hostile money

    @rule(3, mood=st.sampled_from(["calm", *MOODS]), fee=st.sampled_from([0, 1, 5]))
    def misbehave(self, mood, fee):
        """A token that takes a fee takes another one; a hostile one does as it likes."""
        token, stranger = self.model.token, self.people[STRANGER]
        if token is None or token.kind not in ("FeeToken", "HostileToken"):
            return
        if token.kind == "FeeToken":
            self.chain.do(transaction_of(stranger, self.token, "setFee", fee))
            token.fee = fee
        else:
            if self.mood != "calm":
                function, _, off = MOODS[self.mood]
                self.chain.do(transaction_of(stranger, self.token, function, *off))
            if mood != "calm":
                function, on, _ = MOODS[mood]
                self.chain.do(transaction_of(stranger, self.token, function, *on))
            self.mood = mood
            token.is_refusing = mood in ("refuses", "says no", "burns gas")
            token.surplus = 3 * (mood == "gives more")
            token.blocked = MOODS[mood][1][0] if mood.startswith("blocks") else NOBODY
        self.tick()

    @rule(3, number=people, kind=kinds, way=st.sampled_from(["signed", "signed", "signed", "number used"]))
    def arm(self, number, kind, way):
        """A token, or a contract that is paid, that will bring a signed message while money moves."""
        model = self.model
        order = self.order(number, kind, way, 7 * DAY)
        data = bytes.fromhex(data_of(self.task.contract, order)[2:])
        if self.token is None:
            self.chain.do(transaction_of(self.people[STRANGER], self.chain.reentrant, "arm", data))
            model.coin.calling[self.chain.reentrant.address] = order
        elif model.token.kind == "HostileToken":
            self.chain.do(transaction_of(self.people[STRANGER], self.token, "arm", model.address, data))
            model.token.calling = order
        self.tick()

    # ------------------------------------------------------------------------------------------- the end

    def end(self) -> None:
        """Everybody takes what is its own without anybody's help, and the logs tell the same life."""
        model = self.model
        self.misbehave("calm", 0)
        if model.round is not None:
            self.now = max(self.now, self.moment(3))
            assert self.step(STRANGER, "endRoundByTime")
        if not model.is_closed:
            assert self.step(OWNER, "closeTask", PURSES[0])
        self.now = max(self.now, self.moment("joining"))
        for number in range(1, STRANGER + 1):
            client = self.people[number]
            if self.model.clients[client].earned:
                assert self.step(number, "claim", PURSES[1])
            if self.model.clients[client].is_member:
                assert self.step(number, "leaveTask", PURSES[2])
        self.end_of_the_relay()
        ledger = self.model.ledger()
        assert ledger.deposited == ledger.paid + ledger.returned + ledger.burnt
        history = rebuild(event for event in self.model.events if not isinstance(event, Skipped))
        assert history.ledger() == ledger
        for client in self.clients:
            state = self.model.client_state(client)
            assert state.nonce in history.nonces(client)
            assert replace(history.client_state(client), nonce=state.nonce) == state

    def end_of_the_relay(self) -> None:
        """Anybody who made it a member can take that bond for himself."""
        if self.model.clients[self.relay.address].is_member:
            order = Order("leaveTask", (PURSES[2],))
            assert self.relay_step(STRANGER, self.model.address, 0, [order])
