"""Processes that belong together: by session, as Airflow's do, by group, as those of a step, or by run.

The embedded Postgres that a step may start has left both for a session of its own.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psutil

from waybill_airflow import step_environment
from waybill_common import processes, runs

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_SECONDS = 0.05
_KILLED_SECONDS = 5.0
"""What SIGKILL takes where a disk is slow."""


def of_session(session: int) -> list[psutil.Process]:
    """The live processes of a session."""
    return _members(os.getsid, session)


def of_group(group: int) -> list[psutil.Process]:
    """The live processes of a process group."""
    return _members(os.getpgid, group)


def of_run(run_id: str, task: str | None) -> list[psutil.Process]:
    """The live processes of a run by their environment, whoever started them.

    Args:
        run_id: The run.
        task: Only of this task of it, or None.
    """
    wanted = {runs.RUN_ID_VARIABLE: run_id}
    if task is not None:
        wanted[step_environment.TASK_VARIABLE] = task
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _is_of_step(process, wanted) and is_alive(process)
    ]


def _is_of_step(process: psutil.Process, wanted: dict[str, str]) -> bool:
    try:
        # What has left for a session of its own is to stay: an embedded server.
        if os.getpgid(process.pid) == os.getsid(process.pid):
            return False
        environment = process.environ()
    except (ProcessLookupError, psutil.Error):
        return False
    return all(environment.get(name) == value for name, value in wanted.items())


def stop_steps(session: int) -> None:
    """Ask each `meltano` of the session to stop, so that its task ends and is kept as failed."""
    for process in of_session(session):
        try:
            is_meltano = processes.meltano_arguments(process.cmdline()) is not None
        except psutil.Error:
            continue
        if is_meltano:
            _signal(process, kill=False)


def end(find: Callable[[], list[psutil.Process]], patience: float) -> None:
    """End all that `find` finds: SIGTERM first, SIGKILL after `patience` seconds."""
    left = find()
    for process in left:
        _signal(process, kill=False)
    _wait(left, patience)
    left = find()
    for process in left:
        _signal(process, kill=True)
    _wait(left, _KILLED_SECONDS)


def is_alive(process: psutil.Process) -> bool:
    """Whether a process does anything: in a container nobody may clear away what has ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(ending: list[psutil.Process], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and any(map(is_alive, ending)):
        time.sleep(_LOOK_SECONDS)


def _members(kind: Callable[[int], int], number: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if kind(process.pid) == number and is_alive(process):
                found.append(process)
        except ProcessLookupError:
            continue
    return found


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
