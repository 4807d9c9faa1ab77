"""Rows that are gone from the source: marked or removed, counted, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "n": "total:numeric"}
ALIVE = "select id, n::int from raw_test.s where _sdc_deleted_at is null order by id"
MARKED = "select id from raw_test.s where _sdc_deleted_at is not null and _sdc_batched_at >= _sdc_deleted_at"


def rows(wire: Any, *ids: int) -> list[Any]:
    return [wire.record("s", id=each, n=10 * each) for each in ids]


def keys(wire: Any, *ids: int) -> dict[str, Any]:
    batch: dict[str, Any] = wire.batch("s", ["id"], [(each,) for each in ids], kind="keys")
    return batch if ids else batch | {"manifest": []}


def movement(ledger: Any) -> list[tuple[Any, ...]]:
    names = ("received", "inserted", "updated", "unchanged", "deleted")
    return [
        (*(row[f"rows_{name}"] for name in names), row["totals_landed_change"].get("n", 0))
        for row in ledger("s")
    ]


def assert_ledger_equals_table(warehouse: ScratchDatabase) -> None:
    """Alive rows and their totals are what the ledger says."""
    in_table = "select count(*), coalesce(sum(n), 0) from raw_test.s where _sdc_deleted_at is null"
    in_ledger = (
        "select sum(rows_inserted) - sum(rows_deleted),"
        " sum(coalesce((totals_landed_change ->> 'n')::numeric, 0)) from waybill.load"
    )
    assert warehouse.rows(in_table) == warehouse.rows(in_ledger)


@pytest.mark.parametrize("is_hard", [False, True])
def test_keys_that_are_gone_take_their_rows_along(
    wire: Any, warehouse: ScratchDatabase, ledger: Any, *, is_hard: bool
) -> None:
    # A comparison of keys finds what an incremental read cannot see; keys are no rows received.
    schema = wire.schema("s", TYPES, ["id"])
    wire.load(schema, *rows(wire, 1, 2, 3, 4), wire.state())
    wire.load(
        schema,
        *rows(wire, 5),
        keys(wire, 1, 3),
        keys(wire, 5),
        wire.state(s={"read": {"rows": 1, "totals": {"n": "50"}}}),
        hard_delete=is_hard,
    )

    assert warehouse.rows(ALIVE) == [(1, 10), (3, 30), (5, 50)]
    assert warehouse.rows(MARKED) == ([] if is_hard else [(2,), (4,)])
    assert movement(ledger)[1] == (1, 1, 0, 0, 2, -10)
    assert_ledger_equals_table(warehouse)


def test_no_keys_at_all_is_an_empty_source(wire: Any, warehouse: ScratchDatabase) -> None:
    # A source table that was emptied leaves no row alive.
    schema = wire.schema("s", TYPES, ["id"])
    wire.load(schema, *rows(wire, 1, 2), wire.state())
    wire.load(schema, keys(wire), wire.state())

    assert warehouse.rows(ALIVE) == []
    assert_ledger_equals_table(warehouse)


def test_a_row_that_comes_back_is_new(wire: Any, warehouse: ScratchDatabase, ledger: Any) -> None:
    # What was marked and is at the source again counts as inserted, whether it has changed or not.
    schema = wire.schema("s", TYPES, ["id"])
    wire.load(schema, *rows(wire, 1, 2, 3), wire.state())
    wire.load(schema, keys(wire, 3), wire.state())
    wire.load(schema, *rows(wire, 1), wire.record("s", id=2, n=7), *rows(wire, 3), wire.state())

    assert warehouse.rows(ALIVE) == [(1, 10), (2, 7), (3, 30)]
    assert movement(ledger)[1:] == [(0, 0, 0, 0, 2, -30), (3, 2, 0, 1, 0, 17)]
    assert_ledger_equals_table(warehouse)


def test_a_whole_table_marks_what_it_no_longer_holds(
    wire: Any, warehouse: ScratchDatabase, ledger: Any
) -> None:
    # FULL_TABLE reads see deletes themselves; what is marked is not marked again.
    schema = wire.schema("s", TYPES, ["id"], **{"x-whole-table": True})
    wire.load(schema, *rows(wire, 1, 2, 3), wire.state())
    wire.load(schema, *rows(wire, 1), wire.state())
    before = warehouse.rows("select * from raw_test.s order by id")
    wire.load(schema, *rows(wire, 1), wire.state())

    assert warehouse.rows("select * from raw_test.s order by id") == before
    assert warehouse.rows(MARKED) == [(2,), (3,)]
    assert movement(ledger)[1:] == [(1, 0, 0, 1, 2, -50), (1, 0, 0, 1, 0, 0)]
    wire.load(schema, *rows(wire, 1, 2), wire.state(), hard_delete=True)
    assert warehouse.rows("select id from raw_test.s order by id") == [(1,), (2,)]
    assert movement(ledger)[-1] == (2, 1, 0, 1, 0, 20)
    assert_ledger_equals_table(warehouse)


@pytest.mark.parametrize("key", [["id"], []])
def test_overwrite_and_tables_without_a_key_hold_nothing_else(
    wire: Any, warehouse: ScratchDatabase, key: list[str]
) -> None:
    # Who asks for an overwrite, or has no key to know a row by, gets no marked rows.
    schema = wire.schema("s", TYPES, key, **({} if key else {"x-whole-table": True}))
    config = {"load_method": "overwrite"} if key else {}
    for ids in ((1, 2), (2,)):
        wire.load(schema, *rows(wire, *ids), wire.state(), **config)

    assert warehouse.rows("select id from raw_test.s") == [(2,)]
    assert_ledger_equals_table(warehouse)


def test_a_tap_may_mark_rows_itself(wire: Any, warehouse: ScratchDatabase, ledger: Any) -> None:
    # Rows of a log-based tap say themselves that they are deleted; the ledger counts them as such.
    schema = wire.schema("s", TYPES | {"_sdc_deleted_at": "timestamptz"}, ["id"])
    at = "2026-01-01T00:00:00Z"
    gone = [wire.record("s", id=each, n=10 * each, _sdc_deleted_at=at) for each in (1, 3)]
    wire.load(schema, *rows(wire, 1, 2), gone[1], wire.state())
    wire.load(schema, gone[0], wire.state())
    wire.load(schema, *rows(wire, 1), *gone, wire.record("s", id=3, n=1), wire.state())

    assert warehouse.rows(ALIVE) == [(2, 20), (3, 1)]
    assert movement(ledger)[:2] == [(3, 3, 0, 0, 1, 30), (1, 0, 1, 0, 1, -10)]
    assert_ledger_equals_table(warehouse)


def test_a_letter_goes_with_its_row(wire: Any, warehouse: ScratchDatabase) -> None:
    # A dead row that was deleted at the source is no open letter any more; one that is there stays.
    schema = wire.schema("s", TYPES, ["id"])
    letters = [DeadLetter("s", "bad", key={"id": str(each)}) for each in (1, 2)]
    messages = [
        {"type": "SCHEMA", "stream": "dead_letter", "schema": dead_letters.SCHEMA}
        | {"key_properties": []},
        *({"type": "RECORD", "stream": "dead_letter", "record": each.record()} for each in letters),
    ]
    wire.load(schema, *rows(wire, 3), *messages, wire.state())
    wire.load(schema, keys(wire, 2, 3), wire.state())

    found = warehouse.rows("select key ->> 'id' from waybill.dead_letter where resolved_at is null")
    assert found == [("2",)]


def test_keys_without_their_state_delete_nothing(wire: Any, warehouse: ScratchDatabase) -> None:
    # A tap that dies while it sends keys must not be read as a source that has lost rows.
    schema = wire.schema("s", TYPES, ["id"], **{"x-ends-with-state": True})
    wire.load(schema, *rows(wire, 1, 2), wire.state())
    with pytest.raises(WaybillError, match="ended before the STATE"):
        wire.load(schema, keys(wire, 1))
    assert warehouse.rows(ALIVE) == [(1, 10), (2, 20)]


@pytest.mark.parametrize("columns", [["n"], ["id", "n"]])
def test_keys_of_another_shape_are_refused(
    wire: Any, warehouse: ScratchDatabase, columns: Any
) -> None:
    # What are not the stream's keys must delete nothing.
    schema = wire.schema("s", TYPES, ["id"])
    wire.load(schema, *rows(wire, 1), wire.state())
    batch = wire.batch("s", columns, [[1] * len(columns)], kind="keys")
    with pytest.raises(WaybillError, match=r"Stream s: keys to compare have the columns"):
        wire.load(schema, batch, wire.state())
    assert warehouse.rows(ALIVE) == [(1, 10)]
