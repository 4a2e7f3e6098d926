"""Rehearse scripts/payout_demo.py on a chain like a testnet: 1-second blocks, real base fees, no unlocked
account.

    python tools/with_chain.py -- python tools/rehearse_payout.py [CLIENTS]

Starts such an Anvil on ``BCFL_PORT``, makes encrypted keystores for an owner and some clients, gives them
ether, adds the chain to brownie as a live network that nobody may start, stop or set the clock of, and runs
the script on it. Everything made here lies in a temporary folder. Options of the script (``BCFL_BUDGET``,
``BCFL_MAX_SPEND`` …) are passed on; so is its exit code.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eth_account import Account
from web3 import HTTPProvider, Web3

from bcfl_offchain.experiments.payout import MAX_CLIENTS

PROJECT = Path(__file__).resolve().parent.parent
NETWORK = "rehearsal"
FUNDS = 10**17  # wei a key
START_SECONDS = 60.0


def start_chain(port: str) -> tuple[subprocess.Popen[bytes], Web3]:
    """Start Anvil and wait until it answers."""
    chain = subprocess.Popen(["anvil", "--quiet", "--port", port, "--block-time", "1", "--accounts", "0"])
    w3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
    end = time.monotonic() + START_SECONDS
    while not w3.is_connected():
        if chain.poll() is not None or time.monotonic() > end:
            chain.kill()
            raise RuntimeError(f"anvil does not answer on port {port}; exit code {chain.poll()}")
        time.sleep(0.05)
    return chain, w3


def make_keystores(folder: Path, n_clients: int, password: str, w3: Web3) -> None:
    """Write owner.json and client-*.json, encrypted, and give each account ether."""
    folder.mkdir()
    for name in ("owner", *(f"client-{number}" for number in range(1, n_clients + 1))):
        account = Account.create()
        # Few iterations: these keys never hold anything of worth.
        keystore = Account.encrypt(account.key, password, kdf="pbkdf2", iterations=1000)
        (folder / f"{name}.json").write_text(json.dumps(keystore), encoding="utf-8")
        w3.provider.make_request("anvil_setBalance", [account.address, hex(FUNDS)])


def rehearse(n_clients: int) -> int:
    """Run the script on a chain of its own; its exit code."""
    chain, w3 = start_chain(os.environ["BCFL_PORT"])
    try:
        if w3.eth.accounts:
            raise RuntimeError(f"the rehearsal's chain has unlocked accounts: {w3.eth.accounts}")
        with tempfile.TemporaryDirectory() as scratch:
            password = secrets.token_urlsafe(16)
            make_keystores(Path(scratch, "keystores"), n_clients, password, w3)
            environment = {
                **os.environ,
                "HOME": scratch,  # where brownie keeps its networks
                "BCFL_KEYSTORES": str(Path(scratch, "keystores")),
                "BCFL_PASSWORD": password,
            }
            network = ["Rehearsal", NETWORK, f"host={w3.provider.endpoint_uri}", f"chainid={w3.eth.chain_id}"]
            subprocess.run(
                ["brownie", "networks", "add", *network],
                cwd=PROJECT,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            script = [sys.executable, "tools/run_script.py", "payout_demo", NETWORK]
            return subprocess.run(script, cwd=PROJECT, env=environment, check=False).returncode
    finally:
        chain.terminate()
        chain.wait()


def main(arguments: list[str]) -> int:
    """Command line; 2 if the arguments are not understood."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    text = arguments[0] if arguments else "3"
    if len(arguments) > 1 or not text.isdecimal() or not 1 <= int(text) <= MAX_CLIENTS:
        print(
            f"usage: rehearse_payout.py [CLIENTS], where CLIENTS is a whole number from 1 to {MAX_CLIENTS}, "
            f"not {' '.join(arguments)}",
            file=sys.stderr,
        )
        return 2
    return rehearse(int(text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
