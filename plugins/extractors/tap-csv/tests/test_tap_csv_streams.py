"""What a run sends, in both modes, and what it remembers."""

from __future__ import annotations

import decimal
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_csv.tap import TapCsv
from waybill_common import batch_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Run = Callable[..., Any]
    MakeContract = Callable[..., Path]

ORDERS = {
    "id": "integer#",
    "name": "text",
    "price": "numeric+",
    "at": "timestamp",
    "paid": "boolean",
}


def plain(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what the tap adds, every value as PostgreSQL would show it."""
    shown = []
    for row in rows:
        kept = {name: value for name, value in row.items() if not name.startswith("_sdc_")}
        for name, value in kept.items():
            if name == "at" and value:
                kept[name] = value.replace("T", " ")
            elif name == "paid" and value is not None:
                kept[name] = str(value)[0].lower() in "t1"
            elif value is not None:
                kept[name] = str(value)
        shown.append(kept)
    return shown


def test_values_are_those_of_the_file_in_both_modes(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects the exactness of each type, and NULL against the empty string.
    (folder / "orders.csv").write_bytes(
        b"id,name,price,at,paid\n"
        b'1,"O""Brien\r\nCo",123456789012345678.123456789012,2018-02-28 23:59:59.5,true\r\n'
        b"2,,,,\n"
        b'3,"",0.10,2018-01-01,F\n'
        b"4,a\\tb\\N,-1.50,2018-01-01T05:00,0\n"
    )
    output = run(folder, contract({"orders": ORDERS}), mode)
    rows = plain(output.rows["orders"])
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["name"] for row in rows] == ['O"Brien\r\nCo', None, "", "a\\tb\\N"]
    assert [row["price"] for row in rows] == [
        "123456789012345678.123456789012",
        None,
        "0.10",
        "-1.50",
    ]
    assert [row["paid"] for row in rows] == [True, None, False, False]
    assert rows[0]["at"].startswith("2018-02-28 23:59:59.5")
    assert {row["_sdc_source_file"] for row in output.rows["orders"]} == {"orders.csv"}
    assert len({row["_sdc_extracted_at"] for row in output.rows["orders"]}) == 1


def test_columns_are_found_by_name(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects files whose columns stand in another order, as MeltanoLabs' tap loads them wrongly.
    (folder / "orders.csv").write_text("id,name,price,at,paid\n1,a,1.5,2018-01-01,t\n")
    (folder / "orders_2.csv").write_text('paid,"price",at,"name",id\nf,2.5,2018-01-02,b,2\n')
    rows = plain(run(folder, contract({"orders": ORDERS}), mode).rows["orders"])
    assert [(row["id"], row["name"], row["price"]) for row in rows] == [
        ("1", "a", "1.5"),
        ("2", "b", "2.5"),
    ]


def test_byte_order_mark_is_no_part_of_a_name(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects files saved by Excel, with a BOM before a quoted header and CRLF line ends.
    (folder / "orders.csv").write_bytes(b'\xef\xbb\xbf"id","name"\r\n1,a\r\n')
    rows = run(folder, contract({"orders": {"id": "integer", "name": "text"}}), mode).rows["orders"]
    assert [str(row["id"]) for row in rows] == ["1"]


def test_unknown_column_follows_the_drift_mode(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects the three promises about columns that the contract does not know.
    (folder / "t.csv").write_text('id,"we""ird; drop table x;--"\n1,yes\n')
    (folder / "t_2.csv").write_text("id\n2\n")
    hostile = 'we"ird; drop table x;--'
    output = run(folder, contract({"t": {"id": "integer"}}), mode)
    assert output.schema("t")["properties"][hostile]["x-sql-datatype"] == "text"
    assert [row.get(hostile) for row in output.rows["t"]] == ["yes", None]
    with pytest.raises(WaybillError, match=r"t\.csv: the contract does not know .*ird"):
        run(folder, contract({"t": {"id": "integer"}}, drift="freeze"), mode)
    output = run(folder, contract({"t": {"id": "integer"}}, drift="quarantine"), mode)
    assert hostile not in output.schema("t")["properties"]
    assert [set(row) for row in output.rows["t"]] == [
        {"id", "_sdc_source_file", "_sdc_extracted_at"}
    ] * 2


def test_schema_carries_types_key_totals_and_partition(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects what the target decides by: exact types, key, control totals, source partition.
    (folder / "orders.csv").write_text("id,name,price,at,paid\n")
    output = run(folder, contract({"orders": ORDERS}), mode)
    message = output.of("SCHEMA")[0]
    properties = message["schema"]["properties"]
    assert message["key_properties"] == ["id"]
    assert message["schema"]["x-source-partition"] == "_sdc_source_file"
    assert properties["id"] == {"type": ["integer"], "x-sql-datatype": "integer"}
    assert properties["price"] == {
        "type": ["number", "null"],
        "x-sql-datatype": "numeric",
        "x-control-total": True,
    }
    assert properties["at"]["format"] == "date-time"
    assert properties["_sdc_extracted_at"]["x-sql-datatype"] == "timestamptz"


def test_catalog_keeps_marks_and_takes_columns_out(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects the x- marks on the way through Meltano's catalog, and a column deselected in it.
    (folder / "orders.csv").write_text("id,name,price,at,paid\n1,secret,2.5,,t\n")
    promised = contract({"orders": ORDERS})
    catalog = json.loads(
        TapCsv(config={"path": str(folder), "contract": str(promised)}).catalog_json_text
    )
    for entry in catalog["streams"][0]["metadata"]:
        if entry["breadcrumb"] == ["properties", "name"]:
            entry["metadata"]["selected"] = False
    output = run(folder, promised, mode, catalog=catalog)
    assert output.schema("orders")["properties"]["price"]["x-control-total"] is True
    assert output.schema("orders")["x-source-partition"] == "_sdc_source_file"
    assert "name" not in output.schema("orders")["properties"]
    assert "secret" not in str(output.rows["orders"])
    assert output.rows["orders"][0]["_sdc_source_file"] == "orders.csv"


def test_figures_of_source_and_read(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects what the receipt compares: rows and exact sums, of the source and of this run.
    (folder / "orders.csv").write_text("id,name,price,at,paid\n1,,0.1,,\n2,,0.2,,\n")
    (folder / "orders_2.csv").write_text("id,name,price,at,paid\n3,,,,\n4,,1e2,,\n")
    promised = contract({"orders": ORDERS})
    first = run(folder, promised, mode)
    assert first.bookmark("orders")["read"] == {"rows": 4, "totals": {"price": "100.3"}}
    assert first.bookmark("orders")["source"]["rows"] == 4
    assert first.bookmark("orders")["source"]["totals"] == {"price": "100.3"}
    assert first.bookmark("orders")["files"]["orders.csv"]["totals"] == {"price": "0.3"}
    states = [
        message["value"]["bookmarks"]["orders"]["read"]["rows"] for message in first.of("STATE")
    ]
    assert states == [2, 4], "one state for each file, none in between"

    (folder / "orders_3.csv").write_text("id,name,price,at,paid\n5,,0.05,,\n")
    second = run(folder, promised, mode, state=first.state)
    assert len(second.rows["orders"]) == 1
    assert second.of("STATE")[0]["value"]["bookmarks"]["orders"]["read"]["rows"] == 0
    assert second.bookmark("orders")["read"] == {"rows": 1, "totals": {"price": "0.05"}}
    assert second.bookmark("orders")["source"]["rows"] == 5
    assert second.bookmark("orders")["source"]["totals"] == {"price": "100.35"}


def test_unchanged_is_skipped_changed_is_sent_whole(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects incremental reads: by content, not by time stamp or size.
    promised = contract({"t": {"id": "integer"}})
    (folder / "t_1.csv").write_text("id\n1\n2\n")
    (folder / "t_2.csv").write_text("id\n3\n")
    first = run(folder, promised, mode)
    nothing = run(folder, promised, mode, state=first.state)
    assert nothing.rows["t"] == []
    assert nothing.bookmark("t")["files"] == first.bookmark("t")["files"]
    assert nothing.bookmark("t")["source"]["rows"] == 3
    assert nothing.bookmark("t")["read"] == {"rows": 0, "totals": {}}

    (folder / "t_1.csv").write_text("id\n1\n9\n")  # of the same size
    changed = run(folder, promised, mode, state=nothing.state)
    assert [str(row["id"]) for row in changed.rows["t"]] == ["1", "9"]
    full = run(folder, promised, mode, state={})
    assert [str(row["id"]) for row in full.rows["t"]] == ["1", "9", "3"]


def test_changed_contract_sends_files_again(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects a column whose type was mended: its rows must land with the new type.
    (folder / "t.csv").write_text("id\n1\n")
    state = run(folder, contract({"t": {"id": "text"}})).state
    again = run(folder, contract({"t": {"id": "integer"}}), state=state)
    assert len(again.rows["t"]) == 1


def test_many_files_have_a_state_for_each_eighth_part_of_them(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects a folder of a file a day: a state names all files, so one for each would grow with their square.
    for number in range(100):
        (folder / f"t_{number:03}.csv").write_text(f"id\n{number}\n")
    promised = contract({"t": {"id": "integer"}})
    output = run(folder, promised, mode)
    known = [len(message["value"]["bookmarks"]["t"]["files"]) for message in output.of("STATE")]
    assert known[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert 8 < len(known) < 40
    assert known == sorted(known)
    assert known[-1] == 100
    assert len(output.rows["t"]) == 100
    (folder / "t_100.csv").write_text("id\n100\n")
    day = run(folder, promised, mode, state=output.state)
    assert day.bookmark("t")["read"]["rows"] == len(day.rows["t"]) == 1


def test_vanished_file_stays_in_the_bookmark(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects the figures of rows that stay in the warehouse.
    promised = contract({"t": {"id": "integer"}})
    for number in (1, 2):
        (folder / f"t_{number}.csv").write_text(f"id\n{number}\n")
    state = run(folder, promised).state
    (folder / "t_1.csv").unlink()
    later = run(folder, promised, state=state)
    assert later.rows["t"] == []
    assert sorted(later.bookmark("t")["files"]) == ["t_1.csv", "t_2.csv"]
    assert later.bookmark("t")["source"]["rows"] == 2


def test_batch_is_a_range_of_the_very_file(
    run: Run, contract: MakeContract, folder: Path, home: Path
) -> None:
    # Protects the way of the bytes to COPY: no copy of them is made, and the target can tell if the
    # file is still the one that was looked at.
    promised = contract({"t": {"id": "integer"}})
    (folder / "t.csv").write_text("id\n1\n")
    (message,) = run(folder, promised).of("BATCH")
    encoding = message["encoding"]
    assert batch_files.local_path(message["manifest"][0]) == folder / "t.csv"
    assert (encoding["format"], encoding["compression"]) == ("csv", "none")
    assert (encoding["offset"], encoding["length"], encoding["rows"]) == (3, 2, 1)
    assert encoding["columns"] == ["id"]
    assert encoding["source_partition"] == "t.csv"
    found = (folder / "t.csv").stat()
    expected = {"size": 5, "mtime_ns": found.st_mtime_ns, "inode": found.st_ino}
    assert encoding["file_identity"] == expected
    assert list(home.rglob("*.copy")) == []


def test_batch_of_a_compressed_file_is_a_private_copy(
    run: Run, contract: MakeContract, folder: Path, home: Path
) -> None:
    # Protects the secrecy of what is unpacked, and its place, by which the target removes it.
    (folder / "t.csv.gz").write_bytes(gzip.compress(b"id\n1\n"))
    (message,) = run(folder, contract({"t": {"id": "integer"}})).of("BATCH")
    file = batch_files.local_path(message["manifest"][0])
    assert file.read_bytes() == b"1\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.is_relative_to(home / "batch" / "tap-csv--shop")
    assert "file_identity" not in message["encoding"]


def test_file_that_lost_its_rows_is_announced(
    run: Run, contract: MakeContract, folder: Path
) -> None:
    # Protects the rows' removal: without a message the target could not know.
    promised = contract({"t": {"id": "integer"}})
    (folder / "t.csv").write_text("id\n1\n")
    state = run(folder, promised).state
    (folder / "t.csv").write_text("id\n")
    message = run(folder, promised, state=state).of("BATCH")[0]
    assert message["manifest"] == []
    assert message["encoding"]["rows"] == 0
    assert message["encoding"]["source_partition"] == "t.csv"


def test_stream_maps_get_records(run: Run, contract: MakeContract, folder: Path) -> None:
    # Protects stream maps, which batch files would pass by unseen.
    (folder / "t.csv").write_text("id,secret\n1,x\n2,y\n")
    promised = contract({"t": {"id": "integer", "secret": "text"}})
    output = run(folder, promised, stream_maps={"t": {"secret": None, "__filter__": "id > 1"}})
    assert output.of("BATCH") == []
    assert [(row["id"], "secret" in row) for row in output.rows["t"]] == [(2, False)]
    assert "read" not in output.bookmark("t")


def test_sum_does_not_round(run: Run, contract: MakeContract, folder: Path, mode: str) -> None:
    # Protects control totals beyond the 28 digits of Python's default context.
    (folder / "t.csv").write_text(f"n\n{'9' * 60}\n0.{'0' * 40}1\n")
    output = run(folder, contract({"t": {"n": "numeric+"}}), mode)
    with decimal.localcontext(prec=200):
        expected = decimal.Decimal("9" * 60) + decimal.Decimal(f"0.{'0' * 40}1")
    assert output.bookmark("t")["read"]["totals"]["n"] == f"{expected:f}"


def test_blank_line_is_a_row_only_of_a_single_column(
    run: Run, contract: MakeContract, folder: Path, mode: str
) -> None:
    # Protects the reading of blank lines as PostgreSQL's COPY reads them, where it reads them at all.
    (folder / "one.csv").write_text("a\nx\n\ny\n")
    (folder / "two.csv").write_text("a,b\nx,1\n\ny,2\n")
    streams = {"one": {"a": "text"}, "two": {"a": "text", "b": "text"}}
    output = run(folder, contract(streams), mode)
    assert [row["a"] for row in output.rows["one"]] == ["x", None, "y"]
    assert [row["a"] for row in output.rows["two"]] == ["x", "y"]
