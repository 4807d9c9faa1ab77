from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_postgres import writing

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text"}
INDEX = "select 'raw_test.s_pkey'::regclass::oid"
NAMES = "select name from raw_test.s order by id"


@pytest.fixture(autouse=True)
def two_rows(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_MANY", 1)
    load(wire, "a")


def load(wire: Any, name: str) -> None:
    rows = (wire.record("s", id=number, name=f"{name}{number}") for number in (1, 2))
    wire.load(wire.schema("s", TYPES, ["id"]), *rows, wire.state())


def test_an_older_snapshot_keeps_its_rows_over_a_new_index(
    wire: Any, warehouse: ScratchDatabase
) -> None:
    # Who began before the key was built anew, and looks only now, finds the rows of then by that key.
    index = warehouse.rows(INDEX)
    with warehouse.connection().connect() as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select 1")
        load(wire, "b")
        reader.execute("set local enable_seqscan = off")
        assert reader.execute(NAMES.encode()).fetchall() == [("a1",), ("a2",)]
    assert warehouse.rows(NAMES) == [("b1",), ("b2",)]
    assert warehouse.rows(INDEX) != index


def test_a_load_does_not_wait_for_readers(wire: Any, warehouse: ScratchDatabase) -> None:
    # While somebody reads the table the key stays: neither the load waits, nor whoever comes after it.
    index = warehouse.rows(INDEX)
    with warehouse.connection().connect() as reader:
        reader.execute(NAMES.encode())
        load(wire, "b")
    assert warehouse.rows(NAMES) == [("b1",), ("b2",)]
    assert warehouse.rows(INDEX) == index


@pytest.mark.parametrize(
    "statement",
    [
        "comment on index raw_test.s_pkey is 'kept'",
        "alter index raw_test.s_pkey set (fillfactor = 50)",
        "cluster raw_test.s using s_pkey",
        "alter table raw_test.s replica identity using index s_pkey",
        "create view public.v as select id, name from raw_test.s group by id",
    ],
)
def test_a_key_that_is_more_than_its_definition_stays(
    wire: Any, warehouse: ScratchDatabase, statement: str
) -> None:
    # What users say of the index, or build on it, is not lost.
    warehouse.execute(statement)
    index = warehouse.rows(INDEX)
    load(wire, "b")
    assert warehouse.rows(NAMES) == [("b1",), ("b2",)]
    assert warehouse.rows(INDEX) == index
