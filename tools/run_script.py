"""Run the `main` of a brownie script, wherever the project lies.

    python tools/with_chain.py -- python tools/run_script.py run_rounds anvil
    python tools/run_script.py payout_demo sepolia

`brownie run` imports a script by its whole path, ``home.me.bcfl.scripts.run_rounds``, which fails in a
folder with a dot in its name (``bcfl-1.0``, what mktemp makes) and in one called like a module (``/code``).
This does the same by brownie's own functions and imports ``scripts.run_rounds``. An exception ends it with
code 1, ``sys.exit`` with its own code; a chain that brownie started ends with this process. A live network
needs no with_chain around it: nothing then stops a script that has to give money back after Ctrl-C.
"""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Command line: load the project, connect, run the script; 2 if the arguments are not understood."""
    sources = {path.stem: path.read_text(encoding="utf-8") for path in (PROJECT / "scripts").glob("*.py")}
    scripts = sorted(
        name for name, source in sources.items() if re.search(r"^def main\(", source, re.MULTILINE)
    )
    if len(arguments) != 2 or arguments[0] not in scripts:
        print(
            f"usage: run_script.py SCRIPT NETWORK, where SCRIPT is one of {', '.join(scripts)}",
            file=sys.stderr,
        )
        return 2
    return run(*arguments)


def run(script: str, network_id: str) -> int:
    """Run a script on a network; 2 if brownie does not know the network, or it does not answer."""
    sys.path.insert(0, str(PROJECT))
    from tools.with_chain import chain_environment, forget_removed_sources

    forget_removed_sources()
    if "SOLCX_BINARY_PATH" not in os.environ:
        os.environ.update(chain_environment())
    # Brownie looks for its home folder and its compiler when it is imported.
    from brownie import network, project
    from brownie._config import CONFIG

    if network_id not in CONFIG.networks:
        print(
            f"brownie knows no network {network_id!r}; it knows {', '.join(sorted(CONFIG.networks))}",
            file=sys.stderr,
        )
        return 2
    project.load(PROJECT).load_config()
    try:
        network.connect(network_id)
    except (ValueError, OSError) as error:  # a variable missing in the host, or nobody there
        print(f"network {network_id!r} cannot be reached: {error}", file=sys.stderr)
        return 2
    import_module(f"scripts.{script}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
