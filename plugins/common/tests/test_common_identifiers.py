from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waybill_common.identifiers import MAX_BYTES, qualify, quote

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

NAMES = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=MAX_BYTES,
).filter(lambda name: len(name.encode()) <= MAX_BYTES)


@settings(max_examples=50)
@given(name=NAMES)
def test_any_name_is_only_a_name(warehouse: ScratchDatabase, name: str) -> None:
    """A hostile CSV header names a column and does nothing else; the server keeps it as it is."""
    warehouse.execute(
        f"drop table if exists raw_olist.hostile; create table raw_olist.hostile ({quote(name)} int)"
    )
    kept = "select attname from pg_attribute where attrelid = 'raw_olist.hostile'::regclass and attnum > 0"
    assert warehouse.rows(kept) == [(name,)]


def test_quotes_are_doubled() -> None:
    """The one sign that ends a quoted identifier."""
    assert quote('a"; drop table x; --') == '"a""; drop table x; --"'
    assert qualify('s"', "t.u") == '"s"""."t.u"'


@pytest.mark.parametrize("name", ["", "a\0b", "x" * (MAX_BYTES + 1), "é" * 32])
def test_a_name_the_server_would_alter_is_refused(name: str) -> None:
    """PostgreSQL cuts long names in silence: two columns could become one."""
    with pytest.raises(ValueError, match="identifier"):
        quote(name)
