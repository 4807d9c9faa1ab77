"""The steps of a run, as the ledger in schema `waybill` keeps them.

Loads and steps stay open (`receipt_id` is null) until a receipt closes them: a receipt answers for
all that happened since the one before it, also for what a killed run left behind.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common import abandoned, failures, leases, lineage, runs, step_outcome, versions
from waybill_common.errors import DataQualityError, WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import FrameType

    from waybill_common.connections import Connection
    from waybill_common.runs import Run

_INSERT_RUN = """
    insert into waybill.run (
        run_id, job, schedule, started_by, host, process_id, started_at, git_commit, versions, log_url
    )
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
    on conflict (run_id) do nothing
"""
# What had failed or seemed lost goes on: its orchestrator tries the step again.
_GO_ON = """
    update waybill.run
    set status = 'running', ended_at = null, failed_step = null, cause = null
    where run_id = %s and (status = 'lost' or status = 'failed' and failed_step = %s)
"""
_ADD_VERSIONS = """
    update waybill.run set versions = versions || %(versions)s::jsonb
    where run_id = %(run)s and not versions @> %(versions)s::jsonb
"""
_BEGIN_STEP = """
    insert into waybill.step (run_id, step, attempt, host, process_id)
    select
        %(run)s, %(step)s,
        (select count(*) + 1 from waybill.step where run_id = %(run)s and step = %(step)s),
        %(host)s, %(process)s
    returning step_id
"""
_END_STEP = """
    update waybill.step
    set ended_at = clock_timestamp(), status = %s, detail = %s::jsonb, cause = %s
    where step_id = %s
"""
_FAIL_RUN = """
    update waybill.run
    set
        ended_at = clock_timestamp(), status = 'failed', failed_step = %s, cause = %s,
        log_url = coalesce(%s, log_url)
    where run_id = %s and status = 'running'
"""
_END_RUN = """
    update waybill.run
    set ended_at = clock_timestamp(), status = 'succeeded'
    where run_id = %s and status = 'running'
"""


class Step(dict[str, Any]):
    """The figures of a step worth keeping, stored as its `detail`.

    Set its key `succeeded` to False for a step that ended in good order but failed, `data_quality`
    to True where it failed for what it found in the data (a `DataQualityError` says so by itself),
    and `cause` to the reason in one line.

    Attributes:
        step_id: Its row in `waybill.step`.
        datasets: What it reads and writes, for who follows the lineage.
    """

    def __init__(self, run: Run, name: str, step_id: int) -> None:
        super().__init__()
        self.run = run
        self.name = name
        self.step_id = step_id
        self.datasets = lineage.Datasets()


@contextmanager
def step(connection: Connection, name: str, *, resources: Collection[str] = ()) -> Iterator[Step]:
    """Record a step: that it begins, and how long it took and whether it succeeded.

    The first step of a run records the run; a failed one marks it as failed. SIGTERM ends the
    step as a failed one where the process has no handler of its own.

    Args:
        connection: A warehouse role that may insert into `waybill.step`.
        name: The step as the job names it, such as `validate:raw`.
        resources: Schemas that no other run may work on meanwhile, such as `raw_olist`. What the
            run does not hold yet is waited for, and freed at the end of the step.

    Yields:
        A dict for figures worth keeping.

    Raises:
        WaybillError: The warehouse has no ledger, or cannot be reached.
    """
    record = _begin(connection, runs.current(), name)
    try:
        with _sigterm_ends_in_order(), _leases(connection, record, resources):
            yield record
    except BaseException as error:
        if isinstance(error, SystemExit) and not error.code:
            _end(connection, record)
            raise
        record |= {"succeeded": False, "cause": step_outcome.cause_of(error)}
        if isinstance(error, DataQualityError):
            record["data_quality"] = True
        try:
            _end(connection, record)
        except (WaybillError, psycopg.Error) as further:
            sys.stderr.write(f"{name}: its end is not in the ledger: {further}\n")
        raise
    _end(connection, record)


def end_run(connection: Connection, run: Run) -> None:
    """Mark a run as succeeded, unless one of its steps has failed; its leases are free."""
    with connection.connect() as session:
        has_ended = session.execute(_END_RUN, (run.run_id,)).rowcount
    if has_ended:
        lineage.emit(lineage.of_run("COMPLETE", run.run_id, run.job))
    leases.free(connection, run)
    failures.forget(run.run_id)


@contextmanager
def _leases(connection: Connection, record: Step, resources: Collection[str]) -> Iterator[None]:
    run = record.run
    taken = leases.take(connection, run, record.name, resources) if resources else []
    try:
        with leases.renewed(connection, run, record.name):
            yield
    finally:
        if taken:
            leases.free(connection, run, taken)


def _begin(connection: Connection, run: Run, name: str) -> Step:
    try:
        with connection.connect() as session:
            events = _register(session, run, name)
            events += abandoned.close(session, run.run_id)
            bound = {"run": run.run_id, "step": name, "host": run.host, "process": os.getpid()}
            row = session.execute(_BEGIN_STEP, bound).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        msg = f"The warehouse {connection.place} has no ledger, or an older one."
        raise WaybillError(msg, "Prepare it with `meltano invoke warehouse:up`.") from error
    record = Step(run, name, row[0] if row else 0)
    lineage.emit(*events, lineage.of_step("START", record, connection))
    return record


def _register(session: psycopg.Connection[Any], run: Run, name: str) -> list[lineage.Event]:
    known = session.execute("select from waybill.run where run_id = %s", (run.run_id,)).fetchone()
    found = json.dumps(versions.installed() | versions.of_server(session))
    if known is None:
        session.execute(
            _INSERT_RUN,
            (
                *(run.run_id, run.job, run.schedule, run.started_by, run.host, run.process_id),
                *(run.started_at, versions.git_commit(), found, run.log_url),
            ),
        )
        return [lineage.of_run("START", run.run_id, run.job)]
    session.execute(_GO_ON, (run.run_id, name))
    session.execute(_ADD_VERSIONS, {"run": run.run_id, "versions": found})
    return []


def _end(connection: Connection, record: Step) -> None:
    succeeded = bool(record.pop("succeeded", True))
    cause = record.pop("cause", None)
    status = "succeeded" if succeeded else "failed"
    run = record.run
    step_outcome.write(
        record.name,
        status=status,
        is_data_quality=bool(record.get("data_quality")),
        cause=cause,
    )
    with connection.connect() as session:
        session.execute(_END_STEP, (status, json.dumps(record), cause, record.step_id))
        has_run_ended = _end_run(session, record, cause, succeeded=succeeded)
    cause = None if succeeded else cause or lineage.NO_CAUSE
    kind: lineage.EventType = "COMPLETE" if succeeded else "FAIL"
    lineage.emit(lineage.of_step(kind, record, connection, cause))
    if has_run_ended:
        lineage.emit(lineage.of_run(kind, run.run_id, run.job, cause))


def _end_run(
    session: psycopg.Connection[Any], record: Step, cause: str | None, *, succeeded: bool
) -> bool:
    """End the run with its step, if it does.

    Returns:
        Whether it has ended for good: an orchestrator may try a failed step again.
    """
    run = record.run
    if succeeded:
        return not run.is_of_job and bool(session.execute(_END_RUN, (run.run_id,)).rowcount)
    told = (record.name, cause, run.log_url, run.run_id)
    has_failed = session.execute(_FAIL_RUN, told).rowcount
    # Nothing of a `meltano run` comes after a failed step.
    if run.process_id is not None:
        session.execute(leases.FREE_ALL, (run.run_id,))
    return bool(has_failed) and run.process_id is not None


@contextmanager
def _sigterm_ends_in_order() -> Iterator[None]:
    """Let SIGTERM unwind the stack, where it would otherwise end the process at once."""
    is_ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    )

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if is_ours:
        signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
