"""Processes by session: each of Airflow's has one of its own, which holds all that it started."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_MELTANO = "meltano"


def members(session: int) -> list[psutil.Process]:
    """The live processes of a session.

    The embedded Postgres that a step may start has left for a session of its own.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def stop_steps(session: int) -> None:
    """Ask each `meltano` of the session to stop, so that its task ends and is kept as failed."""
    for process in members(session):
        try:
            words = process.cmdline()[:2]
        except psutil.Error:
            continue
        if any(Path(word).name == _MELTANO for word in words):
            _signal(process, kill=False)


def end(session: int, patience: float) -> None:
    """End all of a session: SIGTERM first, SIGKILL after `patience` seconds."""
    left = members(session)
    for process in left:
        _signal(process, kill=False)
    psutil.wait_procs(left, timeout=patience)
    for process in members(session):
        _signal(process, kill=True)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
