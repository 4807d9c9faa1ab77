"""Suites run and shown: what one statement for a table cannot answer, by Great Expectations."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common.errors import WaybillError
from waybill_validate import index_page, probing, report, suites, summary, warehouse
from waybill_validate.outcomes import SuiteOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from great_expectations.core import ExpectationSuiteValidationResult

    from waybill_common.connections import Connection
    from waybill_validate.outcomes import TableOutcome
    from waybill_validate.suites import Stage, Suite

Keep = Callable[[Sequence[SuiteOutcome]], None]

_Place = tuple[str, str]
"""Selector of a suite, and name of a table."""


class _Run:
    """One run over some suites.

    Args:
        auditor: The warehouse.
        session: An open, read-only session on it.
        due: The suites, with the tables that have to be checked.
    """

    def __init__(
        self, auditor: Connection, session: psycopg.Connection[Any], due: Sequence[Suite]
    ) -> None:
        self._auditor = auditor
        self._session = session
        self._due = due
        schemas = {table.schema for suite in due for table in suite.tables}
        self._relations = warehouse.relations(session, schemas)
        self.outcomes: dict[_Place, TableOutcome] = {}
        self.results: dict[_Place, ExpectationSuiteValidationResult | None] = {}

    def probe(self, stage: Stage) -> None:
        """Ask of each table whether all its checks pass, if its page says that they did before.

        A page that tells of findings is written anew by who wrote it.
        """
        for suite in self._due:
            shown = summary.passed_tables(stage, suite)
            for table in suite.tables:
                if table.name not in shown or (table.schema, table.name) not in self._relations:
                    continue
                outcome = probing.probe(self._session, table)
                if outcome is not None:
                    self._add(suite, outcome)

    def check(self) -> None:
        """Have Great Expectations check all that is left."""
        left = []
        for suite in self._due:
            tables = [each for each in suite.tables if (suite.selector, each.name) not in self]
            if tables:
                left.append(dataclasses.replace(suite, tables=tuple(tables)))
        if not left:
            return
        from waybill_validate import gates  # noqa: PLC0415  (takes seconds to import)

        prepared = {suite.selector: gates.expectations(suite) for suite in left}
        gate = gates.Gates(self._auditor, self._session, self._relations)
        for suite in left:
            for outcome, result in gate.run(suite, prepared[suite.selector]):
                self.results[suite.selector, outcome.table.name] = result
                self._add(suite, outcome)

    def ended(self, names: Mapping[str, tuple[str, ...]]) -> list[SuiteOutcome]:
        """How the suites ended, as far as they have come.

        Args:
            names: All tables of each suite, by its selector.
        """
        found = []
        for suite in self._due:
            places = [(suite.selector, table.name) for table in suite.tables]
            tables = tuple(self.outcomes[place] for place in places if place in self.outcomes)
            if tables:
                begun = min(table.started_at for table in tables)
                elapsed = sum(table.elapsed for table in tables)
                of_suite = names[suite.selector]
                found.append(SuiteOutcome(suite, tables, of_suite, begun, elapsed))
        return found

    def __contains__(self, place: object) -> bool:
        return place in self.outcomes

    def _add(self, suite: Suite, outcome: TableOutcome) -> None:
        self.outcomes[suite.selector, outcome.table.name] = outcome
        total = sum(len(each.tables) for each in self._due)
        print(report.progress(outcome, len(self.outcomes), total), flush=True)


def run(
    stage: Stage,
    due: Sequence[Suite],
    names: Mapping[str, tuple[str, ...]],
    *,
    is_quick: bool,
    keep: Keep,
) -> tuple[list[SuiteOutcome], Path]:
    """Check suites table by table, each with a line of its own; write summary and Data Docs.

    Args:
        stage: `raw` or `marts`.
        due: The suites, with the tables that have to be checked.
        names: All tables of each suite, by its selector.
        is_quick: Whether one statement may answer for a table whose checks all pass.
        keep: Takes what is known where the run is cut off.

    Returns:
        How the suites ended, and the first page of the Data Docs.
    """
    auditor = warehouse.auditor()
    with warehouse.read_only(auditor).connect(autocommit=True) as session:
        running = _Run(auditor, session, due)
        try:
            if is_quick:
                running.probe(stage)
            running.check()
        except BaseException:
            try:
                keep(running.ended(names))
            except (WaybillError, psycopg.Error) as further:
                sys.stderr.write(
                    f"validate:{stage}: what it found is not in the ledger: {further}\n"
                )
            raise
    every = running.ended(names)
    with summary.lock(stage):
        known = {path.stem for path in suites.suites_folder(stage).glob("*.yml")}
        summarised = summary.write(stage, every, known)
        if running.results:
            from waybill_validate import data_docs  # noqa: PLC0415  (with Great Expectations)

            data_docs.write(stage, every, running.results)
        return every, index_page.write(stage, summarised)
