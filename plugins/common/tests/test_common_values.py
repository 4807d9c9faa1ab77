"""Which texts are admitted, against a real PostgreSQL's casts."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from waybill_common import column_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from waybill_warehouse.scratch import ScratchDatabase

property_test = settings(max_examples=100)

TYPES = {
    "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    "varchar(5)": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    "smallint": st.integers(-(2**15), 2**15 - 1).map(str),
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=12).map(str),
    "numeric(6,2)": st.decimals("-9999.99", "9999.99", places=2).map(str),
    "boolean": st.sampled_from(["true", "f", "1", "0", "TRUE", "False"]),
    "date": st.dates().map(str),
    "timestamp": st.datetimes().map(str),
    "timestamptz": st.datetimes(timezones=st.just(dt.timezone(dt.timedelta(hours=-3)))).map(str),
    "uuid": st.uuids().map(str),
    "double precision": st.floats(-1e300, 1e300, allow_subnormal=False).map(repr),
}

NEAR = st.text("0123456789+-.,eE:TZ tfrualsnyFI_x\N{ARABIC-INDIC DIGIT FIVE}\t", max_size=26)
EDGES = st.sampled_from(
    [
        "1e400000",
        "1e-17000",
        ".5",
        "5.",
        ".",
        "+.5e3",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "-0",
        "00012",
        "2018-02-29",
        "2020-02-29",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "2018-1-1",
        "24:00",
        "2018-01-01T24:00:00",
        "2018-01-01T10:00:60",
        "2018-01-01T23:59:59.9999999",
        "2018-01-01T10:00Z",
        "2018-01-01T10:00+14:59",
        "2018-01-01T10:00-0330",
        "now",
        "infinity",
        "epoch",
        "20180101",
        "1e309",
        "1e-400",
        "3.5e38",
        "123456.7",
        "99999.994",
        "9999.995",
        "10000",
        "1e3",
        "yes",
        "on",
        "TRUE",
        "tr",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        "9223372036854775808",
        "-32769",
    ]
)


@pytest.fixture
def database(source_database: ScratchDatabase) -> Iterator[Connection[Any]]:
    with source_database.connection("admin").connect(autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("sql_type", TYPES)
@property_test
@given(data=st.data())
def test_admitted_text_is_what_postgresql_reads(
    database: Connection[Any], sql_type: str, data: Any
) -> None:
    # Protects the promise that a checked text casts, without loss, to the value of record mode.
    admitted = column_types.of_sql_type(sql_type)
    text = data.draw(TYPES[sql_type] | NEAR | EDGES)
    if not admitted.admits(text):
        assert not admitted.admits_all(["", text] if admitted.is_text else [text])
        return
    assert admitted.admits_all([text])
    cast = sql.SQL("select %s::{}").format(sql.SQL(sql_type))
    (stored,) = database.execute(cast, (text,)).fetchone()
    converted = admitted.convert(text)
    if "timestamp" in sql_type:
        assert dt.datetime.fromisoformat(converted) == stored
    elif sql_type == "double precision":
        assert float(converted) == stored
    elif sql_type == "uuid":
        assert uuid.UUID(converted) == stored
    elif sql_type == "date":
        assert dt.date.fromisoformat(converted) == stored
    else:
        assert converted == stored


@pytest.mark.parametrize(
    ("sql_type", "texts"),
    {
        "integer": ["1.0", " 1", "1 ", "1e3", "2147483648", "-2147483649", "1_0", "٣", "0x1f"],
        "numeric": ["NaN", "Infinity", "1,5", "1e200000", "1e-17000", ".", "", "--1"],
        "numeric(6,2)": ["0.005", "10000", "1e4", "-9999.999"],
        "boolean": ["yes", "on", "2", "tru"],
        "date": ["2018-02-29", "2018-1-1", "01/02/2018", "0000-01-01", "2018-01-01T00:00"],
        "timestamp": ["2018-01-01T10:00Z", "2018-01-01 10", "2018-01-01 24:00:00", "now"],
        "timestamptz": ["2018-01-01 10:00 UTC", "2018-01-01 10:00+25:00"],
        "varchar(3)": ["four", "a\0b"],
        "uuid": ["6ba7b8109dad11d180b400c04fd430c8x"],
        "real": ["1e39", "1e-60", "inf"],
    }.items(),
)
def test_text_that_would_change_or_fail_is_refused(sql_type: str, texts: list[str]) -> None:
    # Protects against PostgreSQL's leniency: silent rounding, dropped zones, special words.
    admitted = column_types.of_sql_type(sql_type)
    assert [text for text in texts if admitted.admits(text)] == []
