"""What several test modules of the sources share."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waybill_common import contracts
from waybill_sources import olist
from waybill_sources.totesys_rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from waybill_warehouse.scratch import ScratchDatabase

CONTRACT = contracts.load(Path(__file__).parents[4] / "extract" / "contracts" / "olist.yml")


def _load(folder: Path) -> duckdb.DuckDBPyConnection:
    """The files of a folder as tables of text; a later file's row of a key replaces an earlier one."""
    database = duckdb.connect()
    for stream in CONTRACT.streams:
        names = [column.name for column in stream.columns]
        latest: dict[object, list[str | None]] = {}
        for path in sorted(folder.glob(stream.files or "")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file)
                assert next(rows) == names
                for row in rows:
                    key = tuple(row[names.index(name)] for name in stream.key) or len(latest)
                    latest[key] = [value or None for value in row]
        columns = zip(*latest.values(), strict=True) if latest else [[] for _ in names]
        arrays = [pa.array(column, pa.string()) for column in columns]
        database.register("rows", pa.table(arrays, names))
        database.execute(f"create table {stream.name} as from rows")
    return database


def _digest(folder: Path) -> str:
    """One digest of all files of a folder."""
    files = sorted(folder.glob("*.csv"))
    return hashlib.sha256(
        b"".join(file.name.encode() + file.read_bytes() for file in files)
    ).hexdigest()


def _contents(database: ScratchDatabase) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: sorted(database.rows(f'select * from "{table}"'), key=lambda row: row[0])
        for table in COLUMNS
    }


def _array(name: str, values: list[Any]) -> pa.Array:
    if any(isinstance(value, dt.datetime) for value in values):
        return pa.array(values, pa.timestamp("ns"))
    if name in {"payment_amount", "unit_price", "item_unit_price"}:
        return pa.array([float(value) for value in values], pa.float64())
    if name in {"sales_order_id", "purchase_order_id"}:
        return pa.array(
            [float("nan") if value is None else value for value in values], pa.float64()
        )
    return pa.array(values)


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _snapshot(database: ScratchDatabase, path: Path) -> Path:
    """The source's tables as a snapshot the way pandas writes one: floats for money and for keys with gaps."""
    with zipfile.ZipFile(path, "w") as archive:
        for table, columns in COLUMNS.items():
            rows = database.rows(f'select * from "{table}"')
            arrays = [_array(name, [row[at] for row in rows]) for at, name in enumerate(columns)]
            archive.writestr(f"{table}.parquet", _parquet(pa.table(arrays, columns)))
    return path


@pytest.fixture(scope="session")
def load() -> Callable[..., Any]:
    return _load


@pytest.fixture(scope="session")
def digest() -> Callable[..., Any]:
    return _digest


@pytest.fixture(scope="session")
def contents() -> Callable[..., Any]:
    return _contents


@pytest.fixture(scope="session")
def snapshot() -> Callable[..., Any]:
    return _snapshot


@pytest.fixture(scope="session")
def olist_samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "olist"
    olist.generate(folder)
    return folder


@pytest.fixture(scope="session")
def tables(olist_samples: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with _load(olist_samples) as database:
        yield database
