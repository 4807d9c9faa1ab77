"""The tables of totesys as JSON files, as an operational system exports them into a bucket."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from waybill_common.errors import WaybillError
from waybill_sources import source_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_common.connections import Connection
    from waybill_common.contracts import Contract, Stream

_ROWS_AT_ONCE = 2_000


def export(connection: Connection, contract: Contract, folder: Path) -> dict[str, int]:
    """Write each table as one file, an array of objects; all of them from one snapshot.

    A file is replaced when it is whole, so that nobody reads half of it.

    Args:
        connection: The source.
        contract: Names the tables and their keys.
        folder: Where `<table>.json` go; made if it is not there.

    Returns:
        The rows of each table.

    Raises:
        WaybillError: A table is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with connection.connect() as session:
        session.execute("set transaction isolation level repeatable read, read only")
        try:
            return {
                stream.name: _write(folder / f"{stream.name}.json", _rows(session, stream))
                for stream in contract.streams
            }
        except psycopg.errors.UndefinedTable as error:
            msg = f"{connection.place}: {error.diag.message_primary}."
            remedy = "Fill the source with `meltano invoke sources:prepare-totesys`."
            raise WaybillError(msg, remedy) from error


def _rows(session: psycopg.Connection[Any], stream: Stream) -> Iterator[str]:
    """Each row as PostgreSQL writes it in JSON: every digit of a number, times in ISO 8601."""
    query = sql.SQL("select row_to_json(found)::text from {} as found order by {}").format(
        sql.Identifier(source_database.SCHEMA, stream.name),
        sql.SQL(", ").join(map(sql.Identifier, stream.key)),
    )
    with session.cursor(f"export_{stream.name}") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        for (row,) in cursor.execute(query):
            yield row


def _write(path: Path, rows: Iterator[str]) -> int:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.write("[")
            for row in rows:
                file.write(f"{',' if count else ''}\n{row}")
                count += 1
            file.write("\n]\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count
