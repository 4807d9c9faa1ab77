"""A run of Meltano, watched: what each process that it starts takes of time and of the processor."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOOK_SECONDS = 0.005
_TICKS = os.sysconf("SC_CLK_TCK")
_USED = slice(11, 15)
"""User and system time of a process, then of the children it has waited for, in /proc's stat after its name."""


@dataclass
class Seen:
    """A process as it was seen last.

    Attributes:
        words: Its command line without the interpreter.
        cpu_seconds: With those children that it has waited for.
        begun: When it was seen first, in seconds after the start of the run.
        ended: When it was seen last.
    """

    words: tuple[str, ...]
    cpu_seconds: float
    begun: float
    ended: float


@dataclass(frozen=True)
class Watched:
    """A run.

    Attributes:
        seconds: From start to end.
        cpu_seconds: Of Meltano and everything below it.
        children: What Meltano has started, in order.
        output: What it printed.
    """

    seconds: float
    cpu_seconds: float
    children: list[Seen]
    output: str


def watch(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> Watched:
    """Run a command and look at its children until it ends.

    What a child takes between the last look and its end is missed: some milliseconds each.

    Raises:
        BenchmarkError: It fails; has the end of its output.
    """
    log = folder / "output.log"
    begun = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - fixed programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
        )
        children: dict[int, Seen] = {}
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            for pid in _children(process.pid):
                _look(pid, children, time.perf_counter() - begun)
            time.sleep(_LOOK_SECONDS)
    seconds = time.perf_counter() - begun
    _, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(errors="replace")
    if process.returncode:
        msg = f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said[-4000:]}"
        raise BenchmarkError(msg)
    return Watched(seconds, usage.ru_utime + usage.ru_stime, list(children.values()), said)


def cpu_seconds(pid: int) -> float | None:
    """What a process and the children it has waited for have used; None where it is gone."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return sum(map(int, stat.rpartition(")")[2].split()[_USED])) / _TICKS


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path("/proc", str(pid), "task").glob("*/children"):
        try:
            found += map(int, thread.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _look(pid: int, children: dict[int, Seen], now: float) -> None:
    used = cpu_seconds(pid)
    if used is None:
        return
    if pid in children:
        seen = children[pid]
        # A process that waits to be reaped has its last figures, and has ended already.
        if used > seen.cpu_seconds or _words(pid):
            seen.cpu_seconds, seen.ended = used, now
        seen.words = _words(pid) or seen.words
    else:
        children[pid] = Seen(_words(pid), used, now, now)


def _words(pid: int) -> tuple[str, ...]:
    try:
        line = Path("/proc", str(pid), "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    words = line.decode(errors="replace").rstrip("\0").split("\0")
    if "python" in Path(words[0]).name:
        words = words[1:]
    return tuple(word for word in words if word)
