"""What source and warehouse hold in a window, counted on either side by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from waybill.receipt.model import Figures
from waybill.receipt.offenders import SOURCE_SCHEMA
from waybill.receipt.tables import DELETED_AT, columns
from waybill_common import connections

if TYPE_CHECKING:
    import psycopg

    from waybill.backfill.request import Request
    from waybill_common.contracts import Stream

_FILE = "_sdc_source_file"


def landed(
    session: psycopg.Connection[dict[str, Any]],
    request: Request,
    stream: Stream,
    table: str,
    files: list[str],
) -> Figures:
    """Rows of a raw table that are in the window (of the lake, all), and sums of its control totals.

    Args:
        session: The warehouse.
        request: The window.
        stream: The stream.
        table: Where it lands.
        files: The files of the window, where the source is made of files.
    """
    schema = request.contract.raw_schema
    present = columns(session, schema, table)
    bound: list[Any] = [request.low, request.high]
    if request.over_lake:
        within, bound = sql.Composed([sql.SQL("true")]), []
    elif request.is_by_file:
        within, bound = sql.SQL("{} = any(%s)").format(sql.Identifier(_FILE)), [files]
    else:
        within = _between(stream)
    if DELETED_AT in present:
        within += sql.SQL(" and {} is null").format(sql.Identifier(DELETED_AT))
    totals = [name for name in stream.control_totals if name in present]
    return _count(session, sql.Identifier(schema, table), totals, within, bound)


def at_source(request: Request) -> dict[str, int]:
    """Rows of the source database that are in the window, by stream."""
    setting = f"WAYBILL_{request.contract.source.upper()}"
    login = connections.source(os.environ.get(setting), setting=setting)
    bound = [request.low, request.high]
    with login.connect(row_factory=dict_row) as session:
        return {
            stream.name: _count(
                session,
                sql.Identifier(SOURCE_SCHEMA, stream.name),
                [],
                _between(stream),
                bound,
            ).rows
            for stream in request.streams
        }


def _between(stream: Stream) -> sql.Composed:
    key = str(stream.replication_key)
    sql_type = sql.SQL(stream.column(key).sql_type)
    return sql.SQL("{key} >= %s::text::{type} and {key} < %s::text::{type}").format(
        key=sql.Identifier(key), type=sql_type
    )


def _count(
    session: psycopg.Connection[dict[str, Any]],
    relation: sql.Identifier,
    totals: list[str],
    within: sql.Composable,
    bound: list[Any],
) -> Figures:
    sums = [
        sql.SQL(", coalesce(sum({}), 0)::numeric as {}").format(
            sql.Identifier(name), sql.Identifier(f"total {name}")
        )
        for name in totals
    ]
    query = sql.SQL("select count(*) as rows{} from {} where {}").format(
        sql.SQL("").join(sums), relation, within
    )
    (row,) = session.execute(query, bound).fetchall()
    return Figures(row["rows"], {name: row[f"total {name}"] for name in totals})
