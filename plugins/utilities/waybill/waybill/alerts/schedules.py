"""The project's jobs and schedules, read from Meltano's files without starting Meltano."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from cronsim import CronSim, CronSimError

from waybill_common import durations, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE, PAUSED = "WAYBILL_DEADLINE", "WAYBILL_PAUSED"
_REMEDY = "Mend it in orchestrate/schedules.meltano.yml."
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


@dataclass(frozen=True)
class Schedule:
    """A schedule that has a deadline.

    Attributes:
        interval: A cron expression, in UTC.
        deadline: How long after it was due its run has to have succeeded.
    """

    name: str
    interval: str
    deadline: dt.timedelta

    def last_due(self, now: dt.datetime) -> dt.datetime | None:
        """The last time it was due whose deadline has passed; None where it never was."""
        # It gives times before the start, not the start itself.
        start = now - self.deadline + dt.timedelta(seconds=1)
        return next(CronSim(self.interval, start, reverse=True), None)


@dataclass(frozen=True)
class Plan:
    """What Meltano's files plan: names of jobs, and schedules with a deadline."""

    jobs: frozenset[str]
    schedules: tuple[Schedule, ...]


def plan() -> Plan:
    """Read `meltano.yml` and the files that it includes.

    Raises:
        WaybillError: A file is not YAML, or a deadline no span of time.
    """
    jobs: set[str] = set()
    schedules: list[Schedule] = []
    for document in _documents():
        jobs.update(job["name"] for job in document.get("jobs") or ())
        schedules.extend(_with_deadline(document.get("schedules") or ()))
    return Plan(frozenset(jobs), tuple(schedules))


def _documents() -> Iterator[dict[str, Any]]:
    root = project.root()
    main = _read(root / "meltano.yml")
    yield main
    for pattern in main.get("include_paths") or ():
        for path in sorted(root.glob(pattern.removeprefix("./"))):
            yield _read(path)


def _read(path: Any) -> dict[str, Any]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        msg = f"{path} cannot be read as YAML."
        raise WaybillError(msg, "Mend it; `meltano config meltano list` names the line.") from error


def _with_deadline(schedules: Any) -> Iterator[Schedule]:
    for schedule in schedules:
        env = schedule.get("env") or {}
        interval = schedule.get("interval") or ""
        expression = _SHORTHANDS.get(interval, interval)
        is_paused = str(env.get(PAUSED, "")).lower() in {"1", "true"}
        if DEADLINE not in env or is_paused or " " not in expression:
            continue
        name = schedule["name"]
        try:
            deadline = durations.parse(str(env[DEADLINE]))
            CronSim(expression, dt.datetime.now(tz=dt.UTC))
        except ValueError as error:
            msg = f"Schedule {name}: {DEADLINE}: {error}."
            raise WaybillError(msg, _REMEDY) from error
        except CronSimError as error:
            msg = f"Schedule {name}: interval {interval!r} is no cron expression: {error}."
            raise WaybillError(msg, _REMEDY) from error
        yield Schedule(name, expression, deadline)
