"""Runs that ended without a word: whoever comes next closes them and frees what they held."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg.rows import class_row

from waybill_common import failures, lineage, processes, runs

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

BEGIN = "waybill:begin"
"""How the step's name starts by which a run promises that a receipt will end it."""

_SILENCE = dt.timedelta(hours=1)
"""After so long without a sign of life a run is lost whose processes cannot be seen from here."""

_RUNNING = """
    select
        run.run_id, run.job, run.host, run.process_id, life.sign,
        clock_timestamp() - life.sign as silence,
        exists (
            select from waybill.lease
            where lease.run_id = run.run_id and lease.expires_at > clock_timestamp()
        ) as has_lease,
        exists (select from waybill.lease where lease.run_id = run.run_id) as has_had_lease,
        exists (
            select from waybill.step where step.run_id = run.run_id and step like %(begin)s
        ) as has_begun
    from waybill.run
    cross join lateral (
        select greatest(
            run.started_at,
            (select max(greatest(started_at, ended_at)) from waybill.step where run_id = run.run_id),
            (select max(committed_at) from waybill.load where run_id = run.run_id),
            (select max(renewed_at) from waybill.lease where run_id = run.run_id)
        ) as sign
    ) as life
    where run.status = 'running' and run.run_id <> %(own)s
"""
_STEPS = """
    select run_id, step_id, step, host, process_id, started_at
    from waybill.step
    where status = 'running' and run_id = any(%s)
    order by step_id
"""
_CLOSE_STEPS = """
    update waybill.step
    set ended_at = clock_timestamp(), status = 'failed', cause = %s
    where run_id = %s and status = 'running'
"""
_CLOSE_RUN = """
    update waybill.run
    set ended_at = %(sign)s, status = %(status)s, failed_step = %(step)s, cause = %(cause)s
    where run_id = %(run)s and status = 'running'
"""
_FREE = "delete from waybill.lease where run_id = %s"

_Row = TypeVar("_Row")

_GONE = "its process ended without a word"
_SILENT = "it gave no sign of life any more"


@dataclass(frozen=True)
class _Running:
    run_id: UUID
    job: str
    host: str
    process_id: int | None
    sign: dt.datetime
    silence: dt.timedelta
    has_lease: bool
    has_had_lease: bool
    has_begun: bool


@dataclass(frozen=True)
class _Step:
    run_id: UUID
    step_id: int
    step: str
    host: str | None
    process_id: int | None
    started_at: dt.datetime

    @property
    def is_alive(self) -> bool:
        """Whether its process lives on this machine."""
        is_here = self.host == runs.host() and self.process_id is not None
        return is_here and processes.is_alive(self.process_id or 0, self.started_at)


def close(session: psycopg.Connection[Any], own: UUID | None = None) -> list[lineage.Event]:
    """Close the runs that are gone, and free their leases.

    A run of which a command told why it failed is failed, one that was killed is lost; one that
    never began with `waybill:begin` owes no receipt, and has succeeded if its steps have.

    Args:
        session: A warehouse role that may write the ledger.
        own: The run of this process, which is not gone.

    Returns:
        What to tell who follows the lineage, once the transaction around this is committed.
    """
    events: list[lineage.Event] = []
    bound = {"own": own or runs.NOBODY, "begin": f"{BEGIN}%"}
    with session.transaction():
        found = _rows(session, _Running, _RUNNING, bound)
        steps: dict[UUID, list[_Step]] = defaultdict(list)
        for step in _rows(session, _Step, _STEPS, ([run.run_id for run in found],)):
            steps[step.run_id].append(step)
        for run in found:
            if cause := _why_gone(run, steps[run.run_id]):
                events += _close(session, run, steps[run.run_id], cause)
    return events


def _why_gone(run: _Running, steps: list[_Step]) -> str | None:
    """Why a run is gone; None where it may live."""
    if any(step.is_alive for step in steps):
        return None
    if run.process_id is not None and run.host == runs.host():
        return None if runs.is_alive(run.run_id, run.process_id) else _GONE
    if run.has_lease:
        return None
    has_run_out = run.has_had_lease and run.process_id is not None
    return _SILENT if has_run_out or run.silence > _SILENCE else None


def _close(
    session: psycopg.Connection[Any], run: _Running, steps: list[_Step], cause: str
) -> list[lineage.Event]:
    told = failures.told(run.run_id)
    status = "failed" if told else "lost" if steps or run.has_begun else "succeeded"
    bound: dict[str, Any] = {"run": run.run_id, "sign": run.sign, "status": status}
    bound |= {"step": None, "cause": None}
    if told:
        bound |= {"step": told.step, "cause": told.cause}
    elif status == "lost":
        bound |= {"step": steps[-1].step if steps else None, "cause": cause}
    session.execute(_CLOSE_STEPS, (cause, run.run_id))
    session.execute(_CLOSE_RUN, bound)
    session.execute(_FREE, (run.run_id,))
    failures.forget(run.run_id)
    ends: dict[str, lineage.EventType] = {
        "failed": "FAIL",
        "lost": "ABORT",
        "succeeded": "COMPLETE",
    }
    why = None if status == "succeeded" else bound["cause"] or cause
    return [
        *(
            lineage.cut_off("ABORT", run.run_id, run.job, (step.step_id, step.step), cause)
            for step in steps
        ),
        lineage.of_run(ends[status], run.run_id, run.job, why),
    ]


def _rows(session: psycopg.Connection[Any], kind: type[_Row], query: str, bound: Any) -> list[_Row]:
    with session.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query.encode(), bound).fetchall()
