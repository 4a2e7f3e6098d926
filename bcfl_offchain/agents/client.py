"""A client: trains on its own data, mines, gets paid, and judges the others' work.

It knows its own key and data, the store, the board and the chain. It works only under a list that it has
recomputed itself, and it signs only a model that it has aggregated itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bcfl_offchain.chain.clock import Clock
from bcfl_offchain.chain.errors import ImpossibleLogs, UnknownContract
from bcfl_offchain.chain.history import PriceList, Round
from bcfl_offchain.chain.mining import solve
from bcfl_offchain.chain.token import allow
from bcfl_offchain.chain.transactions import Signer, TransactionRecord
from bcfl_offchain.chain.types import Phase, Report, Vote, Work
from bcfl_offchain.chain.votes import is_signed_by, pack_ballots, sign_vote
from bcfl_offchain.learning import Dataset, file_hash, pack, pack_evidence, train
from bcfl_offchain.mechanism import fixed_point
from bcfl_offchain.mechanism.errors import MechanismError

from .errors import ListRefused, NoOpenRound, NotHired, ProposalRefused, QuorumMissing
from .judgement import Verdict, Workplace, audit_seed, drawn_clients, judge
from .pricing import check_posted


@dataclass(frozen=True)
class PreparedWork:
    """A round's work before it is submitted.

    Attributes
    ----------
    round : int
    update : bytes
        The update file, kept to oneself until the work window has closed.
    hashes_tried : int
        How many hashes the puzzle took.
    work : bcfl_offchain.chain.Work
        What goes to the chain, with the q_t and q_m with which the task's policy expects it to answer.
    due : int
        Timestamp at which the claimed training and mining have taken their time.
    """

    round: int
    update: bytes
    hashes_tried: int
    work: Work
    due: int


class Client:
    """One client of a task.

    Parameters
    ----------
    signer : Signer
        Its key.
    place : Workplace
        The chain, the store, the board and the agreement.
    clock : Clock
        How it waits.
    data : Dataset
        Its own data; nobody sees them unless it is audited.
    energy_coefficient : int
        rho in wei/(GHz^3 s), 18 decimals.
    max_frequency : int
        q_i in GHz, 18 decimals.
    known_peers : collection of str
        Clients that it knows to be independent of the owner.
    min_known_peers : int
        How many of them a list has to hire before it works.
    """

    def __init__(
        self,
        signer: Signer,
        place: Workplace,
        clock: Clock,
        data: Dataset,
        energy_coefficient: int,
        max_frequency: int,
        known_peers: Collection[str] = (),
        min_known_peers: int = 0,
    ) -> None:
        self.signer = signer
        self.place = place
        self.clock = clock
        self.data = data
        self.energy_coefficient = energy_coefficient
        self.max_frequency = max_frequency
        self.known_peers = frozenset(known_peers)
        self.min_known_peers = min_known_peers
        self._works: dict[int, PreparedWork] = {}
        self._verdicts: dict[int, tuple[bytes, Verdict]] = {}

    @property
    def address(self) -> str:
        """The client's address."""
        return self.signer.address

    # --------------------------------------------------------------------------------------------- membership

    def report(self) -> Report:
        """What it states about itself: mu = pi d D from the number of its samples."""
        units = self.place.agreement.training_units(
            self.address, len(self.data), self.place.task.terms.cycle_unit
        )
        return Report(units, self.energy_coefficient, self.max_frequency)

    def join(self) -> TransactionRecord:
        """Join the task with the bond; a token is allowed to take exactly that.

        Raises
        ------
        UnknownContract
            If the factory did not make it: anybody can clone the code with terms that nobody has checked.
        """
        task = self.place.task.address
        if not self.place.factory.is_task(task):
            raise UnknownContract(task, "task", f"the factory {self.place.factory.address} did not make it; do not join")
        terms = self.place.task.terms
        permit = allow(terms.token, self.signer, task, terms.bond)
        return self.place.task.join(self.signer, self.report(), permit)

    def leave(self, recipient: str | None = None) -> TransactionRecord:
        """Leave and take the bond back, to this client or, where the token blocks it, to another address."""
        return self.place.task.leave(self.signer, recipient or self.address)

    def claim(self, recipient: str | None = None) -> TransactionRecord | None:
        """Take what was earned in all ended rounds, to this client or to another address.

        None, and no transaction, if it is nothing.
        """
        if not self.place.task.client_state(self.address).claimable:
            return None
        return self.place.task.claim(self.signer, recipient or self.address)

    # ----------------------------------------------------------------------------------------------- the list

    def check_list(self) -> fixed_point.Entry:
        """Recompute the open round's list from chain data.

        Returns
        -------
        mechanism.fixed_point.Entry
            Its own line, as posted.

        Raises
        ------
        ListRefused
            If a cap, a frequency or a price of anybody is not the mechanism's, or too few peers are hired. On
            a list too large for exact caps, a cap may be one step off.
        NotHired
            If the list is right and does not hire it.
        ImpossibleLogs
            If the contract itself says another round than its logs: the node hides or invents some.
        """
        round_ = self._open_round()
        self._check_state(round_)
        price_list = round_.price_list
        try:
            checked = check_posted(self.place.task.terms, price_list)
        except MechanismError as error:  # too large to be recomputed, or a report that no contract takes
            raise ListRefused("Shapley value", None, "one that can be recomputed", str(error)) from error
        if checked.differences:
            first = checked.differences[0]
            raise ListRefused(first.field, first.client, first.allowed, first.found)
        self._check_peers(price_list)
        if self.address not in checked.lines:
            raise NotHired(self.address, round_.number, "it is not on the list")
        own = checked.lines[self.address]
        if not own.hired:
            raise NotHired(self.address, round_.number, str(own.reason))
        return own

    def _check_state(self, round_: Round) -> None:
        """Work under a seed or a list that the contract does not have would not be paid.

        Caps and frequencies are in the list's hash; prices follow from them and from the report, so that of
        this client is compared, too.
        """
        task, opened, block = self.place.task, round_.opened, self.place.reader.read_to
        state, posted = task.round_state(block), task.list_state(block)
        stated = (state.number, state.seed, state.mining_cap, posted.version, posted.hash)
        logged = (opened.round, opened.seed, opened.mining_cap, opened.version, round_.price_list.hash)
        line = round_.price_list.entries.get(self.address)
        own_report = task.client_state(self.address, block).report
        if stated != logged or (line is not None and line.report != own_report):
            raise ImpossibleLogs(f"round {opened.round}", "the contract's own state is another")

    def _check_peers(self, price_list: PriceList) -> None:
        """An owner that fills a list with its own could reject honest work and keep its pay."""
        known = len(self.known_peers.intersection(price_list.hired))
        if known < self.min_known_peers:
            raise ListRefused("number of known peers hired", None, f"at least {self.min_known_peers}", known)

    # ------------------------------------------------------------------------------------------------ work

    def work(self) -> PreparedWork:
        """Check the list, train from the last agreed model, and mine.

        Returns
        -------
        PreparedWork
            To be submitted when it is due.

        Raises
        ------
        As `check_list`.
        """
        own = self.check_list()
        history = self.place.reader.history()
        round_ = self._open_round()
        start = self.place.model_before(history, round_.number)
        model = train(start, self.data, self.place.agreement.training)
        update = pack(model, self.place.file_name(round_.number, self.address))
        solution = solve(
            self.place.task.address,
            round_.opened.seed,
            self.address,
            file_hash(update),
            self.place.task.expected_hashes,
        )
        work = Work(file_hash(update), own.training_frequency, own.mining_frequency, solution.nonces)
        due = self.place.task.round_state().opened_at + self._claimed_time(round_, work)
        prepared = PreparedWork(round_.number, update, solution.hashes_tried, work, due)
        self._works[prepared.round] = prepared
        return prepared

    def _claimed_time(self, round_: Round, work: Work) -> int:
        """T_t + T_m in whole seconds, rounded up as the contract does."""
        terms, q_t, q_m = self.place.task.terms, work.training_frequency, work.mining_frequency
        cycles = round_.price_list.entries[self.address].report.training_units * terms.cycle_unit
        needed = 10**9 * (cycles * q_m + terms.mining_cycles * q_t)
        return -(-needed // (q_t * q_m))

    def submit(self, prepared: PreparedWork) -> TransactionRecord:
        """Wait until the claimed time has passed, and submit the work.

        Raises
        ------
        TransactionRefused
            For instance ``Task_WrongPhase`` if the work window has closed meanwhile.
        """
        self.clock.wait_until(prepared.due)
        return self.place.task.submit_work(self.signer, prepared.work)

    def publish(self) -> None:
        """After the work window: publish the update, and the data if drawn for an audit."""
        round_ = self._open_round()
        work = self._works.get(round_.number)
        if work is None or self.address not in round_.works:
            return
        self.place.store.put(work.update)
        if self.address in drawn_clients(self.place, round_):
            evidence = pack_evidence(self.data, self.place.file_name(round_.number, self.address))
            evidence_hash = self.place.store.put(evidence)
            self.place.board.put_evidence(self.place.round_id(round_), self.signer.account, evidence_hash)

    # --------------------------------------------------------------------------------------------- the quorum

    def verdict(self) -> Verdict:
        """Its own judgement of the open round, made once, when the files are published; and anew if the block
        that the audits are drawn from, or one before it, has been replaced."""
        round_ = self._open_round()
        seed = audit_seed(self.place.task.w3, round_, self.place.task.proposal_start() - 1)
        if self._verdicts.get(round_.number, (b"",))[0] != seed:
            self._verdicts[round_.number] = seed, judge(self.place, self.place.reader.history(), round_)
        return self._verdicts[round_.number][1]

    def vote(self) -> Vote:
        """Sign the model that was proposed last, if it is the one that the published updates give.

        Returns
        -------
        Vote
            Left on the board, too.

        Raises
        ------
        ProposalRefused
            If none is proposed, or it has another hash than the model that this client has aggregated.
        """
        round_ = self._open_round()
        result = self.verdict().result
        if not round_.proposals:
            raise ProposalRefused("no model is proposed", result.model_hash, b"")
        proposed = round_.proposals[-1].model_hash
        if proposed != result.model_hash:
            raise ProposalRefused("the published updates give another model", result.model_hash, proposed)
        return self._sign(round_)

    def _sign(self, round_: Round) -> Vote:
        round_id = self.place.round_id(round_)
        nonce = self.place.reader.history().vote_nonce(self.address)
        vote = sign_vote(self.signer.account, round_id, self.verdict().result, nonce)
        self.place.board.put_vote(round_id, vote)
        return vote

    def may_propose(self) -> bool:
        """Whether it is this client's window to propose and to end the round."""
        phase, state, round_ = self.place.task.phase(), self.place.task.round_state(), self._open_round()
        if self.address not in round_.works:
            return False
        if phase == Phase.GENERATOR_PROPOSING:
            return state.generator == round_.price_list.place(self.address)
        if phase == Phase.RUNNER_UP_PROPOSING:
            return state.runner_up == round_.price_list.place(self.address)
        return phase == Phase.WORKERS_PROPOSING

    def propose(self) -> TransactionRecord:
        """As block generator: aggregate, publish the global model, propose its hash, and vote for it."""
        verdict = self.verdict()
        self.place.store.put(verdict.model_file)
        record = self.place.task.propose_model(self.signer, verdict.result.model_hash)
        self._sign(self._open_round())
        return record

    def end_round(self) -> TransactionRecord:
        """As block generator: collect the votes for its own result and end the round.

        Raises
        ------
        QuorumMissing
            If not more than two thirds of the hired have voted for it.
        """
        round_, result, history = self._open_round(), self.verdict().result, self.place.reader.history()
        round_id, hired = self.place.round_id(round_), round_.price_list.hired
        nonces = {client: history.vote_nonce(client) for client in hired}
        left = [self.place.board.vote(round_id, client) for client in hired]
        votes = [vote for vote in left if vote and is_signed_by(vote, round_id, result, nonces[vote.signer])]
        if 3 * len(votes) <= 2 * len(hired):
            raise QuorumMissing(len(votes), len(hired))
        voters = [vote.signer for vote in votes]
        return self.place.task.end_round_by_quorum(self.signer, result, pack_ballots(votes, nonces), voters)

    def _open_round(self) -> Round:
        round_ = self.place.reader.history().open_round
        if round_ is None:
            raise NoOpenRound()
        return round_
