"""The marts as their reader sees them, as columns of exact types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common import sql_types
from waybill_common.identifiers import qualify, quote
from waybill_lake.from_text import copy_table

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Iterator

    import psycopg
    import pyarrow as pa

_CHUNK_BYTES = 4 << 20
_MARTS = """
    select
        namespace.nspname,
        relation.relname,
        array_agg(attribute.attname::text order by attribute.attnum),
        array_agg(format_type(attribute.atttypid, attribute.atttypmod) order by attribute.attnum)
    from pg_class as relation
    inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
    inner join pg_attribute as attribute on relation.oid = attribute.attrelid
    where relation.relkind in ('r', 'p', 'v', 'm')
        and namespace.nspname <> 'information_schema'
        and not starts_with(namespace.nspname, 'pg_')
        and namespace.nspname <> 'waybill_status'
        and has_schema_privilege(namespace.oid, 'usage')
        and has_table_privilege(relation.oid, 'select')
        and attribute.attnum > 0
        and not attribute.attisdropped
    group by namespace.nspname, relation.relname
    order by namespace.nspname, relation.relname
"""


@dataclass(frozen=True)
class Mart:
    """A table or view that the role may read.

    Attributes:
        types: The canonical type of each column in order; `text` where it is no type that travels.
    """

    schema: str
    name: str
    types: dict[str, str]

    @property
    def title(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"

    def chunks(self, session: psycopg.Connection[Any], digest: hashlib._Hash) -> Iterator[pa.Table]:
        """The rows in an order of their own, so that equal rows have equal bytes.

        Args:
            session: Inside a transaction, in UTC.
            digest: Takes what the content is.
        """
        digest.update(repr(self.types).encode())
        columns = ", ".join(f"{quote(name)}::{sql_type}" for name, sql_type in self.types.items())
        order = ", ".join(f'{quote(name)}::text collate "C"' for name in self.types)
        statement = (
            f"copy (select {columns} from {qualify(self.schema, self.name)} order by {order})"  # noqa: S608 - names are quoted, types ours
            " to stdout"
        )
        lines, size = [], 0
        with session.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in copy:
                digest.update(row)
                lines.append(bytes(row))
                size += len(row)
                if size >= _CHUNK_BYTES:
                    yield copy_table(b"".join(lines), list(self.types), self.types)
                    lines, size = [], 0
        yield copy_table(b"".join(lines), list(self.types), self.types)


def marts(session: psycopg.Connection[Any]) -> list[Mart]:
    """All that the session's role may read, but for PostgreSQL's own and the ledger's views."""
    return [
        Mart(
            schema,
            name,
            {
                column: sql_types.canonical(sql_type) or "text"
                for column, sql_type in zip(columns, types, strict=True)
            },
        )
        for schema, name, columns, types in session.execute(_MARTS).fetchall()
    ]
