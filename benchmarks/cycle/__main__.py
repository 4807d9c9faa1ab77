"""`python -m benchmarks.cycle [--orders 5] [--repeat 5] [--keep] [--before FILE]`."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from benchmarks import machine, project
from benchmarks.cycle import report
from benchmarks.cycle.trade import Trade


def main() -> None:
    """Measure one cycle of the job `trade`, with nothing new and with a few orders, and print it."""
    parser = argparse.ArgumentParser(prog="benchmarks.cycle", description=__doc__)
    parser.add_argument("--orders", type=int, default=5, help="new orders for a changed cycle")
    parser.add_argument(
        "--repeat", type=int, default=5, help="runs of each kind; the median counts"
    )
    parser.add_argument("--keep", action="store_true", help="keep the results for the documents")
    parser.add_argument("--before", type=Path, help="earlier results, to be shown beside these")
    parser.add_argument("--folder", type=Path, default=project.ROOT / ".bench" / "cycle")
    options = parser.parse_args()
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    trade = Trade(folder / "project")
    try:
        trade.prepare()
        costs = trade.measure(options.orders, options.repeat)
        version = trade.version()
    finally:
        trade.stop()
    found = {
        "machine": machine.describe(version),
        "parameters": {"orders": options.orders, "repeat": options.repeat},
        **costs,
    }
    if options.before:
        found["before"] = json.loads(options.before.read_text())
    output = report.write(found, None if options.keep else folder / "results.json")
    print(report.text(found))
    print(f"results: {output}")


if __name__ == "__main__":
    main()
