from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tap_postgres import relations

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

ROW_MIB = 50
PEAK_MIB = 260
"""Of a tap that reads such rows: what it needs for small ones, libpq's buffer, and the row copied out of it."""


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_partitions_are_one_stream(lane: Any, mode: str) -> None:
    # A partitioned table is read by its root, late commits in any partition too.
    lane.source.execute(
        "create table events (id integer, at date, n numeric, primary key (id, at)) partition by range (at);"
        "create table events_2023 partition of events for values from ('2023-01-01') to ('2024-01-01');"
        "create table events_2024 partition of events default;"
        "insert into events values (1, '2023-05-01', 1.5), (2, '2024-05-01', 2.5)"
    )
    catalog = lane.incremental("events", "at")
    assert [each["tap_stream_id"] for each in lane.catalog()["streams"]] == ["events"]
    with lane.source.connection().connect() as writer:
        writer.execute("insert into events values (3, '2023-01-01', 3.5)")
        first = lane.run(catalog=catalog, mode=mode)
    lane.source.execute("update events set at = '2023-12-31', n = 9 where id = 2")

    assert first.ids("events") == [1, 2]
    assert lane.run(first.state, catalog, mode=mode).ids("events") == [2, 3]


def test_a_foreign_partition_has_no_transactions_of_this_server(lane: Any) -> None:
    # By their transaction its rows would never be late, so such a table is read as a view is.
    lane.source.execute(
        "create table t (id integer primary key, at date) partition by range (id);"
        "create table t1 partition of t for values from (0) to (9) partition by range (id);"
        "create table u (id integer) partition by range (id);"
        "create table u1 partition of u default;"
        "create foreign data wrapper elsewhere; create server elsewhere foreign data wrapper elsewhere;"
    )
    with lane.source.connection("reader").connect() as session:
        before = relations.of_schema(session, "public")
    lane.source.execute(
        "alter table t drop constraint t_pkey;"
        "create foreign table t11 partition of t1 default server elsewhere"
    )
    with lane.source.connection("reader").connect() as session:
        after = relations.of_schema(session, "public")

    assert [before[name].is_stored for name in ("t", "u")] == [True, True]
    assert [after[name].is_stored for name in ("t", "u")] == [False, True]


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_views_of_both_kinds_are_read(lane: Any, warehouse: ScratchDatabase, mode: str) -> None:
    # A view and a materialised view land with the types of what they show; a refreshed one is read by its rows.
    lane.source.execute(
        "create table t (id integer primary key, at timestamptz, n numeric(6,2), mood text);"
        "insert into t values (1, '2024-01-01', 1.10, 'so so'), (2, '2024-01-02', null, '');"
        "create view v as select id, n, upper(mood) as mood from t;"
        "create materialized view m as select id, at, n * 2 as n from t;"
        "grant select on v, m to source_reader"
    )
    first = lane.run(mode=mode)
    lane.land(first)
    assert warehouse.rows("select id, n::text, mood from raw_test.v order by id") == [
        (1, "1.10", "SO SO"),
        (2, None, ""),
    ]
    assert warehouse.rows("select id, n::text from raw_test.m order by id") == [
        (1, "2.20"),
        (2, None),
    ]
    catalog = lane.incremental("m", "at", **{"table-key-properties": ["id"]})
    first = lane.run(catalog=catalog, mode=mode)
    lane.source.execute("insert into t values (3, '2023-01-01', 3); refresh materialized view m")

    assert 3 in lane.run(first.state, catalog, mode=mode).ids("m")


def test_chosen_columns_keep_the_key(lane: Any) -> None:
    # What is not chosen does not leave the source, but a row without its key could not be placed.
    lane.source.execute(
        "create table t (a integer, b text, secret text, primary key (a, b));"
        "insert into t values (1, 'x', 'hush')"
    )
    catalog = lane.catalog()
    for each in catalog["streams"][0]["metadata"]:
        each["metadata"] |= {"selected": not each["breadcrumb"]}
        each["metadata"].pop("inclusion", None)
    run = lane.run(catalog=catalog)

    assert run.rows("t") == [{"a": "1", "b": "x"}]


def test_large_values_stay_within_bounds(
    lane: Any, warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    # Rows of 50 MiB land exactly, and how many there are does not matter to memory.
    lane.source.execute(
        "create table t (id integer primary key, body bytea, note text);"
        f"insert into t select n, decode(repeat(md5(n::text), {ROW_MIB << 15}), 'hex'), 'n' from generate_series(1, 4) as n"
    )
    program = (
        "import json, pathlib, sys\n"
        "from tap_postgres.tap import TapPostgres\n"
        "TapPostgres(config=json.load(open(sys.argv[1]))).sync_all()\n"
        "print(pathlib.Path('/proc/self/status').read_text(), file=sys.stderr)\n"
    )
    config = tmp_path / "config.json"
    config.write_text(json.dumps(lane.settings()))
    done = subprocess.run(
        [sys.executable, "-c", program, config], capture_output=True, text=True, check=True
    )
    run = lane.read(done.stdout)
    sent = [each["encoding"]["rows"] for each in run.of("BATCH")]

    # Not getrusage's figure, which a process inherits from the one that started it.
    peak = int(done.stderr.partition("VmHWM:")[2].split()[0]) >> 10
    assert peak < PEAK_MIB, f"{peak} MiB"
    assert sum(sent) == 4
    lane.land(run)
    query = "select id, md5(body), length(body) from {} order by id"
    assert warehouse.rows(query.format("raw_test.t")) == lane.source.rows(query.format("t"))
