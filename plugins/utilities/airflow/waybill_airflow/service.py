"""One of Airflow's processes: started in a session of its own, started again when it ends by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from waybill_airflow import kin
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_LEFTOVERS_SECONDS = 15.0
_STABLE_SECONDS = 60.0
"""How long a process must have run for its end to count as the first one again."""
_MOST_STARTS = 5
_LONGEST_PAUSE = 30.0
_LONGEST_PAUSE_OF_HELPER = 300.0
_MOST_DOUBLINGS = 10
_LOG_BYTES = 20_000_000


@dataclass
class Service:
    """A process under supervision.

    Attributes:
        name: What people know it by.
        command: What it runs.
        log: The file that takes its output; None for the terminal.
        may_start: Asked before each start.
        is_essential: Whether all ends where it cannot be kept running; a helper is started again
            for ever.
    """

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str]
    log: Path | None
    may_start: Callable[[], bool] = lambda: True
    is_essential: bool = True
    process: subprocess.Popen[bytes] | None = None
    _starts: int = 0
    _started_at: float = 0.0
    _next_start: float = 0.0

    @property
    def session(self) -> int | None:
        """The session of the process, which bears its number."""
        return self.process.pid if self.process else None

    def tend(self) -> None:
        """Start it if it does not run: again, after a pause that grows.

        Raises:
            WaybillError: It is essential, and ends again and again.
        """
        if self.log:
            _turn_over(self.log)
        if self.process and (code := self.process.poll()) is not None:
            # Tasks of a scheduler that was killed would go on beside their next try.
            self._end_leftovers(self.process.pid)
            self.process = None
            if time.monotonic() - self._started_at > _STABLE_SECONDS:
                self._starts = 0
            where = f" See {self.log}." if self.log else ""
            if self.is_essential and self._starts >= _MOST_STARTS:
                msg = f"Airflow's {self.name} has ended {self._starts} times (last: {code})."
                raise WaybillError(msg, f"Find the reason in its output.{where}")
            longest = _LONGEST_PAUSE if self.is_essential else _LONGEST_PAUSE_OF_HELPER
            pause = min(2.0 ** min(self._starts, _MOST_DOUBLINGS) - 1, longest)
            print(
                f"airflow: {self.name} ended with {code}, starting it again in {pause:.0f} s.{where}",
                flush=True,
            )
            self._next_start = time.monotonic() + pause
        elif not self.process and time.monotonic() >= self._next_start and self.may_start():
            self._start()

    def stop(self, patience: float) -> None:
        """End it and all it started."""
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._end_leftovers(self.process.pid)
        self.process.wait()

    @staticmethod
    def _end_leftovers(session: int) -> None:
        kin.end(lambda: kin.of_session(session), _LEFTOVERS_SECONDS)

    def _start(self) -> None:
        self._started_at = time.monotonic()
        self._starts += 1
        with _opened(self.log) as output:
            self.process = subprocess.Popen(  # noqa: S603 - Airflow's own commands
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )


@contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes] | None]:
    """The file that takes the output."""
    if log is None:
        yield None
        return
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as file:
        yield file


def _turn_over(log: Path) -> None:
    """Begin a log anew that has grown large, and keep what it held until then beside it.

    Its process goes on writing to the same file, always at the end; what it writes between copy
    and cut is lost.
    """
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
