"""The tests that docs/security.md names for each attack exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "test" in line and "`" in line]
NAMES = sorted({
    name.strip()
    for row in ROWS
    for quoted in re.findall(r"`([^`]+)`", row.split("|")[-2])
    for name in quoted.split(",")
    if not name.strip().endswith(".sol") and "/" not in name
})


@pytest.fixture(scope="module")
def written() -> set[str]:
    sources = [*PROJECT.glob("tests/**/*.sol"), *PROJECT.glob("tests/**/*.py")]
    return {
        name
        for source in sources
        for name in re.findall(r"(?:function|def) (test\w+)", source.read_text(encoding="utf-8"))
    }


def test_the_page_names_tests():
    assert len(NAMES) > 60


@pytest.mark.parametrize("name", NAMES)
def test_a_test_that_the_page_names_exists(name, written):
    """An ellipsis stands for what names share."""
    pattern = re.compile(r"\w*".join(map(re.escape, name.split("…"))))
    assert any(pattern.fullmatch(one) for one in written), f"no test is called {name}"
