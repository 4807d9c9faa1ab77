from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_postgres import writing

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text", "n": "total:integer"}
ROWS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([None, "", "a"]), st.integers(0, 1)), max_size=8
)


@pytest.fixture(params=[1, 10**9], ids=["rewrites", "updates"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(writing, "_MANY", request.param)
    return request.param


@settings(max_examples=25)
@given(loads=st.lists(ROWS, min_size=2, max_size=4))
@pytest.mark.usefixtures("many")
def test_a_merge_keeps_the_last_row_of_each_key(
    wire: Any, warehouse: ScratchDatabase, ledger: Any, loads: list[list[tuple[Any, ...]]]
) -> None:
    # Whatever repeats within a load and over loads: the last row of a key stands, and each row received is counted.
    stream = f"orders_{uuid.uuid4().hex}"
    schema = wire.schema(stream, TYPES, ["id"])
    table: dict[int, tuple[Any, ...]] = {}
    wanted = []
    for number, rows in enumerate(loads):
        last = {row[0]: row for row in rows}
        inserted = sum(key not in table for key in last)
        updated = sum(key in table and table[key] != row for key, row in last.items())
        moved = sum(row[2] - table.get(key, (0, 0, 0))[2] for key, row in last.items())
        wanted.append((len(rows), inserted, updated, moved))
        table |= last
        batch = [wire.batch(stream, list(TYPES), rows)] if rows else []
        wire.load(schema, *batch, wire.state(**{stream: {"n": number}}))

    found = warehouse.rows(f"select id, name, n from raw_test.{stream}")
    assert sorted(found) == sorted(table.values())
    assert [
        (
            row["rows_received"],
            row["rows_inserted"],
            row["rows_updated"],
            row["totals_landed_change"].get("n", 0),
        )
        for row in ledger(stream)
    ] == wanted
    assert warehouse.rows("select relname from pg_class where relname like '%waybill_stage%'") == []


@pytest.mark.usefixtures("many")
def test_a_changed_row_keeps_what_the_stream_does_not_send(
    wire: Any, warehouse: ScratchDatabase
) -> None:
    # A column that is no longer sent keeps its values in rows that change.
    wire.load(wire.schema("s", TYPES, ["id"]), wire.record("s", id=1, name="a", n=1), wire.state())
    fewer = {"id": "integer", "n": "integer"}
    wire.load(wire.schema("s", fewer, ["id"]), wire.record("s", id=1, n=2), wire.state())

    assert warehouse.rows("select id, name, n from raw_test.s") == [(1, "a", 2)]


@pytest.mark.usefixtures("many")
def test_rows_that_others_hang_on_are_not_deleted(wire: Any, warehouse: ScratchDatabase) -> None:
    # A table that refers to ours by ON DELETE CASCADE loses nothing when our rows change.
    schema = wire.schema("s", TYPES, ["id"])
    wire.load(schema, wire.record("s", id=1, name="a"), wire.state())
    warehouse.execute(
        "create table public.notes (id integer references raw_test.s on delete cascade);"
        " insert into public.notes values (1)"
    )
    wire.load(schema, wire.record("s", id=1, name="b"), wire.state())

    assert warehouse.rows("select name from raw_test.s") == [("b",)]
    assert warehouse.rows("select count(*) from public.notes") == [(1,)]
