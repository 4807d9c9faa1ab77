r"""PostgreSQL's COPY text format: one row a line, fields parted by tabs, `\N` for NULL.

Source of the format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

NULL = r"\N"

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def escape(text: str) -> str:
    """A text as a COPY field.

    NUL is left to the caller: PostgreSQL has no way to store it, and looking for it in a whole
    chunk of rows costs far less than in each field.
    """
    if "\\" in text:
        text = text.replace("\\", r"\\")
    if "\n" in text:
        text = text.replace("\n", r"\n")
    if "\t" in text:
        text = text.replace("\t", r"\t")
    if "\r" in text:
        text = text.replace("\r", r"\r")
    return text


def encode(value: object) -> str:
    """A Python value as a COPY field that PostgreSQL reads back without loss.

    Args:
        value: None, a text, a number, a truth value, a date or time, bytes or a UUID.

    Raises:
        TypeError: There is no such field for this type.
    """
    if value is None:
        return NULL
    if encoder := _ENCODERS.get(type(value)):
        return encoder(value)
    for known, encoder in _ENCODERS.items():
        if isinstance(value, known):
            return encoder(value)
    msg = f"no COPY text for a {type(value).__name__}"
    raise TypeError(msg)


def encode_row(values: Iterable[object]) -> str:
    """Values as one line of COPY text, with its line end."""
    return "\t".join(map(encode, values)) + "\n"


def decode_row(line: str) -> list[str | None]:
    """The fields of one line as PostgreSQL wrote it, with or without its line end."""
    fields: list[str | None] = []
    for field in line.removesuffix("\n").split("\t"):
        if "\\" not in field:
            fields.append(field)
        elif field == NULL:
            fields.append(None)
        else:
            fields.append(_ESCAPE.sub(_unescape, field))
    return fields


def unescape(field: str) -> str:
    """The text that a field stands for, which is not NULL."""
    return _ESCAPE.sub(_unescape, field) if "\\" in field else field


def hashed(
    lines: Iterable[bytes | bytearray | memoryview], hashes: Mapping[int, Callable[[str], str]]
) -> Iterator[bytes]:
    """Lines as PostgreSQL wrote them, with hashes in place of some fields; NULL stays NULL.

    Args:
        lines: Whole lines in UTF-8.
        hashes: What hashes a value's text, by the field's position from 0.
    """
    for line in lines:
        fields = str(line, "utf-8").removesuffix("\n").split("\t")
        for position, hash_ in hashes.items():
            field = fields[position]
            if field != NULL:
                fields[position] = hash_(_ESCAPE.sub(_unescape, field) if "\\" in field else field)
        yield ("\t".join(fields) + "\n").encode()


def _unescape(match: re.Match[str]) -> str:
    return _UNESCAPED.get(match[1], match[1])


_ENCODERS: dict[type, Callable[[Any], str]] = {
    str: escape,
    bool: lambda value: "t" if value else "f",
    int: str,
    decimal.Decimal: lambda value: "NaN" if value.is_nan() else str(value),
    float: repr,
    dt.datetime: str,
    dt.date: str,
    dt.time: str,
    UUID: str,
    bytes: lambda value: r"\\x" + value.hex(),
}
"""By exact type first; datetime stands before date, and bool before int, for their subclasses."""
