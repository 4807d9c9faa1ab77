"""Control totals of rows that have arrived."""

# ruff: noqa: S608 - names are quoted
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    import psycopg


def sums_of(
    connection: psycopg.Connection[Any], origin: str, names: Sequence[str]
) -> dict[str, Decimal]:
    """The sums of a table's columns, in one scan at the end.

    PostgreSQL's parallel workers share it, which costs half of what it does to add up rows between
    one COPY and the next.

    Args:
        connection: The warehouse, inside the load's transaction.
        origin: The table, as a quoted identifier, and which of its rows; not a temporary one, which
            workers cannot read.
        names: Its control total columns.
    """
    if not names:
        return {}
    sums = ", ".join(f"coalesce(sum({quote(name)}::numeric), 0)" for name in names)
    (row,) = connection.execute(f"select {sums} from {origin}").fetchall()
    return dict(zip(names, row, strict=True))
