from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tap_postgres import batches, readers
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

MANY = "; ".join(
    f"create table t{n} (id integer primary key, filler text);"
    f"insert into t{n} select i, repeat('{n}', 100) from generate_series(1, 4000) as i"
    for n in range(4)
)
SESSIONS = "select count(*) from pg_stat_activity where usename = 'source_reader'"


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is closed after each block, and a stream has two of them ahead."""
    monkeypatch.setattr(batches, "FILE_BYTES", 1)
    monkeypatch.setattr("tap_postgres.copying.BLOCK_BYTES", 10_000)
    monkeypatch.setattr(readers, "EVENTS_AHEAD", 2)


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("parallel_streams", [1, 3])
def test_streams_go_out_one_after_another(lane: Any, parallel_streams: int) -> None:
    # However many are read at once, each stream's messages come together and whole, and one STATE ends them.
    lane.source.execute(MANY)
    run = lane.run(parallel_streams=parallel_streams)
    body = [each for each in run.messages if each["type"] != "STATE" or each["value"]]

    for n in range(4):
        mine = [at for at, each in enumerate(body) if each.get("stream") == f"t{n}"]
        assert mine == list(range(mine[0], mine[-1] + 1))
        assert body[mine[-1] + 1]["type"] == "STATE"
        assert len(run.of("BATCH", f"t{n}")) > readers.EVENTS_AHEAD
        assert run.ids(f"t{n}") == list(range(1, 4001))
    assert len(run.of("STATE")) == 4


@pytest.mark.usefixtures("small_files")
def test_readers_wait_for_their_turn(lane: Any, waybill_home: Path) -> None:
    # What is written ahead is bounded: a stream that nobody asks for yet does not fill the disk.
    lane.source.execute(MANY)
    tap = lane.tap(parallel_streams=2)
    told = 0
    for stream in list(tap.streams):
        for event in tap.readers.events(stream):
            told += isinstance(event, batches.Batch)
            written = len(list(waybill_home.glob("batch/*/*/*.copy")))
            # Each reader has what waits and one that grows.
            assert written <= told + 2 * (readers.EVENTS_AHEAD + 1)
    assert told > 4 * readers.EVENTS_AHEAD
    tap.readers.close()
    tap.snapshot.close()


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("parallel_streams", [1, 2])
def test_a_stream_that_fails_stops_all(lane: Any, parallel_streams: int) -> None:
    # One line names the stream, and neither thread nor connection is left behind.
    lane.source.execute(
        MANY + "; create view t1v as select 1 / (id - 3000) as n from t1;"
        "grant select on t1v to source_reader"
    )
    tap = lane.tap(parallel_streams=parallel_streams)
    with pytest.raises(WaybillError, match="Stream t1v: the source cannot compute a value"):
        lane.finish(tap)

    assert not [each.name for each in threading.enumerate() if each.name.startswith("reader-")]
    assert lane.source.rows(SESSIONS) == [(0,)]


def test_all_readers_share_the_snapshot(lane: Any) -> None:
    # Whatever commits after the snapshot is seen by no reader, also by one that connects later.
    lane.source.execute(MANY)
    tap = lane.tap(parallel_streams=3)
    assert tap.snapshot
    lane.source.execute("; ".join(f"delete from t{n} where id > {n}" for n in range(4)))
    run = lane.finish(tap)

    assert [run.bookmark(f"t{n}")["source"]["rows"] for n in range(4)] == [4000] * 4
    assert [len(run.ids(f"t{n}")) for n in range(4)] == [4000] * 4


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_late_rows_are_found_however_many_transactions_follow(lane: Any, mode: str) -> None:
    # Ages grow while a run waits, also between its snapshot and the connection that reads.
    lane.source.execute("create table t (id integer primary key, at timestamp)")
    catalog = lane.incremental("t", "at")
    lane.source.execute("insert into t values (0, '2024-01-01')")
    with lane.source.connection().connect() as writer:
        writer.execute("insert into t values (1, '2023-01-01')")
        first = lane.run(catalog=catalog, mode=mode)
    tap = lane.tap(first.state, catalog, mode=mode)
    assert tap.snapshot
    with lane.source.connection().connect(autocommit=True) as other:
        for _ in range(50):
            other.execute("select pg_current_xact_id()")

    assert lane.finish(tap).ids("t") == [1]
