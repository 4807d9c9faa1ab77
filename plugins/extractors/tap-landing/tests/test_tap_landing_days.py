"""Days of a source, over the lake and without it: tables, marks, letters and figures are equal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from contract_documents import stream

from waybill_common.errors import WaybillError
from waybill_lake.log import Log
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

_LETTERS = """
    select stream, source_file, source_line, key, column_name, reason, raw, payload, found_by,
        resolved_by, keeps_older_row, counted_totals
    from waybill.dead_letter where target_schema = %s
    order by 1, 2, 3, dead_letter_id
"""
_LAST = """
    select distinct on (stream)
        stream, bookmark -> 'source' ->> 'rows', bookmark -> 'source' -> 'totals'
    from waybill.load where target_schema = %s and bookmark is not null
    order by stream, load_id desc
"""
_SUMS = """
    select stream, sum(rows_inserted) - sum(rows_deleted)
    from waybill.load where target_schema = %s group by 1 order by 1
"""


def _figures(warehouse: ScratchDatabase, schema: str) -> list[Any]:
    return [warehouse.rows(query, (schema,)) for query in (_LETTERS, _LAST, _SUMS)]


def _rows(warehouse: ScratchDatabase, schema: str, table: str) -> list[str]:
    """Rows of a table as texts, but for when they were read, landed or marked."""
    query = f"""
        select ((to_jsonb(t) - '_sdc_extracted_at' - '_sdc_batched_at' - '_sdc_deleted_at')
            || jsonb_build_object('is_gone', to_jsonb(t) ->> '_sdc_deleted_at' is not null))::text
        from {schema}.{table} as t order by 1
    """
    return [row for (row,) in warehouse.rows(query)]


_SCHEMA = json.dumps(
    {
        "type": "SCHEMA",
        "stream": "a",
        "schema": {"properties": {"id": {"type": "integer"}, "t": {"type": "string"}}},
        "key_properties": ["id"],
    }
)


def _manifests(way: Any) -> int:
    head = Log(open_store(way.uri), "shop").head()
    return head.sequence if head else 0


FILES = (
    {
        "items.csv": "id,price\n1,1.50\n2,x\n3,3.00\n4,4.25\n",
        "notes.csv": 'text\n"a\nb"\n""\n\\N\n',
    },
    # A row less, one mended and one spoilt; a later file lies over it; the keyless file has grown.
    {
        "items.csv": "id,price\n1,1.50\n2,2.00\n3,y\n",
        "items_2.csv": "id,price\n1,1.75\n5,5.00\n",
        "notes.csv": 'text\n"a\nb"\n""\n\\N\nlast\n',
    },
)


@pytest.mark.parametrize("kind", ["record", "batch", "batch over s3", "batch over gs"])
def test_days_of_files_are_the_same_over_the_lake(
    request: pytest.FixtureRequest,
    contract: Callable[..., Path],
    warehouse: ScratchDatabase,
    tmp_path: Path,
    kind: str,
) -> None:
    # Protects replaced files, overlaid keys, dead letters and their ends, and totals: where each day
    # is replayed by itself, and where a new warehouse gets all days in one run.
    mode, _, place = kind.partition(" over ")
    way = request.getfixturevalue(f"way_over_{place}" if place else "way")
    folder = tmp_path / "files"
    folder.mkdir()
    path = contract(
        stream("items", {"id": "integer#", "price": "numeric(6,2)+"}, files="items*.csv"),
        stream("notes", {"text": "text"}, files="notes*.csv"),
    )
    direct = landed = replayed = None
    for files in (*FILES, {}):
        for name, text in files.items():
            (folder / name).write_text(text)
        direct = way.load(way.read_files(folder, path, direct, mode=mode), "raw_direct")
        before = _manifests(way)
        landed = way.land(way.read_files(folder, path, landed, mode=mode)) or landed
        assert (_manifests(way) == before) is (not files)
        replayed = way.load(way.replay(replayed), "raw_daily") or replayed
    way.load(way.replay(), "raw_rebuilt")
    for schema in ("raw_daily", "raw_rebuilt"):
        for table in ("items", "notes"):
            assert _rows(warehouse, schema, table) == _rows(warehouse, "raw_direct", table)
        assert _figures(warehouse, schema) == _figures(warehouse, "raw_direct")
    assert len(_rows(warehouse, "raw_daily", "notes")) == 4
    assert warehouse.rows("select count(*) from waybill.dead_letter where resolved_at is null") == [
        (3,)
    ]


@pytest.mark.parametrize("mode", ["record", "batch"])
def test_days_of_a_database_are_the_same_over_the_lake(
    way: Any,
    contract: Callable[..., Path],
    source_database: ScratchDatabase,
    warehouse: ScratchDatabase,
    mode: str,
) -> None:
    # Protects changed, new and deleted rows, and a table that is read whole each day.
    source_database.execute(
        "create table sale (id integer primary key, amount numeric, at timestamp);"
        "create table log (line text);"
        "insert into sale select n, n / 8.0, '2026-01-01'::timestamp from generate_series(1, 9) as n;"
        "insert into log values ('one'), (null), ('one');"
        "grant select on all tables in schema public to source_reader"
    )
    custom = {"replicationKey": "at"}
    path = contract(
        stream("sale", {"id": "integer#", "amount": "numeric+", "at": "timestamp"}, **custom),
        stream("log", {"line": "text"}),
    )
    settings = {"contract": str(path), "find_deletes": True, "mode": mode}
    days = (
        "",
        """
        update sale set amount = 80, at = '2026-01-02' where id = 2;
        delete from sale where id in (3, 4);
        insert into sale values (10, null, '2026-01-02');
        delete from log where line is null
        """,
        "insert into sale values (3, 3.5, '2026-01-03'); truncate log",
        "",
    )
    direct = landed = replayed = None
    for statements in days:
        source_database.execute(statements)
        direct = way.load(way.extract(source_database, direct, **settings), "raw_direct")
        landed = way.land(way.extract(source_database, landed, **settings)) or landed
        replayed = way.load(way.replay(replayed), "raw_daily") or replayed
    way.load(way.replay(), "raw_rebuilt")
    for schema in ("raw_daily", "raw_rebuilt"):
        for table in ("sale", "log"):
            assert _rows(warehouse, schema, table) == _rows(warehouse, "raw_direct", table), schema
        assert _figures(warehouse, schema) == _figures(warehouse, "raw_direct")
    gone = [row for row in _rows(warehouse, "raw_daily", "sale") if '"is_gone": true' in row]
    assert len(gone) == (1 if mode == "batch" else 0)


def test_a_state_of_another_lake_is_refused(way: Any) -> None:
    # Protects from a silent gap: manifests that a state tells of and the lake does not have.
    way.land(
        '{"type": "SCHEMA", "stream": "a", "schema": {"properties": {"id": {"type": "integer"}}},'
        ' "key_properties": ["id"]}\n{"type": "RECORD", "stream": "a", "record": {"id": 1}}\n'
    )
    with pytest.raises(WaybillError, match=r"manifest 2 of shop has been sent.*ends with 1"):
        way.replay({"bookmarks": {"a": {"landing": {"sequence": 2}}}})


def test_what_came_since_a_moment_is_sent_again(way: Any, warehouse: ScratchDatabase) -> None:
    # Protects a backfill from the lake: it mends what the warehouse has lost, in the order of the
    # manifests, goes on where it was cut off, and leaves the rows from before alone.
    for rows in ({1: "a", 2: "b"}, {2: "c", 3: "d"}, {3: "e"}):
        records = (f'{{"type": "RECORD", "stream": "a", "record": {{"id": {key}, "t": "{text}"}}}}' for key, text in rows.items())  # fmt: skip
        way.land("\n".join([_SCHEMA, *records]) + "\n")
    way.load(way.replay(), "raw_shop")
    log = Log(open_store(way.uri), "shop")
    warehouse.execute("update raw_shop.a set t = 'lost'", role="loader")
    moment = log.read(2).body["committed_at"]
    again = way.replay({"bookmarks": {"a": {"landing": {"sequence": 3, "since": moment}}}})
    states = [json.loads(line) for line in again.splitlines() if '"STATE"' in line]
    numbers = [each["value"]["bookmarks"]["a"]["landing"] for each in states]
    assert numbers == [{"sequence": 2}, {"sequence": 3}]
    way.load(again, "raw_shop")
    expected = [(1, "lost"), (2, "c"), (3, "e")]
    assert warehouse.rows("select id, t from raw_shop.a order by id", role="loader") == expected
    assert way.replay(states[0]["value"]).count('"type":"STATE"') == 1
