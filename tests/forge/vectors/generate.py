"""Write prices.jsonl: random and edge cases of the integer price chain, as `bcfl_offchain` prices them.

    python tests/forge/vectors/generate.py [SEED]

`PricesVectors.t.sol` holds `Prices.check` against them, to the last unit. Each case is a list of one client (share 1), so that
eta - eta_m is its training cap and eta_m its mining cap. A line of the file is a block of cases, an object whose columns are
arrays of decimal strings; `error` is the custom error that the contract gives, or empty. The seed is printed and stands in
each block.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import isqrt
from pathlib import Path

from bcfl_offchain.mechanism.fixed_point import (
    MAX_BUDGET,
    MAX_CYCLES,
    MAX_ENERGY_COEFFICIENT,
    MAX_FREQUENCY,
    MAX_PRICE,
    Entry,
    Report,
    Terms,
    floor_cbrt,
    price_list,
)
from bcfl_offchain.mechanism.reasons import Reason

OUTPUT = Path(__file__).with_name("prices.jsonl")
THEOREMS = ("complete", "incomplete")
UNIFORM = ("fair-share", "least-cost")  # one price for both subtasks
POLICIES = THEOREMS + UNIFORM  # in the order of the contract's enum
MAX_DEADLINE = 2**32 - 1
BLOCK = 500  # cases a line: forge's memory holds a block, not the file
Case = tuple[Report, Terms]

ERRORS = {
    Reason.TRAINING_PRICE_RANGE: "Price_OutOfRange",
    Reason.TRAINING_FREQUENCY: "Price_FrequencyOutOfRange",
    Reason.TRAINING_TIME: "Price_NoTimeToMine",
    Reason.MINING_FREQUENCY: "Price_FrequencyOutOfRange",
    Reason.MINING_PRICE_RANGE: "Price_OutOfRange",
    Reason.FREQUENCY: "Price_FrequencyOutOfRange",
    Reason.ENERGY: "Price_EnergyNotCovered",
    Reason.LEAST_PAY: "Price_PayOverCap",
    Reason.PRICE_RANGE: "Price_OutOfRange",
}


def make_case(
    policy: str, cycles: int, rho: int, max_frequency: int, cap_t: int, cap_m: int, psi: int, deadline: int,
    utility: int = 0,
) -> Case:
    """One client whose caps are given; only `least-cost` knows the utility."""
    known_utility = utility if policy == "least-cost" else 0
    return Report(cycles, rho, max_frequency), Terms(cap_t + cap_m, cap_m, deadline, psi, 0, policy, known_utility)


def log_uniform(rng: random.Random, largest: int) -> int:
    """A number in [1, largest] of any magnitude alike."""
    return min(largest, rng.getrandbits(rng.randint(1, largest.bit_length())) or 1)


def anywhere(rng: random.Random) -> Case:
    """Every operand of any magnitude in its range."""
    cap_t = log_uniform(rng, MAX_BUDGET)
    return make_case(
        rng.choice(POLICIES), log_uniform(rng, MAX_CYCLES), log_uniform(rng, MAX_ENERGY_COEFFICIENT),
        log_uniform(rng, MAX_FREQUENCY), cap_t, min(log_uniform(rng, MAX_BUDGET) - 1, MAX_BUDGET - cap_t),
        log_uniform(rng, MAX_CYCLES), log_uniform(rng, MAX_DEADLINE), log_uniform(rng, MAX_BUDGET) - 1,
    )  # fmt: skip


def near_the_paper(rng: random.Random) -> Case:
    """mu, psi, rho, T and caps around the paper's, in units of any token: most lie in the domain."""
    unit = 10 ** rng.randint(6, 21)  # smallest units in one unit of money
    rho = max(1, unit * 10**18 // 6000 * rng.randint(1, 100) // 10)
    return make_case(
        rng.choice(POLICIES), rng.randint(1, 2000 * 10**9), min(rho, MAX_ENERGY_COEFFICIENT),
        rng.randint(10**18, 100 * 10**18), min(rng.randint(1, 100) * unit + rng.randrange(unit), MAX_BUDGET // 2),
        min(rng.randrange(20 * unit), MAX_BUDGET // 2), rng.randint(1, 1000 * 10**9), rng.randint(60, 3600),
        min(rng.randrange(20 * unit), MAX_BUDGET),
    )  # fmt: skip


def exact_cube(rng: random.Random) -> Case:
    """R = r k^2 m gives q_t = k GHz exactly, with m = T k even T_t = T exactly (no time to mine)."""
    k, r, deadline = rng.randint(1, 60), rng.randint(1, 10**13), rng.randint(1, 3600)
    m = rng.choice([deadline * k, rng.randint(1, 2 * 10**5)])
    m = min(m, MAX_CYCLES // 10**9)
    return make_case(
        rng.choice(THEOREMS), m * 10**9, r * 10**18, MAX_FREQUENCY, r * k * k * m, r * rng.randint(0, 10**6),
        rng.randint(1, 10**12), deadline,
    )  # fmt: skip


def extremes(rng: random.Random) -> Case:
    """Each operand at one of the ends of its range, or one off."""

    def end(largest: int) -> int:
        return rng.choice([1, 2, largest - 1, largest])

    cap_t = rng.choice([1, 2, MAX_BUDGET // 2, MAX_BUDGET - 1, MAX_BUDGET])
    cap_m = rng.choice([0, 1, 2, MAX_BUDGET - cap_t])
    return make_case(
        rng.choice(POLICIES), end(MAX_CYCLES), end(MAX_ENERGY_COEFFICIENT), end(MAX_FREQUENCY), cap_t,
        min(cap_m, MAX_BUDGET - cap_t), end(MAX_CYCLES), end(MAX_DEADLINE),
        rng.choice([0, 1, MAX_BUDGET - 1, MAX_BUDGET]),
    )  # fmt: skip


def price_one(case: Case) -> Entry:
    """The client's line."""
    report, terms = case
    return price_list([report], terms)[0]


def root_of(case: Case) -> int:
    """q_t, also where the client is then refused: (8), or 0 if its price is out of range; (M+psi)/T under one price."""
    report, terms = case
    if terms.policy in UNIFORM:
        return -(-(report.training_cycles + terms.mining_cycles) * 10**9 // terms.deadline)
    cap, rho = terms.budget - terms.mining_budget, report.energy_coefficient
    price = isqrt(cap**3 * 10**81 // (rho * report.training_cycles**3))
    return floor_cbrt(price * 10**54 // rho) if price <= MAX_PRICE else 0


def boundaries(rng: random.Random) -> Iterator[Case]:
    """Both sides of every condition of the theorems' domain, found from a case that lies in it."""
    case = near_the_paper(rng)
    entry = price_one(case)
    if case[1].policy not in THEOREMS or not entry.hired:
        return
    report, terms = case
    for frequency in (entry.training_frequency, entry.mining_frequency):
        for most in (frequency - 1, frequency, frequency + 1):
            if 1 <= most <= MAX_FREQUENCY:
                yield replace(report, max_frequency=most), terms
    free = replace(report, max_frequency=MAX_FREQUENCY)

    def with_caps(cap_t: int, cap_m: int) -> Case:
        return free, replace(terms, budget=cap_t + cap_m, mining_budget=cap_m)

    cap_t, cap_m = terms.budget - terms.mining_budget, terms.mining_budget
    # The least mining cap that covers mining, and one wei less.
    low, high = 0, cap_m
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if price_one(with_caps(cap_t, middle)).hired else (middle + 1, high)
    for edge in (low - 1, low, low + 1):
        if edge >= 0:
            yield with_caps(cap_t, edge)
    # The least training cap that leaves any time to mine, and one wei less.
    low, high = 1, cap_t
    while low < high:
        middle = (low + high) // 2
        slack = terms.deadline * root_of(with_caps(middle, cap_m)) - report.training_cycles * 10**9
        low, high = (low, middle) if slack > 0 else (middle + 1, high)
    for edge in (low - 1, low, low + 1):
        if edge >= 1:
            yield with_caps(edge, cap_m)


def with_sum(rng: random.Random, case: Case, caps: int) -> Case:
    """The case with this sum of both caps, split anywhere."""
    report, terms = case
    return report, replace(terms, budget=caps, mining_budget=rng.randrange(caps))


def uniform_boundaries(rng: random.Random) -> Iterator[Case]:
    """Both sides of every condition under one price: q_i of the report, and the least sum of caps that suffices."""
    report, terms = near_the_paper(rng)
    policy = rng.choice(UNIFORM)
    utility = rng.choice([0, 0, 1, rng.randrange(MAX_BUDGET), MAX_BUDGET]) if policy == "least-cost" else 0
    terms = replace(terms, policy=policy, reservation_utility=utility)
    frequency = root_of((report, terms))
    for most in (frequency - 1, frequency, frequency + 1):
        if 1 <= most <= MAX_FREQUENCY:
            yield replace(report, max_frequency=most), terms
    case = replace(report, max_frequency=MAX_FREQUENCY), terms
    low, high = 1, MAX_BUDGET
    while low < high:
        middle = (low + high) // 2
        reason = price_one(with_sum(rng, case, middle)).reason
        is_enough = reason not in (Reason.ENERGY, Reason.LEAST_PAY)
        low, high = (low, middle) if is_enough else (middle + 1, high)
    for caps in (low - 1, low, low + 1):
        if 1 <= caps <= MAX_BUDGET:
            yield with_sum(rng, case, caps)


def exact_price(rng: random.Random) -> Iterator[Case]:
    """q = k GHz and p = s wei/s exactly, so that p T 10^-18 wei, caps of that sum, cover energy and utility exactly.

    With caps one wei less, or with rho or u one unit more, they do not.
    """
    k, deadline = rng.randint(1, 60), rng.randint(2, 3600)
    total = k * deadline  # Gcycles
    cycles = rng.randint(1, total * 10**9 - 1)
    rho, utility = rng.randint(1, 10**12) * 10**18, rng.choice([0, rng.randint(1, 10**12)]) * deadline
    for policy, known_utility in (("fair-share", 0), ("least-cost", 0), ("least-cost", utility)):
        price = rho * k**3 // 10**18 + known_utility // deadline  # wei/s
        for more_caps, more_rho, more_utility in ((0, 0, 0), (-1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)):
            caps = price * deadline + more_caps
            case = make_case(
                policy, cycles, rho + more_rho, rng.choice([k * 10**18, MAX_FREQUENCY]), caps, 0,
                total * 10**9 - cycles, deadline, known_utility + more_utility,
            )  # fmt: skip
            yield with_sum(rng, case, caps)


def uniform_price_range(rng: random.Random) -> Iterator[Case]:
    """Prices on both sides of 2^128: short deadlines, large caps, a large utility."""
    deadline = rng.randint(1, 1000)
    cycles, psi, rho = rng.randint(1, 10**9), rng.randint(1, 10**9), log_uniform(rng, 10**30)
    most = (MAX_PRICE + 1) * deadline // 10**18  # the last sum of caps whose price stays below
    for offset in (-1, 0, 1, 2, rng.randint(3, MAX_BUDGET - most)):
        for policy, caps, utility in (("fair-share", most + offset, 0), ("least-cost", MAX_BUDGET, most + offset)):
            case = make_case(policy, cycles, rho, MAX_FREQUENCY, caps, 0, psi, deadline, utility)
            yield with_sum(rng, case, caps)


def tight_mining(rng: random.Random) -> Case:
    """The largest rho and almost no time to mine: mining prices around 2^128."""
    deadline, cycles = rng.randint(10, 3600), rng.randint(10**9, 10**12)
    rho = MAX_ENERGY_COEFFICIENT >> rng.randint(0, 20)
    target = cycles * 10**9 // deadline * (10**7 + 10 ** rng.randint(0, 7)) // 10**7
    cap = floor_cbrt((rho * target**3 // 10**54) ** 2 * rho * cycles**3 // 10**81)
    psi = rng.randint(10**8, 10**12)
    return make_case(
        rng.choice(THEOREMS), cycles, rho, MAX_FREQUENCY, max(1, min(cap, MAX_BUDGET // 2)),
        rng.randrange(MAX_BUDGET // 2), psi, deadline,
    )  # fmt: skip


def error_of(case: Case, entry: Entry) -> str:
    """The name of the contract's refusal; it tells the two ways apart in which mining can cost too much."""
    if entry.hired:
        return ""
    if entry.reason is Reason.MINING_ENERGY:
        return "Price_MiningNotCovered" if case[1].policy == "complete" else "Price_MiningPayOverCap"
    if entry.reason in ERRORS:
        return ERRORS[entry.reason]
    raise ValueError(f"{case}: no refusal of the contract is known for {entry.reason!r}")


def rows_of(case: Case, rng: random.Random) -> Iterator[dict[str, object]]:
    """The case as the contract sees it; of some accepted ones also a copy with a wrong root."""
    report, terms = case
    entry = price_one(case)
    root = entry.training_frequency or root_of(case)
    row = {
        "policy": POLICIES.index(terms.policy), "trainingCycles": report.training_cycles,
        "energyCoefficient": report.energy_coefficient, "maxFrequency": report.max_frequency,
        "trainingCap": terms.budget - terms.mining_budget, "trainingFrequency": root or 1,
        "miningCap": terms.mining_budget, "miningCycles": terms.mining_cycles, "deadline": terms.deadline,
        "reservationUtility": terms.reservation_utility,
        "trainingPrice": entry.training_price, "miningPrice": entry.mining_price,
        "miningFrequency": entry.mining_frequency, "trainingPay": entry.training_pay,
        "miningPay": entry.mining_pay, "error": error_of(case, entry),
    }  # fmt: skip
    yield row
    if entry.hired and rng.random() < 0.1:
        wrong = root + rng.choice([-1, 1])
        if 1 <= wrong <= report.max_frequency:
            error = "Price_WrongFrequency" if terms.policy in UNIFORM else "Price_WrongTrainingFrequency"
            yield {**row, "trainingFrequency": wrong, "error": error}


def cases(rng: random.Random) -> Iterator[Case]:
    """All cases."""
    kinds = ((anywhere, 8000), (near_the_paper, 8000), (exact_cube, 1000), (extremes, 4000), (tight_mining, 500))
    for kind, number in kinds:
        for _ in range(number):
            yield kind(rng)
    searches = ((boundaries, 160), (uniform_boundaries, 80), (exact_price, 80), (uniform_price_range, 40))
    for search, number in searches:
        for _ in range(number):
            yield from search(rng)


def main(seed: int) -> None:
    """Write the file and say what is in it."""
    rng = random.Random(seed)
    rows = [row for case in cases(rng) for row in rows_of(case, rng)]
    with OUTPUT.open("w", encoding="ascii") as file:
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            columns = {name: [str(row[name]) for row in block] for name in rows[0]}
            file.write(json.dumps({"seed": str(seed), **columns}) + "\n")
    counts = Counter(f"{POLICIES[int(str(row['policy']))]} {row['error'] or 'accepted'}" for row in rows)
    print(f"{OUTPUT.name}: seed {seed}, {len(rows)} cases")
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**9))
