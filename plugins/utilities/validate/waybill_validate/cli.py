"""`waybill-validate raw|marts [source or domain …]` and `waybill-validate docs`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
import traceback
from typing import TYPE_CHECKING

from waybill_common import contracts, ledger
from waybill_common.errors import WaybillError, fail
from waybill_validate import privacy, recording, report, suites, summary, warehouse
from waybill_validate.outcomes import SuiteOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_validate.outcomes import TableOutcome
    from waybill_validate.suites import Stage, Suite

FAILED = 1
"""A critical check failed."""

CRASHED = 2
"""Nothing can be said about the data: a bad suite, no warehouse, a defect."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "docs":
            _print_docs()
        elif not validate(options.command, options.selectors):
            sys.exit(FAILED)
    except WaybillError as error:
        fail(error, exit_code=CRASHED)
    except Exception:  # noqa: BLE001  (a defect must not look like a failed check, exit code 1)
        traceback.print_exc()
        sys.exit(CRASHED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="waybill-validate",
        description="Check the warehouse with the suites of validate/suites.",
        epilog="Exit codes: 0 all critical checks passed, 1 one failed, 2 they could not be made.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for stage, what in (("raw", "raw schemas, by source"), ("marts", "marts, by domain")):
        command = commands.add_parser(stage, help=f"check the {what}")
        command.add_argument("selectors", nargs="*", metavar="name", help="default: all")
    commands.add_parser("docs", help="print where the Data Docs are")
    return parser


def validate(stage: Stage, selectors: Sequence[str]) -> bool:
    """Check the selected suites of a stage, report, and record the step.

    Args:
        stage: `raw` or `marts`.
        selectors: Sources or domains; none selects every suite.

    Returns:
        Whether every critical check passed.

    Raises:
        WaybillError: A suite is missing, empty or wrong, or the warehouse cannot be reached.
    """
    selected = suites.load(stage, selectors, privacy.from_contracts(contracts.load_all()))
    checks = sum(suite.size for suite in selected)
    tables = sum(len(suite.tables) for suite in selected)
    print(f"validate:{stage}: {checks} checks on {tables} tables", flush=True)
    auditor = warehouse.auditor()
    schemas = {table.schema for suite in selected for table in suite.tables}
    with ledger.step(auditor, f"validate:{stage}", resources=schemas) as detail:
        outcomes = _run(stage, selected, tables)
        recording.keep(auditor, detail, outcomes)
        failed = sum(outcome.failed for outcome in outcomes)
        detail |= {
            "suites": [suite.name for suite in selected],
            "tables": tables,
            "checks": sum(outcome.size for outcome in outcomes),
            "failed": failed,
            "warnings": sum(outcome.warnings for outcome in outcomes),
            "succeeded": not failed,
        }
    return not failed


def _run(stage: Stage, selected: list[Suite], tables: int) -> list[SuiteOutcome]:
    auditor = warehouse.auditor()
    with warehouse.read_only(auditor).connect(autocommit=True) as session:
        from waybill_validate import data_docs, gates  # noqa: PLC0415  (takes seconds to import)

        prepared = {suite.name: gates.expectations(suite) for suite in selected}
        schemas = {table.schema for suite in selected for table in suite.tables}
        gate = gates.Gates(auditor, session, warehouse.relations(session, schemas))
        ran: list[tuple[SuiteOutcome, data_docs.Results]] = []
        number = 0
        for suite in selected:
            started_at, start = dt.datetime.now(tz=dt.UTC), time.monotonic()
            outcomes: list[TableOutcome] = []
            results: data_docs.Results = {}
            for outcome, result in gate.run(suite, prepared[suite.name]):
                number += 1
                print(report.progress(outcome, number, tables), flush=True)
                outcomes.append(outcome)
                results[outcome.table.name] = result
            elapsed = time.monotonic() - start
            ran.append((SuiteOutcome(suite, tuple(outcomes), started_at, elapsed), results))
    ended = [outcome for outcome, _ in ran]
    with summary.lock(stage):
        known = {path.stem for path in suites.suites_folder(stage).glob("*.yml")}
        summarised = summary.write(stage, ended, known)
        index = data_docs.write(stage, ran, summarised)
    _print_report(stage, ended)
    print(f"Data Docs: {index}", flush=True)
    return ended


def _print_report(stage: Stage, outcomes: list[SuiteOutcome]) -> None:
    for line in report.findings(outcomes):
        print(line)
    failed = sum(outcome.failed for outcome in outcomes)
    verdict = report.paint("failed", report.RED) if failed else report.paint("passed", report.GREEN)
    print(f"validate:{stage} {verdict}: {report.total(outcomes)}")


def _print_docs() -> None:
    stages: tuple[Stage, ...] = ("raw", "marts")
    found = [path for path in map(summary.data_docs, stages) if path.is_file()]
    if not found:
        msg = f"There are no Data Docs in {summary.folder()} yet."
        raise WaybillError(msg, "Run `meltano invoke validate:raw` first.")
    for path in found:
        print(path)
