"""`waybill-validate raw|marts [source or domain …]` and `waybill-validate docs`."""

from __future__ import annotations

import argparse
import sys
import traceback
from functools import partial
from typing import TYPE_CHECKING

from waybill_common import contracts, ledger
from waybill_common.errors import WaybillError, fail
from waybill_validate import privacy, recording, report, suites, summary, unchanged, warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_validate.outcomes import SuiteOutcome
    from waybill_validate.running import Keep
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
        elif not validate(options.command, options.selectors, changed=options.changed):
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
        command.add_argument(
            "--changed", action="store_true", help="only tables for which anything has changed"
        )
    commands.add_parser("docs", help="print where the Data Docs are")
    return parser


def validate(stage: Stage, selectors: Sequence[str], *, changed: bool = False) -> bool:
    """Check the selected suites of a stage, report, and record the step.

    Args:
        stage: `raw` or `marts`.
        selectors: Sources or domains; none selects every suite.
        changed: Whether tables are left out whose checks have passed and would pass again.

    Returns:
        Whether every critical check passed.

    Raises:
        WaybillError: A suite is missing, empty or wrong, or the warehouse cannot be reached.
    """
    selected = suites.load(stage, selectors, privacy.from_contracts(contracts.load_all()))
    auditor = warehouse.auditor()
    schemas = {table.schema for suite in selected for table in suite.tables}
    with ledger.step(auditor, f"validate:{stage}", resources=schemas) as detail:
        now = unchanged.fingerprints(auditor, stage, selected)
        due = unchanged.due(auditor, stage, selected, now) if changed else selected
        checks = _count(due)
        left_out = _count(selected) - checks
        keep = partial(recording.write, auditor, detail)
        outcomes = _run(stage, selected, due, is_quick=changed, keep=keep) if due else []
        keep(outcomes)
        recording.explain(detail, outcomes)
        unchanged.settle(auditor, stage, outcomes, now)
        failed = sum(outcome.failed for outcome in outcomes)
        detail |= {
            "suites": [suite.name for suite in selected],
            "tables": sum(len(suite.tables) for suite in due),
            "checks": sum(outcome.size for outcome in outcomes),
            "failed": failed,
            "warnings": sum(outcome.warnings for outcome in outcomes),
            "succeeded": not failed,
        }
        if changed:
            detail["unchanged"] = left_out
    if not due:
        print(f"validate:{stage}: nothing has changed since {left_out:,} checks passed")
    return not failed


def _count(checked: Sequence[Suite]) -> int:
    return sum(suite.size for suite in checked)


def _run(
    stage: Stage, selected: Sequence[Suite], due: Sequence[Suite], *, is_quick: bool, keep: Keep
) -> list[SuiteOutcome]:
    left_out = _count(selected) - _count(due)
    aside = f"; {left_out:,} more have passed since anything changed for them" if left_out else ""
    tables = sum(len(suite.tables) for suite in due)
    print(f"validate:{stage}: {_count(due):,} checks on {tables:,} tables{aside}", flush=True)
    from waybill_validate import running  # noqa: PLC0415  (needed only where something is due)

    names = {suite.selector: tuple(table.name for table in suite.tables) for suite in selected}
    outcomes, index = running.run(stage, due, names, is_quick=is_quick, keep=keep)
    _print_report(stage, outcomes)
    print(f"Data Docs: {index}", flush=True)
    return outcomes


def _print_report(stage: Stage, outcomes: Sequence[SuiteOutcome]) -> None:
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
