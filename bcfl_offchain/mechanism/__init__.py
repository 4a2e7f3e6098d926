"""The mechanism as pure mathematics, in floats for all clients at once and in the chain's integers."""

from ._shapley_floats import FloatShapleyResult, shapley_floats
from .best_response import BestResponse, Certificate, best_response
from .claims import Claim, best_claim, least_energy
from .deadlines import client_deadline, owner_cost, round_deadline
from .errors import (
    InvalidInput,
    MechanismError,
    OutOfRange,
    ShapleyTooLarge,
    SharesUncertain,
    ToleranceTooFine,
    UnknownPolicy,
    WorkRefused,
)
from .explanation import Explanation, explain_round
from .fixed_point import Entry, Report, Terms, lines_within_step, mining_cap, price_list, work_pay
from .list_shares import TrainingShares, training_shares
from .policies import POLICIES, Policy, PriceInputs, find_policy
from .pricing import PricedRound, RoundTerms, price_round
from .puzzle import expected_hashes, least_grace, miss_probability
from .reasons import Reason
from .regret import Regret, least_bond, measure_regret
from .report_search import ReportSearch, search_reports, share_at_report
from .shapley import ShapleyResult, coalition_value, largest_gap, shapley_values, shares
from .utilities import client_utility, energy_cost, linear_benefit, owner_utility

__all__ = [
    "POLICIES",
    "BestResponse",
    "Certificate",
    "Claim",
    "Entry",
    "Explanation",
    "FloatShapleyResult",
    "InvalidInput",
    "MechanismError",
    "OutOfRange",
    "Policy",
    "PriceInputs",
    "PricedRound",
    "Reason",
    "Regret",
    "Report",
    "ReportSearch",
    "RoundTerms",
    "ShapleyResult",
    "ShapleyTooLarge",
    "SharesUncertain",
    "Terms",
    "ToleranceTooFine",
    "TrainingShares",
    "UnknownPolicy",
    "WorkRefused",
    "best_claim",
    "best_response",
    "client_deadline",
    "client_utility",
    "coalition_value",
    "energy_cost",
    "expected_hashes",
    "explain_round",
    "find_policy",
    "largest_gap",
    "least_bond",
    "least_energy",
    "least_grace",
    "linear_benefit",
    "lines_within_step",
    "measure_regret",
    "mining_cap",
    "miss_probability",
    "owner_cost",
    "owner_utility",
    "price_list",
    "price_round",
    "round_deadline",
    "search_reports",
    "shapley_floats",
    "shapley_values",
    "share_at_report",
    "shares",
    "training_shares",
    "work_pay",
]
