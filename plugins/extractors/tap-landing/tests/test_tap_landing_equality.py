"""What a warehouse gets over the lake is what it gets without."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from psycopg import sql
from random_tables import Table, tables

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

_numbers = itertools.count()


def _make(source: ScratchDatabase, schema: str, table: Table) -> None:
    relation = sql.Identifier(schema, table.name)
    types = {"id": "integer primary key"} | table.types
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))  # type: ignore[arg-type]  # one of ours
        for name, kind in types.items()
    ]
    with source.connection().connect() as session:
        for statement in ("create schema {}", "grant usage on schema {} to source_reader"):
            session.execute(sql.SQL(statement).format(sql.Identifier(schema)))
        made = sql.SQL("create table {} ({})")
        session.execute(made.format(relation, sql.SQL(", ").join(columns)))
        session.execute(sql.SQL("grant select on {} to source_reader").format(relation))
        for number, row in enumerate(table.rows):
            values = sql.SQL(", ").join([sql.Literal(str(number)), *map(sql.Literal, row)])
            session.execute(sql.SQL("insert into {} values ({})").format(relation, values))


def _read(database: ScratchDatabase, schema: str, table: Table) -> list[tuple[Any, ...]]:
    names = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.columns]
    query = sql.SQL("select {} from {} order by id")
    relation = sql.Identifier(schema, table.name)
    with database.connection().connect() as session:
        session.execute("set timezone = 'UTC'")
        return session.execute(query.format(sql.SQL(", ").join(names), relation)).fetchall()


@pytest.mark.parametrize("mode", ["record", "batch"])
@settings(max_examples=10)
@given(table=tables())
def test_any_table_is_the_same_over_the_lake(
    way: Any,
    source_database: ScratchDatabase,
    warehouse: ScratchDatabase,
    mode: str,
    table: Table,
) -> None:
    # Protects every value and type on its way through Parquet, whatever the tap sends; and a second
    # replay from writing what has not changed.
    number = next(_numbers)
    there, landed = f"there_{number}", f"raw_{number}"
    _make(source_database, there, table)
    state = landed_state = None
    for _ in range(2):
        text = way.extract(source_database, state, mode=mode, source_schema=there)
        state = way.land(text, source=there)
        replayed = way.replay(landed_state, source=there)
        landed_state = way.load(replayed, landed) or landed_state
    assert _read(warehouse, landed, table) == _read(source_database, there, table)
    counted = warehouse.rows(
        "select sum(rows_inserted), sum(rows_updated), sum(rows_deleted) from waybill.load"
        " where target_schema = %s",
        (landed,),
    )
    assert counted == [(len(table.rows), 0, 0)]
