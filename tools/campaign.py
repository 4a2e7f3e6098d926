"""Run the forge invariants and fuzz tests for long: profile `campaign` of foundry.toml, under a seed that is printed.

    python tools/with_chain.py -- python tools/campaign.py [SEED]

The same seed finds the same failing sequence again. Sequences that fail become named tests under tests/forge/attacks.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys


def main(seed: int) -> int:
    """Forge's exit code."""
    print(f"seed: {seed:#x}", flush=True)
    environment = {**os.environ, "FOUNDRY_PROFILE": "campaign", "FOUNDRY_FUZZ_SEED": hex(seed)}
    return subprocess.run(["forge", "test"], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1], 0) if len(sys.argv) > 1 else secrets.randbits(64)))
