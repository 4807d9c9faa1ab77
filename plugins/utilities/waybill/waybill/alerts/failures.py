"""Rules on how runs ended: failed for good, and receipts that do not balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from waybill.alerts.model import Finding
from waybill.receipt.model import OF_BACKFILL

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from waybill.alerts.schedules import Plan

_LAST_RUNS = """
    select distinct on (subject)
        coalesce(run.schedule, run.job) as subject, run.job, run.run_id, run.started_at, run.status,
        run.failed_step, run.cause, run.log_url
    from waybill.run as run
    where run.status <> 'running'
        and (run.schedule is not null or run.started_by = 'airflow' or run.job = any(%(jobs)s))
        -- Airflow tries a failed step again; that the run is over says its last step, or time.
        and (
            run.started_by <> 'airflow'
            or run.status <> 'failed'
            or run.ended_at < clock_timestamp() - interval '1 second' * (
                %(longest_retry)s + coalesce((%(delays)s::jsonb ->> run.schedule)::integer, 0)
            )
            or exists (
                select from waybill.step
                where step.run_id = run.run_id and step.step = 'waybill:end'
            )
        )
    order by subject, run.started_at desc
"""
_SUCCEEDED_SINCE = """
    select from waybill.run
    where status = 'succeeded' and job = %(job)s and started_at > %(started_at)s
    limit 1
"""
_UNBALANCED_OF_RUN = "select from waybill.receipt where run_id = %s and not is_balanced"
# From one scope to the next, past all its receipts.
_LAST_RECEIPTS = """
    with recursive known as (
        select min(scope) as scope from waybill.receipt
        union all
        select (select min(receipt.scope) from waybill.receipt where receipt.scope > known.scope)
        from known
        where known.scope is not null
    )
    select
        last.scope, last.receipt_id, last.run_id, last.ended_at, last.is_balanced, run.log_url
    from known
    cross join lateral (
        select receipt.*
        from waybill.receipt
        where receipt.scope = known.scope
        order by receipt.ended_at desc
        limit 1
    ) as last
    left join waybill.run as run on last.run_id = run.run_id
"""
_DIFFERENCES = """
    select
        jsonb_path_query_array(receipt, '$.streams[*].differences[*]')
        || jsonb_path_query_array(receipt, '$.marts[*].differences[*]')
        || jsonb_path_query_array(receipt, '$.differences[*]')
    from waybill.receipt
    where receipt_id = %s
"""

_LONGEST_RETRY = 3600
"""Seconds after which a failed run of Airflow's is over, where Airflow itself did not live to say so.

Its schedule's own delay before a retry comes to it.
"""


def failed_runs(session: psycopg.Connection[Any], plan: Plan) -> Iterator[Finding]:
    """Schedules and jobs whose last run failed, and that no later run of the job made good.

    Steps that somebody runs alone are theirs to watch. Where the receipt failed, its own rule tells.

    Args:
        session: In the evaluation's transaction.
        plan: The project's jobs and schedules.
    """
    values = {
        "jobs": list(plan.jobs),
        "longest_retry": _LONGEST_RETRY,
        "delays": Jsonb(plan.retry_delays),
    }
    with session.cursor(row_factory=dict_row) as cursor:
        last_runs = cursor.execute(_LAST_RUNS, values).fetchall()
    for run in last_runs:
        if run["status"] == "succeeded" or _exists(session, _SUCCEEDED_SINCE, run):
            continue
        step = run["failed_step"] or ""
        if step.startswith("waybill:receipt") and _exists(
            session, _UNBALANCED_OF_RUN, (run["run_id"],)
        ):
            continue
        yield Finding(
            kind="run_failed",
            subject=run["subject"],
            summary=_what_failed(run),
            run_id=str(run["run_id"]),
            log_url=run["log_url"],
        )


def unbalanced_receipts(session: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Scopes whose last receipt does not balance, and whose sources have no later one that does."""
    with session.cursor(row_factory=dict_row) as cursor:
        last = cursor.execute(_LAST_RECEIPTS).fetchall()
    newest: dict[str, dict[str, Any]] = {}
    for receipt in sorted(last, key=lambda receipt: receipt["ended_at"]):
        # One of a backfill is about some streams alone: it vouches for no source.
        if not receipt["scope"].startswith(OF_BACKFILL):
            newest |= dict.fromkeys(receipt["scope"].split(","), receipt)
    for receipt in last:
        sources = receipt["scope"].removeprefix(OF_BACKFILL).split(",")
        if receipt["is_balanced"] or all(
            source in newest
            and newest[source]["is_balanced"]
            and newest[source]["ended_at"] > receipt["ended_at"]
            for source in sources
        ):
            continue
        yield Finding(
            kind="unbalanced",
            subject=receipt["scope"],
            summary=_what_differs(session, receipt),
            run_id=str(receipt["run_id"]) if receipt["run_id"] else None,
            log_url=receipt["log_url"],
        )


def _what_failed(run: dict[str, Any]) -> str:
    what = f"{run['job']}, started {run['started_at']:%Y-%m-%d %H:%M:%S} UTC"
    if run["status"] == "lost":
        return f"{what}, was lost: {run['cause'] or 'its process ended without a word'}"
    step = run["failed_step"] or "a step"
    return f"{what}, failed at {step}: {run['cause'] or 'the log has the cause'}"


def _what_differs(session: psycopg.Connection[Any], receipt: dict[str, Any]) -> str:
    row = session.execute(_DIFFERENCES, (receipt["receipt_id"],)).fetchone()
    differences = (row[0] if row else None) or []
    summary = f"The receipt of {receipt['scope']} does not balance"
    if not differences:
        return f"{summary}."
    first = differences[0]
    others = f", and {len(differences) - 1:,} more" if len(differences) > 1 else ""
    return (
        f"{summary}: {first['subject']}: {first['figure']}: expected {first['expected']},"
        f" found {first['found']}{others}"
    )


def _exists(session: psycopg.Connection[Any], query: str, values: Any) -> bool:
    return session.execute(query.encode(), values).fetchone() is not None
