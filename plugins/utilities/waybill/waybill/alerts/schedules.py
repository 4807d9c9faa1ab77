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
    from pathlib import Path

DEADLINE, PAUSED, AFTER = "WAYBILL_DEADLINE", "WAYBILL_PAUSED", "WAYBILL_AFTER"
RETRY_DELAY = "WAYBILL_RETRY_DELAY"
_REMEDY = "Mend it in orchestrate/schedules.meltano.yml."
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True)
class Schedule:
    """A schedule that has a deadline.

    Attributes:
        interval: A cron expression, in UTC; empty where it only runs after jobs.
        deadline: How long after it was due its run has to have succeeded.
        after: The jobs after which it runs, where it has no interval.
    """

    name: str
    interval: str
    deadline: dt.timedelta
    after: tuple[str, ...] = ()

    def last_due(self, now: dt.datetime) -> dt.datetime | None:
        """The last time it was due by its interval whose deadline has passed; None where it never was."""
        if not self.interval:
            return None
        # It gives times before the start, not the start itself.
        start = now - self.deadline + dt.timedelta(seconds=1)
        return next(CronSim(self.interval, start, reverse=True), None)


@dataclass(frozen=True)
class Plan:
    """What Meltano's files plan: names of jobs, and schedules with a deadline.

    Attributes:
        retry_delays: Seconds before a failed step is tried again, of schedules that say so.
        problems: What cannot be read of them, and why.
    """

    jobs: frozenset[str]
    schedules: tuple[Schedule, ...]
    retry_delays: dict[str, int]
    problems: tuple[str, ...] = ()


def plan() -> Plan:
    """Read `meltano.yml` and the files that it includes; what cannot be read is left out, and told."""
    jobs: set[str] = set()
    found: list[Schedule] = []
    delays: dict[str, int] = {}
    problems: list[str] = []
    for document in _documents(problems):
        jobs.update(str(job.get("name")) for job in _entries(document, "jobs"))
        for entry in _entries(document, "schedules"):
            try:
                delays |= _with_retry_delay(entry)
                found.extend(_with_deadline(entry))
            except WaybillError as error:
                problems.append(str(error))
    return Plan(frozenset(jobs), tuple(found), delays, tuple(problems))


def _documents(problems: list[str]) -> Iterator[dict[str, Any]]:
    root = project.root()
    main = _read(root / "meltano.yml", problems)
    yield main
    for pattern in main.get("include_paths") or ():
        for path in sorted(root.glob(str(pattern).removeprefix("./"))):
            yield _read(path, problems)


def _read(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        problems.append(
            f"{path} cannot be read as YAML. Mend it; `meltano config meltano list` names the line."
        )
        return {}
    return document if isinstance(document, dict) else {}


def _entries(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = document.get(key)
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


def _env(schedule: dict[str, Any]) -> dict[str, Any]:
    env = schedule.get("env")
    return env if isinstance(env, dict) else {}


def _with_retry_delay(schedule: dict[str, Any]) -> dict[str, int]:
    name, text = str(schedule.get("name")), _env(schedule).get(RETRY_DELAY)
    if text is None:
        return {}
    try:
        return {name: int(durations.parse(str(text)).total_seconds())}
    except ValueError as error:
        msg = f"Schedule {name}: {RETRY_DELAY}: {error}."
        raise WaybillError(msg, _REMEDY) from error


def _with_deadline(schedule: dict[str, Any]) -> Iterator[Schedule]:
    name = str(schedule.get("name"))
    env = _env(schedule)
    interval = str(schedule.get("interval") or "")
    expression = _SHORTHANDS.get(interval, interval)
    after = tuple(str(env.get(AFTER, "")).replace(",", " ").split())
    is_paused = str(env.get(PAUSED, "")).lower() in {"1", "true"}
    if " " not in expression:
        expression = ""
    if DEADLINE not in env or is_paused or not (expression or after):
        return
    try:
        deadline = durations.parse(str(env[DEADLINE]))
        if expression:
            CronSim(expression, dt.datetime.now(tz=dt.UTC))
    except ValueError as error:
        msg = f"Schedule {name}: {DEADLINE}: {error}."
        raise WaybillError(msg, _REMEDY) from error
    except CronSimError as error:
        msg = f"Schedule {name}: interval {interval!r} is no cron expression: {error}."
        raise WaybillError(msg, _REMEDY) from error
    yield Schedule(name, expression, deadline, () if expression else after)
