"""How each check ended, for waybill.expectation_result and for the cause of a failed step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from waybill_common.connections import Connection
    from waybill_common.ledger import Step
    from waybill_validate.outcomes import Outcome, SuiteOutcome

_INSERT = """
    insert into waybill.expectation_result (
        run_id, step_id, suite, rule, table_name, column_name, severity, succeeded, checked,
        unexpected, observed
    )
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def write(connection: Connection, step: Step, outcomes: Sequence[SuiteOutcome]) -> None:
    """Write a row for each check.

    Args:
        connection: The warehouse as a role that may write the ledger.
        step: The step.
        outcomes: What was found, without personal data.
    """
    with connection.connect() as session, session.cursor() as cursor:
        cursor.executemany(
            _INSERT, [(step.run.run_id, step.step_id, *row) for row in _rows(outcomes)]
        )
    for suite in outcomes:
        for table in suite.tables:
            step.datasets.checks[table.table.title] = [
                (
                    one.check.description,
                    one.check.columns[0] if one.check.columns else None,
                    one.success,
                )
                for one in table.outcomes
            ]


def explain(step: Step, outcomes: Sequence[SuiteOutcome]) -> None:
    """Say in a step why it failed.

    Args:
        step: Its figures get `cause` and `data_quality` where critical checks failed.
        outcomes: What was found, without personal data.
    """
    failed = [
        f"{table.table.title}: {outcome.finding}"
        for suite in outcomes
        for table in suite.tables
        for outcome in table.failed
    ]
    if failed:
        step["data_quality"] = True
        more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
        step["cause"] = f"{failed[0]}{more}"


def _rows(outcomes: Sequence[SuiteOutcome]) -> Iterator[tuple[Any, ...]]:
    for suite in outcomes:
        for table in suite.tables:
            for outcome in table.outcomes:
                yield (
                    suite.suite.name,
                    outcome.check.description,
                    table.table.title,
                    ", ".join(outcome.check.columns) or None,
                    outcome.check.severity,
                    outcome.success,
                    outcome.checked,
                    outcome.unexpected_count,
                    None if outcome.success else _observed(outcome),
                )


def _observed(outcome: Outcome) -> str | None:
    if outcome.unexpected_count is None:
        return outcome.reason or None
    return "; ".join(outcome.examples) or None
