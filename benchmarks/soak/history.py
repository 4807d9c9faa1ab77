"""What the ledger and Airflow's own database say of the runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg.rows import class_row

if TYPE_CHECKING:
    import psycopg

    from waybill_common.connections import Connection

_RUNS = """
    select
        run_id::text, schedule, status, extract(epoch from started_at)::float8 as started_at,
        extract(epoch from ended_at)::float8 as ended_at, failed_step, cause,
        coalesce((
            select sum(rows_inserted + rows_updated + rows_deleted)
            from waybill.load where load.run_id = run.run_id
        ), 0)::bigint as rows_changed
    from waybill.run where started_by = 'airflow' order by run.started_at
"""
_STEPS = """
    select
        run_id::text, step, attempt, step.status, step.process_id,
        extract(epoch from step.started_at)::float8 as started_at,
        extract(epoch from step.ended_at)::float8 as ended_at
    from waybill.step inner join waybill.run using (run_id)
    where run.started_by = 'airflow' order by step.started_at
"""
_RECEIPTS = """
    select
        run_id::text, is_balanced, extract(epoch from receipt.ended_at)::float8 as ended_at
    from waybill.receipt inner join waybill.run using (run_id)
    where started_by = 'airflow' order by receipt.ended_at
"""
_DAG_RUNS = "select state, count(*) from dag_run group by 1 order by 1"
_TASKS = """
    select
        dag_id, run_id as dag_run_id, task_id, try_number, state,
        extract(epoch from start_date)::float8 as started_at,
        extract(epoch from end_date)::float8 as ended_at
    from task_instance order by start_date
"""

_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Run:
    """A run under Airflow; times are seconds of the epoch.

    Attributes:
        rows_changed: How many rows it has inserted, updated or marked as deleted.
    """

    run_id: str
    schedule: str | None
    status: str
    started_at: float
    ended_at: float | None
    failed_step: str | None
    cause: str | None
    rows_changed: int


@dataclass(frozen=True)
class Step:
    """One attempt at a step."""

    run_id: str
    step: str
    attempt: int
    status: str
    process_id: int | None
    started_at: float
    ended_at: float | None


@dataclass(frozen=True)
class Receipt:
    """A receipt."""

    run_id: str
    is_balanced: bool
    ended_at: float


@dataclass(frozen=True)
class Task:
    """A task of a DAG run in its last try, as Airflow has it."""

    dag_id: str
    dag_run_id: str
    task_id: str
    try_number: int
    state: str | None
    started_at: float | None
    ended_at: float | None


@dataclass(frozen=True)
class History:
    """All runs of the soak so far, each list in the order of time."""

    runs: list[Run]
    steps: list[Step]
    receipts: list[Receipt]

    def balanced_since(self, moment: float) -> float | None:
        """When the first run that began after a moment had a balanced receipt."""
        later = {run.run_id for run in self.runs if run.started_at > moment}
        return next(
            (
                receipt.ended_at
                for receipt in self.receipts
                if receipt.is_balanced and receipt.run_id in later
            ),
            None,
        )


def read(warehouse: Connection) -> History:
    """What the ledger says now."""
    with warehouse.connect() as session:
        return History(
            _rows(session, Run, _RUNS),
            _rows(session, Step, _STEPS),
            _rows(session, Receipt, _RECEIPTS),
        )


def dag_runs(airflow: Connection) -> dict[str, int]:
    """How many DAG runs there are in each state."""
    with airflow.connect() as session:
        return dict(session.execute(_DAG_RUNS).fetchall())


def tasks(airflow: Connection) -> list[Task]:
    """All tasks of all DAG runs."""
    with airflow.connect() as session:
        return _rows(session, Task, _TASKS)


def _rows(session: psycopg.Connection[Any], kind: type[_Row], query: str) -> list[_Row]:
    with session.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query.encode()).fetchall()
