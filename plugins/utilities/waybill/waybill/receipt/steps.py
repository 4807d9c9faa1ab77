"""The steps and loads that no receipt has answered for yet."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill.receipt.model import StepReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

_STEPS = """
    select step as name, started_at, ended_at, succeeded
    from waybill.step
    where run_id is null
    union all
    select 'load ' || target_schema, min(started_at), max(committed_at), true
    from waybill.load
    where run_id is null and target_schema = any(%s)
    group by invocation_id, target_schema
    order by started_at, ended_at
"""


def open_steps(
    session: psycopg.Connection[dict[str, Any]], schemas: Sequence[str]
) -> tuple[StepReport, ...]:
    """Steps of any kind, and one for each invocation of a target that loaded one of the schemas."""
    return tuple(
        StepReport(
            name=row["name"],
            started_at=row["started_at"],
            seconds=_seconds(row),
            succeeded=row["succeeded"],
        )
        for row in session.execute(_STEPS, (list(schemas),))
    )


def _seconds(row: dict[str, Any]) -> Decimal:
    duration = row["ended_at"] - row["started_at"]
    return Decimal(str(round(duration.total_seconds(), 3)))
