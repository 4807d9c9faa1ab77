"""Runs Airflow's processes together, and leaves none behind however it is ended."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waybill_airflow import claims, kin

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


class Supervisor:
    """Airflow's processes under one.

    Args:
        services: In the order of their start; they are stopped the other way round. No other
            supervisor here may have one of the same name.
        each_tick: Called twice a second while they run.
    """

    def __init__(self, services: Sequence[Service], each_tick: Callable[[], None]) -> None:
        self._services = services
        self._names = [service.name for service in services]
        self._each_tick = each_tick
        self._stop_asked_at: float | None = None

    def run(self) -> None:
        """Run until SIGTERM, SIGINT, or the end of the process that started this one.

        Raises:
            WaybillError: Another supervisor has one of the processes, or an essential one ends
                again and again.
        """
        parent = os.getppid()
        with claims.held(self._names), self._listening():
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
                    claims.end(service.session, 0)

    def _remember(self) -> None:
        running = {each.name: each.session for each in self._services if each.session}
        claims.note(self._names, running)
