"""Taps and targets as processes, forked where nothing has to come before them on their command line."""

from __future__ import annotations

import array
import json
import os
import select
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from crash import zygote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BIN = Path(sys.executable).parent
_NUMBER = array.array("q").itemsize
_lock = Lock()
_requests: list[socket.socket] = []


class Process(Protocol):
    """What a test does with one; a part of what `subprocess.Popen` can do."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int | None: ...
    def send_signal(self, sig: int) -> None: ...


class Forked:
    """A process that the zygote has forked.

    Args:
        pid: Its pid.
        end: Where its exit code comes.
    """

    def __init__(self, pid: int, end: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._end = end

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.returncode is None and select.select([self._end], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int | None:
        """Wait for the exit code."""
        if self.returncode is None:
            self.returncode = array.array("q", os.read(self._end, _NUMBER))[0]
            os.close(self._end)
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)


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
    if prefix:
        stdin, stdout, stderr = streams
        return subprocess.Popen(
            [*prefix, BIN / arguments[0], *arguments[1:]],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=dict(environment),
        )
    request = json.dumps({"arguments": list(arguments), "environment": dict(environment)})
    reading, writing = os.pipe()
    with _lock:
        socket.send_fds(_requests[-1], [request.encode()], [*streams, writing])
        os.close(writing)
        (pid,) = array.array("q", _requests[-1].recv(_NUMBER))
    return Forked(pid, reading)


@contextmanager
def forking() -> Iterator[None]:
    """Have a zygote for as long as this lasts."""
    own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with own, other:
        zygote_process = subprocess.Popen(
            [sys.executable, zygote.__file__, str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
        )
        other.close()
        _requests.append(own)
        yield
        _requests.remove(own)
    zygote_process.wait()
