"""Counting what a table holds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill.receipt.model import Figures
from waybill_common.identifiers import qualify

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

DELETED_AT = "_sdc_deleted_at"
ALIVE = sql.SQL(" where {} is null").format(sql.Identifier(DELETED_AT))

_COLUMNS = """
    select attname
    from pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
"""


def columns(session: psycopg.Connection[dict[str, Any]], schema: str, table: str) -> set[str]:
    """The columns of a table or view; empty where there is none of that name."""
    rows = session.execute(_COLUMNS, (qualify(schema, table),))
    return {row["attname"] for row in rows}


def figures(
    session: psycopg.Connection[dict[str, Any]],
    schema: str,
    table: str,
    totals: Sequence[str],
    *,
    has_marks: bool,
) -> Figures:
    """Count the rows of a table that its source still holds, and add up some columns, exactly.

    Args:
        session: Inside the receipt's snapshot.
        schema: The table's schema.
        table: Its name.
        totals: The columns.
        has_marks: Whether it has the column that marks rows gone from the source.
    """
    sums = [
        sql.SQL("coalesce(sum({})::numeric, 0) as {}").format(
            sql.Identifier(column), sql.Identifier(f"total {number}")
        )
        for number, column in enumerate(totals)
    ]
    query = sql.SQL("select {} from {}{}").format(
        sql.SQL(", ").join([sql.SQL("count(*) as rows"), *sums]),
        sql.Identifier(schema, table),
        ALIVE if has_marks else sql.SQL(""),
    )
    row = session.execute(query).fetchone()
    if row is None:
        return Figures(0, dict.fromkeys(totals, Decimal(0)))
    return Figures(
        row["rows"], {column: row[f"total {number}"] for number, column in enumerate(totals)}
    )
