"""How far a long backfill has come, told from time to time."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import psycopg

from waybill.receipt.numbers import counted, exact
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from waybill_common.connections import Connection

_SECONDS = 10.0
_RECEIVED = """
    select stream, sum(rows_received)::bigint
    from waybill.load
    where run_id = any(%s) and target_schema = %s
    group by stream
    order by stream
"""


class Progress:
    """Looks at what has been committed, and writes a line where that is more than before.

    Args:
        login: The warehouse.
        schema: The raw schema of the source.
        run_ids: The runs of the backfill.
        rows: How many rows each stream has in the window; empty where that is not known.
    """

    def __init__(
        self,
        login: Connection,
        schema: str,
        run_ids: Sequence[uuid.UUID],
        rows: Mapping[str, int],
    ) -> None:
        self._login = login
        self._bound = (list(run_ids), schema)
        self._rows = rows
        self._told: dict[str, int] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Watch no more."""
        self._is_over.set()
        self._thread.join()

    def lines(self, session: psycopg.Connection[Any]) -> list[str]:
        """What is new since the last look."""
        found = []
        for stream, rows in session.execute(_RECEIVED, self._bound).fetchall():
            if rows > self._told.get(stream, 0):
                due = max(self._rows.get(stream, 0), rows)
                of_all = f"{exact(rows)} of {counted(due, 'row')}, {rows / due:.0%}"
                found.append(f"{stream}: {of_all if self._rows else counted(rows, 'row')}")
            self._told[stream] = rows
        return found

    def _watch(self) -> None:
        while not self._is_over.wait(_SECONDS):
            try:
                with self._login.connect() as session:
                    lines = self.lines(session)
            except (psycopg.Error, WaybillError):
                continue  # the load itself says what is wrong
            for line in lines:
                sys.stderr.write(f"backfill: {line}\n")
