"""Federated learning of the clients: data, local training, update files, aggregation, audit of a report."""

from .aggregation import AggregationError, aggregate
from .data import Dataset, DatasetError, digits, partition, split
from .disk import NotFound, StoreError, TooLarge, Unusable
from .evidence import Problem, ProblemKind, check_report, pack_evidence, read_evidence
from .files import FileName, FileRejected, Reason, file_hash
from .model import Model, accuracy, initial, predict
from .store import Corrupt, Store
from .training import TrainingConfig, TrainingError, train, training_cycles, training_units
from .updates import GLOBAL, fetch, pack, read

__all__ = [
    "GLOBAL",
    "AggregationError",
    "Corrupt",
    "Dataset",
    "DatasetError",
    "FileName",
    "FileRejected",
    "Model",
    "NotFound",
    "Problem",
    "ProblemKind",
    "Reason",
    "Store",
    "StoreError",
    "TooLarge",
    "TrainingConfig",
    "TrainingError",
    "Unusable",
    "accuracy",
    "aggregate",
    "check_report",
    "digits",
    "fetch",
    "file_hash",
    "initial",
    "pack",
    "pack_evidence",
    "partition",
    "predict",
    "read",
    "read_evidence",
    "split",
    "train",
    "training_cycles",
    "training_units",
]
