"""Write ``figures.md`` and the folder ``figures`` with a CSV and a PNG for each of Figs. 2 to 6.

``python -m bcfl_offchain.experiments.figures FOLDER``
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .document import write_figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Write everything below the folder named in the arguments, by default the command line's, and list the
    files."""
    parser = argparse.ArgumentParser(
        prog="python -m bcfl_offchain.experiments.figures", description="Reproduce Figs. 2 to 6 of the paper."
    )
    parser.add_argument("folder", type=Path, help="where figures.md and figures/ are written")
    for path in write_figures(parser.parse_args(arguments).folder):
        print(path)


if __name__ == "__main__":
    main()
