"""Processes in a pipe, with the time, the processor time and the peak memory of each."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Byte code is kept and output is buffered, as outside of a developer's shell; no setting leaks in.
_LEFT_OUT = ("PYTHON", "PG", "WAYBILL_", "WAREHOUSE_", "MELTANO_", "TAP_", "TARGET_", "VIRTUAL_ENV")
_MIB_IN_KIB = 1024
_LOG_TAIL = 600


class BenchmarkError(Exception):
    """A contender failed, or did not land what it should."""


@dataclass(frozen=True)
class Command:
    """One process of a pipe.

    Attributes:
        name: Its part in the pipe, such as `tap`.
        arguments: The program and its arguments.
        environment: What is added to the environment.
        folder: Where it runs.
    """

    name: str
    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True)
class Used:
    """What a process used, with those children that it waited for.

    Attributes:
        name: Its part in the pipe.
        cpu_seconds: User and system time.
        peak_mib: Largest resident set of any one of them, in MiB.
    """

    name: str
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Measurement:
    """What a pipe took.

    Attributes:
        seconds: From before the first start to after the last end.
        processes: One for each command.
    """

    seconds: float
    processes: tuple[Used, ...]


def environment() -> dict[str, str]:
    """The environment of every contender."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}


def run(commands: Sequence[Command], folder: Path) -> Measurement:
    """Run commands as one pipe.

    The peak of a process begins at the size of this one, from which it is forked: keep this small.

    Args:
        commands: In the order of the pipe.
        folder: Gets `<name>.log` of each, and `output` of the last.

    Raises:
        BenchmarkError: One of them fails; has the end of its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inherited = environment()
    running: list[subprocess.Popen[bytes]] = []
    begun = time.perf_counter()
    with (folder / "output").open("wb") as output:
        for index, command in enumerate(commands):
            with (folder / f"{command.name}.log").open("wb") as log:
                process = subprocess.Popen(  # noqa: S603 - fixed programs
                    command.arguments,
                    stdin=running[-1].stdout if running else subprocess.DEVNULL,
                    stdout=output if index == len(commands) - 1 else subprocess.PIPE,
                    stderr=log,
                    env={**inherited, **command.environment},
                    cwd=command.folder,
                )
            if running and (read_end := running[-1].stdout):
                # The next process alone reads: this one must notice when it dies.
                read_end.close()
            running.append(process)
        used = tuple(map(_wait, running, commands))
    seconds = time.perf_counter() - begun
    for process, command in zip(running, commands, strict=True):
        if process.returncode:
            logs = (folder / "output", folder / f"{command.name}.log")
            said = "".join(path.read_text(errors="replace") for path in logs)
            msg = f"{command.name} ended with {process.returncode}: {said[-_LOG_TAIL:].strip()}"
            raise BenchmarkError(msg)
    return Measurement(seconds, used)


def _wait(process: subprocess.Popen[bytes], command: Command) -> Used:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Used(
        name=command.name,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / _MIB_IN_KIB,
    )
