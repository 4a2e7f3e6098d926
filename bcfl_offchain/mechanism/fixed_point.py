"""One round in the chain's integers, to the last unit what the contract computes.

Units: money in wei; mu, psi and g in whole CPU cycles; frequencies in GHz, rho in wei/(GHz^3 s) and prices in
wei/s, each with 18 decimals; T in whole seconds. T_t = M 10^9/q_t seconds stays a rational and is never
rounded. One chain (docs/mechanism.md, Integers); its rounding directions keep (5), (6) and (7) true of the
rounded response:

1. cap      R_t = floor(share (eta - eta_m)), R_m = floor(eta_m/N); on a list too large for exact shares
            R_t = step floor(share (eta - eta_m)/step) with step = ceil((eta - eta_m)/2^20)
2. (18)     P_t = isqrt(R_t^3 10^81 // (rho M^3)): nested floors are exact
3. (8)      q_t = largest integer with rho q_t^3 <= P_t 10^54, so (5) holds
4. (9)      q_m = ceil(psi 10^9 q_t / D) with D = T q_t - M 10^9 > 0, so (7) holds; D/q_t = T - T_t
5. (19)     P_m = floor(R_m 10^18 q_t / D); (23) P_m = ceil(rho q_m^3 / 10^54), the least price with (6)
6. pay      floor(P_t M/(q_t 10^9)) and floor(P_m psi/(q_m 10^9)), each at most its cap

Policies with one price P and one frequency q for both subtasks put these in place of steps 2 to 6:

2. (7)      q = ceil(S 10^9/T) with S = M + psi, so (7) holds
3. price    fair-share: P = floor((R_t + R_m) 10^18/T), hired if P 10^54 >= rho q^3, which is (5) and (6)
            least-cost: P = ceil((rho q^3 S + u q 10^63)/(10^54 S)), the least integer with which pay covers
            energy and the reservation utility u at q; hired if P T <= (R_t + R_m) 10^18
4. pay      floor(P M/(q_t 10^9)) + floor(P psi/(q_m 10^9)), at most R_t + R_m
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt

from .errors import InvalidInput, OutOfRange, UnknownPolicy, WorkRefused
from .policies import POLICIES
from .reasons import Reason
from .list_shares import MARGIN, STEPS, training_shares
from .units import CYCLES_PER_GIGACYCLE, WAD

_Offer = tuple[int, int, int, int]  # training price, mining price, training frequency, mining frequency

MAX_BUDGET = 2**79 - 1
MAX_CYCLES = 2**48 - 1
MAX_ENERGY_COEFFICIENT = 2**112 - 1
MAX_FREQUENCY = 2**72 - 1
MAX_PRICE = 2**128 - 1
MAX_DEADLINE = 2**32 - 1


def _in_range(field: str, value: int, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise OutOfRange(field, value, low, high)


@dataclass(frozen=True)
class Terms:
    """Terms of a task that a round's prices depend on.

    Attributes
    ----------
    budget, mining_budget : int
        eta and eta_m in wei, eta_m <= eta < 2^79.
    deadline : int
        T in seconds, 1 <= T < 2^32.
    mining_cycles, target : int
        psi >= 1 and g >= 0 in cycles, below 2^48.
    policy : str
        ``complete``, ``incomplete``, ``fair-share`` or ``least-cost``.
    reservation_utility : int
        u in wei, below 2^79; 0 for every policy but ``least-cost``.

    Raises
    ------
    OutOfRange, UnknownPolicy
    """

    budget: int
    mining_budget: int
    deadline: int
    mining_cycles: int
    target: int
    policy: str
    reservation_utility: int = 0

    def __post_init__(self) -> None:
        _in_range("budget", self.budget, 0, MAX_BUDGET)
        _in_range("mining_budget", self.mining_budget, 0, self.budget)
        _in_range("deadline", self.deadline, 1, MAX_DEADLINE)
        _in_range("mining_cycles", self.mining_cycles, 1, MAX_CYCLES)
        _in_range("target", self.target, 0, MAX_CYCLES)
        if self.policy not in POLICIES:
            raise UnknownPolicy(self.policy, tuple(POLICIES))
        most = MAX_BUDGET if self.policy == "least-cost" else 0
        _in_range("reservation_utility", self.reservation_utility, 0, most)


@dataclass(frozen=True)
class Report:
    """What a client states when it joins.

    Attributes
    ----------
    training_cycles : int
        M in cycles, 1 <= M < 2^48.
    energy_coefficient : int
        rho, 1 <= rho < 2^112.
    max_frequency : int
        q_i, 1 <= q_i < 2^72.

    Raises
    ------
    OutOfRange
    """

    training_cycles: int
    energy_coefficient: int
    max_frequency: int

    def __post_init__(self) -> None:
        _in_range("training_cycles", self.training_cycles, 1, MAX_CYCLES)
        _in_range("energy_coefficient", self.energy_coefficient, 1, MAX_ENERGY_COEFFICIENT)
        _in_range("max_frequency", self.max_frequency, 1, MAX_FREQUENCY)


@dataclass(frozen=True)
class Entry:
    """One client's line in a round's price list.

    A client that is not hired has a `reason` and zeros, as on chain; its value and share stay visible. `step`
    is 0 where the list's caps are exact; else all caps are whole multiples of it, in wei, and another machine
    may find the next one below or above.
    """

    shapley_value: Fraction
    share: Fraction
    hired: bool
    reason: Reason | None
    training_cap: int = 0
    mining_cap: int = 0
    training_price: int = 0
    mining_price: int = 0
    training_frequency: int = 0
    mining_frequency: int = 0
    training_pay: int = 0
    mining_pay: int = 0
    step: int = 0


def price_list(reports: Sequence[Report], terms: Terms) -> tuple[Entry, ...]:
    """Compute a round's price list from the reports of the clients on it.

    Parameters
    ----------
    reports : sequence of Report, length N >= 1
    terms : Terms

    Returns
    -------
    tuple of Entry, length N, in the order of the reports

    Raises
    ------
    InvalidInput
        If there is no report.
    SharesUncertain
        From `training_shares`.

    Examples
    --------
    >>> minute, money = 60 * 10**9, 10**9  # in cycles of 1 GHz, and in wei
    >>> terms = Terms(1500 * money, 250 * money, 900, 5 * minute, 10 * minute, "complete")
    >>> report = Report(10 * minute, money * 10**18 // 6000, 100 * 10**18)
    >>> entry = price_list([report] * 50, terms)[0]
    >>> entry.training_cap, entry.training_pay, entry.mining_cap, entry.mining_pay
    (25000000000, 25000000000, 5000000000, 4999999999)
    >>> entry.training_price, entry.mining_price
    (658807845868412360833104139, 5800109651244314287044768)
    """
    if not reports:
        raise InvalidInput("reports", "empty", "given for at least one client")
    found = training_shares([report.training_cycles for report in reports], terms.target)
    step = _ceil_div(terms.budget - terms.mining_budget, STEPS) if found.error else 0
    for_mining = mining_cap(terms, len(reports))
    return tuple(
        _line(report, terms, _idle(value, share, step), training_cap(terms, share, step), for_mining)
        for report, value, share in zip(reports, found.values, found.shares)
    )


def training_cap(terms: Terms, share: Fraction, step: int = 0) -> int:
    """Return R_t in wei, before a policy's domain is looked at: exact, or in whole steps.

    Examples
    --------
    >>> terms = Terms(1100, 100, 900, 1, 1, "complete")
    >>> training_cap(terms, Fraction(1, 3)), training_cap(terms, Fraction(1, 3), step=10)
    (333, 330)
    """
    unit = step or 1
    return unit * int(share * (terms.budget - terms.mining_budget) / unit)


def lines_within_step(report: Report, entry: Entry, terms: Terms, n_clients: int) -> tuple[Entry, ...]:
    """Return every line that may stand for a client on a list whose caps are cut into steps.

    Parameters
    ----------
    report : Report
    entry : Entry
        Its line, from `price_list`.
    terms : Terms
    n_clients : int
        N of the list.

    Returns
    -------
    tuple of Entry
        First the line itself, and nothing else if caps are exact; otherwise those of one step less and more,
        with all that follows from their caps. Being hired is worth more than a step: a line that differs in
        it counts only if another machine may have found its cap.
    """
    if not entry.step:
        return (entry,)
    idle = _idle(entry.shapley_value, entry.share, entry.step)
    own, for_mining = training_cap(terms, entry.share, entry.step), mining_cap(terms, n_clients)
    apart = Fraction(2, MARGIN * STEPS)  # each machine's share is proved within half of it
    honest = [training_cap(terms, max(entry.share + off, Fraction(0)), entry.step) for off in (-apart, apart)]
    caps = [cap for cap in (own - entry.step, own + entry.step) if cap >= 0]
    lines = [_line(report, terms, idle, cap, for_mining) for cap in caps]
    return entry, *(
        line for cap, line in zip(caps, lines) if line.hired == entry.hired or cap in honest
    )


def line_of_cap(report: Report, terms: Terms, cap: int, n_clients: int) -> Entry:
    """Return the line that follows from a posted cap, whatever its client's share: 0 stands for it there.

    Parameters
    ----------
    report : Report
    terms : Terms
    cap : int
        R_t in wei.
    n_clients : int
        N of the list.
    """
    return _line(report, terms, _idle(Fraction(0), Fraction(0), 0), cap, mining_cap(terms, n_clients))


def mining_cap(terms: Terms, n_clients: int) -> int:
    """Return R_m = floor(eta_m/N) in wei, the same for every client on the list."""
    return terms.mining_budget // n_clients


def work_pay(
    report: Report, entry: Entry, terms: Terms, training_frequency: int, mining_frequency: int
) -> tuple[int, int]:
    """Check the frequencies that a client claims with its work, and compute its pay.

    Parameters
    ----------
    report, entry, terms
        The client's report, its line in the price list and the task's terms.
    training_frequency, mining_frequency : int
        The claimed q_t and q_m, GHz with 18 decimals.

    Returns
    -------
    (training_pay, mining_pay) : tuple of int
        Wei, each at most its cap; or both together at most both caps, with mining giving way.

    Raises
    ------
    WorkRefused
        If the client is not hired, a frequency is 0 or above max_frequency, or (5), (6) or (7) fails.
    """
    if not entry.hired:
        raise WorkRefused("not hired", training_cap=entry.training_cap)
    rho = report.energy_coefficient
    for name, frequency in (
        ("training_frequency", training_frequency),
        ("mining_frequency", mining_frequency),
    ):
        if not 1 <= frequency <= report.max_frequency:
            raise WorkRefused(name, **{name: frequency, "max_frequency": report.max_frequency})
    for number, price, frequency in (
        ("(5)", entry.training_price, training_frequency),
        ("(6)", entry.mining_price, mining_frequency),
    ):
        if not covers_energy(price, rho, frequency):
            raise WorkRefused(number, price=price, energy_coefficient=rho, frequency=frequency)
    if not within_deadline(report.training_cycles, terms, training_frequency, mining_frequency):
        raise WorkRefused(
            "(7)",
            training_frequency=training_frequency,
            mining_frequency=mining_frequency,
            deadline=terms.deadline,
        )
    return _capped(
        terms,
        entry.training_cap,
        entry.mining_cap,
        _uncapped_pay(entry.training_price, report.training_cycles, training_frequency),
        _uncapped_pay(entry.mining_price, terms.mining_cycles, mining_frequency),
    )


def covers_energy(price: int, energy_coefficient: int, frequency: int) -> bool:
    """Check (5) or (6) in one common scale: p >= rho q^3."""
    return price * WAD**3 >= energy_coefficient * frequency**3


def within_deadline(
    training_cycles: int, terms: Terms, training_frequency: int, mining_frequency: int
) -> bool:
    """Check (7) without a division: mu/q_t + psi/q_m <= T."""
    needed = training_cycles * mining_frequency + terms.mining_cycles * training_frequency
    return CYCLES_PER_GIGACYCLE * needed <= terms.deadline * training_frequency * mining_frequency


def floor_cbrt(number: int) -> int:
    """Return the largest integer whose cube is at most a non-negative number.

    Examples
    --------
    >>> floor_cbrt(26), floor_cbrt(27), floor_cbrt(10**54)
    (2, 3, 1000000000000000000)
    """
    if number == 0:
        return 0
    root = 1 << -(
        -number.bit_length() // 3
    )  # above the root; Newton's steps come down until they would pass it
    while True:
        lower = (2 * root + number // (root * root)) // 3
        if lower >= root:
            return root
        root = lower


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _uncapped_pay(price: int, cycles: int, frequency: int) -> int:
    return price * cycles // (frequency * CYCLES_PER_GIGACYCLE)


def _capped(
    terms: Terms, training_cap: int, mining_cap: int, training_pay: int, mining_pay: int
) -> tuple[int, int]:
    """Cap both pays as the policy does."""
    if POLICIES[terms.policy].cap_on_sum:
        training_pay = min(training_pay, training_cap + mining_cap)
        return training_pay, min(mining_pay, training_cap + mining_cap - training_pay)
    return min(training_pay, training_cap), min(mining_pay, mining_cap)


def _idle(value: Fraction, share: Fraction, step: int) -> Entry:
    """Return the line of a client whose cap is 0."""
    return Entry(value, share, False, Reason.ZERO_TRAINING_CAP, step=step)


def _line(report: Report, terms: Terms, idle: Entry, cap_t: int, cap_m: int) -> Entry:
    """Follow the chain from a cap until a condition of the domain fails."""
    if cap_t == 0:
        return idle
    answer = (_uniform_offer if POLICIES[terms.policy].cap_on_sum else _theorem_offer)(
        report, terms, cap_t, cap_m
    )
    if isinstance(answer, Reason):
        return replace(idle, reason=answer)
    price_t, price_m, q_t, q_m = answer
    pay = _capped(
        terms,
        cap_t,
        cap_m,
        _uncapped_pay(price_t, report.training_cycles, q_t),
        _uncapped_pay(price_m, terms.mining_cycles, q_m),
    )
    offer = (cap_t, cap_m, price_t, price_m, q_t, q_m, *pay)
    return Entry(idle.shapley_value, idle.share, True, None, *offer, idle.step)


def _theorem_offer(report: Report, terms: Terms, cap_t: int, cap_m: int) -> _Offer | Reason:
    """Theorems 3.2 and 4.1, answered by Theorem 3.1."""
    cycles, rho = report.training_cycles, report.energy_coefficient
    price_t = isqrt(cap_t**3 * 10**81 // (rho * cycles**3))
    if price_t > MAX_PRICE:  # at least 92, for the ranges leave 10^81/(rho M^3) above 92^2
        return Reason.TRAINING_PRICE_RANGE
    q_t = floor_cbrt(price_t * WAD**3 // rho)
    if q_t > report.max_frequency:  # at least 10^7, for the same reason
        return Reason.TRAINING_FREQUENCY
    time_left = terms.deadline * q_t - cycles * CYCLES_PER_GIGACYCLE  # times q_t: D of the module's docstring
    if time_left <= 0:
        return Reason.TRAINING_TIME
    q_m = _ceil_div(terms.mining_cycles * CYCLES_PER_GIGACYCLE * q_t, time_left)
    if q_m > report.max_frequency:
        return Reason.MINING_FREQUENCY
    if terms.policy == "complete":
        price_m = cap_m * WAD * q_t // time_left
    else:
        price_m = _ceil_div(rho * q_m**3, WAD**3)
    if not covers_energy(price_m, rho, q_m):
        return Reason.MINING_ENERGY
    if price_m > MAX_PRICE:  # at least 1, for it covers some energy; before it is multiplied, as on chain
        return Reason.MINING_PRICE_RANGE
    if terms.policy == "incomplete" and _uncapped_pay(price_m, terms.mining_cycles, q_m) > cap_m:
        return Reason.MINING_ENERGY
    return price_t, price_m, q_t, q_m


def _uniform_offer(report: Report, terms: Terms, cap_t: int, cap_m: int) -> _Offer | Reason:
    """One price for both subtasks, answered by one frequency."""
    cycles, rho = report.training_cycles + terms.mining_cycles, report.energy_coefficient
    frequency = _ceil_div(cycles * CYCLES_PER_GIGACYCLE, terms.deadline)
    if frequency > report.max_frequency:
        return Reason.FREQUENCY
    if terms.policy == "fair-share":
        price = (cap_t + cap_m) * WAD // terms.deadline
        if not covers_energy(price, rho, frequency):
            return Reason.ENERGY
    else:
        needed = (
            rho * frequency**3 * cycles
            + terms.reservation_utility * frequency * WAD**3 * CYCLES_PER_GIGACYCLE
        )
        price = _ceil_div(needed, WAD**3 * cycles)
        if price * terms.deadline > (cap_t + cap_m) * WAD:
            return Reason.LEAST_PAY
    if price > MAX_PRICE:  # at least 1, for it covers some energy
        return Reason.PRICE_RANGE
    return price, price, frequency, frequency
