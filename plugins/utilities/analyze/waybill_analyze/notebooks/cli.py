"""`waybill-notebooks lab|run`: open the notebooks in JupyterLab, or run them from top to bottom."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from waybill_analyze.notebooks import lab, running
from waybill_common.errors import reports_errors

if TYPE_CHECKING:
    from collections.abc import Sequence


@reports_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Open or run notebooks; without a command they are opened."""
    parser = argparse.ArgumentParser(prog="waybill-notebooks", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("lab", help="open JupyterLab on this machine; further options are its own")
    runs = commands.add_parser("run", help="run notebooks, all or those that are named")
    runs.add_argument("names", nargs="*", metavar="notebook")
    options, further = parser.parse_known_args(argv)
    if options.command != "run":
        lab.open_lab(further)
    if further:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    for notebook in running.known(options.names):
        begun = time.monotonic()
        read = running.run(notebook)
        cells = sum(cell.cell_type == "code" for cell in read.cells)
        seconds = time.monotonic() - begun
        print(f"{notebook.path.name}: {cells} cells in {seconds:.1f} s", flush=True)
