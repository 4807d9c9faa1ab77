"""Taps and targets as processes, forked where nothing has to come before them on their command line."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import forking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BIN = Path(sys.executable).parent
_MAINS = {
    "tap-csv": "tap_csv.__main__",
    "tap-postgres": "tap_postgres.cli",
    "target-postgres": "target_postgres.cli",
}
_zygotes: list[forking.Zygote] = []


class Process(Protocol):
    """What a test does with one; a part of what `subprocess.Popen` can do."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int | None: ...
    def send_signal(self, sig: int) -> None: ...


def start(
    prefix: Sequence[str],
    arguments: Sequence[str],
    streams: tuple[int, int, int],
    environment: Mapping[str, str],
) -> Process:
    """Start a tap or target.

    Args:
        prefix: A command that starts it in place of the zygote.
        arguments: Its name and arguments.
        streams: Descriptors of its standard input, output and error.
        environment: Its environment.
    """
    if not prefix:
        return _zygotes[-1].start(arguments, streams, environment)
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        [*prefix, BIN / arguments[0], *arguments[1:]],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=dict(environment),
    )


@contextmanager
def forked() -> Iterator[None]:
    """Fork taps and targets for as long as this lasts."""
    with forking.zygote_of(_MAINS) as zygote:
        _zygotes.append(zygote)
        yield
        _zygotes.remove(zygote)
