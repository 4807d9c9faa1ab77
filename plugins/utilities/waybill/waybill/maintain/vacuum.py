"""VACUUM (ANALYZE) of every table of Waybill, each as its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from waybill.maintain.removed import Removed
from waybill_common import connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.connections import WarehouseRole

_OWNERS: tuple[WarehouseRole, ...] = ("loader", "transformer")
_TABLES = """
    select namespace.nspname, relation.relname, pg_total_relation_size(relation.oid)
    from pg_class as relation
    inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
    where relation.relkind in ('r', 'm') and relation.relpersistence = 'p'
        and pg_get_userbyid(relation.relowner) = current_user
    order by 1, 2
"""


def run(*, is_dry: bool) -> Iterator[Removed]:
    """Clean every table; one that a job has locked is passed over, not waited for.

    Args:
        is_dry: Only count them.
    """
    for role in _OWNERS:
        with connections.warehouse(role).connect(autocommit=True) as session:
            tables = session.execute(_TABLES).fetchall()
            size = sum(each[2] for each in tables)
            if not is_dry:
                for schema, name, _ in tables:
                    relation = sql.Identifier(schema, name)
                    session.execute(sql.SQL("vacuum (analyze, skip_locked) {}").format(relation))
                size -= sum(each[2] for each in session.execute(_TABLES).fetchall())
        what = f"tables of {role} {'to vacuum' if is_dry else 'vacuumed'}"
        yield Removed(what, len(tables), None if is_dry else max(size, 0))
