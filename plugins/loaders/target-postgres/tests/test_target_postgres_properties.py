"""Random tables through both modes: what goes in is what PostgreSQL itself makes of it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from psycopg import sql
from random_tables import Table, tables

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

_numbers = itertools.count()
_JSON_TYPES = ("json", "jsonb")


def _written(value: str | None, sql_type: str) -> Any:
    """A value as a tap writes it into a record."""
    if value is None:
        return None
    if sql_type in _JSON_TYPES:
        return json.loads(value)
    if sql_type == "boolean":
        return value == "true"
    return value


def _records(table: Table) -> list[dict[str, Any]]:
    kinds = table.types.values()
    rows = ([index, *map(_written, row, kinds)] for index, row in enumerate(table.rows))
    return [
        {
            "type": "RECORD",
            "stream": table.name,
            "record": dict(zip(table.columns, row, strict=True)),
        }
        for row in rows
    ]


def _batches(wire: Any, table: Table) -> list[dict[str, Any]]:
    rows = [(str(index), *row) for index, row in enumerate(table.rows)]
    return [wire.batch(table.name, table.columns, rows)] if rows else []


def _read(warehouse: ScratchDatabase, schema: str, table: Table) -> list[tuple[Any, ...]]:
    names = sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.columns
    )
    query = sql.SQL("select {} from {} order by id").format(
        names, sql.Identifier(schema, table.name)
    )
    with warehouse.connection().connect() as session:
        return session.execute(query).fetchall()


def _insert(warehouse: ScratchDatabase, schema: str, table: Table) -> None:
    """What PostgreSQL makes of the texts by itself."""
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(sql_type))  # type: ignore[arg-type]  # one of ours
        for name, sql_type in table.types.items()
    ]
    relation = sql.Identifier(schema, table.name)
    with warehouse.connection().connect() as session:
        session.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        made = sql.SQL("create table {} ({})")
        session.execute(
            made.format(relation, sql.SQL(", ").join([sql.SQL("id integer"), *columns]))
        )
        for number, row in enumerate(table.rows):
            values = [
                sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(kind))  # type: ignore[arg-type]  # one of ours
                for value, kind in zip(
                    [str(number), *row], ["integer", *table.types.values()], strict=True
                )
            ]
            query = sql.SQL("insert into {} values ({})")
            session.execute(query.format(relation, sql.SQL(", ").join(values)))


@pytest.mark.parametrize("mode", ["record", "batch"])
@settings(max_examples=25)
@given(table=tables())
def test_any_table_lands_as_postgresql_reads_it(
    wire: Any, warehouse: ScratchDatabase, mode: str, table: Table
) -> None:
    # Protects every type, NULL, empty texts, control characters, and names that would be SQL.
    number = next(_numbers)
    landed, made = f"raw_{number}", f"made_{number}"
    _insert(warehouse, made, table)
    schema = wire.schema(table.name, {"id": "integer"} | table.types, ["id"])
    for _ in range(2):
        rows = _records(table) if mode == "record" else _batches(wire, table)
        wire.load(schema, *rows, wire.state(), default_target_schema=landed)
    assert _read(warehouse, landed, table) == _read(warehouse, made, table)
    ((updated, inserted),) = warehouse.rows(
        "select sum(rows_updated), sum(rows_inserted) from waybill.load where target_schema = %s",
        (landed,),
    )
    assert (updated, inserted) == (0, len(table.rows)), "what has not changed was written again"
