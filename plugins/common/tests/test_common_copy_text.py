from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waybill_common import copy_text

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

# The types of the columns and Python values that each must hold without loss.
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    "numeric": st.decimals(allow_infinity=False),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double precision": st.floats(),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(),
    "timestamptz": st.datetimes(
        dt.datetime.min + dt.timedelta(days=2),  # noqa: DTZ901 - hypothesis adds the zone
        dt.datetime.max - dt.timedelta(days=2),  # noqa: DTZ901 - hypothesis adds the zone
        timezones=st.timezones(),
    ),
    "time": st.times(),
    "uuid": st.uuids(),
    "bytea": st.binary(),
}


def comparable(value: object) -> object:
    """A value that can be compared though it is NaN, and says more than equality does."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(dt.UTC)
    if isinstance(value, Decimal):
        return "NaN" if value.is_nan() else value
    return str(value) if isinstance(value, float) else value


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(*(st.none() | values for values in COLUMNS.values())), max_size=20))
def test_any_value_survives_the_server(source_database: ScratchDatabase, rows: list[Any]) -> None:
    # What encode_row writes, PostgreSQL reads as the same value; what PostgreSQL writes, decode_row reads.
    columns = ", ".join(f"c{n} {sql_type}" for n, sql_type in enumerate(COLUMNS))
    with source_database.connection().connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"create temporary table t (n int generated always as identity, {columns})")
        names = ", ".join(f"c{n}" for n in range(len(COLUMNS)))
        with cursor.copy(f"copy t ({names}) from stdin") as copy:
            copy.write("".join(map(copy_text.encode_row, rows)))
        landed = cursor.execute(f"select {names} from t order by n").fetchall()
        with cursor.copy("copy (select c0 from t order by n) to stdout") as copy:
            lines = [bytes(line).decode() for line in copy]

    assert [[*map(comparable, row)] for row in landed] == [[*map(comparable, row)] for row in rows]
    assert [copy_text.decode_row(line) for line in lines] == [[row[0]] for row in rows]


@given(st.lists(st.none() | st.text(), min_size=1))
def test_decode_undoes_encode(row: list[str | None]) -> None:
    # Tabs, line ends, backslashes, the empty string and NULL stay apart.
    line = copy_text.encode_row(row)

    assert line.count("\n") == 1
    assert copy_text.decode_row(line) == row


def test_unknown_types_are_refused() -> None:
    # A value without a COPY form is an error, not its Python repr in a table.
    with pytest.raises(TypeError, match="no COPY text for a set"):
        copy_text.encode({1})


def test_subclasses_are_encoded_as_their_base() -> None:
    # A subclass, such as a driver's own int or datetime, is no reason to fail.
    class Money(Decimal):
        pass

    assert copy_text.encode(Money("1.10")) == "1.10"
    assert copy_text.encode(uuid.UUID(int=0)) == "00000000-0000-0000-0000-000000000000"
