"""A table's key, taken off while most of its rows are written, and built anew at once.

An index that holds an entry of each key takes four times as long to get a second one of each as to be
built from the start. Nothing but the index is new: the rows are deleted and inserted as ever, so that
whoever reads an older snapshot finds the older rows. But from here to the commit readers have to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARE = 4
"""One in so many rows has to change."""
MOST_ROWS = 5_000_000
"""Of a larger table: readers are to wait for seconds, not for minutes."""

# What says more of the key than its definition does would be lost.
_KEY = """
    select held.conname, pg_get_constraintdef(held.oid), relation.reltuples
    from pg_catalog.pg_constraint as held
    join pg_catalog.pg_class as relation on relation.oid = held.conrelid
    join pg_catalog.pg_class as index_relation on index_relation.oid = held.conindid
    join pg_catalog.pg_index as index_ on index_.indexrelid = held.conindid
    where held.conrelid = to_regclass(%s) and held.contype = 'p'
        and held.coninhcount = 0
        and pg_has_role(relation.relowner, 'usage')
        and not index_.indisreplident and not index_.indisclustered
        and index_relation.reloptions is null and index_relation.reltablespace = 0
        and not exists (
            select from pg_catalog.pg_depend
            where refobjid in (held.oid, held.conindid) and deptype not in ('i', 'P', 'S')
        )
        and not exists (
            select from pg_catalog.pg_description where objoid in (held.oid, held.conindid)
        )
"""


def drop_key(connection: psycopg.Connection[Any], target: str, changed: int) -> str | None:
    """Drop a table's primary key, if that is worth it and nobody reads the table at this moment.

    Args:
        connection: The warehouse, inside a transaction in which the table is locked against writers.
        target: The table, as a quoted identifier.
        changed: How many of its rows are about to be written.

    Returns:
        The statement that gives it the same key again; None where it kept it.
    """
    found: Sequence[Any] | None = connection.execute(_KEY, (target,)).fetchone()
    if found is None:
        return None
    name, definition, rows = found
    if changed > MOST_ROWS or not 0 <= rows <= min(changed * SHARE, MOST_ROWS):
        return None
    try:
        with connection.transaction():
            # Not a moment of waiting: whoever came after would wait behind us.
            connection.execute(f"lock table {target} in access exclusive mode nowait")
            connection.execute(f"alter table {target} drop constraint {quote(name)}")
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DependentObjectsStillExist):
        return None
    return f"alter table {target} add constraint {quote(name)} {definition}"
