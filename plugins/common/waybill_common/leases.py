"""Who works on which schema: no two runs write the same tables at once.

A run takes the leases of all its schemas or waits for them; each step of it renews them while it
works. They go to another run when they are freed, when they run out, or when their run is gone.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

from waybill_common import abandoned, durations, lineage
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from uuid import UUID

    from waybill_common.connections import Connection
    from waybill_common.runs import Run

WAIT_VARIABLE = "WAYBILL_LEASE_WAIT"
"""How long to wait for another run, such as `15m`."""
_WAIT = "15m"
_LIFE = dt.timedelta(seconds=120)
_RENEWAL_SECONDS = 30.0
_POLL_SECONDS = 1.0

_LOCK = "select pg_advisory_xact_lock(5839217005)"
_OTHERS = """
    select
        lease.resource, lease.run_id, coalesce(run.job, 'unknown') as job, lease.step,
        lease.host, lease.taken_at
    from waybill.lease
    left join waybill.run using (run_id)
    where lease.resource = any(%s) and lease.run_id <> %s and lease.expires_at > clock_timestamp()
    order by lease.taken_at, lease.resource
"""
_OWN = "select resource from waybill.lease where run_id = %s"
_TAKE = """
    insert into waybill.lease (resource, run_id, host, process_id, step, expires_at)
    values (%s, %s, %s, %s, %s, clock_timestamp() + %s)
    on conflict (resource) do update
    set run_id = excluded.run_id, host = excluded.host, process_id = excluded.process_id,
        step = excluded.step, taken_at = clock_timestamp(), renewed_at = clock_timestamp(),
        expires_at = excluded.expires_at
"""
_RENEW = """
    update waybill.lease
    set step = %s, renewed_at = clock_timestamp(), expires_at = clock_timestamp() + %s
    where run_id = %s
"""
_FREE = "delete from waybill.lease where run_id = %s and resource = any(%s)"
FREE_ALL = "delete from waybill.lease where run_id = %s"


@dataclass(frozen=True)
class Holder:
    """Another run that has what this one needs."""

    resource: str
    run_id: UUID
    job: str
    step: str | None
    host: str
    taken_at: dt.datetime

    def __str__(self) -> str:
        """The holder in words."""
        at = f" at {self.step}" if self.step else ""
        return (
            f"{self.resource} is held by run {self.run_id} (job {self.job}{at} on {self.host},"
            f" since {self.taken_at:%H:%M:%S})"
        )


def take(connection: Connection, run: Run, step: str, wanted: Collection[str]) -> list[str]:
    """Take the leases that a run does not have yet: all, or none and wait for them.

    Args:
        connection: A warehouse role that may write the ledger.
        run: Who wants them.
        step: The step that does, for who looks.
        wanted: Schemas.

    Returns:
        Those that were taken now.

    Raises:
        WaybillError: Another run has one of them for longer than WAYBILL_LEASE_WAIT.
    """
    limit = durations.of_variable(WAIT_VARIABLE, _WAIT)
    deadline = time.monotonic() + limit.total_seconds()
    told: set[UUID] = set()
    with connection.connect(autocommit=True) as session:
        while True:
            lineage.emit(*abandoned.close(session, run.run_id))
            with session.transaction():
                session.execute(_LOCK)
                holders = _others(session, run, wanted)
                if not holders:
                    return _take(session, run, step, wanted)
            if time.monotonic() >= deadline:
                msg = f"{step}: {holders[0]}, and {durations.in_words(limit)} have passed."
                raise WaybillError(msg, f"Let it end or stop it; {WAIT_VARIABLE} sets how long.")
            for holder in holders:
                if holder.run_id not in told:
                    told.add(holder.run_id)
                    upto = durations.in_words(limit)
                    _say(f"{step}: waiting, {holder}; up to {upto}")
            time.sleep(_POLL_SECONDS)


def free(connection: Connection, run: Run, held: Collection[str] | None = None) -> None:
    """Give leases of a run back; all of them if none are named."""
    with connection.connect() as session:
        if held is None:
            session.execute(FREE_ALL, (run.run_id,))
        else:
            session.execute(_FREE, (run.run_id, list(held)))


@contextmanager
def renewed(connection: Connection, run: Run, step: str) -> Iterator[None]:
    """Renew the leases of a run while a step of it works.

    If another run has taken one meanwhile, this process gets SIGTERM: it has slept for longer than
    a lease lives, and must not go on.
    """
    with connection.connect() as session:
        session.execute(_RENEW, (step, _LIFE, run.run_id))
        held = {name for (name,) in session.execute(_OWN, (run.run_id,))}
    if not held:
        yield
        return
    is_over = threading.Event()
    arguments = (connection, run, step, held, is_over)
    thread = threading.Thread(target=_renew_until, args=arguments, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew_until(
    connection: Connection, run: Run, step: str, held: set[str], is_over: threading.Event
) -> None:
    while not is_over.wait(_RENEWAL_SECONDS):
        try:
            with connection.connect() as session:
                session.execute(_RENEW, (step, _LIFE, run.run_id))
                lost = _others(session, run, held)
        except (WaybillError, psycopg.Error):
            continue  # The next renewal is in time if the server is back by then.
        if lost:
            _say(f"{step}: stops: {lost[0]} by now")
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _others(session: psycopg.Connection[Any], run: Run, wanted: Collection[str]) -> list[Holder]:
    with session.cursor(row_factory=class_row(Holder)) as cursor:
        return cursor.execute(_OTHERS, (list(wanted), run.run_id)).fetchall()


def _take(
    session: psycopg.Connection[Any], run: Run, step: str, wanted: Collection[str]
) -> list[str]:
    own = {name for (name,) in session.execute(_OWN, (run.run_id,))}
    taken = sorted(set(wanted) - own)
    for name in taken:
        session.execute(_TAKE, (name, run.run_id, run.host, run.process_id, step, _LIFE))
    return taken


def _say(text: str) -> None:
    # Standard output belongs to a target's messages.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
