"""Random offers through contract and oracle: the same entries pass, at the same prices, to the unit.

Each batch is a task with random terms and fifty clients with random reports; the forge tests repeat this on
the library with many more. BCFL_TEST_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import brownie
import pytest

from bcfl_offchain.mechanism.reasons import Reason
from bcfl_offchain.mechanism.shapley import shapley_values, shares
from tests.contracts.support import oracle
from tests.contracts.support.game import posted_entries
from tests.contracts.support.terms import UNIFORM, Policy, Report
from tests.forge.vectors.generate import ERRORS

CLIENTS = 50
BATCHES = 12


@pytest.fixture(scope="module")
def seed():
    return int(os.environ.get("BCFL_TEST_SEED") or random.SystemRandom().randrange(2**32))


@pytest.fixture(scope="module")
def offers():
    """Counts what the batches came to."""
    return Counter()


@pytest.fixture(autouse=True)
def rich(owner):
    """Gives the owner all the money that terms may ask for; Anvil only."""
    response = brownie.web3.provider.make_request("anvil_setBalance", [owner.address, hex(2**96)])
    assert "error" not in response, response


def log_uniform(rng: random.Random, low: int, high: int) -> int:
    """A whole number with a uniform logarithm."""
    return min(high, max(low, round(low * (high / low) ** rng.random())))


def random_terms(rng: random.Random, policy: Policy) -> dict:
    """Terms over most of their ranges; workloads of sixty units fit the deadline at 0.01 to 100 GHz."""
    budget = log_uniform(rng, 10**4, 2**79 - 1)
    cycle_unit = log_uniform(rng, 10**7, (2**48 - 1) // 60)
    mining_cycles = log_uniform(rng, cycle_unit // 10, 30 * cycle_unit)
    utility = rng.choice([0, log_uniform(rng, 1, budget // CLIENTS)]) if policy is Policy.LEAST_COST else 0
    return dict(
        policy=policy,
        rounds=1,
        budget=budget,
        mining_budget=log_uniform(rng, budget // 100, budget - 1),
        reservation_utility=utility,
        bond=0,
        deadline=min(365 * 24 * 3600, max(1, round(60 * cycle_unit / 10**9 / 10 ** rng.uniform(-2, 2)))),
        max_clients=CLIENTS,
        max_training_units=60,
        cycle_unit=cycle_unit,
        target=rng.randrange(1, 60) * cycle_unit,
        mining_cycles=mining_cycles,
        cycles_per_hash=-(-mining_cycles // 32),
    )


def random_reports(rng: random.Random, terms, clients) -> dict[str, Report]:
    """Workloads at random; energy coefficients and highest frequencies such that clients fall on both sides
    of the domain."""
    units = [rng.randint(1, 60) for _ in clients]
    values = shapley_values([unit * terms.cycle_unit for unit in units], terms.target).values
    reports = {}
    for client, unit, share in zip(clients, units, shares(values)):
        cap = int(share * (terms.budget - terms.mining_budget))
        coefficient, needed = (_uniform_need if terms.policy in UNIFORM else _theorem_need)(
            rng, terms, cap, unit * terms.cycle_unit
        )
        reports[client] = Report(
            unit,
            min(2**112 - 1, max(1, coefficient)),
            min(2**71, round(needed * 10 ** rng.uniform(-0.3, 3))),
        )
    return reports


def _theorem_need(rng: random.Random, terms, cap: int, cycles: int) -> tuple[int, int]:
    """An energy coefficient with which training takes from a hundredth of the deadline to a little more than
    all of it, and the frequency for that."""
    part = 10 ** rng.uniform(-2, 0.05) if rng.random() < 0.7 else 1 - 10 ** rng.uniform(-3, -0.3)
    milliseconds = max(1, round(terms.deadline * 1000 * part))
    coefficient = cap * 10**39 * milliseconds**2 // cycles**3
    return coefficient, cycles * 10**12 // milliseconds + 1  # GHz with 18 decimals


def _uniform_need(rng: random.Random, terms, cap: int, cycles: int) -> tuple[int, int]:
    """An energy coefficient with which the round's energy takes from a thirtieth of both caps to three times
    as much, and the frequency that meets T."""
    caps, cycles = cap + terms.mining_budget // CLIENTS, cycles + terms.mining_cycles
    coefficient = caps * 10**45 * terms.deadline**2 // cycles**3
    return round(coefficient * 10 ** rng.uniform(-1.5, 0.5)), cycles * 10**9 // terms.deadline + 1


def honest_offer(game, client: str, share) -> tuple[str, int, int]:
    """What an owner who does not mind the domain would post."""
    report = game.reports[client]
    cap = int(share * (game.terms.budget - game.terms.mining_budget))
    # No more than an entry can hold; no client's highest frequency reaches that.
    return client, cap, min(oracle.offer_frequency(game.terms, report, cap), 2**72 - 1)


def expected_error(game, entry) -> str:
    """The typed error for a client that the oracle does not hire."""
    if entry.reason is Reason.MINING_ENERGY:
        return "Price_MiningNotCovered" if game.terms.policy == Policy.COMPLETE else "Price_MiningPayOverCap"
    return ERRORS[entry.reason]


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_contract_prices_as_the_oracle(new_game, accounts, seed, offers, batch):
    print(f"BCFL_TEST_SEED={seed}")
    rng = random.Random(seed + batch)
    game = new_game(**random_terms(rng, Policy(batch % len(Policy))))
    reports = random_reports(rng, game.terms, [account.address for account in accounts[7 : 7 + CLIENTS]])
    for client, report in reports.items():
        game.join(accounts.at(client), report)

    tx = game.post()
    assert posted_entries(tx) == game.entries(game.prices)

    for client, entry in game.prices.items():
        offers["hired" if entry.hired else entry.reason.name] += 1
        offer = honest_offer(game, client, entry.share)
        if entry.hired:
            assert offer == (client, entry.training_cap, entry.training_frequency)
            off_by_one = (*offer[:2], offer[2] + (1 if offer[2] < game.reports[client].max_frequency else -1))
            with brownie.reverts(revert_pattern="Price_(Wrong(Training)?Frequency|FrequencyOutOfRange): .*"):
                game.task.postEntries.call(2, CLIENTS, [off_by_one], {"from": game.owner})
        elif entry.reason is not Reason.ZERO_TRAINING_CAP:
            if entry.reason is Reason.TRAINING_PRICE_RANGE:
                offer = (*offer[:2], 1)  # a frequency in range, so that the price is what is refused
            pattern = f"{expected_error(game, entry)}: {client.lower()}.*"
            with brownie.reverts(revert_pattern=pattern):
                game.task.postEntries.call(2, CLIENTS, [offer], {"from": game.owner})


def test_the_batches_reach_both_sides_of_the_domain(offers):
    print(dict(offers))
    assert sum(offers.values()) == BATCHES * CLIENTS >= 300
    assert offers["hired"] >= 50
    assert sum(offers.values()) - offers["hired"] - offers["ZERO_TRAINING_CAP"] >= 30
    assert offers["FREQUENCY"] > 0 and offers["ENERGY"] + offers["LEAST_PAY"] > 0
