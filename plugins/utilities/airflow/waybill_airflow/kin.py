"""Processes that belong together: by session, as Airflow's do, or by group, as those of a step.

The embedded Postgres that a step may start has left both for a session of its own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil

from waybill_common import processes

if TYPE_CHECKING:
    from collections.abc import Callable


def of_session(session: int) -> list[psutil.Process]:
    """The live processes of a session."""
    return _members(os.getsid, session)


def of_group(group: int) -> list[psutil.Process]:
    """The live processes of a process group."""
    return _members(os.getpgid, group)


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
    psutil.wait_procs(left, timeout=patience)
    for process in find():
        _signal(process, kill=True)


def _members(kind: Callable[[int], int], number: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if kind(process.pid) == number and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
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
