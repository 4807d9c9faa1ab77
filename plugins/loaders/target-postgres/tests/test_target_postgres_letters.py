"""Letters that a tap sends: where they land, and when they are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "n": "total:numeric", "_sdc_source_file": "text"}
OPEN = """
    select source_file, source_line, key ->> 'id', column_name, reason, raw, payload ->> 'n', found_by
    from waybill.dead_letter where resolved_at is null order by dead_letter_id
"""


def letters(*sent: DeadLetter) -> list[dict[str, Any]]:
    """The messages by which a tap tells of them."""
    schema = {"type": "SCHEMA", "stream": "dead_letter", "schema": dead_letters.SCHEMA}
    return [
        schema | {"key_properties": []},
        *({"type": "RECORD", "stream": "dead_letter", "record": each.record()} for each in sent),
    ]


def of_file(name: str, line: int, **parts: Any) -> DeadLetter:
    return DeadLetter("orders", "no number", name, line, column="n", raw="1,x", **parts)


def read(rows: int, total: str) -> dict[str, Any]:
    return {"read": {"rows": rows, "totals": {"n": total}}}


def test_a_letter_lands_with_the_rows_around_it(
    wire: Any, warehouse: ScratchDatabase, ledger: Any
) -> None:
    # The tap's count of rows holds the dead ones too, and the ledger row accounts for them.
    schema = wire.schema("orders", TYPES, ["id"], **{"x-source-partition": "_sdc_source_file"})
    rows = wire.batch("orders", list(TYPES), [(1, "1.5", "a.csv"), (3, 2, "a.csv")])
    letter = of_file("a.csv", 3, key={"id": "2"}, payload={"id": "2", "n": "x"})
    wire.load(schema, rows, *letters(letter), wire.state(orders=read(3, "3.5")))

    assert warehouse.rows(OPEN) == [("a.csv", 3, "2", "n", "no number", "1,x", "x", "tap")]
    (row,) = ledger("orders")
    assert (row["rows_received"], row["rows_inserted"], row["rows_dead"]) == (3, 2, 1)
    assert row["totals_received"] == {"n": 3.5}
    assert warehouse.rows("select load_id from waybill.dead_letter") == [(row["load_id"],)]
    assert warehouse.rows("select to_regclass('raw_test.dead_letter')") == [(None,)]


def test_a_file_of_dead_rows_alone_replaces_what_was_there(
    wire: Any, warehouse: ScratchDatabase
) -> None:
    # In record mode nothing but its letters says that the file was read.
    schema = wire.schema("orders", TYPES, ["id"], **{"x-source-partition": "_sdc_source_file"})
    wire.load(schema, wire.record("orders", id=1, _sdc_source_file="a.csv"), wire.state())
    wire.load(schema, *letters(of_file("a.csv", 2)), wire.state(orders=read(1, "0")))

    assert warehouse.rows("select count(*) from raw_test.orders") == [(0,)]
    assert warehouse.rows("select rows_deleted, rows_dead from waybill.load order by 1") == [
        (0, 0),
        (1, 1),
    ]


def test_a_file_sent_again_closes_its_letters(wire: Any, warehouse: ScratchDatabase) -> None:
    # A mended file resolves its own letters, and no other file's.
    schema = wire.schema("orders", TYPES, ["id"], **{"x-source-partition": "_sdc_source_file"})
    for name in ("a.csv", "b.csv"):
        wire.load(schema, *letters(of_file(name, 2)), wire.state(orders=read(1, "0")))
    mended = wire.batch("orders", list(TYPES), [(1, 1, "a.csv")])
    again = letters(of_file("a.csv", 5))
    wire.load(schema, mended, *again, wire.state(orders=read(2, "1")))

    assert [row[:2] for row in warehouse.rows(OPEN)] == [("b.csv", 2), ("a.csv", 5)]
    assert warehouse.rows("select count(*) from waybill.dead_letter where resolved_by = 'reload'")


def test_a_key_that_lands_closes_its_letter(wire: Any, warehouse: ScratchDatabase) -> None:
    # A row mended at its source resolves its letter; one that is dead again has one open letter.
    schema = wire.schema("orders", {"id": "integer", "n": "total:numeric"}, ["id"])
    first, second = (DeadLetter("orders", "bad", key={"id": each}) for each in ("1", "2"))
    wire.load(schema, *letters(first, second), wire.state())
    wire.load(schema, wire.record("orders", id=1, n=1), *letters(second), wire.state())

    assert [row[2] for row in warehouse.rows(OPEN)] == ["2"]
    assert warehouse.rows("select count(*) from waybill.dead_letter") == [(3,)]


def test_a_letter_knows_of_the_older_row(wire: Any, warehouse: ScratchDatabase) -> None:
    # Where the table keeps an older version, the receipt can still tell source from table.
    schema = wire.schema("orders", {"id": "integer", "n": "total:numeric"}, ["id"])
    letter = DeadLetter("orders", "bad", key={"id": "1"})
    wire.load(schema, wire.record("orders", id=1, n="2.5"), wire.state())
    wire.load(schema, *letters(letter), wire.state())

    found = warehouse.rows(
        "select keeps_older_row, counted_totals ->> 'n' from waybill.dead_letter"
    )
    assert found == [(True, "-2.5")]


@pytest.mark.parametrize(
    ("limit", "dead"), [({"rows": 2}, 3), ({"share": 0.2}, 2), ({"rows": 0}, 1), (None, 11)]
)
def test_too_many_dead_letters_commit_nothing(
    wire: Any, warehouse: ScratchDatabase, limit: dict[str, Any] | None, dead: int
) -> None:
    # Above the limit the run fails by one line that shows figures and a row; at it, all lands.
    marks = {dead_letters.LIMIT_MARK: limit} if limit else {}
    schema = wire.schema("orders", TYPES, ["id"], **marks)
    rows = wire.batch("orders", list(TYPES), [(n, 1, None) for n in range(5)])
    sent = [of_file("a.csv", n) for n in range(dead)]
    with pytest.raises(WaybillError, match=r"Stream orders.* column n: no number.* of a.csv"):
        wire.load(schema, rows, *letters(*sent), wire.state())
    assert warehouse.rows("select count(*) from waybill.load, waybill.dead_letter") == [(0,)]

    wire.load(schema, rows, *letters(*sent[1:]), wire.state())
    assert warehouse.rows("select count(*) from waybill.dead_letter") == [(dead - 1,)]


def test_letters_are_not_kept_in_memory(wire: Any, warehouse: ScratchDatabase) -> None:
    # A thousand letters of one transaction land in the order in which they came.
    schema = wire.schema("orders", TYPES, **{dead_letters.LIMIT_MARK: {"share": 1}})
    wire.load(schema, *letters(*(of_file("a.csv", n) for n in range(1200))), wire.state())

    found = warehouse.rows(
        "select array_agg(source_line order by dead_letter_id) from waybill.dead_letter"
    )
    assert found == [(list(range(1200)),)]


@pytest.mark.parametrize("limit", [0, 5])
def test_no_message_shows_what_the_tap_calls_personal(
    wire: Any, warehouse: ScratchDatabase, limit: int
) -> None:
    # PostgreSQL quotes the value it refuses, and a key may be a name; the letter itself keeps both.
    marks = {dead_letters.LIMIT_MARK: {"rows": limit}}
    schema = wire.schema("people", {"name": "text", "born": "date"}, ["name"], **marks)
    for each in schema["schema"]["properties"].values():
        each["x-pii"] = True
    done = wire.run(schema, wire.record("people", name="CANARY", born="CANARY"), wire.state())

    assert done.returncode == (0 if limit else 1)
    assert "CANARY" not in done.stderr
    if limit:
        rows = warehouse.rows("select reason, key from waybill.dead_letter")
        expected = "invalid input syntax for type date: a value that is not shown"
        assert rows == [(expected, {"name": "CANARY"})]
    else:
        assert "Stream people, column born: invalid input syntax for type date: a" in done.stderr
