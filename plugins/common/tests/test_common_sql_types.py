from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waybill_common import sql_types

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

TRAVELLING = """
    int2 int int4 int8 smallint integer bigint real float4 float8 double_precision decimal numeric numeric(10,2)
    numeric(5) bool boolean text varchar varchar(7) character_varying char char(3) bpchar bytea date time time(3)
    timetz timestamp timestamp(3) timestamptz timestamptz(3) timestamp_with_time_zone time_without_time_zone interval
    interval(3) interval_day_to_second(3) uuid json jsonb inet cidr macaddr bit bit(3) varbit varbit(9) pg_lsn
    tsvector point polygon int4range tstzmultirange int[] numeric(10,2)[] timestamptz[] text[][] varchar(3)[]
"""


def test_names_are_those_of_the_server(source_database: ScratchDatabase) -> None:
    # A canonical name is what format_type says, so that a column that is right is never altered.
    names = [name.replace("_", " ").replace("pg lsn", "pg_lsn") for name in TRAVELLING.split()]
    for name in names:
        source_database.execute(f"drop table if exists t; create table t (c {name})")
        found = source_database.rows(
            "select format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = 't'::regclass and attnum = 1"
        )
        assert [(sql_types.canonical(name),)] == found, name


@pytest.mark.parametrize(
    "text",
    ["text; drop table x", "text)--", 'int"', "serial", "regclass", "NUMBER(38,0)", "text(5)", ""],
)
def test_anything_else_is_no_type(text: str) -> None:
    # A tap's text never becomes SQL unless it is a type on the list.
    assert sql_types.canonical(text) is None


@given(st.text(max_size=40))
def test_canonical_names_are_stable(text: str) -> None:
    # What comes out goes in again unchanged, and is made of harmless characters only.
    name = sql_types.canonical(text)
    if name is not None:
        assert sql_types.canonical(name) == name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz_0123456789 (),-[]")
