"""Suites run by Great Expectations, and shown. Its import takes seconds: this module comes late."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from waybill_validate import data_docs, gates, report, suites, summary, warehouse
from waybill_validate.outcomes import SuiteOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from waybill_validate.outcomes import TableOutcome
    from waybill_validate.suites import Stage, Suite


def run(
    stage: Stage, selected: Sequence[Suite], names: Mapping[str, tuple[str, ...]]
) -> tuple[list[SuiteOutcome], Path]:
    """Check suites table by table, each with a line of its own, and write summary and Data Docs.

    Args:
        stage: `raw` or `marts`.
        selected: The suites, with the tables that have to be checked.
        names: All tables of each suite, by its selector.

    Returns:
        How the suites ended, and the first page of the Data Docs.
    """
    auditor = warehouse.auditor()
    tables = sum(len(suite.tables) for suite in selected)
    ran: list[tuple[SuiteOutcome, data_docs.Results]] = []
    with warehouse.read_only(auditor).connect(autocommit=True) as session:
        prepared = {suite.name: gates.expectations(suite) for suite in selected}
        schemas = {table.schema for suite in selected for table in suite.tables}
        gate = gates.Gates(auditor, session, warehouse.relations(session, schemas))
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
            of_suite = names[suite.selector]
            ended = SuiteOutcome(suite, tuple(outcomes), of_suite, started_at, elapsed)
            ran.append((ended, results))
    every = [outcome for outcome, _ in ran]
    with summary.lock(stage):
        known = {path.stem for path in suites.suites_folder(stage).glob("*.yml")}
        summarised = summary.write(stage, every, known)
        index = data_docs.write(stage, ran, summarised)
    return every, index
