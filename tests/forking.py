"""Commands of ours as processes that are forked rather than started: see `zygote`."""

from __future__ import annotations

import array
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import zygote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NUMBER = array.array("q").itemsize


class Forked:
    """A process that the zygote has forked; a part of what `subprocess.Popen` can do.

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


@dataclass(frozen=True)
class Zygote:
    """A running zygote.

    Attributes:
        requests: Where it takes requests.
    """

    requests: socket.socket
    _lock: Lock

    def start(
        self,
        arguments: Sequence[str],
        streams: tuple[int, int, int],
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> Forked:
        """Start a command.

        Args:
            arguments: Its name and arguments.
            streams: Descriptors of its standard input, output and error.
            environment: Its environment.
            folder: Where it runs; by default where the caller does.
        """
        request = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
        }
        reading, writing = os.pipe()
        with self._lock:
            socket.send_fds(self.requests, [json.dumps(request).encode()], [*streams, writing])
            os.close(writing)
            (pid,) = array.array("q", self.requests.recv(_NUMBER))
        return Forked(pid, reading)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, without input; gives its exit code and what it wrote."""
        with (
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            streams = (nothing.fileno(), out.fileno(), err.fileno())
            code = self.start(arguments, streams, environment, folder).wait()
            assert code is not None
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(list(arguments), code, out.read(), err.read())


@contextmanager
def zygote_of(
    mains: Mapping[str, str], preloaded: Sequence[str] = (), *, is_measured: bool = True
) -> Iterator[Zygote]:
    """A zygote for as long as this lasts.

    Args:
        mains: Name of each command, and the module whose `main` it is.
        preloaded: Modules that the commands load late.
        is_measured: Whether its processes count for the coverage of a test run that measures it.
    """
    environment = dict(os.environ)
    if not is_measured:
        environment.pop("COVERAGE_PROCESS_CONFIG", None)
    own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with own, other:
        process = subprocess.Popen(
            [
                *(sys.executable, zygote.__file__, str(other.fileno())),
                json.dumps([dict(mains), list(preloaded)]),
            ],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        other.close()
        yield Zygote(own, Lock())
    process.wait()
