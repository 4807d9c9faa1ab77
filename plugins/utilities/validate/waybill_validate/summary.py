"""`$WAYBILL_HOME/validate/<stage>.json`: the last outcome of every suite of a stage.

A run of some suites leaves the others' entries as they were; each carries its own `started_at`.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from waybill_common import private_files, project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_validate.outcomes import SuiteOutcome, TableOutcome
    from waybill_validate.suites import Stage, Suite


def folder() -> Path:
    """Where the summaries and the Data Docs are."""
    return project.home() / "validate"


def data_docs(stage: Stage) -> Path:
    """The first page of a stage's Data Docs."""
    return folder() / "data_docs" / stage / "index.html"


@contextmanager
def lock(stage: Stage) -> Iterator[None]:
    """Keep two runs of one stage from writing their reports at the same time."""
    folder().mkdir(parents=True, exist_ok=True)
    with private_files.locked(folder() / f".{stage}.lock"):
        yield


def write(stage: Stage, outcomes: list[SuiteOutcome], known: set[str]) -> dict[str, Any]:
    """Replace the entries of the suites that ran.

    Args:
        stage: `raw` or `marts`.
        outcomes: The suites that ran.
        known: Selectors of all suites of the stage; entries of others are dropped.

    Returns:
        The summary as written.
    """
    path = folder() / f"{stage}.json"
    entries = {entry["selector"]: entry for entry in _read(path) if entry["selector"] in known}
    for outcome in outcomes:
        selector = outcome.suite.selector
        shown = {table["table"]: table for table in entries.get(selector, {}).get("tables", ())}
        entries[selector] = _suite(outcome, shown)
    summary = {"stage": stage, "suites": [entries[selector] for selector in sorted(entries)]}
    partial = path.with_suffix(".json.part")
    partial.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
    return summary


def passed_tables(stage: Stage, suite: Suite) -> set[str]:
    """The tables of a suite that are shown with all checks passed, on a page of the Data Docs."""
    pages = data_docs(stage).parent / suite.selector
    return {
        table["table"]
        for entry in _read(folder() / f"{stage}.json")
        if entry["selector"] == suite.selector
        for table in entry["tables"]
        if table["success"]
        and not table["warnings"]
        and (pages / f"{table['table']}.html").is_file()
    }


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["suites"]
    except (FileNotFoundError, ValueError, KeyError):
        return []
    return entries


def _suite(outcome: SuiteOutcome, shown: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A suite's entry: tables that were not checked keep theirs."""
    checked = {table.table.name: _table(table) for table in outcome.tables}
    tables = [(shown | checked)[name] for name in outcome.names]
    return {
        "suite": outcome.suite.name,
        "selector": outcome.suite.selector,
        "started_at": outcome.started_at.isoformat(),
        "elapsed": round(outcome.elapsed, 3),
        "success": not any(table["failed"] for table in tables),
        "checks": sum(len(table["checks"]) for table in tables),
        "failed": sum(table["failed"] for table in tables),
        "warnings": sum(table["warnings"] for table in tables),
        "tables": tables,
    }


def _table(outcome: TableOutcome) -> dict[str, Any]:
    return {
        "schema": outcome.table.schema,
        "table": outcome.table.name,
        "started_at": outcome.started_at.isoformat(),
        "elapsed": round(outcome.elapsed, 3),
        "success": not outcome.failed,
        "failed": len(outcome.failed),
        "warnings": len(outcome.warnings),
        "checks": [
            {
                "expectation": one.check.expectation,
                "columns": list(one.check.columns),
                "description": one.check.description,
                "severity": one.check.severity,
                "success": one.success,
                "unexpected_count": one.unexpected_count,
                "finding": None if one.success else one.finding,
            }
            for one in outcome.outcomes
        ],
    }
