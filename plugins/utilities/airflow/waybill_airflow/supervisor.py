"""Runs Airflow's processes together, and leaves none behind however it is ended."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import psutil

from waybill_airflow import kin, places
from waybill_common import private_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from waybill_airflow.service import Service

_TICK_SECONDS = 0.5
_PATIENCE_SECONDS = 15.0
_SCHEDULER_PATIENCE_SECONDS = 75.0
"""The scheduler waits for its tasks, and a task for Meltano."""
_ONE_REQUEST_SECONDS = 3.0
"""A signal to a whole group comes here once by itself and once through Meltano."""
_STATE = "running.json"


class Supervisor:
    """Airflow's processes under one.

    Args:
        services: In the order of their start; they are stopped the other way round.
        each_tick: Called twice a second while they run.
    """

    def __init__(self, services: Sequence[Service], each_tick: Callable[[], None]) -> None:
        self._services = services
        self._each_tick = each_tick
        self._stop_asked_at: float | None = None

    def run(self) -> None:
        """Run until SIGTERM, SIGINT, or the end of the process that started this one.

        Raises:
            WaybillError: Another supervisor runs here, or a process ends again and again.
        """
        parent = os.getppid()
        with _alone(), self._listening():
            try:
                while self._stop_asked_at is None and os.getppid() == parent:
                    for service in self._services:
                        before = service.session
                        service.tend()
                        if service.session != before:
                            self._remember()
                    self._each_tick()
                    time.sleep(_TICK_SECONDS)
            finally:
                self._stop()

    def _stop(self) -> None:
        print("airflow: stopping", flush=True)
        for service in self._services[::-1]:
            patience = _PATIENCE_SECONDS
            if service.name == "scheduler" and service.session:
                kin.stop_steps(service.session)
                patience = _SCHEDULER_PATIENCE_SECONDS
            service.stop(patience)
        (places.home() / _STATE).unlink(missing_ok=True)
        print("airflow: stopped", flush=True)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._stop_asked_at is None:
            self._stop_asked_at = now
        elif now - self._stop_asked_at > _ONE_REQUEST_SECONDS:
            for service in self._services:
                if service.session:
                    _end(service.session, 0)

    def _remember(self) -> None:
        kept = [
            {"name": each.name, "session": each.session, "started": _started(each.session)}
            for each in self._services
            if each.session
        ]
        private_files.write(places.home() / _STATE, json.dumps(kept) + "\n")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the one place of a supervisor, and end what a killed one has left behind."""
    with (places.make_home() / "running.lock").open("w") as lock:
        _take(lock)
        state = places.home() / _STATE
        for kept in json.loads(state.read_text()) if state.exists() else []:
            if kept["started"] and _started(kept["session"]) in {kept["started"], None}:
                _end(kept["session"], _PATIENCE_SECONDS)
        yield


def _end(session: int, patience: float) -> None:
    kin.end(lambda: kin.of_session(session), patience)


def _take(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        msg = f"Airflow runs already for {places.home()}."
        raise WaybillError(msg, "Stop it first, or set WAYBILL_HOME to another folder.") from error


def _started(session: int | None) -> float | None:
    try:
        return psutil.Process(session).create_time() if session else None
    except psutil.NoSuchProcess:
        return None
