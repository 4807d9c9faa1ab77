"""The process behind a data directory's `postmaster.pid`, which may be stale in several ways.

PostgreSQL takes the file for valid while any process has its pid: also a process that came later,
as pids start anew in a restarted container, and a dead postmaster that nobody reaped.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from waybill_warehouse import commands

_PROC = Path("/proc")


def running(data: Path) -> int | None:
    """The pid of the postmaster that serves a data directory, or None."""
    pid = _recorded(data)
    return pid if pid is not None and _serves(pid, data) else None


def disown(data: Path) -> None:
    """Let the server start although another process has the pid of its dead postmaster.

    The pid in the file becomes ours: PostgreSQL takes the pid of its launcher for stale, and still
    checks the shared memory that the file names, so that no two servers can run over one directory.
    """
    path = data / "postmaster.pid"
    if _recorded(data) is None or running(data) is not None:
        return
    _, _, rest = path.read_text().partition("\n")
    path.write_text(f"{os.getpid()}\n{rest}")


def end_orphans(data: Path, *, patience: float = 10.0) -> None:
    """End server processes whose postmaster is gone; while they live no other can start.

    Args:
        data: The data directory.
        patience: Seconds to wait for them.
    """
    if running(data) is not None:
        return
    deadline = time.monotonic() + patience
    while (orphans := _attached(data)) and time.monotonic() < deadline:
        for pid in orphans:
            # What PostgreSQL itself does to its processes when one of them crashes.
            _signal(pid, signal.SIGQUIT)
        time.sleep(0.05)


def _recorded(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _serves(pid: int, data: Path) -> bool:
    if not _PROC.is_dir():
        return _is_argument(data, commands.run(["ps", "-ww", "-o", "args=", "-p", str(pid)]).stdout)
    try:
        # Server processes work in their data directory. A zombie has no working directory.
        return (_PROC / str(pid) / "cwd").readlink() == data.resolve()
    except PermissionError:
        # A root that lacks the capability to trace does not see where another user's process works.
        return _is_argument(data, (_PROC / str(pid) / "cmdline").read_text(errors="replace"))
    except OSError:
        return False


def _is_argument(data: Path, command: str) -> bool:
    return str(data) in command or str(data.resolve()) in command


def _attached(data: Path) -> list[int]:
    if not _PROC.is_dir():
        return []
    pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _is_server(pid) and _serves(pid, data)]


def _is_server(pid: int) -> bool:
    try:
        return (_PROC / str(pid) / "comm").read_text().strip() == "postgres"
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
