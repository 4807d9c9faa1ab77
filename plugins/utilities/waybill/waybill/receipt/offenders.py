"""Which rows are behind a difference of a stream, found by reading the source's side again.

Only done where there is a difference: it costs a pass over the keys.
"""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from waybill.receipt import tables
from waybill.receipt.letters import open_keys
from waybill.receipt.model import MAX_OFFENDERS, Figures
from waybill.receipt.numbers import amount, counted, decimals, exact
from waybill_common import connections
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill.receipt.accounts import Account
    from waybill_common.contracts import Contract, Stream

SOURCE_SCHEMA = "public"
_FETCHED_ROWS = 10_000

Key = tuple[bytes, ...]
"""The key of a row as UTF-8 texts."""
Row = tuple[Key, tuple[Decimal | None, ...]]
"""The key of a row, and its control totals."""


def first(
    session: psycopg.Connection[dict[str, Any]],
    contract: Contract,
    stream: Stream,
    account: Account,
    columns: set[str],
) -> tuple[str, ...]:
    """The first offenders of a stream that does not add up; dead letters are none.

    Files: those that hold more than has landed of them. Databases: keys that differ between the
    source as it is now and the raw table.

    Args:
        session: Inside the receipt's snapshot.
        contract: The contract of the stream's source.
        stream: The stream.
        account: What the ledger says of it.
        columns: The columns of its raw table.
    """
    try:
        # A savepoint: what fails here must not cost the receipt its snapshot.
        with session.transaction():
            if account.files:
                short = _short_files(session, contract, stream, account)
                return tuple(islice(short, MAX_OFFENDERS))
            if not stream.key or account.source is None:
                return ()
            if any(stream.column(name).is_hashed for name in stream.key):
                return ("keys not told: they are personal data",)
            setting = f"WAYBILL_{contract.source.upper()}"
            source = connections.source(os.environ.get(setting), setting=setting)
            with source.connect() as there:
                dead = {
                    tuple((key.get(name) or "").encode() for name in stream.key)
                    for key in open_keys(session, contract.raw_schema, stream.name)
                }
                alive = tables.ALIVE if tables.DELETED_AT in columns else sql.SQL("")
                found = _differing_keys(
                    stream,
                    _rows(there, SOURCE_SCHEMA, stream.name, stream, sql.SQL("")),
                    _rows(session, contract.raw_schema, account.table, stream, alive),
                )
                unexplained = (words for key, words in found if key not in dead)
                return tuple(islice(unexplained, MAX_OFFENDERS))
    except (WaybillError, psycopg.Error) as error:
        reason = str(error).splitlines()[0]
        return (f"keys unknown, as they cannot be read again: {reason}",)


def _short_files(
    session: psycopg.Connection[dict[str, Any]],
    contract: Contract,
    stream: Stream,
    account: Account,
) -> Iterator[str]:
    sums = [
        sql.SQL(", coalesce(sum({}), 0)::numeric as {}").format(
            sql.Identifier(column), sql.Identifier(f"sum of {column}")
        )
        for column in stream.control_totals
    ]
    query = sql.SQL(
        "select _sdc_source_file as file, count(*) as rows{} from {} group by 1"
    ).format(sql.SQL("").join(sums), sql.Identifier(contract.raw_schema, account.table))
    landed = {row["file"]: row for row in session.execute(query)}
    for file, kept in sorted((account.files or {}).items()):
        here = landed.pop(file, {"rows": 0})
        due = account.letters.landing(Figures(kept["rows"], decimals(kept.get("totals"))), file)
        if here["rows"] != due.rows:
            yield f"{file}: {exact(here['rows'])} landed of {counted(due.rows, 'row')}"
            continue
        for column, total in due.totals.items():
            found = here.get(f"sum of {column}", total)
            if found != total:
                yield f"{file}: sum of {column} is {exact(found)} landed, {exact(total)} in the file"
    for file, here in landed.items():
        yield f"{file or 'no file'}: {counted(here['rows'], 'row')} landed, not in the bookmark"


def _rows(
    session: psycopg.Connection[Any],
    schema: str,
    table: str,
    stream: Stream,
    condition: sql.Composable,
) -> Iterator[Row]:
    # Ordered by the keys' bytes, so that both sides agree whatever their collations.
    keys = [sql.SQL('{}::text collate "C"').format(sql.Identifier(name)) for name in stream.key]
    totals = [sql.SQL("{}::numeric").format(sql.Identifier(name)) for name in stream.control_totals]
    query = sql.SQL("select {} from {}{} order by {}").format(
        sql.SQL(", ").join([*keys, *totals]),
        sql.Identifier(schema, table),
        condition,
        sql.SQL(", ").join(keys),
    )
    width = len(keys)
    with session.cursor("receipt_keys", row_factory=psycopg.rows.tuple_row) as cursor:
        cursor.itersize = _FETCHED_ROWS
        for row in cursor.execute(query):
            yield tuple(key.encode() for key in row[:width]), row[width:]


def _differing_keys(
    stream: Stream, source: Iterator[Row], landed: Iterator[Row]
) -> Iterator[tuple[Key, str]]:
    """Merge two sides that are ordered by key; memory does not grow with them.

    Yields:
        Each key that differs, and what is wrong with it in words.
    """
    here, there = next(landed, None), next(source, None)
    while True:
        if there is not None and (here is None or there[0] < here[0]):
            yield there[0], f"{_words(stream, there)}: at the source, not landed"
            there = next(source, None)
        elif here is not None and (there is None or here[0] < there[0]):
            yield here[0], f"{_words(stream, here)}: landed, not at the source"
            here = next(landed, None)
        elif here is not None and there is not None:
            for column, expected, found in zip(
                stream.control_totals, there[1], here[1], strict=True
            ):
                if expected != found:
                    words = f"{column} is {amount(found)}, {amount(expected)} at the source"
                    yield here[0], f"{_words(stream, here)}: {words}"
            here, there = next(landed, None), next(source, None)
        else:
            return


def _words(stream: Stream, row: Row) -> str:
    return ", ".join(
        f"{name} {value.decode()}" for name, value in zip(stream.key, row[0], strict=True)
    )
