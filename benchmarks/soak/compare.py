"""Source and warehouse at the end: every row once, with the values it has at the source."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from waybill_common import contracts

if TYPE_CHECKING:
    import psycopg

    from waybill_common.connections import Connection

_CONTRACT = "totesys.yml"


@dataclass(frozen=True)
class Comparison:
    """What a comparison of source and warehouse has found.

    Attributes:
        tables: How many tables were compared.
        rows_compared: How many rows of the source.
        differences: What differs, one line a table.
    """

    tables: int
    rows_compared: int
    differences: list[str]


def differences(source: Connection, warehouse: Connection) -> Comparison:
    """Compare each table of the source with its raw table, row by row by hash.

    Columns that land as hashes are left out, and rows that are marked as deleted.
    """
    contract = contracts.load(contracts.contracts_folder() / _CONTRACT)
    found, compared = [], 0
    with source.connect() as left, warehouse.connect() as right:
        for stream in contract.streams:
            columns = [column.name for column in stream.columns if not column.is_hashed]
            theirs = _rows(left, "public", stream.name, columns, where="true")
            ours = _rows(
                right, contract.raw_schema, stream.name, columns, where="_sdc_deleted_at is null"
            )
            compared += theirs.total()
            if lost := theirs - ours:
                found.append(f"{stream.name}: {lost.total()} rows of the source are not in raw")
            if more := ours - theirs:
                found.append(f"{stream.name}: {more.total()} rows of raw are not at the source")
    return Comparison(len(contract.streams), compared, found)


def _rows(
    session: psycopg.Connection[Any],
    schema: str,
    table: str,
    columns: list[str],
    *,
    where: LiteralString,
) -> Counter[bytes]:
    query = sql.SQL("select {columns} from {table} where {where}").format(
        columns=sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns
        ),
        table=sql.Identifier(schema, table),
        where=sql.SQL(where),
    )
    return Counter(hashlib.sha256(repr(row).encode()).digest() for row in session.execute(query))
