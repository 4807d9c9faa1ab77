"""Values through Parquet, also those that Arrow has no form for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waybill_common.errors import WaybillError
from waybill_lake.arrow_types import arrow_type, form_of, sql_type_of
from waybill_lake.from_binary import binary_table, numeric_text
from waybill_lake.from_text import copy_table, csv_table
from waybill_lake.to_binary import numeric_bytes
from waybill_lake.to_text import copy_lines


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=7)
    | st.integers(-(10**40), 10**40).map(Decimal)
    | st.sampled_from([Decimal("0.00010000"), Decimal(-10000), Decimal("0E-12"), Decimal("1e5")])
)
def test_a_numeric_keeps_every_digit_in_binary(number: Decimal) -> None:
    # Protects money in rows that travel as PostgreSQL's bytes, trailing zeros too.
    plain = f"{number:f}".removeprefix("-") if not number else f"{number:f}"
    assert numeric_text(numeric_bytes(f"{number:f}")) == plain


@pytest.mark.parametrize(
    ("sql_type", "text", "expected"),
    [
        ("numeric(10,2)", "1.50", Decimal("1.50")),
        ("numeric(60,1)", f"{'9' * 59}.5", Decimal(f"{'9' * 59}.5")),
        ("bigint", "-9223372036854775808", -(2**63)),
        ("boolean", "t", True),
        ("boolean", "FALSE", False),
        ("date", "2018-02-28", dt.date(2018, 2, 28)),
        ("timestamp without time zone", "2018-02-28 23:59:59.5",
         dt.datetime(2018, 2, 28, 23, 59, 59, 500_000)),  # noqa: DTZ001 - it has no zone
        ("timestamp with time zone", "2018-02-28 23:59:59+05:30",
         dt.datetime(2018, 2, 28, 18, 29, 59, tzinfo=dt.UTC)),
        ("time without time zone", "23:59:59", dt.time(23, 59, 59)),
        ("bytea", r"\\x00ff", b"\x00\xff"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("jsonb", '{"a": 1.10}', '{"a": 1.10}'),
    ],
)  # fmt: skip
def test_others_find_a_value_of_the_right_type(sql_type: str, text: str, expected: object) -> None:
    # Protects whoever reads the lake by another tool from texts where a number or a time should be.
    table = copy_table(f"{text}\n\\N\n".encode(), ["a"], {"a": sql_type})
    assert form_of(table.schema.field("a")) == "value"
    assert sql_type_of(table.schema.field("a")) == sql_type
    assert table.column("a").to_pylist() == [expected, None]


@pytest.mark.parametrize(
    ("sql_type", "text"),
    [
        ("numeric(10,2)", "NaN"),
        ("numeric", "1.500"),
        ("date", "infinity"),
        ("date", "10000-01-01"),
        ("date", "0044-03-15 BC"),
        ("timestamp without time zone", "-infinity"),
        ("time without time zone", "24:00:00"),
        ("time without time zone", "01:00+01"),
        ("double precision", "1e-400"),
        ("double precision", "1e400"),
        ("integer", " 7"),
        ("integer", "0x7"),
        ("integer", "99999999999"),
        ("boolean", "yes"),
        ("bytea", r"\\001"),
        ("interval", "1 mon"),
        ("integer[]", "{1,NULL}"),
    ],
)
def test_what_arrow_cannot_hold_stays_the_text_it_was(sql_type: str, text: str) -> None:
    # Protects values beyond Arrow's types, and those that only PostgreSQL may refuse.
    line = f"{text}\n".encode()
    table = copy_table(line, ["a"], {"a": sql_type})
    assert form_of(table.schema.field("a")) == "text"
    assert copy_lines(table.to_batches()[0]) == line


def test_fields_are_told_apart_as_copy_does() -> None:
    # Protects NULL from the empty text, and what COPY escapes, in both of its text formats.
    types = dict.fromkeys("abc", "text")
    text = b"\\N\t\ta\\tb\\\\N\n\\\\N\t\\\\\\n\t\n"
    table = copy_table(text, list("abc"), types)
    assert table.to_pylist()[0] == {"a": None, "b": "", "c": "a\tb\\N"}
    assert table.to_pylist()[1] == {"a": "\\N", "b": "\\\n", "c": ""}
    assert copy_lines(table.combine_chunks().to_batches()[0]) == text
    rows = csv_table(b'x,,""\r\n"a ""b""\nc", y ,\\N\r\n', list("abc"), types, ",").to_pylist()
    assert rows == [{"a": "x", "b": None, "c": ""}, {"a": 'a "b"\nc', "b": " y ", "c": "\\N"}]
    assert copy_table(b"", ["a"], types).num_rows == 0
    assert copy_table(b"\n\n", ["a"], types).to_pylist() == [{"a": ""}, {"a": ""}]


def test_what_is_no_copy_is_refused() -> None:
    # Protects from rows of half a file.
    with pytest.raises(WaybillError, match="a batch file cannot be read"):
        copy_table(b"1\t2\n3\n", ["a", "b"], {"a": "text", "b": "text"})
    for data in (
        b"",
        b"PGCOPY\n\xff\r\n\0" + bytes(8),
        b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\1\0\0",
    ):
        with pytest.raises(WaybillError, match="no whole COPY in binary format"):
            binary_table(data, ["a"], {"a": "text"})


def test_a_type_without_a_form_of_its_own_is_text() -> None:
    # Protects numbers of any length and scale.
    assert arrow_type("numeric") is None
    assert arrow_type("numeric(77,2)") is None
    assert arrow_type("numeric(5,-2)") is None
    assert arrow_type("numeric(38,0)") == pa.decimal128(38, 0)
