"""What a cycle takes by the wall clock while nothing is killed: one with news, and an empty one."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.soak.history import History, Run, Task

_CLOSING = "close"
"""The task after the cycle."""
WHOLE = "`meltano run`, with the task around it"


def found(
    history: History,
    tasks: Sequence[Task],
    *,
    schedule: str,
    span: tuple[float, float],
    news: float,
) -> dict[str, Any]:
    """Seconds of the cycles of one schedule, by step.

    Args:
        history: The runs.
        tasks: Airflow's tasks.
        schedule: The schedule, whose job is one task.
        span: Between which moments a run must have begun and ended.
        news: Since when something was written all the time. Before, a run may have found a
            heartbeat alone: it is neither empty nor what a cycle with news takes.
    """
    runs = [
        run
        for run in history.runs
        if run.schedule == schedule
        and run.status == "succeeded"
        and run.started_at >= span[0]
        and (run.ended_at or span[1]) < span[1]
    ]
    wholes = {run.run_id: seconds for run in runs if (seconds := _whole(run, tasks)) is not None}
    empty = [run for run in runs if not run.rows_changed]
    with_news = [run for run in runs if run.rows_changed and run.started_at > news]
    return {
        "empty": _figures(empty, history, wholes),
        "with news": _figures(with_news, history, wholes),
    }


def _whole(run: Run, tasks: Sequence[Task]) -> float | None:
    """Seconds of the task whose first try a run began and ended in: a schedule has one at a time."""
    for task in tasks:
        if (task.dag_id, task.try_number) != (run.schedule, 1) or task.task_id == _CLOSING:
            continue
        if task.started_at is None or task.ended_at is None or run.ended_at is None:
            continue
        if task.started_at <= run.started_at and run.ended_at <= task.ended_at:
            return task.ended_at - task.started_at
    return None


def _figures(runs: Sequence[Run], history: History, wholes: dict[str, float]) -> dict[str, Any]:
    seconds: dict[str, list[float]] = defaultdict(list)
    chosen = {run.run_id for run in runs} & wholes.keys()
    for step in history.steps:
        # What closes the run comes in a task of its own, after the cycle.
        if step.run_id in chosen and step.ended_at is not None and step.step != "waybill:end":
            seconds[step.step].append(step.ended_at - step.started_at)
    if chosen:
        seconds[WHOLE] = [wholes[run] for run in chosen]
    return {
        "cycles": len(chosen),
        "seconds": {
            step: {"median": statistics.median(values), "max": max(values)}
            for step, values in seconds.items()
        },
    }
