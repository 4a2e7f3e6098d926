"""Shapley values of any game that can be called: exact when it is small, else estimated with intervals."""

from .contributions import contributions
from .evaluation import BadValue
from .progress import Progress
from .record import Record, RecordMismatch
from .result import Contributions
from .stopping import MaxEvaluations, MaxSeconds, MaxWidth, StableRanking, StoppingRule

__all__ = [
    "BadValue",
    "Contributions",
    "MaxEvaluations",
    "MaxSeconds",
    "MaxWidth",
    "Progress",
    "Record",
    "RecordMismatch",
    "StableRanking",
    "StoppingRule",
    "contributions",
]
