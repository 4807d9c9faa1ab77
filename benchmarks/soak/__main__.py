"""`python -m benchmarks.soak [--minutes 30] [--seed N] [--keep]`."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path

from benchmarks import project
from benchmarks.soak import report, soaking
from benchmarks.soak.stack import Stack

_MINUTES = 30.0


def main() -> None:
    """Soak, print what was found, and end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=_MINUTES)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--keep", action="store_true", help="keep the results for the documents")
    parser.add_argument("--folder", type=Path, default=project.ROOT / ".bench" / "soak")
    options = parser.parse_args()
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"soak: {options.minutes:.0f} minutes, SEED={options.seed}", flush=True)
    stack = Stack(folder)
    try:
        stack.prepare()
        found = soaking.soak(stack, options.minutes, options.seed)
    finally:
        stack.stop()
    output = report.write(found, None if options.keep else folder / "results.json")
    print(report.text(found))
    print(f"results: {output}")
    if broken := report.broken(found):
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
