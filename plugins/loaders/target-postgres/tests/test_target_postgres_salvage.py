"""Rows that PostgreSQL refuses: they become letters, and the rest of their batch lands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_postgres import salvage
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "varchar(5)", "amount": "total:numeric(6,2)"}
COLUMNS = list(TYPES)
GOOD = [(1, "a", "1.5"), (2, "b", None), (3, None, "4")]
LETTERS = """
    select column_name, reason, key ->> 'id', payload ->> 'name', found_by
    from waybill.dead_letter where resolved_at is null order by dead_letter_id
"""
HALF = {"x-dead-letter-limit": {"share": 0.9}}
property_test = settings(max_examples=15)


def send(wire: Any, mode: str, rows: list[tuple[Any, ...]]) -> list[Any]:
    if mode == "record":
        return [wire.record("orders", **dict(zip(COLUMNS, row, strict=True))) for row in rows]
    return [wire.batch("orders", COLUMNS, rows)]


def csv_file(path: Path, text: bytes, rows: int, **encoding: Any) -> dict[str, Any]:
    path.write_bytes(text)
    head = text.index(b"\n") + 1
    own = {"format": "csv", "columns": COLUMNS, "offset": head, "length": len(text) - head}
    return {
        "type": "BATCH",
        "stream": "orders",
        "encoding": own | {"rows": rows} | encoding,
        "manifest": [path.as_uri()],
    }


@pytest.mark.parametrize("mode", ["record", "batch"])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_rest_of_a_batch_lands(
    wire: Any, warehouse: ScratchDatabase, ledger: Any, mode: str, *, is_first: bool
) -> None:
    # A refused row stops nothing, into a new table and an old one; counts and totals stay exact.
    schema = wire.schema("orders", TYPES, ["id"])
    if not is_first:
        wire.load(schema, *send(wire, mode, [(9, "z", "0")]), wire.state())
    bad = [("x", "c", "8"), (4, "toolong", "16"), (5, "e", "123456.78"), (None, "n", "32")]
    rows = [GOOD[0], *bad[:3], GOOD[1], bad[3], GOOD[2]]
    read = {"rows": 7, "totals": {"amount": "123518.28"}}
    wire.load(schema, *send(wire, mode, rows), wire.state(orders={"read": read}))

    found = warehouse.rows("select id from raw_test.orders where id < 9 order by id")
    assert found == [(1,), (2,), (3,)]
    assert [row[0] for row in warehouse.rows(LETTERS)] == ["id", "name", "amount", "id"]
    assert [row[2:] for row in warehouse.rows(LETTERS)] == [
        ("x", "c", "target"),
        ("4", "toolong", "target"),
        ("5", "e", "target"),
        (None, "n", "target"),
    ]
    row = ledger("orders")[-1]
    assert (row["rows_received"], row["rows_inserted"], row["rows_dead"]) == (7, 3, 4)
    assert row["totals_received"] == {"amount": 123518.28}
    assert row["totals_landed_change"] == {"amount": 5.5}
    counted = "select sum((counted_totals ->> 'amount')::numeric)::text from waybill.dead_letter"
    assert warehouse.rows(counted) == [("123512.78",)]


def test_csv_names_file_line_and_raw_text(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    # A row of a user's own file is found again: by its first line, quoted newlines counted.
    text = (
        b'id,name,amount\n1,"a\nb",1\n2,"x\n\ny",many\n3,,1\n4,"toolong,",1\n'
        b'5,\xff\xfe,1\n6,a\x00b,2\n7,"",2\n,n,1\n8,z\n9,z,1,1\n'
    )
    schema = wire.schema("orders", TYPES, ["id"], **HALF)
    wire.load(
        schema, csv_file(tmp_path / "o.csv", text, 10, source_partition="o.csv"), wire.state()
    )

    found = warehouse.rows("select id, name from raw_test.orders order by id")
    assert found == [(1, "a\nb"), (3, None), (7, "")]
    letters = warehouse.rows(
        "select source_file, source_line, column_name, raw, payload ->> 'name' from waybill.dead_letter"
        " order by dead_letter_id"
    )
    assert letters == [
        ("o.csv", 4, "amount", '2,"x\n\ny",many', "x\n\ny"),
        ("o.csv", 8, "name", '4,"toolong,",1', "toolong,"),
        ("o.csv", 9, "name", "5,\\xff\\xfe,1", "\\xff\\xfe"),
        ("o.csv", 10, "name", "6,a\\u0000b,2", "a\\u0000b"),
        ("o.csv", 12, "id", ",n,1", "n"),
        ("o.csv", 13, None, "8,z", None),
        ("o.csv", 14, None, "9,z,1,1", None),
    ]


def test_binary_rows_are_told_apart(wire: Any, warehouse: ScratchDatabase, tmp_path: Path) -> None:
    # A binary batch keeps its good rows too; what can be read of a bad one is kept.
    query = (
        "select n::int, repeat('x', n), n::numeric(6,2) from generate_series(1, 9) as n"
        " union all select null, 'n', 1"
    )
    path = tmp_path / "b.bin"
    with (
        path.open("wb") as file,
        warehouse.connection().connect() as session,
        session.cursor().copy(f"copy ({query}) to stdout (format binary)") as data,
    ):
        file.writelines(data)
    batch = wire.batch("orders", COLUMNS, [], format="copy-binary")
    batch["encoding"]["rows"] = 10
    wire.load(
        wire.schema("orders", TYPES, ["id"], **HALF),
        batch | {"manifest": [path.as_uri()]},
        wire.state(),
    )

    assert warehouse.rows("select count(*), max(id) from raw_test.orders") == [(5, 5)]
    assert [(row[2], row[3]) for row in warehouse.rows(LETTERS)] == [
        *((str(n), "x" * n) for n in range(6, 10)),
        (None, "n"),
    ]


def test_a_check_of_the_table_makes_letters(wire: Any, warehouse: ScratchDatabase) -> None:
    # What the warehouse's owner demands of a table is told row by row, not as a failed merge.
    schema = wire.schema("orders", TYPES, ["id"])
    wire.load(schema, wire.record("orders", id=1, name="a", amount=1), wire.state())
    warehouse.execute(
        "alter table raw_test.orders add constraint positive check (amount > 0);"
        "alter table raw_test.orders alter column name set not null"
    )
    rows = [(2, "b", 1), (3, "c", -1), (4, None, 1)]
    wire.load(schema, *send(wire, "record", rows), wire.state())

    assert warehouse.rows("select id from raw_test.orders order by id") == [(1,), (2,)]
    assert [row[:3] for row in warehouse.rows(LETTERS)] == [
        (None, "it breaks the check positive of the table", "3"),
        ("name", "NULL where the table takes none", "4"),
    ]


def test_a_limit_of_no_rows_is_an_error_at_once(wire: Any, warehouse: ScratchDatabase) -> None:
    # Who wants no dead letters gets the first bad row as an error, by key and column.
    schema = wire.schema("orders", TYPES, ["id"], **{"x-dead-letter-limit": {"rows": 0}})
    rows = [GOOD[0], (4, "toolong", "1")]
    with pytest.raises(WaybillError, match=r"Stream orders, column name: .*too long.* at id = 4"):
        wire.load(schema, *send(wire, "record", rows), wire.state())
    assert warehouse.rows("select count(*) from waybill.load, waybill.dead_letter") == [(0,)]


def test_a_file_of_another_shape_is_given_up_soon(
    wire: Any, warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where most rows are dead and too many, the run fails before it has looked at each.
    monkeypatch.setattr("target_postgres.dead_letters.FEW", 20)
    schema = wire.schema("orders", TYPES, ["id"])
    rows = [("x", "a", "1")] * 10_000
    with pytest.raises(WaybillError, match=r"Stream orders: 20 of 2\d rows cannot land"):
        wire.load(schema, *send(wire, "batch", rows), wire.state())
    assert warehouse.rows("select count(*) from waybill.load") == [(0,)]


@pytest.mark.parametrize("mode", ["record", "batch", "csv"])
def test_every_row_received_has_one_outcome(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path, mode: str
) -> None:
    # received = inserted + updated + unchanged + superseded + dead, and what is good has landed.
    bad = st.sampled_from(
        [("x", "a", "1"), (7, "toolong", "2"), (8, "a", "99999.5"), (None, "a", "4")]
    )
    good = st.tuples(
        st.integers(1, 6), st.sampled_from(["a", "b", None]), st.sampled_from(["1", None])
    )
    schema = wire.schema("orders", TYPES, ["id"], **{"x-dead-letter-limit": {"share": 1}})

    @property_test
    @given(st.lists(st.one_of(good, good, bad), max_size=40))
    def check(rows: list[tuple[Any, ...]]) -> None:
        warehouse.execute("truncate waybill.load cascade; drop table if exists raw_test.orders")
        for _ in range(2):
            if mode == "csv":
                lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
                text = "\n".join(["id,name,amount", *lines, ""]).encode()
                messages = [csv_file(tmp_path / "o.csv", text, len(rows))]
            else:
                messages = send(wire, mode, rows)
            wire.load(schema, *messages, wire.state(orders={"read": {"rows": len(rows)}}))
        kept = {row[0]: row for row in rows if row[0] in range(1, 7)}
        found = warehouse.rows("select id, name, trim_scale(amount)::text from raw_test.orders")
        assert {row[0]: row for row in found} == kept
        dead = sum(row[0] not in range(1, 7) for row in rows)
        assert (
            warehouse.rows("select rows_received, rows_dead from waybill.load order by load_id")
            == [(len(rows), dead)] * 2
        )
        assert warehouse.rows("select count(*) from waybill.dead_letter") == [(2 * dead,)]

    check()


def test_a_server_that_speaks_another_language_is_understood(
    wire: Any, warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the error's context cannot be read, bad rows are found by halving.
    monkeypatch.setattr(salvage, "place_of", lambda _: (None, None))
    schema = wire.schema("orders", TYPES, ["id"], **HALF)
    rows = [(n if n % 3 else "x", "a", "1") for n in range(1, 40)]
    wire.load(schema, *send(wire, "batch", rows), wire.state())

    assert warehouse.rows("select count(*) from raw_test.orders") == [(26,)]
    assert warehouse.rows("select count(*) from waybill.dead_letter") == [(13,)]


def test_bad_rows_of_all_ways_mix(wire: Any, warehouse: ScratchDatabase, ledger: Any) -> None:
    # In one transaction, records and batches keep their order around rows that are left out.
    bad = st.sampled_from([("x", "a", "1"), (7, "toolong", "2"), (None, "a", "4")])
    good = st.tuples(st.integers(1, 4), st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"]))
    part = st.tuples(
        st.sampled_from(["record", "batch"]), st.lists(st.one_of(good, bad), max_size=6)
    )
    schema = wire.schema("orders", TYPES, ["id"], **{"x-dead-letter-limit": {"share": 1}})

    @property_test
    @given(st.lists(part, min_size=2, max_size=6))
    def check(parts: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
        warehouse.execute("truncate waybill.load cascade; drop table if exists raw_test.orders")
        messages = [message for mode, rows in parts for message in send(wire, mode, rows)]
        rows = [row for _, some in parts for row in some]
        wire.load(schema, *messages, wire.state(orders={"read": {"rows": len(rows)}}))

        kept = {row[0]: row for row in rows if row[0] in range(1, 5)}
        found = warehouse.rows("select id, name, trim_scale(amount)::text from raw_test.orders")
        assert {row[0]: row for row in found} == kept
        (load,) = ledger("orders")
        dead = sum(row[0] not in range(1, 5) for row in rows)
        assert (load["rows_received"], load["rows_dead"]) == (len(rows), dead)
        assert load["rows_inserted"] == len(kept)
        assert load["rows_superseded"] == len(rows) - dead - len(kept)

    check()
