"""Random texts, bytes and tables against Python's csv module and a real PostgreSQL."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import itertools
import json
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tap_csv import column_types
from tap_csv.reader import CsvReader, MalformedCsvError, Record
from tap_csv.tap import TapCsv
from waybill_common import batch_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from psycopg import Connection

    from waybill_warehouse.scratch import ScratchDatabase

# Fixtures last for all examples here on purpose; no example depends on another.
settings.register_profile(
    "tap-csv",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
property_test = settings(settings.get_profile("tap-csv"), max_examples=100)

TYPES = {
    "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    "varchar(5)": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    "smallint": st.integers(-(2**15), 2**15 - 1).map(str),
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=12).map(str),
    "numeric(6,2)": st.decimals("-9999.99", "9999.99", places=2).map(str),
    "boolean": st.sampled_from(["true", "f", "1", "0", "TRUE", "False"]),
    "date": st.dates().map(str),
    "timestamp": st.datetimes().map(str),
    "timestamptz": st.datetimes(timezones=st.just(dt.timezone(dt.timedelta(hours=-3)))).map(str),
    "uuid": st.uuids().map(str),
    "double precision": st.floats(-1e300, 1e300, allow_subnormal=False).map(repr),
}

NEAR = st.text("0123456789+-.,eE:TZ tfrualsnyFI_x\N{ARABIC-INDIC DIGIT FIVE}\t", max_size=26)
EDGES = st.sampled_from(
    [
        "1e400000",
        "1e-17000",
        ".5",
        "5.",
        ".",
        "+.5e3",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "-0",
        "00012",
        "2018-02-29",
        "2020-02-29",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "2018-1-1",
        "24:00",
        "2018-01-01T24:00:00",
        "2018-01-01T10:00:60",
        "2018-01-01T23:59:59.9999999",
        "2018-01-01T10:00Z",
        "2018-01-01T10:00+14:59",
        "2018-01-01T10:00-0330",
        "now",
        "infinity",
        "epoch",
        "20180101",
        "1e309",
        "1e-400",
        "3.5e38",
        "123456.7",
        "99999.994",
        "9999.995",
        "10000",
        "1e3",
        "yes",
        "on",
        "TRUE",
        "tr",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        "9223372036854775808",
        "-32769",
    ]
)


@pytest.fixture
def database(source_database: ScratchDatabase) -> Iterator[Connection[Any]]:
    with source_database.connection("admin").connect(autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("sql_type", TYPES)
@property_test
@given(data=st.data())
def test_admitted_text_is_what_postgresql_reads(
    database: Connection[Any], sql_type: str, data: Any
) -> None:
    # Protects the promise that a checked text casts, without loss, to the value of record mode.
    admitted = column_types.of_sql_type(sql_type)
    text = data.draw(TYPES[sql_type] | NEAR | EDGES)
    if not admitted.admits(text):
        assert not admitted.admits_all(["", text] if admitted.is_text else [text])
        return
    assert admitted.admits_all([text])
    cast = sql.SQL("select %s::{}").format(sql.SQL(sql_type))
    (stored,) = database.execute(cast, (text,)).fetchone()
    converted = admitted.convert(text)
    if "timestamp" in sql_type:
        assert dt.datetime.fromisoformat(converted) == stored
    elif sql_type == "double precision":
        assert float(converted) == stored
    elif sql_type == "uuid":
        assert uuid.UUID(converted) == stored
    elif sql_type == "date":
        assert dt.date.fromisoformat(converted) == stored
    else:
        assert converted == stored


@pytest.mark.parametrize(
    ("sql_type", "texts"),
    {
        "integer": ["1.0", " 1", "1 ", "1e3", "2147483648", "-2147483649", "1_0", "٣", "0x1f"],
        "numeric": ["NaN", "Infinity", "1,5", "1e200000", "1e-17000", ".", "", "--1"],
        "numeric(6,2)": ["0.005", "10000", "1e4", "-9999.999"],
        "boolean": ["yes", "on", "2", "tru"],
        "date": ["2018-02-29", "2018-1-1", "01/02/2018", "0000-01-01", "2018-01-01T00:00"],
        "timestamp": ["2018-01-01T10:00Z", "2018-01-01 10", "2018-01-01 24:00:00", "now"],
        "timestamptz": ["2018-01-01 10:00 UTC", "2018-01-01 10:00+25:00"],
        "varchar(3)": ["four", "a\0b"],
        "uuid": ["6ba7b8109dad11d180b400c04fd430c8x"],
        "real": ["1e39", "1e-60", "inf"],
    }.items(),
)
def test_text_that_would_change_or_fail_is_refused(sql_type: str, texts: list[str]) -> None:
    # Protects against PostgreSQL's leniency: silent rounding, dropped zones, special words.
    admitted = column_types.of_sql_type(sql_type)
    assert [text for text in texts if admitted.admits(text)] == []


class Dripping(io.BytesIO):
    """Gives a few bytes at a time, so that blocks end anywhere."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = itertools.cycle(sizes)

    def read(self, _: int = -1) -> bytes:
        return super().read(next(self._sizes))


def records_of(stream: io.BytesIO) -> tuple[CsvReader, list[Record]]:
    reader = CsvReader(stream)
    return reader, [reader.header, *(r for chunk in reader.chunks() for r in chunk.records())]


@property_test
@given(
    text=st.text('ab,"\r\n\x0b\x0c\x1c\u2028é', max_size=60),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    mark=st.booleans(),
)
def test_reader_agrees_with_the_csv_module(text: str, sizes: list[int], mark: bool) -> None:
    # Protects rows, lines and raw texts wherever a block ends, and line ends of every kind.
    text = text.lstrip("\ufeff")
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    expected: list[list[str]] = []
    failed = False
    try:
        expected.extend(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        failed = True
    if failed:
        with pytest.raises(MalformedCsvError) as caught:
            records_of(Dripping(data, sizes))
        assert 1 <= caught.value.line <= text.count("\n") + text.count("\r") + 1
        return
    reader, records = records_of(Dripping(data, sizes))
    assert [record.row for record in records] == (expected or [[]])
    assert "".join(record.raw for record in records) == text
    assert reader.size == len(data)
    physical = list(io.StringIO(text, newline=""))
    for record in records:
        assert not record.raw or record.raw.startswith(physical[record.line - 1])


@property_test
@given(
    rows=st.lists(
        st.lists(
            st.sampled_from(["", '""', "a", '"a"', '"a,"""', '"\n"', '","","",x"']),
            min_size=2,
            max_size=5,
        ),
        min_size=1,
    )
)
def test_quoted_empty_field_is_told_from_an_empty_one(rows: list[Any]) -> None:
    # Protects '' against NULL, where the csv module gives the same for both.
    text = "".join(",".join(row) + "\n" for row in rows)
    _, records = records_of(io.BytesIO(text.encode()))
    expected = [[i for i, field in enumerate(row) if field == '""'] for row in rows]
    assert [record.quoted_empties() for record in records] == expected


COLUMNS = {
    "words": "text",
    "price": "numeric",
    'x"; drop table t; --': "text",
    "n": "bigint",
    "at": "timestamp",
    "zoned": "timestamptz",
    "day": "date",
    "flag": "boolean",
}
CELLS = st.text(st.sampled_from("a\\\t\n\r\",'é🐘 .N\x0b\x85\u2028\x1a"), max_size=6)


def _cell(sql_type: str) -> st.SearchStrategy[str | None]:
    return st.none() | (CELLS if sql_type == "text" else TYPES[sql_type])


@pytest.mark.usefixtures("home")
@property_test
@given(
    rows=st.lists(st.tuples(*map(_cell, COLUMNS.values())), max_size=6),
    order=st.permutations(list(COLUMNS)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
)
def test_both_modes_give_what_postgresql_reads_itself(  # noqa: PLR0917 - fixtures are arguments
    database: Connection[Any],
    contract: Callable[..., Path],
    folder: Path,
    rows: list[Any],
    order: list[str],
    quoting: Any,
    end: str,
    mark: bool,
) -> None:
    # Protects out equals in: batch and record mode against COPY … (format csv) of the same bytes,
    # which is also the road that a file may take unread one day.
    written = io.StringIO()
    if quoting == csv.QUOTE_MINIMAL:
        end = "\r\n"  # the module quotes only those line breaks that are its own
    writer = csv.writer(written, quoting=quoting, lineterminator=end)
    writer.writerow(order)
    for row in rows:
        named = dict(zip(COLUMNS, row, strict=True))
        writer.writerow([named[name] for name in order])
    data = written.getvalue().encode()
    (folder / "t.csv").write_bytes((b"\xef\xbb\xbf" if mark else b"") + data)

    create(database, "expected", [*COLUMNS])
    create(database, "batch", [*COLUMNS, "_sdc_source_file"])
    create(database, "record", [*COLUMNS])
    not_text = [name for name in COLUMNS if COLUMNS[name] != "text"]
    options = sql.SQL("(format csv, header match, force_null ({}))").format(names(not_text))
    copy_in(database, "expected", order, [data], options)

    messages = sync(folder, contract({"t": COLUMNS}), "batch")
    for message in messages["BATCH"]:
        data = [batch_files.local_path(uri).read_bytes() for uri in message["manifest"]]
        copy_in(database, "batch", message["encoding"]["columns"], data, sql.SQL("(format text)"))
    for message in sync(folder, contract({"t": COLUMNS}), "record").get("RECORD", []):
        kept = {name: value for name, value in message["record"].items() if name in COLUMNS}
        statement = sql.SQL("insert into record ({}) values ({})").format(
            names(kept), sql.SQL(", ").join([sql.Placeholder()] * len(kept))
        )
        database.execute(statement, list(kept.values()))
    expected = content(database, "expected")
    assert len(expected) == len(rows)
    assert content(database, "batch") == expected
    assert content(database, "record") == expected


def create(database: Connection[Any], table: str, columns: Iterable[str]) -> None:
    definitions = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(COLUMNS.get(name, "text")))
        for name in columns
    ]
    database.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(table)))
    database.execute(
        sql.SQL("create temp table {} ({})").format(
            sql.Identifier(table), sql.SQL(", ").join(definitions)
        )
    )


def names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def copy_in(
    database: Connection[Any],
    table: str,
    columns: Iterable[str],
    parts: Iterable[bytes],
    options: sql.Composable,
) -> None:
    statement = sql.SQL("copy {} ({}) from stdin {}").format(
        sql.Identifier(table), names(columns), options
    )
    with database.cursor() as cursor, cursor.copy(statement) as copy:
        for part in parts:
            copy.write(part)


def content(database: Connection[Any], table: str) -> list[Any]:
    query = sql.SQL("select {} from {}").format(names(COLUMNS), sql.Identifier(table))
    return database.execute(query).fetchall()


def sync(folder: Path, contract: Path, mode: str) -> dict[str, list[dict[str, Any]]]:
    written = io.StringIO()
    config = {"path": str(folder), "contract": str(contract), "mode": mode}
    with contextlib.redirect_stdout(written):
        TapCsv(config=config).sync_all()
    found: dict[str, list[dict[str, Any]]] = {}
    for line in written.getvalue().splitlines():
        message = json.loads(line, parse_float=Decimal)
        found.setdefault(message["type"], []).append(message)
    return found
