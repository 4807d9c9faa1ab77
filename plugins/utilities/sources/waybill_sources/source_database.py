"""The embedded source database: the tables of a source as its contract describes them, replaced as one.

Each source has a schema of its own there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from waybill_common.connections import SOURCE_ROLE
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from waybill_common.contracts import Contract, Stream

SCHEMA = "public"

_LOCK = 5_839_217_401
_MONEY = "numeric(10,2)"
_CONTENT = """
    create schema if not exists waybill_sources;
    create table if not exists waybill_sources.content (
        source text primary key,
        identity jsonb not null,
        days integer not null,
        rows bigint not null,
        filled_at timestamptz not null default clock_timestamp()
    );
    comment on table waybill_sources.content is 'What `waybill-sources` filled the tables of a source with.';
"""


@dataclass(frozen=True)
class Content:
    """What the tables of a source were filled with.

    Attributes:
        identity: What decides the rows: the samples' settings, or the digest of a snapshot.
        days: How many next days have been appended.
        rows: Rows of all tables together.
    """

    identity: dict[str, Any]
    days: int
    rows: int


def content(session: psycopg.Connection[Any], source: str) -> Content | None:
    """What the tables of a source were filled with, or None if `fill` never did."""
    found = session.execute("select to_regclass('waybill_sources.content')").fetchone()
    if not found or found[0] is None:
        return None
    query = "select identity, days, rows from waybill_sources.content where source = %s"
    row = session.execute(query, (source,)).fetchone()
    return Content(*row) if row else None


def lock(session: psycopg.Connection[Any]) -> None:
    """Wait for any other filling of the source database, until this transaction ends."""
    session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))


def remember(session: psycopg.Connection[Any], source: str, content_: Content) -> None:
    """Keep what the tables of a source are filled with now."""
    session.execute(_CONTENT)
    session.execute(
        """
        insert into waybill_sources.content (source, identity, days, rows)
        values (%s, %s::jsonb, %s, %s)
        on conflict (source) do update
        set identity = excluded.identity, days = excluded.days, rows = excluded.rows,
            filled_at = clock_timestamp()
        """,
        (source, json.dumps(content_.identity), content_.days, content_.rows),
    )


def standing_tables(
    session: psycopg.Connection[Any], contract: Contract, schema: str = SCHEMA
) -> list[str]:
    """Tables of the contract's names that stand in the schema."""
    names = [stream.name for stream in contract.streams]
    rows = session.execute(
        """
        select relname::text from pg_class
        where relnamespace = to_regnamespace(%s) and relname::text = any(%s) order by relname
        """,
        (schema, names),
    )
    return [name for (name,) in rows]


def _source_type(sql_type: str) -> str:
    """The source's own type; the contract's plain `numeric` is money with two decimals there."""
    return _MONEY if sql_type == "numeric" else sql_type


def _open(session: psycopg.Connection[Any], schema: str) -> None:
    """Make a schema that is not there, for the reader to look into."""
    if schema == SCHEMA:
        return
    names = {"schema": sql.Identifier(schema), "reader": sql.Identifier(SOURCE_ROLE)}
    for statement in (
        "create schema if not exists {schema}",
        "grant usage on schema {schema} to {reader}",
    ):
        session.execute(sql.SQL(statement).format(**names))


def column_types(stream: Stream) -> dict[str, str]:
    """PostgreSQL type of each column of a table."""
    return {column.name: _source_type(column.sql_type) for column in stream.columns}


def _create(session: psycopg.Connection[Any], stream: Stream, schema: str) -> None:
    columns = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column.name),
            sql.SQL(_source_type(column.sql_type)),
            sql.SQL(" not null" if column.is_required else ""),
        )
        for column in stream.columns
    ]
    statement = sql.SQL("create table {} ({})").format(
        sql.Identifier(schema, stream.name), sql.SQL(", ").join(columns)
    )
    session.execute(statement)


def _constrain(session: psycopg.Connection[Any], stream: Stream, schema: str) -> None:
    table = sql.Identifier(schema, stream.name)
    key = sql.SQL(", ").join(map(sql.Identifier, stream.key))
    session.execute(sql.SQL("alter table {} add primary key ({})").format(table, key))
    if stream.replication_key:
        column = sql.Identifier(stream.replication_key)
        session.execute(sql.SQL("create index on {} ({})").format(table, column))


def _relate(session: psycopg.Connection[Any], stream: Stream, schema: str) -> None:
    for column in stream.columns:
        if column.reference:
            statement = sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
                sql.Identifier(schema, stream.name),
                sql.Identifier(column.name),
                sql.Identifier(schema, column.reference.stream),
                sql.Identifier(column.reference.column),
            )
            session.execute(statement)


def copy_rows(
    session: psycopg.Connection[Any],
    stream: Stream,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    schema: str = SCHEMA,
) -> int:
    """COPY rows into a table.

    Args:
        session: A connection that may write it.
        stream: The table, as the contract describes it.
        columns: The columns of each row.
        rows: Values as Python has them: exact decimals, dates and times without a zone.
        schema: Where the table is.

    Returns:
        How many rows there were.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(schema, stream.name), names
    )
    count = 0
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def fill(  # noqa: PLR0913 - what is filled, with what, and where
    session: psycopg.Connection[Any],
    contract: Contract,
    tables: Mapping[str, tuple[Sequence[str], Callable[[], Iterator[Sequence[Any]]]]],
    identity: dict[str, Any],
    days: int = 0,
    *,
    schema: str = SCHEMA,
) -> int:
    """Replace all tables of a source; the caller's transaction makes it all or nothing.

    Args:
        session: A connection with an open transaction, as a superuser.
        contract: Names the tables, columns, keys and references.
        tables: Columns and rows of each table.
        identity: What decides the rows, to remember.
        days: How many next days the rows hold, to remember.
        schema: Where the tables go; it is made if it is not there.

    Returns:
        How many rows the tables hold.

    Raises:
        WaybillError: The rows break a key, a reference or a type; names the table.
    """
    rows = 0
    lock(session)
    _open(session, schema)
    for stream in contract.streams:
        session.execute(
            sql.SQL("drop table if exists {} cascade").format(sql.Identifier(schema, stream.name))
        )
    for stream in contract.streams:
        _create(session, stream, schema)
    for stream in contract.streams:
        columns, read = tables[stream.name]
        with _naming(stream):
            rows += copy_rows(session, stream, columns, read(), schema)
            _constrain(session, stream, schema)
    for stream in contract.streams:
        with _naming(stream):
            _relate(session, stream, schema)
        statement = sql.SQL("grant select on {} to {}").format(
            sql.Identifier(schema, stream.name), sql.Identifier(SOURCE_ROLE)
        )
        session.execute(statement)
        session.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, stream.name)))
    remember(session, contract.source, Content(identity, days, rows))
    return rows


class _naming:  # noqa: N801 (used as a function in `with`)
    """Turns a database error about data into one that names the table."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (psycopg.DataError, psycopg.IntegrityError)):
            reason = error.diag.message_primary or str(error)
            msg = f"Table {self._stream.name}: {reason}. {error.diag.message_detail or ''}"
            raise WaybillError(msg, "Nothing was changed.") from error
