"""The warehouse as whoever looks at it may see it: in the role `reader`, and to read only.

Nothing else of this package knows PostgreSQL. Another kind of warehouse is another URL in
WAREHOUSE_READER_URL, in the words of its SQLAlchemy dialect, such as `duckdb:///marts.duckdb`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, inspect

from waybill_common import connections

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy import Engine

    from waybill_common.connections import Connection

SETTING = "WAREHOUSE_READER_URL"


def engine(*, timeout: dt.timedelta | None = None) -> Engine:
    """Make a pool of sessions that can change nothing; the first query opens the first.

    Args:
        timeout: For how long the warehouse may work on one statement; None for any time.

    Returns:
        A pool. Where the warehouse cannot be reached, a query raises a WaybillError that says why.
    """
    url = os.environ.get(SETTING, "")
    if url and not connections.is_postgres_url(url):
        return create_engine(url)

    def open_session() -> Any:
        # Looked up each time: the embedded warehouse may have been started since, elsewhere.
        return _read_only(connections.warehouse("reader"), timeout).connect()

    return create_engine("postgresql+psycopg://", creator=open_session, pool_pre_ping=True)


def _read_only(login: Connection, timeout: dt.timedelta | None) -> Connection:
    options = [login.parameters.get("options", ""), "-c default_transaction_read_only=on"]
    if timeout:
        options.append(f"-c statement_timeout={int(timeout.total_seconds() * 1000)}")
    return replace(login, parameters=login.parameters | {"options": " ".join(options).strip()})


def relations(warehouse: Engine, schemas: Collection[str]) -> set[str]:
    """The tables and views of those schemas that are there, as `schema.name`."""
    found = inspect(warehouse)
    present = set(found.get_schema_names()) & set(schemas)
    return {
        f"{schema}.{name}"
        for schema in present
        for name in (*found.get_table_names(schema), *found.get_view_names(schema))
    }
