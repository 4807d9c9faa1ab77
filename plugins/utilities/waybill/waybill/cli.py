"""The command `waybill`: runs, receipts, dead letters and their replay, alerts, contracts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from waybill.alerts import command as alerting
from waybill.backfill import command as backfilling
from waybill.freshness import command as freshness
from waybill.generate.files import COMMAND, generated_files
from waybill.history import bounds
from waybill.history import listing as past_runs
from waybill.infer import command as inferring
from waybill.letters import listing
from waybill.letters import replay as replaying
from waybill.maintain import command as maintaining
from waybill.receipt.issue import issue
from waybill.receipt.printing import console, show
from waybill_common import connections, contracts, domains, ledger, project
from waybill_common.errors import WaybillError, fail, reports_errors

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_NO_RECEIPT = 2
"""The receipt could not be made, which is another thing than one that does not balance."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="waybill", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    contract = commands.add_parser("contracts", help="the files generated from the data contracts")
    actions = contract.add_subparsers(dest="action", required=True)
    actions.add_parser("render", help="write what changed, and list it")
    actions.add_parser("check", help="fail if a generated file differs from its contract")
    inferring.add_arguments(actions.add_parser("infer", help="draft the contract of a new source"))
    receipt = commands.add_parser("receipt", help="reconcile rows and money, from source to mart")
    receipt.add_argument("sources", nargs="*", metavar="source", help="default: every contract's")
    letters = commands.add_parser("dead-letters", help="the rows that could not land")
    letters.add_argument("--source", help="only of this source")
    letters.add_argument("--stream", help="only of this stream")
    letters.add_argument("--export", type=Path, metavar="FILE.csv", help="write them for mending")
    again = commands.add_parser("replay", help="load mended rows, or try all letters again")
    again.add_argument("file", nargs="?", type=Path, help="what dead-letters --export has written")
    commands.add_parser("alerts", help="find what is wrong, tell once, list what is open")
    start = commands.add_parser("begin", help="hold what a job works on, or wait for it")
    start.add_argument("names", nargs="*", metavar="source or domain", help="default: all")
    commands.add_parser("end", help="close the run, if no receipt has")
    past = commands.add_parser("history", help="the last runs, or all that is known of one")
    past.add_argument("--run", metavar="ID", help="one run's steps; the id's first digits do")
    past.add_argument("--limit", type=int, default=20, help="how many runs (default: 20)")
    past.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("alerts-test", help="send a test message by each configured channel")
    window = commands.add_parser("backfill", help="load a window of a source once more")
    backfilling.add_arguments(window)
    beat = commands.add_parser("heartbeat", help="write a row whose way to the marts is measured")
    fresh = commands.add_parser("freshness", help="how long it takes from source to mart")
    freshness.add_arguments(beat, fresh)
    old = commands.add_parser("maintain", help="remove what is older than it is kept, and vacuum")
    maintaining.add_arguments(old)
    return parser


@reports_errors
def main() -> None:
    """Run the command that the arguments name."""
    arguments = _parser().parse_args()
    code = _COMMANDS[arguments.command](arguments)
    if code is not None:
        sys.exit(code)


def receipt(sources: list[str]) -> int:
    """Issue a receipt and print it.

    Returns:
        0 where everything adds up, 1 where something differs.
    """
    auditor = connections.warehouse("auditor")
    try:
        name = "-".join(["waybill:receipt", *sources])
        with ledger.step(auditor, name, resources=domains.schemas(sources)) as detail:
            issued = issue(sources, detail)
            differences = issued.all_differences
            detail |= {"receipt_id": issued.receipt_id, "differences": len(differences)}
            if differences:
                detail |= {"succeeded": False, "data_quality": True, "cause": str(differences[0])}
        freshness.after_run(sources, str(detail.run.run_id))
        ledger.end_run(auditor, detail.run)
    except WaybillError as error:
        try:
            fail(error, exit_code=EXIT_NO_RECEIPT)
        finally:
            alerting.after_run()
    show(issued, console())
    alerting.after_run()
    return 0 if issued.is_balanced else 1


def end() -> None:
    """Close the run, and tell what is wrong: also that it cannot be closed."""
    try:
        bounds.end()
    finally:
        alerting.after_run()


def history(limit: int, run: str | None, *, is_json: bool) -> None:
    """Print the last runs, or one."""
    found = past_runs.find(limit, run)
    if is_json:
        print(past_runs.as_json(found))
    elif run:
        past_runs.show_one(found[0], console())
    else:
        past_runs.show(found, console())


def dead_letters(source: str | None, stream: str | None, export: Path | None) -> None:
    """List open dead letters, or write them to a file."""
    found = listing.find(source, stream)
    if export:
        print(listing.export(found, export))
    else:
        listing.show(found, console())


def replay(file: Path | None) -> int:
    """Land mended rows, or try all open letters again.

    Returns:
        0 where none of them is left, otherwise 1.
    """
    outcomes = replaying.replay(file)
    listing.show_outcomes(outcomes, console())
    return 1 if any(outcome.refused for outcome in outcomes) else 0


def render() -> None:
    """Write the generated files that are not current, and name them."""
    root = project.root()
    stale = [file for file in generated_files(contracts.load_all()) if not file.is_current(root)]
    for file in stale:
        file.write(root)
        print(f"written: {file.path}")
    if not stale:
        print("Every generated file is current.")


def check() -> int:
    """Compare the generated files with the contracts.

    Returns:
        0 where all are current, otherwise 1.
    """
    root = project.root()
    files = generated_files(contracts.load_all())
    stale = [file for file in files if not file.is_current(root)]
    for file in stale:
        print(f"differs: {file.path}")
        for line in file.difference(root):
            print(f"    {line}")
    if stale:
        print(f"{len(stale)} of {len(files)} generated files differ: run `{COMMAND}`.")
        return 1
    print(f"All {len(files)} generated files agree with their contracts.")
    return 0


_CONTRACTS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "render": lambda _: render(),
    "check": lambda _: check(),
    "infer": inferring.run,
}
_COMMANDS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "contracts": lambda given: _CONTRACTS[given.action](given),
    "begin": lambda given: bounds.begin(given.names),
    "end": lambda _: end(),
    "history": lambda given: history(given.limit, given.run, is_json=given.json),
    "receipt": lambda given: receipt(given.sources),
    "dead-letters": lambda given: dead_letters(given.source, given.stream, given.export),
    "replay": lambda given: replay(given.file),
    "alerts": lambda _: alerting.show(),
    "alerts-test": lambda _: alerting.test_channels(),
    "backfill": backfilling.run,
    "heartbeat": freshness.run,
    "freshness": freshness.run,
    "maintain": maintaining.run,
}
