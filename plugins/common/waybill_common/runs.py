"""Which run this process is a step of: all steps of one `meltano run` share it without a wrapper.

An orchestrator that starts each step by a `meltano` of its own names the run in the environment:
`WAYBILL_RUN_ID` (a UUID), and with it `WAYBILL_STARTED_BY`, `WAYBILL_SCHEDULE`, `WAYBILL_JOB` and
`WAYBILL_LOG_URL`. Otherwise the nearest `meltano` among the ancestors is the run, or this process.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

from waybill_common import processes
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN_ID_VARIABLE = "WAYBILL_RUN_ID"
STARTED_BY_VARIABLE = "WAYBILL_STARTED_BY"
SCHEDULE_VARIABLE = "WAYBILL_SCHEDULE"
JOB_VARIABLE = "WAYBILL_JOB"
LOG_URL_VARIABLE = "WAYBILL_LOG_URL"

StartedBy = Literal["shell", "airflow"]

NOBODY = uuid.UUID(int=0)
"""The id of no run."""
_OURS = uuid.UUID("5f1f4a1e-7c1d-4d0b-9a44-2f6a4f0c9a57")
"""Namespace of the ids that are made here."""
_WITH_VALUE = frozenset(
    {
        *("--environment", "--cwd", "--env-file", "--log-config", "--log-level", "--log-format"),
        *("--run-id", "--state-id-suffix", "--state-id", "--state-strategy", "--timeout"),
        *("--plugin-type", "--dump", "--containers", "--catalog", "--state", "--select"),
    }
)
"""Meltano's options whose value is a word of its own."""


@dataclass(frozen=True)
class Run:
    """One execution of a job.

    Attributes:
        job: The job as it was named; for a lone step `invoke` and its command.
        process_id: The process of `meltano`; None where each step has one of its own.
        is_of_job: Whether it may have more steps than this process.
    """

    run_id: uuid.UUID
    job: str
    schedule: str | None
    started_by: StartedBy
    host: str
    process_id: int | None
    started_at: dt.datetime
    log_url: str | None
    is_of_job: bool


def current() -> Run:
    """The run of this process.

    Raises:
        WaybillError: A variable that names the run cannot be read.
    """
    own = processes.nearest_meltano()
    leader = own or psutil.Process()
    job = _job(leader)
    given = _given_id()
    if given:
        job = os.environ.get(JOB_VARIABLE) or os.environ.get(SCHEDULE_VARIABLE) or job
    return Run(
        run_id=given or _derived_id(leader),
        job=job,
        schedule=os.environ.get(SCHEDULE_VARIABLE) or None,
        started_by=_started_by(),
        host=host(),
        process_id=None if given else leader.pid,
        started_at=dt.datetime.now(tz=dt.UTC) if given else processes.began_at(leader),
        log_url=os.environ.get(LOG_URL_VARIABLE) or None,
        is_of_job=bool(given) or (own is not None and not job.startswith("invoke ")),
    )


def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def is_alive(run_id: uuid.UUID, process_id: int) -> bool:
    """Whether the process on this machine that a run's id was derived from still lives."""
    try:
        process = psutil.Process(process_id)
        is_zombie = process.status() == psutil.STATUS_ZOMBIE
        return not is_zombie and _derived_id(process) == run_id
    except psutil.Error:
        return False


def _derived_id(process: psutil.Process) -> uuid.UUID:
    return uuid.uuid5(_OURS, f"{host()}/{process.pid}/{processes.birth(process)}")


def _given_id() -> uuid.UUID | None:
    if not (text := os.environ.get(RUN_ID_VARIABLE)):
        return None
    try:
        return uuid.UUID(text)
    except ValueError as error:
        msg = f"{RUN_ID_VARIABLE} is not a UUID: {text!r}."
        raise WaybillError(msg, "Unset it, or let the orchestrator set a UUID.") from error


def _started_by() -> StartedBy:
    match os.environ.get(STARTED_BY_VARIABLE) or "shell":
        case "shell":
            return "shell"
        case "airflow":
            return "airflow"
        case other:
            msg = f"{STARTED_BY_VARIABLE} is {other!r}."
            raise WaybillError(msg, "Set it to shell or airflow.")


def _job(leader: psutil.Process) -> str:
    """The job of a process, such as `trade` of `meltano --environment prod run --force trade`."""
    arguments = processes.meltano_arguments(leader.cmdline())
    words = _words(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        return " ".join([Path(sys.argv[0]).name, *words[:1]])
    return " ".join(words[1:] if words[:1] == ["run"] else words) or "meltano"


def _words(arguments: Sequence[str]) -> list[str]:
    """The arguments without options and their values."""
    words: list[str] = []
    is_value = False
    for word in arguments:
        if not is_value and not word.startswith("-"):
            words.append(word)
        is_value = not is_value and word in _WITH_VALUE
    return words
