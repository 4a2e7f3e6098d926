"""What all tests share: which folders belong to which runner, and how random tests run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent

# A shared machine may stop for a second in the middle of an example: how long one took, or how long drawing it took,
# says nothing about the code. A failure prints the line that repeats it.
settings.register_profile("bcfl", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bcfl")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave tests/contracts to brownie: its fixtures exist only when `brownie test` runs them."""
    if collection_path == HERE / "contracts" and not config.pluginmanager.hasplugin("pytest-brownie"):
        return True
    return None
