"""A small forge project of its own, for the tools that run forge."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.with_chain import chain_environment

PROJECT = Path(__file__).resolve().parents[2]
CONFIG = """[profile.default]
src = "contracts"
test = "tests/forge"
out = "out/forge"
cache_path = "out/forge-cache"
libs = ["node_modules"]
solc = "tools/solc.js"
offline = true
evm_version = "shanghai"
optimizer = true
bytecode_hash = "none"
cbor_metadata = false
"""


@pytest.fixture
def forge_project(tmp_path, monkeypatch):
    """Makes one of texts by path, with `more` at the end of its foundry.toml; forge is found while the test runs."""

    def make(texts, more=""):
        folder = tmp_path / "project"
        for name, text in {**texts, "foundry.toml": CONFIG + more}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "tools").mkdir()
        shutil.copy2(PROJECT / "tools" / "solc.js", folder / "tools")
        (folder / "node_modules").symlink_to((PROJECT / "node_modules").resolve())
        for name, value in chain_environment().items():
            monkeypatch.setenv(name, value)
        return folder

    return make
