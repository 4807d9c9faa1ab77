"""One run of Meltano under a task: its lines as they come, its end by itself, by a limit or by request."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from waybill_airflow import kin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

STOP_SECONDS = 60
"""How long Meltano has to stop by itself: its loader ends its transaction, its locks are given back."""

_LEFTOVERS_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Running:
    """A process whose output goes line by line to a function.

    Args:
        command: What to run.
        cwd: Where.
        env: Its whole environment.
        timeout: Seconds after which it is asked to stop.
    """

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> None:
        self.timed_out = False
        self._timeout = timeout
        self._process = subprocess.Popen(  # noqa: S603 - blocks of the project's jobs, no shell
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
            preexec_fn=_end_with_parent if _LIBC else None,  # noqa: PLW1509 - of C alone, no locks
        )

    def follow(self, say: Callable[[str], None]) -> int:
        """Pass on its lines until it ends; returns its exit code.

        What it leaves behind when it is killed ends too: it would work beside the next try.
        """
        limit = threading.Timer(self._timeout, self._on_timeout)
        limit.daemon = True
        limit.start()
        try:
            with self._process:
                for line in self._process.stdout or ():
                    say(line.rstrip("\n"))
                return self._process.wait()
        finally:
            limit.cancel()
            self.stop()

    def stop(self) -> None:
        """Ask it to stop; end it and all it started if it does not.

        Meltano passes the request on where it loads, and ends at once where it runs a command: what
        it leaves has the rest of the time.
        """
        patience = _LEFTOVERS_SECONDS
        if self._process.poll() is None:
            begun = time.monotonic()
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
            patience = max(patience, STOP_SECONDS - (time.monotonic() - begun))
        kin.end(lambda: kin.of_group(self._process.pid), patience)

    def _on_timeout(self) -> None:
        self.timed_out = True
        self.stop()


def _end_with_parent() -> None:
    # Meltano is told when the task's process has gone, however that ended.
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
