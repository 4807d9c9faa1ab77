"""The type of a column, from its values: the narrowest one that keeps each of them as it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from waybill_common import column_types

if TYPE_CHECKING:
    from collections.abc import Iterator

LADDER = (
    *("boolean", "integer", "bigint", "numeric", "uuid", "date"),
    *("timestamp without time zone", "timestamp with time zone"),
)
"""Tried in this order; a column that none of them suits is text."""
_SHORT = {"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz"}
_LOGICAL = {
    "boolean": "boolean",
    "integer": "integer",
    "bigint": "integer",
    "smallint": "integer",
    "numeric": "number",
    "real": "number",
    "double precision": "number",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
    "jsonb": "object",
    "json": "object",
}
# What looks like a number and is a name: a number would lose its leading zero or plus.
_CODE = re.compile(r"[+-]?0[0-9]|\+")
ENOUGH_ROWS = 100
"""Fewer do not show that a column always has a value."""
_WORDS = {"true", "false"}
_NUMBERS = {"integer", "bigint", "numeric"}


def logical_type(sql_type: str) -> str:
    """ODCS' type for a type of PostgreSQL's."""
    return _LOGICAL.get(sql_type.partition("(")[0], "string")


@dataclass
class Column:
    """What is known of a column.

    Attributes:
        name: What the source calls it.
        key_position: Its place in the primary key, from 1; None where it is not of it.
        is_required: Whether each row has a value.
        sql_type: PostgreSQL's type.
    """

    name: str
    sql_type: str = "text"
    is_required: bool = False
    key_position: int | None = None


@dataclass
class Guess:
    """Gathers the values of one column.

    Attributes:
        name: What the source calls it.
        rows: How many rows have it, with a value or without.
    """

    name: str
    rows: int = 0
    _present: int = 0
    _is_nested: bool = False
    _fitting: list[str] = field(default_factory=lambda: list(LADDER))
    _seen: set[str] | None = field(default_factory=set)

    def add(self, value: str | None, *, is_text: bool = False, is_nested: bool = False) -> None:
        """Take a row's value.

        Args:
            value: Its text; None where the row has none.
            is_text: Whether the source says that it is a text, so that it is no number.
            is_nested: Whether it is JSON, an object or an array.
        """
        self.rows += 1
        if value is None:
            return
        self._present += 1
        self._is_nested |= is_nested
        self._fitting = [each for each in self._fitting if _fits(each, value, is_text=is_text)]
        if self._seen is None or value in self._seen:
            self._seen = None
        else:
            self._seen.add(value)

    def column(self, rows: int) -> Column:
        """What it is.

        Args:
            rows: How many rows were looked at.
        """
        fitting = self._fitting[0] if self._fitting and self._present else "text"
        sql_type = "jsonb" if self._is_nested else _SHORT.get(fitting, fitting)
        return Column(self.name, sql_type, is_required=self._present == rows >= ENOUGH_ROWS)

    def is_whole(self, rows: int) -> bool:
        """Whether each of the rows looked at has a value."""
        return self._present == rows > 0

    @property
    def is_unique(self) -> bool:
        """Whether no two rows have one value."""
        return self._seen is not None


def _fits(sql_type: str, value: str, *, is_text: bool) -> bool:
    if sql_type == "boolean":
        return value.lower() in _WORDS
    if sql_type in _NUMBERS and (is_text or _CODE.match(value)):
        return False
    return _ADMITTED[sql_type].admits(value)


_ADMITTED = {each: column_types.of_sql_type(each) for each in LADDER}


def mark_key(columns: list[Column], guesses: list[Guess], stream: str, rows: int) -> None:
    """Make a column the key that has a value of its own in each row and is called like one.

    Args:
        columns: The columns; one of them may be marked.
        guesses: What they come from.
        stream: The stream's name.
        rows: How many rows were looked at.
    """
    for column in _candidates(columns, guesses, stream, rows):
        column.key_position, column.is_required = 1, True
        return


def _candidates(
    columns: list[Column], guesses: list[Guess], stream: str, rows: int
) -> Iterator[Column]:
    singular = stream.removesuffix("s")
    names = {"id", "key", f"{stream}_id", f"{singular}_id", f"{singular}id", f"{singular}_key"}
    first = columns[0].name.lower() if columns else ""
    names |= {first} if first.endswith(("id", "code", "key", "number", "sku")) else set()
    for column, guess in zip(columns, guesses, strict=True):
        is_key = column.sql_type in {"integer", "bigint", "text", "uuid"}
        is_whole = guess.is_unique and guess.is_whole(rows)
        if is_key and is_whole and column.name.lower() in names:
            yield column
