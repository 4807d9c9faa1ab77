"""Fingerprints of marts, to compare whole schemas row for row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

DOMAINS = ("common", "marketplace", "trade", "retail", "storefront", "attribution")
SERIALS = ("sales_record_id", "purchase_record_id", "payment_record_id")
VERSIONED = tuple(
    fact + suffix
    for fact in ("fact_sales_order", "fact_purchase_orders", "fact_payment")
    for suffix in ("", "_reporting")
)
_COLUMNS = """
    select table_schema, table_name, array_agg(column_name::text order by column_name)
    from information_schema.columns
    where table_schema = any(%s) and not starts_with(column_name, '_')
    group by 1, 2
    order by 1, 2
"""


def fingerprints(
    url: str, *, without: Iterable[str] = (), latest_versions: bool = False
) -> dict[str, tuple[int, str | None]]:
    """Rows and a hash over all rows of each table of the marts, in no order.

    Args:
        url: The warehouse.
        without: Columns that are left out.
        latest_versions: Of a versioned fact, only the latest version of each source row counts.

    Returns:
        `schema.table` to (rows, hash).
    """
    left_out = set(without)
    found = {}
    with psycopg.connect(url) as session:
        for schema, table, columns in session.execute(_COLUMNS, (list(DOMAINS),)).fetchall():
            kept = sql.SQL(", ").join(sql.Identifier(c) for c in columns if c not in left_out)
            relation = sql.Identifier(schema, table)
            if latest_versions and table in VERSIONED:
                relation = sql.SQL("(select * from {} where _is_latest)").format(relation)
            query = sql.SQL(
                "select count(*), md5(string_agg(digest, '' order by digest))"
                " from (select md5(row({kept})::text) as digest from {relation} as mart) as rows"
            ).format(kept=kept, relation=relation)
            row = session.execute(query).fetchone()
            assert row is not None
            found[f"{schema}.{table}"] = row
    return found
