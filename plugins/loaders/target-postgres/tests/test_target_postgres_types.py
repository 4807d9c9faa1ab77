from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

NO_LETTERS = {"x-dead-letter-limit": {"rows": 0}}
HOSTILE = ['a"b', "x; drop table y --", "%s %", "a.b", "select", " space ", "Ünï", "k" * 63]

EXACT = {
    "numeric": ["123456789012345678.123456789012", "0.10", "-1e-20", "9" * 5000],
    "bigint": [str(2**63 - 1), str(-(2**63))],
    "double precision": ["0.1", "1e308", "-5e-324"],
    "timestamp": ["2024-02-29 23:59:59.999999"],
    "timestamptz": ["2024-02-29 23:59:59.999999+05:30"],
    "date": ["0001-01-01", "infinity"],
    "time": ["23:59:59.999999"],
    "interval": ["1 mon 2 days 03:04:05"],
    "uuid": ["6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
    "bytea": [r"\x00ff5c"],
    "json": ['{"b": 1,  "a": 1.10, "a": null}'],
    "jsonb": ['{"a": 1.10, "b": [null, "x\\ny"]}', "null"],
    "text": ["", "NULL", r"\N", "a\tb\nc\rd\\e", "žluťoučký 🐎", "\u0001"],
    "character varying(3)": ["abc"],
    "boolean": ["t", "f"],
    "integer[]": ["{1,NULL,3}", "{{1,2},{3,4}}", "[0:1]={7,8}"],
    "text[]": ['{a,"b c","",NULL,"NULL","q\\"\\\\"}'],
    "inet": ["192.168.0.1/24"],
    "numrange": ["[1.5,2.5)"],
    "bit(3)": ["101"],
    "point": ["(1,2)"],
}


@pytest.mark.parametrize("mode", ["record", "batch"])
def test_values_land_with_every_digit(wire: Any, warehouse: ScratchDatabase, mode: str) -> None:
    # Each type's values are in the table as PostgreSQL itself would read them; NULL is not the empty string.
    wanted = [(n, sql_type, text) for n, sql_type in enumerate(EXACT) for text in EXACT[sql_type]]
    types = {"id": "integer"} | {f"c{n}": sql_type for n, sql_type in enumerate(EXACT)}
    messages: list[Any] = [wire.schema("typed", types, ["id"])]
    if mode == "record":
        messages[0]["schema"]["properties"] |= {
            f"c{n}": {"type": ["string", "null"], "x-sql-datatype": sql_type}
            for n, sql_type in enumerate(EXACT)
        }
        for row, (n, _, text) in enumerate(wanted):
            messages.append(wire.record("typed", **{"id": row, f"c{n}": text}))
    else:
        for row, (n, _, text) in enumerate(wanted):
            messages.append(wire.batch("typed", ["id", f"c{n}"], [(row, text)]))
    for _ in range(2):
        wire.load(*messages, wire.state())
        if mode == "batch":
            break

    for row, (n, sql_type, text) in enumerate(wanted):
        others = " and ".join(f"c{m} is null" for m in range(len(EXACT)) if m != n)
        kept = f"select c{n}::text = (%s::{sql_type})::text and {others} from raw_test.typed where id = {row}"
        assert warehouse.rows(kept.replace("%", "%%").replace("%%s", "%s"), (text,)) == [(True,)], (
            sql_type,
            text,
        )
    if mode == "record":
        again = "select rows_unchanged from waybill.load order by load_id desc limit 1"
        assert warehouse.rows(again) == [(len(wanted),)]


def test_json_values_keep_their_type(wire: Any, warehouse: ScratchDatabase) -> None:
    # Streams of taps that know no SQL types get types from their JSON schema, and exact values.
    properties = {
        "i": {"type": ["null", "integer"]},
        "huge": {"type": "integer", "maximum": 10**30},
        "n": {"type": ["null", "number"]},
        "t": {"type": "string", "format": "date-time"},
        "d": {"type": "string", "format": "date"},
        "u": {"type": "string", "format": "uuid"},
        "b": {"type": "boolean"},
        "o": {"type": "object"},
        "l": {"type": "array", "items": {"type": "string"}},
        "any": {},
        "mixed": {"type": ["string", "integer"]},
        "maybe": {
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": ["string", "null"]}]
        },
        "foreign": {"type": "number", "x-sql-datatype": "NUMBER; drop table x"},
    }
    schema = {
        "type": "SCHEMA",
        "stream": "s",
        "key_properties": [],
        "schema": {"properties": properties},
    }
    record = (
        '{"type":"RECORD","stream":"s","record":{"i":3.0,"huge":1' + "0" * 29 + ","
        '"n":123456789012345678.123456789012,"t":"2024-01-01T00:00:00","d":"2024-01-01",'
        '"u":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","b":true,"o":{"x":1.10},"l":["a",null],'
        '"any":"text","mixed":7,"maybe":"2024-01-01T01:00:00+01:00","foreign":0.1,"unknown":1}}'
    )
    wire.load(schema, record, wire.state())

    found = warehouse.rows(
        "select string_agg(format_type(atttypid, atttypmod), ',' order by attnum)"
        " from pg_attribute where attrelid = 'raw_test.s'::regclass and attnum > 0"
    )
    zoned = "timestamp with time zone"
    plain = "bigint,numeric,numeric,{0},date,uuid,boolean,jsonb,jsonb,jsonb,text,{0},numeric"
    assert found == [(",".join([plain.format(zoned), zoned, zoned, zoned]),)]
    assert warehouse.rows(
        'select i, huge, n, t::text, o::text, l::text, "any"::text, mixed, maybe::text, "foreign" from raw_test.s'
    ) == [
        (
            *(3, Decimal(10**29), Decimal("123456789012345678.123456789012")),
            *("2024-01-01 00:00:00+00", '{"x": 1.10}', '["a", null]', '"text"', "7"),
            *("2024-01-01 00:00:00+00", Decimal("0.1")),
        )
    ]


@pytest.mark.parametrize("mode", ["record", "batch"])
def test_hostile_names_are_only_strange(wire: Any, warehouse: ScratchDatabase, mode: str) -> None:
    # Quotes, statements and placeholders in the names of stream and columns reach no SQL.
    types = dict.fromkeys(HOSTILE, "text")
    stream = 'odd"; drop table x; --%s'
    schema = wire.schema(stream, types, [HOSTILE[0]])
    for turn in ("one", "two"):
        values = dict.fromkeys(HOSTILE, turn) | {HOSTILE[0]: "key"}
        row = (
            wire.record(stream, **values)
            if mode == "record"
            else wire.batch(stream, HOSTILE, [values.values()])
        )
        wire.load(schema, row, wire.state(**{stream: {"turn": turn}}))

    query = "select to_jsonb(t) from raw_test.{} t"
    table = '"' + stream.replace('"', '""') + '"'
    ((found,),) = warehouse.rows(query.format(table))
    assert {name: found[name] for name in HOSTILE} == values


def test_names_postgres_would_cut_are_refused(wire: Any) -> None:
    # A name of more than 63 bytes would be cut silently, so that two could become one.
    for stream, column in (("s", "é" * 32), ("s" * 64, "c")):
        with pytest.raises(WaybillError, match="longer than 63 bytes"):
            wire.load(wire.schema(stream, {column: "text"}))


@pytest.mark.parametrize(
    ("text", "reason"), [("a\0b", "the character NUL"), ("\ud800", "half of a surrogate pair")]
)
def test_unstorable_text_names_its_row(
    wire: Any, warehouse: ScratchDatabase, text: str, reason: str
) -> None:
    # What PostgreSQL cannot hold is told by stream, column and key.
    schema = wire.schema("s", {"id": "integer", "name": "text"}, ["id"], **NO_LETTERS)
    records = [wire.record("s", id=n, name=text if n == 2 else "ok") for n in range(4)]
    with pytest.raises(WaybillError, match=f"Stream s, column name: it holds {reason} at id = 2"):
        wire.load(schema, *records, wire.state())
    assert warehouse.rows("select to_regclass('raw_test.s') is null") == [(True,)]


@pytest.mark.parametrize("mode", ["record", "batch"])
def test_refused_values_name_their_row(wire: Any, mode: str) -> None:
    # A value that is not of its column's type is told by stream, column and key.
    schema = wire.schema("s", {"id": "integer", "price": "numeric"}, ["id"], **NO_LETTERS)
    rows = [(1, "1"), (2, "two"), (3, "3")]
    messages = (
        [wire.record("s", id=n, price=price) for n, price in rows]
        if mode == "record"
        else [wire.batch("s", ["id", "price"], rows)]
    )
    with pytest.raises(
        WaybillError, match=r'Stream s, column price: invalid input.*"two" at id = 2'
    ):
        wire.load(schema, *messages, wire.state())


def test_null_key_names_its_stream(wire: Any) -> None:
    # A key that is NULL has no place in a keyed table, new or old.
    schema = wire.schema("s", {"id": "integer", "a": "text"}, ["id"], **NO_LETTERS)
    for _ in range(2):
        with pytest.raises(WaybillError, match=r"Stream s, column id: a part of the key is NULL"):
            wire.load(schema, wire.record("s", id=None, a="x"), wire.state())
        wire.load(schema, wire.record("s", id=1), wire.state())


def test_columns_come_and_stay(wire: Any, warehouse: ScratchDatabase) -> None:
    # A new column is added, a missing one stays, and its old values with it.
    wire.load(
        wire.schema("s", {"id": "integer", "a": "text"}, ["id"]),
        wire.record("s", id=1, a="x"),
        wire.state(),
    )
    wire.load(
        wire.schema("s", {"id": "integer", "b": "date"}, ["id"]),
        *(wire.record("s", id=n, b="2024-01-01") for n in (1, 2)),
        wire.state(),
    )

    assert warehouse.rows("select id, a, b::text from raw_test.s order by id") == [
        (1, "x", "2024-01-01"),
        (2, None, "2024-01-01"),
    ]


def test_schema_may_change_between_rows(wire: Any, warehouse: ScratchDatabase) -> None:
    # Rows before and after a SCHEMA in one transaction all land, the later one of a key last.
    wire.load(
        wire.schema("s", {"id": "integer", "a": "integer"}, ["id"]),
        *(wire.record("s", id=n, a=1) for n in (1, 2)),
        wire.schema("s", {"id": "integer", "a": "bigint", "b": "text"}, ["id"]),
        wire.record("s", id=2, a=2**40, b="new"),
        wire.state(s={"read": {"rows": 3}}),
    )

    assert warehouse.rows("select id, a, b from raw_test.s order by id") == [
        (1, 1, None),
        (2, 2**40, "new"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "landed"),
    [
        ("integer", "bigint", "bigint"),
        ("bigint", "integer", "bigint"),
        ("integer", "numeric", "numeric"),
        ("numeric(10,2)", "numeric(12,4)", "numeric"),
        ("character varying(3)", "text", "text"),
        ("text", "character varying(3)", "text"),
        ("real", "double precision", "double precision"),
    ],
)
def test_types_widen_where_nothing_is_lost(
    wire: Any, warehouse: ScratchDatabase, before: str, after: str, landed: str
) -> None:
    # A column follows its source to a wider type and never goes back to a narrower one.
    for n, sql_type in enumerate((before, after)):
        wire.load(
            wire.schema("s", {"id": "integer", "a": sql_type}, ["id"]),
            wire.record("s", id=n, a=7),
            wire.state(),
        )

    assert warehouse.rows("select pg_typeof(a)::text, a::int from raw_test.s") == [(landed, 7)] * 2


def test_other_type_changes_are_refused(wire: Any, warehouse: ScratchDatabase) -> None:
    # A change that could lose or bend values names stream, column, both types and the way out.
    wire.load(wire.schema("s", {"a": "text"}), wire.record("s", a="x"), wire.state())
    with pytest.raises(
        WaybillError, match=r"Stream s: column a is text .*arrives as integer.*Convert"
    ):
        wire.load(wire.schema("s", {"a": "integer"}), wire.record("s", a=1), wire.state())
    assert warehouse.rows("select a from raw_test.s") == [("x",)]


def test_another_key_is_refused(wire: Any) -> None:
    # A key that is not the table's primary key would let rows double.
    types = {"a": "integer", "b": "integer"}
    wire.load(wire.schema("s", types, ["a"]), wire.record("s", a=1, b=1), wire.state())
    with pytest.raises(WaybillError, match=r"its key is \(b\).* primary key \(a\)"):
        wire.load(wire.schema("s", types, ["b"]), wire.record("s", a=1, b=1), wire.state())


def test_stream_names_its_schema_where_none_is_set(wire: Any, warehouse: ScratchDatabase) -> None:
    # Without default_target_schema a stream `schema-table` lands there; any other is told what to set.
    schema = wire.schema("raw_other-my-table", {"a": "text"})
    wire.load(
        schema, wire.record("raw_other-my-table", a="x"), wire.state(), default_target_schema=""
    )
    assert warehouse.rows('select a from raw_other."my-table"') == [("x",)]

    with pytest.raises(WaybillError, match="Set `default_target_schema`"):
        wire.load(wire.schema("plain", {"a": "text"}), default_target_schema="")
