"""What Airflow takes as a schedule's name, tags and interval: a wrong one would stop every DAG of its file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_LONGEST_TAG = 100
_FIELDS = 5


def name(schedule: str) -> None:
    """Look at a schedule's name, which is the DAG's.

    Raises:
        WaybillError: It holds what Airflow's names may not, or is too long.
    """
    if not _NAME.fullmatch(schedule):
        msg = f"Schedule {schedule!r}: Airflow takes no such name."
        raise WaybillError(msg, "Use at most 200 letters, digits, `_`, `.` and `-`.")


def tags(schedule: str, values: Iterable[str]) -> None:
    """Look at what a DAG is found by: its job among them.

    Raises:
        WaybillError: One is too long.
    """
    for value in values:
        if len(value) > _LONGEST_TAG:
            msg = f"Schedule {schedule}: the tag {value[:20]}… has {len(value)} characters."
            raise WaybillError(
                msg, f"Airflow takes {_LONGEST_TAG}; so long may a job's name be too."
            )


def interval(schedule: str, expression: str | None) -> None:
    """Look at a schedule's interval.

    Args:
        schedule: Its name.
        expression: As Meltano lists it; None where the schedule has no times of its own.

    Raises:
        WaybillError: It is no cron expression of five fields, or never comes.
    """
    if expression is None:
        return
    # Only the watcher comes here: a parse of the DAG file does not load it.
    from croniter import CroniterError, croniter  # type: ignore[import-untyped] # noqa: PLC0415

    try:
        croniter(expression).get_next()
        is_sound, why = len(expression.split()) == _FIELDS, "it has not five fields"
    except CroniterError as error:
        is_sound, why = False, str(error)
    if not is_sound:
        msg = f"Schedule {schedule}: the interval {expression!r} is no cron expression: {why}."
        raise WaybillError(msg, "Write five fields such as `*/5 * * * *`, or such as @daily.")
