"""postEntries under one price for both subtasks: what `FairShare` and `LeastCost` take and refuse."""

from __future__ import annotations

import pytest

from tests.contracts.support import oracle
from tests.contracts.support.refusals import refused
from tests.contracts.support.terms import MONEY, REPORTS, SETTINGS, UNIFORM, Policy, Report

ON_BOTH_CHAINS = pytest.mark.ganache
ETHER = 10**18


@pytest.fixture(params=UNIFORM)
def uniform(request, new_game):
    """All five have joined a task of one price, whose mining budget is less than one wei a client."""
    game = new_game(**SETTINGS[request.param], mining_budget=4)
    game.join_all()
    return game


@pytest.fixture
def fair_share(new_game):
    game = new_game(**SETTINGS[Policy.FAIR_SHARE], mining_budget=4, min_hired=1)
    game.join_all()
    return game


@pytest.fixture
def least_cost(new_game):
    game = new_game(**SETTINGS[Policy.LEAST_COST], mining_budget=4, min_hired=1)
    game.join_all()
    return game


def post(game, person, cap, frequency=None):
    """Post an entry of the person, at the frequency that takes all of T if no other is given."""
    report = game.reports[person.address]
    frequency = oracle.uniform_frequency(game.terms, report) if frequency is None else frequency
    return game.task.postEntries(
        game.version + 1, 5, [(person.address, cap, frequency)], {"from": game.owner}
    )


def assert_price(game, person, cap, price):
    """Open a round for the person alone: the contract refuses faster work by naming the price, for both subtasks."""
    report = game.reports[person.address]
    frequency = oracle.uniform_frequency(game.terms, report)
    game.task.postEntries(game.version + 1, 1, [(person.address, cap, frequency)], {"from": game.owner})
    game.move_to_frozen()
    game.task.openRound(game.version, {"from": game.owner})
    game.book.open(cap + game.terms.mining_budget)
    too_fast = report.max_frequency
    refusal = price, too_fast, oracle.least_price(report, too_fast)
    for frequencies in ((too_fast, frequency), (frequency, too_fast)):
        with refused("Task_EnergyNotCovered", *refusal):
            game.task.submitWork((bytes(32), *frequencies, (0, 0)), {"from": person})


def least_cap(price, deadline):
    """The smallest cap that pays a price for the whole of T."""
    return -(-price * deadline // 10**18)


# ------------------------------------------------------------------------------ the prices


def test_fair_share_pays_both_caps_for_the_whole_deadline(fair_share, alice):
    price = (10 * MONEY + 1 + 4) * 10**18 // 900  # alone on the list, alice has all of the mining budget
    assert_price(fair_share, alice, 10 * MONEY + 1, price)
    fair_share.check()


@pytest.mark.parametrize("cap", [MONEY, 50 * MONEY])
def test_least_cost_pays_energy_and_utility_whatever_the_cap(least_cost, alice, cap):
    # 10 GHz·min in 15 min is 2/3 GHz, rounded up. The price is the least that covers both at that frequency.
    frequency = 666666666666666667
    report, cycles, utility = REPORTS["alice"], 600 * 10**9, MONEY // 3 + 1

    def covers(price):
        energy = report.energy_coefficient * frequency**3 * cycles
        return price * cycles * 10**54 >= energy + utility * frequency * 10**63

    price = oracle.uniform_price(least_cost.terms, report, 0)
    assert covers(price) and not covers(price - 1)
    assert_price(least_cost, alice, cap, price)
    least_cost.check()


def test_least_cost_without_a_reservation_utility_pays_the_energy_alone(new_game, alice):
    game = new_game(policy=Policy.LEAST_COST, min_hired=1)
    game.join_all()
    price = oracle.least_price(REPORTS["alice"], oracle.uniform_frequency(game.terms, REPORTS["alice"]))
    assert_price(game, alice, MONEY, price)
    game.check()


# ------------------------------------------------------------------------------ the frequency


@pytest.mark.parametrize("difference", [pytest.param(-1, marks=ON_BOTH_CHAINS), 1])
def test_refuses_another_frequency_than_takes_the_whole_deadline(uniform, bob, difference):
    expected = oracle.uniform_frequency(uniform.terms, REPORTS["bob"])
    assert expected == 13 * 60 * 10**18 // 900 + 1  # rounded up
    with refused("Price_WrongFrequency", bob, expected + difference, expected):
        post(uniform, bob, 10 * MONEY, expected + difference)


def test_refuses_a_frequency_of_zero(uniform, alice):
    with refused("Price_FrequencyOutOfRange", alice, 0, REPORTS["alice"].max_frequency):
        post(uniform, alice, 10 * MONEY, 0)


def test_the_highest_frequency_may_be_needed_and_no_more(uniform, alice):
    frequency = oracle.uniform_frequency(uniform.terms, REPORTS["alice"])
    uniform.change(alice, REPORTS["alice"]._replace(max_frequency=frequency))
    post(uniform, alice, 10 * MONEY)
    uniform.change(alice, REPORTS["alice"]._replace(max_frequency=frequency - 1))
    with refused("Price_FrequencyOutOfRange", alice, frequency, frequency - 1):
        post(uniform, alice, 10 * MONEY)


# ------------------------------------------------------------------------------ the caps


@ON_BOTH_CHAINS
def test_fair_share_refuses_caps_that_do_not_cover_the_energy(fair_share, erin):
    report = REPORTS["erin"]
    least = oracle.least_price(report, oracle.uniform_frequency(fair_share.terms, report))
    cap = least_cap(least, fair_share.terms.deadline)
    price = (cap - 1) * 10**18 // fair_share.terms.deadline
    with refused("Price_EnergyNotCovered", erin, price, least):
        post(fair_share, erin, cap - 1)
    post(fair_share, erin, cap)


@ON_BOTH_CHAINS
def test_least_cost_refuses_caps_that_do_not_pay_its_price(least_cost, erin):
    deadline = least_cost.terms.deadline
    price = oracle.uniform_price(least_cost.terms, REPORTS["erin"], 0)
    cap = least_cap(price, deadline)
    with refused("Price_PayOverCap", erin, price, (cap - 1) * 10**18 // deadline):
        post(least_cost, erin, cap - 1)
    post(least_cost, erin, cap)


@pytest.mark.parametrize("policy", UNIFORM)
def test_the_mining_cap_counts_towards_both(new_game, erin, policy):
    game = new_game(**SETTINGS[policy], mining_budget=25 * MONEY)
    game.join_all()
    post(game, erin, 1)


# At T = 1 s a price of 2^128 pays 340.28 ether.
DEAR = dict(rounds=1, budget=400 * ETHER, mining_budget=0, deadline=1, min_hired=1)
CHEAP = Report(1, 1, 2**72 - 1)


def test_fair_share_refuses_a_price_above_the_range(new_game, alice):
    game = new_game(policy=Policy.FAIR_SHARE, **DEAR)
    game.join(alice, CHEAP)
    cap = (2**128 - 1) // ETHER
    post(game, alice, cap)
    with refused("Price_OutOfRange", alice):
        post(game, alice, cap + 1)


def test_least_cost_refuses_a_price_above_the_range(new_game, alice):
    for utility, is_in_range in ((340 * ETHER, True), (341 * ETHER, False)):
        game = new_game(policy=Policy.LEAST_COST, reservation_utility=utility, **DEAR)
        game.join(alice, CHEAP)
        assert (oracle.uniform_price(game.terms, CHEAP, 0) < 2**128) == is_in_range
        if is_in_range:
            post(game, alice, 400 * ETHER)
        else:
            with refused("Price_OutOfRange", alice):
                post(game, alice, 400 * ETHER)
