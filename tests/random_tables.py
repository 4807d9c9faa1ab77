"""Tables of any types, names and values, for tests by which what goes in is what comes out."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Cell = str | None
"""A value as text that PostgreSQL reads, or NULL."""

_MAX_NAME_BYTES = 63
# What COPY, CSV, SQL and JSON each have a meaning for, and what crosses a byte or a line.
_TRAPS = "\\\t\n\r\"',;{}.N-\x01\x0b\x7f\x85\u2028é🐘 \u0130"
_WORDS = st.text(
    st.one_of(
        st.sampled_from(_TRAPS),
        st.characters(min_codepoint=1, exclude_categories=("Cs",)),
    ),
    max_size=12,
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("a\"'\\é", max_size=3), inner)
    ),
    max_leaves=5,
)


def _array(words: list[Cell]) -> str:
    quoted = (
        "NULL" if word is None else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for word in words
    )
    return "{" + ",".join(quoted) + "}"


_DATES = st.dates().map(str)
_MOMENTS = st.datetimes().map(str)
_ZONES = st.sampled_from(["+00", "+05:30", "-11", "+13:45"])
TYPES: dict[str, st.SearchStrategy[str]] = {
    "smallint": st.integers(-(2**15), 2**15 - 1).map(str),
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": st.decimals(allow_infinity=False, allow_nan=False, places=18).map(str)
    | st.just("NaN"),
    "numeric(38,9)": st.decimals(-(10**28), 10**28, places=9).map(str),
    "double precision": st.floats(allow_nan=False).map(
        lambda x: repr(x) if math.isfinite(x) else f"{'-' if x < 0 else ''}Infinity"
    ),
    "boolean": st.sampled_from(["true", "false"]),
    "text": _WORDS,
    "character varying(12)": _WORDS,
    "bytea": st.binary(max_size=8).map(lambda raw: "\\x" + raw.hex()),
    "uuid": st.uuids().map(str),
    "date": _DATES | st.sampled_from(["infinity", "-infinity", "0044-03-15 BC"]),
    "time without time zone": st.times().map(str),
    "timestamp without time zone": _MOMENTS | st.sampled_from(["infinity", "-infinity"]),
    "timestamp with time zone": st.builds(
        lambda moment, zone: moment + zone,
        # In another zone, the first and the last day are in no year that Python's dates have.
        st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)).map(str),  # noqa: DTZ001 - the zone is drawn
        _ZONES,
    ),
    "interval": st.builds(
        "{} months {} days {} seconds".format,
        *(st.integers(-999, 999) for _ in range(3)),
    ),
    "jsonb": _JSON.map(lambda value: json.dumps(value, ensure_ascii=False)),
    "text[]": st.lists(_WORDS | st.none(), max_size=4).map(_array),
    "integer[]": st.lists(st.integers(-9, 9), max_size=4).map(lambda n: _array(list(map(str, n)))),
    "daterange": st.builds(
        lambda days: f"[{min(days)},{max(days)})", st.lists(st.dates(), min_size=2, max_size=2)
    ),
}


def _is_name(name: str) -> bool:
    return 0 < len(name.encode()) <= _MAX_NAME_BYTES and not name.startswith("_sdc_")


_HOSTILE = [
    'x"; drop table orders; --',
    "'; select pg_sleep(9); --",
    "select",
    "Order Id",
    " ",
    "%s",
    "%(a)s",
    "$1",
    "{}",
    "a.b",
    "oid_",
    "é" * 31 + "x",
    "n" * _MAX_NAME_BYTES,
]
NAMES = (
    st.sampled_from(_HOSTILE)
    | st.text(
        st.sampled_from(_TRAPS) | st.characters(min_codepoint=1, exclude_categories=("Cs",)),
        min_size=1,
        max_size=15,
    )
).filter(_is_name)


@dataclass(frozen=True)
class Table:
    """A table with a key `id`, which numbers its rows from 0.

    Attributes:
        name: Its name.
        types: The type of each other column.
        rows: The values of each row in that order.
    """

    name: str
    types: dict[str, str]
    rows: list[list[Cell]]

    @property
    def columns(self) -> list[str]:
        """All columns, the key first."""
        return ["id", *self.types]


@st.composite
def tables(draw: st.DrawFn, types: tuple[str, ...] = tuple(TYPES)) -> Table:
    """Any table.

    Args:
        draw: Given by hypothesis.
        types: The types that its columns may have.
    """
    names = draw(st.lists(NAMES.filter(lambda name: name != "id"), max_size=5, unique=True))
    chosen = {name: draw(st.sampled_from(types)) for name in names}
    cells = [st.none() | TYPES[sql_type] for sql_type in chosen.values()]
    rows: list[Any] = draw(st.lists(st.tuples(*cells).map(list), max_size=6))
    return Table(draw(NAMES), chosen, rows)
