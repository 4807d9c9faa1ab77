"""The rule on schedules whose run is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from waybill.alerts.model import Finding
from waybill_common import durations

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    import psycopg

    from waybill.alerts.schedules import Schedule

_SINCE_IT_WAS_DUE = """
    select
        bool_or(started_at < %(due)s) as ran_before,
        bool_or(started_at >= %(due)s and status = 'succeeded') as succeeded,
        max(started_at) filter (where status = 'running') as running_since,
        max(ended_at) filter (where status = 'succeeded') as last_success
    from waybill.run
    where schedule = %(schedule)s
"""

# It runs when each of its jobs has run anew since its own last success began.
_WAS_DUE_AFTER = """
    with own as (
        select max(started_at) as since
        from waybill.run
        where schedule = %(schedule)s and status = 'succeeded'
    )
    select case when bool_and(ended_at is not null) then max(ended_at) end
    from unnest(%(jobs)s::text[]) as before (job)
    left join lateral (
        select min(run.ended_at) as ended_at
        from waybill.run
        where run.job = before.job and run.status = 'succeeded'
            and run.ended_at > (select since from own)
    ) as anew on true
"""


def missed(
    session: psycopg.Connection[Any], schedules: Iterable[Schedule], now: dt.datetime
) -> Iterator[Finding]:
    """Schedules that were due, and of which no run since has succeeded within the deadline.

    A schedule that has never run before is not missed: nobody has switched it on here.
    """
    for schedule in schedules:
        due = schedule.last_due(now) or _due_after(session, schedule)
        if due is None or now - due < schedule.deadline:
            continue
        with session.cursor(row_factory=dict_row) as cursor:
            values = {"schedule": schedule.name, "due": due}
            (runs,) = cursor.execute(_SINCE_IT_WAS_DUE, values).fetchall()
        if not runs["ran_before"] or runs["succeeded"]:
            continue
        allowed = durations.in_words(schedule.deadline)
        last = runs["last_success"]
        now_running = (
            f"a run is under way since {runs['running_since']:%Y-%m-%d %H:%M:%S} UTC"
            if runs["running_since"]
            else "none is under way"
        )
        yield Finding(
            kind="deadline_missed",
            subject=schedule.name,
            summary=(
                f"{schedule.name} was due at {due:%Y-%m-%d %H:%M} UTC and had {allowed}; no run since"
                f" has succeeded, {now_running}; the last success was"
                f" {f'at {last:%Y-%m-%d %H:%M:%S} UTC' if last else 'never'}"
            ),
        )


def _due_after(session: psycopg.Connection[Any], schedule: Schedule) -> dt.datetime | None:
    """When all the jobs that it runs after had run; None where it has run since."""
    if not schedule.after:
        return None
    values = {"schedule": schedule.name, "jobs": list(schedule.after)}
    row = session.execute(_WAS_DUE_AFTER, values).fetchone()
    return row[0] if row else None
