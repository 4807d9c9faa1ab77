"""Random files by every path: looked at, checked, as records; clean, dirty, of any dialect."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from tap_csv import look
from tap_csv.tap import TapCsv
from waybill_common.errors import WaybillError
from waybill_common.files import batches, tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg import Connection

    from waybill_warehouse.scratch import ScratchDatabase

property_test = settings(max_examples=100)

COLUMNS = {
    "id": "integer!",
    'x"; drop table t; --': "text",
    "price": "numeric(8,2)+",
    "sum": "numeric+",
    "small": "smallint",
    "big": "bigint",
    "real": "real",
    "double": "double precision",
    "at": "timestamp",
    "zoned": "timestamptz",
    "day": "date",
    "flag": "boolean",
    "code": "varchar(3)",
    "uid": "uuid",
    "words": "text",
}
TYPES = {name: marked.rstrip("!+") for name, marked in COLUMNS.items()}
GOOD = {
    "text": ["", "a", "O'Brien", 'say "hi"', "a,b;c|d\te", "x\ny", "\\.", "\\", "é"],
    "integer": ["1", "-7", "+5", "2147483647", "007"],
    "numeric(8,2)": ["1", "12.50", "-999999.99", ".5", "5.", "1e2", "100.00"],
    "numeric": ["0.1", "123456789012345678.123456789", "-0", "1E-3", "0.30"],
    "smallint": ["1", "32767", "-32768"],
    "bigint": ["1", "9223372036854775807"],
    "real": ["1.5", "1e10"],
    "double precision": ["0.1", "1e300", "-2.5E-3"],
    "timestamp": ["2018-02-28", "2018-02-28 23:59", "2020-02-29T01:02:03.456"],
    "timestamptz": ["2018-02-28 10:00+02", "2018-02-28T10:00:00Z", "2018-02-28 10:00:00-03:30"],
    "date": ["2018-12-31", "2000-02-29", "0999-01-01"],
    "boolean": ["t", "TRUE", "0", "False"],
    "varchar(3)": ["", "abc", "é", "äöü"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
}
BAD = [
    "x",
    "2018-02-30",
    "1.0",
    "1e999",
    "NaN",
    "99999999999",
    "nul\0",
    "toolong",
    " 1",
    "1,5",
    "\udcff",
]
BROKEN = ["", "1", "a", "1,2", "a,b,c", '"a"b', 'x"y', "\\.", ",,,,,", '1,"2"3,4', '""', "a\rb"]


@pytest.fixture
def database(source_database: ScratchDatabase) -> Iterator[Connection[Any]]:
    with source_database.connection("admin").connect(autocommit=True) as connection:
        yield connection


def _cell(sql_type: str) -> st.SearchStrategy[str | None]:
    good = st.sampled_from([None, *GOOD[sql_type]])
    return st.one_of(*[good] * 20, st.sampled_from(BAD))


ROW = st.tuples(*map(_cell, TYPES.values()))
PLAIN_ROW = st.tuples(*[st.sampled_from(GOOD[each][:2]) for each in TYPES.values()])


@pytest.mark.usefixtures("home")
@property_test
@given(
    rows=st.lists(ROW | PLAIN_ROW | st.sampled_from(BROKEN), max_size=12),
    order=st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=6, unique=True),
    delimiter=st.sampled_from([",", ",", ";", "\t", "|", ":", "¦"]),
    quote=st.sampled_from(['"', '"', '"', "'"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    is_cut=st.booleans(),
    block=st.sampled_from([64, 300, 1 << 19]),
    shortest=st.sampled_from([0, 200]),
)
def test_every_path_gives_the_same(  # noqa: PLR0917 - a file has many sides
    database: Connection[Any],
    contract: Callable[..., Path],
    folder: Path,
    range_of: Callable[[dict[str, Any]], bytes],
    rows: list[Any],
    order: list[str],
    delimiter: str,
    quote: str,
    quoting: Any,
    end: str,
    encoding: str,
    is_cut: bool,
    block: int,
    shortest: int,
) -> None:
    # Protects the look: with and without it, and as records, the warehouse holds the same rows in
    # the same order, the figures are the same, and the same rows are dead for the same reasons.
    text = written(rows, order, delimiter, quote, quoting, end)
    text = text.removesuffix(end) if is_cut else text
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    (folder / "t.csv").write_bytes(text.encode(encoding, errors))
    columns = {name: COLUMNS[name] for name in order}
    promised = contract({"t": columns}, delimiter=delimiter, quoteChar=quote, encoding=encoding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "BLOCK_BYTES", block)
        patch.setattr(batches, "_SHORTEST", shortest)
        looked = landed(database, sync(folder, promised, "batch"), range_of)
        recorded = landed(database, sync(folder, promised, "record"), range_of)
        patch.setattr(look, "of_file", lambda *_: None)
        checked = landed(database, sync(folder, promised, "batch"), range_of)
    assert looked == checked
    assert recorded == checked


def written(  # noqa: PLR0917 - a dialect has many sides
    rows: list[Any], order: list[str], delimiter: str, quote: str, quoting: Any, end: str
) -> str:
    """The rows as CSV; those that are texts as they are."""
    file = io.StringIO()
    writer = csv.writer(
        file, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=end
    )
    writer.writerow(order)
    for row in rows:
        if isinstance(row, str):
            file.write(row.replace(",", delimiter).replace('"', quote) + end)
        else:
            named = dict(zip(COLUMNS, row, strict=True))
            writer.writerow([named[name] for name in order])
    return file.getvalue()


def sync(folder: Path, contract: Path, mode: str) -> list[dict[str, Any]]:
    """The messages of a run; of one that fails, what it says."""
    output = io.StringIO()
    config = {"path": str(folder), "contract": str(contract), "mode": mode}
    try:
        with contextlib.redirect_stdout(output):
            TapCsv(config=config).sync_all()
    except WaybillError as error:
        return [{"type": "ERROR", "text": str(error)}]
    return [json.loads(line, parse_float=Decimal) for line in output.getvalue().splitlines()]


def landed(
    database: Connection[Any],
    messages: list[dict[str, Any]],
    range_of: Callable[[dict[str, Any]], bytes],
) -> dict[str, Any]:
    """What is left of a run: the table's rows as text, the figures, the dead letters."""
    if messages[0]["type"] == "ERROR":
        return messages[0]
    columns = [f"{quoted(name)} {sql_type}" for name, sql_type in TYPES.items()]
    database.execute("drop table if exists landed")
    database.execute(f"create temp table landed (n serial, {', '.join(columns)})")
    letters = []
    for message in messages:
        if message["type"] == "BATCH":
            load(database, message, range_of(message))
        elif message["type"] == "RECORD" and message["stream"] == "dead_letter":
            letters.append(message["record"])
        elif message["type"] == "RECORD":
            record = message["record"]
            values = {name: record[name] for name in COLUMNS if name in record}
            insert(database, values)
    shown = ", ".join(f"{quoted(name)}::text" for name in COLUMNS)
    rows = database.execute(f"select {shown} from landed order by n").fetchall()
    bookmark = messages[-1]["value"]["bookmarks"]["t"]
    assert bookmark["read"]["rows"] == len(rows) + len(letters)
    assert all(letter["reason"] and letter["raw"] is not None for letter in letters)
    return {"rows": rows, "read": bookmark["read"], "letters": letters}


def quoted(name: str) -> str:
    return sql.Identifier(name).as_string()


def load(database: Connection[Any], message: dict[str, Any], data: bytes) -> None:
    encoding = message["encoding"]
    names = ", ".join(map(quoted, encoding["columns"]))
    delimiter = sql.quote(encoding["delimiter"])
    statement = f"copy landed ({names}) from stdin (format csv, delimiter {delimiter})"
    with database.cursor() as cursor:
        with cursor.copy(statement) as copy:
            copy.write(data)
        assert cursor.rowcount == encoding["rows"]


def insert(database: Connection[Any], values: dict[str, Any]) -> None:
    names = ", ".join(map(quoted, values))
    marks = ", ".join(["%s"] * len(values))
    database.execute(f"insert into landed ({names}) values ({marks})", list(values.values()))
