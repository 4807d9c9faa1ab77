from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import batch_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text", "amount": "total:numeric(10,2)"}
COLUMNS = list(TYPES)
NO_LETTERS = {"x-dead-letter-limit": {"rows": 0}}
AT = "2026-01-02T03:04:05+00:00"


def csv_batch(path: Path, columns: list[str], rows: int, **encoding: Any) -> dict[str, Any]:
    stat = path.stat()
    identity = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "inode": stat.st_ino}
    encoding = {"file_identity": identity} | encoding
    if "offset" not in encoding:
        encoding["offset"] = path.read_bytes().index(b"\n") + 1
    encoding.setdefault("length", stat.st_size - encoding["offset"])
    return {
        "type": "BATCH",
        "stream": "orders",
        "encoding": {"format": "csv", "columns": columns, "rows": rows, "extracted_at": AT}
        | encoding,
        "manifest": [path.as_uri()],
    }


def binary_batch(
    path: Path, warehouse: ScratchDatabase, query: str, columns: list[str], rows: int
) -> dict[str, Any]:
    statement = f"copy ({query}) to stdout (format binary)".encode()
    with (
        warehouse.connection().connect() as session,
        session.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        path.write_bytes(b"".join(map(bytes, copy)))
    encoding = {"format": "copy-binary", "columns": columns, "rows": rows, "extracted_at": AT}
    return {"type": "BATCH", "stream": "orders", "encoding": encoding, "manifest": [path.as_uri()]}


def test_csv_lands_as_it_stands(wire: Any, warehouse: ScratchDatabase, tmp_path: Path) -> None:
    # A user's CSV goes to COPY by byte ranges: quoted empty is a text, unquoted is NULL, and the file stays.
    path = tmp_path / "orders.csv"
    path.write_bytes(
        b'name;id;amount\n"a;\n""b""";1;1.5\n'  # one record over two lines
        b'"";2;\n'
        b";3;2.25\n"
    )
    split = path.read_bytes().index(b'"";2')
    types = TYPES | {"_sdc_source_file": "text"}
    schema = wire.schema("orders", types, ["id"], **{"x-source-partition": "_sdc_source_file"})
    columns = ["name", "id", "amount"]
    fixed = {"delimiter": ";", "source_partition": "orders.csv"}
    begin = path.read_bytes().index(b"\n") + 1
    wire.load(
        schema,
        csv_batch(path, columns, 1, length=split - begin, **fixed),
        csv_batch(path, columns, 2, offset=split, **fixed),
        wire.state(orders={"read": {"rows": 3, "totals": {"amount": "3.75"}}}),
    )

    found = warehouse.rows(
        "select id, name, amount, _sdc_source_file, _sdc_extracted_at::text from raw_test.orders order by id"
    )
    assert [row[:3] for row in found] == [
        (1, 'a;\n"b"', Decimal("1.50")),
        (2, "", None),
        (3, None, Decimal("2.25")),
    ]
    assert {row[3:] for row in found} == {("orders.csv", "2026-01-02 03:04:05+00")}
    assert path.exists()


def test_csv_of_a_run_folder_is_deleted(
    wire: Any, warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A file that the tap unpacked for the target goes after the commit, and its folder with it.
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "batch-home"))
    folder = batch_files.BatchFolder("tap-test")
    path = folder.path / "orders.csv"
    path.write_bytes(b"id\n1\n")
    wire.load(
        wire.schema("orders", {"id": "integer"}, ["id"]),
        csv_batch(path, ["id"], 1),
        wire.state(),
        sqlalchemy_url=warehouse.url("loader"),
    )

    assert not path.exists()
    folder.close()
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"length": 100}, "ends 92 bytes before"),
        ({"rows": 3}, "hold 2 rows, their message says 3"),
        ({"file_identity": {"size": 12}}, "has changed since"),
        ({"file_identity": {"inode": 1}}, "has changed since"),
        ({"columns": ["id", "x"]}, "columns its SCHEMA does not"),
    ],
)
def test_csv_that_is_another_is_refused(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    # A file that was changed, cut or swapped after the tap's look commits nothing.
    path = tmp_path / "orders.csv"
    path.write_bytes(b"id,name\n1,a\n2,b\n")
    with pytest.raises(WaybillError, match=complaint):
        wire.load(
            wire.schema("orders", {"id": "integer", "name": "text"}, ["id"]),
            csv_batch(path, **({"columns": ["id", "name"], "rows": 2} | change)),
            wire.state(),
        )
    assert warehouse.rows("select to_regclass('raw_test.orders') is null") == [(True,)]


def test_csv_that_changes_while_it_is_read_is_refused(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A writer at work during the read is noticed after it.
    path = tmp_path / "orders.csv"
    path.write_bytes(b"id\n1\n")
    batch = csv_batch(path, ["id"], 1)
    looks: list[int] = []
    fstat = os.fstat

    def fstat_then_touch(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        looks.append(descriptor)
        os.utime(path, ns=(1, 1))
        return found

    monkeypatch.setattr("waybill_common.targets.formats.os.fstat", fstat_then_touch)
    with pytest.raises(WaybillError, match="has changed since"):
        wire.load(wire.schema("orders", {"id": "integer"}, ["id"]), batch, wire.state())
    assert len(looks) == 2
    assert warehouse.rows("select to_regclass('raw_test.orders') is null") == [(True,)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_errors_name_file_line_and_key(wire: Any, tmp_path: Path, newline: str) -> None:
    # A refused value in a range is found by the line of the whole file on which its record begins.
    path = tmp_path / "orders.csv"
    records = ["id,name,amount", f'1,"x{newline}y",1', f'2,"x{newline}{newline}y",1', "3,,1"]
    head = len(newline.join(records)) + len(newline)
    records += [f'4,"x{newline}y",2', f'5,"x{newline}y",many', "6,,1", ""]
    path.write_bytes(newline.join(records).encode())
    encoding = {"offset": head, "length": path.stat().st_size - head}
    with pytest.raises(WaybillError, match=r"column amount: .*many.* at id = 5, line 10 of orders"):
        wire.load(
            wire.schema("orders", TYPES, ["id"], **NO_LETTERS),
            csv_batch(path, COLUMNS, 3, **encoding),
            wire.state(),
        )


def test_binary_lands_as_it_stands(wire: Any, warehouse: ScratchDatabase, tmp_path: Path) -> None:
    # Binary COPY is read by the types of the SCHEMA, also into a table whose types have become wider.
    columns = ["id", "name", "amount"]
    first = binary_batch(
        tmp_path / "1",
        warehouse,
        "select 1::smallint, 'a'::varchar(3), 1.50::numeric(4,2)",
        columns,
        1,
    )
    narrow = {"id": "smallint", "name": "varchar(3)", "amount": "total:numeric(4,2)"}
    wire.load(wire.schema("orders", narrow, ["id"]), first, wire.state())
    wider = {"id": "bigint", "name": "text", "amount": "total:numeric"}
    wire.load(wire.schema("orders", wider, ["id"]), wire.record("orders", id=2**40), wire.state())
    place = "select ctid, id, name, amount from raw_test.orders where id = 1"
    before = warehouse.rows(place)

    again = binary_batch(
        tmp_path / "2",
        warehouse,
        "select 1::smallint, 'a'::varchar(3), 1.50::numeric(4,2) union all select 2::smallint, 'bcd', null",
        columns,
        2,
    )
    wire.load(wire.schema("orders", narrow, ["id"]), again, wire.state())

    assert warehouse.rows(place) == before
    assert warehouse.rows("select id, name, amount from raw_test.orders where id = 2") == [
        (2, "bcd", None)
    ]
    assert warehouse.rows(
        "select rows_received, rows_inserted, rows_unchanged from waybill.load order by load_id"
    )[-1] == (2, 1, 1)


def test_binary_errors_name_row_and_column(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    # A binary file of other types than the SCHEMA's is refused, by column and key.
    batch = binary_batch(tmp_path / "b.bin", warehouse, "select 1::bigint, 'a'", ["id", "name"], 1)
    with pytest.raises(WaybillError, match=r"Stream orders, column id: .* at id = "):
        wire.load(wire.schema("orders", TYPES, ["id"], **NO_LETTERS), batch, wire.state())


def test_formats_interleave(
    wire: Any, warehouse: ScratchDatabase, ledger: Any, tmp_path: Path
) -> None:
    # Of rows with one key the later wins, whatever way each came.
    path = tmp_path / "orders.csv"
    path.write_bytes(b"id,name,amount\n1,csv,1\n2,csv,2\n3,csv,4\n4,csv,8\n")
    query = "select 2, 'binary'::text, 16.00::numeric(10,2) union all select 3, 'binary', 32"
    wire.load(
        wire.schema("orders", TYPES, ["id"]),
        wire.record("orders", id=1, name="record", amount=64),
        csv_batch(path, COLUMNS, 4),
        wire.batch("orders", COLUMNS, [(4, "copy", 128)]),
        binary_batch(tmp_path / "b", warehouse, query, COLUMNS, 2),
        wire.record("orders", id=3, name="record", amount=256),
        wire.state(),
    )

    assert warehouse.rows("select id, name from raw_test.orders order by id") == [
        (1, "csv"),
        (2, "binary"),
        (3, "record"),
        (4, "copy"),
    ]
    (row,) = ledger("orders")
    assert [row[f"rows_{name}"] for name in ("received", "inserted", "superseded")] == [9, 4, 5]
    assert row["totals_landed_change"] == {"amount": 401}
