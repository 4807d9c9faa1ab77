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
) -> Figures:
    """Count a table's rows and add up some of its columns, exactly."""
    sums = [
        sql.SQL("coalesce(sum({})::numeric, 0) as {}").format(
            sql.Identifier(column), sql.Identifier(f"total {number}")
        )
        for number, column in enumerate(totals)
    ]
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join([sql.SQL("count(*) as rows"), *sums]), sql.Identifier(schema, table)
    )
    row = session.execute(query).fetchone()
    if row is None:
        return Figures(0, dict.fromkeys(totals, Decimal(0)))
    return Figures(
        row["rows"], {column: row[f"total {number}"] for number, column in enumerate(totals)}
    )
