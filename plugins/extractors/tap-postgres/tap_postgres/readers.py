"""Threads that read ahead: the next streams' files are written while those of one go out."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from tap_postgres.faults import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_postgres.batches import Event, Plan
    from tap_postgres.figures import Figures
    from tap_postgres.reading import Reading
    from tap_postgres.snapshot import Snapshot
    from waybill_common.batch_files import BatchFolder

EVENTS_AHEAD = 64
"""Files of one stream that wait for their turn, 256 MiB; then its reader waits too."""

_SECONDS_TO_CANCEL = 2


class _StopReading(Exception):  # noqa: N818 - a way out, not a failure
    """The run is over."""


@dataclass
class _Job:
    plan: Plan
    events: deque[Event | None] = field(default_factory=deque)


class Readers:
    """Connections to one snapshot, each of which reads a stream after another.

    Args:
        snapshot: What they all see.
        folder: Where batch files go.
        plans: The streams in the order in which they will be asked for.
        count: How many streams are read at once.
    """

    def __init__(
        self, snapshot: Snapshot, folder: BatchFolder, plans: Sequence[Plan], *, count: int
    ) -> None:
        self._snapshot = snapshot
        self._folder = folder
        self._jobs = {plan.stream: _Job(plan) for plan in plans}
        self._waiting = deque(self._jobs.values())
        self._changed = threading.Condition()
        self._failure: Exception | None = None
        self._is_over = False
        self._connections: list[psycopg.Connection[Any]] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"reader-{number}", daemon=True)
            for number in range(min(count, len(plans)))
        ]
        for thread in self._threads:
            thread.start()

    def events(self, stream: str) -> Iterator[Event]:
        """What is to be told of a stream, as soon as it is known.

        Raises:
            WaybillError: This or another stream cannot be read.
        """
        job = self._jobs[stream]
        while True:
            with self._changed:
                self._changed.wait_for(lambda: job.events or self._failure)
                if self._failure:
                    raise self._failure
                event = job.events.popleft()
                self._changed.notify_all()
            if event is None:
                return
            yield event

    def close(self) -> None:
        """Stop all reading, and wait until it has stopped."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
            connections = [*self._connections]
        for connection in (*connections, self._snapshot.connection):
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                with suppress(psycopg.Error):
                    connection.cancel_safe(timeout=_SECONDS_TO_CANCEL)
        for thread in self._threads:
            thread.join(_SECONDS_TO_CANCEL)

    def _work(self) -> None:
        try:
            connection = self._snapshot.reader()
        except Exception as error:  # noqa: BLE001 - the main thread reports it
            self._fail(error)
            return
        with self._changed:
            self._connections.append(connection)
        try:
            while (job := self._next()) is not None:
                self._read(job, connection)
        except _StopReading:
            pass
        except Exception as error:  # noqa: BLE001 - the main thread reports it
            self._fail(error)
        finally:
            connection.close()

    def _next(self) -> _Job | None:
        with self._changed:
            return self._waiting.popleft() if self._waiting and not self._is_over else None

    def _read(self, job: _Job, connection: psycopg.Connection[Any]) -> None:
        with explained(job.plan.stream):
            for event in job.plan.events(connection, self._folder, self._figures):
                self._put(job, event)
        self._put(job, None)

    def _put(self, job: _Job, event: Event | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(job.events) < EVENTS_AHEAD or self._is_over)
            if self._is_over:
                raise _StopReading
            job.events.append(event)
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            if not self._is_over:
                self._failure = self._failure or error
            self._changed.notify_all()

    def _figures(self, reading: Reading) -> Callable[[], Figures]:
        """Begin to count on the snapshot's own connection; what is returned waits for the end."""
        counted: Future[Figures] = Future()

        def count() -> None:
            try:
                counted.set_result(reading.figures(self._snapshot.connection))
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                counted.set_exception(error)

        threading.Thread(target=count, name="count", daemon=True).start()
        return counted.result
