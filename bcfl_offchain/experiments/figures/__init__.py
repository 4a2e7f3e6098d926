"""The paper's Figs. 2 to 6: data, plots, and whether what the paper says about each holds."""

from .claims import Claim, Reading
from .document import FIGURES, write_figures
from .table import Table

__all__ = ["FIGURES", "Claim", "Reading", "Table", "write_figures"]
