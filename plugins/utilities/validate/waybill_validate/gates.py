"""Suites run by Great Expectations, table by table.

Great Expectations' import takes seconds, so this module is imported late. Everything is registered
afresh in a context that lives in memory: nothing of it can go stale or reach a disk. Each table is
a validation definition of its own, because the columns that identify an offending row differ from
table to table and a checkpoint has one result format for all of its tables.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import os
import time
from typing import TYPE_CHECKING, Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.compatibility import pydantic
from great_expectations.core import RunIdentifier
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions.exceptions import ExpectationNotFoundError
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.registry import get_expectation_impl

from waybill_common.errors import WaybillError
from waybill_validate import findings, privacy, rules, warehouse
from waybill_validate.outcomes import Outcome, TableOutcome
from waybill_validate.suites import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context.data_context.abstract_data_context import (
        AbstractDataContext,
    )
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource
    from great_expectations.expectations.expectation import Expectation

    from waybill_common.connections import Connection
    from waybill_validate.suites import Suite, Table

URL_VARIABLE = "WAYBILL_VALIDATE_URL"
"""Great Expectations keeps the name of this variable, and not the URL with the password."""

FETCHED = 20
"""Offending rows fetched of a failed check; duplicates among them leave enough to show."""

EXISTENCE = Check("table_exists", "critical", "the table exists", {})


def quiet() -> contextlib.redirect_stdout[io.StringIO]:
    """Swallow the advice Great Expectations prints about rules without its own `{batch}`."""
    return contextlib.redirect_stdout(io.StringIO())


def expectations(suite: Suite) -> dict[str, list[Expectation]]:
    """The checks of a suite as Great Expectations' own objects, by table.

    Raises:
        WaybillError: A type is unknown to Great Expectations, or its arguments are wrong.
    """
    with quiet():
        return {
            table.name: [
                _expectation(check, number, table, suite)
                for number, check in enumerate(table.checks)
            ]
            for table in suite.tables
        }


def _expectation(check: Check, number: int, table: Table, suite: Suite) -> Expectation:
    where = f"Suite {suite.name}, table {table.name}, expectation {number + 1}"
    try:
        implementation = get_expectation_impl(check.expectation)
    except ExpectationNotFoundError as error:
        msg = f"{where}: Great Expectations has no {check.expectation!r}."
        raise WaybillError(msg, "Use one of its types, in snake case.") from error
    kwargs = dict(check.kwargs)
    try:
        if rules.QUERY in kwargs:
            rule = rules.for_table(kwargs[rules.QUERY], table.checked)
            kwargs[rules.QUERY] = rules.for_great_expectations(rule)
        return implementation(
            severity=FailureSeverity(check.severity),
            description=check.description,
            meta={"number": number},
            **kwargs,
        )
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        msg = f"{where} ({check.expectation}): {place}: {first['msg']}."
        raise WaybillError(msg, "Mend its kwargs.") from error
    except (KeyError, IndexError, ValueError, TypeError) as error:
        msg = f"{where} ({check.expectation}): {error}."
        raise WaybillError(msg, "Mend its kwargs; write a literal brace twice.") from error


class Gates:
    """One run of some suites over one warehouse.

    Args:
        connection: The warehouse, as a role that reads everything.
        session: An open session of the same role, for what Great Expectations cannot tell.
        relations: What there is in the schemas of the suites.
    """

    def __init__(
        self,
        connection: Connection,
        session: psycopg.Connection[Any],
        relations: warehouse.Relations,
    ) -> None:
        self._session = session
        self._relations = relations
        self._run_id = RunIdentifier(run_time=dt.datetime.now(tz=dt.UTC))
        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
        os.environ[URL_VARIABLE] = warehouse.sqlalchemy_url(warehouse.read_only(connection))
        self._context: AbstractDataContext = gx.get_context(mode="ephemeral")
        self._context.enable_analytics(enable=False)
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._datasource: PostgresDatasource = self._context.data_sources.add_postgres(
            "warehouse", connection_string=f"${{{URL_VARIABLE}}}", create_temp_table=False
        )

    def run(
        self, suite: Suite, prepared: dict[str, list[Expectation]]
    ) -> Iterator[tuple[TableOutcome, ExpectationSuiteValidationResult | None]]:
        """Check one table after the other.

        Args:
            suite: What to check.
            prepared: Its checks as `expectations` gave them.

        Yields:
            Each table's outcome, and the result for its Data Docs page (None: there is no table).
        """
        for table in suite.tables:
            started_at = dt.datetime.now(tz=dt.UTC)
            start = time.monotonic()
            if (table.schema, table.name) not in self._relations:
                reason = f"there is no {table.title} in the warehouse"
                outcomes = [Outcome(check=EXISTENCE, success=False, reason=reason)]
                result = None
            else:
                with quiet():
                    name = f"{suite.name}/{table.name}"
                    result = self._validate(name, table, prepared[table.name])
                outcomes = [
                    findings.outcome(check, table, found)
                    for check, found in zip(table.checks, result.results, strict=True)
                ]
            elapsed = time.monotonic() - start
            yield TableOutcome(table, tuple(outcomes), started_at, elapsed), result

    def _validate(
        self, name: str, table: Table, prepared: list[Expectation]
    ) -> ExpectationSuiteValidationResult:
        definition = gx.ValidationDefinition(
            name=name,
            data=self._batch(name, table),
            suite=self._context.suites.add(gx.ExpectationSuite(name=name, expectations=prepared)),
        )
        columns = self._relations[table.schema, table.name]
        key = [name for name in table.key if name in columns]
        result = self._context.validation_definitions.add(definition).run(
            result_format={
                "result_format": "SUMMARY",
                "partial_unexpected_count": FETCHED,
                **({"unexpected_index_column_names": key} if key else {}),
            },
            run_id=self._run_id,
        )
        result.results.sort(key=_number)
        for check, found in zip(table.checks, result.results, strict=True):
            self._complete(check, table, found)
        return result

    def _batch(self, name: str, table: Table) -> BatchDefinition[Any]:
        if table.where:
            query = f"select * from {table.checked} as rows"  # noqa: S608
            rows = self._datasource.add_query_asset(name, query=query)
            return rows.add_batch_definition_whole_table("rows")
        whole = self._datasource.add_table_asset(
            name, table_name=table.name, schema_name=table.schema
        )
        return whole.add_batch_definition_whole_table("whole table")

    def _complete(self, check: Check, table: Table, found: ExpectationValidationResult) -> None:
        """Add the rows a rule in SQL found, and take personal data out of the result."""
        about_pii = findings.is_about_pii(check, table)
        details = dict(found.result)
        raised = findings.exception(found)
        if rules.QUERY in check.kwargs and not found.success and not raised:
            rule = rules.for_table(check.kwargs[rules.QUERY], table.checked)
            rows = warehouse.first_rows(self._session, rule, FETCHED)
            if about_pii:
                rows = [{name: row[name] for name in table.key if name in row} for row in rows]
            details |= {privacy.ROWS: rows, "unexpected_count": found.result["observed_value"]}
        found.result = privacy.redact(details, table.pii, is_about_pii=about_pii)
        if raised:
            kind = raised.partition(")")[0].strip("(") if raised.startswith("(") else "an error"
            message = f"{kind}; its message may show personal data" if about_pii else raised
            found.exception_info = {"raised_exception": True, "exception_message": message}


def _number(found: ExpectationValidationResult) -> int:
    """The check's place in its table; Great Expectations returns those that raised first."""
    if found.expectation_config is None:
        msg = "Great Expectations gave a result without its expectation."
        raise WaybillError(msg)
    return int(found.expectation_config.meta["number"])
