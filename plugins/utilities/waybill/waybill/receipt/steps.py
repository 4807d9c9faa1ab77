"""The steps and loads that no receipt has answered for yet."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill.receipt.model import StepReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from waybill_common.ledger import Step

_STEPS = """
    select step as name, started_at, ended_at, status = 'succeeded' as succeeded
    from waybill.step
    where step_id = any(%(steps)s) and status <> 'running'
    union all
    select 'load ' || target_schema, min(started_at), max(committed_at), true
    from waybill.load
    where receipt_id is null and target_schema = any(%(schemas)s)
        and not exists (
            select from waybill.step
            where step.run_id = load.run_id and step.step = 'load ' || load.target_schema
        )
    group by invocation_id, target_schema
    order by started_at, ended_at
"""
# Steps of a run that still goes on are for its own receipt.
_OPEN = """
    select step_id
    from waybill.step
    where receipt_id is null
        and (status <> 'running' or step_id = %(own)s)
        and not exists (
            select from waybill.run
            where run.run_id = step.run_id and run.status = 'running' and run.run_id <> %(run)s
        )
"""
_CLOSE = "update waybill.step set receipt_id = %s where step_id = any(%s)"


def open_steps(
    session: psycopg.Connection[dict[str, Any]], schemas: Sequence[str], own: Step
) -> tuple[StepReport, ...]:
    """Steps of any kind that have ended, and one for each target that loaded one of the schemas."""
    bound = {"steps": _open(session, own), "schemas": list(schemas)}
    return tuple(
        StepReport(
            name=row["name"],
            started_at=row["started_at"],
            seconds=_seconds(row),
            succeeded=row["succeeded"],
        )
        for row in session.execute(_STEPS, bound)
    )


def close_steps(session: psycopg.Connection[dict[str, Any]], receipt_id: str, own: Step) -> None:
    """Mark the steps that a receipt answers for, its own among them."""
    session.execute(_CLOSE, (receipt_id, _open(session, own)))


def _open(session: psycopg.Connection[dict[str, Any]], own: Step) -> list[int]:
    bound = {"run": own.run.run_id, "own": own.step_id}
    return [row["step_id"] for row in session.execute(_OPEN, bound)]


def _seconds(row: dict[str, Any]) -> Decimal:
    duration = row["ended_at"] - row["started_at"]
    return Decimal(str(round(duration.total_seconds(), 3)))
