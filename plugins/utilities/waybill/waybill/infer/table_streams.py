"""The streams of a PostgreSQL database: what its catalog says of each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill.infer.guess import Column
from waybill.infer.streams import Stream
from waybill_common import sql_types
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.connections import Connection

_COLUMNS = """
    select
        relation.relname::text,
        attribute.attname::text,
        format_type(attribute.atttypid, attribute.atttypmod),
        attribute.attnotnull,
        (
            select part.place::integer
            from unnest(key.indkey::int2[]) with ordinality as part (number, place)
            where part.number = attribute.attnum
        )
    from pg_class as relation
    inner join pg_attribute as attribute on relation.oid = attribute.attrelid
    left join pg_index as key on relation.oid = key.indrelid and key.indisprimary
    where
        relation.relnamespace = to_regnamespace(%(schema)s)
        and relation.relkind in ('r', 'p', 'v', 'm', 'f')
        and not relation.relispartition
        and attribute.attnum > 0
        and not attribute.attisdropped
        and (%(tables)s::text[] is null or relation.relname::text = any(%(tables)s))
    order by relation.relname, attribute.attnum
"""
_SHORT = {
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}
_CHANGED = ("updated_at", "last_updated", "modified_at", "changed_at", "update_time", "last_update")
"""Columns that an incremental read may be ordered by, the best one first."""


def find(connection: Connection, schema: str, tables: Sequence[str] | None) -> list[Stream]:
    """The streams of a database.

    Args:
        connection: The database.
        schema: The schema of the tables.
        tables: Their names; None for all.

    Raises:
        WaybillError: There is no such table.
    """
    with connection.connect() as session:
        rows = session.execute(
            _COLUMNS, {"schema": schema, "tables": list(tables) if tables else None}
        ).fetchall()
    found: dict[str, list[Column]] = {}
    for table, name, sql_type, is_required, place in rows:
        kept = sql_type if sql_types.canonical(sql_type) else "text"
        column = Column(name, _SHORT.get(kept, kept), is_required=is_required, key_position=place)
        found.setdefault(table, []).append(column)
    if missing := sorted(set(tables or ()) - set(found)) or ([] if found else ["any table"]):
        msg = f"{connection.place}: schema {schema} has not {', '.join(missing)}, or it may not be read."
        raise WaybillError(msg, "Name its tables by --tables, and their schema by --schema.")
    return [Stream(name, columns, _custom(columns)) for name, columns in found.items()]


def _custom(columns: list[Column]) -> dict[str, Any]:
    moments = {column.name for column in columns if column.sql_type.startswith("timestamp")}
    changed = next((name for name in _CHANGED if name in moments), None)
    has_key = any(column.key_position for column in columns)
    return {"replicationKey": changed} if changed and has_key else {}
