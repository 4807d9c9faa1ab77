"""DAGs from the cache: one per schedule, one task per step."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Literal

from airflow.sdk import (
    DAG,
    Asset,
    AssetAll,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
)
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from waybill_airflow import cache, deadlines, variables
from waybill_airflow.closing import CloseOperator
from waybill_airflow.operator import MeltanoOperator
from waybill_airflow.running import STOP_SECONDS
from waybill_common import runs
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_airflow.cache import Schedule

_START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_GRACE = dt.timedelta(seconds=STOP_SECONDS + 30)
_BEGIN = "waybill:begin"
_LONGEST_DELAY = dt.timedelta(minutes=15)
_LONGEST_REST = 900
"""Seconds at most from a failed run of a continuous schedule to the next one."""
_FACTOR = 2.0


def build() -> dict[str, DAG]:
    """A DAG for each schedule of the cache, by name; none where the cache cannot be read."""
    try:
        return _made(cache.read())[0]
    except WaybillError:
        return {}


def check() -> None:
    """Make what is wrong with the cache an import error, which Airflow shows on its first page.

    Raises:
        WaybillError: There is no cache, it is stale, or a schedule in it cannot be used.
    """
    kept = cache.read()
    problems = [*cache.check(kept), *_made(kept)[1]]
    if problems:
        raise WaybillError("\n".join(problems))


def _made(kept: cache.Cache) -> tuple[dict[str, DAG], list[str]]:
    """The DAGs, and what is wrong with schedules of which none can be made: it stops no other."""
    made, problems = {}, []
    for schedule in kept.schedules:
        try:
            made[schedule.name] = _dag(schedule)
        except Exception as error:  # noqa: BLE001 - Airflow refuses by errors of many kinds
            said = " ".join(str(error).split())
            problems.append(f"Schedule {schedule.name}: Airflow takes no such DAG: {said}")
    return made, problems


def asset(job: str) -> Asset:
    """What a job keeps up to date, for the schedules that run after it."""
    return Asset(name=job, uri=f"waybill://job/{job}")


def _dag(schedule: Schedule) -> DAG:
    options = schedule.options
    dag = DAG(
        dag_id=schedule.name,
        description=f"meltano run {schedule.job}",
        schedule=_timetable(schedule),
        start_date=_START,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=options.paused,
        tags=["waybill", schedule.job, *options.tags],
        default_args={"owner": options.owner},
        deadline=_deadline(schedule),
    )
    environment = schedule.env | {runs.JOB_VARIABLE: schedule.job}
    tasks: dict[str, MeltanoOperator] = {}
    begun: tuple[str, ...] = ()
    for step in schedule.steps:
        is_last = step is schedule.steps[-1]
        tasks[step.name] = MeltanoOperator(
            dag=dag,
            task_id=step.name,
            blocks=[step.blocks],
            first_again=begun,
            schedule_env=environment,
            timeout=options.timeout,
            execution_timeout=dt.timedelta(seconds=options.timeout) + _GRACE,
            retries=options.retries,
            retry_delay=dt.timedelta(seconds=options.retry_delay),
            retry_exponential_backoff=_FACTOR,
            max_retry_delay=max(_LONGEST_DELAY, dt.timedelta(seconds=options.retry_delay)),
            pool=options.pool,
            outlets=[asset(schedule.job)] if is_last else [],
        )
        for before in step.after:
            tasks[before].set_downstream(tasks[step.name])
        if step.blocks[0].startswith(_BEGIN):
            begun = step.blocks
    if schedule.closing:
        _close(dag, schedule, tasks)
    return dag


def _close(dag: DAG, schedule: Schedule, tasks: dict[str, MeltanoOperator]) -> None:
    """Whatever became of the run, close it and let alerts be sent; the run's state is the steps'."""
    options = schedule.options
    closing = CloseOperator(
        dag=dag,
        task_id="close",
        blocks=[[command] for command in schedule.closing],
        schedule_env=schedule.env | {runs.JOB_VARIABLE: schedule.job},
        last_step=schedule.steps[-1].name,
        rest=(options.retry_delay, _LONGEST_REST) if options.continuous else None,
        timeout=options.timeout,
        execution_timeout=dt.timedelta(seconds=options.timeout) + _GRACE,
        retries=max(1, options.retries) if options.continuous else 1,
        retry_delay=dt.timedelta(seconds=options.retry_delay),
    )
    closing.as_teardown()
    # Steps side by side: where one fails for good, the others still work.
    for task in tasks.values():
        task.set_downstream(closing)


def _timetable(
    schedule: Schedule,
) -> CronTriggerTimetable | AssetAll | AssetOrTimeSchedule | Literal["@continuous"] | None:
    if schedule.options.continuous:
        return "@continuous"
    timer = CronTriggerTimetable(schedule.interval, timezone="UTC") if schedule.interval else None
    if not schedule.options.after:
        return timer
    assets = AssetAll(*map(asset, schedule.options.after))
    return AssetOrTimeSchedule(timetable=timer, assets=assets) if timer else assets


def _deadline(schedule: Schedule) -> DeadlineAlert | None:
    if not schedule.options.deadline or os.environ.get(variables.NO_DEADLINES):
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=dt.timedelta(seconds=schedule.options.deadline),
        callback=AsyncCallback(deadlines.missed, kwargs={"schedule": schedule.name}),
    )
