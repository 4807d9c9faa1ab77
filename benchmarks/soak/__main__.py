"""`python -m benchmarks.soak [--minutes 30] [--calm 12] [--seed N] [--keep]`."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path

from benchmarks import project
from benchmarks.processes import BenchmarkError
from benchmarks.soak import judgement, report, soaking
from benchmarks.soak.soaking import Plan
from benchmarks.soak.stack import Stack

_MINUTES = 30.0
_CALM_SHARE = 0.4


def main() -> None:
    """Soak, print what was found, and end with 1 if a promise was broken."""
    options = _parser().parse_args()
    calm = _CALM_SHARE * options.minutes if options.calm is None else options.calm
    if not 0 < calm < options.minutes:
        sys.exit(f"--calm {calm:g}: give the calm phase a part of the {options.minutes:g} minutes.")
    plan = Plan(options.minutes, calm, options.seed)
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"soak: {plan.minutes:g} minutes, {plan.calm:g} calm, SEED={plan.seed}", flush=True)
    stack = Stack(folder)
    try:
        with stack.prepared():
            found = soaking.soak(stack, plan)
    except BenchmarkError as error:
        sys.exit("\n".join(["soak: " + str(error), *getattr(error, "__notes__", ())]))
    output = report.write(found, None if options.keep else folder / "results.json")
    print(report.text(found))
    print(f"results: {output}")
    if failures := judgement.failures(found):
        sys.exit("\n".join(failures))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=_MINUTES, help="both phases together")
    parser.add_argument("--calm", type=float, help="minutes of the calm phase; 40 %% by default")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--keep", action="store_true", help="keep the results for the documents")
    parser.add_argument("--folder", type=Path, default=project.ROOT / ".bench" / "soak")
    return parser


if __name__ == "__main__":
    main()
