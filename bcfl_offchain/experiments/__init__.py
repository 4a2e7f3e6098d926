"""What the project shows with the mechanism: whole rounds paid on a chain, and their report."""

from .demo import DemoConfig, run_demo
from .payout import Payout, run_payout
from .report import write_report

__all__ = ["DemoConfig", "Payout", "run_demo", "run_payout", "write_report"]
