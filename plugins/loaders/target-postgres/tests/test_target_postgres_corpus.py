"""What the public tests of MeltanoLabs' target-postgres send, in messages of our own, and what lands.

Each case has the name of that target's file whose shape it has. Where ours is another table than that
target's, the case says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

Message = dict[str, Any]
INTEGER, NUMBER, TEXT = {"type": "integer"}, {"type": "number"}, {"type": "string"}
MAYBE = {"type": ["null", "string"]}


def schema(stream: str, key: list[str], **properties: Any) -> Message:
    return {
        "type": "SCHEMA",
        "stream": stream,
        "key_properties": key,
        "schema": {"type": "object", "properties": properties},
    }


def records(stream: str, *rows: dict[str, Any]) -> list[Message]:
    return [{"type": "RECORD", "stream": stream, "record": row} for row in rows]


CASES: dict[str, tuple[list[Message], dict[str, str], list[tuple[Any, ...]]]] = {
    "camelcase": (
        [
            schema("MyThing", ["Id"], Id=TEXT, clientName=TEXT),
            *records("MyThing", {"Id": "b", "clientName": "x"}, {"Id": "a", "clientName": "y"}),
        ],
        {"Id": "text", "clientName": "text"},
        [("a", "y"), ("b", "x")],
    ),
    "duplicate_records": (
        [
            schema("t", ["id"], id=INTEGER, metric=INTEGER),
            *records("t", *({"id": n % 2, "metric": n} for n in range(7))),
        ],
        {"id": "bigint", "metric": "bigint"},
        [(0, 6), (1, 5)],
    ),
    "missing_value, optional_attributes": (
        [
            schema("t", ["id"], id=INTEGER, name=MAYBE),
            *records("t", {"id": 1, "name": "a"}, {"id": 2}, {"id": 3, "name": None}),
        ],
        {"id": "bigint", "name": "text"},
        [(1, "a"), (2, None), (3, None)],
    ),
    "large_int, large_numeric_primary_key": (
        [
            schema("t", ["id"], id=NUMBER, n=INTEGER),
            *records("t", {"id": 34639314995, "n": 99999999999999999}),
        ],
        {"id": "numeric", "n": "bigint"},
        [(34639314995, 99999999999999999)],
    ),
    # There an array of strings is text[]; here any array is jsonb, which keeps elements of any type.
    "array_data, new_array_column": (
        [
            schema("t", ["id"], id=INTEGER),
            schema("t", ["id"], id=INTEGER, fruits={"type": "array", "items": TEXT}),
            *records("t", {"id": 1, "fruits": ["apple", 'pe"ar']}, {"id": 2}),
        ],
        {"id": "bigint", "fruits": "jsonb"},
        [(1, ["apple", 'pe"ar']), (2, None)],
    ),
    "jsonb_data, test_no_type": (
        [
            schema(
                "t",
                ["id"],
                id=INTEGER,
                any={"type": ["string", "number", "object", "null"]},
                none={},
            ),
            *records(
                "t",
                {"id": 1, "any": {"a": {"b": "c"}}, "none": [1.5]},
                {"id": 2, "any": None, "none": "x"},
            ),
        ],
        {"id": "bigint", "any": "jsonb", "none": "jsonb"},
        [(1, {"a": {"b": "c"}}, [1.5]), (2, None, "x")],
    ),
    # There a date-time is a timestamp without zone, so that another zone's offset is lost.
    "commits (anyOf)": (
        [
            schema(
                "t",
                ["id"],
                id=TEXT,
                at={"anyOf": [TEXT | {"format": "date-time"}, {"type": "null"}]},
                legacy={"anyOf": [TEXT, INTEGER, {"type": "null"}]},
            ),
            *records(
                "t", {"id": "a", "at": "2015-09-01T16:34:02+02:00", "legacy": 24}, {"id": "b"}
            ),
        ],
        {"id": "text", "at": "timestamp with time zone", "legacy": "text"},
        [("a", "2015-09-01T14:34:02+00:00", "24"), ("b", None, None)],
    ),
    "encoded_strings": (
        [
            schema("t", ["id"], id=INTEGER, info=TEXT),
            *records(
                "t",
                *(
                    {"id": n, "info": text}
                    for n, text in enumerate(["简单 é", 'a"\\/\n', "\x01\\u0041"])
                ),
            ),
        ],
        {"id": "bigint", "info": "text"},
        [(0, "简单 é"), (1, 'a"\\/\n'), (2, "\x01\\u0041")],
    ),
    "reserved_keywords, special_chars_in_attributes": (
        [
            schema(
                "t:Special!in?",
                ["select"],
                **{"select": INTEGER, "agent:os": TEXT, "A\u200bB": TEXT},
            ),
            *records("t:Special!in?", {"select": 1, "agent:os": "x", "A\u200bB": "y"}),
        ],
        {"select": "bigint", "agent:os": "text", "A\u200bB": "text"},
        [(1, "x", "y")],
    ),
    "schema_updates, multiple_schema_messages": (
        [
            schema("t", ["id"], id=INTEGER, a=NUMBER),
            *records("t", {"id": 1, "a": 101}),
            schema("t", ["id"], id=INTEGER, a=NUMBER),
            schema("t", ["id"], id=INTEGER, a=NUMBER, b={"type": "boolean"}, c={"type": "object"}),
            *records("t", {"id": 2, "a": 102.5, "b": True, "c": {"d": 1}}),
        ],
        {"id": "bigint", "a": "numeric", "b": "boolean", "c": "jsonb"},
        [(1, 101, None, None), (2, 102.5, True, {"d": 1})],
    ),
    "schema_no_properties": (
        [schema("t", [], store={"type": "object"}), *records("t", {"store": {"id": 1}})],
        {"store": "jsonb"},
        [({"id": 1},)],
    ),
    # That target decodes such texts into bytea if its setting interpret_content_encoding is on; ours
    # has no such setting, and keeps them as they came.
    "base16_content_encoding_not_interpreted": (
        [
            schema("t", ["id"], id=TEXT, raw=MAYBE | {"contentEncoding": "base16"}),
            *records(
                "t", {"id": "a", "raw": "0xA1b"}, {"id": "b", "raw": ""}, {"id": "c", "raw": None}
            ),
        ],
        {"id": "text", "raw": "text"},
        [("a", "0xA1b"), ("b", ""), ("c", None)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_stock_target_is_tested_with_lands(
    wire: Any, warehouse: ScratchDatabase, case: str
) -> None:
    # Protects whoever changes from that target to ours: same rows, same types or better ones.
    messages, types, rows = CASES[case]
    wire.load(*messages)
    table = messages[0]["stream"]
    found = warehouse.rows(
        "select column_name::text, data_type::text from information_schema.columns where table_schema"
        " = 'raw_test' and table_name = %s and not starts_with(column_name, '_sdc_')",
        (table,),
    )
    assert dict(found) == types
    columns = ", ".join(f"'{name}', {quote(name)}" for name in types)
    query = f"select jsonb_build_object({columns}) from raw_test.{quote(table)} order by {quote(next(iter(types)))}"
    assert [tuple(row[name] for name in types) for (row,) in warehouse.rows(query)] == rows


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_rows_without_a_key_are_appended_by_each_run(wire: Any, warehouse: ScratchDatabase) -> None:
    # test_no_pk, test_no_pk_append: four runs leave the rows of all of them.
    head = schema("t", [], id=INTEGER)
    for count in (3, 5, 3, 5):
        wire.load(head, *records("t", *({"id": n} for n in range(count))), wire.state(t=count))
    assert warehouse.rows("select count(*) from raw_test.t") == [(16,)]


def test_related_streams_are_upserted(wire: Any, warehouse: ScratchDatabase) -> None:
    # user_location_data, user_location_upsert_data: two streams in turn, then changes to both.
    heads = [schema(each, ["id"], id=INTEGER, name=TEXT) for each in ("users", "places")]
    for rows in ([(1, "a"), (2, "b")], [(2, "B"), (3, "c")]):
        sent = [{"id": number, "name": name} for number, name in rows]
        wire.load(heads[0], *records("users", *sent), heads[1], *records("places", *sent))
    for table in ("users", "places"):
        query = f"select id, name from raw_test.{table} order by id"
        assert warehouse.rows(query) == [(1, "a"), (2, "B"), (3, "c")]


def test_column_that_turns_from_text_to_number_is_refused(
    wire: Any, warehouse: ScratchDatabase
) -> None:
    # uppercase_stream_name_with_column_alter: that target alters the column or casts in silence; ours
    # names the column and the way out, and what was there stays.
    wire.load(
        schema("Upper_t", ["Id"], Id=TEXT, n=TEXT), *records("Upper_t", {"Id": "1", "n": "a"})
    )
    changed = schema("Upper_t", ["Id"], Id=TEXT, n=INTEGER)
    with pytest.raises(WaybillError, match=r"column n is text in .*arrives as bigint.*Convert"):
        wire.load(changed, *records("Upper_t", {"Id": "2", "n": 1}))
    assert warehouse.rows('select "Id", n from raw_test."Upper_t"') == [("1", "a")]
