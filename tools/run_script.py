"""Run the `main` of a brownie script, wherever the project lies.

    python tools/with_chain.py -- python tools/run_script.py run_rounds anvil

`brownie run` imports a script by its whole path, ``home.me.bcfl.scripts.run_rounds``, which fails in a folder with a dot in its
name (``bcfl-1.0``, what mktemp makes) and in one called like a module (``/code``). This does the same by brownie's
own functions and imports ``scripts.run_rounds``. An exception ends it with code 1, ``sys.exit`` with its own code; a chain
that brownie started ends with this process.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from brownie import network, project
from brownie._config import CONFIG

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Command line: load the project, connect, run the script; 2 if the arguments are not understood."""
    scripts = sorted(path.stem for path in (PROJECT / "scripts").glob("*.py") if "\ndef main(" in path.read_text("utf-8"))
    if len(arguments) != 2 or arguments[0] not in scripts:
        print(f"usage: run_script.py SCRIPT NETWORK, where SCRIPT is one of {', '.join(scripts)}", file=sys.stderr)
        return 2
    script, network_id = arguments
    if network_id not in CONFIG.networks:
        print(f"brownie knows no network {network_id!r}; it knows {', '.join(sorted(CONFIG.networks))}", file=sys.stderr)
        return 2
    loaded = project.load(PROJECT)
    loaded.load_config()
    loaded._add_to_main_namespace()  # `from brownie import Task`, as under `brownie run`
    network.connect(network_id)
    import_module(f"scripts.{script}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
