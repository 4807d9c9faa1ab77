from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import sql_types

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

VALUES = {
    "numeric": ["123456789012345678.123456789012", "NaN", "0.10"],
    "numeric(10,2)": ["1.10"],
    "bigint": [str(2**63 - 1)],
    "real": ["0.1"],
    "double precision": ["-Infinity", "1e308", "5e-324", "-0"],
    "boolean": ["t", "f"],
    "timestamp": ["2024-02-29 23:59:59.999999", "infinity", "0044-03-15 00:00:00 BC"],
    "timestamptz": ["2024-02-29 23:59:59.999999+05:30", "-infinity"],
    "date": ["0001-01-01", "infinity"],
    "time": ["23:59:59.999999"],
    "timetz": ["12:00:00+02"],
    "interval": ["1 mon -2 days 03:04:05.6"],
    "uuid": ["6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
    "bytea": [r"\x00ff5c0a", r"\x"],
    "json": ['{"b": 1,  "a": 1.10, "a": null}', "null"],
    "jsonb": ['{"a": 1.10, "b": [null, "x\\ny"]}', "null", '"text"'],
    "text": ["", "NULL", r"\N", "a\tb\nc\rd\\e\b\f\v", "žluťoučký 🐎", '"quoted"'],
    "character(5)": ["ab"],
    "integer[]": ["{1,NULL,3}", "{{1,2},{3,4}}", "[0:1]={7,8}", "{}"],
    "numeric[]": ["{1.10,NaN}"],
    "text[]": ['{a,"b c","",NULL,"NULL","q\\"\\\\","{x,y}","tab\there"}'],
    "timestamptz[]": ['{"2024-01-01 00:00:00+00",NULL}'],
    "boolean[]": ["{t,f,NULL}"],
    "jsonb[]": ['{"{\\"a\\": 1}",NULL,"null"}'],
    "inet": ["192.168.0.1/24"],
    "numrange": ["[1.5,2.5)", "empty"],
    "bit(3)": ["101"],
    "point": ["(1,2)"],
    "box[]": ["{(1,1),(0,0);(3,3),(2,2)}"],
    "money": ["12.34"],
    "mood": ["so so"],
    "positive": ["7.70"],
    "pair": ['(1,"x, y")'],
    "name": ["a name"],
    "oid": ["42"],
}
LANDS_AS = {
    "money": "numeric",
    "mood": "text",
    "positive": "numeric(6,2)",
    "pair": "text",
    "name": "text",
    "oid": "text",
}


@pytest.fixture
def typed(lane: Any) -> Any:
    """A table with a column of each type and a row for each value."""
    lane.source.execute(
        "create type mood as enum ('so so'); create type pair as (a integer, b text);"
        "create domain amount as numeric(6,2); create domain positive as amount check (value > 0)"
    )
    columns = ", ".join(f"c{n} {sql_type}" for n, sql_type in enumerate(VALUES))
    lane.source.execute(f"create table typed (id integer primary key, {columns})")
    row = 0
    for n, sql_type in enumerate(VALUES):
        for text in VALUES[sql_type]:
            lane.source.execute(
                f"insert into typed (id, c{n}) values (%s, %s::{sql_type})", (row, text)
            )
            row += 1
    return lane


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_every_type_lands_exactly(typed: Any, warehouse: ScratchDatabase, mode: str) -> None:
    # Source and warehouse hold the same text in the same type, in both modes, for each value and NULL.
    typed.land(typed.run(mode=mode))

    for n, sql_type in enumerate(VALUES):
        read = "::numeric" if sql_type == "money" else ""
        query = "select id, c{0}{1}::text from {2} order by id"
        assert warehouse.rows(query.format(n, "", "raw_test.typed")) == typed.source.rows(
            query.format(n, read, "typed")
        ), sql_type
        found = warehouse.rows(
            "select format_type(atttypid, atttypmod) from pg_attribute"
            f" where attrelid = 'raw_test.typed'::regclass and attname = 'c{n}'"
        )
        assert found == [(sql_types.canonical(LANDS_AS.get(sql_type, sql_type)),)]


def test_modes_differ_in_nothing(typed: Any, warehouse: ScratchDatabase) -> None:
    # After a load in one mode, the other finds every row unchanged.
    typed.land(typed.run(mode="batch"))
    typed.land(typed.run(mode="record"))

    rows = warehouse.rows("select count(*) from raw_test.typed")[0][0]
    found = warehouse.rows("select rows_unchanged from waybill.load order by load_id")
    assert found == [(0,), (rows,)]
