"""The DAGs' cache: Meltano's schedules as the DAG file wants them, so that a parse forks nothing."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from waybill_airflow import definitions, options, places, sound, steps
from waybill_airflow.options import Options
from waybill_airflow.steps import Step
from waybill_common import private_files, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = "meltano invoke airflow:dags"
GRACE_SECONDS = 60
"""How old a change to Meltano's files may be before a cache without it counts as stale."""

_VERSION = "schedules-2"
"""Under what key the schedules are kept: another one where their form changes."""
_END, _ALERTS = "waybill:end", "waybill:alerts"


@dataclass(frozen=True)
class Schedule:
    """One schedule as the DAG file needs it.

    Attributes:
        interval: A cron expression, or None where it runs only after others or by hand.
        env: What its steps find in their environment.
        closing: Commands that close a run, whatever became of it.
    """

    name: str
    job: str
    interval: str | None
    env: dict[str, str]
    options: Options
    steps: tuple[Step, ...]
    closing: tuple[str, ...]


@dataclass(frozen=True)
class Cache:
    """What the watcher has read.

    Attributes:
        digest: Of the files that it was made from.
        problems: What is wrong with them, one line each; the schedules concerned are left out.
    """

    digest: str
    schedules: list[Schedule] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def make() -> Cache:
    """Ask Meltano for its schedules; what is wrong with them becomes a problem, never an exception."""
    try:
        digest = definitions.digest(definitions.files())
    except (OSError, yaml.YAMLError) as error:
        return Cache("", problems=[f"Meltano's files cannot be read: {_one_line(str(error))}"])
    command = [str(places.meltano()), "schedule", "list", "--format=json"]
    done = subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=project.root(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = _one_line(done.stderr) or "no reason given"
        return Cache(digest, problems=[f"`meltano schedule list` failed: {said}"])
    try:
        found = json.loads(done.stdout)["schedules"]
        listed, other = found["job"], found["elt"]
    except (ValueError, KeyError, TypeError) as error:
        told = f"{type(error).__name__}: {error}"
        return Cache(
            digest, problems=[f"`meltano schedule list` gave no list of schedules: {told}"]
        )
    commands = {f"waybill:{name}" for name in definitions.commands("waybill")}
    jobs = {each["job"]["name"] for each in listed}
    made, problems = [], [_no_job(each["name"]) for each in other]
    for each in listed:
        try:
            made.append(_schedule(each, jobs, commands))
        except WaybillError as error:
            problems.append(str(error))
    return Cache(digest, made, problems)


def _no_job(name: str) -> str:
    return f"Schedule {name}: it has an extractor and a loader, not a job. Make a job of them and name it."


def _schedule(listed: dict[str, Any], jobs: set[str], commands: set[str]) -> Schedule:
    name, job = listed["name"], listed["job"]["name"]
    env = {key: str(value) for key, value in (listed["env"] or {}).items()}
    chosen = options.read(name, env)
    sound.name(name)
    sound.tags(name, [job, *chosen.tags])
    sound.interval(name, listed["cron_interval"])
    if unknown := set(chosen.after) - jobs:
        msg = f"Schedule {name}: WAYBILL_AFTER names {min(unknown)}, which no schedule runs."
        raise WaybillError(msg, f"Scheduled jobs are {', '.join(sorted(jobs))}.")
    each_step = steps.split(listed["job"]["tasks"])
    return Schedule(
        name=name,
        job=job,
        interval=listed["cron_interval"],
        env={key: value for key, value in env.items() if key not in options.NAMES},
        options=chosen,
        steps=tuple(steps.whole(job) if chosen.as_one else each_step),
        closing=_closing({block for step in each_step for block in step.blocks}, commands),
    )


def _closing(blocks: set[str], commands: set[str]) -> tuple[str, ...]:
    """What closes a run and looks at alerts, whatever became of it, if there is such a command."""
    return (_END,) if _END in commands and blocks != {_ALERTS} else ()


def write(cache: Cache) -> None:
    """Replace the cache file."""
    places.make_home()
    kept = {
        "made_at": dt.datetime.now(tz=dt.UTC).isoformat(),
        "digest": cache.digest,
        "problems": cache.problems,
        _VERSION: [asdict(schedule) for schedule in cache.schedules],
    }
    private_files.write(places.cache(), json.dumps(kept, indent=1) + "\n")


def read() -> Cache:
    """The cache as it stands.

    Raises:
        WaybillError: There is none, or it cannot be read.
    """
    path = places.cache()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        schedules = [_restored(each) for each in kept[_VERSION]]
        return Cache(kept["digest"], schedules, kept["problems"])
    except FileNotFoundError as error:
        msg = f"The DAGs' cache {path} is not there."
        raise WaybillError(msg, f"Run `{COMMAND}`; `make airflow` keeps it up to date.") from error
    except (ValueError, KeyError, TypeError) as error:
        msg = f"The DAGs' cache {path} is broken or of another version."
        raise WaybillError(msg, f"Run `{COMMAND}`.") from error


def check(cache: Cache) -> list[str]:
    """What a person should know: the problems of the files, or that the cache is older than they are."""
    if cache.problems:
        return cache.problems
    try:
        files = definitions.files()
        is_current = definitions.digest(files) == cache.digest
        changed = max(_changed(path) for path in files)
    except (OSError, yaml.YAMLError):
        is_current, changed = False, 0.0
    if is_current or time.time() - changed < GRACE_SECONDS:
        return []
    stale = f"The DAGs' cache {places.cache()} is older than Meltano's files."
    remedy = "see that the watcher runs (`meltano invoke airflow:dag-processor`)"
    return [f"{stale} Run `{COMMAND}`, and {remedy}."]


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _restored(kept: dict[str, Any]) -> Schedule:
    chosen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in kept["options"].items()
    }
    return Schedule(
        name=kept["name"],
        job=kept["job"],
        interval=kept["interval"],
        env=kept["env"],
        options=Options(**chosen),
        steps=tuple(Step.from_json(step) for step in kept["steps"]),
        closing=tuple(kept["closing"]),
    )


def _one_line(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
