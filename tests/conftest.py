"""What all tests share: which folders belong to which runner."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave tests/contracts to brownie: its fixtures exist only when `brownie test` runs them."""
    if collection_path == HERE / "contracts" and not config.pluginmanager.hasplugin("pytest-brownie"):
        return True
    return None
