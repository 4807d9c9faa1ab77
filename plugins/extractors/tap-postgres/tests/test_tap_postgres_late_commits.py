"""Eight writers commit late and out of order while incremental runs go on: nothing is missed.

LATE_COMMIT_SECONDS sets for how long; 60 is the long form.
"""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

    from waybill_warehouse.scratch import ScratchDatabase

SECONDS = float(os.environ.get("LATE_COMMIT_SECONDS", "4"))
WRITERS = 8
STARTING_ROWS = 5_000
ALL = "select id, writer, amount::text, changed_at::text from {} order by id"


class Writer(threading.Thread):
    """Writes rows in transactions of different lengths, whose time stamps are those of their start.

    Args:
        number: Which of the writers, and the seed of what it does.
        connection: Its own.
        end: The monotonic time after which it begins nothing more.
    """

    def __init__(self, number: int, connection: psycopg.Connection[Any], end: float) -> None:
        super().__init__(daemon=True)
        self._number = number
        self._connection = connection
        self._end = end
        self._chance = random.Random(number)  # noqa: S311 - no secret
        self.commits = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while time.monotonic() < self._end:
                self._transact()
        except Exception as error:  # noqa: BLE001 - the test reports it
            self.failure = error
        finally:
            self._connection.close()

    def _transact(self) -> None:
        chance = self._chance
        self._connection.execute("select now()")
        for _ in range(chance.randint(1, 4)):
            time.sleep(chance.choice([0, 0, 0.002, 0.05]))
            with self._connection.transaction():
                self._write()
        time.sleep(chance.choice([0, 0, 0.01, 0.1, 0.4]))
        if chance.random() < 0.1:
            self._connection.rollback()
        else:
            self._connection.commit()
            self.commits += 1

    def _write(self) -> None:
        """A new row, with a time or without, or a change of one of its own."""
        kind = self._chance.random()
        values = {"writer": self._number, "amount": self._chance.randint(0, 10**6) / 100}
        if kind < 0.6:
            query = "insert into orders (writer, amount, changed_at) values (%(writer)s, %(amount)s, now())"
        elif kind < 0.7:
            query = "insert into orders (writer, amount) values (%(writer)s, %(amount)s)"
        else:
            query = (
                "update orders set amount = %(amount)s, changed_at = now() where id = ("
                "select id from orders where writer = %(writer)s order by random() limit 1)"
            )
        self._connection.execute(query, values)


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_nothing_is_missed_among_concurrent_writers(
    lane: Any, warehouse: ScratchDatabase, mode: str
) -> None:
    # Whatever was open at which run, the run after the last commit leaves the warehouse equal to the source.
    lane.source.execute(
        "create table orders (id integer generated always as identity primary key, writer integer,"
        " amount numeric, changed_at timestamptz);"
        "insert into orders (writer, amount, changed_at)"
        f" select 99, n, timestamptz '2020-01-01' from generate_series(1, {STARTING_ROWS}) as n"
    )
    catalog = lane.incremental("orders", "changed_at")
    end = time.monotonic() + SECONDS
    writers = [Writer(n, lane.source.connection().connect(), end) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    state, runs, late = None, 0, 0
    while any(writer.is_alive() for writer in writers):
        run = lane.run(state, catalog, mode=mode)
        late += bool(state) and run.bookmark("orders")["read"]["rows"] > 0
        lane.land(run)
        state, runs = run.state, runs + 1
    last = lane.run(state, catalog, mode=mode)
    read = last.bookmark("orders")["read"]["rows"]
    lane.land(last)

    assert [writer.failure for writer in writers] == [None] * WRITERS
    assert min(writer.commits for writer in writers) > 0
    assert runs > 1
    assert late > 0
    assert read < STARTING_ROWS
    assert warehouse.rows(ALL.format("raw_test.orders")) == lane.source.rows(ALL.format("orders"))
