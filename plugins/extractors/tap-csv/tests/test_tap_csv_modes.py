"""Random tables through both modes, against PostgreSQL's own reading of the same file."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from tap_csv.tap import TapCsv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from psycopg import Connection

    from waybill_warehouse.scratch import ScratchDatabase

property_test = settings(max_examples=60)


@pytest.fixture
def database(source_database: ScratchDatabase) -> Iterator[Connection[Any]]:
    with source_database.connection("admin").connect(autocommit=True) as connection:
        yield connection


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


TYPES = {
    "text": CELLS,
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=12).map(str),
    "boolean": st.sampled_from(["true", "f", "1", "0", "TRUE"]),
    "date": st.dates().map(str),
    "timestamp": st.datetimes().map(str),
    "timestamptz": st.datetimes(timezones=st.just(dt.timezone(dt.timedelta(hours=-3)))).map(str),
}


def _cell(sql_type: str) -> st.SearchStrategy[str | None]:
    return st.none() | TYPES[sql_type]


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
    range_of: Callable[[dict[str, Any]], bytes],
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
    create(database, "batch", [*COLUMNS])
    create(database, "record", [*COLUMNS])
    not_text = [name for name in COLUMNS if COLUMNS[name] != "text"]
    options = sql.SQL("(format csv, header match, force_null ({}))").format(names(not_text))
    copy_in(database, "expected", order, [data], options)

    messages = sync(folder, contract({"t": COLUMNS}), "batch")
    for message in messages["BATCH"]:
        if message["manifest"]:
            data = [range_of(message)]
            copy_in(
                database, "batch", message["encoding"]["columns"], data, sql.SQL("(format csv)")
            )
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
