"""Processes of this machine: who started this one, and whether another one still lives."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLOCK_SLACK = 5.0
"""Seconds by which a clock that was set may move the time at which a process seems to have begun."""
_START_TICKS = 19
"""Place of the start time in /proc/<pid>/stat after the command's closing parenthesis."""


@cache
def nearest_meltano() -> psutil.Process | None:
    """The `meltano` that this process is a step of, however many shells lie between."""
    with suppress(psutil.Error):
        for ancestor in psutil.Process().parents():
            with suppress(psutil.Error):
                if meltano_arguments(ancestor.cmdline()) is not None:
                    return ancestor
    return None


def meltano_arguments(command: Sequence[str]) -> list[str] | None:
    """What follows `meltano` on a command line; None where it is another command.

    A script is run by its interpreter, so the name is the first or the second word, or follows `-m`.
    """
    for place, word in enumerate(command[:3]):
        if Path(word).name in {"meltano", "meltano.exe"}:
            return list(command[place + 1 :])
    return None


def birth(process: psutil.Process) -> str:
    """When a process began, as text that stays the same however the clock is set."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[_START_TICKS]
    except (OSError, IndexError):
        return f"{process.create_time():.2f}"


def began_at(process: psutil.Process) -> dt.datetime:
    """When a process began, by the clock."""
    return dt.datetime.fromtimestamp(process.create_time(), tz=dt.UTC)


def is_alive(process_id: int, since: dt.datetime) -> bool:
    """Whether the process that had an id at some time lives, and not another one with its id."""
    try:
        process = psutil.Process(process_id)
        is_zombie = process.status() == psutil.STATUS_ZOMBIE
        return not is_zombie and process.create_time() <= since.timestamp() + _CLOCK_SLACK
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False
