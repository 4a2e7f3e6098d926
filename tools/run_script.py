"""Run the `main` of a brownie script, wherever the project lies.

    python tools/with_chain.py -- python tools/run_script.py run_rounds anvil
    python tools/run_script.py payout_demo sepolia

`brownie run` imports a script by its whole path, ``home.me.bcfl.scripts.run_rounds``, which fails in a
folder with a dot in its name (``bcfl-1.0``, what mktemp makes) and in one called like a module (``/code``).
This does the same by brownie's own functions and imports ``scripts.run_rounds``. An exception ends it with
code 1, ``sys.exit`` with its own code; a chain that brownie started ends with this process. A script may have
a `check`, which is given brownie's record of the network and ends it before a chain is started or asked. A live
network needs no with_chain around it: nothing then stops a script that has to give money back after Ctrl-C.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
BROWNIE_NETWORKS = ".venv/bin/python tools/with_chain.py -- brownie networks"


def main(arguments: list[str]) -> int:
    """Command line: load the project, connect, run the script; 2 if the arguments are not understood."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
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
    # As chain_environment has it, which comes too late for this process.
    warnings.filterwarnings("ignore", r"rpc\..* should not be called directly", FutureWarning)
    # Brownie looks for its home folder and its compiler when it is imported.
    from brownie import network, project
    from brownie._config import CONFIG

    if network_id not in CONFIG.networks:
        print(
            f"brownie knows no network {network_id!r}; local ones are {', '.join(_local(CONFIG.networks))}; "
            f"`{BROWNIE_NETWORKS} list` shows the others",
            file=sys.stderr,
        )
        return 2
    module = import_module(f"scripts.{script}")
    if hasattr(module, "check"):
        module.check(CONFIG.networks[network_id])
    project.load(PROJECT).load_config()
    try:
        network.connect(network_id)
    except (ValueError, OSError) as error:  # a variable missing in the host, or nobody there
        lacks_variable = "$" in os.path.expandvars(CONFIG.networks[network_id]["host"])
        way_out = f"; `{BROWNIE_NETWORKS} modify {network_id} host=<RPC URL>` names a node" if lacks_variable else ""
        print(f"network {network_id!r} cannot be reached: {error}{way_out}", file=sys.stderr)
        return 2
    module.main()
    return 0


def _local(networks: dict[str, dict[str, Any]]) -> list[str]:
    """Those that brownie starts itself, without forks, which need a live node."""
    return sorted(
        name
        for name, record in networks.items()
        if "cmd" in record and "fork" not in record.get("cmd_settings", {})
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
