"""A user's own source database: whether it has the contract's tables and columns, readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_sources.source_database import SCHEMA

if TYPE_CHECKING:
    from waybill_common.connections import Connection
    from waybill_common.contracts import Contract

_COLUMNS = """
    select
        relation.relname::text,
        attribute.attname::text,
        has_schema_privilege(relation.relnamespace, 'usage')
            and has_column_privilege(relation.oid, attribute.attnum, 'select'),
        greatest(relation.reltuples, 0)::bigint
    from pg_class as relation
    inner join pg_attribute as attribute on attribute.attrelid = relation.oid
    where
        relation.relnamespace = to_regnamespace(%s)
        and relation.relname::text = any(%s)
        and relation.relkind in ('r', 'p', 'v', 'm', 'f')
        and attribute.attnum > 0
        and not attribute.attisdropped
"""


def check(connection: Connection, contract: Contract) -> int:
    """Check that a database has each table and column of a contract, and that they can be read.

    Args:
        connection: The source, with the name of the setting it comes from.
        contract: Names the tables and columns.

    Returns:
        About how many rows the tables hold, as the server's statistics have it.

    Raises:
        WaybillError: The server cannot be reached, or something is missing or may not be read.
    """
    names = [stream.name for stream in contract.streams]
    with connection.connect() as session:
        found = session.execute(_COLUMNS, (SCHEMA, names)).fetchall()
    readable = {(table, column): may_read for table, column, may_read, _ in found}
    place = f"{connection.setting}: {connection.place}"
    for stream in contract.streams:
        if not any(table == stream.name for table, _ in readable):
            msg = f"{place} has no table {SCHEMA}.{stream.name}."
            raise WaybillError(msg, f"Set {connection.setting} to the database that has it.")
        for column in stream.columns:
            if (stream.name, column.name) not in readable:
                msg = f"{place}: table {stream.name} has no column {column.name}."
                raise WaybillError(msg, f"Add it, or take it out of {contract.source}.yml.")
            if not readable[stream.name, column.name]:
                msg = f"{place} may not read {SCHEMA}.{stream.name}, column {column.name}."
                remedy = f"Grant {connection.user} select on table {stream.name} and usage on its schema."
                raise WaybillError(msg, remedy)
    return sum({table: int(rows) for table, _, _, rows in found}.values())
