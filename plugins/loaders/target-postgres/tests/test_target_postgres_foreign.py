from __future__ import annotations

import sys
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.contrib.batch_encoder_jsonl import JSONLinesBatcher
from singer_sdk.contrib.batch_encoder_parquet import ParquetBatcher
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig, StorageTarget

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

TYPES = {"id": "integer", "name": "text"}
UNSOUND = {
    "no STATE": [],
    "STATE while a stream is read": [{"currently_syncing": "orders", "bookmarks": {}}],
    "STATE with progress": [{"bookmarks": {"orders": {"progress_markers": {"id": 3}}}}],
}


def sdk_batch(folder: Path, file_format: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """A BATCH message and its files, by the SDK's own encoder."""
    batcher = {"jsonl": JSONLinesBatcher, "parquet": ParquetBatcher}[file_format]
    encoding = BaseBatchFileEncoding(format=file_format, compression="gzip")
    config = BatchConfig(encoding, StorageTarget(root=folder.as_uri()), batch_size=2)
    written = list(batcher("tap-test", "orders", config).get_batches(iter(records)))
    return {
        "type": "BATCH",
        "stream": "orders",
        "encoding": {"format": file_format, "compression": "gzip"},
        "manifest": [url for urls in written for url in urls],
    }


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
def test_batches_of_the_sdk_land_with_every_digit(
    wire: Any, warehouse: ScratchDatabase, tmp_path: Path, file_format: str
) -> None:
    # Files of other taps are read by the SDK's two formats, with exact values, and are left where they are.
    number = Decimal("123456789012345678.123456789012")
    schema = {
        "type": "SCHEMA",
        "stream": "orders",
        "key_properties": ["id"],
        "schema": {
            "properties": {
                "id": {"type": "integer"},
                "amount": {"type": ["number", "null"]},
                "at": {"type": ["string", "null"], "format": "date-time"},
                "tags": {"type": ["array", "null"], "items": {"type": "string"}},
                "name": {"type": ["string", "null"]},
            }
        },
    }
    at = "2026-01-02T03:04:05.678901+02:00"
    records = [
        {"id": 1, "amount": number, "at": at, "tags": ["a", 'b"'], "name": ""},
        {"id": 2, "amount": None, "at": None, "tags": None, "name": None},
        {"id": 3, "amount": -number, "at": at, "tags": ["\t"], "name": "é\n"},
    ]
    batch = sdk_batch(tmp_path, file_format, records)
    files = sorted(path for path in tmp_path.iterdir() if path.is_file())
    wire.load(schema, batch, wire.state(orders={"read": {"rows": 3}}))

    assert warehouse.rows(
        "select id, amount, at::text, tags, name from raw_test.orders order by id"
    ) == [
        (1, number, "2026-01-02 01:04:05.678901+00", ["a", 'b"'], ""),
        (2, None, None, None, None),
        (3, -number, "2026-01-02 01:04:05.678901+00", ["\t"], "é\n"),
    ]
    assert len(files) == 2
    assert sorted(path for path in tmp_path.iterdir() if path.is_file()) == files


def test_formats_that_cannot_be_read_say_so(
    wire: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Parquet without pyarrow, an unknown format and a file that is gone: one line each, with the way out.
    schema = wire.schema("orders", TYPES, ["id"])
    batch = sdk_batch(tmp_path, "parquet", [{"id": 1}])
    unknown = batch | {"encoding": {"format": "avro"}}
    gone = batch | {"manifest": [(tmp_path / "gone").as_uri()]}
    with pytest.raises(WaybillError, match="format 'avro' cannot be read"):
        wire.load(schema, unknown)
    with pytest.raises(WaybillError, match=r"gone is gone.*must share"):
        wire.load(schema, gone)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WaybillError, match=r"need pyarrow.*\[parquet\]"):
        wire.load(schema, batch)


@pytest.mark.parametrize("end", UNSOUND)
def test_overwrite_by_half_a_run_changes_nothing(
    wire: Any, warehouse: ScratchDatabase, end: str
) -> None:
    # A tap that dies in the middle of an overwrite leaves the table as it was, and the run fails.
    schema = wire.schema("orders", TYPES, ["id"])
    whole = [wire.record("orders", id=n) for n in range(5)]
    wire.load(schema, *whole, wire.state(orders={"n": 1}), load_method="overwrite")

    rest = [{"type": "STATE", "value": value} for value in UNSOUND[end]]
    half = [*whole[:1], wire.state(orders={"n": 2}), *whole[1:2], *rest]
    done = wire.run(schema, *half, load_method="overwrite")

    assert (done.returncode, done.stdout) == (1, "")
    assert "ended before the STATE that closes it" in done.stderr
    assert warehouse.rows("select count(*) from raw_test.orders") == [(5,)]


@pytest.mark.parametrize("key", [["id"], []])
def test_overwrite_is_seen_whole(wire: Any, warehouse: ScratchDatabase, key: list[str]) -> None:
    # A reader at work during an overwrite sees the old rows or the new ones: never none, never some.
    schema = wire.schema("orders", TYPES, key)

    def send(count: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        for n in range(count):
            messages += [wire.record("orders", id=n, name=str(count))]
            if n % 1000 == 0:
                messages += [wire.state(orders={"n": n})]
        return wire.load(
            schema, *messages, wire.state(orders={"n": "end"}), load_method="overwrite"
        )

    send(3000)
    seen: set[tuple[Any, ...]] = set()
    is_over = threading.Event()

    def read() -> None:
        with warehouse.connection().connect(autocommit=True) as session:
            while not is_over.is_set():
                found = session.execute("select count(*), max(name) from raw_test.orders")
                seen.update(found.fetchall())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        states = send(5000)
    finally:
        is_over.set()
        reader.join()

    assert states == [{"bookmarks": {"orders": {"n": "end"}}}]
    assert seen <= {(3000, "3000"), (5000, "5000")}
    assert warehouse.rows("select count(*) from raw_test.orders") == [(5000,)]


def activate(version: int) -> dict[str, Any]:
    return {"type": "ACTIVATE_VERSION", "stream": "orders", "version": version}


def versioned(wire: Any, version: int, *ids: int) -> list[dict[str, Any]]:
    return [wire.record("orders", id=each) | {"version": version} for each in ids]


@pytest.mark.parametrize("order", ["before", "after", "both"])
@pytest.mark.parametrize("key", [["id"], []])
def test_rows_of_older_versions_go_at_the_end(
    wire: Any, warehouse: ScratchDatabase, order: str, key: list[str]
) -> None:
    # ACTIVATE_VERSION takes effect when the rows are in, wherever the tap sends it; STATEs wait for that.
    schema = wire.schema("orders", TYPES, key)

    def send(version: int, *ids: int) -> list[Any]:
        rows = versioned(wire, version, *ids)
        before = [activate(version)] if order != "after" else []
        after = [activate(version)] if order != "before" else []
        middle = wire.state(orders={"n": ids[0]})
        return wire.load(
            *(schema, *before, rows[0], middle, *rows[1:], *after),
            wire.state(orders={"n": version}),
            hard_delete=True,
        )

    send(1, 1, 2, 3)
    states = send(2, 2, 3, 4)

    assert states == [{"bookmarks": {"orders": {"n": 2}}}]
    assert warehouse.rows("select id from raw_test.orders order by id") == [(2,), (3,), (4,)]


def test_rows_of_older_versions_are_marked(wire: Any, warehouse: ScratchDatabase) -> None:
    # Without hard_delete a row that the new version lacks stays, marked.
    schema = wire.schema("orders", TYPES, ["id"])
    for version, ids in ((1, (1, 2)), (2, (2,))):
        rows = versioned(wire, version, *ids)
        wire.load(schema, activate(version), *rows, wire.state(orders={"n": version}))

    found = warehouse.rows(
        "select id, _sdc_deleted_at is not null from raw_test.orders order by id"
    )
    assert found == [(1, True), (2, False)]


def test_rows_of_a_version_that_goes_on_stay(wire: Any, warehouse: ScratchDatabase) -> None:
    # A tap that keeps its version over incremental runs, as its bookmark shows, loses none of their rows.
    schema = wire.schema("orders", TYPES, ["id"])
    for number in (1, 2):
        state = wire.state(orders={"version": 7, "n": number})
        wire.load(schema, activate(7), *versioned(wire, 7, number), state)

    assert warehouse.rows("select id, _sdc_deleted_at from raw_test.orders order by id") == [
        (1, None),
        (2, None),
    ]


def test_versions_of_half_a_run_change_nothing(wire: Any, warehouse: ScratchDatabase) -> None:
    # A tap that dies before its last STATE takes no older rows away.
    schema = wire.schema("orders", TYPES, ["id"])
    wire.load(schema, activate(1), *versioned(wire, 1, 1, 2), wire.state(orders={"n": 1}))
    with pytest.raises(WaybillError, match="ended before the STATE that closes it"):
        wire.load(schema, activate(2), *versioned(wire, 2, 3))
    with pytest.raises(WaybillError, match="ended before the STATE that closes it"):
        wire.load(schema, activate(2))

    assert warehouse.rows("select count(*) from raw_test.orders") == [(2,)]


def test_a_renamed_stream_ends_with_its_version(wire: Any, warehouse: ScratchDatabase) -> None:
    # A tap that names streams database-table needs an alias; its ACTIVATE_VERSION still has the tap's name.
    schema = wire.schema("orders", TYPES, ["id"])
    maps = {"orders": {"__alias__": "purchases"}}
    for version, ids in ((1, (1, 2)), (2, (2, 3))):
        rows = versioned(wire, version, *ids)
        state = wire.state(orders={"n": version})
        wire.load(schema, activate(version), *rows, state, stream_maps=maps, hard_delete=True)

    assert warehouse.rows("select id from raw_test.purchases order by id") == [(2,), (3,)]
