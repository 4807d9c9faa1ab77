"""Checked values as CSV that COPY reads back as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from waybill_common.files.breaches import Values
    from waybill_common.files.fields import Field


def encode(
    fields: Sequence[Field], columns: Sequence[Values], delimiter: str, line_end: str
) -> bytes:
    """Rows as lines of CSV in UTF-8.

    Args:
        fields: What the columns hold.
        columns: Their values; None is NULL, which is an empty field without quotes.
        delimiter: A character that no value but a text holds.
        line_end: What ends each line.
    """
    written = [
        _texts(column, delimiter) if field.landed.is_text else _bare(column)
        for field, column in zip(fields, columns, strict=True)
    ]
    rows = map(delimiter.join, zip(*written, strict=True))
    return (line_end.join(rows) + line_end).encode()


def _texts(column: Values, delimiter: str) -> Iterable[str]:
    # The backslash: a backslash and a point alone end the data before PostgreSQL 18.
    special = (delimiter, '"', "\n", "\r", "\\")
    present = "\0".join(value for value in column if value is not None)
    if "" not in column and not any(character in present for character in special):
        return _bare(column)
    return ["" if value is None else _quoted(value) for value in column]


def _quoted(value: str) -> str:
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def _bare(column: Values) -> Iterable[str]:
    return ["" if value is None else value for value in column] if None in column else column  # type: ignore[return-value]  # no None is left
