"""What a table asks of its rows, asked of them where a refusal says which row it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

_REQUIRED = """
    select attname
    from pg_catalog.pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and attnotnull and not attisdropped
"""
_CHECKS = """
    select
        checked.conname,
        pg_get_constraintdef(checked.oid),
        array_agg(attribute.attname::text),
        array_agg(format_type(attribute.atttypid, attribute.atttypmod))
    from pg_catalog.pg_constraint as checked
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = checked.conrelid and attribute.attnum = any(checked.conkey)
    where checked.conrelid = to_regclass(%s) and checked.contype = 'c'
    group by checked.oid, checked.conname
"""


@dataclass(frozen=True)
class Rules:
    """Constraints for a staging table, so that COPY names the row that breaks one.

    Attributes:
        required: Columns that must not be NULL: the key, and what is NOT NULL in the table.
        checks: The table's own checks, as far as they are on columns of the same types, in SQL.
    """

    required: frozenset[str]
    checks: tuple[str, ...]


def rules_of(
    connection: psycopg.Connection[Any],
    relation: str,
    types: Mapping[str, str],
    key: Sequence[str],
) -> Rules:
    """The rules for rows of a table.

    Args:
        connection: The warehouse.
        relation: The table, as a quoted identifier; it need not exist yet.
        types: The columns of the staging table.
        key: The stream's key.
    """
    required = {name for (name,) in connection.execute(_REQUIRED, (relation,))}
    checks = [
        f"constraint {quote(name)} {definition.removesuffix(' NOT VALID')}"
        for name, definition, columns, of_types in connection.execute(_CHECKS, (relation,))
        if all(
            types.get(column) == of_type for column, of_type in zip(columns, of_types, strict=True)
        )
    ]
    return Rules(frozenset(required.union(key)), tuple(checks))
