"""What became of each node, for waybill.dbt_result and for the cause of a failed step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_dbt.outcome import BAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.connections import Connection
    from waybill_common.ledger import Step
    from waybill_dbt.outcome import NodeResult

_INSERT = """
    insert into waybill.dbt_result (
        run_id, step_id, unique_id, resource_type, status, seconds, rows_affected, message
    )
    values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_NAMED = 3
"""How many failed nodes a cause names."""


def write(connection: Connection, step: Step, results: Sequence[NodeResult]) -> None:
    """Write a row for each node.

    Args:
        connection: The warehouse as a role that may write the ledger.
        step: The step.
        results: What became of each node.
    """
    of_step = (step.run.run_id, step.step_id)
    rows = [(*of_step, *_row(result)) for result in results]
    if rows:
        with connection.connect() as session, session.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
    for result in results:
        step.datasets.inputs.update(result.sources)
        if result.relation:
            step.datasets.rows[result.relation] = result.rows_affected


def explain(step: Step, results: Sequence[NodeResult]) -> None:
    """Say in a step why it failed.

    Args:
        step: Its figures get `cause` and `data_quality` where nodes failed.
        results: What became of each node of a build that came to its end.
    """
    bad = [result for result in results if result.status in BAD]
    if bad and not step["succeeded"]:
        step["data_quality"] = all(result.status == "fail" for result in bad)
        named = ", ".join(sorted(result.name for result in bad)[:_NAMED])
        more = f" and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else ""
        step["cause"] = f"{len(bad):,} of {len(results):,} nodes failed: {named}{more}"


def _row(result: NodeResult) -> tuple[object, ...]:
    return (
        *(result.unique_id, result.resource_type, result.status, result.seconds),
        *(result.rows_affected, result.message),
    )
