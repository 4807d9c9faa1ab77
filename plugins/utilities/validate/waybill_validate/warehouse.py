"""The warehouse as the checks see it: its relations, offending rows, and an address for GX."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from waybill_common import connections

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from waybill_common.connections import Connection

Relations = dict[tuple[str, str], tuple[str, ...]]
"""Columns by schema and relation."""

_RELATIONS = """
    select pg_namespace.nspname, pg_class.relname,
        array_agg(pg_attribute.attname::text order by pg_attribute.attnum)
    from pg_class
    join pg_namespace on pg_namespace.oid = pg_class.relnamespace
    join pg_attribute on pg_attribute.attrelid = pg_class.oid
    where pg_namespace.nspname = any(%s)
        and pg_class.relkind in ('r', 'p', 'v', 'm', 'f')
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
    group by pg_namespace.nspname, pg_class.relname
"""

READ_ONLY = "-c default_transaction_read_only=on"


def auditor() -> Connection:
    """The warehouse as the role that reads everything and writes only the ledger."""
    return connections.warehouse("auditor")


def read_only(connection: Connection) -> Connection:
    """The same connection, on which a rule in SQL cannot write."""
    options = f"{connection.parameters.get('options', '')} {READ_ONLY}".strip()
    return dataclasses.replace(connection, parameters=connection.parameters | {"options": options})


def sqlalchemy_url(connection: Connection) -> str:
    """The connection as SQLAlchemy's psycopg2 dialect reads it, with the password.

    psycopg2 knows no session role, so a login that changes to one does so by an option.
    """
    role = f"-c role={connection.role}" if connection.role else ""
    options = f"{connection.parameters.get('options', '')} -c TimeZone=UTC {role}".strip()
    parameters = connection.parameters | {"options": options, "application_name": "waybill"}
    url = dataclasses.replace(connection, parameters=parameters).url
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def relations(session: psycopg.Connection[Any], schemas: Iterable[str]) -> Relations:
    """Tables and views of some schemas, with their columns in order."""
    rows = session.execute(_RELATIONS, (sorted(set(schemas)),)).fetchall()
    return {(schema, name): tuple(columns) for schema, name, columns in rows}


def first_rows(session: psycopg.Connection[Any], sql: str, limit: int) -> list[dict[str, Any]]:
    """The first rows of a query.

    Args:
        session: Where it runs; it should not be able to write.
        sql: A query that has just run without error.
        limit: How many rows at most.
    """
    with session.cursor(row_factory=dict_row) as cursor:
        limited = f"select * from ({sql}\n) as offending limit {limit:d}"  # noqa: S608  (a suite's)
        cursor.execute(limited.encode())
        return cursor.fetchall()
