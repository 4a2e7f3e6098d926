"""The mechanism as pure mathematics, in floats for all clients at once and in the chain's integers."""

from .errors import InvalidInput, MechanismError, OutOfRange, ShapleyTooLarge, UnknownPolicy, WorkRefused
from .fixed_point import Entry, Report, Terms, mining_cap, price_list, work_pay
from .policies import POLICIES, Policy, PriceInputs, find_policy
from .pricing import PricedRound, RoundTerms, price_round
from .puzzle import expected_hashes, least_grace, miss_probability
from .reasons import Reason
from .shapley import ShapleyResult, coalition_value, largest_gap, shapley_values, shares
from .utilities import client_utility, energy_cost, linear_benefit, owner_utility

__all__ = [
    "POLICIES",
    "Entry",
    "InvalidInput",
    "MechanismError",
    "OutOfRange",
    "Policy",
    "PriceInputs",
    "PricedRound",
    "Reason",
    "Report",
    "RoundTerms",
    "ShapleyResult",
    "ShapleyTooLarge",
    "Terms",
    "UnknownPolicy",
    "WorkRefused",
    "client_utility",
    "coalition_value",
    "energy_cost",
    "expected_hashes",
    "find_policy",
    "largest_gap",
    "least_grace",
    "linear_benefit",
    "mining_cap",
    "miss_probability",
    "owner_utility",
    "price_list",
    "price_round",
    "shapley_values",
    "shares",
    "work_pay",
]
